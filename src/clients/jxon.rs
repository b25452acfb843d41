//! JXON, the conversion of XML to JavaScript values in Thunderbird and Parula: text that looks like
//! a number or a boolean becomes one, and reads differently when it is converted back to text.

use std::fmt;

use crate::xml::tree::Element;

/// The JavaScript value of a text or an element.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false` in any letter case. An empty element is `true`.
    Boolean(bool),
    Number(f64),
    Text(String),
    /// An element with attributes or child elements.
    Object,
}

/// The texts of the child elements with a name, without those that became another type.
pub fn texts<'a>(parent: Element<'a>, name: &'a str) -> impl Iterator<Item = String> {
    parent.children(name).filter_map(|element| match Value::of_element(element) {
        Value::Text(text) => Some(text),
        _ => None,
    })
}

/// The value of the first child element with a name.
pub fn child(parent: Element, name: &str) -> Option<Value> {
    parent.child(name).map(Value::of_element)
}

impl Value {
    /// An element's value. Its text is joined from all its parts, without comments.
    pub fn of_element(element: Element) -> Self {
        if !element.attributes().is_empty() || element.elements().next().is_some() {
            return Self::Object;
        }
        if element.nodes().next().is_none() {
            return Self::Boolean(true);
        }
        Self::of_text(&element.text())
    }

    /// The value of a text, or of an attribute.
    pub fn of_text(text: &str) -> Self {
        if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") {
            return Self::Boolean(text.eq_ignore_ascii_case("true"));
        }
        let trimmed = text.trim();
        // Rust also parses words such as `inf`.
        let is_numeric =
            trimmed.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        // `0x10` is finite, and `parseFloat` stops at the `x`.
        let is_radix = |prefix: &str, radix| {
            let digits =
                trimmed.get(..2).filter(|start| start.eq_ignore_ascii_case(prefix)).map(|_| &trimmed[2..]);
            digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)))
        };
        if is_radix("0x", 16) || is_radix("0o", 8) || is_radix("0b", 2) {
            return Self::Number(0.0);
        }
        match trimmed.parse::<f64>() {
            Ok(number) if is_numeric && number.is_finite() => Self::Number(number),
            // `isFinite("")` is true, and `parseFloat("")` is NaN.
            _ if trimmed.is_empty() => Self::Number(f64::NAN),
            _ => Self::Text(text.to_owned()),
        }
    }

    /// The text, if the value is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// Whether `if` treats the value as false.
    pub fn is_falsy(&self) -> bool {
        match self {
            Self::Boolean(value) => !value,
            Self::Number(number) => *number == 0.0 || number.is_nan(),
            Self::Text(text) => text.is_empty(),
            Self::Object => false,
        }
    }

    /// `parseInt`: the digits at the beginning.
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
    fn converts_text_like_javascript() {
        let again = |text: &str| Value::of_text(text).to_string();
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
        assert_eq!(Value::of_text("993abc").as_port(), Some(993));
        assert_eq!(Value::of_text("x").as_port(), None);
        assert_eq!(Value::of_text("70000").as_port(), None);
    }
}
