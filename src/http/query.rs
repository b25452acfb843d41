//! Query strings as mail programs write them: some encode, some do not, and a `+` is a `+`.

use std::borrow::Cow;

use crate::address::EmailAddress;

/// The raw value of the first parameter of a name, in any letter case.
pub fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    pairs(query).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Every parameter with its raw value, in order; what has no `=` is none.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        while let Some(text) = rest {
            let end = position(text, b'&');
            let pair = &text[..end];
            rest = text.get(end + 1..);
            let equals = position(pair, b'=');
            if equals < pair.len() {
                return Some((&pair[..equals], &pair[equals + 1..]));
            }
        }
        None
    })
}

/// Where an ASCII character stands, or the end. Queries are short: a plain loop beats a search.
fn position(text: &str, character: u8) -> usize {
    text.bytes().position(|byte| byte == character).unwrap_or(text.len())
}

/// Undoes percent-encoding. None for a `%` without two hexadecimal digits, and for what is not
/// UTF-8. A `+` stays: FairEmail, GNOME and others send addresses raw (reference/autoconfig 3.2, 4).
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    let end = position(text, b'%');
    if end == text.len() {
        return Some(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(if byte == b'%' {
            let [high, low] = *rest.split_off(..2)? else { return None };
            hexadecimal(high)? << 4 | hexadecimal(low)?
        } else {
            byte
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
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
