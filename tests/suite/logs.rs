//! What is written down: enough for an operator, nothing that a person would call theirs.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::certificates::Chain;
use crate::certificates::Key;
use crate::common::Files;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::http2;
use crate::common::profile;
use crate::common::request;
use crate::program::Program;

fn files() -> Files {
    let more = domains(&["q.com"]) + "mx_hosts = [\"mx.example.net\"]\n";
    Files::new("public_url = \"https://ad.example.net\"", &[("a.toml", &profile("q.com", &more, SERVERS))])
}

/// Every way to bring an address, a password and a query to the server.
fn personal_requests() -> Vec<Vec<u8>> {
    let secret = ("Authorization", "Basic c2VjcmV0OmNyZWRlbnRpYWw=");
    let more = [secret, ("Cookie", "session=secretcookie"), ("Proxy-Authorization", "Bearer secrettoken")];
    let query = "emailaddress=secretname%40q.com&secretparameter=secretvalue";
    let mut requests = Vec::new();
    for host in ["q.com", "unknown.example", "autoconfig.mx.example.net"] {
        for target in [
            format!("/mail/config-v1.1.xml?{query}"),
            format!("/v1.1/q.com?{query}"),
            format!("/autodiscover/autodiscover.xml?{query}"),
            "/autodiscover/autodiscover.json?Email=secretname@q.com&Protocol=secretprotocol".to_owned(),
            "/Autodiscover/autodiscover.json/v1.0/secretname@q.com?Protocol=AutodiscoverV1".to_owned(),
            "/secretpath/secretname@q.com".to_owned(),
            "/v1.1/secretname@q.com".to_owned(),
            format!("/?{query}"),
            format!("/mobileconfig?{query}"),
            "/email.mobileconfig?email=secretname@q.com&password=secret&emailaddress=secretnoaddress"
                .to_owned(),
            format!("/.well-known/user-agent-configuration.json?{query}"),
            format!("/setup?{query}"),
            format!("/setup.json?{query}"),
            format!("/setup.svg?{query}"),
            "/assets/secretname@q.com".to_owned(),
            format!("/.well-known/caldav?{query}"),
            format!("/.well-known/mta-sts.txt?{query}"),
        ] {
            requests.push(request("GET", host, &target, &more, b""));
            requests.push(request("SECRETMETHOD", host, &target, &more, b""));
        }
        for address in ["secretname@q.com", "secretname@unknown.example", "secretname", "secretname@@q.com"] {
            let body = format!(
                "<Autodiscover><Request><EMailAddress>{address}</EMailAddress><LegacyDN>secretdn</LegacyDN>\
                 <AcceptableResponseSchema>secretschema</AcceptableResponseSchema></Request></Autodiscover>"
            );
            requests.push(request("POST", host, "/autodiscover/autodiscover.xml", &more, body.as_bytes()));
        }
        requests.push(request("POST", host, "/autodiscover/autodiscover.xml", &more, b"<secretelement>"));
    }
    requests
}

#[test]
fn no_address_query_or_credential_is_ever_written() {
    let files = files();
    for (format, more) in
        [("json", &[][..]), ("text", &[]), ("json", &["--log-requests"]), ("text", &["--log-requests"])]
    {
        let mut command = Program::command(&files);
        command.args(["--listen", "127.0.0.1:0", "--log-level", "trace", "--log-format", format]).args(more);
        let program = Program::spawn(&mut command);
        let requests = personal_requests();
        for request in &requests {
            program.send(request);
        }
        // By HTTP/2 too, and what is no HTTP at all, for the libraries' own words.
        let target = "/mail/config-v1.1.xml?emailaddress=secretname@q.com";
        let mut stream = TcpStream::connect(program.address).unwrap();
        http2::get(&mut stream, "q.com", target, &[("authorization", "Basic c2VjcmV0OmNyZWRlbnRpYWw=")]);
        drop(stream);
        let _ = TcpStream::connect(program.address)
            .unwrap()
            .write_all(b"secretnonsense secretname@q.com\r\n\r\n");
        let (_, log) = program.stop();
        let lower = log.to_lowercase();
        for secret in ["secret", "c2vjcmv0", "%40", "emailaddress", "@", "basic", "bearer"] {
            assert!(!lower.contains(secret), "{secret} is in the log:\n{log}");
        }
        assert_eq!(
            log.matches("microseconds").count(),
            requests.len() + 1,
            "a line for each request:\n{log}"
        );
    }
}

/// Requests with each outcome, and the line of each.
fn logged_requests(program: Program) -> (Vec<Value>, String) {
    program.send(&request(
        "GET",
        "AutoConfig.q.com:8080",
        "//mail/config-v1.1.xml/",
        &[("X-Forwarded-For", "192.0.2.7, 127.0.0.9"), ("User-Agent", "Thunderbird/1 CFNetwork/1568.200.51")],
        b"",
    ));
    program.send(&request("GET", "unknown.example", "/v1.1/unserved.example", &[], b""));
    let json = "/autodiscover/autodiscover.json?Email=jane@q.com&Protocol=ActiveSync";
    program.send(&request("GET", "autodiscover.q.com", json, &[("User-Agent", "curl/8.5.0")], b""));
    program.send(&request("GET", "[::1]:8080", "/nothing", &[], b""));
    let body = b"<Autodiscover><Request/></Autodiscover>";
    program.send(&request("POST", "not a host", "/autodiscover/autodiscover.xml", &[], body));
    program.send(&request(
        "GET",
        "q.com",
        "/autodiscover/autodiscover.xml",
        &[("X-Forwarded-Proto", "http")],
        b"",
    ));
    program.send(&request("GET", "q.com", "/", &[("Host", "q.com")], b""));
    let (code, log) = program.stop();
    assert_eq!(code, Some(0));
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.filter(|line: &Value| line["microseconds"].is_u64()).collect(), log)
}

/// The lines without time and duration, in the order of the requests.
#[track_caller]
fn assert_lines(mut lines: Vec<Value>, level: &str, target: &str) {
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        line.retain(|key, _| !["timestamp", "microseconds"].contains(&key.as_str()));
    }
    let line = |message: &str,
                [host, domain, route, client, family]: [&str; 5],
                method: &str,
                status: u16| {
        serde_json::json!({
            "level": level, "target": target, "message": message, "host": host, "domain": domain, "route": route,
            "client": client, "family": family, "method": method, "status": status
        })
    };
    let autodiscover = "/autodiscover/autodiscover.xml";
    let own = "127.0.0.1";
    let expected = [
        line(
            "answered",
            ["autoconfig.q.com", "q.com", "/mail/config-v1.1.xml", "192.0.2.7", "thunderbird"],
            "GET",
            200,
        ),
        line(
            "not served",
            ["unknown.example", "unserved.example", "/v1.1/{domain}", own, "none"],
            "GET",
            404,
        ),
        line(
            "refused",
            ["autodiscover.q.com", "q.com", "/autodiscover/autodiscover.json", own, "curl"],
            "GET",
            400,
        ),
        line("not served", ["::1", "-", "-", own, "none"], "GET", 404),
        line("refused", ["-", "-", autodiscover, own, "none"], "POST", 200),
        line("redirected", ["q.com", "q.com", autodiscover, own, "none"], "GET", 302),
        line("refused", ["-", "-", "/", own, "none"], "GET", 400),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn debug_logs_one_line_per_request() {
    let (lines, log) = logged_requests(Program::start("debug", "json", &files()));
    assert_lines(lines, "DEBUG", "waypost::logging::request_fields");
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages: Vec<_> = lines.map(|line| line["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(messages[0], "configuration loaded");
    assert!(messages.contains(&"listening".to_owned()) && messages.contains(&"stopped".to_owned()));
}

/// At debug too, a request has one line.
#[test]
fn log_requests_writes_an_access_log_at_info() {
    for level in ["info", "debug"] {
        let files = files();
        let mut command = Program::command(&files);
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--log-requests",
            "--log-level",
            level,
        ]);
        let (lines, _) = logged_requests(Program::spawn(&mut command));
        assert_lines(lines, "INFO", "waypost::access");
    }
}

/// Whoever cannot wait for what is in flight says so twice.
#[test]
fn a_second_signal_ends_requests_in_progress() {
    let program = Program::start("info", "json", &files());
    let mut stuck = TcpStream::connect(program.address).unwrap();
    let head = "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    stuck.write_all(head.as_bytes()).unwrap();
    stuck.read_exact(&mut [0; 25]).unwrap();
    program.signal("TERM");
    // New connections are refused once the first signal has been heard.
    while TcpStream::connect(program.address).is_ok() {}
    let (code, log) = program.stop();
    assert_eq!(code, Some(0));
    assert!(log.contains("stopped with requests in flight") && !log.contains("\"stopped\""), "{log}");
}

/// An unknown proxy would make every answer a wrong one, so the operator hears of it, once.
#[test]
fn warns_about_forwarded_headers_of_an_untrusted_peer() {
    let files =
        Files::new("trusted_proxies = []", &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))]);
    let program = Program::start("info", "json", &files);
    for _ in 0..3 {
        program.send(&request("GET", "q.com", "/", &[("X-Forwarded-Proto", "https")], b""));
    }
    let (_, log) = program.stop();
    assert_eq!(log.matches("not in trusted_proxies").count(), 1, "{log}");
}

#[test]
fn info_logs_no_requests() {
    let program = Program::start("info", "json", &files());
    program.send(&request("GET", "q.com", "/mail/config-v1.1.xml", &[], b""));
    let (_, log) = program.stop();
    assert!(!log.contains("microseconds") && log.contains("listening"), "{log}");
}

#[test]
fn text_lines_have_a_level_and_a_message() {
    let (_, log) = Program::start("info", "text", &files()).stop();
    assert!(log.contains(" INFO listening address=127.0.0.1:"), "{log}");
    assert!(!log.contains('\u{1b}'), "no colour into a pipe");
}

/// What is doubtful when it starts is said, and the operator's listener has it as a figure.
#[test]
fn start_logs_warnings_and_listeners() {
    let end = std::time::SystemTime::now() + std::time::Duration::from_hours(120);
    let chain = Chain::with(Key::Rsa, |params| params.not_after = end.into());
    let settings = "[signing]\ncertificate = \"fullchain.pem\"\nkey = \"privkey.pem\"\n\
                    [admin]\nlisten = \"127.0.0.1:0\"\n";
    let servers = SERVERS.replace("993\nsocket_type = \"SSL\"", "143\nsocket_type = \"STARTTLS\"");
    let text = profile("q.com", &domains(&["q.com"]), &servers);
    let files = Files::new(settings, &[("a.toml", &text)]);
    chain.write(&files.path("."));
    let mut program = Program::start("info", "json", &files);
    let metrics = program.admin("/metrics");
    assert!(metrics.text().contains("waypost_certificate_expiry_timestamp_seconds{use=\"signing\""));
    let (code, log) = program.stop();
    assert_eq!(code, Some(0));
    let said = |level: &str, message: &str| {
        log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).any(|line| {
            line["level"] == level && line["message"].as_str().unwrap_or_default().starts_with(message)
        })
    };
    assert!(said("WARN", "the signing certificate expires on "), "{log}");
    assert!(said("INFO", "PACC cannot express IMAP: none of its servers has implicit TLS"), "{log}");
}
