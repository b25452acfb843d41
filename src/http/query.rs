//! Query strings as mail programs write them: some encode, some do not, and a `+` is a `+`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::address::EmailAddress;

/// The raw value of the first parameter of a name, in any letter case.
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let mut rest = Some(query);
    while let Some(text) = rest {
        let end = position(text, b'&');
        let pair = &text[..end];
        rest = text.get(end + 1..);
        let equals = position(pair, b'=');
        if equals < pair.len() && pair[..equals].eq_ignore_ascii_case(name) {
            return Some(&pair[equals + 1..]);
        }
    }
    None
}

/// Where an ASCII character stands, or the end. Queries are short: a plain loop beats a search.
fn position(text: &str, character: u8) -> usize {
    text.bytes().position(|byte| byte == character).unwrap_or(text.len())
}

/// Undoes percent-encoding. None for a `%` without two hexadecimal digits, and for what is not
/// UTF-8. A `+` stays: FairEmail, GNOME and others send addresses raw (reference/autoconfig 3.2, 4).
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    if position(text, b'%') == text.len() {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let is_escape =
        |at| matches!(bytes.get(at + 1..at + 3), Some(digits) if digits.iter().all(u8::is_ascii_hexdigit));
    let is_well_formed = (0..bytes.len()).all(|at| bytes[at] != b'%' || is_escape(at));
    is_well_formed.then(|| percent_decode_str(text).decode_utf8().ok())?
}

/// Reads an address. A space in the local part is a `+` that somebody decoded as a form.
pub fn address(value: &str) -> Option<EmailAddress> {
    let text = decode(value)?;
    let text = text.trim();
    match text.split_once('@') {
        Some((local_part, domain)) if local_part.contains(' ') => {
            format!("{}@{domain}", local_part.replace(' ', "+")).parse().ok()
        }
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_parameter_among_others() {
        assert_eq!(parameter("a=1&EmailAddress=x%40q.com&b", "emailaddress"), Some("x%40q.com"));
        assert_eq!(parameter("emailaddress=", "emailaddress"), Some(""));
        assert_eq!(parameter("emailaddress", "emailaddress"), None);
        assert_eq!(parameter("", "emailaddress"), None);
    }

    #[test]
    fn reads_an_address_however_it_was_encoded() {
        let read = |value: &str| address(value).map(|address| address.to_string());
        for value in
            ["a.b+c@q.com", "a.b%2Bc%40q.com", "a%2Eb%2bc%40q%2Ecom", "a.b%20c@q.com", "%20a.b+c@q.com"]
        {
            assert_eq!(read(value).as_deref(), Some("a.b+c@q.com"), "{value}");
        }
        for value in ["a%4@q.com", "a%zz@q.com", "a%@q.com", "a@b@q.com", "@q.com", "", "q.com", "%FF@q.com"]
        {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
