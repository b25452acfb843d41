//! The hosts for which a client has its own OAuth2 registration.
//!
//! Thunderbird and Thunderbird for Android use OAuth2 only for these hosts, and only if the
//! document lists it. Evolution uses it for these hosts, whatever the document lists. The other
//! modelled clients have no such table for the servers of a document; docs/clients.md has a row for
//! each client that was examined.

use crate::profile::Protocol;

/// Thunderbird (comm-central 156.0a1 and 153): `kHostnames` in
/// `mailnews/base/src/OAuth2Providers.sys.mjs`. All entries serve IMAP, POP3 and SMTP: their scopes
/// are a text for every protocol, or have a key for each of the three. Left out: hosts of calendars,
/// address books and web APIs, and hosts of tests.
const THUNDERBIRD: &[&str] = &[
    "googlemail.com",
    "gmail.com",
    "imap.mail.ru",
    "smtp.mail.ru",
    "imap.yandex.com",
    "smtp.yandex.com",
    "yahoo.com",
    "att.net",
    "aol.com",
    "office365.com",
    "outlook.com",
    "hotmail.com",
    "imap.fastmail.com",
    "pop.fastmail.com",
    "smtp.fastmail.com",
    "imap.comcast.net",
    "pop.comcast.net",
    "smtp.comcast.net",
    "thundermail.com",
    "stage-thundermail.com",
];

/// Thunderbird for Android and K-9 (24.0): `createConfigurations` in
/// `app-thunderbird/src/release/.../TbOAuthConfigurationFactory.kt`. `K9OAuthConfigurationFactory.kt`
/// has the same hosts.
const THUNDERBIRD_ANDROID: &[&str] = &[
    "imap.aol.com",
    "smtp.aol.com",
    "imap.fastmail.com",
    "smtp.fastmail.com",
    "imap.gmail.com",
    "imap.googlemail.com",
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "outlook.office365.com",
    "smtp.office365.com",
    "smtp-mail.outlook.com",
    "imap.mail.yahoo.com",
    "smtp.mail.yahoo.com",
    "mail.tb.pro",
    "mail.thundermail.com",
    "mail.stage-thundermail.com",
];

/// Evolution, through evolution-data-server (3.61.3): `eos_google_guess_can_process` in
/// `e-oauth2-service-google.c`, `eos_yahoo_guess_can_process` in `e-oauth2-service-yahoo.c`.
const EVOLUTION: &[&str] =
    &["google.com", "googleapis.com", "googlemail.com", "googleusercontent.com", "gmail.com", "yahoo.com"];

/// `eos_outlook_guess_can_process` in `e-oauth2-service-outlook.c`: for IMAP and SMTP only.
const EVOLUTION_WITHOUT_POP3: &[&str] = &["outlook.com", "office365.com"];

/// Whether Thunderbird has a registration for a host. `_getBuiltInDetails` looks up the name in
/// lower case, then each parent that has a dot.
pub fn thunderbird(host: &str) -> bool {
    is_in(&host.to_ascii_lowercase(), THUNDERBIRD)
}

/// Whether Thunderbird for Android has a registration for a host: the whole name, in any letter case
/// (`InMemoryOAuthConfigurationProvider.kt`, `getConfiguration`).
pub fn thunderbird_android(host: &str) -> bool {
    THUNDERBIRD_ANDROID.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// Whether Evolution has a registration for a server: the name or a parent of it, in lower case
/// (`camel_hostname_utils_host_is_in_domain` in `camel-hostname-utils.c`).
pub fn evolution(host: &str, protocol: Protocol) -> bool {
    is_in(host, EVOLUTION) || (protocol != Protocol::Pop3 && is_in(host, EVOLUTION_WITHOUT_POP3))
}

/// Whether a host is one of the names or below one.
fn is_in(host: &str, names: &[&str]) -> bool {
    names
        .iter()
        .any(|name| host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_host_by_the_rule_of_each_client() {
        // Thunderbird, Thunderbird for Android, Evolution for IMAP, Evolution for POP3.
        let known = |host| {
            let evolution = |protocol| evolution(host, protocol);
            let all = [
                thunderbird(host),
                thunderbird_android(host),
                evolution(Protocol::Imap),
                evolution(Protocol::Pop3),
            ];
            all.map(u8::from)
        };
        assert_eq!(known("imap.gmail.com"), [1, 1, 1, 1]);
        assert_eq!(known("IMAP.Gmail.com"), [1, 1, 0, 0]);
        assert_eq!(known("pop.gmail.com"), [1, 0, 1, 1]);
        assert_eq!(known("gmail.com"), [1, 0, 1, 1]);
        assert_eq!(known("outlook.office365.com"), [1, 1, 1, 0]);
        assert_eq!(known("imap.fastmail.com"), [1, 1, 0, 0]);
        assert_eq!(known("mail.imap.fastmail.com"), [1, 0, 0, 0]);
        assert_eq!(known("imap.google.com"), [0, 0, 1, 1]);
        assert_eq!(known("mail.tb.pro"), [0, 1, 0, 0]);
        // A name that only ends with the letters of an entry; a parent; the root's dot.
        assert_eq!(known("notgmail.com"), [0; 4]);
        assert_eq!(known("fastmail.com"), [0; 4]);
        assert_eq!(known("imap.gmail.com."), [0; 4]);
        assert_eq!(known("imap.example.com"), [0; 4]);
    }
}
