//! The door: what is dropped or put right before the route table sees a request.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use axum::http::{HeaderMap, HeaderName, Request, Response, Uri};
use futures_util::FutureExt;
use tower::Service;

use super::asked::{FORWARDED_HOST, FORWARDED_PROTO};
use super::error;
use super::log::{self, Client};
use crate::config::Network;

/// The route table, for one connection.
#[derive(Debug, Clone)]
pub struct Door {
    router: Router,
    peer: IpAddr,
    trusted: bool,
    trusted_proxies: Arc<[Network]>,
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

impl Door {
    pub(super) fn new(router: Router, peer: IpAddr, trusted_proxies: Arc<[Network]>) -> Self {
        // A socket that takes both IP versions shows IPv4 addresses as IPv6 ones.
        let peer = peer.to_canonical();
        let trusted = trusted_proxies.iter().any(|network| network.contains(peer));
        Self { router, peer, trusted, trusted_proxies }
    }

    /// Answers one request.
    pub fn answer(&self, mut request: Request<Body>) -> impl Future<Output = Response<Body>> + Send + use<> {
        let client = log::is_enabled().then(|| self.client(request.headers()));
        let headers = request.headers_mut();
        // Not ours to keep: never compared, never logged (DESIGN, decision 6).
        for credential in [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE] {
            headers.remove(credential);
        }
        if !self.trusted {
            for claim in [FORWARDED_HOST, FORWARDED_PROTO, FORWARDED_FOR] {
                if headers.remove(claim).is_some() {
                    self.warn_of_stranger();
                }
            }
        }
        if let Some(uri) = in_lower_case(request.uri()) {
            *request.uri_mut() = uri;
        }
        if let Some(client) = client {
            request.extensions_mut().insert(client);
        }
        let answer = self.router.clone().call(request);
        // No state is shared that a panic could leave half changed.
        AssertUnwindSafe(answer).catch_unwind().map(|answer| match answer {
            Ok(Ok(response)) => response,
            Err(_) => error::after_panic(),
        })
    }

    /// A proxy that nobody told us of would have every client answered by the wrong host and
    /// scheme. Said once: strangers can send what they like as often as they like.
    fn warn_of_stranger(&self) {
        static SAID: AtomicBool = AtomicBool::new(false);

        if !SAID.swap(true, Relaxed) {
            tracing::warn!(
                peer = %self.peer,
                "X-Forwarded headers from a peer that is not in trusted_proxies are ignored; if it is your \
                 proxy, add its address"
            );
        }
    }

    /// Who asks: the last address that no trusted proxy has. What stands before something that is
    /// no address was not added by a proxy of ours.
    fn client(&self, headers: &HeaderMap) -> Client {
        if !self.trusted {
            return Client(self.peer);
        }
        let is_proxy =
            |address: &IpAddr| self.trusted_proxies.iter().any(|network| network.contains(*address));
        let values: Vec<_> = headers.get_all(FORWARDED_FOR).iter().filter_map(|v| v.to_str().ok()).collect();
        let from_the_last = values.iter().rev().flat_map(|value| value.rsplit(','));
        let mut client = self.peer;
        for address in from_the_last.map_while(forwarded_address) {
            client = address;
            if !is_proxy(&address) {
                break;
            }
        }
        Client(client)
    }
}

/// An address of `X-Forwarded-For`; some proxies add the port.
fn forwarded_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Clients write Autodiscover's path in any letter case (reference/autodiscover 1.0). The two
/// segments that name it are made small; what follows, an address, stays as it is.
fn in_lower_case(uri: &Uri) -> Option<Uri> {
    const FOLDER: &str = "/autodiscover/";

    let path = uri.path();
    if !path.get(..FOLDER.len())?.eq_ignore_ascii_case(FOLDER) {
        return None;
    }
    let file = &path[FOLDER.len()..];
    let end = FOLDER.len() + file.find('/').unwrap_or(file.len());
    if !path[..end].bytes().any(|b| b.is_ascii_uppercase()) {
        return None;
    }
    let path_and_query = uri.path_and_query()?.as_str();
    let lowered = path_and_query[..end].to_ascii_lowercase() + &path_and_query[end..];
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = lowered.parse().ok();
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody behind the door could tell otherwise, so this looks behind it.
    #[tokio::test]
    async fn drops_credentials_and_what_strangers_claim() {
        let names = |headers: HeaderMap| async move {
            let names: std::collections::BTreeSet<_> = headers.keys().map(HeaderName::as_str).collect();
            names.into_iter().map(|name| name.to_owned() + " ").collect::<String>()
        };
        let router = Router::new().fallback(names);
        let networks: Arc<[Network]> = Arc::new(["192.0.2.1".parse().unwrap()]);
        for (peer, kept) in [
            ("192.0.2.1", "accept x-forwarded-for x-forwarded-host x-forwarded-proto "),
            ("::ffff:192.0.2.1", "accept x-forwarded-for x-forwarded-host x-forwarded-proto "),
            ("192.0.2.2", "accept "),
        ] {
            let mut request = Request::new(Body::empty());
            for name in ["accept", "authorization", "cookie", "proxy-authorization"] {
                request.headers_mut().insert(name, "secret".parse().unwrap());
            }
            for name in [FORWARDED_HOST, FORWARDED_PROTO, FORWARDED_FOR] {
                request.headers_mut().insert(name, "q.com".parse().unwrap());
            }
            let door = Door::new(router.clone(), peer.parse().unwrap(), Arc::clone(&networks));
            let body = door.answer(request).await.into_body();
            let body = axum::body::to_bytes(body, 1000).await.unwrap();
            assert_eq!(body, kept, "{peer}");
        }
    }

    #[test]
    fn finds_the_client_behind_trusted_proxies() {
        let networks: Arc<[Network]> = Arc::new(["127.0.0.0/8".parse().unwrap()]);
        let door = Door::new(Router::new(), [127, 0, 0, 1].into(), networks);
        for (forwarded, client) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7, 127.0.0.9", "192.0.2.7"),
            ("6.6.6.6, 192.0.2.7:4433", "192.0.2.7"),
            ("6.6.6.6, unknown", "127.0.0.1"),
            ("6.6.6.6, nonsense, 192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[2001:db8::1]:99", "2001:db8::1"),
            ("", "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FORWARDED_FOR, forwarded.parse().unwrap());
            assert_eq!(door.client(&headers).0.to_string(), client, "{forwarded}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_500_and_nothing_more() {
        let panicking = || async { assert!(std::hint::black_box(false), "as a test") };
        let router = Router::new().fallback(panicking);
        let door = Door::new(router, [127, 0, 0, 1].into(), Arc::new([]));
        let response = door.answer(Request::new(Body::empty())).await;
        assert_eq!(response.status(), 500);
    }

    #[test]
    fn lowers_the_two_segments_that_name_autodiscover_and_no_more() {
        let lowered = |text: &str| in_lower_case(&text.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(
            lowered("/AutoDiscover/AutoDiscover.xml").as_deref(),
            Some("/autodiscover/autodiscover.xml")
        );
        assert_eq!(
            lowered("/Autodiscover/autodiscover.JSON/v1.0/Jane@Q.com?Protocol=X").as_deref(),
            Some("/autodiscover/autodiscover.json/v1.0/Jane@Q.com?Protocol=X")
        );
        assert_eq!(
            lowered("http://q.com/AUTODISCOVER/AUTODISCOVER.XML").as_deref(),
            Some("http://q.com/autodiscover/autodiscover.xml")
        );
        assert_eq!(lowered("/autodiscover/autodiscover.xml"), None);
        assert_eq!(lowered("/Mail/config-v1.1.xml"), None);
        assert_eq!(lowered("/"), None);
    }
}
