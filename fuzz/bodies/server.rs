//! The whole server without its sockets, with a small configuration; and the rules for every answer.
//!
//! Every header value is one of the constants here, so no text of a client can be among them. `is_ours` repeats the
//! configuration by hand and uses none of the code under test.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use roxmltree::Document;
use tokio::runtime::{Builder, Runtime};
use waypost::address::Domain;
use waypost::config::Config;
use waypost::http::App;

use super::page;

/// A server with `public_url`, and a server on which each domain has its own Autodiscover host.
pub static SERVERS: LazyLock<[App; 2]> =
    LazyLock::new(|| [include_str!("mapping/public.toml"), include_str!("mapping/own.toml")].map(app));

/// The trusted proxy of both.
pub const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
pub const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

pub const AUTODISCOVER: &str = "/autodiscover/autodiscover.xml";
/// The paths of the autoconfig document.
pub const AUTOCONFIG: [&str; 4] = [
    "/mail/config-v1.1.xml",
    "/.well-known/autoconfig/mail/config-v1.1.xml",
    "/.well-known/mail-v1.xml",
    "/v1.1/mail/config-v1.1.xml",
];
/// The other paths that answer GET; the last stands for any file.
pub const OTHERS: [&str; 17] = [
    "/",
    "/setup",
    "/setup.json",
    "/setup.svg",
    "/v1.1/example.com",
    AUTODISCOVER,
    "/autodiscover/autodiscover.json",
    "/autodiscover/autodiscover.json/v1.0/jane@example.com",
    "/mobileconfig",
    "/email.mobileconfig",
    "/.well-known/user-agent-configuration.json",
    "/.well-known/caldav",
    "/.well-known/carddav/",
    "/.well-known/jmap",
    "/.well-known/mta-sts.txt",
    "/assets/page.css",
    "/nothing/here",
];

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Sends a request, and checks that the answer is a permitted one.
pub fn ask(server: &App, peer: IpAddr, request: Request<Body>) -> Answer {
    thread_local! {
        static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().unwrap();
    }
    let about = format!("{} {} {:?}", request.method(), request.uri(), request.headers());
    let answer = RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let (head, body) =
                waypost::http::RequestService::new(server, peer).answer(request).await.into_parts();
            let body = to_bytes(body, usize::MAX).await.expect("a body in memory can be read");
            Answer { status: head.status, headers: head.headers, body }
        })
    });
    answer.assert_sound(&about);
    answer
}

fn app(settings: &str) -> App {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    std::fs::create_dir(&profiles).unwrap();
    for (name, text) in [
        ("full.toml", include_str!("mapping/full.toml")),
        ("hoster.toml", include_str!("mapping/hoster.toml")),
        ("named.toml", include_str!("mapping/named.toml")),
        ("pop.toml", include_str!("mapping/pop.toml")),
    ] {
        std::fs::write(profiles.join(name), text).unwrap();
    }
    let file = folder.path().join("waypost.toml");
    std::fs::write(&file, settings).unwrap();
    App::new(Config::load(&file).expect("the mapping is right"))
}

/// Whether the configuration serves a domain.
pub fn is_ours(name: &str) -> bool {
    ["example.com", "xn--bcher-kva.example", "named.example", "pop.example"].contains(&name)
        || name.ends_with(".customers.example.com")
}

/// Whether the host names that contain the domain are valid: `imap.D` may be too long.
pub fn has_hosts(domain: &str) -> bool {
    domain.len() + "imap.".len() <= Domain::LONGEST
}

/// Whether the server answers for every address on this host: MX hosts, and the names that clients derive from them.
pub fn is_exchanger(name: &str) -> bool {
    // A name and its parents.
    ["mx1.mail.hoster.example", "mail.hoster.example", "hoster.example", "mx.named.example", "named.example"]
        .contains(&name)
}

/// Whether a URL is well formed and leads to a host of the configuration.
#[track_caller]
pub fn assert_operators_url(url: &str) {
    let rest = url.strip_prefix("https://").unwrap_or_else(|| panic!("{url} is not https"));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.split_once(':').map_or(authority, |(host, port)| {
        assert_eq!(port, "8443", "{url}");
        host
    });
    let is_host = host.parse::<Domain>().is_ok_and(|domain| domain.as_str() == host);
    assert!(is_host || host.len() > Domain::LONGEST, "{url} has no host");
    let fixed = ["autodiscover.operator.example", "dav.example.com", "jmap.example.com"];
    let own = host.strip_prefix("autodiscover.").or_else(|| host.strip_prefix("dav."));
    let is_own = own.is_some_and(|domain| is_ours(domain) || is_exchanger(domain));
    assert!(fixed.contains(&host) || is_own, "{url} leads to a host that is not configured");
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"./-".contains(&b);
    assert!(path.bytes().all(is_plain), "{url} has what no URL of ours has");
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("every text is in UTF-8")
    }

    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().expect("what a header says is ASCII");
        assert_eq!(values.next(), None, "a header stands once");
        Some(value)
    }

    pub fn content_type(&self) -> &str {
        self.header(header::CONTENT_TYPE).unwrap_or_default()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The body of a 404 for a mail program: empty, the page for people, or Autodiscover's error.
    pub fn assert_not_served(&self) {
        assert_eq!(self.status, StatusCode::NOT_FOUND);
        assert!(!self.text().contains("<clientConfig") && !self.text().contains("<Protocol"));
    }

    fn assert_sound(&self, about: &str) {
        let status = self.status.as_u16();
        let known = [200, 204, 302, 307, 400, 404, 405, 413, 422];
        assert!(known.contains(&status), "{about}: {status}");
        for (name, value) in &self.headers {
            let value = value.to_str().unwrap_or_else(|_| panic!("{about}: {name}: {value:?}"));
            assert!(self.is_known(name.as_str(), value), "{about}: {name}: {value}");
        }
        assert_eq!(matches!(status, 302 | 307), self.headers.contains_key(header::LOCATION), "{about}");
        if let Some(location) = self.header(header::LOCATION) {
            assert_operators_url(location);
        }
        self.assert_readable(about);
    }

    fn is_known(&self, name: &str, value: &str) -> bool {
        match name {
            // Checked elsewhere.
            "content-type" | "location" => true,
            "content-length" => value.parse() == Ok(self.body.len()),
            "cache-control" => [
                "private, max-age=600",
                "private, no-store",
                "no-store",
                "public, max-age=31536000, immutable",
            ]
            .contains(&value),
            "content-disposition" => ["example.com", "hoster.example", "named.example"]
                .iter()
                .any(|id| value == format!("attachment; filename=\"{id}.mobileconfig\"")),
            "content-security-policy" => value.starts_with("default-src 'none'"),
            "x-content-type-options" => value == "nosniff",
            "referrer-policy" => value == "no-referrer",
            "vary" => value == "accept, accept-language",
            "allow" => ["POST", "GET,HEAD"].contains(&value),
            "connection" => value == "close" && self.status == 413,
            _ => false,
        }
    }

    /// Parses the body with an independent reader for its content type.
    fn assert_readable(&self, about: &str) {
        let text = self.text();
        match self.content_type() {
            "" => assert_eq!(text, "", "{about}: nothing says what this is"),
            "text/xml; charset=utf-8" => {
                assert!(text.starts_with("<?xml version=\"1.0\" encoding=\""), "{about}: {text}");
                assert!(!text.contains("<!"), "{about}: {text}");
                let document = Document::parse(text).unwrap_or_else(|e| panic!("{about}: {e}: {text}"));
                let root = document.root_element().tag_name().name();
                assert!(["clientConfig", "Autodiscover"].contains(&root), "{about}: {root}");
                assert!(root == "Autodiscover" || self.status == 200, "{about}: a document in an error");
            }
            "application/json" | "application/json; charset=utf-8" => {
                assert!(self.json().is_object(), "{about}: {text}");
            }
            "application/x-apple-aspen-config" => {
                let profile = plist::Value::from_reader_xml(&self.body[..]);
                let profile = profile.unwrap_or_else(|e| panic!("{about}: {e}: {text}"));
                let payloads = profile.as_dictionary().and_then(|profile| profile.get("PayloadContent"));
                let count = payloads.and_then(plist::Value::as_array).map_or(0, Vec::len);
                assert!(count > 0, "{about}: a profile with nothing in it");
            }
            "image/svg+xml" => {
                let document = Document::parse(text).unwrap_or_else(|e| panic!("{about}: {e}"));
                assert!(document.descendants().all(|node| node.tag_name().name() != "script"), "{about}");
            }
            "text/html; charset=utf-8" => page::assert_page(text, about),
            "text/plain; charset=utf-8" | "text/plain" => {
                let is_plain = |c: char| !c.is_control() || matches!(c, '\r' | '\n');
                assert!(text.len() < 1000 && text.chars().all(is_plain), "{about}: {text}");
            }
            "text/css; charset=utf-8" => assert!(text.contains('{'), "{about}"),
            other => panic!("{about}: {other} is no content type of ours"),
        }
    }
}
