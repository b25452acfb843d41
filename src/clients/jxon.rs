//! JXON, by which Thunderbird and Parula turn XML into JavaScript values: text that looks like a
//! number or a boolean becomes one, and is written differently when it becomes text again.

use std::fmt;

use crate::xml::tree::Element;

/// What a text or an element is to JavaScript.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` in any letter case, and an element with nothing in it.
    Boolean(bool),
    Number(f64),
    Text(String),
    /// An element with attributes: no text any more.
    Object,
}

/// An element's value. Its text is joined from all its parts; comments are left out.
pub fn value(element: Element) -> Value {
    if !element.attributes().is_empty() || element.elements().next().is_some() {
        return Value::Object;
    }
    if element.nodes().next().is_none() {
        return Value::Boolean(true);
    }
    typed(&element.text())
}

/// An attribute's or a text's value.
pub fn typed(text: &str) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Boolean(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Boolean(false);
    }
    let trimmed = text.trim();
    // Rust reads words such as `inf` as numbers too.
    let is_numeric =
        trimmed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    // `0x10` is finite, and `parseFloat` stops at the `x`.
    let is_radix = |prefix: &str, radix| {
        let digits =
            trimmed.get(..2).filter(|start| start.eq_ignore_ascii_case(prefix)).map(|_| &trimmed[2..]);
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)))
    };
    if is_radix("0x", 16) || is_radix("0o", 8) || is_radix("0b", 2) {
        return Value::Number(0.0);
    }
    match trimmed.parse::<f64>() {
        Ok(number) if is_numeric && number.is_finite() => Value::Number(number),
        // `isFinite("")` holds, and `parseFloat("")` is not a number.
        _ if trimmed.is_empty() => Value::Number(f64::NAN),
        _ => Value::Text(text.to_owned()),
    }
}

impl Value {
    /// The text, if it still is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What `if` takes for no.
    pub fn is_falsy(&self) -> bool {
        match self {
            Self::Boolean(value) => !value,
            Self::Number(number) => *number == 0.0 || number.is_nan(),
            Self::Text(text) => text.is_empty(),
            Self::Object => false,
        }
    }

    /// `parseInt`: the digits it begins with.
    pub fn as_port(&self) -> Option<u16> {
        let text = self.to_string();
        let text = text.trim_start();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text[..digits].parse().ok().filter(|port| *port > 0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            // ECMAScript, Number::toString.
            Self::Number(number) if *number == 0.0 => f.write_str("0"),
            Self::Number(number) if number.is_nan() => f.write_str("NaN"),
            Self::Number(number) if (1e-6..1e21).contains(&number.abs()) => write!(f, "{number}"),
            Self::Number(number) if number.abs() >= 1.0 => {
                f.write_str(&format!("{number:e}").replace('e', "e+"))
            }
            Self::Number(number) => write!(f, "{number:e}"),
            Self::Text(text) => f.write_str(text),
            Self::Object => f.write_str("[object Object]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retypes_text_as_javascript_does() {
        let again = |text: &str| typed(text).to_string();
        assert_eq!(again("0012345"), "12345");
        assert_eq!(again("TRUE"), "true");
        assert_eq!(again("1e3"), "1000");
        assert_eq!(again(" 993 "), "993");
        assert_eq!(again("4.50"), "4.5");
        assert_eq!(again("0x10"), "0");
        assert_eq!(again("-0"), "0");
        assert_eq!(again("1e21"), "1e+21");
        assert_eq!(again("0.0000001"), "1e-7");
        assert_eq!(again(" "), "NaN");
        assert_eq!(again("infinity"), "infinity");
        assert_eq!(again("shop"), "shop");
        assert_eq!(typed("993abc").as_port(), Some(993));
        assert_eq!(typed("x").as_port(), None);
        assert_eq!(typed("70000").as_port(), None);
    }
}
