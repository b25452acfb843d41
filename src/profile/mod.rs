//! A profile: what the standards call `emailProvider`. Names, servers, limits, help.
//!
//! Everything here is already valid; the files it is read from belong to `config`, the documents
//! made of it to `autoconfig` and `autodiscover`.

mod characters;
mod color;
mod logo;
mod mta_sts;
mod placeholders;
mod services;
mod text;
mod web_address;

pub(crate) use self::characters::is_configured_text;
pub use self::color::{Color, ColorError};
pub use self::logo::{Logo, LogoKind};
pub use self::mta_sts::{MaxAge, Mode, MtaSts, MxPattern, NoExchangers};
pub use self::placeholders::{
    Hostname, HostnameError, LoginName, Piece, Placeholder, Username, UsernameError,
};
pub use self::services::{
    Enable, FieldName, LoginPageInfo, Mechanism, OAuth2, OtherKind, OtherServer, Services, Sieve, WebService,
    Webmail, Word, WordError,
};
pub use self::text::{DisplayName, DisplayShortName, NameError, Size, SizeError};
pub(crate) use self::web_address::percent_encoded;
pub use self::web_address::{WebAddress, WebAddressError};

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::address::Domain;

/// One provider's settings, the same for every domain that is mapped to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: Domain,
    pub display_name: DisplayName,
    pub display_short_name: DisplayShortName,
    incoming: Vec<Server>,
    outgoing: Vec<Server>,
    pub documentation: Vec<Documentation>,
    pub limits: MailLimits,
    pub services: Services,
    /// What Apple's configuration profile says to the person.
    pub mobileconfig: ProfileTexts,
    pub page: PageLook,
    /// Off unless it is asked for: it is about mail on its way to the domain.
    pub mta_sts: Option<MtaSts>,
}

/// One mail server. The first of a protocol is preferred, further ones are alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub protocol: Protocol,
    pub hostname: Hostname,
    pub port: NonZeroU16,
    pub socket_type: SocketType,
    pub authentication: Authentications,
    pub username: Username,
    pub pop3: Pop3Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    Imap,
    Pop3,
    Smtp,
}

/// How a connection is secured: the autoconfig draft's `socketType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketType {
    /// TLS from the first byte.
    Ssl,
    /// Cleartext that is upgraded by the protocol's STARTTLS (STLS for POP3).
    StartTls,
    /// Cleartext throughout. Two mail programs drop a document that has it.
    Plain,
}

/// How a client proves who it is: the autoconfig draft's `authentication`, and v1.1's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    PasswordCleartext,
    PasswordEncrypted,
    OAuth2,
    Gssapi,
    Ntlm,
    TlsClientCert,
    ClientIpAddress,
    SmtpAfterPop,
    None,
}

/// At least one [`Authentication`], preferred first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentications(Vec<Authentication>);

/// What Thunderbird does with fetched mail. The defaults are Thunderbird's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Options {
    pub leave_messages_on_server: bool,
    pub days_to_leave_messages_on_server: u32,
    pub download_on_biff: bool,
    /// No client reads it.
    pub check_interval_minutes: Option<u32>,
}

/// A page of help, with a description in each language the provider has, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    pub url: WebAddress,
    pub descr: Vec<Description>,
}

/// The sentences of an Apple configuration profile, in the provider's languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileTexts {
    /// Shown before the profile is installed; the person has to agree to it.
    pub consent: Vec<Description>,
    /// What the profile does; shown with its name.
    pub description: Vec<Description>,
}

/// What the setup page has of the provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageLook {
    pub color: Option<Color>,
    pub logo: Option<Logo>,
    /// The domains that people may choose from, in the order of the file; none unless the list may be
    /// shown.
    pub domains: Vec<Domain>,
}

/// A sentence in one language, named by its BCP 47 tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub lang: String,
    pub text: String,
}

/// What the provider limits; shown to people, no client reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailLimits {
    pub mailbox: Option<Size>,
    pub message: Option<Size>,
}

impl Description {
    /// BCP 47's tag for a language that is not named.
    pub const UNDETERMINED: &str = "und";
}

/// Why servers do not make a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("the profile has no incoming server")]
    NoIncoming,
    #[error("the profile has no outgoing server")]
    NoOutgoing,
}

/// A word that is not among those a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of {}", .0.join(", "))]
pub struct UnknownWord(pub &'static [&'static str]);

impl Profile {
    /// Joins names and servers. The reader has put servers for IMAP and POP3 into `incoming` and
    /// those for SMTP into `outgoing`, as the formats do.
    ///
    /// # Errors
    /// When there is nothing to fetch mail from, or nothing to send it by.
    pub fn new(
        id: Domain,
        display_name: DisplayName,
        display_short_name: DisplayShortName,
        incoming: Vec<Server>,
        outgoing: Vec<Server>,
    ) -> Result<Self, ProfileError> {
        if incoming.is_empty() {
            return Err(ProfileError::NoIncoming);
        }
        if outgoing.is_empty() {
            return Err(ProfileError::NoOutgoing);
        }
        Ok(Self {
            id,
            display_name,
            display_short_name,
            incoming,
            outgoing,
            documentation: Vec::new(),
            limits: MailLimits::default(),
            services: Services::default(),
            mobileconfig: ProfileTexts::default(),
            page: PageLook::default(),
            mta_sts: None,
        })
    }

    /// IMAP and POP3 servers, in the order of the file.
    pub fn incoming(&self) -> &[Server] {
        &self.incoming
    }

    /// SMTP submission servers, in the order of the file.
    pub fn outgoing(&self) -> &[Server] {
        &self.outgoing
    }

    /// Every server, incoming first.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.incoming.iter().chain(&self.outgoing)
    }

    /// The preferred server of a protocol.
    pub fn preferred(&self, protocol: Protocol) -> Option<&Server> {
        self.servers().find(|server| server.protocol == protocol)
    }

    /// The servers of a protocol that are secured in one way, preferred first.
    pub fn secured(&self, protocol: Protocol, socket_type: SocketType) -> impl Iterator<Item = &Server> {
        self.servers().filter(move |server| (server.protocol, server.socket_type) == (protocol, socket_type))
    }

    /// Whether one of its servers is the preferred one of its protocol.
    pub fn prefers(&self, server: &Server) -> bool {
        self.preferred(server.protocol).is_some_and(|preferred| std::ptr::eq(preferred, server))
    }

    /// The preferred server of each protocol, in the order of the file, incoming first.
    pub fn in_order(&self) -> impl Iterator<Item = &Server> {
        self.servers().filter(|server| self.prefers(server))
    }

    /// The preferred server of each protocol, IMAP first, so that every client of autoconfig makes
    /// the same choice (reference/autoconfig 5, items 25 and 26).
    pub fn defaults(&self) -> impl Iterator<Item = &Server> {
        [Protocol::Imap, Protocol::Pop3, Protocol::Smtp]
            .into_iter()
            .filter_map(|protocol| self.preferred(protocol))
    }
}

impl Protocol {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Pop3 => "pop3",
            Self::Smtp => "smtp",
        }
    }

    /// IANA's port for the protocol; without TLS from the first byte that of submission is meant, not
    /// of delivery (RFC 8314 3.2, 3.3; RFC 6409 3.1).
    pub const fn registered_port(self, socket_type: SocketType) -> u16 {
        match (self, socket_type) {
            (Self::Imap, SocketType::Ssl) => 993,
            (Self::Imap, _) => 143,
            (Self::Pop3, SocketType::Ssl) => 995,
            (Self::Pop3, _) => 110,
            (Self::Smtp, SocketType::Ssl) => 465,
            (Self::Smtp, _) => 587,
        }
    }

    pub fn incoming(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "imap" => Ok(Self::Imap),
            "pop3" => Ok(Self::Pop3),
            _ => Err(UnknownWord(&["imap", "pop3"])),
        }
    }

    pub fn outgoing(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "smtp" => Ok(Self::Smtp),
            _ => Err(UnknownWord(&["smtp"])),
        }
    }
}

impl fmt::Display for Protocol {
    /// The name people know: `IMAP`, `POP3`, `SMTP`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Smtp => "SMTP",
        })
    }
}

impl SocketType {
    const WORDS: &'static [&'static str] = &["SSL", "STARTTLS", "plain"];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Ssl => "SSL",
            Self::StartTls => "STARTTLS",
            Self::Plain => "plain",
        }
    }

    /// As [`Self::for_people`], where no heading says what it is about.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Plain => "no encryption",
            other => other.for_people(),
        }
    }

    /// The words that the account dialogues of mail programs use.
    pub const fn for_people(self) -> &'static str {
        match self {
            Self::Ssl => "SSL/TLS",
            Self::StartTls => "STARTTLS",
            Self::Plain => "none",
        }
    }
}

impl FromStr for SocketType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Ssl, Self::StartTls, Self::Plain]
            .into_iter()
            .find(|socket_type| socket_type.word() == text)
            .ok_or(UnknownWord(Self::WORDS))
    }
}

impl Authentication {
    const ALL: [Self; 9] = [
        Self::PasswordCleartext,
        Self::PasswordEncrypted,
        Self::OAuth2,
        Self::Gssapi,
        Self::Ntlm,
        Self::TlsClientCert,
        Self::ClientIpAddress,
        Self::SmtpAfterPop,
        Self::None,
    ];
    const WORDS: [&'static str; 9] = {
        let mut words = [""; 9];
        let mut i = 0;
        while i < 9 {
            words[i] = Self::ALL[i].word();
            i += 1;
        }
        words
    };

    pub const fn word(self) -> &'static str {
        match self {
            Self::PasswordCleartext => "password-cleartext",
            Self::PasswordEncrypted => "password-encrypted",
            Self::OAuth2 => "OAuth2",
            Self::Gssapi => "GSSAPI",
            Self::Ntlm => "NTLM",
            Self::TlsClientCert => "TLS-client-cert",
            Self::ClientIpAddress => "client-IP-address",
            Self::SmtpAfterPop => "smtp-after-pop",
            Self::None => "none",
        }
    }

    /// Whether the person is asked for nothing: the server knows them by other means.
    pub const fn needs_no_login(self) -> bool {
        matches!(self, Self::None | Self::ClientIpAddress | Self::SmtpAfterPop)
    }
}

impl FromStr for Authentication {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|method| method.word() == text).ok_or(UnknownWord(&Self::WORDS))
    }
}

impl Authentications {
    /// None when the list is empty.
    pub fn new(methods: Vec<Authentication>) -> Option<Self> {
        (!methods.is_empty()).then_some(Self(methods))
    }

    pub fn as_slice(&self) -> &[Authentication] {
        &self.0
    }

    pub fn preferred(&self) -> Authentication {
        self.0[0]
    }

    /// Whether a person's password is among them, in whatever form it is sent.
    pub fn takes_password(&self) -> bool {
        use Authentication::{Ntlm, PasswordCleartext, PasswordEncrypted};
        self.0.iter().any(|method| matches!(method, PasswordCleartext | PasswordEncrypted | Ntlm))
    }

    /// The methods that a default document names (reference/autoconfig 5, item 30): `OAuth2` first,
    /// `password-cleartext` last, since Evolution and KMail take the last password method; what
    /// makes a client drop the document only where the server has nothing else.
    pub fn published(&self) -> impl Iterator<Item = Authentication> {
        use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};
        let harmless: Vec<_> = [OAuth2, PasswordEncrypted, PasswordCleartext]
            .into_iter()
            .filter(|method| self.0.contains(method))
            .collect();
        if harmless.is_empty() { self.0.clone() } else { harmless }.into_iter()
    }
}

impl Default for Authentications {
    fn default() -> Self {
        Self(vec![Authentication::PasswordCleartext])
    }
}

impl Default for Pop3Options {
    /// Thunderbird's `AccountConfig`: leave on the server for 14 days, fetch on biff.
    fn default() -> Self {
        Self {
            leave_messages_on_server: true,
            days_to_leave_messages_on_server: 14,
            download_on_biff: true,
            check_interval_minutes: None,
        }
    }
}
