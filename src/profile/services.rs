//! What a provider offers beside IMAP, POP3 and SMTP, and what else it says of itself: the rest of
//! Mozilla's format (v1.1, and the draft's sections at the root).
//!
//! Where clients look for it, they find it: the root of the autoconfig document, Apple's profile, PACC,
//! DNS. The whole document has all that the format has a word for, so that nothing an operator has is
//! lost.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::placeholders::{Hostname, Username};
use super::web_address::WebAddress;
use super::{Description, SocketType, UnknownWord};

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
    /// What a person has to do before a mail program works.
    pub enable: Vec<Enable>,
    /// Where filters are kept.
    pub sieve: Option<Sieve>,
}

/// A ManageSieve server, which begins in clear and is upgraded by STARTTLS (RFC 5804 1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sieve {
    pub hostname: Hostname,
    pub port: NonZeroU16,
}

/// An `incomingServer` that is neither IMAP nor POP3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherServer {
    pub kind: OtherKind,
    /// How many of the profile's incoming servers stand before it: they are in one order.
    pub after: usize,
    pub url: Option<WebAddress>,
    pub hostname: Option<Hostname>,
    pub port: Option<NonZeroU16>,
    pub socket_type: Option<SocketType>,
    pub authentication: Vec<Mechanism>,
    pub username: Username,
    pub owa_url: Option<WebAddress>,
    pub ews_url: Option<WebAddress>,
    pub eas_url: Option<WebAddress>,
    pub use_global_preferred_server: Option<bool>,
}

/// The draft's types, and those that Thunderbird adds (reference/autoconfig 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherKind {
    Exchange,
    Ews,
    Owa,
    Graph,
    ActiveSync,
    Jmap,
    Nntp,
}

/// A `calendar`, `addressbook` or `fileShare` (draft 3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebService {
    /// `caldav`, `carddav`, `webdav`, or what else there will be.
    pub kind: Word,
    pub url: WebAddress,
    pub authentication: Vec<Mechanism>,
    pub username: Username,
}

/// An authentication method that is passed on as it stands: `Basic` of the system `http`, or a word
/// of autoconfig's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mechanism {
    pub system: Option<Word>,
    pub method: Word,
}

/// A word of a format: ASCII letters, digits, `-`, `_`, `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

/// A text is not a [`Word`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a single word")]
pub struct WordError;

/// Where a client gets a token (draft 3.6.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    pub issuer: String,
    /// Separated by spaces.
    pub scope: String,
    pub auth_url: WebAddress,
    pub token_url: WebAddress,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
}

/// v1.1's `webMail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webmail {
    pub login_page: Option<WebAddress>,
    pub login_page_info: Option<LoginPageInfo>,
}

/// How a program fills in a web page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPageInfo {
    pub url: WebAddress,
    pub wait_for_redirection_url_prefix: Option<String>,
    pub username: Username,
    pub username_field: Option<FieldName>,
    pub password_field: Option<FieldName>,
    pub login_button: Option<FieldName>,
}

/// A form's element, by its `id`, its `name`, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldName {
    pub id: Option<String>,
    pub name: Option<String>,
}

/// v1.1's `enable`: a page to visit first, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enable {
    pub url: WebAddress,
    pub instruction: Vec<Description>,
}

impl OtherServer {
    /// One that only its kind is known of.
    pub fn new(kind: OtherKind, after: usize) -> Self {
        Self {
            kind,
            after,
            url: None,
            hostname: None,
            port: None,
            socket_type: None,
            authentication: Vec::new(),
            username: Username::default(),
            owa_url: None,
            ews_url: None,
            eas_url: None,
            use_global_preferred_server: None,
        }
    }
}

impl Sieve {
    /// RFC 5804 1.8.
    pub const PORT: NonZeroU16 = NonZeroU16::new(4190).unwrap();
}

impl Services {
    /// The first JMAP server that names its session resource (RFC 8620 2), and the resource.
    pub fn jmap(&self) -> Option<(&OtherServer, &WebAddress)> {
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

impl Mechanism {
    /// Whether a password will do; where no method is named, the server says which it wants.
    pub fn take_password(all: &[Self]) -> bool {
        let is_password = |mechanism: &Self| {
            matches!(
                mechanism.method.as_str(),
                "Basic" | "Digest" | "password-cleartext" | "password-encrypted"
            )
        };
        all.is_empty() || all.iter().any(is_password)
    }

    /// Whether a token will do: autoconfig's word for it, or HTTP's (RFC 6750).
    pub fn take_token(all: &[Self]) -> bool {
        all.iter().any(|mechanism| matches!(mechanism.method.as_str(), "OAuth2" | "Bearer"))
    }
}

impl OtherKind {
    const ALL: [Self; 7] =
        [Self::Exchange, Self::Ews, Self::Owa, Self::Graph, Self::ActiveSync, Self::Jmap, Self::Nntp];
    pub const WORDS: &'static [&'static str] =
        &["exchange", "ews", "owa", "graph", "activeSync", "jmap", "nntp"];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Ews => "ews",
            Self::Owa => "owa",
            Self::Graph => "graph",
            Self::ActiveSync => "activeSync",
            Self::Jmap => "jmap",
            Self::Nntp => "nntp",
        }
    }
}

impl FromStr for OtherKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        // The draft spells it both ways; others use Microsoft's short name.
        let text = if matches!(text, "activesync" | "eas") { "activeSync" } else { text };
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or(UnknownWord(Self::WORDS))
    }
}

impl Word {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Word {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        let is_word = !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if is_word { Ok(Self(text.to_owned())) } else { Err(WordError) }
    }
}

impl fmt::Display for Mechanism {
    /// `http:Basic`, `OAuth2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.system {
            Some(system) => write!(f, "{}:{}", system.0, self.method.0),
            None => f.write_str(&self.method.0),
        }
    }
}

impl FromStr for Mechanism {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        match text.split_once(':') {
            Some((system, method)) => Ok(Self { system: Some(system.parse()?), method: method.parse()? }),
            None => Ok(Self { system: None, method: text.parse()? }),
        }
    }
}
