//! Domain names and email addresses, validated when they are parsed.
//!
//! A [`Domain`] always consists of A-labels in lower case: two spellings of a name compare equal, and no
//! document has to escape it. An [`EmailAddress`] is a mailbox (RFC 5321 4.1.2) without a second `@` in a
//! quoted local part, since no modelled client sends one. Waypost never checks whether a mailbox exists.
//!
//! `idna` converts and validates U-labels, and `psl` has the public suffix list. `hickory-proto`'s `Name`
//! and `addr` allow names that are not host names; `email_address` accepts quoted local parts and comments
//! and does not normalize the domain.

use std::borrow::Borrow;
use std::str::FromStr;

use derive_more::{AsRef, Display};
use serde_with::SerializeDisplay;

/// A host or mail domain name in its DNS form: A-labels, lower case, no trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, AsRef, Display, SerializeDisplay)]
#[as_ref(str)]
pub struct Domain(Box<str>);

/// A mailbox: the local part as the person wrote it, and the domain.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
#[display("{local_part}@{domain}")]
pub struct EmailAddress {
    local_part: Box<str>,
    domain: Domain,
}

/// Why a text is not a [`Domain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than 253 octets")]
    TooLong,
    #[error("it begins with a dot or has two dots in a row")]
    EmptyLabel,
    #[error("a label is longer than 63 octets")]
    LabelTooLong,
    #[error("a label begins or ends with `-`")]
    Hyphen,
    #[error("a host name must not contain `{0}`")]
    Character(char),
    #[error("it is an IP address or ends in a number")]
    Numeric,
    #[error("it is not a valid internationalized name (UTS 46)")]
    International,
}

/// Why a text is not an [`EmailAddress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("it does not contain `@`")]
    NoAt,
    #[error("it contains more than one `@`")]
    SeveralAts,
    #[error("the part before the `@` is empty")]
    NoLocalPart,
    #[error("it is longer than 320 octets")]
    TooLong,
    #[error("the part before the `@` contains a space or a control character")]
    Character,
    #[error("the part after the `@` is not a domain: {0}")]
    Domain(#[from] DomainError),
}

/// The kind of a public suffix: a name under which the public registers names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublicSuffix {
    /// A registry's suffix (`com`, `co.uk`) or a single label that the list does not know.
    Registry,
    /// A suffix that a private owner entered in the list (`github.io`). The owner may use it for mail.
    Private,
}

/// Labels that a client puts before a mail domain to find Waypost (DESIGN, decision 4).
pub const SERVICE_LABELS: [&str; 3] = ["autoconfig", "autodiscover", "ua-auto-config"];

/// The label of the host that serves a domain's MTA-STS policy (RFC 8461 3.2).
pub const MTA_STS_LABEL: &str = "mta-sts";

/// The longest address: 64 octets of local part, `@`, 255 of domain (RFC 5321 4.5.3.1).
const LONGEST_ADDRESS: usize = 64 + 1 + 255;

impl Domain {
    /// The longest name, in octets of its text form (RFC 1035 2.3.4, without length octets).
    pub const LONGEST: usize = 253;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The names above this one, nearest first: `b.c`, `c` for `a.b.c`.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(parent(&self.0), |name| parent(name))
    }

    /// Whether the public suffix list, or its default rule for unlisted names, has this name.
    pub fn public_suffix(&self) -> Option<PublicSuffix> {
        let suffix = psl::suffix(self.0.as_bytes())?;
        (suffix.as_bytes() == self.0.as_bytes()).then(|| match suffix.typ() {
            Some(psl::Type::Private) => PublicSuffix::Private,
            _ => PublicSuffix::Registry,
        })
    }

    /// The part that is registered: `example.co.uk` for `mx1.example.co.uk`. None for a suffix.
    pub fn registrable(&self) -> Option<&str> {
        psl::domain_str(&self.0)
    }
}

/// The name after the first dot.
fn parent(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, rest)| rest)
}

impl FromStr for Domain {
    type Err = DomainError;

    /// Reads A-labels and U-labels, in any letter case, with or without a trailing dot.
    fn from_str(text: &str) -> Result<Self, DomainError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_ascii() && !text.split(['.']).any(is_a_label) {
            return ascii_domain(text);
        }
        // Invalid A-labels, and U-labels without an A-label, fail here.
        let ascii = idna::domain_to_ascii_strict(text).map_err(|_| {
            let culprit = text.chars().find(|c| c.is_ascii() && !is_host_character(*c));
            culprit.map_or(DomainError::International, DomainError::Character)
        })?;
        ascii_domain(&ascii)
    }
}

/// Whether a label has the prefix of A-labels (RFC 5890 2.3.2.1).
pub(crate) fn is_a_label(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

const fn is_host_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

/// RFC 1123 2.1 and RFC 5321 2.3.5: letters, digits, hyphens; 63 octets a label, 253 in all.
fn ascii_domain(text: &str) -> Result<Domain, DomainError> {
    if text.is_empty() {
        return Err(DomainError::Empty);
    }
    let mut is_number = false;
    // As a set of one character: in short strings that is faster than `memchr`.
    for label in text.split(['.']) {
        if label.is_empty() {
            return Err(DomainError::EmptyLabel);
        }
        if label.starts_with('-') {
            return Err(DomainError::Hyphen);
        }
        if let Some(c) = label.chars().find(|c| !is_host_character(*c)) {
            return Err(DomainError::Character(c));
        }
        if label.len() > 63 {
            return Err(DomainError::LabelTooLong);
        }
        if label.ends_with('-') {
            return Err(DomainError::Hyphen);
        }
        is_number = label.bytes().all(|byte| byte.is_ascii_digit());
    }
    if text.len() > Domain::LONGEST {
        return Err(DomainError::TooLong);
    }
    if is_number {
        return Err(DomainError::Numeric);
    }
    Ok(Domain(text.to_ascii_lowercase().into()))
}

impl Borrow<str> for Domain {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl EmailAddress {
    /// The part before the `@`, unchanged.
    pub fn local_part(&self) -> &str {
        &self.local_part
    }

    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The address in lower case, equal for all its spellings. No mail server in common use distinguishes
    /// case in local parts, and phones begin a line with a capital letter.
    pub fn folded(&self) -> String {
        self.to_string().to_lowercase()
    }
}

impl FromStr for EmailAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > LONGEST_ADDRESS {
            return Err(AddressError::TooLong);
        }
        let (local_part, domain) = text.split_once('@').ok_or(AddressError::NoAt)?;
        if domain.contains('@') {
            return Err(AddressError::SeveralAts);
        }
        if local_part.is_empty() {
            return Err(AddressError::NoLocalPart);
        }
        let is_printable = local_part.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_printable
            && local_part.chars().any(|c| c.is_whitespace() || !is_plain_text(c) || is_invisible(c))
        {
            return Err(AddressError::Character);
        }
        let domain: Domain = domain.parse()?;
        // An A-label may be longer than its U-label.
        if local_part.len() + 1 + domain.as_str().len() > LONGEST_ADDRESS {
            return Err(AddressError::TooLong);
        }
        Ok(Self { local_part: local_part.into(), domain })
    }
}

/// Invisible characters and those that change the direction of text. A person does not type them in an
/// address on purpose (PRECIS, RFC 8264 9.13).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// A character that every document may contain: no control character, none that XML 1.0 2.2 forbids.
pub(crate) fn is_plain_text(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Result<String, DomainError> {
        text.parse::<Domain>().map(|domain| domain.to_string())
    }

    #[test]
    fn reads_a_domain_in_any_spelling() {
        assert_eq!(domain("Example.COM").as_deref(), Ok("example.com"));
        assert_eq!(domain("example.com.").as_deref(), Ok("example.com"));
        assert_eq!(domain("Bücher.example").as_deref(), Ok("xn--bcher-kva.example"));
        assert_eq!(domain("XN--Bcher-kva.example").as_deref(), Ok("xn--bcher-kva.example"));
    }

    #[test]
    fn rejects_invalid_host_names() {
        assert_eq!(domain(""), Err(DomainError::Empty));
        assert_eq!(domain("."), Err(DomainError::Empty));
        assert_eq!(domain("a..b"), Err(DomainError::EmptyLabel));
        assert_eq!(domain("-a.example"), Err(DomainError::Hyphen));
        assert_eq!(domain("mail server.example"), Err(DomainError::Character(' ')));
        assert_eq!(domain("under_score.example"), Err(DomainError::Character('_')));
        assert_eq!(domain("bü cher.example"), Err(DomainError::Character(' ')));
        assert_eq!(domain("192.0.2.1"), Err(DomainError::Numeric));
        assert_eq!(domain("[::1]"), Err(DomainError::Character('[')));
        assert_eq!(domain(&"a".repeat(64)), Err(DomainError::LabelTooLong));
        assert_eq!(domain(&["a"; 128].join(".")), Err(DomainError::TooLong));
        assert_eq!(domain("xn--\u{7f}.example"), Err(DomainError::Character('\u{7f}')));
        assert_eq!(domain("xn--0.example"), Err(DomainError::International));
    }

    #[test]
    fn finds_public_suffixes_and_registrable_domains() {
        let suffix = |text: &str| text.parse::<Domain>().unwrap().public_suffix();
        assert_eq!(suffix("com"), Some(PublicSuffix::Registry));
        assert_eq!(suffix("co.uk"), Some(PublicSuffix::Registry));
        assert_eq!(suffix("intranet"), Some(PublicSuffix::Registry));
        assert_eq!(suffix("github.io"), Some(PublicSuffix::Private));
        assert_eq!(suffix("q.com"), None);
        let mx: Domain = "mx1.mail.example.co.uk".parse().unwrap();
        assert_eq!(mx.registrable(), Some("example.co.uk"));
        assert_eq!(mx.parents().next(), Some("mail.example.co.uk"));
    }

    #[test]
    fn reads_an_address_and_keeps_its_local_part() {
        let address: EmailAddress = "O'Brien+News@Q.com".parse().unwrap();
        assert_eq!(address.local_part(), "O'Brien+News");
        assert_eq!(address.domain().as_str(), "q.com");
        assert_eq!(address.to_string(), "O'Brien+News@q.com");
        assert!("jürgen@bücher.example".parse::<EmailAddress>().is_ok());
    }

    #[test]
    fn rejects_invalid_addresses() {
        let error = |text: &str| text.parse::<EmailAddress>().unwrap_err();
        assert_eq!(error(""), AddressError::NoAt);
        assert_eq!(error("q.com"), AddressError::NoAt);
        assert_eq!(error("@q.com"), AddressError::NoLocalPart);
        assert_eq!(error("a@b@q.com"), AddressError::SeveralAts);
        assert_eq!(error("a\u{0}b@q.com"), AddressError::Character);
        assert_eq!(error("a b@q.com"), AddressError::Character);
        assert_eq!(error("a\u{FFFF}@q.com"), AddressError::Character);
        assert_eq!(error("\u{200B}a@q.com"), AddressError::Character);
        assert_eq!(error("a@"), AddressError::Domain(DomainError::Empty));
        assert_eq!(error(&format!("{}@q.com", "a".repeat(320))), AddressError::TooLong);
        // 317 octets with the U-label, 322 with the A-label.
        assert_eq!(error(&format!("{}@ü.com", "a".repeat(310))), AddressError::TooLong);
    }
}
