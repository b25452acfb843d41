//! The characters that XML 1.0 (2.2, `Char`) allows, in a text and by reference (4.1, "Legal Character").
//!
//! quick-xml checks neither. The rule holds for every document that Waypost reads.

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::BytesRef;
use quick_xml::events::attributes::Attribute;

/// Whether XML allows a character.
pub fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether a text is a name (XML 1.0 2.3, `Name`).
pub fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_character)
}

fn is_name_start(c: char) -> bool {
    matches!(
        c,
        'a'..='z' | 'A'..='Z' | '_' | ':' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
            | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}'
    )
}

fn is_name_character(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '0'..='9' | '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The first character of a text that XML excludes, and its byte offset.
pub fn excluded_character(text: &str) -> Option<(usize, char)> {
    // The loop has no early exit, so it is vectorised. U+FFFE and U+FFFF are the only others, and begin with 0xEF.
    let is_suspect = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xEF;
    if !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_character(*c))
}

/// The text of a character reference, or of one of the five entities that XML defines. None if it is not defined, or if
/// it refers to a character that XML excludes.
pub fn resolve_reference(reference: &BytesRef) -> Option<Cow<'static, str>> {
    match reference.resolve_char_ref().ok()? {
        Some(c) => is_character(c).then(|| c.to_string().into()),
        None => resolve_predefined_entity(reference).map(Cow::Borrowed),
    }
}

/// The value of an attribute. None if a reference in it is not valid, as in [`resolve_reference`].
pub fn attribute_value<'a>(attribute: &Attribute<'a>) -> Option<Cow<'a, str>> {
    let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
    excluded_character(&value).is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use quick_xml::name::QName;

    use super::*;

    #[test]
    fn knows_the_names_of_xml() {
        for name in ["a", "_", ":", "Autodiscover", "a-1.b", "ä", "a\u{B7}", "a\u{300}", "\u{10000}"] {
            assert!(is_name(name), "{name:?}");
        }
        for text in
            ["", "1", "-a", ".", "a b", "xm\u{16C}\u{92}s", "\u{B7}", "a\u{D7}", "a\u{2000}", "\u{F0000}"]
        {
            assert!(!is_name(text), "{text:?}");
        }
    }

    #[test]
    fn finds_the_first_excluded_character() {
        for (text, found) in [
            ("\t\r\n\u{20}\u{7F}\u{85}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}", None),
            ("", None),
            ("ab\0", Some((2, '\0'))),
            ("ä\u{1F}\u{1}", Some((2, '\u{1F}'))),
            ("\u{FEFF}\u{FFFE}", Some((3, '\u{FFFE}'))),
            ("\u{FFFF}", Some((0, '\u{FFFF}'))),
        ] {
            assert_eq!(excluded_character(text), found, "{text:?}");
        }
    }

    #[test]
    fn resolves_only_references_to_characters_of_xml() {
        let resolved = |name: &str| resolve_reference(&BytesRef::new(name));
        for (name, text) in
            [("amp", "&"), ("#x41", "A"), ("#9", "\t"), ("#xD7FF", "\u{D7FF}"), ("#x10FFFF", "\u{10FFFF}")]
        {
            assert_eq!(resolved(name).as_deref(), Some(text), "{name}");
        }
        for name in ["#0", "#x1A", "#31", "#xFFFE", "#xFFFF", "#xD800", "#x110000", "#", "#x", "nbsp"] {
            assert_eq!(resolved(name), None, "{name}");
        }
        let value = |text: &'static str| attribute_value(&Attribute { key: QName("a"), value: text.into() });
        assert_eq!(value("&#64;&lt;").as_deref(), Some("@<"));
        assert_eq!(value("&#x1A;"), None);
        assert_eq!(value("&nbsp;"), None);
    }
}
