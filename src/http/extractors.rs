//! Extractors: the address in the query, the host, the scheme, the languages.

use std::cell::OnceCell;
use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{ACCEPT_LANGUAGE, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Uri};

use super::error::{Error, MAX_ADDRESSES};
use super::forwarded::{FORWARDED_HOST, FORWARDED_PROTO};
use super::query;
use super::state::Snapshot;
use crate::address::{Domain, EmailAddress, SERVICE_LABELS};
use crate::directory::ProfileMatch;
use crate::documents::accept_language::Languages;

/// The address and host of a request for autoconfig. Neither is required. An invalid address counts as missing
/// (reference/autoconfig 5, item 9).
#[derive(Debug)]
pub struct AutoconfigRequest {
    address: Option<EmailAddress>,
    /// `servers=all`: the document with all servers is requested.
    pub has_all_servers: bool,
    request: Parts,
    /// Read only when it is needed: most addresses decide alone.
    host: OnceCell<Option<Domain>>,
}

/// The addresses and languages of a request for a configuration profile.
#[derive(Debug)]
pub struct MobileConfigRequest {
    /// Each once, in the order of the query. Without addresses the device asks for one.
    pub addresses: Vec<EmailAddress>,
    pub languages: Languages,
}

/// The host of a request, as a domain: without port, trailing dot and service label.
#[derive(Debug)]
pub struct Host(pub Option<Domain>);

/// The host of a request for a page.
#[derive(Debug)]
pub struct PageHost {
    /// As [`Host`].
    pub name: Option<Domain>,
    /// The host is an IP address or `localhost`: a browser on the server's own network, before the DNS has a name for it. The
    /// peer does not matter; behind a proxy, every peer is the proxy.
    pub is_unnamed: bool,
}

/// The scheme and host of a request at the outermost proxy.
#[derive(Debug)]
pub struct Origin {
    /// The whole host name, with its service label.
    pub name: Option<Domain>,
    /// The port, if the host has one.
    pub port: Option<u16>,
    pub scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
    /// A direct connection, or a proxy that does not report the scheme.
    Unknown,
}

impl AutoconfigRequest {
    pub fn domain(&self) -> Option<&Domain> {
        self.address.as_ref().map(EmailAddress::domain)
    }

    pub fn host(&self) -> Option<&Domain> {
        self.host.get_or_init(|| served_name(&self.request.uri, &self.request.headers)).as_ref()
    }
}

impl<S: Sync> FromRequest<S> for AutoconfigRequest {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (request, _) = request.into_parts();
        let query = request.uri.query().unwrap_or_default();
        let [address, servers] = query::parameters(query, ["emailaddress", "servers"]);
        let address = address.and_then(query::address);
        let has_all_servers = servers.is_some_and(|value| value.eq_ignore_ascii_case("all"));
        Ok(Self { address, has_all_servers, request, host: OnceCell::new() })
    }
}

impl<S: Sync> FromRequestParts<S> for MobileConfigRequest {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let pairs = query::pairs(parts.uri.query().unwrap_or_default());
        let is_address = |name: &str| ["emailaddress", "email"].iter().any(|n| name.eq_ignore_ascii_case(n));
        let (mut addresses, mut known) = (Vec::new(), Vec::new());
        // An empty form has an empty value.
        for (_, value) in pairs.filter(|(name, value)| is_address(name) && !value.is_empty()) {
            let address = query::address(value).ok_or(Error::InvalidAddress)?;
            let folded = address.folded();
            if known.contains(&folded) {
                continue;
            }
            if addresses.len() == MAX_ADDRESSES {
                return Err(Error::TooManyAddresses);
            }
            known.push(folded);
            addresses.push(address);
        }
        let accepted = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(Self { addresses, languages: Languages::from_header(accepted.unwrap_or_default()) })
    }
}

impl<S: Sync> FromRequestParts<S> for Host {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(served_name(&parts.uri, &parts.headers)))
    }
}

impl PageHost {
    /// The profile that the host belongs to.
    pub fn find<'a>(&'a self, served: &'a Snapshot) -> Option<ProfileMatch<'a>> {
        served.directory.find(None, || self.name.as_ref())
    }
}

impl<S: Sync> FromRequestParts<S> for PageHost {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let host = host(&parts.uri, &parts.headers).map(without_port);
        Ok(Self {
            name: served_name(&parts.uri, &parts.headers),
            is_unnamed: host.is_some_and(|host| ip_literal(host).is_some() || is_localhost(host)),
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let scheme = match header(&parts.headers, &FORWARDED_PROTO) {
            Some(proto) if proto.eq_ignore_ascii_case("https") => Scheme::Https,
            Some(proto) if proto.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => Scheme::Unknown,
        };
        let host = host(&parts.uri, &parts.headers);
        let name = host.and_then(|host| without_port(host).parse().ok());
        let port =
            host.and_then(|host| host.strip_prefix(without_port(host))?.strip_prefix(':')?.parse().ok());
        Ok(Self { name, port, scheme })
    }
}

/// The host as a domain, without port, trailing dot and one service label.
pub(super) fn served_name(uri: &Uri, headers: &HeaderMap) -> Option<Domain> {
    without_service_label(without_port(host(uri, headers)?)).parse().ok()
}

/// The host name or IP address that was requested, without port, for the log.
pub(super) fn requested_host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let name = without_port(host(uri, headers)?);
    let domain = name.parse().ok().map(|domain: Domain| domain.to_string());
    domain.or_else(|| ip_literal(name).map(|address| address.to_string()))
}

/// RFC 6761 6.3, without the names below it.
fn is_localhost(name: &str) -> bool {
    name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost")
}

/// The host as an IP address; IPv6 is in brackets (RFC 3986 3.2.2).
fn ip_literal(name: &str) -> Option<IpAddr> {
    let in_brackets = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match in_brackets {
        Some(name) => name.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

/// The host from a trusted proxy, else from HTTP/2's `:authority` or an absolute request target (RFC 9112 3.2.2), else
/// from the `Host` header.
fn host<'p>(uri: &'p Uri, headers: &'p HeaderMap) -> Option<&'p str> {
    header(headers, &FORWARDED_HOST)
        .or_else(|| uri.authority().map(axum::http::uri::Authority::as_str))
        .or_else(|| {
            let mut hosts = headers.get_all(HOST).iter();
            // Two are invalid (RFC 9112 3.2).
            hosts.next().filter(|_| hosts.next().is_none())?.to_str().ok()
        })
}

/// The first value: each proxy appends its own.
fn header<'p>(headers: &'p HeaderMap, name: &HeaderName) -> Option<&'p str> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.split(',').next().unwrap_or(value).trim()).filter(|value| !value.is_empty())
}

fn without_port(host: &str) -> &str {
    // An IPv6 literal keeps its colons. It is not a domain either way.
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Removes one service label, unless only a top-level domain would be left.
pub(super) fn without_service_label(host: &str) -> &str {
    let stripped = SERVICE_LABELS.iter().find_map(|label| {
        let (start, rest) = host.split_at_checked(label.len())?;
        let rest = rest.strip_prefix('.')?;
        (start.eq_ignore_ascii_case(label) && rest.trim_end_matches('.').contains('.')).then_some(rest)
    });
    stripped.unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn name(host: &str) -> Option<String> {
        let request = Request::builder().header(HOST, host).body(()).unwrap();
        served_name(request.uri(), request.headers()).map(|domain| domain.to_string())
    }

    #[test]
    fn reads_the_domain_from_the_host() {
        for host in [
            "q.com",
            "Q.COM",
            "q.com.",
            "q.com:8080",
            "autoconfig.q.com",
            "AutoConfig.Q.com:443",
            "autodiscover.q.com.",
            "autodiscover.q.com.:80",
            "ua-auto-config.q.com",
        ] {
            assert_eq!(name(host).as_deref(), Some("q.com"), "{host}");
        }
    }

    #[test]
    fn strips_one_label_and_no_domain() {
        assert_eq!(name("autoconfig.autoconfig.q.com").as_deref(), Some("autoconfig.q.com"));
        assert_eq!(name("autoconfig.com").as_deref(), Some("autoconfig.com"));
        assert_eq!(name("www.q.com").as_deref(), Some("www.q.com"));
    }

    #[tokio::test]
    async fn recognizes_ip_addresses_and_localhost() {
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.0.0.1:8080", true),
            ("192.0.2.7", true),
            ("[::1]", true),
            ("[2001:db8::7]:8080", true),
            ("localhost", true),
            ("LocalHost.:8080", true),
            ("::1", false),
            ("[127.0.0.1]", false),
            ("127.0.0.1.example.com", false),
            ("localhost.example.com", false),
            ("q.com", false),
            ("", false),
        ] {
            let (mut parts, ()) = Request::builder().header(HOST, host).body(()).unwrap().into_parts();
            let Ok(found) = PageHost::from_request_parts(&mut parts, &()).await;
            assert_eq!(found.is_unnamed, expected, "{host}");
        }
    }

    #[test]
    fn finds_no_domain_in_an_ip_address() {
        assert_eq!(name("127.0.0.1:8080"), None);
        assert_eq!(name("[::1]:8080"), None);
        assert_eq!(name("q.com:http"), None);
        assert_eq!(name(""), None);
    }
}
