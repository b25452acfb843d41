//! Words and spellings of other mail systems, and the values of a profile that they stand for.
//!
//! They appear in hints only: a file has to contain the exact value, since mail programs accept no other.

use crate::address::{Domain, EmailAddress};
use crate::diagnostics::nearest;
use crate::diagnostics::problem::suggest;
use crate::profile::Hostname;

/// Words of other systems for the values of one key: the words, the value, and what it means.
#[derive(Debug)]
pub struct ForeignWords(&'static [(&'static [&'static str], &'static str, &'static str)]);

pub const SOCKET_TYPES: ForeignWords = ForeignWords(&[
    (
        &["ssl/tls", "tls", "tls/ssl", "implicit", "implicit-tls", "imaps", "pop3s", "smtps", "yes", "true"],
        "SSL",
        "implicit TLS",
    ),
    (&["start-tls", "start_tls", "explicit", "explicit-tls", "stls"], "STARTTLS", "an upgrade to TLS"),
    (&["none", "no", "false", "off", "clear", "cleartext", "unencrypted"], "plain", "no encryption"),
]);

/// SASL mechanisms and words of mail programs' dialogs; reference/autoconfig 2.2.
pub const AUTHENTICATIONS: ForeignWords = ForeignWords(&[
    (
        &["plain", "login", "password", "normal", "normal-password", "cleartext"],
        "password-cleartext",
        "PLAIN and LOGIN",
    ),
    (
        &["cram-md5", "digest-md5", "apop", "encrypted", "secure", "scram-sha-1", "scram-sha-256"],
        "password-encrypted",
        "CRAM-MD5 and other mechanisms that do not send the password",
    ),
    (&["oauthbearer", "xoauth2", "oauth", "oauth-2", "bearer"], "OAuth2", "OAUTHBEARER and XOAUTH2"),
    (&["kerberos", "gss-api"], "GSSAPI", "Kerberos"),
    (&["external", "certificate"], "TLS-client-cert", "EXTERNAL"),
    (&["no", "anonymous"], "none", "no authentication"),
]);

impl ForeignWords {
    /// What to write instead of a text that is not one of the `known` values: the value with another letter case, the
    /// value that a foreign word stands for, the value with a typing error, or all values.
    pub fn hint(&self, text: &str, known: &[&str]) -> String {
        let lower = text.to_ascii_lowercase();
        let near = nearest(text, known.iter().copied());
        let all = || self.0.iter().flat_map(|(words, ..)| words.iter().copied());
        match (near, self.value(&lower)) {
            // Only the exact spelling works in every client.
            (Some(word), _) if word.eq_ignore_ascii_case(text) => {
                format!("write `{word}`; letter case matters")
            }
            (_, Some(hint)) => hint,
            (Some(word), None) => format!("did you mean `{word}`?"),
            (None, None) => {
                nearest(text, all()).and_then(|word| self.value(word)).unwrap_or_else(|| suggest(text, known))
            }
        }
    }

    fn value(&self, lower: &str) -> Option<String> {
        let (_, value, meaning) = self.0.iter().find(|(words, ..)| words.contains(&lower))?;
        Some(format!("write `{value}` for {meaning}"))
    }
}

/// The `type` of a server that other systems call differently.
pub fn server_type(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "imaps" | "imap4" | "imap4rev1" => "imap",
        "pop" | "pops" | "pop3s" => "pop3",
        "smtps" | "esmtp" | "submission" | "submissions" => "smtp",
        _ => return None,
    })
}

/// Keys of other formats, and the keys of a profile that have the same meaning.
pub const KEYS: &[(&str, &str)] = &[
    ("host", "hostname"),
    ("server", "hostname"),
    ("security", "socket_type"),
    ("encryption", "socket_type"),
    ("ssl", "socket_type"),
    ("tls", "socket_type"),
    ("protocol", "type"),
    ("user", "username"),
    ("login", "username"),
    ("auth", "authentication"),
    ("name", "display_name"),
    ("title", "display_name"),
    ("short_name", "display_short_name"),
    ("domain", "domains"),
    ("aliases", "domains"),
    ("imap", "incoming"),
    ("pop3", "incoming"),
    ("smtp", "outgoing"),
    ("caldav", "calendar"),
    ("carddav", "addressbook"),
];

/// A text with variables of Dovecot (2.3: `%u`, `%Ln`; 2.4: `%{user | domain}`): the same with our placeholders, and the
/// pairs of variable and placeholder. None if it has none.
pub fn dovecot(text: &str) -> Option<(String, Vec<(String, &'static str)>)> {
    let (mut replaced, mut used) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let Some((length, placeholder)) = leading_variable(rest) else {
            replaced.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let (variable, after) = rest.split_at(length);
        replaced += placeholder;
        if !used.iter().any(|(other, _)| other == variable) {
            used.push((variable.to_owned(), placeholder));
        }
        rest = after;
    }
    let replaced = replaced.replace("%EMAILLOCALPART%@%EMAILDOMAIN%", "%EMAILADDRESS%");
    (!used.is_empty()).then_some((replaced, used))
}

/// The length of the variable that a text begins with, and the placeholder with its meaning.
fn leading_variable(text: &str) -> Option<(usize, &'static str)> {
    let rest = text.strip_prefix('%')?;
    if let Some(inside) = rest.strip_prefix('{') {
        let (inside, _) = inside.split_once('}')?;
        let mut words = inside.split('|').map(str::trim);
        let variable = words.next().unwrap_or_default();
        let has = |filter| words.clone().any(|word| word == filter);
        let placeholder = match variable {
            "user" if has("username") => "%EMAILLOCALPART%",
            "user" if has("domain") => "%EMAILDOMAIN%",
            "user" | "auth_user" => "%EMAILADDRESS%",
            "username" => "%EMAILLOCALPART%",
            "domain" => "%EMAILDOMAIN%",
            _ => return None,
        };
        return Some((inside.len() + "%{}".len(), placeholder));
    }
    // Capital letters are modifiers: `%Lu` is the user in lower case.
    let letter = rest.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let placeholder = match letter.chars().next()? {
        'u' => "%EMAILADDRESS%",
        'n' => "%EMAILLOCALPART%",
        'd' => "%EMAILDOMAIN%",
        _ => return None,
    };
    // In `local%domain`, `%d` is not a variable.
    let is_word = letter[1..].starts_with(|c: char| c.is_ascii_alphanumeric());
    (!is_word).then(|| (text.len() - letter.len() + 1, placeholder))
}

/// The host name in a URL, in an address, or before a port: `imaps://imap.example.com:993/`.
pub fn host_in(text: &str) -> Option<String> {
    let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next()?.trim();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host);
    if host == text {
        return None;
    }
    host.parse().ok().map(|host: Hostname| host.as_str().to_owned())
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The domain or wildcard in a text that means one: `*example.com`, `.example.com`, `@example.com`, `https://example.com`.
pub fn domain_in(text: &str) -> Option<String> {
    let is_domain = |text: &str| text.parse::<Domain>().is_ok();
    let below = text.trim_start_matches(['*', '.']);
    if below != text && is_domain(below) {
        return Some(format!("*.{below}"));
    }
    if let Ok(address) = text.parse::<EmailAddress>() {
        return Some(address.domain().to_string());
    }
    host_in(text).filter(|host| is_domain(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_the_variables_of_dovecot() {
        let replaced = |text: &str| dovecot(text).map(|(replaced, _)| replaced);
        assert_eq!(replaced("%u").as_deref(), Some("%EMAILADDRESS%"));
        assert_eq!(replaced("%n@%d").as_deref(), Some("%EMAILADDRESS%"));
        assert_eq!(replaced("%d/%n").as_deref(), Some("%EMAILDOMAIN%/%EMAILLOCALPART%"));
        assert_eq!(replaced("%{user | username}@%{user|domain}").as_deref(), Some("%EMAILADDRESS%"));
        assert_eq!(replaced("%Lu").as_deref(), Some("%EMAILADDRESS%"));
        assert_eq!(replaced("%{user|lower}").as_deref(), Some("%EMAILADDRESS%"));
        assert_eq!(replaced("%{unknown}"), None);
        assert_eq!(replaced("%{user|domain}").as_deref(), Some("%EMAILDOMAIN%"));
        for other in ["%EMAILADDRESS%", "local%domain", "100%", "%nn", ""] {
            assert_eq!(replaced(other), None, "{other}");
        }
        assert_eq!(dovecot("%n%n").map(|(_, used)| used), Some(vec![("%n".to_owned(), "%EMAILLOCALPART%")]));
    }

    #[test]
    fn finds_the_host_name_in_other_forms() {
        for (text, host) in [
            ("imaps://imap.example.com", "imap.example.com"),
            ("imap.example.com:993", "imap.example.com"),
            ("https://jane@Mail.%EMAILDOMAIN%:443/path", "mail.%EMAILDOMAIN%"),
            ("mail.example.com/", "mail.example.com"),
        ] {
            assert_eq!(host_in(text).as_deref(), Some(host), "{text}");
        }
        for other in ["imap.example.com", "imap_server.example.com", "two words", "a:b", ""] {
            assert_eq!(host_in(other), None, "{other}");
        }
    }

    #[test]
    fn finds_the_domain_in_other_forms() {
        for (text, domain) in [
            ("*example.com", "*.example.com"),
            (".example.com", "*.example.com"),
            ("jane@example.com", "example.com"),
            ("@example.com", "example.com"),
            ("https://example.com/", "example.com"),
        ] {
            assert_eq!(domain_in(text).as_deref(), Some(domain), "{text}");
        }
        assert_eq!(domain_in("example.*"), None);
    }
}
