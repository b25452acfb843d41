//! Invalid and hostile requests.

use std::io::{Read, Write};

use crate::common::SHIPPED;
use crate::common::http2;
use crate::common::request;

/// Sends bytes, closes the sending side, and returns the response bytes.
fn send(bytes: &[u8]) -> String {
    let mut stream = SHIPPED.connect();
    // The server may close before it has read everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn answers_invalid_requests_with_400_or_closes() {
    for bytes in [
        &b""[..],
        b"\r\n\r\n",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: q.com\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost q.com\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: q.com\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: q.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /mail/\x01config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\n\r\n",
    ] {
        let answer = send(bytes);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
    assert_eq!(SHIPPED.get("q.com", "/mail/config-v1.1.xml").status, 200);
}

#[test]
fn survives_bodies_that_end_early() {
    let head = b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\n";
    for rest in [
        &b"Content-Length: 100\r\n\r\n<Auto"[..],
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n<Auto",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<Auto\r\n0\r\n\r\n",
    ] {
        let answer = send(&[head, rest].concat());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(SHIPPED.get("q.com", "/mail/config-v1.1.xml").status, 200);
}

#[test]
fn ignores_a_body_on_get() {
    let request = request("GET", "q.com", "/mail/config-v1.1.xml", &[], b"<x/>");
    assert_eq!(SHIPPED.send(&request).status, 200);
}

const GOOD: &str = "GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\n\r\n";

/// The status of each response.
fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).map(|rest| &rest[..3]).collect()
}

/// Two lengths, or a length and chunks: a proxy may take for a body what follows, so it must not become a request
/// (RFC 9112 6.1, 11.2).
#[test]
fn prevents_request_smuggling() {
    assert_eq!(
        statuses(&send(format!("{GOOD}{GOOD}").as_bytes())),
        ["200", "200"],
        "two requests get two responses"
    );
    let post = "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\n";
    for (headers, body) in [
        // A proxy that goes by the length takes the second request for the body.
        (
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", GOOD.len() + 5),
            format!("0\r\n\r\n{GOOD}"),
        ),
        (
            format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", GOOD.len() + 5),
            format!("0\r\n\r\n{GOOD}"),
        ),
        ("Content-Length: 0\r\nContent-Length: 60\r\n".to_owned(), GOOD.to_owned()),
        ("Content-Length: 0, 60\r\n".to_owned(), GOOD.to_owned()),
        ("Content-Length: +0\r\n".to_owned(), GOOD.to_owned()),
        ("Content-Length : 0\r\n".to_owned(), GOOD.to_owned()),
        ("Transfer-Encoding: chunked, identity\r\n".to_owned(), format!("0\r\n\r\n{GOOD}")),
        ("Transfer-Encoding: xchunked\r\n".to_owned(), format!("0\r\n\r\n{GOOD}")),
        ("Transfer-Encoding:\x0bchunked\r\n".to_owned(), format!("0\r\n\r\n{GOOD}")),
        ("X: y\r\n Content-Length: 60\r\n".to_owned(), GOOD.to_owned()),
    ] {
        let answer = send(format!("{post}{headers}\r\n{body}").as_bytes());
        assert!(!answer.contains("<clientConfig"), "{headers:?}: {answer}");
        assert!(statuses(&answer).len() <= 1, "{headers:?}: {answer}");
    }
}

/// A line feed without a carriage return ends a line everywhere or is rejected (RFC 9112 2.2).
#[test]
fn accepts_or_rejects_bare_line_feeds_consistently() {
    let answer = send(GOOD.replace("\r\n", "\n").as_bytes());
    assert!(["200", "400"].contains(&statuses(&answer)[0]), "{answer}");
    for request in [
        // A length that a stricter proxy has not seen.
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nX: y\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n",
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nTransfer-Encoding: chunked\r\n\r\n0\n\n",
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nX: y\rContent-Length: 60\r\n\r\n",
    ] {
        let answer = send(format!("{request}{GOOD}").as_bytes());
        assert_eq!(statuses(&answer), ["400"], "{request:?}: {answer}");
    }
}

/// Two hosts are an error. An absolute target overrides the header. Tunnels are not supported.
#[test]
fn rejects_invalid_or_repeated_hosts() {
    let two = "GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\nHost: qwestoffice.net\r\n\r\n";
    assert_eq!(statuses(&send(two.as_bytes())), ["400"]);
    assert_eq!(statuses(&send(two.replace(" HTTP", "?emailaddress=jane@q.com HTTP").as_bytes())), ["400"]);
    for host in [
        "q.com, qwestoffice.net",
        "q.com qwestoffice.net",
        "q.com/",
        "q.com\u{7f}",
        "jane@q.com",
        "q.com#",
        "[q.com]",
    ] {
        let request = format!("GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let answer = send(request.as_bytes());
        assert!(["400", "404"].contains(&statuses(&answer)[0]), "{host}: {answer}");
    }
    let absolute = "GET http://q.com/mail/config-v1.1.xml HTTP/1.1\r\nHost: unknown.example\r\n\r\n";
    assert_eq!(statuses(&send(absolute.as_bytes())), ["200"]);
    for tunnel in [
        "CONNECT q.com:443 HTTP/1.1\r\nHost: q.com\r\n\r\n",
        "CONNECT /mail/config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\n\r\n",
    ] {
        let answer = send(format!("{tunnel}{GOOD}").as_bytes());
        assert!(statuses(&answer)[0].starts_with('4'), "{answer}");
        assert!(!answer.contains("<clientConfig") || statuses(&answer).len() == 2, "{answer}");
    }
    let star = "OPTIONS * HTTP/1.1\r\nHost: q.com\r\n\r\n";
    assert!(statuses(&send(star.as_bytes()))[0].starts_with('4'));
}

/// CVE-2023-44487: a client that resets its requests at once loses its connection, and other clients are served.
#[test]
fn closes_an_http2_connection_with_rapid_resets() {
    let mut stream = SHIPPED.connect();
    http2::begin(&mut stream);
    let fields = http2::fields("q.com", "/mail/config-v1.1.xml", &[]);
    // The frames are read in a thread, because they are lost when the connection is closed.
    let mut reader = stream.try_clone().unwrap();
    let frames_read = std::thread::spawn(move || {
        let mut frames_read = Vec::new();
        let _ = reader.read_to_end(&mut frames_read);
        frames_read
    });
    for number in 0..20_000 {
        let id = number * 2 + 1;
        // RST_STREAM: CANCEL.
        let (headers, reset) =
            (http2::frame_of(1, 0x5, id, &fields), http2::frame_of(3, 0, id, &8_u32.to_be_bytes()));
        if stream.write_all(&[headers, reset].concat()).is_err() {
            break;
        }
        if number % 100 == 0 {
            assert_eq!(SHIPPED.get("q.com", "/mail/config-v1.1.xml").status, 200);
        }
    }
    let frames_read = frames_read.join().unwrap();
    // GOAWAY: ENHANCE_YOUR_CALM.
    let mut frames = &frames_read[..];
    let mut reasons = Vec::new();
    while let Some((head, rest)) = frames.split_at_checked(9) {
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let Some((payload, rest)) = rest.split_at_checked(length) else { break };
        if head[3] == 7 {
            reasons.push(payload[7]);
        }
        frames = rest;
    }
    assert!(reasons.contains(&11), "{reasons:?}");
    assert_eq!(SHIPPED.get("q.com", "/mail/config-v1.1.xml").status, 200);
}
