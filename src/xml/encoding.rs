//! The encoding of an XML document: UTF-8 and UTF-16, which every XML reader has to accept (XML 1.0, 4.3.3).
//!
//! quick-xml reads text only. encoding_rs decodes every encoding of the web; std decodes these two.

use std::borrow::Cow;

/// Why a document cannot be decoded, and where. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodingError {
    pub message: String,
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16 { is_little_endian: bool },
}

impl Encoding {
    /// The encoding, and the length of the byte order mark. XML 1.0, appendix F: without a mark, a UTF-16 document
    /// begins with a declaration.
    fn detect(document: &[u8]) -> (Self, usize) {
        match document {
            [0xEF, 0xBB, 0xBF, ..] => (Self::Utf8, 3),
            [0xFF, 0xFE, ..] => (Self::Utf16 { is_little_endian: true }, 2),
            [0xFE, 0xFF, ..] => (Self::Utf16 { is_little_endian: false }, 2),
            [b'<', 0, b'?', 0, ..] => (Self::Utf16 { is_little_endian: true }, 0),
            [0, b'<', 0, b'?', ..] => (Self::Utf16 { is_little_endian: false }, 0),
            _ => (Self::Utf8, 0),
        }
    }

    /// Whether a declaration may give this name to the encoding. ASCII is a subset of UTF-8.
    fn has_name(self, name: &str) -> bool {
        let names: &[&str] = match self {
            Self::Utf8 => &["utf-8", "utf8", "us-ascii", "ascii"],
            Self::Utf16 { is_little_endian: true } => &["utf-16", "utf-16le"],
            Self::Utf16 { is_little_endian: false } => &["utf-16", "utf-16be"],
        };
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16 { .. } => "UTF-16",
        }
    }

    fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, EncodingError> {
        match self {
            Self::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(error) => {
                    let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                    Err(EncodingError::after(&valid, "it is not UTF-8".to_owned()))
                }
            },
            Self::Utf16 { is_little_endian } => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                let unit = if is_little_endian { u16::from_le_bytes } else { u16::from_be_bytes };
                let mut text = String::with_capacity(pairs.len());
                for c in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
                    let Ok(c) = c else {
                        return Err(EncodingError::after(
                            &text,
                            "it is not UTF-16: a lone surrogate".to_owned(),
                        ));
                    };
                    text.push(c);
                }
                match rest {
                    [] => Ok(Cow::Owned(text)),
                    _ => Err(EncodingError::after(
                        &text,
                        "it is not UTF-16: the last character is incomplete".to_owned(),
                    )),
                }
            }
        }
    }
}

impl EncodingError {
    /// An error behind the valid beginning of a document.
    fn after(valid: &str, message: String) -> Self {
        let (line, column) = position_after(valid);
        Self { message, line, column }
    }
}

/// The line and the column of what follows a text, counted from 1.
pub fn position_after(text: &str) -> (usize, usize) {
    let last_line = text.rsplit('\n').next().unwrap_or_default();
    (text.matches('\n').count() + 1, last_line.chars().count() + 1)
}

/// The text of a document, without its byte order mark.
///
/// # Errors
/// The document is neither UTF-8 nor UTF-16, or its declaration names another encoding.
pub fn decode(document: &[u8]) -> Result<Cow<'_, str>, EncodingError> {
    let (encoding, mark) = Encoding::detect(document);
    let text = encoding.decode(&document[mark..]);
    // A file in another encoding is rarely valid UTF-8; its declaration is the better message.
    let declared = match &text {
        Ok(text) => declared_encoding(text.as_bytes()),
        Err(_) => declared_encoding(document),
    };
    match declared.filter(|name| !encoding.has_name(name)) {
        Some(name) => {
            let name = super::tree::excerpt(name, 40);
            let message = format!("it declares the encoding {name}, but is read as {}", encoding.name());
            Err(EncodingError::after("", message))
        }
        None => text,
    }
}

/// The encoding in a document's XML declaration.
pub fn declared_encoding(document: &[u8]) -> Option<&str> {
    let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document).trim_ascii_start();
    let declaration = document.strip_prefix(b"<?xml")?;
    let end = declaration.iter().position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&declaration[..end]).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn reads_utf_8_and_utf_16_with_and_without_a_byte_order_mark() {
        let declared = "<?xml version='1.0' encoding='utf-16'?><a>ä\u{1F600}</a>";
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert_eq!(decode(&utf16(declared, bytes)).unwrap(), declared);
            for text in [declared, "<a>ä\u{1F600}</a>", "", "\u{FEFF}"] {
                assert_eq!(decode(&utf16(&format!("\u{FEFF}{text}"), bytes)).unwrap(), text);
            }
        }
        for text in
            ["<a>ä</a>", "", "\n<?xml version='1.0' encoding='UTF-8'?><a/>", "<?xml version='1.0'?><a/>"]
        {
            assert_eq!(decode(text.as_bytes()).unwrap(), text);
            assert_eq!(decode(format!("\u{FEFF}{text}").as_bytes()).unwrap(), text);
        }
    }

    #[test]
    fn reports_where_a_document_is_malformed() {
        let error = |document: &[u8]| {
            let EncodingError { message, line, column } = decode(document).unwrap_err();
            format!("{line}:{column} {message}")
        };
        assert_eq!(error(b"<a>\n\xC3\xA4b\xE4</a>"), "2:3 it is not UTF-8");
        assert_eq!(error(b"\xFF\xFE<\0a\0\n\0b"), "2:1 it is not UTF-16: the last character is incomplete");
        assert_eq!(error(b"\xFE\xFF\0<\xD8\0\0a"), "1:2 it is not UTF-16: a lone surrogate");
        assert_eq!(error(b"\xFE\xFF\0<\xDC\0"), "1:2 it is not UTF-16: a lone surrogate");
        let latin1 = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE4</a>";
        assert_eq!(error(latin1), "1:1 it declares the encoding ISO-8859-1, but is read as UTF-8");
        let utf16le = "\u{FEFF}<?xml version='1.0' encoding='UTF-8'?>";
        let utf16le = utf16(utf16le, u16::to_le_bytes);
        assert_eq!(error(&utf16le), "1:1 it declares the encoding UTF-8, but is read as UTF-16");
    }
}
