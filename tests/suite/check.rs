//! The check: what the models end with and what the rules say of a profile are the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use waypost::check::{Cell, Examined, Row, examine};
use waypost::config::Config;

use crate::common::{Files, domains, profile, shipped};

/// One generated server.
fn server(direction: &str, protocol: &str, (port, security): (u16, &str), more: &str) -> String {
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
    // The wrong way round.
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

/// A port and a security, each with each of some.
const ENDPOINTS: [(u16, &str); 18] = [
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
        let _ = writeln!(keys, "username = \"{username}\"");
    }
    if !methods.is_empty() {
        let _ = writeln!(keys, "authentication = {methods:?}");
    }
    keys
}

/// Which of imap and pop3 there are, in the order of the file.
const PROTOCOLS: [&[&str]; 4] = [&["imap"], &["pop3"], &["imap", "pop3"], &["pop3", "imap"]];

/// Every profile of the grid. `more` are the keys for fetching and for sending.
fn grid(mut each: impl FnMut(String)) {
    for protocols in PROTOCOLS {
        for securities in SECURITIES {
            for (u, username) in USERNAMES.into_iter().enumerate() {
                for (m, methods) in METHODS.into_iter().enumerate() {
                    // Everything with the plain default of the other; then a diagonal of the rest.
                    let is_edge = u == 0 || m == 0;
                    if !is_edge && (u + m) % 5 != 0 {
                        continue;
                    }
                    // Alternatives are in no document.
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
            for (j, sending) in ENDPOINTS.into_iter().enumerate() {
                let mut text = String::new();
                for protocol in protocols {
                    let at = if *protocol == "imap" { i } else { (i + 2 * j) % ENDPOINTS.len() };
                    text += &server("incoming", protocol, ENDPOINTS[at], "");
                }
                each(text + &server("outgoing", "smtp", sending, ""));
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
        // Another user name or method for sending.
        for fetching in USERNAMES {
            for sending in USERNAMES {
                let mut text = String::new();
                for protocol in protocols {
                    text += &server("incoming", protocol, (993, "SSL"), &keys(fetching, &[]));
                }
                each(text + &server("outgoing", "smtp", (465, "SSL"), &keys(sending, &[])));
            }
        }
        for fetching in METHODS {
            for sending in METHODS {
                let mut text = String::new();
                for protocol in protocols {
                    text += &server("incoming", protocol, (993, "SSL"), &keys("", fetching));
                }
                each(text + &server("outgoing", "smtp", (465, "SSL"), &keys("", sending)));
            }
        }
    }
}

fn name(client: waypost::clients::Client) -> String {
    format!("{} ({})", client.id, client.format)
}

/// Whom the models find hurt, and whom the rules say to be.
fn two_lists(examined: &Examined) -> (BTreeSet<String>, BTreeSet<String>) {
    let played = examined.rows.iter().filter(|row| row.is_hurt()).map(|row| name(row.client)).collect();
    let said = examined.lints.iter().flat_map(|lint| &lint.hurts).map(|client| name(*client)).collect();
    (played, said)
}

/// Clients with one log-in for all servers: what is said of one server's user name shows on another.
const ONE_LOG_IN: [&str; 3] = ["fairemail", "himalaya", "enough-mail"];

/// What a client sets up otherwise than preferred, for a protocol of which no rule says so.
fn unsaid(examined: &Examined) -> Vec<String> {
    let mut unsaid = Vec::new();
    for row in examined.rows.iter().filter(|row| row.verdict.is_ok() && !ONE_LOG_IN.contains(&row.client.id))
    {
        for (protocol, cell) in Row::PROTOCOLS.into_iter().zip(&row.cells) {
            let is_said = examined.lints.iter().any(|lint| {
                lint.hurts.contains(&row.client) && lint.protocol.is_none_or(|about| about == protocol)
            });
            if matches!(cell, Cell::Different(_) | Cell::Missing) && !is_said {
                unsaid.push(format!("{} {protocol} {cell}", name(row.client)));
            }
        }
    }
    unsaid
}

/// Where the two lists differ, and for how many profiles both are empty.
fn compare(profiles: &[String]) -> (String, usize) {
    let files = Files::new("", &[]);
    for (i, servers) in profiles.iter().enumerate() {
        let id = format!("p{i}.example.com");
        files.write(&format!("profiles/{i:04}.toml"), &profile(&id, &domains(&[&id]), servers));
    }
    let config = files.load();
    let (mut wrong, mut good) = (String::new(), 0);
    for (i, servers) in profiles.iter().enumerate() {
        let examined = examine(&config, i).unwrap();
        let (played, said) = two_lists(&examined);
        good += usize::from(played.is_empty());
        let unsaid = unsaid(&examined);
        if (played != said || !unsaid.is_empty()) && wrong.len() < 4000 {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.difference(b).cloned().collect::<Vec<_>>().join(", ")
            };
            let _ = writeln!(
                wrong,
                "{servers}\nplayed, not said: {}\nsaid, not played: {}\nsaid of another server: {}\n",
                only(&played, &said),
                only(&said, &played),
                unsaid.join(", ")
            );
        }
    }
    (wrong, good)
}

#[test]
fn rules_and_models_name_the_same_clients_for_every_profile_of_the_grid() {
    let mut profiles = Vec::new();
    grid(|servers| profiles.push(servers));
    assert!(profiles.len() > 4000, "{}", profiles.len());
    let results: Vec<(String, usize)> = std::thread::scope(|scope| {
        let threads: Vec<_> = profiles.chunks(1000).map(|chunk| scope.spawn(|| compare(chunk))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let wrong: String = results.iter().map(|(wrong, _)| wrong.as_str()).collect();
    let good: usize = results.iter().map(|(_, good)| good).sum();
    assert!(wrong.is_empty(), "{wrong}");
    assert!(good > 10, "the grid has profiles that hurt nobody: {good}");
}

#[test]
fn rules_and_models_name_the_same_clients_for_the_shipped_profiles() {
    let config = shipped();
    for index in 0..2 {
        let (played, said) = two_lists(&examine(&config, index).unwrap());
        assert_eq!(played, said);
    }
}

/// Names that mean nothing in the public DNS (RFC 6761), and one that does.
#[test]
fn a_host_that_only_its_own_network_knows_is_an_error() {
    let findings = |host: &str| {
        let servers = crate::common::SERVERS.replace("imap.example.com", host);
        Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &servers))])
            .findings()
    };
    for host in
        ["localhost", "mail", "mail.localhost", "imap.invalid", "mail.local", "mail.lan", "mx.home.arpa"]
    {
        let said =
            format!("error: nobody can connect to {host}: it has no meaning outside your own network: ");
        assert_eq!(findings(host), [said]);
    }
    assert_eq!(findings("mail.example.com"), Vec::<String>::new());
}

/// An alternative is in no document, so no client is kept from connecting.
#[test]
fn an_alternative_that_nobody_reaches_is_a_warning() {
    let servers = crate::common::SERVERS.to_owned() + &server("outgoing", "smtp", (587, "STARTTLS"), "");
    let servers = servers.replace("smtp.example.com\"\nport = 587", "mail.internal\"\nport = 587");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings[0].starts_with("warning: nobody can connect to mail.internal"), "{findings:?}");
}

/// Where POP3 works, somebody is set up; and a server that clients do without hurts none of them.
#[test]
fn what_clients_do_without_is_no_error() {
    let imap = server("incoming", "imap", (993, "SSL"), "authentication = [\"TLS-client-cert\"]");
    let servers =
        imap + &server("incoming", "pop3", (995, "SSL"), "") + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings.iter().all(|finding| !finding.starts_with("error")), "{findings:?}");
    let servers = server("incoming", "imap", (993, "SSL"), "")
        + &server("incoming", "pop3", (995, "SSL"), "username = \"false\"")
        + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings.iter().all(|finding| !finding.contains("Thunderbird")), "{findings:?}");
}

/// The address that stands for a wildcard's is not one of another profile.
#[test]
fn a_wildcard_is_played_with_a_name_of_its_own() {
    let profile_of = |id: &str, domain: &str| profile(id, &domains(&[domain]), crate::common::SERVERS);
    let files = Files::new(
        "",
        &[
            ("a.toml", &profile_of("a.example", "*.a.example")),
            ("b.toml", &profile_of("b.example", "mail.a.example")),
        ],
    );
    let config = files.load();
    let person = |index| examine(&config, index).unwrap().person.to_string();
    assert_eq!(person(0), "jane.doe@waypost-check.a.example");
    assert_eq!(person(1), "jane.doe@mail.a.example");
}

/// A client that is not hurt has the preferred server of everything it needs.
#[test]
fn all_clients_agree_on_the_shipped_profile() {
    let config: Config = shipped();
    let examined = examine(&config, 0).unwrap();
    assert_eq!(examined.profile.id.as_str(), "centurylink.net");
    for row in &examined.rows {
        let [imap, _, smtp] = &row.cells;
        match row.client.id {
            "outlook-2007" => assert_eq!(smtp.to_string(), "differs: SSL/TLS"),
            "parula" if row.client.format == waypost::clients::Format::Autodiscover => {
                assert_eq!((imap, smtp), (&Cell::Preferred, &Cell::Guessed));
            }
            id => assert_eq!((imap, smtp), (&Cell::Preferred, &Cell::Preferred), "{id}"),
        }
    }
}
