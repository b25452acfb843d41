//! XML: writing documents in one form; the encodings and characters of every document that is read; a tree.

mod characters;
mod encoding;
pub mod tree;

use quick_xml::SeError;
use quick_xml::se::{EmptyElementHandling, Serializer, TextFormat};
use serde::Serialize;

pub use self::characters::{attribute_value, excluded_character, is_name, resolve_reference};
pub use self::encoding::{EncodingError, declared_encoding, decode, position_after};

/// Writes a document: the XML declaration, then the value, indented by two spaces.
///
/// # Errors
/// A value contains a character that XML does not allow.
pub fn write(encoding: &str, value: &impl Serialize) -> Result<String, SeError> {
    let mut xml = declaration(encoding);
    let mut serializer = Serializer::new(&mut xml);
    serializer.indent(' ', 2).text_format(TextFormat::Text);
    // `<DebugData />`, as Microsoft writes it.
    serializer.empty_element_handling(EmptyElementHandling::SelfClosedWithSpace);
    value.serialize(serializer)?;
    xml.push('\n');
    Ok(xml)
}

/// The encoding's name is a parameter: Mozilla writes it in capitals, Microsoft in lower case.
fn declaration(encoding: &str) -> String {
    ["<?xml version=\"1.0\" encoding=\"", encoding, "\"?>\n"].concat()
}
