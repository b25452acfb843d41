//! Property lists in Apple's XML format, written by the `plist` crate.

use plist::{Dictionary, Value, XmlWriteOptions};

/// A dictionary in the order of the entries. Entries without a value are left out.
pub fn dictionary<K: Into<String>>(entries: impl IntoIterator<Item = (K, Option<Value>)>) -> Value {
    let entries = entries.into_iter().filter_map(|(key, value)| Some((key, value?)));
    Value::Dictionary(entries.collect::<Dictionary>())
}

/// The whole document, indented by two spaces.
pub fn to_xml(root: &Value) -> String {
    let mut xml = Vec::new();
    let options = XmlWriteOptions::default().indent(b' ', 2);
    root.to_writer_xml_with_options(&mut xml, &options).expect("a Vec accepts every write");
    xml.push(b'\n');
    String::from_utf8(xml).expect("an XML property list is UTF-8")
}
