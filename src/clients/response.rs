//! A server's response, and how clients check its status and decode its body.
//!
//! encoding_rs decodes every encoding of the web. Here UTF-8, UTF-16 and Latin-1 are enough, and
//! std decodes them.

use std::borrow::Cow;
use std::ops::RangeBounds;

use super::failure::Failure;
use crate::xml::declared_encoding;

/// A server's response to a client.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    pub status: u16,
    /// The value of `Content-Type`, as the server sent it.
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// Which encodings a client's parser knows, and where it reads the encoding's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingPolicy {
    /// UTF-8. The declaration is ignored.
    Utf8,
    /// As `Utf8`, but invalid bytes become replacement characters.
    Utf8Lossy,
    /// UTF-8. Any other declared encoding is an error.
    DeclaredUtf8,
    /// The encoding of the byte order mark or the XML declaration.
    Declared,
    /// As `Declared`, but the `charset` of `Content-Type` overrides the declaration, as in a
    /// browser.
    HeaderFirst,
}

impl<'a> Response<'a> {
    /// An error for the statuses that the client does not accept.
    pub(super) fn require_status(&self, accepted: impl RangeBounds<u16>) -> Result<(), Failure> {
        if accepted.contains(&self.status) {
            Ok(())
        } else {
            Err(format!("HTTP status {}", self.status).into())
        }
    }

    /// The body as text, without a byte order mark.
    pub(super) fn text(&self, policy: EncodingPolicy) -> Result<Cow<'a, str>, Failure> {
        use EncodingPolicy::{Declared, DeclaredUtf8, HeaderFirst, Utf8, Utf8Lossy};
        let encoding = match policy {
            Utf8 | Utf8Lossy => None,
            Declared | DeclaredUtf8 => declared_encoding(self.body),
            HeaderFirst => self.charset().or_else(|| declared_encoding(self.body)),
        };
        let unknown = |name: &str| Err(format!("the encoding {name} is not supported").into());
        let utf8 = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(self.body);
        match (self.body, encoding) {
            _ if policy == Utf8Lossy => Ok(String::from_utf8_lossy(utf8)),
            (_, Some(name)) if policy == DeclaredUtf8 && !is_utf8(name) => unknown(name),
            ([0xFE, 0xFF, ..] | [0xFF, 0xFE, ..], _) if !matches!(policy, Declared | HeaderFirst) => {
                unknown("UTF-16")
            }
            ([0xFE, 0xFF, rest @ ..], _) => utf16(rest, u16::from_be_bytes),
            ([0xFF, 0xFE, rest @ ..], _) => utf16(rest, u16::from_le_bytes),
            (body, Some(name)) if is_latin1(name) => Ok(body.iter().copied().map(char::from).collect()),
            (_, Some(name)) if !is_utf8(name) => unknown(name),
            _ => {
                std::str::from_utf8(utf8).map(Cow::from).map_err(|_| "the document is not valid UTF-8".into())
            }
        }
    }

    /// As [`Self::text`], for parsers that accept an XML declaration only at the very beginning.
    pub(super) fn strict_text(&self, policy: EncodingPolicy) -> Result<Cow<'a, str>, Failure> {
        let text = self.text(policy)?;
        let trimmed = text.trim_ascii_start();
        if trimmed.len() < text.len() && trimmed.starts_with("<?xml") {
            return Err("there is white space before the XML declaration".into());
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

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Encodings in which every byte is the character of that number. Windows-1252 differs in a few
/// characters that no setting contains.
fn is_latin1(name: &str) -> bool {
    ["iso-8859-1", "latin1", "windows-1252"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn utf16<'a>(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'a, str>, Failure> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<Result<_, _>>().map_err(|_| "the document is not valid UTF-16".into())
}
