//! `GET /tls/allowed` of the admin listener: for which host names a proxy may order a certificate.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;

use waypost::config::Config;
use waypost::directory::SqlListBuilder;
use waypost::http::App;

use crate::common::Files;
use crate::common::Response;
use crate::common::SERVERS;
use crate::common::Server;
use crate::common::domains;
use crate::common::profile;
use crate::common::read_response;
use crate::common::request;
use crate::common::server;
use crate::sql_admin::source;

const MTA_STS: &str = "\n[mta_sts]\nmode = \"enforce\"\nmx = [\"mx.example.com\"]\nmax_age_seconds = 86400\n";

/// Three profiles: one with PACC (Provider Auto-Configuration for Clients) and MTA-STS, one with PACC only, and one with
/// neither. The first one also has a wildcard and an MX host. A database lists domains of the other two.
fn config() -> Config {
    let names = ["example.com", "bücher.example", "autoconfig.example.org"];
    let more = "domains_file = \"list.txt\"\nmx_hosts = [\"mx.example.net\"]\n";
    let full =
        profile("full.example", &(domains(&["*.wild.example"]) + more), &(SERVERS.to_owned() + MTA_STS));
    let pacc = profile("pacc.example", &domains(&["example.net"]), SERVERS);
    let servers =
        server("incoming", "imap", 143, "STARTTLS", "") + &server("outgoing", "smtp", 587, "STARTTLS", "");
    let plain = profile("plain.example", &domains(&["plain.example"]), &servers);
    let settings =
        "public_url = \"https://Mail.Provider.example:8443\"\n[dns]\ntarget = \"target.example\"\n";
    let files = Files::new(settings, &[("a.toml", &full), ("b.toml", &pacc), ("c.toml", &plain)]);
    files.write("profiles/list.txt", &format!("{}\n", names.join("\n")));
    let mut config = files.load();
    let mut list = SqlListBuilder::default();
    for (domain, profile) in [
        ("sql.example", "pacc.example"),
        ("plain-sql.example", "plain.example"),
        ("unknown-profile.example", "unknown.example"),
        // The file comes first: this domain has the profile with MTA-STS.
        ("example.com", "plain.example"),
    ] {
        list.push_with_profile(Some(domain), Some(profile)).unwrap();
    }
    config.settings.sql = Some(source());
    config.directory = config.directory.with_sql_list(Some(Arc::new(list.build())), None);
    config
}

/// The query, and whether the name is allowed.
#[rustfmt::skip]
const QUERIES: &[(&str, bool)] = &[
    // The labels of each profile.
    ("domain=autoconfig.example.com", true),
    ("domain=autodiscover.example.com", true),
    ("domain=ua-auto-config.example.com", true),
    ("domain=mta-sts.example.com", true),
    ("domain=autoconfig.example.net", true),
    ("domain=autodiscover.example.net", true),
    ("domain=ua-auto-config.example.net", true),
    ("domain=mta-sts.example.net", false),
    ("domain=autoconfig.plain.example", true),
    ("domain=autodiscover.plain.example", true),
    ("domain=ua-auto-config.plain.example", false),
    ("domain=mta-sts.plain.example", false),
    // The domains of a database.
    ("domain=autoconfig.sql.example", true),
    ("domain=autodiscover.sql.example", true),
    ("domain=ua-auto-config.sql.example", true),
    ("domain=mta-sts.sql.example", false),
    ("domain=autoconfig.plain-sql.example", true),
    ("domain=ua-auto-config.plain-sql.example", false),
    ("domain=autoconfig.unknown-profile.example", false),
    // Other names of a domain.
    ("domain=example.com", false),
    ("domain=sql.example", false),
    ("domain=www.example.com", false),
    ("domain=mail.example.com", false),
    ("domain=_autodiscover._tcp.example.com", false),
    ("domain=_mta-sts.example.com", false),
    ("domain=autoconfig.www.example.com", false),
    ("domain=autoconfig.autoconfig.example.com", false),
    ("domain=autodiscover.autoconfig.example.com", false),
    ("domain=autoconfigexample.com", false),
    ("domain=xautoconfig.example.com", false),
    ("domain=.autoconfig.example.com", false),
    ("domain=*.example.com", false),
    ("domain=autoconfig", false),
    ("domain=autoconfig.com", false),
    ("domain=autoconfig.", false),
    // A mail domain whose first label is a service label.
    ("domain=autoconfig.example.org", false),
    ("domain=autoconfig.autoconfig.example.org", true),
    // Spellings.
    ("domain=AUTOCONFIG.Example.COM", true),
    ("domain=autoconfig.example.com.", true),
    ("domain=AutoConfig.SQL.example.", true),
    ("domain=autoconfig.example.com..", false),
    ("domain=%61utoconfig.example%2Ecom", true),
    ("domain=autoconfig.xn--bcher-kva.example", true),
    ("domain=mta-sts.XN--BCHER-KVA.example.", true),
    ("domain=autoconfig.b%C3%BCcher.example", true),
    ("domain=autoconfig.B%C3%9CCHER.example.", true),
    ("domain=b%C3%BCcher.example", false),
    // A soft hyphen, a full-width letter, a full-width dot, a combining diaeresis, and another domain.
    ("domain=autoconfig.exam%C2%ADple.com", false),
    ("domain=%EF%BD%81utoconfig.example.com", false),
    ("domain=autoconfig%E3%80%82example.com", false),
    ("domain=autoconfig.bu%CC%88cher.example", false),
    ("domain=autoconfig.b%C3%B6cher.example", false),
    // Ports, URLs and IP addresses.
    ("domain=autoconfig.example.com:443", false),
    ("domain=autoconfig.example.com%3A443", false),
    ("domain=https://autoconfig.example.com", false),
    ("domain=autoconfig.example.com/", false),
    ("domain=jane@autoconfig.example.com", false),
    ("domain=127.0.0.1", false),
    ("domain=autoconfig.127.0.0.1", false),
    ("domain=%5B::1%5D", false),
    ("domain=::1", false),
    // Names without an end.
    ("domain=a.wild.example", false),
    ("domain=autoconfig.a.wild.example", false),
    ("domain=autoconfig.wild.example", false),
    ("domain=mx.example.net", false),
    ("domain=autoconfig.mx.example.net", false),
    ("domain=autoconfig.customer.example", false),
    ("domain=autoconfig.unserved.example", false),
    // The host of `public_url`.
    ("domain=mail.provider.example", true),
    ("domain=Mail.Provider.Example.", true),
    ("domain=mail.provider.example:8443", false),
    ("domain=autoconfig.mail.provider.example", false),
    ("domain=provider.example", false),
    ("domain=target.example", false),
    // The ids of profiles are not domains.
    ("domain=autoconfig.full.example", false),
    // The query.
    ("", false),
    ("domain", false),
    ("domain=", false),
    ("domain=.", false),
    ("name=autoconfig.example.com", false),
    ("other=1&domain=autoconfig.example.com&more", true),
    ("domain=autoconfig.example.com&domain=autoconfig.example.com", false),
    ("domain=autoconfig.example.com&DOMAIN=unserved.example", false),
    ("domain=&domain=autoconfig.example.com", false),
    ("domain=autoconfig.example.com,autoconfig.example.net", false),
    ("domain=autoconfig.example.com%20", false),
    ("domain=+autoconfig.example.com", false),
    ("domain=autoconfig.example.com%00", false),
    ("domain=autoconfig.example.com%0D%0A", false),
    ("domain=autoconfig.example.com%", false),
    ("domain=autoconfig.example.com%2", false),
    ("domain=autoconfig.example.com%zz", false),
    ("domain=autoconfig.%FF.com", false),
    ("domain=autoconfig.x'%20OR%20'1'='1", false),
];

#[test]
fn allows_only_service_host_names_of_listed_domains_and_the_public_url() {
    let admin = Server::start_admin(config());
    for (query, is_allowed) in QUERIES {
        let answer = admin.get("localhost", &format!("/tls/allowed?{query}"));
        assert_eq!(answer.status, if *is_allowed { 200 } else { 404 }, "{query}");
        if *is_allowed {
            assert_eq!(answer.text(), "allowed\n", "{query}");
            assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        } else {
            answer.assert_empty(404);
        }
    }
    let long = format!("/tls/allowed?domain=autoconfig.{}example.com", "a.".repeat(1000));
    admin.get("localhost", &long).assert_empty(404);
    // The host of the request does not count.
    admin.get("autoconfig.example.com", "/tls/allowed").assert_empty(404);
    admin.get("localhost", "/tls/allowed/?domain=autoconfig.example.com").assert_empty(404);
    let server = Server::start(config());
    server.get("autoconfig.example.com", "/tls/allowed?domain=autoconfig.example.com").assert_empty(404);
}

#[test]
fn answers_get_and_head_only() {
    let admin = Server::start_admin(config());
    let target = "/tls/allowed?domain=autoconfig.example.com";
    let head = admin.request("HEAD", "localhost", target, &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("8")));
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = admin.request(method, "localhost", target, &[], b"");
        answer.assert_empty(405);
        assert_eq!(answer.header("allow"), Some("GET,HEAD"), "{method}");
    }
}

/// A certificate is of use only for a host name with a document.
#[test]
fn allows_a_name_exactly_if_a_document_is_served_there() {
    let app = App::new(config());
    let (admin, server) = (Server::of(waypost::admin::app(&app, None)), Server::of(app));
    for domain in
        ["example.com", "example.net", "plain.example", "sql.example", "plain-sql.example", "none.example"]
    {
        for (label, path) in [
            ("autoconfig", "/mail/config-v1.1.xml"),
            ("autodiscover", "/mail/config-v1.1.xml"),
            ("ua-auto-config", "/.well-known/user-agent-configuration.json"),
            ("mta-sts", "/.well-known/mta-sts.txt"),
        ] {
            let host = format!("{label}.{domain}");
            let answer = admin.get("localhost", &format!("/tls/allowed?domain={host}"));
            assert_eq!(answer.status, server.get(&host, path).status, "{host}");
        }
    }
}

/// A proxy opens one connection for each handshake with an unknown name.
#[test]
fn two_hundred_questions_at_once_do_not_disturb_metrics_and_health_checks() {
    let admin = Server::start_admin(config());
    let question = |number: usize| {
        let name = if number.is_multiple_of(2) { "autoconfig.example.com" } else { "unserved.example" };
        request("GET", "localhost", &format!("/tls/allowed?domain={name}"), &[], b"")
    };
    let is_right =
        |number: usize, answer: &Response| answer.status == if number.is_multiple_of(2) { 200 } else { 404 };
    let health = || {
        for path in ["/metrics", "/healthz", "/readyz"] {
            assert_eq!(admin.get("localhost", path).status, 200, "{path}");
        }
    };
    let mut connections: Vec<TcpStream> = (0..200).map(|_| admin.connect()).collect();
    // The health checks come between the two parts of each question.
    let part = |number: usize, is_first: bool| {
        let bytes = question(number);
        let (first, second) = bytes.split_at(bytes.len() - 4);
        if is_first { first.to_vec() } else { second.to_vec() }
    };
    for is_first in [true, false] {
        for (number, connection) in connections.iter_mut().enumerate() {
            connection.write_all(&part(number, is_first)).unwrap();
        }
        health();
    }
    for round in 0..2 {
        for (number, connection) in connections.iter_mut().enumerate() {
            let answer = read_response(connection, false).unwrap();
            assert!(is_right(number, &answer), "{round}, {number}: {answer:?}");
        }
        health();
        if round == 0 {
            // All connections are still open.
            for (number, connection) in connections.iter_mut().enumerate() {
                connection.write_all(&question(number)).unwrap();
            }
        }
    }
    let metrics = admin.get("localhost", "/metrics").text().to_owned();
    for line in ["waypost_connections_displaced_total 0", "waypost_connections_refused_total 0"] {
        assert!(metrics.lines().any(|l| l == line), "{metrics}");
    }
}
