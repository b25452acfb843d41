//! PACC: reference/beyond 3.7, box by box.

use serde_json::{Value, json};
use waypost::documents::pacc::Configuration;

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::assert_document;
use crate::common::domains;
use crate::common::profile;
use crate::common::server;

const PATH: &str = "/.well-known/user-agent-configuration.json";

/// All services that the document can express.
const ALL: &str = r#"
[[documentation]]
url = "https://help.example.net/%EMAILADDRESS%"

[[documentation]]
url = "https://help.example.net/"
descr = { en = "Help" }

[[incoming]]
type = "imap"
hostname = "imap.%EMAILDOMAIN%"
port = 993
socket_type = "SSL"

[[incoming]]
type = "pop3"
hostname = "pop.example.net"
port = 1995
socket_type = "SSL"

[[incoming]]
type = "pop3"
hostname = "pop2.example.net"
port = 995
socket_type = "SSL"

[[outgoing]]
type = "smtp"
hostname = "smtp.example.net"
port = 465
socket_type = "SSL"
authentication = ["OAuth2"]

[[jmap]]
url = "https://jmap.example.net/session"

[[calendar]]
type = "caldav"
url = "https://dav.%EMAILDOMAIN%/calendars/"

[[addressbook]]
type = "carddav"
url = "https://dav.example.net/contacts/"

[oauth2]
issuer = "https://login.example.net/"
scope = "mail"
auth_url = "https://login.example.net/authorize"
token_url = "https://login.example.net/token"
"#;

fn files(servers: &str) -> Files {
    Files::new(
        "",
        &[("a.toml", &profile("example.com", &domains(&["example.com", "*.example.org"]), servers))],
    )
}

fn served(servers: &str) -> Option<Value> {
    let answer = files(servers).serve().get("ua-auto-config.example.com", PATH);
    if answer.status == 404 {
        answer.assert_empty(404);
        return None;
    }
    Some(serde_json::from_slice(&answer.body).unwrap())
}

#[test]
fn serves_the_document_and_reads_it_back() {
    let server = files(ALL).serve();
    let answer = server.get("ua-auto-config.shop.example.org", PATH);
    assert_eq!(answer.status, 200);
    assert_document("pacc/full.json", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("content-length"), Some(answer.body.len().to_string().as_str()));
    assert_eq!(answer.header("cache-control"), Some("private, max-age=600"));
    assert_document("pacc/q.com.json", SHIPPED.get("ua-auto-config.q.com", PATH).text());
    let expected = answer.text();
    let read: Configuration = serde_json::from_str(expected).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), expected);
}

/// The draft's example (reference/beyond 3.1), with keys that Waypost never writes.
#[test]
fn reads_documents_of_other_servers() {
    let text = r#"{"protocols":{"imap":{"host":"imap.example.com"},"pop3":{"host":"pop.example.com"},
        "submit":{"host":"smtp.example.com"},"smtp":{"host":"smtp.example.com"},
        "managesieve":{"host":"sieve.example.com"},
        "jmap":{"url":"https://jmap.example.com/session"},
        "caldav":{"url":"https://dav.example.com/calendar/"},"carddav":{"url":"https://dav.example.com/contacts/"}},
        "authentication":{"password":true,"oauth-public":{"issuer":"https://auth.example.com/"}},
        "info":{"provider":{"name":"Example Provider Name","shortName":"Example",
        "logo":[{"url":"https://www.example.com/logo.svg","content-type":"image/svg+xml"}]},
        "help":{"documentation":"https://help.example.com/mail","developer":"https://help.example.com/dev",
        "contact":["mailto:it@example.com"]}}}"#;
    let read: Configuration = serde_json::from_str(text).unwrap();
    let (given, again): (Value, Value) =
        (serde_json::from_str(text).unwrap(), serde_json::to_value(&read).unwrap());
    assert_eq!(again, given);
    // These keys are required. Unknown keys are ignored.
    let least = r#"{"protocols":{},"authentication":{"password":true,"passkey":true},
        "info":{"provider":{"name":"Example"},"more":1},"version":3}"#;
    let read: Configuration = serde_json::from_str(least).unwrap();
    assert_eq!((read.info.provider.name.as_str(), read.info.provider.short_name), ("Example", None));
}

#[test]
fn depends_on_the_host_only() {
    let body = SHIPPED.get("ua-auto-config.q.com", PATH).body;
    for (host, target) in [
        ("UA-Auto-Config.Q.com:443", PATH.to_owned()),
        ("ua-auto-config.q.com.", format!("{PATH}?emailaddress=jane@qwestoffice.net")),
        ("q.com", PATH.to_owned()),
    ] {
        assert_eq!(SHIPPED.get(host, &target).body, body, "{host}");
    }
    let with = |headers: &[(&str, &str)]| SHIPPED.request("GET", "ua-auto-config.q.com", PATH, headers, b"");
    let asked = with(&[("Accept-Encoding", "gzip, br"), ("Accept-Language", "de")]);
    assert_eq!((&asked.body, asked.header("content-encoding")), (&body, None));
    SHIPPED.get("ua-auto-config.elsewhere.example", PATH).assert_empty(404);
    SHIPPED.get("ua-auto-config.qwestoffice.net", PATH).assert_empty(404);
    SHIPPED.request("POST", "ua-auto-config.q.com", PATH, &[], b"{}").assert_empty(405);
}

/// The digest in DNS requires that the bytes never differ.
#[test]
fn does_not_depend_on_the_order_of_keys_in_the_profile() {
    let get =
        |text: &str| Files::new("", &[("a.toml", text)]).serve().get("ua-auto-config.example.com", PATH).body;
    let text = profile("example.com", &domains(&["example.com"]), ALL);
    let body = get(&text);
    let turned = text
        .replace(
            "type = \"imap\"\nhostname = \"imap.%EMAILDOMAIN%\"",
            "hostname = \"imap.%EMAILDOMAIN%\"\ntype = \"imap\"",
        )
        .replace("id = \"example.com\"\n", "")
        .replace("display_name =", "id = \"example.com\"\ndisplay_name =");
    assert_ne!(text, turned);
    assert_eq!(get(&turned), body);
    assert_eq!(
        crate::cli::out(&crate::cli::waypost(".", &["show", "a@q.com", "--as", "pacc"])),
        SHIPPED.get("q.com", PATH).text()
    );
}

#[test]
fn leaves_out_unsupported_services_and_check_reports_why() {
    let findings = |servers: &str| {
        let mut said: Vec<String> = files(servers).findings();
        said.retain(|finding| finding.contains("PACC"));
        said.iter()
            .map(|finding| {
                finding.trim_start_matches("note: left out of PACC: ").trim_end_matches(": ").to_owned()
            })
            .collect::<Vec<_>>()
    };
    let imap = |port, security, more: &str| server("incoming", "imap", port, security, more);
    let smtp = server("outgoing", "smtp", 465, "SSL", "");
    let starttls = "none of its servers has implicit TLS (socket_type \"SSL\")";
    let with_pop = imap(143, "STARTTLS", "") + &server("incoming", "pop3", 995, "SSL", "") + &smtp;
    assert_eq!(findings(&with_pop), [format!("IMAP: {starttls}")]);
    let protocols = served(&with_pop).unwrap()["protocols"].clone();
    assert_eq!(protocols.as_object().unwrap().keys().collect::<Vec<_>>(), ["pop3", "submit", "smtp"]);
    // An account that can only send is left out.
    let alone = imap(143, "STARTTLS", "") + &smtp;
    assert_eq!(served(&alone), None);
    assert_eq!(
        findings(&alone),
        [
            format!("IMAP: {starttls}"),
            "SMTP: the profile has no service to receive mail that PACC can \
                                       express"
                .into()
        ]
    );
    let odd = imap(1993, "SSL", "") + &smtp;
    assert_eq!(
        findings(&odd)[0],
        "IMAP: its servers with implicit TLS are not on the registered port (993, 995 or 465)"
    );
    let kerberos = imap(993, "SSL", "authentication = [\"GSSAPI\"]") + &smtp;
    assert!(findings(&kerberos)[0].starts_with("IMAP: its servers accept neither a password nor a token"));
    let token = "authentication = [\"OAuth2\"]";
    let oauth2 = |issuer: &str| {
        imap(993, "SSL", token)
            + &server("outgoing", "smtp", 465, "SSL", token)
            + &format!(
                "[oauth2]\nissuer = \"{issuer}\"\nscope = \"mail\"\nauth_url = \"https://a.example/\"\ntoken_url = \"https://a.example/\"\n"
            )
    };
    let ways = served(&oauth2("https://login.example.net/a")).unwrap()["authentication"].clone();
    assert_eq!(ways, json!({"password": false, "oauth-public": {"issuer": "https://login.example.net/a"}}));
    for issuer in [
        "login.example.net",
        "http://login.example.net",
        "https://u@login.example.net",
        "https://a.example/?b",
        "https://a.example/../b",
        "https://a.example/%61",
    ] {
        assert_eq!(served(&oauth2(issuer)), None, "{issuer}");
        assert!(findings(&oauth2(issuer)).last().unwrap().starts_with("the OAuth2 issuer: "), "{issuer}");
    }
    let dav = |url: &str| SERVERS.to_owned() + &format!("[[calendar]]\ntype = \"caldav\"\nurl = \"{url}\"\n");
    for (url, why) in [
        ("https://dav.example.net/", "its URL has no path"),
        ("https://dav.example.net:443/a/", "its URL contains a port"),
        ("http://dav.example.net/a/", "its URL does not begin with https://"),
        ("https://dav.example.net/%EMAILADDRESS%/", "its URL depends on the address"),
        ("https://192.0.2.1/a/", "its URL has no host name"),
    ] {
        assert_eq!(findings(&dav(url)), [format!("the calendar: {why}")]);
        assert_eq!(served(&dav(url)).unwrap()["protocols"].get("caldav"), None);
    }
    let by = |method: &str| dav("https://dav.example.net/a/") + &format!("authentication = [\"{method}\"]\n");
    let issuer = "[oauth2]\nissuer = \"https://login.example.net/\"\nscope = \"mail\"\nauth_url = \
                  \"https://a.example/\"\ntoken_url = \"https://a.example/\"\n";
    let neither =
        "the calendar: it accepts neither a password nor a token from an OAuth2 issuer that PACC can express";
    assert_eq!(findings(&(by("http:Negotiate") + issuer)), [neither]);
    assert_eq!(findings(&by("OAuth2")), [neither]);
    assert_eq!(findings(&(by("OAuth2") + issuer)), [""; 0]);
    let more = SERVERS.to_owned()
        + "[sieve]\nhostname = \"sieve.example.net\"\n[[file_share]]\ntype = \"webdav\"\nurl = \"https://a.example/b\"\n";
    assert_eq!(
        findings(&more),
        [
            "ManageSieve: it has no port with implicit TLS",
            "files: Waypost cannot express file shares in PACC"
        ]
    );
}

/// A service without a supported authentication method is left out.
#[test]
fn leaves_out_jmap_without_a_supported_authentication_method() {
    let jmap = |method: &str| {
        server("incoming", "imap", 143, "STARTTLS", "")
            + &server("outgoing", "smtp", 587, "STARTTLS", "")
            + &format!("[[jmap]]\nurl = \"https://jmap.example.net/\"\nauthentication = [\"{method}\"]\n")
    };
    let document = served(&jmap("http:Basic")).unwrap();
    assert_eq!(document["protocols"], json!({"jmap": {"url": "https://jmap.example.net/"}}));
    assert_eq!(document["authentication"], json!({"password": true}));
    assert_eq!(served(&jmap("OAuth2")), None);
}

/// The draft allows at most 60 and 20 characters, and recommends at most 30 and 12.
#[test]
fn reports_names_that_are_too_long_as_errors_and_long_names_as_notes() {
    let problems = |name: &str, short: &str| {
        let text = profile("example.com", &domains(&["example.com"]), SERVERS)
            .replace("Example Mail", name)
            .replace("\"Example\"", &format!("\"{short}\""));
        let files = Files::new("", &[("a.toml", &text)]);
        let problems = files.problems();
        if problems.is_empty() { files.findings() } else { problems }
    };
    assert!(problems(&"x".repeat(61), "a")[0].starts_with("error: "));
    assert!(problems("a", &"x".repeat(21))[0].starts_with("error: "));
    assert!(problems(&"x".repeat(31), &"x".repeat(13)).iter().all(|problem| problem.starts_with("note: ")));
    assert_eq!(problems(&"x".repeat(31), &"x".repeat(13)).len(), 2);
    assert_eq!(problems(&"x".repeat(30), &"x".repeat(12)), [""; 0]);
}
