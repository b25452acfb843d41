//! The check: what the models end with and what the rules say of a profile are the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use waypost::check::{ClientResult, ProfileCheck, ProtocolResult, check_profile};
use waypost::config::Config;

use crate::common::Files;
use crate::common::domains;
use crate::common::profile;
use crate::common::shipped;
use crate::grid::grid;
use crate::grid::server;

fn name(client: waypost::clients::Client) -> String {
    format!("{} ({})", client.id, client.format)
}

/// Whom the models find hurt, and whom the rules say to be.
fn two_lists(examined: &ProfileCheck) -> (BTreeSet<String>, BTreeSet<String>) {
    let played =
        examined.results.iter().filter(|row| row.is_affected()).map(|row| name(row.client)).collect();
    let said = examined.lints.iter().flat_map(|lint| &lint.affected).map(|client| name(*client)).collect();
    (played, said)
}

/// Clients with one log-in for all servers: what is said of one server's user name shows on another.
const ONE_LOG_IN: [&str; 3] = ["fairemail", "himalaya", "enough-mail"];

/// What a client sets up otherwise than preferred, for a protocol of which no rule says so.
fn unsaid(examined: &ProfileCheck) -> Vec<String> {
    let mut unsaid = Vec::new();
    for row in
        examined.results.iter().filter(|row| row.outcome.is_ok() && !ONE_LOG_IN.contains(&row.client.id))
    {
        for (protocol, cell) in ClientResult::PROTOCOLS.into_iter().zip(&row.protocols) {
            let is_said = examined.lints.iter().any(|lint| {
                lint.affected.contains(&row.client) && lint.protocol.is_none_or(|about| about == protocol)
            });
            if matches!(cell, ProtocolResult::Different(_) | ProtocolResult::Missing) && !is_said {
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
        let examined = check_profile(&config, i).unwrap();
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

/// What the default document has beside servers changes nothing for anybody (autoconfig 5, item 27).
#[test]
fn sections_at_the_root_of_the_document_hurt_nobody() {
    let mut profiles = Vec::new();
    grid(|servers| profiles.push(servers));
    let (with, without) = (Files::new("", &[]), Files::new("", &[]));
    let sample: Vec<_> = profiles.iter().step_by(7).collect();
    for (i, servers) in sample.iter().enumerate() {
        let id = format!("p{i}.example.com");
        let name = format!("profiles/{i:04}.toml");
        let text = profile(&id, &domains(&[&id]), servers);
        with.write(&name, &(text.clone() + SERVICES));
        without.write(&name, &text);
    }
    let (with, without) = (with.load(), without.load());
    let mut sections = 0;
    for (i, servers) in sample.into_iter().enumerate() {
        let document = with.directory.entries()[i].documents.autoconfig.fill(&"a.example".parse().unwrap());
        let document = String::from_utf8(document.to_vec()).unwrap();
        assert!(document.contains("<oAuth2>") && !document.contains("jmap"), "{document}");
        sections += usize::from(document.contains("<calendar") && document.contains("<addressbook"));
        let (with, without) = (check_profile(&with, i).unwrap(), check_profile(&without, i).unwrap());
        let (played, said) = two_lists(&with);
        assert_eq!(played, said, "{servers}");
        for (with, without) in with.results.iter().zip(&without.results) {
            // Whoever reads where a token is to be had may log in with one; nothing else changes.
            let is_same = with.outcome == without.outcome && with.protocols == without.protocols;
            let takes_token = ["himalaya", "parula"].contains(&with.client.id) && servers.contains("OAuth2");
            assert!(
                is_same || (takes_token && (!with.is_affected() || without.is_affected())),
                "{}\n{}",
                name(with.client),
                servers
            );
        }
    }
    assert!(sections > 100, "{sections} documents have calendars");
}

/// Everything beside mail, with another user name for some of it.
pub const SERVICES: &str = r#"
[[jmap]]
url = "https://jmap.example.com/session"

[[calendar]]
type = "caldav"
url = "https://dav.example.com/calendars/"
authentication = ["http:Basic"]

[[calendar]]
type = "caldav"
url = "https://dav.example.com/other/"
username = "other-%EMAILLOCALPART%"

[[addressbook]]
type = "carddav"
url = "https://dav.example.com/contacts/"
authentication = ["OAuth2", "http:Basic"]

[[file_share]]
type = "webdav"
url = "https://dav.example.com/files/"

[oauth2]
issuer = "https://login.example.com"
scope = "mail"
auth_url = "https://login.example.com/authorize"
token_url = "https://login.example.com/token"
"#;

#[test]
fn rules_and_models_name_the_same_clients_for_the_shipped_profiles() {
    let config = shipped();
    for index in 0..2 {
        let (played, said) = two_lists(&check_profile(&config, index).unwrap());
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
    let person = |index| check_profile(&config, index).unwrap().address.to_string();
    assert_eq!(person(0), "jane.doe@waypost-check.a.example");
    assert_eq!(person(1), "jane.doe@mail.a.example");
}

/// A client that is not hurt has the preferred server of everything it needs.
#[test]
fn all_clients_agree_on_the_shipped_profile() {
    let config: Config = shipped();
    let examined = check_profile(&config, 0).unwrap();
    assert_eq!(examined.profile.id.as_str(), "centurylink.net");
    for row in &examined.results {
        let [imap, _, smtp] = &row.protocols;
        match row.client.id {
            "outlook-2007" => assert_eq!(smtp.to_string(), "differs: SSL/TLS"),
            "parula" if row.client.format == waypost::clients::Format::Autodiscover => {
                assert_eq!((imap, smtp), (&ProtocolResult::Preferred, &ProtocolResult::Guessed));
            }
            id => assert_eq!((imap, smtp), (&ProtocolResult::Preferred, &ProtocolResult::Preferred), "{id}"),
        }
    }
}

/// What other documents than the clients' own leave out, and what is odd beside mail.
#[test]
fn what_is_left_out_and_what_nobody_looks_for_is_told() {
    let findings = |more: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &(crate::common::SERVERS.to_owned() + more));
        Files::new("", &[("a.toml", &text)]).findings()
    };
    let dav =
        |section: &str, kind: &str, url: &str| format!("[[{section}]]\ntype = \"{kind}\"\nurl = \"{url}\"\n");
    let apple = "note: left out of Apple's configuration profile: ";
    assert_eq!(
        findings(&dav("calendar", "caldav", "http://dav.example.com/a/"))[0],
        format!("{apple}the calendar: its URL is not https: ")
    );
    let book =
        dav("addressbook", "carddav", "https://dav.example.com/a/") + "authentication = [\"OAuth2\"]\n";
    assert_eq!(findings(&book)[0], format!("{apple}the address book: it takes no password: "));
    assert_eq!(
        findings(&dav("calendar", "carddav", "https://dav.example.com/a/")),
        ["warning: type `carddav` in [[calendar]], where programs look for caldav: "]
    );
    assert_eq!(
        findings("[mta_sts]\nmode = \"testing\"\nmx = [\"mx.example.com\"]\nmax_age_seconds = 60\n"),
        ["note: the MTA-STS policy is forgotten after 60 seconds: "]
    );
    let servers = server("incoming", "imap", (993, "SSL"), "authentication = [\"OAuth2\"]")
        + &server("incoming", "pop3", (995, "SSL"), "")
        + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    let pop = format!("{apple}IMAP: it cannot be said, so devices fetch by POP3: ");
    assert!(findings.contains(&pop), "{findings:?}");
    let oauth2 = SERVICES.split_once("[oauth2]").unwrap().1;
    let note = "note: [oauth2] without a client_id: programs use their own, Parula `open`: ";
    let findings = |more: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &(crate::common::SERVERS.to_owned() + more));
        Files::new("", &[("a.toml", &text)]).findings()
    };
    assert_eq!(findings(&format!("[oauth2]{oauth2}")), [note]);
    assert_eq!(findings(&format!("[oauth2]{oauth2}client_id = \"a\"\n")), [""; 0]);
}
