//! The elements of Mozilla's format and their keys in a profile.

/// What may be in an element.
#[derive(Debug)]
pub struct Shape {
    /// Attributes and their keys.
    pub attributes: &'static [(&'static str, &'static str)],
    pub children: &'static [Child],
    /// Elements of the format that have no key.
    pub without_key: &'static [&'static str],
}

/// The name of an element, its key, and how it becomes a value.
#[derive(Debug)]
pub struct Child(pub &'static str, pub &'static str, pub Kind);

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Plain text, once.
    Text,
    /// The name of the provider.
    Name,
    /// `<ssl>` in place of `<socketType>`: some published files have it, and no mail program reads it.
    Ssl,
    /// Plain text in order of preference: the first is read.
    FirstText,
    /// The value of an attribute.
    Attribute(&'static str),
    /// A list of domains, or of MX hosts with `purpose="mx"`.
    Domains,
    /// A list of methods. Those with `system` have no key: they are SASL mechanisms of the draft (3.7.4.1), which a
    /// generic method has to follow.
    Methods,
    /// A list of methods, with or without `system`.
    Mechanisms,
    /// Texts in several languages.
    Texts,
    /// Keys of the POP3 server around it. An invalid one counts as missing.
    Pop3(&'static Shape),
    Section(&'static Shape, Scope),
    Sections(&'static Shape, Scope),
    Servers,
    /// Not read here.
    Separate,
}

/// What an error in a section means for a profile that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The profile is invalid.
    Served,
    /// It is in no document for mail programs: it is left out with a warning.
    NotServed,
    /// The section around it is invalid.
    Inner,
}

use Kind::{Attribute, FirstText, Mechanisms, Section, Sections, Text, Texts};
use Scope::{Inner, NotServed, Served};

const EMPTY: Shape = Shape { attributes: &[], children: &[], without_key: &[] };

/// `clientConfig`. `addressBook` is the name in early drafts.
pub static ROOT: Shape = Shape {
    attributes: &[("version", "")],
    children: &[
        Child("emailProvider", "", Kind::Separate),
        Child("webMail", "webmail", Section(&WEBMAIL, NotServed)),
        Child("enable", "enable", Sections(&ENABLE, NotServed)),
        Child("oAuth2", "oauth2", Section(&OAUTH2, NotServed)),
        Child("addressbook", "addressbook", Sections(&WEB_SERVICE, NotServed)),
        Child("addressBook", "addressbook", Sections(&WEB_SERVICE, NotServed)),
        Child("calendar", "calendar", Sections(&WEB_SERVICE, NotServed)),
        Child("fileShare", "file_share", Sections(&WEB_SERVICE, NotServed)),
    ],
    without_key: &["clientConfigUpdate", "chatServer", "videoConference", "setupServer"],
};

/// `instruction` is the name of `documentation` in early drafts, and was never served.
pub static PROVIDER: Shape = Shape {
    attributes: &[("id", "id")],
    children: &[
        Child("domain", "domains", Kind::Domains),
        Child("displayName", "display_name", Kind::Name),
        Child("displayShortName", "display_short_name", Kind::Name),
        Child("incomingServer", "incoming", Kind::Servers),
        Child("outgoingServer", "outgoing", Kind::Servers),
        Child("documentation", "documentation", Sections(&DOCUMENTATION, Served)),
        Child("instruction", "documentation", Sections(&DOCUMENTATION, NotServed)),
        Child("enable", "enable", Sections(&ENABLE, NotServed)),
    ],
    without_key: &["inputField", "identity"],
};

/// An IMAP, POP3 or SMTP server.
pub static MAIL_SERVER: Shape = Shape {
    attributes: &[("type", "type")],
    children: &[
        Child("hostname", "hostname", Text),
        Child("port", "port", Text),
        Child("socketType", "socket_type", FirstText),
        Child("ssl", "", Kind::Ssl),
        Child("authentication", "authentication", Kind::Methods),
        Child("username", "username", Text),
        Child("pop3", "", Kind::Pop3(&POP3_OPTIONS)),
        Child("oAuth2", "", Kind::Separate),
    ],
    without_key: &["password", "restriction", "addThisServer", "useGlobalPreferredServer"],
};

static POP3_OPTIONS: Shape = Shape {
    children: &[
        Child("leaveMessagesOnServer", "leave_messages_on_server", Text),
        Child("daysToLeaveMessagesOnServer", "days_to_leave_messages_on_server", Text),
        Child("downloadOnBiff", "download_on_biff", Text),
        Child("checkInterval", "check_interval_minutes", Attribute("minutes")),
    ],
    ..EMPTY
};

/// A server of another protocol.
pub static OTHER_SERVER: Shape = Shape {
    attributes: &[("type", "type")],
    children: &[
        Child("hostname", "hostname", Text),
        Child("port", "port", Text),
        Child("socketType", "socket_type", Text),
        Child("authentication", "authentication", Mechanisms),
        Child("username", "username", Text),
        Child("url", "url", Text),
        Child("owaURL", "owa_url", Text),
        Child("ewsURL", "ews_url", Text),
        Child("easURL", "eas_url", Text),
        Child("useGlobalPreferredServer", "use_global_preferred_server", Text),
        Child("oAuth2", "", Kind::Separate),
    ],
    without_key: &["password"],
};

static DOCUMENTATION: Shape =
    Shape { attributes: &[("url", "url")], children: &[Child("descr", "descr", Texts)], ..EMPTY };

static ENABLE: Shape = Shape {
    attributes: &[("visiturl", "url")],
    children: &[Child("instruction", "instruction", Texts)],
    ..EMPTY
};

/// `serverURL` is the name of `url` in early drafts (reference/autoconfig 2.4, 4).
static WEB_SERVICE: Shape = Shape {
    attributes: &[("type", "type")],
    children: &[
        Child("url", "url", Text),
        Child("serverURL", "url", Text),
        Child("authentication", "authentication", Mechanisms),
        Child("username", "username", Text),
    ],
    ..EMPTY
};

pub static OAUTH2: Shape = Shape {
    children: &[
        Child("issuer", "issuer", Text),
        Child("scope", "scope", Text),
        Child("authURL", "auth_url", Text),
        Child("tokenURL", "token_url", Text),
        Child("clientID", "client_id", Text),
        Child("clientSecret", "client_secret", Text),
    ],
    ..EMPTY
};

static WEBMAIL: Shape = Shape {
    children: &[
        Child("loginPage", "login_page", Attribute("url")),
        Child("loginPageInfo", "login_page_info", Section(&LOGIN_PAGE_INFO, Inner)),
    ],
    ..EMPTY
};

static LOGIN_PAGE_INFO: Shape = Shape {
    attributes: &[("url", "url"), ("waitForRedirectionURLPrefix", "wait_for_redirection_url_prefix")],
    children: &[
        Child("username", "username", Text),
        Child("usernameField", "username_field", Section(&FIELD, Inner)),
        Child("passwordField", "password_field", Section(&FIELD, Inner)),
        Child("loginButton", "login_button", Section(&FIELD, Inner)),
    ],
    ..EMPTY
};

static FIELD: Shape = Shape { attributes: &[("id", "id"), ("name", "name")], ..EMPTY };

impl Shape {
    /// The names of all elements of the format that may be in it.
    pub fn elements(&self) -> impl Iterator<Item = &'static str> {
        self.children.iter().map(|Child(name, ..)| *name).chain(self.without_key.iter().copied())
    }

    /// Whether it has texts in several languages. A section with an invalid text is still valid.
    pub fn has_texts(&self) -> bool {
        self.children.iter().any(|Child(.., kind)| matches!(kind, Texts))
    }
}
