//! Texts with placeholders: the user name and the host name, and what is made of them.

use std::fmt;
use std::str::FromStr;

use super::characters::is_literal_text;
use crate::address::{Domain, DomainError, EmailAddress};

/// The log-in name as configured, with the placeholders that clients fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(Template);

/// A server's name; may hold `%EMAILDOMAIN%`, which we fill, since eight clients cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostname(Template);

/// A filled-in log-in name. Made only by [`Username::login_name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName(String);

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

    /// Whether a placeholder stands in one label with letters that are not ASCII, or with what stands
    /// for such (RFC 5890 2.3.2.1).
    fn shares_label_with_others(&self) -> bool {
        let is_other = |label: &str| {
            let is_a_label = label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"));
            label.contains('%') && (!label.is_ascii() || is_a_label)
        };
        self.source.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']).any(is_other)
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
pub(super) fn placeholder_like(text: &str) -> Option<&str> {
    let word = text.strip_prefix('%')?;
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    (letters > 0 && word.as_bytes().get(letters) == Some(&b'%')).then(|| &text[..letters + 2])
}

/// `%EMAIL...` without its second `%`: certainly meant as a placeholder.
pub(super) fn unclosed_placeholder(text: &str) -> Option<&str> {
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

    /// Whether it is another one for each person.
    pub fn needs_address(&self) -> bool {
        let is_personal = |piece: &Piece| {
            matches!(piece, Piece::Placeholder(Placeholder::EmailAddress | Placeholder::EmailLocalPart))
        };
        self.pieces().iter().any(is_personal)
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

    /// Whether it is another one for each mail domain.
    pub fn needs_domain(&self) -> bool {
        self.pieces().iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
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
        // Other letters in the domain's own label have no A-label without it.
        if template.shares_label_with_others() {
            return Err(DomainError::International.into());
        }
        // It must be a name for whatever domain is filled in; the shortest shows what is wrong with the
        // letters round it, and which A-labels they have.
        let name: Domain = template.fill("", SHORTEST_DOMAIN).parse()?;
        let source = name.as_str().replace(SHORTEST_DOMAIN, Placeholder::EmailDomain.word());
        let in_a_labels = Template::parse(&source).map_err(HostnameError::Placeholder)?;
        let placeholders = |template: &Template| template.source.matches('%').count();
        if placeholders(&in_a_labels) != placeholders(&template) {
            return Err(DomainError::International.into());
        }
        Ok(Self(in_a_labels))
    }
}

/// No host has it: RFC 2606 2.
const SHORTEST_DOMAIN: &str = "d.invalid";

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
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
        assert_eq!(host("Bücher.%EMAILDOMAIN%").as_deref(), Ok("xn--bcher-kva.q.com"));
        assert_eq!(host("mail-%EMAILDOMAIN%.").as_deref(), Ok("mail-q.com"));
        assert!(host("bücher%EMAILDOMAIN%").is_err());
        // Its A-label would happen to end as a domain's does.
        assert!(host("BüchBüc%EMAILDOMAIN%").is_err());
        assert!(host("XN--bc%EMAILDOMAIN%").is_err());
        assert!(host("mail_%EMAILDOMAIN%").is_err());
        assert!(host("192.0.2.1").is_err());
    }
}
