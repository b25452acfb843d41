//! A query string on every path that answers GET.
//!
//! The first byte selects the host. The query is the rest of the line; the next lines are `Accept-Language` and `Accept`.

use axum::body::Body;
use axum::http::{HeaderValue, Request, Uri, header};
use waypost::http::App;

use super::server::AUTOCONFIG;
use super::server::Answer;
use super::server::OTHERS;
use super::server::SERVERS;
use super::server::STRANGER;
use super::server::ask;
use super::server::assert_operators_url;
use super::server::has_hosts;
use super::server::is_exchanger;
use super::server::is_ours;
use super::strict::assert_strict;

const HOSTS: [&str; 4] = [
    "autoconfig.example.com",
    "mail.customers.example.com",
    "autoconfig.hoster.example",
    "elsewhere.example",
];

pub fn query(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let host = HOSTS[usize::from(*choice) % HOSTS.len()];
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let query = query_string(lines.next().unwrap_or_default());
    let header = |line: Option<&[u8]>| HeaderValue::from_bytes(line.unwrap_or_default()).ok();
    let (language, accept) = (header(lines.next()), header(lines.next()));
    let get = |server: &App, path: &str| {
        let mut request = Request::get(format!("{path}?{query}")).header(header::HOST, host);
        for (name, value) in [(header::ACCEPT_LANGUAGE, &language), (header::ACCEPT, &accept)] {
            request = value.iter().fold(request, |request, value| request.header(&name, value));
        }
        ask(server, STRANGER, request.body(Body::empty()).unwrap())
    };
    let [server, own] = &*SERVERS;
    let autoconfig = AUTOCONFIG.map(|path| get(server, path));
    assert!(autoconfig.iter().all(|answer| *answer == autoconfig[0]), "one document on every path");
    assert_autoconfig(server, host, &autoconfig[0]);
    for path in OTHERS {
        assert_other(host, path, &get(server, path));
    }
    // Answers that depend on the public URL.
    for path in ["/autodiscover/autodiscover.json", "/setup.json"] {
        assert_other(host, path, &get(own, path));
    }
}

/// A valid request line: other characters are percent-encoded, `%` is kept.
fn query_string(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if format!("/?{text}").parse::<Uri>().is_ok() && !text.contains('#') {
        return text.into_owned();
    }
    let plain = |b: u8| b.is_ascii_graphic() && !b"#\"<>\\^`{|}".contains(&b);
    bytes.iter().map(|b| if plain(*b) { char::from(*b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The bytes are those of every other request for the domain, or of every request for all servers.
fn assert_autoconfig(server: &App, host: &str, answer: &Answer) {
    if answer.status != 200 {
        answer.assert_not_served();
        assert_eq!((answer.text(), host), ("", "elsewhere.example"), "a served host answers everybody");
        return;
    }
    let document = roxmltree::Document::parse(answer.text()).unwrap();
    let domain = document.descendants().find(|node| node.has_tag_name("domain")).and_then(|node| node.text());
    let domain = domain.expect("item 22: the domain that is asked for");
    assert!(is_ours(domain) || is_exchanger(host.trim_start_matches("autoconfig.")), "{domain} on {host}");
    let [default, all] = ["", "&servers=all"].map(|more| {
        let target = format!("/mail/config-v1.1.xml?emailaddress=somebody%40{domain}{more}");
        let request = Request::get(target).header(header::HOST, host).body(Body::empty()).unwrap();
        ask(server, STRANGER, request)
    });
    if *answer == default {
        if has_hosts(domain) {
            assert_strict(&answer.body, domain);
        }
    } else {
        assert_eq!(*answer, all, "known and unknown mailboxes get the same bytes");
    }
}

fn assert_other(host: &str, path: &str, answer: &Answer) {
    let is_served = |domain: &str| is_ours(domain) || host == "autoconfig.hoster.example";
    match (path, answer.status.as_u16()) {
        (
            "/autodiscover/autodiscover.json" | "/autodiscover/autodiscover.json/v1.0/jane@example.com",
            200,
        ) => {
            let json = answer.json();
            assert_operators_url(json["Url"].as_str().unwrap());
            assert!(json["Protocol"].as_str().unwrap().eq_ignore_ascii_case("AutodiscoverV1"));
        }
        ("/setup.json", 200) => {
            let json = answer.json();
            assert!(is_served(json["domain"].as_str().unwrap()), "{json}");
            let link = json["mobileconfig"].as_str().unwrap_or("https://");
            assert!(link.starts_with("https://"), "{link}");
        }
        ("/mobileconfig" | "/email.mobileconfig", 200) => assert_profile(answer, is_served),
        ("/nothing/here", _) => assert_eq!((answer.status.as_u16(), answer.text()), (404, "")),
        ("/v1.1/example.com" | "/assets/page.css", _) => assert_ne!(answer.status, 400),
        (_, 404) => answer.assert_not_served(),
        _ => {}
    }
}

/// At most ten accounts, each in a served domain, and no password.
fn assert_profile(answer: &Answer, is_served: impl Fn(&str) -> bool) {
    let profile = plist::Value::from_reader_xml(&answer.body[..]).unwrap();
    let payloads = profile.as_dictionary().unwrap()["PayloadContent"].as_array().unwrap();
    let mut accounts = 0;
    for payload in payloads.iter().map(|payload| payload.as_dictionary().unwrap()) {
        let holds_password = |key: &String| key.contains("Password") && payload[key].as_boolean().is_none();
        assert!(!payload.keys().any(holds_password), "{payload:?}");
        if payload["PayloadType"].as_string() != Some("com.apple.mail.managed") {
            continue;
        }
        accounts += 1;
        if let Some(address) = payload.get("EmailAddress").and_then(plist::Value::as_string) {
            assert!(is_served(address.rsplit_once('@').unwrap().1), "{address}");
        }
    }
    assert!((1..=10).contains(&accounts), "{accounts} accounts");
}
