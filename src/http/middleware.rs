//! What happens to a request before the router sees it: header stripping, rate limit, paths in one spelling, panic guard.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use tower::Service;

use super::app::App;
use super::error::Error;
use super::forwarded::{Client, FORWARDED_HEADERS, FORWARDED_PROTO, client_behind};
use super::request_log::LoggedRequest;
use super::router;
use super::served_config::ServedConfig;
use crate::config::{Limits, Rate};
use crate::logging::{LogRateLimit, request_fields};
use crate::metrics::labels::{Family, Outcome};

/// Answers the requests of one connection.
#[derive(Debug, Clone)]
pub struct RequestService {
    app: App,
    peer: IpAddr,
    is_https: bool,
}

/// What the middleware needs from the headers, collected in one pass.
#[derive(Default)]
struct HeaderSummary<'h> {
    hosts: usize,
    has_credentials: bool,
    /// `X-Forwarded-*`
    has_forwarded: bool,
    user_agent: Option<&'h HeaderValue>,
}

const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, PROXY_AUTHORIZATION, COOKIE];
const HTTPS: HeaderValue = HeaderValue::from_static("https");

/// For the log line about clients over the rate limit.
static LIMITED: LogRateLimit = LogRateLimit::new();

impl RequestService {
    /// `peer` is the address of the connection.
    pub fn new(app: &App, peer: IpAddr) -> Self {
        // A socket that takes both IP versions shows IPv4 addresses as IPv6 ones.
        Self { app: app.clone(), peer: peer.to_canonical(), is_https: false }
    }

    /// The same for a connection with TLS.
    #[must_use]
    pub fn https(self) -> Self {
        Self { is_https: true, ..self }
    }

    /// The present limits.
    pub(crate) fn limits(&self) -> Limits {
        self.app.limits()
    }

    /// Answers one request.
    pub fn answer(&self, mut request: Request<Body>) -> impl Future<Output = Response<Body>> + Send + use<> {
        let began = Instant::now();
        // A reload does not change the configuration of a request in progress.
        let current = self.app.current();
        let seen = HeaderSummary::of(request.headers());
        let family = Family::of(seen.user_agent);
        let is_trusted = current.trusts(self.peer);
        let rate = current.settings.limits.rate.filter(|_| self.app.admin.is_none());
        let is_logged = self.app.admin.is_none() && request_fields::is_enabled();
        let is_forwarded = is_trusted && seen.has_forwarded;
        let client = (is_logged || rate.is_some()).then(|| {
            let peer = Client { address: self.peer, is_proxy: is_trusted };
            let headers = request.headers();
            if is_forwarded { client_behind(peer, headers, |address| current.trusts(address)) } else { peer }
        });
        let limited = rate.zip(client).and_then(|(rate, client)| self.limit(&current, client, rate, began));
        let error = limited.map(Error::RateLimited).or((seen.hosts > 1).then_some(Error::SeveralHosts));
        let is_refused = self.app.admin.is_some() && !current.settings.admin.allows(self.peer);
        let error = error.or(is_refused.then_some(Error::NotAllowed));
        let (has_credentials, has_forwarded) = (seen.has_credentials, seen.has_forwarded);
        self.clean(request.headers_mut(), has_credentials, has_forwarded && !is_trusted);
        if self.app.admin.is_none()
            && let Some(uri) = in_one_spelling(request.uri())
        {
            *request.uri_mut() = uri;
        }
        let route = router::label(request.uri().path());
        let logged = client.filter(|_| is_logged);
        let logged = logged.map(|client| LoggedRequest::new(&request, client.address, family));
        let mut router = self.app.admin.as_ref().unwrap_or(&current.router).clone();
        let answer = match error {
            Some(error) => Err(error.into_response()),
            // No shared state can be left half changed by a panic.
            None => Ok(catch_unwind(AssertUnwindSafe(|| router.call(request)))
                .map(|answer| AssertUnwindSafe(answer).catch_unwind())),
        };
        let app = self.app.clone();
        async move {
            let response = match answer {
                Err(response) => response,
                Ok(answer) => {
                    let answer = match answer {
                        Ok(answer) => answer.await,
                        Err(panic) => Err(panic),
                    };
                    answer.map_or_else(|_| app.after_panic(), |Ok(response)| response)
                }
            };
            if app.admin.is_none() {
                let outcome = Outcome::of(&response);
                let latency = began.elapsed();
                app.shared.metrics.answered(route, outcome, family, latency);
                if let Some(request) = logged {
                    request.log(&response, outcome, latency);
                }
            }
            response
        }
    }

    /// Removes credentials and untrusted `X-Forwarded-*` headers, and sets the scheme of our own TLS listener.
    fn clean(&self, headers: &mut HeaderMap, has_credentials: bool, has_untrusted_headers: bool) {
        // Waypost never checks and never logs credentials (DESIGN, decision 6).
        if has_credentials {
            for credential in &CREDENTIALS {
                headers.remove(credential);
            }
        }
        if has_untrusted_headers {
            for header in &FORWARDED_HEADERS {
                headers.remove(header);
            }
            self.warn_of_untrusted_headers();
        }
        if self.is_https && !headers.contains_key(FORWARDED_PROTO) {
            headers.insert(FORWARDED_PROTO, HTTPS);
        }
    }

    /// How long a client over the rate limit has to wait.
    fn limit(&self, current: &ServedConfig, client: Client, rate: Rate, now: Instant) -> Option<Duration> {
        let Client { address: client, is_proxy } = client;
        if is_proxy || current.is_unlimited(client) {
            return None;
        }
        let wait = self.app.shared.rate_limiter.check(client, rate, now)?;
        if LIMITED.permits() {
            tracing::warn!(
                %client,
                "rate limit: the client exceeds requests_per_second and gets status 429; if it is your \
                 proxy, add it to trusted_proxies; to exempt it, add it to unlimited"
            );
        }
        Some(wait)
    }

    /// Behind a proxy that is missing in `trusted_proxies`, every client would get answers for the wrong host and
    /// scheme. Logged once, because clients can send these headers as often as they like.
    fn warn_of_untrusted_headers(&self) {
        static IS_LOGGED: AtomicBool = AtomicBool::new(false);

        if !IS_LOGGED.swap(true, Relaxed) {
            tracing::warn!(
                peer = %self.peer,
                "X-Forwarded headers are ignored, because the peer is not in trusted_proxies; if it is \
                 your proxy, add its address"
            );
        }
    }
}

impl<'h> HeaderSummary<'h> {
    fn of(headers: &'h HeaderMap) -> Self {
        let mut seen = Self::default();
        for (name, value) in headers {
            match name {
                name if *name == HOST => seen.hosts += 1,
                name if *name == USER_AGENT => seen.user_agent = seen.user_agent.or(Some(value)),
                name if CREDENTIALS.contains(name) => seen.has_credentials = true,
                name if FORWARDED_HEADERS.contains(name) => seen.has_forwarded = true,
                _ => {}
            }
        }
        seen
    }
}

/// The URI as the route table spells it, if it is spelled otherwise. A redirect would not do: few clients follow one.
fn in_one_spelling(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let single = without_surplus_slashes(path);
    let folded = single.as_deref().unwrap_or(path);
    let lowered = in_lower_case(folded);
    let spelled = lowered.or_else(|| single.filter(|path| router::label(path).is_of_mail_programs()))?;
    let path_and_query = match uri.query() {
        Some(query) => spelled + "?" + query,
        None => spelled,
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = path_and_query.parse().ok();
    Uri::from_parts(parts).ok()
}

/// The path with single slashes between its segments and none at its end. Operators and scripts enter base URLs with a
/// slash at the end, and clients append a path with a slash at its beginning.
fn without_surplus_slashes(path: &str) -> Option<String> {
    let is_surplus = path.len() > 1 && (path.ends_with('/') || path.contains("//"));
    is_surplus.then(|| {
        path.split('/')
            .filter(|segment| !segment.is_empty())
            .fold(String::new(), |path, segment| path + "/" + segment)
    })
}

/// Clients write Autodiscover's path in any letter case (reference/autodiscover 1.0). Its first two segments are converted
/// to lower case; the rest may contain an address and is kept.
fn in_lower_case(path: &str) -> Option<String> {
    const FOLDER: &str = "/autodiscover/";

    if !path.get(..FOLDER.len())?.eq_ignore_ascii_case(FOLDER) {
        return None;
    }
    let file = &path[FOLDER.len()..];
    let end = FOLDER.len() + file.find('/').unwrap_or(file.len());
    let has_upper_case = path[..end].bytes().any(|b| b.is_ascii_uppercase());
    has_upper_case.then(|| path[..end].to_ascii_lowercase() + &path[end..])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::Router;
    use axum::routing::get;

    use super::*;
    use crate::config::Config;
    use crate::metrics::labels::Route;

    /// A service with a router of the test's own and these trusted proxies.
    fn service(router: axum::Router, peer: &str, proxies: &[&str]) -> RequestService {
        let mut config = Config::load(Path::new("config/waypost.toml")).unwrap();
        config.settings.trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        let mut current = ServedConfig::new(config, None);
        current.router = router;
        let app = App::of(current);
        RequestService::new(&app, peer.parse().unwrap())
    }

    /// The router of the test returns the names of the headers that it receives.
    #[tokio::test]
    async fn removes_credentials_and_untrusted_headers() {
        let names = |headers: HeaderMap| async move {
            let names: std::collections::BTreeSet<_> = headers.keys().map(HeaderName::as_str).collect();
            names.into_iter().map(|name| name.to_owned() + " ").collect::<String>()
        };
        let router = Router::new().fallback(names);
        for (peer, kept) in [
            ("192.0.2.1", "accept x-forwarded-for x-forwarded-host x-forwarded-proto "),
            ("::ffff:192.0.2.1", "accept x-forwarded-for x-forwarded-host x-forwarded-proto "),
            ("192.0.2.2", "accept "),
        ] {
            let mut request = Request::new(Body::empty());
            for name in ["accept", "authorization", "cookie", "proxy-authorization"] {
                request.headers_mut().insert(name, "secret".parse().unwrap());
            }
            for name in FORWARDED_HEADERS {
                request.headers_mut().insert(name, "q.com".parse().unwrap());
            }
            let body = service(router.clone(), peer, &["192.0.2.1"]).answer(request).await.into_body();
            let body = axum::body::to_bytes(body, 1000).await.unwrap();
            assert_eq!(body, kept, "{peer}");
        }
    }

    #[tokio::test]
    async fn answers_500_after_a_panic_and_counts_it() {
        let panicking = || async { assert!(std::hint::black_box(false), "as a test") };
        let router = Router::new().route("/panic", get(panicking)).fallback(|| async { "well" });
        let service = service(router, "127.0.0.1", &[]);
        let ask = |path: &str| service.answer(Request::builder().uri(path).body(Body::empty()).unwrap());
        assert_eq!(ask("/panic").await.status(), 500);
        assert_eq!(ask("/").await.status(), 200);
        let metrics = &service.app.shared.metrics;
        assert_eq!(metrics.panics.get(), 1);
        let failed = metrics.requests().find(|(_, outcome, ..)| *outcome == Outcome::Failed);
        assert_eq!(failed, Some((Route::Other, Outcome::Failed, Family::None, 1)));
    }

    #[test]
    fn spells_the_paths_of_mail_programs_in_one_way() {
        let spelled = |text: &str| in_one_spelling(&text.parse().unwrap()).map(|uri| uri.to_string());
        for (uri, expected) in [
            ("/AutoDiscover/AutoDiscover.xml", "/autodiscover/autodiscover.xml"),
            ("http://q.com/AUTODISCOVER/AUTODISCOVER.XML", "http://q.com/autodiscover/autodiscover.xml"),
            // The address is kept as it is.
            (
                "/Autodiscover/autodiscover.JSON/v1.0/Jane@Q.com?Protocol=X",
                "/autodiscover/autodiscover.json/v1.0/Jane@Q.com?Protocol=X",
            ),
            ("//AutoDiscover//AutoDiscover.xml/?a=//b/", "/autodiscover/autodiscover.xml?a=//b/"),
            (
                "/autodiscover/autodiscover.json/v1.0/jane@q.com/?Protocol=AutodiscoverV1",
                "/autodiscover/autodiscover.json/v1.0/jane@q.com?Protocol=AutodiscoverV1",
            ),
            ("http://q.com//mail/config-v1.1.xml", "http://q.com/mail/config-v1.1.xml"),
            ("///mail///config-v1.1.xml///", "/mail/config-v1.1.xml"),
            ("//v1.1//q.com/", "/v1.1/q.com"),
            ("/.well-known//caldav/", "/.well-known/caldav"),
            ("/.well-known/mta-sts.txt/", "/.well-known/mta-sts.txt"),
        ] {
            assert_eq!(spelled(uri).as_deref(), Some(expected), "{uri}");
        }
        for unchanged in [
            "/autodiscover/autodiscover.xml",
            "/Mail/config-v1.1.xml",
            "/",
            // Browsers and operators request these paths; mail programs do not.
            "//",
            "/setup/",
            "//setup",
            "/assets//page.css",
            "//metrics",
            "/v1.1//",
            "/v1.1/q.com/more/",
            "/autodiscover/",
        ] {
            assert_eq!(spelled(unchanged), None, "{unchanged}");
        }
    }
}
