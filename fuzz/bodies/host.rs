//! The host of a request, in each way that a request can name it, on every path.
//!
//! The first byte selects the way, the server and the scheme that a proxy reports; the rest is the host.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Uri, Version, header};
use waypost::address::Domain;
use waypost::http::App;

use super::server::AUTOCONFIG;
use super::server::AUTODISCOVER;
use super::server::Answer;
use super::server::OTHERS;
use super::server::PROXY;
use super::server::SERVERS;
use super::server::STRANGER;
use super::server::ask;
use super::server::has_hosts;
use super::server::is_exchanger;
use super::server::is_ours;
use super::strict::assert_strict;

/// How the request names the host. If it is not in the `Host` header, that header contains `DECOY`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Header,
    /// `X-Forwarded-Host`, from a trusted proxy.
    Proxy,
    /// `X-Forwarded-Host`, from an untrusted peer.
    Stranger,
    /// In the request target.
    Absolute,
    /// In HTTP/2's `:authority`.
    Authority,
}

const WAYS: [Way; 5] = [Way::Header, Way::Proxy, Way::Stranger, Way::Absolute, Way::Authority];
const DECOY: &str = "pop.example";

/// Answers that depend only on the served name: not on the scheme, the port or the service label.
const BY_NAME: [&str; 9] = [
    "/v1.1/example.com",
    "/autodiscover/autodiscover.json/v1.0/jane@example.com",
    "/mobileconfig",
    "/.well-known/user-agent-configuration.json",
    "/.well-known/caldav",
    "/.well-known/carddav/",
    "/.well-known/jmap",
    "/assets/page.css",
    "/nothing/here",
];

pub fn host(data: &[u8]) {
    let Some((choice, host)) = data.split_first() else { return };
    let choice = usize::from(*choice);
    let way = WAYS[choice % WAYS.len()];
    let server = &SERVERS[choice / WAYS.len() % SERVERS.len()];
    let scheme = ["http", "https", ""][choice / (WAYS.len() * SERVERS.len()) % 3];
    let asked = |method: Method, target: &str, body: &str| {
        let request = request(way, host, scheme, target)?.method(method).body(Body::from(body.to_owned()));
        Some(ask(server, if way == Way::Stranger { STRANGER } else { PROXY }, request.unwrap()))
    };
    let get = |target: &str| asked(Method::GET, target, "");
    if get("/").is_none() {
        return;
    }
    let name = name(way, host);
    for target in AUTOCONFIG {
        assert_autoconfig(&get(target).unwrap(), name.as_ref());
    }
    for target in OTHERS {
        let answer = get(target).unwrap();
        if BY_NAME.contains(&target) {
            assert_eq!(answer, plain(server, name.as_ref(), target), "{target}");
        }
    }
    // The answer for an address depends on that address only, except on an MX host.
    for target in [
        "/autodiscover/autodiscover.json?Email=jane@customer.test&Protocol=AutodiscoverV1",
        "/setup.json?emailaddress=jane@customer.test",
    ] {
        assert_stranger(&get(target).unwrap(), name.as_ref());
    }
    let body =
        "<Autodiscover><Request><EMailAddress>jane@customer.test</EMailAddress></Request></Autodiscover>";
    assert_stranger(&asked(Method::POST, AUTODISCOVER, body).unwrap(), name.as_ref());
    let propfind = Method::from_bytes(b"PROPFIND").unwrap();
    let by_get = get("/.well-known/caldav").unwrap();
    assert_eq!(asked(propfind, "/.well-known/caldav", "").unwrap().status, by_get.status);
}

/// `None` for a host that no connection would let through.
fn request(way: Way, host: &[u8], scheme: &str, target: &str) -> Option<axum::http::request::Builder> {
    let mut request = Request::builder();
    if !scheme.is_empty() {
        request = request.header("X-Forwarded-Proto", scheme);
    }
    Some(match way {
        Way::Header => request.uri(target).header(header::HOST, HeaderValue::from_bytes(host).ok()?),
        Way::Proxy | Way::Stranger => request
            .uri(target)
            .header(header::HOST, DECOY)
            .header("X-Forwarded-Host", HeaderValue::from_bytes(host).ok()?),
        Way::Absolute | Way::Authority => {
            let uri = Uri::builder().scheme("http").authority(host).path_and_query(target).build().ok()?;
            match way {
                Way::Absolute => request.uri(uri).header(header::HOST, DECOY),
                _ => request.uri(uri).version(Version::HTTP_2),
            }
        }
    })
}

/// The requested name by DESIGN's decision 4: without port, trailing dot and one service label.
fn name(way: Way, host: &[u8]) -> Option<Domain> {
    let text = std::str::from_utf8(host).ok().filter(|text| text.is_ascii());
    let host = match way {
        Way::Stranger => DECOY,
        // The first of several values. An empty value names no host.
        Way::Proxy => text
            .and_then(|text| text.split(',').next())
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .unwrap_or(DECOY),
        _ => text?,
    };
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let lower = host.to_ascii_lowercase();
    let rest = ["autoconfig.", "autodiscover.", "ua-auto-config."]
        .iter()
        .find_map(|label| lower.strip_prefix(label))
        // The label is kept if only a top-level domain would remain.
        .filter(|rest| rest.trim_end_matches('.').contains('.'));
    rest.unwrap_or(&lower).parse().ok()
}

/// The answer if the request names the host in the plainest way.
fn plain(server: &App, name: Option<&Domain>, target: &str) -> Answer {
    let host = name.map_or_else(|| "elsewhere.example".to_owned(), |name| format!("autoconfig.{name}"));
    let is_long = host.parse::<Domain>().is_err();
    let host = if is_long { name.unwrap().to_string() } else { host };
    let peer: IpAddr = STRANGER;
    ask(server, peer, Request::get(target).header(header::HOST, host).body(Body::empty()).unwrap())
}

fn assert_autoconfig(answer: &Answer, name: Option<&Domain>) {
    match name.map(Domain::as_str).filter(|name| is_ours(name) || is_exchanger(name)) {
        Some(name) => {
            assert_eq!(answer.status, 200, "{name}");
            if has_hosts(name) {
                assert_strict(&answer.body, name);
            }
        }
        None => {
            answer.assert_not_served();
            assert_eq!(answer.text(), "", "{name:?}");
        }
    }
}

fn assert_stranger(answer: &Answer, name: Option<&Domain>) {
    let is_customer = name.is_some_and(|name| is_exchanger(name.as_str()));
    assert_eq!(answer.status.as_u16(), if is_customer { 200 } else { 404 }, "{name:?}");
}
