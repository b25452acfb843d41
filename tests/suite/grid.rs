//! A grid of thousands of generated profiles: combinations of security, user name and
//! authentication.

use std::fmt::Write as _;

/// The TOML of a server. `more` holds further lines.
pub fn server(direction: &str, protocol: &str, (port, security): (u16, &str), more: &str) -> String {
    format!(
        "[[{direction}]]\ntype = \"{protocol}\"\nhostname = \"{protocol}.example.com\"\nport = {port}\n\
         socket_type = \"{security}\"\n{more}\n"
    )
}

/// Ports and security for imap, pop3 and smtp.
const SECURITIES: [[(u16, &str); 3]; 10] = [
    [(993, "SSL"), (995, "SSL"), (465, "SSL")],
    [(143, "STARTTLS"), (110, "STARTTLS"), (587, "STARTTLS")],
    [(993, "SSL"), (995, "SSL"), (587, "STARTTLS")],
    [(143, "plain"), (110, "plain"), (25, "plain")],
    [(143, "plain"), (110, "plain"), (587, "plain")],
    [(993, "SSL"), (110, "plain"), (465, "SSL")],
    [(9993, "SSL"), (9995, "SSL"), (9465, "SSL")],
    [(1143, "STARTTLS"), (1110, "STARTTLS"), (25, "STARTTLS")],
    // Ports of the other kind of security.
    [(143, "SSL"), (110, "SSL"), (587, "SSL")],
    [(993, "STARTTLS"), (995, "plain"), (465, "STARTTLS")],
];

const USERNAMES: [&str; 20] = [
    "",
    "%EMAILADDRESS%",
    "%EMAILLOCALPART%",
    "%EMAILDOMAIN%",
    "%EMAILLOCALPART%@%EMAILDOMAIN%",
    "%EMAILLOCALPART%@mail.example",
    "%EMAILLOCALPART%%%EMAILDOMAIN%",
    "shop-%EMAILLOCALPART%",
    "%EMAILLOCALPART%.%EMAILLOCALPART%",
    "x+%EMAILADDRESS%",
    "shop",
    "shop@example.com",
    "0012345",
    "12345",
    "TRUE",
    "false",
    "0",
    "-0",
    "0x10",
    "1e21",
];

const METHODS: [&[&str]; 15] = [
    &[],
    &["password-cleartext"],
    &["password-encrypted"],
    &["password-encrypted", "password-cleartext"],
    &["password-cleartext", "password-encrypted"],
    &["OAuth2"],
    &["OAuth2", "password-cleartext"],
    &["OAuth2", "password-encrypted"],
    &["GSSAPI"],
    &["GSSAPI", "password-cleartext"],
    &["NTLM"],
    &["TLS-client-cert"],
    &["client-IP-address"],
    &["smtp-after-pop"],
    &["none"],
];

/// Pairs of port and security, usual and unusual.
pub const ENDPOINTS: [(u16, &str); 18] = [
    (993, "SSL"),
    (143, "STARTTLS"),
    (143, "plain"),
    (143, "SSL"),
    (993, "STARTTLS"),
    (993, "plain"),
    (995, "SSL"),
    (110, "STARTTLS"),
    (110, "plain"),
    (995, "plain"),
    (465, "SSL"),
    (587, "STARTTLS"),
    (587, "plain"),
    (587, "SSL"),
    (25, "STARTTLS"),
    (25, "SSL"),
    (2525, "plain"),
    (1143, "STARTTLS"),
];

const SINGLE: [&str; 9] = [
    "password-cleartext",
    "password-encrypted",
    "OAuth2",
    "GSSAPI",
    "NTLM",
    "TLS-client-cert",
    "client-IP-address",
    "smtp-after-pop",
    "none",
];

fn keys(username: &str, methods: &[&str]) -> String {
    let mut keys = String::new();
    if !username.is_empty() {
        let _ = writeln!(keys, "username = \"{username}\"\nshared_mailbox = true");
    }
    if !methods.is_empty() {
        let _ = writeln!(keys, "authentication = {methods:?}");
    }
    keys
}

/// Domains of hosts for which some clients have an OAuth2 registration, and one that only resembles them.
const OAUTH2_DOMAINS: [&str; 6] =
    ["gmail.com", "office365.com", "fastmail.com", "mail.yahoo.com", "yandex.com", "notgmail.com"];

/// The incoming protocols, in the order of the file.
const PROTOCOLS: [&[&str]; 4] = [&["imap"], &["pop3"], &["imap", "pop3"], &["pop3", "imap"]];

/// Calls a function with every profile of the grid.
pub fn grid(mut each: impl FnMut(String)) {
    for protocols in PROTOCOLS {
        for securities in SECURITIES {
            for (u, username) in USERNAMES.into_iter().enumerate() {
                for (m, methods) in METHODS.into_iter().enumerate() {
                    // Every user name and every method with the other's default; a fifth of the
                    // other pairs.
                    let is_edge = u == 0 || m == 0;
                    if !is_edge && (u + m) % 5 != 0 {
                        continue;
                    }
                    // A second server of a protocol is in no document.
                    for servers in if m == 0 { 1..=2 } else { 1..=1 } {
                        let keys = keys(username, methods);
                        let mut text = String::new();
                        for protocol in protocols {
                            let security = securities[usize::from(*protocol == "pop3")];
                            for _ in 0..servers {
                                text += &server("incoming", protocol, security, &keys);
                            }
                        }
                        for _ in 0..servers {
                            text += &server("outgoing", "smtp", securities[2], &keys);
                        }
                        each(text);
                    }
                }
            }
        }
        // Any port and security for each protocol.
        for i in 0..ENDPOINTS.len() {
            for (j, outgoing) in ENDPOINTS.into_iter().enumerate() {
                let mut text = String::new();
                for protocol in protocols {
                    let at = if *protocol == "imap" { i } else { (i + 2 * j) % ENDPOINTS.len() };
                    text += &server("incoming", protocol, ENDPOINTS[at], "");
                }
                each(text + &server("outgoing", "smtp", outgoing, ""));
            }
        }
        // Every pair of methods, in either order.
        for first in SINGLE {
            for second in SINGLE.into_iter().filter(|second| *second != first) {
                let keys = keys("", &[first, second]);
                let mut text = String::new();
                for protocol in protocols {
                    text += &server("incoming", protocol, (993, "SSL"), &keys);
                }
                each(text + &server("outgoing", "smtp", (465, "SSL"), &keys));
            }
        }
        // Hosts for which some clients have an OAuth2 registration.
        for domain in OAUTH2_DOMAINS {
            for methods in METHODS {
                let keys = keys("", methods);
                let incoming = protocols.iter().map(|p| server("incoming", p, (993, "SSL"), &keys));
                let text = incoming.collect::<String>() + &server("outgoing", "smtp", (465, "SSL"), &keys);
                each(text.replace("example.com", domain));
            }
        }
        // Another method or user name for POP3 than for IMAP.
        let has_both = protocols.len() == 2;
        for imap in METHODS.into_iter().filter(|_| has_both) {
            for pop3 in METHODS {
                let keys = |protocol: &str| keys("", if protocol == "pop3" { pop3 } else { imap });
                let servers = protocols.iter().map(|p| server("incoming", p, (993, "SSL"), &keys(p)));
                each(servers.collect::<String>() + &server("outgoing", "smtp", (465, "SSL"), ""));
            }
        }
        for imap in USERNAMES.into_iter().filter(|_| has_both) {
            for pop3 in USERNAMES {
                let keys = |protocol: &str| keys(if protocol == "pop3" { pop3 } else { imap }, &[]);
                let servers = protocols.iter().map(|p| server("incoming", p, (993, "SSL"), &keys(p)));
                each(servers.collect::<String>() + &server("outgoing", "smtp", (465, "SSL"), &keys("imap")));
            }
        }
        // Another user name or method for outgoing.
        for incoming in USERNAMES {
            for outgoing in USERNAMES {
                let mut text = String::new();
                for protocol in protocols {
                    text += &server("incoming", protocol, (993, "SSL"), &keys(incoming, &[]));
                }
                each(text + &server("outgoing", "smtp", (465, "SSL"), &keys(outgoing, &[])));
            }
        }
        for incoming in METHODS {
            for outgoing in METHODS {
                let mut text = String::new();
                for protocol in protocols {
                    text += &server("incoming", protocol, (993, "SSL"), &keys("", incoming));
                }
                each(text + &server("outgoing", "smtp", (465, "SSL"), &keys("", outgoing)));
            }
        }
    }
}
