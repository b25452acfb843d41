//! Texts with placeholders: user names and host names.
//!
//! The syntax is the autoconfig draft's. Template crates (`minijinja`, `strfmt`) read other delimiters and
//! cannot report a misspelt placeholder while they keep a literal `%`.

use std::str::FromStr;

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::allowed_characters::is_login_text;
use super::unknown_value::UnknownValue;
use crate::address::{Domain, DomainError, EmailAddress, is_a_label};

/// The login name as configured, with the placeholders that clients fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(Template);

/// A server's name. It may contain `%EMAILDOMAIN%`, which Waypost fills, since eight clients cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostname(Template);

/// A text with placeholders, and its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A literal part of a [`Username`] or [`Hostname`], or a placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Placeholder(Placeholder),
}

/// The placeholders of the autoconfig draft, 3.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(const_into_str, parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Placeholder>)]
pub enum Placeholder {
    #[strum(serialize = "%EMAILADDRESS%")]
    EmailAddress,
    #[strum(serialize = "%EMAILLOCALPART%")]
    EmailLocalPart,
    #[strum(serialize = "%EMAILDOMAIN%")]
    EmailDomain,
}

/// Why a text is not a [`Username`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    #[error("it is empty")]
    Empty,
    #[error("the placeholder `{0}` is unknown")]
    UnknownPlaceholder(String),
    #[error("a user name must not contain `{0}`")]
    Character(char),
}

/// Why a text is not a [`Hostname`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostnameError {
    #[error("is not a host name: {0}")]
    Domain(#[from] DomainError),
    #[error("contains `{0}`; the only placeholder in a host name is %EMAILDOMAIN%")]
    Placeholder(String),
}

/// A short domain that no host has (RFC 2606 2).
const SAMPLE_DOMAIN: &str = "d.invalid";

impl Template {
    /// Splits the text at its placeholders. A lone `%` stays literal: `local%domain` is a login form.
    /// The error is the first misspelt placeholder.
    fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some((before, candidate)) = rest.find('%').map(|at| rest.split_at(at)) {
            literal.push_str(before);
            rest = if let Some(placeholder) = leading_placeholder(candidate)? {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                pieces.push(Piece::Placeholder(placeholder));
                &candidate[placeholder.into_str().len()..]
            } else {
                literal.push('%');
                &candidate[1..]
            };
        }
        pieces.push(Piece::Literal(literal + rest));
        pieces.retain(|piece| !matches!(piece, Piece::Literal(text) if text.is_empty()));
        Ok(Self { source: text.to_owned(), pieces })
    }

    /// Whether a label has a placeholder and also non-ASCII letters or their A-label (RFC 5890 2.3.2.1).
    fn has_international_label(&self) -> bool {
        let mut labels = self.source.split(['.', '\u{3002}', '\u{ff0e}', '\u{ff61}']);
        labels.any(|label| label.contains('%') && (!label.is_ascii() || is_a_label(label)))
    }

    fn placeholders(&self) -> impl Iterator<Item = Placeholder> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(placeholder) => Some(*placeholder),
            Piece::Literal(_) => None,
        })
    }

    fn fill(&self, local_part: &str, domain: &str) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Placeholder(Placeholder::EmailLocalPart) => text.push_str(local_part),
                Piece::Placeholder(Placeholder::EmailDomain) => text.push_str(domain),
                Piece::Placeholder(Placeholder::EmailAddress) => text.extend([local_part, "@", domain]),
            }
        }
        text
    }
}

/// The placeholder that a text begins with. The error is one that is misspelt or has no second `%`.
pub(super) fn leading_placeholder(text: &str) -> Result<Option<Placeholder>, &str> {
    match placeholder_like(text) {
        Some(name) => name.parse().map(Some).map_err(|_| name),
        None => unclosed_placeholder(text).map_or(Ok(None), Err),
    }
}

/// The `%NAME%` that a text begins with: letters only, in either case, to find misspelt placeholders.
pub(super) fn placeholder_like(text: &str) -> Option<&str> {
    let name = text.strip_prefix('%')?;
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    (letters > 0 && name.as_bytes().get(letters) == Some(&b'%')).then(|| &text[..letters + 2])
}

/// `%EMAIL...` without its second `%`, which can only be meant as a placeholder.
fn unclosed_placeholder(text: &str) -> Option<&str> {
    let letters = text[1..].bytes().take_while(u8::is_ascii_alphabetic).count();
    Some(&text[..=letters]).filter(|name| begins_like_placeholder(name))
}

pub(super) fn begins_like_placeholder(text: &str) -> bool {
    text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("%EMAIL"))
}

impl Username {
    /// The text in the file and in autoconfig, with its placeholders.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0.pieces
    }

    /// The login name of one mailbox.
    pub fn login_name(&self, address: &EmailAddress) -> String {
        self.0.fill(address.local_part(), address.domain().as_str())
    }

    /// Whether the login name depends on the local part of the address.
    pub fn needs_address(&self) -> bool {
        self.0.placeholders().any(|placeholder| placeholder != Placeholder::EmailDomain)
    }

    /// Whether it has no placeholder.
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
        // Delta Chat cuts a user name at an entity; Thunderbird rejects white space around a value
        // (reference/autoconfig 3.1). So no character that needs escaping, and no white space.
        if let Some(c) = text.chars().find(|c| c.is_whitespace() || !is_login_text(*c)) {
            return Err(UsernameError::Character(c));
        }
        Template::parse(text).map(Self).map_err(UsernameError::UnknownPlaceholder)
    }
}

impl Default for Username {
    fn default() -> Self {
        let placeholder = Placeholder::EmailAddress;
        let source = placeholder.into_str().to_owned();
        Self(Template { source, pieces: vec![Piece::Placeholder(placeholder)] })
    }
}

impl Hostname {
    /// The text in the file, in lower case and with A-labels.
    pub fn as_str(&self) -> &str {
        &self.0.source
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0.pieces
    }

    /// Whether it depends on the mail domain.
    pub fn needs_domain(&self) -> bool {
        self.0.placeholders().next().is_some()
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
        let mut placeholders = template.placeholders().peekable();
        if placeholders.peek().is_none() {
            let source = text.parse::<Domain>()?.to_string();
            return Ok(Self(Template { pieces: vec![Piece::Literal(source.clone())], source }));
        }
        if let Some(other) = placeholders.find(|placeholder| *placeholder != Placeholder::EmailDomain) {
            return Err(HostnameError::Placeholder(other.into_str().to_owned()));
        }
        // The A-label of such a label depends on the domain.
        if template.has_international_label() {
            return Err(DomainError::International.into());
        }
        // The name must be valid for every domain. A sample domain shows errors in the rest of the name,
        // and its A-labels.
        let name: Domain = template.fill("", SAMPLE_DOMAIN).parse()?;
        let source = name.as_str().replace(SAMPLE_DOMAIN, Placeholder::EmailDomain.into_str());
        let in_a_labels = Template::parse(&source).map_err(HostnameError::Placeholder)?;
        if in_a_labels.placeholders().count() != template.placeholders().count() {
            return Err(DomainError::International.into());
        }
        Ok(Self(in_a_labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_a_username_for_an_address() {
        let address: EmailAddress = "jane@q.com".parse().unwrap();
        let login = |text: &str| text.parse::<Username>().unwrap().login_name(&address);
        assert_eq!(login("%EMAILADDRESS%"), "jane@q.com");
        assert_eq!(login("%EMAILLOCALPART%"), "jane");
        assert_eq!(login("%EMAILLOCALPART%%%EMAILDOMAIN%"), "jane%q.com");
        assert_eq!(login("shop-%EMAILLOCALPART%"), "shop-jane");
        assert_eq!(login("100%sure"), "100%sure");
        assert_eq!(login("shop"), "shop");
        assert_eq!(Username::default(), "%EMAILADDRESS%".parse().unwrap());
    }

    #[test]
    fn rejects_a_username_that_clients_would_misread() {
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
        // The A-label of this label would happen to end like the sample domain.
        assert!(host("BüchBüc%EMAILDOMAIN%").is_err());
        assert!(host("XN--bc%EMAILDOMAIN%").is_err());
        assert!(host("mail_%EMAILDOMAIN%").is_err());
        assert!(host("192.0.2.1").is_err());
    }

    #[test]
    fn knows_on_what_a_name_depends() {
        let username = |text: &str| {
            let username: Username = text.parse().unwrap();
            (username.needs_address(), username.is_literal())
        };
        assert_eq!(username("%EMAILADDRESS%"), (true, false));
        assert_eq!(username("shop-%EMAILLOCALPART%"), (true, false));
        assert_eq!(username("shop@%EMAILDOMAIN%"), (false, false));
        assert_eq!(username("100%sure"), (false, true));
        let hostname = |text: &str| {
            let hostname: Hostname = text.parse().unwrap();
            (hostname.as_str().to_owned(), hostname.needs_domain(), hostname.pieces().len())
        };
        assert_eq!(hostname("IMAP.example.net."), ("imap.example.net".to_owned(), false, 1));
        assert_eq!(hostname("Mail.%EMAILDOMAIN%"), ("mail.%EMAILDOMAIN%".to_owned(), true, 2));
        let twice = "a.%EMAILDOMAIN%.b.%EMAILDOMAIN%";
        assert_eq!(hostname(twice), (twice.to_owned(), true, 4));
        let username: Username = "%EMAILLOCALPART%%EMAILDOMAIN%".parse().unwrap();
        let placeholders = [Placeholder::EmailLocalPart, Placeholder::EmailDomain].map(Piece::Placeholder);
        assert_eq!(
            (username.as_str(), username.pieces()),
            ("%EMAILLOCALPART%%EMAILDOMAIN%", &placeholders[..])
        );
    }
}
