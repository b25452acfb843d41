//! XML: the one form that all our documents have, and reading what others write.

pub mod tree;

use quick_xml::SeError;
use quick_xml::se::{EmptyElementHandling, Serializer, TextFormat};
use serde::Serialize;

/// Writes a document: its declaration as the first bytes, then the value, indented by two.
///
/// # Errors
/// When a value cannot stand in XML.
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

/// The encoding's name stays as each protocol writes it: Mozilla in capitals, Microsoft not.
fn declaration(encoding: &str) -> String {
    ["<?xml version=\"1.0\" encoding=\"", encoding, "\"?>\n"].concat()
}
