//! `[page] security_contact`: the `Contact` of `security.txt`.

use derive_more::Display;

use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText;

/// A URI at which vulnerabilities can be reported (RFC 9116 2.5.3).
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub struct SecurityContact(String);

impl FromText for SecurityContact {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        let after = |scheme: &str| {
            let (start, rest) = text.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        };
        let example = "write it like \"mailto:security@example.net\"".to_owned();
        let invalid = |reason: &str, hint: String| Err(InvalidValue::new(format!("`{text}` {reason}"), hint));
        let is_valid = match (after("mailto:"), after("https://"), after("tel:")) {
            (Some(address), ..) => {
                address.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty())
            }
            (_, Some(rest), _) => rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['),
            (.., Some(number)) => number.contains(|c: char| c.is_ascii_digit()),
            _ if after("http://").is_some() => {
                let hint = format!("write \"https://{}\"", &text["http://".len()..]);
                return invalid("is not an https URL (RFC 9116)", hint);
            }
            _ if text.contains('@') && !text.contains(':') => {
                return invalid("is not a URI", format!("write \"mailto:{text}\""));
            }
            _ if text.starts_with(|c: char| c == '+' || c.is_ascii_digit()) => {
                return invalid("is not a URI", format!("write \"tel:{}\"", text.replace(' ', "-")));
            }
            _ => {
                let hint = format!("{example}, \"https://example.net/security\" or \"tel:+1-201-555-0123\"");
                return invalid("is not a mailto:, https: or tel: URI", hint);
            }
        };
        if !is_uri(text) {
            return invalid(
                "has a character that a URI cannot contain",
                "write it percent-encoded (RFC 3986 2.1)".to_owned(),
            );
        }
        if is_valid { Ok(Self(text.to_owned())) } else { invalid("is incomplete", example) }
    }
}

/// RFC 3986 2: reserved and unreserved characters, and `%` with two digits.
fn is_uri(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte);
    let is_encoded =
        |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.bytes().all(is_allowed) && text.split('%').skip(1).all(is_encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_contacts_of_rfc_9116() {
        for text in [
            "mailto:security@example.com",
            "mailto:security%2Buri%2Bspec@example.com",
            "MAILTO:security@example.com",
            "https://example.com/security-contact.html",
            "https://example.com",
            "tel:+1-201-555-0123",
        ] {
            assert_eq!(SecurityContact::from_text(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_what_to_write_instead() {
        for (text, hint) in [
            ("security@example.net", "write \"mailto:security@example.net\""),
            ("http://example.net/a", "write \"https://example.net/a\""),
            ("+1 201 555 0123", "write \"tel:+1-201-555-0123\""),
            ("mailto:", "write it like \"mailto:security@example.net\""),
            ("mailto:@example.net", "write it like \"mailto:security@example.net\""),
            ("https://", "write it like \"mailto:security@example.net\""),
            ("tel:none", "write it like \"mailto:security@example.net\""),
            ("mailto:a b@example.net", "write it percent-encoded (RFC 3986 2.1)"),
            ("mailto:a@example.net\nExpires: never", "write it percent-encoded (RFC 3986 2.1)"),
            ("mailto:a%4@example.net", "write it percent-encoded (RFC 3986 2.1)"),
            ("https://bücher.example", "write it percent-encoded (RFC 3986 2.1)"),
        ] {
            let error = SecurityContact::from_text(text).unwrap_err();
            assert_eq!(error.hint.as_deref(), Some(hint), "{text}");
        }
        let error = SecurityContact::from_text("").unwrap_err();
        assert_eq!(error.message, "`` is not a mailto:, https: or tel: URI");
    }
}
