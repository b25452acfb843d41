//! The door: what is dropped or put right before the route table sees a request.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use axum::http::{HeaderMap, HeaderName, Request, Response, Uri};
use futures_util::FutureExt;
use tower::Service;

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

pub(super) const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(super) const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
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
                headers.remove(claim);
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
            Err(panic) => error::after_panic(&*panic),
        })
    }

    /// Who asks: the last address that no trusted proxy has.
    fn client(&self, headers: &HeaderMap) -> Client {
        if !self.trusted {
            return Client(self.peer);
        }
        let is_proxy =
            |address: &IpAddr| self.trusted_proxies.iter().any(|network| network.contains(*address));
        let forwarded: Vec<IpAddr> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|address| address.trim().parse().ok())
            .collect();
        Client(forwarded.into_iter().rev().find(|address| !is_proxy(address)).unwrap_or(self.peer))
    }
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
