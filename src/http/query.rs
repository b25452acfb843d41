//! Query strings as mail programs write them, with or without percent-encoding. A `+` is not a space.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::address::EmailAddress;

/// The raw value of the first parameter of a name, in any letter case.
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    pairs(query).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Every parameter with its raw value, in order. A part without `=` is not a parameter.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

/// Decodes percent-encoding. None if a `%` has no two hexadecimal digits, or if the result is not UTF-8. A `+` stays:
/// FairEmail, GNOME and others send addresses without encoding (reference/autoconfig 3.2, 4).
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    let is_octet = |digits: &str| digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let mut after_percent = text.split('%').skip(1);
    let is_encoded = after_percent.all(|rest| rest.get(..2).is_some_and(is_octet));
    percent_decode_str(text).decode_utf8().ok().filter(|_| is_encoded)
}

/// Reads an address. A space in the local part is a `+` that a client decoded as form data.
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
