//! XML: writing documents in one form, and reading any document as a tree.

pub mod tree;

use quick_xml::SeError;
use quick_xml::se::{EmptyElementHandling, Serializer, TextFormat};
use serde::Serialize;

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

/// The encoding's name is a parameter: Mozilla writes it in capitals, Microsoft in lower case.
fn declaration(encoding: &str) -> String {
    ["<?xml version=\"1.0\" encoding=\"", encoding, "\"?>\n"].concat()
}
