//! Query strings as mail programs write them, with or without percent-encoding. A `+` is not a space.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::address::EmailAddress;

/// The raw value of the first parameter of a name, in any letter case.
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    parameters(query, [name])[0]
}

/// As [`parameter`], for several names.
pub fn parameters<'q, const N: usize>(query: &'q str, names: [&str; N]) -> [Option<&'q str>; N] {
    let mut values = [None; N];
    for (key, value) in pairs(query) {
        if let Some(index) = names.iter().position(|name| key.eq_ignore_ascii_case(name)) {
            values[index].get_or_insert(value);
        }
    }
    values
}

/// Every parameter with its raw value, in order. A part without `=` is not a parameter.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(query);
    let parts = std::iter::from_fn(move || {
        let (part, next) = split(rest?, b'&');
        rest = next;
        Some(part)
    });
    parts.filter_map(|part| {
        let (name, value) = split(part, b'=');
        Some((name, value?))
    })
}

/// `str::split_once` for an ASCII character. In short strings, a loop is faster than its `memchr`.
fn split(text: &str, separator: u8) -> (&str, Option<&str>) {
    match text.bytes().position(|byte| byte == separator) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Decodes percent-encoding. None if a `%` has no two hexadecimal digits, or if the result is not UTF-8. A `+` stays:
/// FairEmail, GNOME and others send addresses without encoding (reference/autoconfig 3.2, 4).
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    let octets = text.as_bytes();
    let mut percents = octets.iter().enumerate().filter(|(_, octet)| **octet == b'%').peekable();
    if percents.peek().is_none() {
        return Some(text.into());
    }
    let is_encoded =
        |at: usize| octets.get(at + 1..at + 3).is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit));
    // Sized in advance: the iterator does not know its length.
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend(percent_decode_str(text));
    percents.all(|(at, _)| is_encoded(at)).then(|| String::from_utf8(decoded).ok().map(Cow::Owned))?
}

/// Reads an address. A space in the local part is a `+` that a client decoded as form data.
pub fn address(value: &str) -> Option<EmailAddress> {
    let text = decode(value)?;
    let text = text.trim();
    if text.bytes().all(|byte| byte != b' ') {
        return text.parse().ok();
    }
    let (local_part, domain) = text.split_once('@')?;
    format!("{}@{domain}", local_part.replace(' ', "+")).parse().ok()
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
