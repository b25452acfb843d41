//! What several clients do alike: decode a body, find elements, fill placeholders.

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Answer, GivesUp, Login};
use crate::address::EmailAddress;
use crate::profile::Placeholder;
use crate::xml::declared_encoding;
use crate::xml::tree::{Element, Tree, TreeError};

/// Which encodings a client's parser knows, and what it believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encodings {
    /// UTF-8, whatever is declared.
    Utf8,
    /// As that; bytes that are not UTF-8 become replacement characters.
    Utf8Lossy,
    /// UTF-8, and nothing else may be declared.
    DeclaredUtf8,
    /// What a byte order mark or the XML declaration says.
    Declared,
    /// As a browser's request: the header's `charset` wins over the declaration.
    HeaderFirst,
}

const BYTE_ORDER_MARK: char = '\u{FEFF}';

impl<'a> Answer<'a> {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// For clients that take nothing but 2xx.
    pub(super) fn require_success(&self) -> Result<(), GivesUp> {
        if self.is_success() { Ok(()) } else { Err(GivesUp::because(format!("status {}", self.status))) }
    }

    /// For clients that take nothing but 200.
    pub(super) fn require_ok(&self) -> Result<(), GivesUp> {
        if self.status == 200 { Ok(()) } else { Err(GivesUp::because(format!("status {}", self.status))) }
    }

    pub(super) fn has_byte_order_mark(&self) -> bool {
        self.body.starts_with(b"\xEF\xBB\xBF")
    }

    /// The body as text, without a byte order mark.
    pub(super) fn text(&self, encodings: Encodings) -> Result<Cow<'a, str>, GivesUp> {
        let unknown = |name: &str| GivesUp::because(format!("the encoding {name}"));
        let encoding = match encodings {
            Encodings::Utf8 => None,
            Encodings::Utf8Lossy => return Ok(without_mark(String::from_utf8_lossy(self.body))),
            Encodings::DeclaredUtf8 => match declared_encoding(self.body) {
                Some(name) if !is_utf8(name) => return Err(unknown(name)),
                _ => None,
            },
            Encodings::Declared => declared_encoding(self.body),
            Encodings::HeaderFirst => self.charset().or_else(|| declared_encoding(self.body)),
        };
        let knows_utf16 = matches!(encodings, Encodings::Declared | Encodings::HeaderFirst);
        let text: Cow<'a, str> = match (self.body, encoding) {
            ([0xFE, 0xFF, ..] | [0xFF, 0xFE, ..], _) if !knows_utf16 => return Err(unknown("UTF-16")),
            ([0xFE, 0xFF, rest @ ..], _) => utf16(rest, u16::from_be_bytes)?.into(),
            ([0xFF, 0xFE, rest @ ..], _) => utf16(rest, u16::from_le_bytes)?.into(),
            (body, Some(name)) if is_latin(name) => {
                body.iter().copied().map(char::from).collect::<String>().into()
            }
            (_, Some(name)) if !is_utf8(name) => return Err(unknown(name)),
            (body, _) => {
                std::str::from_utf8(body).map_err(|_| GivesUp::because("bytes that are not UTF-8"))?.into()
            }
        };
        Ok(without_mark(text))
    }

    /// As [`Self::text`], for parsers that want the XML declaration, if there is one, at the very
    /// beginning.
    pub(super) fn strict_text(&self, encodings: Encodings) -> Result<Cow<'a, str>, GivesUp> {
        let text = self.text(encodings)?;
        let trimmed = text.trim_ascii_start();
        if trimmed.len() < text.len() && trimmed.starts_with("<?xml") {
            return Err(GivesUp::because("white space before the XML declaration"));
        }
        Ok(text)
    }

    fn charset(&self) -> Option<&'a str> {
        let parameters = self.content_type?.split(';').skip(1);
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"'))
    }
}

fn without_mark(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
        Cow::Owned(text) => match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => Cow::Owned(rest.to_owned()),
            None => Cow::Owned(text),
        },
    }
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The encodings in which a byte is its character; Windows' differs only in what no setting holds.
fn is_latin(name: &str) -> bool {
    ["iso-8859-1", "latin1", "windows-1252"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, GivesUp> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| GivesUp::because("broken UTF-16"))
}

impl From<TreeError> for GivesUp {
    fn from(error: TreeError) -> Self {
        Self::because(format!("not well-formed: {}", error.message))
    }
}

/// The root, if it has the name that the client looks for.
pub fn root<'a>(tree: &'a Tree<'_>, name: &str) -> Result<Element<'a>, GivesUp> {
    let root = tree.root();
    if root.name() == name {
        Ok(root)
    } else {
        Err(GivesUp::because(format!("the root is <{}>", root.name())))
    }
}

/// The servers of a type in one of the two lists.
pub fn servers<'a>(provider: Element<'a>, tag: &str, kind: &str) -> impl Iterator<Item = Element<'a>> {
    provider.children(tag).filter(move |server| server.attribute("type") == Some(kind))
}

/// Puts the address in for each of the placeholders that a client knows, wherever they stand; what
/// comes of that is not looked at again.
pub fn fill(text: &str, known: &[Placeholder], address: &EmailAddress) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let placeholder = known.iter().find(|placeholder| rest.starts_with(placeholder.into_str()));
        match placeholder {
            Some(placeholder) => {
                filled.push_str(&value(*placeholder, address));
                rest = &rest[placeholder.into_str().len()..];
            }
            None => {
                filled.push('%');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

pub fn value(placeholder: Placeholder, address: &EmailAddress) -> String {
    match placeholder {
        Placeholder::EmailAddress => address.to_string(),
        Placeholder::EmailLocalPart => address.local_part().to_owned(),
        Placeholder::EmailDomain => address.domain().to_string(),
    }
}

/// All three placeholders.
pub const EVERY: &[Placeholder] =
    &[Placeholder::EmailAddress, Placeholder::EmailLocalPart, Placeholder::EmailDomain];

/// The address itself as log-in name.
pub fn full_address(address: &EmailAddress) -> Login {
    Login::Name(address.to_string())
}

/// A port of digits only.
pub fn port(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

/// A host name or IP address, as Thunderbird and Thunderbird for Android judge it: ASCII labels of
/// letters, digits and inner hyphens, one label being enough.
pub fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.parse::<IpAddr>().is_ok() || (name.len() <= 255 && name.split('.').all(is_label))
}

/// PHP's `intval` and C's `strtol`: the number that a text begins with, else 0.
pub fn leading_number(text: &str) -> u16 {
    let text = text.trim_start();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let end = digits.bytes().take_while(u8::is_ascii_digit).count();
    digits[..end].parse().unwrap_or(0)
}
