//! A profile: what the standards call `emailProvider`. Names, servers, limits, help.
//!
//! Everything here is already valid; the files it is read from belong to `config`, the documents
//! made of it to `autoconfig` and `autodiscover`.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use crate::address::{Domain, DomainError, EmailAddress, is_plain_text};

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

/// The log-in name as configured, with the placeholders that clients fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(Template);

/// A server's name; may hold `%EMAILDOMAIN%`, which we fill, since seven clients cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostname(Template);

/// A filled-in log-in name. Made only by [`Username::login_name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName(String);

/// A provider's name: 1 to 60 characters, no placeholder, nothing that needs escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// A provider's name where room is short: 1 to 20 characters, by the rules of [`DisplayName`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayShortName(String);

/// What Thunderbird does with fetched mail. The defaults are Thunderbird's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Options {
    pub leave_messages_on_server: bool,
    pub days_to_leave_messages_on_server: u32,
    pub download_on_biff: bool,
}

/// A page of help, with a description in each language the provider has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documentation {
    pub url: WebAddress,
    pub descr: Vec<Description>,
}

/// A sentence in one language, named by its BCP 47 tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub lang: String,
    pub text: String,
}

/// An absolute `http` or `https` URL, safe in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress(String);

/// What the provider limits; shown to people, no client reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailLimits {
    pub mailbox: Option<Size>,
    pub message: Option<Size>,
}

/// A number of octets, written with a unit: `700 MB`, `1 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

/// A text with placeholders, in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A literal run of a [`Username`] or [`Hostname`], or a placeholder in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Placeholder(Placeholder),
}

/// The placeholders of the autoconfig draft, 3.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    EmailAddress,
    EmailLocalPart,
    EmailDomain,
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

/// Why a text is not a [`Username`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    #[error("the username is empty")]
    Empty,
    #[error("`{0}` is not a placeholder that mail programs know")]
    UnknownPlaceholder(String),
    #[error("`{0}` cannot stand in a username")]
    Character(char),
}

/// Why a text is not a [`Hostname`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostnameError {
    #[error("is not a host name: {0}")]
    Domain(#[from] DomainError),
    #[error("holds `{0}`; only %EMAILDOMAIN% may stand in a host name")]
    Placeholder(String),
}

/// Why a text is not a [`DisplayName`] or [`DisplayShortName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("has {length} characters, more than the {limit} that the autoconfig draft (3.2.4) allows")]
    TooLong { length: usize, limit: usize },
    #[error("holds `{}`, which a mail program shows wrong or drops", .0.escape_default())]
    Character(char),
    #[error("holds the placeholder `{0}`, which most mail programs show as it stands")]
    Placeholder(String),
}

/// Why a text is not a [`WebAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebAddressError {
    #[error("is not an absolute http or https URL")]
    Scheme,
    #[error("holds a space, quote or control character")]
    Character,
}

/// A text is not a [`Size`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a number and a unit")]
pub struct SizeError;

impl Profile {
    /// Joins names and servers. Incoming servers speak IMAP or POP3, outgoing ones SMTP: the
    /// reader sorts them by the list they stand in.
    ///
    /// # Errors
    /// When there is nothing to fetch mail from, or nothing to send it by.
    pub fn new(
        id: Domain,
        display_name: DisplayName,
        display_short_name: DisplayShortName,
        servers: Vec<Server>,
    ) -> Result<Self, ProfileError> {
        let (outgoing, incoming): (Vec<_>, Vec<_>) =
            servers.into_iter().partition(|server| server.protocol == Protocol::Smtp);
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

    /// What a client's default document lists: at most one server a protocol, IMAP first, so that
    /// every client makes the same choice (reference/autoconfig 5, items 25 and 26).
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
}

impl Default for Authentications {
    fn default() -> Self {
        Self(vec![Authentication::PasswordCleartext])
    }
}

impl Default for Pop3Options {
    /// Thunderbird's `AccountConfig`: leave on the server for 14 days, fetch on biff.
    fn default() -> Self {
        Self { leave_messages_on_server: true, days_to_leave_messages_on_server: 14, download_on_biff: true }
    }
}

impl Placeholder {
    const ALL: [Self; 3] = [Self::EmailAddress, Self::EmailLocalPart, Self::EmailDomain];

    pub const fn word(self) -> &'static str {
        match self {
            Self::EmailAddress => "%EMAILADDRESS%",
            Self::EmailLocalPart => "%EMAILLOCALPART%",
            Self::EmailDomain => "%EMAILDOMAIN%",
        }
    }

    /// The words, for hints.
    pub fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::word)
    }
}

impl Template {
    /// Cuts `%WORD%` out of the text; a lone `%` stays literal (`local%domain` is a log-in form).
    /// The error is the first `%WORD%` that is no placeholder.
    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('%') {
            literal.push_str(&rest[..start]);
            rest = &rest[start..];
            let Some(word) = placeholder_like(rest) else {
                if let Some(word) = unclosed_placeholder(rest) {
                    return Err(word.to_owned());
                }
                literal.push('%');
                rest = &rest[1..];
                continue;
            };
            let placeholder =
                Placeholder::ALL.into_iter().find(|p| p.word() == word).ok_or_else(|| word.to_owned())?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Placeholder(placeholder));
            rest = &rest[word.len()..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Self { source: text.to_owned(), pieces })
    }

    fn fill(&self, local_part: &str, domain: &str) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Placeholder(Placeholder::EmailLocalPart) => text.push_str(local_part),
                Piece::Placeholder(Placeholder::EmailDomain) => text.push_str(domain),
                Piece::Placeholder(Placeholder::EmailAddress) => {
                    text.extend([local_part, "@", domain]);
                }
            }
        }
        text
    }
}

/// The `%WORD%` that a text begins with: letters only, in either case, so that a mistyped one shows.
fn placeholder_like(text: &str) -> Option<&str> {
    let word = text.strip_prefix('%')?;
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    (letters > 0 && word.as_bytes().get(letters) == Some(&b'%')).then(|| &text[..letters + 2])
}

/// `%EMAIL...` without its second `%`: certainly meant as a placeholder.
fn unclosed_placeholder(text: &str) -> Option<&str> {
    let letters = text[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = &text[..=letters];
    word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("%EMAIL")).then_some(word)
}

impl Username {
    /// As it stands in the file and in autoconfig, placeholders unfilled.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0.pieces
    }

    pub fn login_name(&self, address: &EmailAddress) -> LoginName {
        LoginName(self.0.fill(address.local_part(), address.domain().as_str()))
    }

    /// The same for everybody: no placeholder in it.
    pub fn is_literal(&self) -> bool {
        matches!(self.pieces(), [Piece::Literal(_)])
    }
}

impl FromStr for Username {
    type Err = UsernameError;

    fn from_str(text: &str) -> Result<Self, UsernameError> {
        if text.trim().is_empty() {
            return Err(UsernameError::Empty);
        }
        // Delta Chat cuts a user name at an entity; Thunderbird rejects white space round a value
        // (reference/autoconfig 3.1). So nothing that needs escaping, and no white space.
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || !is_literal_text(*c)) {
            return Err(UsernameError::Character(c));
        }
        Template::parse(text).map(Self).map_err(UsernameError::UnknownPlaceholder)
    }
}

impl Default for Username {
    fn default() -> Self {
        Self(Template {
            source: Placeholder::EmailAddress.word().to_owned(),
            pieces: vec![Piece::Placeholder(Placeholder::EmailAddress)],
        })
    }
}

impl Hostname {
    /// As it stands in the file, lower case, A-labels.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0.pieces
    }

    /// The server's name for a mail domain.
    pub fn for_domain(&self, domain: &Domain) -> String {
        self.0.fill("", domain.as_str())
    }
}

impl FromStr for Hostname {
    type Err = HostnameError;

    fn from_str(text: &str) -> Result<Self, HostnameError> {
        let template = Template::parse(text).map_err(HostnameError::Placeholder)?;
        let mut has_placeholder = false;
        for piece in &template.pieces {
            match piece {
                Piece::Placeholder(Placeholder::EmailDomain) => has_placeholder = true,
                Piece::Placeholder(other) => return Err(HostnameError::Placeholder(other.word().to_owned())),
                Piece::Literal(_) => {}
            }
        }
        if !has_placeholder {
            let name: Domain = text.parse()?;
            return Ok(Self(Template {
                source: name.to_string(),
                pieces: vec![Piece::Literal(name.to_string())],
            }));
        }
        // It must be a name for whatever domain is filled in; the shortest shows what is wrong
        // with the letters round it.
        template.fill("", "a.example").parse::<Domain>()?;
        Ok(Self(Template::parse(&lower_case_literals(&template)).map_err(HostnameError::Placeholder)?))
    }
}

fn lower_case_literals(template: &Template) -> String {
    template
        .pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => literal.to_ascii_lowercase(),
            Piece::Placeholder(placeholder) => placeholder.word().to_owned(),
        })
        .collect()
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl DisplayName {
    /// Draft 3.2.4: MUST NOT be longer than 60 characters.
    pub const LIMIT: usize = 60;
    /// Draft 3.2.4: SHOULD NOT be longer than 30 characters.
    pub const ADVISED: usize = 30;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DisplayShortName {
    /// Draft 3.2.4: MUST NOT be longer than 20 characters.
    pub const LIMIT: usize = 20;
    /// Draft 3.2.4: SHOULD NOT be longer than 12 characters.
    pub const ADVISED: usize = 12;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DisplayName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        name(text, Self::LIMIT).map(Self)
    }
}

impl FromStr for DisplayShortName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        name(text, Self::LIMIT).map(Self)
    }
}

/// Reference/autoconfig 5, items 23 and 32.
fn name(text: &str, limit: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    let length = text.chars().count();
    if length > limit {
        return Err(NameError::TooLong { length, limit });
    }
    if let Some(c) = text.chars().find(|c| !is_name_text(*c)) {
        return Err(NameError::Character(c));
    }
    let placeholder =
        text.char_indices().filter(|(_, c)| *c == '%').find_map(|(i, _)| placeholder_like(&text[i..]));
    match placeholder {
        Some(word) => Err(NameError::Placeholder(word.to_owned())),
        None => Ok(text.to_owned()),
    }
}

/// Quotes are harmless in an element's text; `&`, `<` and `>` are not to every parser.
fn is_name_text(c: char) -> bool {
    is_configured_text(c) && !matches!(c, '&' | '<' | '>')
}

fn is_literal_text(c: char) -> bool {
    is_name_text(c) && !matches!(c, '"' | '\'')
}

/// Text from a file: what a document may hold, less the private-use characters that mark slots.
pub(crate) fn is_configured_text(c: char) -> bool {
    is_plain_text(c) && !('\u{E000}'..='\u{F8FF}').contains(&c)
}

impl WebAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebAddress {
    type Err = WebAddressError;

    fn from_str(text: &str) -> Result<Self, WebAddressError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.ok_or(WebAddressError::Scheme)?.split(['/', '?', '#']).next().unwrap_or_default();
        if host.is_empty() {
            return Err(WebAddressError::Scheme);
        }
        let odd =
            |c: char| c.is_whitespace() || !is_configured_text(c) || matches!(c, '"' | '\'' | '<' | '>');
        if text.contains(odd) {
            return Err(WebAddressError::Character);
        }
        Ok(Self(text.to_owned()))
    }
}

impl Size {
    const UNITS: [(&'static str, u64); 7] = [
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
    ];

    pub const fn octets(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| SizeError)?;
        let (_, factor) = Self::UNITS
            .into_iter()
            .find(|(unit, _)| unit.eq_ignore_ascii_case(text[digits..].trim()))
            .ok_or(SizeError)?;
        number.checked_mul(factor).filter(|octets| *octets > 0).map(Self).ok_or(SizeError)
    }
}

impl fmt::Display for Size {
    /// The largest unit that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) =
            Self::UNITS.into_iter().find(|(_, factor)| self.0.is_multiple_of(*factor)).unwrap_or(("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_a_username_for_an_address() {
        let address: EmailAddress = "jane@q.com".parse().unwrap();
        let login = |text: &str| text.parse::<Username>().unwrap().login_name(&address).to_string();
        assert_eq!(login("%EMAILADDRESS%"), "jane@q.com");
        assert_eq!(login("%EMAILLOCALPART%"), "jane");
        assert_eq!(login("%EMAILLOCALPART%%%EMAILDOMAIN%"), "jane%q.com");
        assert_eq!(login("shop-%EMAILLOCALPART%"), "shop-jane");
        assert_eq!(login("100%sure"), "100%sure");
        assert_eq!(login("shop"), "shop");
        assert_eq!(Username::default(), "%EMAILADDRESS%".parse().unwrap());
    }

    #[test]
    fn refuses_a_username_that_clients_would_misread() {
        let error = |text: &str| text.parse::<Username>().unwrap_err();
        assert_eq!(error("%EMAILADDRES%"), UsernameError::UnknownPlaceholder("%EMAILADDRES%".into()));
        assert_eq!(error("%emailaddress%"), UsernameError::UnknownPlaceholder("%emailaddress%".into()));
        assert_eq!(error("%REALNAME%"), UsernameError::UnknownPlaceholder("%REALNAME%".into()));
        assert_eq!(error("%EMAILADDRESS"), UsernameError::UnknownPlaceholder("%EMAILADDRESS".into()));
        assert_eq!(error("a%EMAILDOMAIN-"), UsernameError::UnknownPlaceholder("%EMAILDOMAIN".into()));
        assert_eq!(error(""), UsernameError::Empty);
        assert_eq!(error("a&b"), UsernameError::Character('&'));
        assert_eq!(error(" a"), UsernameError::Character(' '));
        assert_eq!(error("\u{E000}"), UsernameError::Character('\u{E000}'));
    }

    #[test]
    fn fills_a_host_name_for_a_domain() {
        let domain: Domain = "q.com".parse().unwrap();
        let host = |text: &str| text.parse::<Hostname>().map(|host| host.for_domain(&domain));
        assert_eq!(host("IMAP.Example.net").as_deref(), Ok("imap.example.net"));
        assert_eq!(host("Mail.%EMAILDOMAIN%").as_deref(), Ok("mail.q.com"));
        assert_eq!(
            host("%EMAILLOCALPART%.example.net"),
            Err(HostnameError::Placeholder("%EMAILLOCALPART%".into()))
        );
        assert!(host("mail_%EMAILDOMAIN%").is_err());
        assert!(host("192.0.2.1").is_err());
    }

    #[test]
    fn limits_names_to_what_the_draft_allows() {
        assert!("x".repeat(60).parse::<DisplayName>().is_ok());
        assert_eq!("x".repeat(61).parse::<DisplayName>(), Err(NameError::TooLong { length: 61, limit: 60 }));
        assert!("x".repeat(21).parse::<DisplayShortName>().is_err());
        assert_eq!("A & B".parse::<DisplayName>(), Err(NameError::Character('&')));
        assert_eq!(
            "Mail at %EMAILDOMAIN%".parse::<DisplayName>(),
            Err(NameError::Placeholder("%EMAILDOMAIN%".into()))
        );
        assert_eq!("  ".parse::<DisplayName>(), Err(NameError::Empty));
        assert_eq!("50% off".parse::<DisplayName>().unwrap().as_str(), "50% off");
    }

    #[test]
    fn reads_and_writes_sizes() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.to_string());
        assert_eq!(size("700 MB").as_deref(), Ok("700 MB"));
        assert_eq!(size("1GiB").as_deref(), Ok("1 GiB"));
        assert_eq!(size("2000 MB").as_deref(), Ok("2 GB"));
        assert_eq!(size("many"), Err(SizeError));
        assert_eq!(size("0 MB"), Err(SizeError));
        assert_eq!(size("99999999999999 GB"), Err(SizeError));
    }
}
