//! What is no request at all.

use std::io::{Read, Write};

use crate::common::{SHIPPED, request};

/// Sends bytes, closes the sending side, and returns all that comes back.
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
fn answers_nonsense_with_400_or_silence_and_goes_on() {
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
fn a_body_that_ends_early_hurts_nobody() {
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

/// A body where none belongs is passed over.
#[test]
fn takes_no_notice_of_a_body_on_get() {
    let request = request("GET", "q.com", "/mail/config-v1.1.xml", &[], b"<x/>");
    assert_eq!(SHIPPED.send(&request).status, 200);
}
