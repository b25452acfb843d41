//! Behind a proxy and bare: who may say what a request's host and scheme were; HTTP/2.

use std::io::Write;
use std::sync::LazyLock;

use crate::common::PUBLIC;
use crate::common::SHIPPED;
use crate::common::Server;
use crate::common::http2;
use crate::common::read_response;
use crate::common::request;
use crate::common::shipped;

/// A server that trusts nobody; every peer of a test is on 127.0.0.1.
static BARE: LazyLock<Server> = LazyLock::new(|| {
    let mut config = shipped();
    config.settings.trusted_proxies = Vec::new();
    Server::start(config)
});

const PATH: &str = "/mail/config-v1.1.xml";

#[test]
fn uses_the_host_of_a_trusted_proxy() {
    for forwarded in ["autoconfig.q.com", "AUTOCONFIG.Q.COM:443", "q.com, inner.proxy.example"] {
        let headers = [("X-Forwarded-Host", forwarded)];
        assert_eq!(SHIPPED.request("GET", "10.0.0.5:8080", PATH, &headers, b"").status, 200, "{forwarded}");
    }
    let headers = [("X-Forwarded-Host", "unknown.example")];
    SHIPPED.request("GET", "q.com", PATH, &headers, b"").assert_empty(404);
}

#[test]
fn ignores_an_empty_forwarded_host_and_rejects_two_hosts() {
    let headers = [("X-Forwarded-Host", "")];
    assert_eq!(SHIPPED.request("GET", "q.com", PATH, &headers, b"").status, 200);
    SHIPPED.request("GET", "q.com", PATH, &[("Host", "qwestoffice.net")], b"").assert_empty(400);
}

#[test]
fn ignores_forwarded_headers_of_untrusted_peers() {
    let headers = [("X-Forwarded-Host", "q.com"), ("Forwarded", "host=q.com")];
    BARE.request("GET", "unknown.example", PATH, &headers, b"").assert_empty(404);
    let headers = [("X-Forwarded-Host", "unknown.example")];
    assert_eq!(BARE.request("GET", "q.com", PATH, &headers, b"").status, 200);
}

/// A proxy that ends TLS and does not say so must not be sent round in a circle.
#[test]
fn does_not_redirect_the_public_host_to_itself() {
    let mut config = shipped();
    config.settings.public_url = Some("https://autodiscover.q.com".parse().unwrap());
    let server = Server::start(config);
    let path = "/autodiscover/autodiscover.xml";
    server.get("autodiscover.q.com", path).assert_empty(405);
    assert_eq!(server.get("autodiscover.centurylink.net", path).status, 302);
    let by = |proto| {
        server.request("GET", "autodiscover.q.com", path, &[("X-Forwarded-Proto", proto)], b"").status
    };
    assert_eq!((by("http"), by("gopher")), (302, 405), "an unknown scheme counts as none");
}

#[test]
fn uses_the_first_forwarded_scheme_in_any_letter_case() {
    let status = |proto: &str| {
        let headers = [("X-Forwarded-Proto", proto)];
        PUBLIC.request("GET", "autodiscover.q.com", "/autodiscover/autodiscover.xml", &headers, b"").status
    };
    assert_eq!(status("HTTP"), 302);
    assert_eq!(status("http, https"), 302);
    assert_eq!(status("HTTPS"), 405);
    assert_eq!(status("https,http"), 405);
    assert_eq!(status("gopher"), 302, "says nothing; the connection is plain");
}

#[test]
fn prefers_an_absolute_target_to_the_host_header() {
    let response = SHIPPED.get("unknown.example", "http://autoconfig.q.com/mail/config-v1.1.xml");
    assert_eq!(response.status, 200);
    SHIPPED.get("q.com", "http://unknown.example/mail/config-v1.1.xml").assert_empty(404);
}

#[test]
fn http_1_0_without_a_host_is_answered_by_the_address() {
    let ask = |target: &str| SHIPPED.send(format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes());
    assert_eq!(ask(&format!("{PATH}?emailaddress=jane@q.com")).status, 200);
    ask(PATH).assert_empty(404);
}

#[test]
fn keeps_a_connection_for_many_requests() {
    let mut stream = SHIPPED.connect();
    for status in [200, 404, 405, 200] {
        let request = match status {
            404 => request("GET", "q.com", "/nothing", &[], b""),
            405 => request("PUT", "q.com", PATH, &[], b"<x/>"),
            _ => request("GET", "q.com", PATH, &[], b""),
        };
        stream.write_all(&request).unwrap();
        assert_eq!(read_response(&mut stream, false).unwrap().status, status);
    }
}

/// Cleartext HTTP/2 with prior knowledge.
#[test]
fn speaks_cleartext_http2() {
    let body = http2::get(&mut SHIPPED.connect(), "autoconfig.q.com", PATH, &[]);
    assert_eq!(String::from_utf8(body), String::from_utf8(SHIPPED.get("q.com", PATH).body));
}
