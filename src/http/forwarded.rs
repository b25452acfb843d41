//! Trusted proxies: which address a request comes from.
//!
//! Only peers in `trusted_proxies` may set `X-Forwarded-*`; `middleware` removes these headers from all others.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// The headers that only a trusted proxy may set.
pub const FORWARDED_HEADERS: [HeaderName; 3] = [FORWARDED_HOST, FORWARDED_PROTO, FORWARDED_FOR];

/// The client that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// A trusted proxy that names no client.
    pub is_proxy: bool,
}

/// The client behind a trusted proxy: the last address in `X-Forwarded-For` that is not a trusted proxy. An element that
/// is not an address was not added by a trusted proxy, and ends the search.
pub fn client_behind(proxy: Client, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Client {
    let mut client = proxy;
    let values = headers.get_all(FORWARDED_FOR).iter().rev().map(HeaderValue::as_bytes);
    for element in values.flat_map(|value| value.rsplit(|byte| *byte == b',')) {
        let Some(address) = forwarded_address(element) else {
            // The address of the client is unknown.
            client.is_proxy = false;
            break;
        };
        client = Client { address, is_proxy: is_trusted(address) };
        if !client.is_proxy {
            break;
        }
    }
    client
}

/// An address of `X-Forwarded-For`; some proxies add the port, brackets, or the zone.
fn forwarded_address(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim();
    let socket = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let bare = || {
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        text.split('%').next()?.parse::<IpAddr>().ok()
    };
    socket().or_else(bare).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_client_behind_trusted_proxies() {
        let is_trusted = |address: IpAddr| address.is_loopback();
        let itself = Client { address: [127, 0, 0, 1].into(), is_proxy: true };
        for (forwarded, client, is_proxy) in [
            (&b"192.0.2.7"[..], "192.0.2.7", false),
            (b"192.0.2.7, 127.0.0.9", "192.0.2.7", false),
            (b"6.6.6.6, 192.0.2.7:4433", "192.0.2.7", false),
            (b"6.6.6.6, nonsense, 192.0.2.7", "192.0.2.7", false),
            // The proxy appends to the line that the client sent.
            (b"\xff, 192.0.2.7", "192.0.2.7", false),
            (b"::ffff:192.0.2.7", "192.0.2.7", false),
            (b"[2001:db8::1]:99", "2001:db8::1", false),
            (b"[2001:db8::1]", "2001:db8::1", false),
            (b"fe80::1%eth0", "fe80::1", false),
            (b"127.0.0.9", "127.0.0.9", true),
            // The client is unknown, and has no exemption.
            (b"6.6.6.6, unknown", "127.0.0.1", false),
            (b"192.0.2.7,", "127.0.0.1", false),
            (b"", "127.0.0.1", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, HeaderValue::from_bytes(forwarded).unwrap());
            let found = client_behind(itself, &headers, is_trusted);
            let expected = Client { address: client.parse().unwrap(), is_proxy };
            assert_eq!(found, expected, "{}", forwarded.escape_ascii());
        }
        assert_eq!(client_behind(itself, &HeaderMap::new(), is_trusted), itself);
    }
}
