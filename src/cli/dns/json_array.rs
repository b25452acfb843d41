//! A JSON array that is written element by element, so that the records of many domains need little memory.

use serde_json::Value;

use crate::dns::format::pretty;

/// The element, with what stands before it.
pub fn element(index: usize, value: &Value) -> String {
    let before = if index == 0 { "[\n  " } else { ",\n  " };
    // A string in JSON has no line break.
    format!("{before}{}", pretty(value).trim_end().replace('\n', "\n  "))
}

/// The end of an array.
pub fn end(elements: usize) -> &'static str {
    if elements == 0 { "[]\n" } else { "\n]\n" }
}
