//! The check: the client models and the lint rules agree about every profile.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use waypost::check::{Cause, ClientResult, ProfileCheck, ProtocolResult, check_profile, findings};
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

/// The clients that deviate from the preferred servers in the simulation, and those that the rules name.
fn affected_and_named(examined: &ProfileCheck) -> (BTreeSet<String>, BTreeSet<String>) {
    let affected =
        examined.results.iter().filter(|row| row.deviates_in(None)).map(|row| name(row.client)).collect();
    let named = examined.lints.iter().flat_map(|lint| &lint.affected).map(|client| name(*client)).collect();
    (affected, named)
}

/// Results that are not the preferred server although no finding names the client for that protocol, and
/// hints that contradict `needs_action`.
fn unexplained(examined: &ProfileCheck) -> Vec<String> {
    let mut unexplained = Vec::new();
    for row in examined.results.iter().filter(|row| row.outcome.is_ok()) {
        for (protocol, cell) in ClientResult::PROTOCOLS.into_iter().zip(&row.protocols) {
            let is_named = examined.lints.iter().any(|lint| {
                lint.affected.contains(&row.client) && lint.protocol.is_none_or(|about| about == protocol)
            });
            if !matches!(cell, ProtocolResult::Preferred | ProtocolResult::Unused) && !is_named {
                unexplained.push(format!("{} {protocol} {cell}", name(row.client)));
            }
        }
    }
    for finding in findings(std::slice::from_ref(examined)) {
        let says_action = !finding.hint.starts_with("no action is needed");
        if finding.cause == Cause::Unexplained || finding.needs_action != says_action {
            unexplained.push(finding.message);
        }
    }
    unexplained
}

/// Every `guesses`, `differs` and `nothing` of the matrix has a finding. The grid has more profiles.
#[test]
fn explains_every_result_in_the_shipped_profiles_and_those_of_the_tests() {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    let files = Files::new("", &[]);
    files.write("profiles/full.toml", &read("tests/data/import/full.toml"));
    files.write("profiles/example.net.xml", &read("tests/data/provider/example.net.xml"));
    let mut guesses = 0;
    for config in [shipped(), files.load()] {
        for index in 0..config.directory.entries().len() {
            let examined = check_profile(&config, index).unwrap();
            assert_eq!(unexplained(&examined), [""; 0], "{}", examined.profile.id);
            let cells = examined.results.iter().flat_map(|row| &row.protocols);
            guesses += cells.filter(|cell| **cell == ProtocolResult::Guessed).count();
        }
    }
    assert!(guesses >= 5, "{guesses}");
}

/// A guess has a note that asks for nothing.
#[test]
fn explains_a_guess_with_a_note() {
    let config = shipped();
    let findings = findings(&[check_profile(&config, 0).unwrap()]);
    let guess = findings.iter().find(|finding| finding.cause == Cause::Guess).unwrap();
    assert_eq!((guess.severity.to_string().as_str(), guess.needs_action), ("note", false));
    assert_eq!(guess.clients().iter().map(|client| client.id).collect::<Vec<_>>(), ["parula"]);
    let location = &guess.occurrences[0].location;
    assert_eq!(location.file.file_name().unwrap(), "centurylink.toml");
}

/// The differences between the two lists, and the number of profiles that affect no client.
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
        let (affected, named) = affected_and_named(&examined);
        good += usize::from(!examined.results.iter().any(ClientResult::is_affected));
        let unexplained = unexplained(&examined);
        if (affected != named || !unexplained.is_empty()) && wrong.len() < 4000 {
            let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
                a.difference(b).cloned().collect::<Vec<_>>().join(", ")
            };
            let _ = writeln!(
                wrong,
                "{servers}\naffected, not named: {}\nnamed, not affected: {}\nnamed for another protocol: {}\n",
                only(&affected, &named),
                only(&named, &affected),
                unexplained.join(", ")
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
    assert!(good > 10, "the grid needs profiles that affect no client: {good}");
}

/// Sections beside the servers change no client's result (autoconfig 5, item 27).
#[test]
fn root_sections_of_the_document_affect_no_client() {
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
        let (affected, named) = affected_and_named(&with);
        assert_eq!(affected, named, "{servers}");
        for (with, without) in with.results.iter().zip(&without.results) {
            // Clients that read the token endpoint may log in with a token. Nothing else changes.
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

/// All services other than mail, some with a different user name.
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
        let (affected, named) = affected_and_named(&check_profile(&config, index).unwrap());
        assert_eq!(affected, named);
    }
}

/// Names that the public DNS does not have (RFC 6761), and one that it may have.
#[test]
fn reports_a_private_host_name_as_an_error() {
    let findings = |host: &str| {
        let servers = crate::common::SERVERS.replace("imap.example.com", host);
        Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &servers))])
            .findings()
    };
    for host in
        ["localhost", "mail", "mail.localhost", "imap.invalid", "mail.local", "mail.lan", "mx.home.arpa"]
    {
        let said = format!(
            "error: clients cannot connect to {host}: the name cannot exist in the public \
                            DNS: "
        );
        assert_eq!(findings(host), [said]);
    }
    assert_eq!(findings("mail.example.com"), Vec::<String>::new());
}

/// No document lists an alternative, so every client still connects.
#[test]
fn reports_an_unreachable_alternative_as_a_warning() {
    let servers = crate::common::SERVERS.to_owned() + &server("outgoing", "smtp", (587, "STARTTLS"), "");
    let servers = servers.replace("smtp.example.com\"\nport = 587", "mail.internal\"\nport = 587");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings[0].starts_with("warning: clients cannot connect to mail.internal"), "{findings:?}");
}

/// With a working POP3 server no profile is an error, and a server that clients do not need affects none.
#[test]
fn a_server_that_clients_do_not_need_causes_no_error() {
    let imap = server("incoming", "imap", (993, "SSL"), "authentication = [\"TLS-client-cert\"]");
    let servers =
        imap + &server("incoming", "pop3", (995, "SSL"), "") + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings.iter().all(|finding| !finding.starts_with("error")), "{findings:?}");
    let servers = server("incoming", "imap", (993, "SSL"), "")
        + &server("incoming", "pop3", (995, "SSL"), "username = \"false\"\nshared_mailbox = true")
        + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    assert!(findings.iter().all(|finding| !finding.contains("Thunderbird")), "{findings:?}");
}

/// The sample address of a wildcard does not belong to another profile.
#[test]
fn simulates_a_wildcard_with_a_domain_of_its_own() {
    let profile_of = |id: &str, domain: &str| profile(id, &domains(&[domain]), crate::common::SERVERS);
    let files = Files::new(
        "",
        &[
            ("a.toml", &profile_of("a.example", "*.a.example")),
            ("b.toml", &profile_of("b.example", "mail.a.example")),
        ],
    );
    let config = files.load();
    let address = |index| check_profile(&config, index).unwrap().address.to_string();
    assert_eq!(address(0), "jane.doe@waypost-check.a.example");
    assert_eq!(address(1), "jane.doe@mail.a.example");
}

/// An unaffected client has the preferred server of every protocol that it needs.
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

/// Omissions in documents without a client model, and services with an unknown type.
#[test]
fn reports_omitted_settings_and_unknown_types() {
    let findings = |more: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &(crate::common::SERVERS.to_owned() + more));
        Files::new("", &[("a.toml", &text)]).findings()
    };
    let dav =
        |section: &str, kind: &str, url: &str| format!("[[{section}]]\ntype = \"{kind}\"\nurl = \"{url}\"\n");
    let apple = "note: left out of the Apple profile: ";
    assert_eq!(
        findings(&dav("calendar", "caldav", "http://dav.example.com/a/"))[0],
        format!("{apple}the calendar: its URL does not begin with https://: ")
    );
    let book =
        dav("addressbook", "carddav", "https://dav.example.com/a/") + "authentication = [\"OAuth2\"]\n";
    assert_eq!(findings(&book)[0], format!("{apple}the address book: it does not accept a password: "));
    assert_eq!(
        findings(&dav("calendar", "carddav", "https://dav.example.com/a/")),
        ["warning: the type in [[calendar]] is `carddav`, but clients look for caldav: "]
    );
    assert_eq!(
        findings("[mta_sts]\nmode = \"testing\"\nmx = [\"mx.example.com\"]\nmax_age_seconds = 60\n"),
        ["note: the MTA-STS policy expires on sending servers after 60 seconds: "]
    );
    let servers = server("incoming", "imap", (993, "SSL"), "authentication = [\"OAuth2\"]")
        + &server("incoming", "pop3", (995, "SSL"), "")
        + &server("outgoing", "smtp", (465, "SSL"), "");
    let text = profile("example.com", &domains(&["example.com"]), &servers);
    let findings = Files::new("", &[("a.toml", &text)]).findings();
    let pop = format!("{apple}IMAP: an Apple profile cannot express its servers, so devices use POP3: ");
    assert!(findings.contains(&pop), "{findings:?}");
    let oauth2 = SERVICES.split_once("[oauth2]").unwrap().1;
    let note = "note: [oauth2] has no client_id: clients use their own, and Parula uses `open`: ";
    let findings = |more: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &(crate::common::SERVERS.to_owned() + more));
        Files::new("", &[("a.toml", &text)]).findings()
    };
    assert_eq!(findings(&format!("[oauth2]{oauth2}")), [note]);
    assert_eq!(findings(&format!("[oauth2]{oauth2}client_id = \"a\"\n")), [""; 0]);
}

/// A port of another protocol is most often a typing error; no client can connect.
#[test]
fn reports_ports_of_other_services() {
    let findings = |from: &str, to: &str| {
        let text =
            profile("example.com", &domains(&["example.com"]), &crate::common::SERVERS.replacen(from, to, 1));
        Files::new("", &[("a.toml", &text)])
            .findings()
            .into_iter()
            .find(|finding| finding.contains("the port "))
    };
    for (from, to, expected) in [
        ("993", "995", "error: IMAP uses port 995, the port of POP3 (SSL/TLS): "),
        ("993", "465", "error: IMAP uses port 465, the port of SMTP (SSL/TLS): "),
        ("465", "143", "error: SMTP uses port 143, the port of IMAP (STARTTLS): "),
        ("993", "143", "warning: IMAP with SSL/TLS uses port 143, the port for STARTTLS: "),
        ("465", "587", "warning: SMTP with SSL/TLS uses port 587, the port for STARTTLS: "),
    ] {
        assert_eq!(findings(from, to).as_deref(), Some(expected), "{to}");
    }
    assert_eq!(findings("993", "1993"), None);
    assert_eq!(findings("port = 993\nsocket_type = \"SSL\"", "port = 143\nsocket_type = \"plain\""), None);
    assert_eq!(findings("port = 993\nsocket_type = \"SSL\"", "port = 143\nsocket_type = \"STARTTLS\""), None);
}
