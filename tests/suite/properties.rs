//! Whatever is sent: no panic, no 5xx, nothing ill-formed.

use std::io::{Read, Write};
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Uri};
use proptest::collection::vec;
use proptest::prelude::*;
use waypost::address::{Domain, EmailAddress};
use waypost::http::App;
use waypost::profile::{Hostname, Username};

use crate::common::SHIPPED;
use crate::common::answer;
use crate::common::shipped;

static APP: LazyLock<App> = LazyLock::new(|| App::new(shipped()));

/// The answer to a request is one that a client can read.
fn check(request: Request<Body>) -> Result<(), TestCaseError> {
    let (status, body) = answer(&APP, request);
    prop_assert!((200..500).contains(&status), "{status}");
    prop_assert!(![204, 401, 407].contains(&status), "{status}");
    if body.windows(8).any(|window| window == b"<!DOCTYP") {
        crate::mobileconfig::assert_valid(&crate::mobileconfig::read(&body));
    } else if body.starts_with(b"<?xml") {
        let text = std::str::from_utf8(&body).expect("UTF-8");
        prop_assert!(roxmltree::Document::parse(text).is_ok(), "{text}");
    } else if body.starts_with(b"{") {
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
    } else {
        let messages: [&[u8]; 3] = [b"The value of", b"A profile can", b"There is no configuration profile"];
        let is_message = messages.iter().any(|message| body.starts_with(message));
        prop_assert!(body.is_empty() || body.starts_with(b"<!doctype html>") || is_message);
    }
    Ok(())
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

/// What is likely to mean something to somebody.
const FRAGMENTS: &[&[u8]] = &[
    b"@",
    b"jane@q.com",
    b"&amp;",
    b"<",
    b"]]>",
    b"<![CDATA[",
    b"<!--",
    b"&#0;",
    b"%00",
    b"xn--",
    b".",
    b"\xEF\xBB\xBF",
    b"\xEE\x80\x80",
    b"%EMAILADDRESS%",
    b"/",
    b"autoconfig.",
    b":80",
];

/// Bytes, some of them likely to mean something.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let fragments = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        "[ -~]{0,8}".prop_map(String::into_bytes),
        proptest::sample::select(FRAGMENTS).prop_map(<[u8]>::to_vec),
    ];
    vec(fragments, 0..12).prop_map(|parts| parts.concat())
}

/// Pieces of Autodiscover requests in any order.
fn almost_xml() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"<?xml version=\"1.0\"?>".to_vec()),
        Just(b"<Autodiscover>".to_vec()),
        Just(b"<Autodiscover xmlns='http://a/mobilesync/b'>".to_vec()),
        Just(b"<Request>".to_vec()),
        Just(b"<EMailAddress>".to_vec()),
        Just(b"</EMailAddress>".to_vec()),
        Just(b"<AcceptableResponseSchema>".to_vec()),
        Just(b"</AcceptableResponseSchema>".to_vec()),
        Just(b"</Request>".to_vec()),
        Just(b"</Autodiscover>".to_vec()),
        hostile(),
    ];
    vec(piece, 0..10).prop_map(|parts| parts.concat())
}

/// A request with any local part, between the right tags.
fn around(address: &[u8]) -> Vec<u8> {
    [b"<Autodiscover><Request><EMailAddress>", address, b"</EMailAddress></Request></Autodiscover>"].concat()
}

fn post(body: Vec<u8>) -> Request<Body> {
    Request::post("/autodiscover/autodiscover.xml").header(HOST, "q.com").body(Body::from(body)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_address(bytes in hostile()) {
        let text = percent_encoded(&bytes);
        for target in [
            format!("/mail/config-v1.1.xml?emailaddress={text}"),
            format!("/mail/config-v1.1.xml?emailaddress={text}%40q.com"),
            format!("/autodiscover/autodiscover.json?Email={text}@q.com&Protocol=AutodiscoverV1"),
            format!("/autodiscover/autodiscover.json?Email=a@q.com&Protocol={text}"),
            format!("/autodiscover/autodiscover.json/v1.0/{text}@q.com?Protocol={text}"),
            format!("/v1.1/{text}"),
            format!("/mobileconfig?emailaddress={text}"),
            format!("/mobileconfig?emailaddress={text}%40q.com&email=a@q.com&email={text}x%40q.com"),
            format!("/email.mobileconfig?{text}={text}&email=a@q.com"),
            format!("/setup?emailaddress={text}&lang={text}&program={text}"),
            format!("/?email={text}%40q.com"),
            format!("/setup.json?emailaddress={text}%40q.com"),
            format!("/setup.svg?emailaddress={text}%40q.com"),
            format!("/assets/{text}"),
        ] {
            check(Request::get(target).header(HOST, "q.com").body(Body::empty()).unwrap())?;
        }
        let escaped: String = bytes.iter().map(|byte| format!("&#{byte};")).collect();
        check(post(around(&[&bytes, &b"@q.com"[..]].concat())))?;
        check(post(around(format!("{escaped}@q.com").as_bytes())))?;
    }

    #[test]
    fn any_host(bytes in hostile()) {
        let Ok(host) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let apple = "/mobileconfig";
        let well_known = ["user-agent-configuration.json", "caldav", "jmap", "mta-sts.txt"];
        let well_known = well_known.map(|name| format!("/.well-known/{name}"));
        let paths = ["/", "/mail/config-v1.1.xml", "/autodiscover/autodiscover.xml", apple];
        for target in paths.into_iter().chain(well_known.iter().map(String::as_str)) {
            check(Request::get(target).header(HOST, &host).header("X-Forwarded-Host", &host).body(Body::empty()).unwrap())?;
        }
    }

    #[test]
    fn any_path(bytes in hostile()) {
        for target in [[b"/", &bytes[..]].concat(), [b"/AutoDiscover/", &bytes[..]].concat()] {
            let Ok(uri) = Uri::try_from(target) else { continue };
            check(Request::get(uri.clone()).header(HOST, "q.com").body(Body::empty()).unwrap())?;
            check(Request::post(uri).header(HOST, "q.com").body(Body::empty()).unwrap())?;
        }
    }

    #[test]
    fn any_body(bytes in prop_oneof![hostile(), almost_xml()]) {
        check(post(bytes))?;
    }

    #[test]
    fn any_domain_is_small_letters_and_stays_itself(text in ".{0,40}") {
        if let Ok(domain) = text.parse::<Domain>() {
            let again: Domain = domain.as_str().parse().unwrap();
            prop_assert_eq!(&again, &domain);
            prop_assert!(domain.as_str().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.'));
        }
    }

    #[test]
    fn any_address_stays_itself(text in "[ -~]{1,20}@[a-z.]{1,20}") {
        if let Ok(address) = text.parse::<EmailAddress>() {
            prop_assert_eq!(address.to_string().parse::<EmailAddress>().unwrap(), address);
        }
    }

    #[test]
    fn any_template_is_read_or_refused(text in "(%[A-Z]{0,14}%?|[a-z.]{0,5}|%EMAILDOMAIN%){0,6}") {
        if let Ok(username) = text.parse::<Username>() {
            let address = "jane@q.com".parse().unwrap();
            prop_assert!(!username.login_name(&address).contains("%EMAIL"));
        }
        if let Ok(hostname) = text.parse::<Hostname>() {
            prop_assert!(hostname.for_domain(&"q.com".parse().unwrap()).parse::<Domain>().is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Through the socket: whatever comes, the next client is served.
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        let mut stream = SHIPPED.connect();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        prop_assert!(!answer.starts_with(b"HTTP/1.1 5"), "{}", String::from_utf8_lossy(&answer));
        prop_assert_eq!(SHIPPED.get("q.com", "/mail/config-v1.1.xml").status, 200);
    }
}
