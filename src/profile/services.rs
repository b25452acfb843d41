//! Services other than IMAP, POP3 and SMTP: the rest of Mozilla's format (v1.1, and the draft's sections
//! at the root).
//!
//! They are published at the root of the autoconfig document, in Apple's profile, in PACC and in DNS. The
//! whole document has every field of the format, so that an import loses nothing.

use std::num::NonZeroU16;

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::description::Description;
use super::http_url::HttpUrl;
use super::mechanism::{Mechanism, Token};
use super::placeholders::{Hostname, Username};
use super::server::SocketType;
use super::unknown_value::UnknownValue;

/// The rest of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Services {
    /// Incoming servers of other protocols.
    pub others: Vec<OtherServer>,
    pub calendars: Vec<WebService>,
    pub addressbooks: Vec<WebService>,
    pub file_shares: Vec<WebService>,
    pub oauth2: Option<OAuth2>,
    pub webmail: Option<Webmail>,
    /// Steps that a person takes before a mail program works.
    pub enable: Vec<Enable>,
    /// The server for mail filters.
    pub sieve: Option<Sieve>,
}

/// A ManageSieve server. Connections begin in cleartext and are upgraded by STARTTLS (RFC 5804 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sieve {
    pub hostname: Hostname,
    pub port: NonZeroU16,
}

/// An `incomingServer` that is neither IMAP nor POP3.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OtherServer {
    pub kind: OtherKind,
    /// How many of the profile's IMAP and POP3 servers precede it in the file.
    pub after: usize,
    pub url: Option<HttpUrl>,
    pub hostname: Option<Hostname>,
    pub port: Option<NonZeroU16>,
    pub socket_type: Option<SocketType>,
    pub authentication: Vec<Mechanism>,
    pub username: Username,
    pub owa_url: Option<HttpUrl>,
    pub ews_url: Option<HttpUrl>,
    pub eas_url: Option<HttpUrl>,
    pub use_global_preferred_server: Option<bool>,
}

/// The draft's types, and those that Thunderbird adds (reference/autoconfig 2.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", const_into_str)]
#[strum(parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<OtherKind>)]
pub enum OtherKind {
    Exchange,
    Ews,
    Owa,
    Graph,
    /// The draft has both `activeSync` and `activesync`; other programs write Microsoft's short name.
    #[strum(to_string = "activeSync", serialize = "activesync", serialize = "eas")]
    ActiveSync,
    /// The one with a short form, `[[jmap]]`.
    #[default]
    Jmap,
    Nntp,
}

/// A `calendar`, `addressbook` or `fileShare` (draft 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebService {
    /// `caldav`, `carddav`, `webdav`, or a type that a later draft adds.
    pub kind: Token,
    pub url: HttpUrl,
    pub authentication: Vec<Mechanism>,
    pub username: Username,
}

/// Where a client gets an access token (draft 3.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    pub issuer: String,
    /// Separated by spaces.
    pub scope: String,
    pub auth_url: HttpUrl,
    pub token_url: HttpUrl,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
}

/// v1.1's `webMail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webmail {
    pub login_page: Option<HttpUrl>,
    pub login_page_info: Option<LoginPageInfo>,
}

/// How a program fills in the login page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPageInfo {
    pub url: HttpUrl,
    pub wait_for_redirection_url_prefix: Option<String>,
    pub username: Username,
    pub username_field: Option<FieldName>,
    pub password_field: Option<FieldName>,
    pub login_button: Option<FieldName>,
}

/// An element of a form, by its `id`, its `name`, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldName {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// v1.1's `enable`: a page to visit first, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    pub url: HttpUrl,
    pub instruction: Vec<Description>,
}

impl Sieve {
    /// RFC 5804 1.8.
    pub const PORT: NonZeroU16 = NonZeroU16::new(4190).unwrap();
}

impl Services {
    /// The first JMAP server that names its session resource (RFC 8620 2), and the resource.
    pub fn jmap(&self) -> Option<(&OtherServer, &HttpUrl)> {
        let mut servers = self.others.iter().filter(|other| other.kind == OtherKind::Jmap);
        servers.find_map(|server| Some((server, server.url.as_ref()?)))
    }

    /// The first calendar of the kind `caldav`.
    pub fn caldav(&self) -> Option<&WebService> {
        self.calendars.iter().find(|service| service.kind.as_str() == "caldav")
    }

    /// The first address book of the kind `carddav`.
    pub fn carddav(&self) -> Option<&WebService> {
        self.addressbooks.iter().find(|service| service.kind.as_str() == "carddav")
    }
}
