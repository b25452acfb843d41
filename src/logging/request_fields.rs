//! The only place that decides which fields of a request are logged.
//!
//! Logged: the host if it is a host name or an IP address, the domain, the pattern of the route, the method, the address
//! and the kind of the client, the status and the duration. Never logged: an e-mail address, a query string, the path as
//! sent (it may contain an address), a header, a body, a password. `subscriber` restricts libraries to warnings, since
//! their debug lines would contain such data.

use std::net::IpAddr;
use std::time::Duration;

use tracing::{Level, Span};

/// The target of the access log of `--log-requests`. `subscriber` disables it without that option.
pub const ACCESS_LOG: &str = "waypost::access";

/// Whether one line per request is logged. Check it before preparing fields.
pub fn is_enabled() -> bool {
    tracing::enabled!(target: ACCESS_LOG, Level::INFO) || tracing::enabled!(Level::DEBUG)
}

/// What is logged of a request. `-` stands for an unknown value.
#[derive(Debug)]
pub struct RequestFields<'a> {
    /// The requested host: a host name or an IP address, without port.
    pub host: Option<&'a str>,
    /// The domain that was found, or the requested one if it is not served.
    pub domain: Option<&'a str>,
    /// The pattern of the route, such as `/v1.1/{domain}`.
    pub route: Option<&'static str>,
    pub method: &'a str,
    pub client: IpAddr,
    /// The client's label in the metrics.
    pub family: &'static str,
    pub status: u16,
    pub latency: Duration,
}

impl RequestFields<'_> {
    /// Writes the line: at info with `--log-requests`, else at debug.
    pub fn log(&self, outcome: &'static str) {
        macro_rules! line {
            ($($level:tt)*) => {
                tracing::event!(
                    $($level)*,
                    host = self.host.unwrap_or("-"),
                    domain = self.domain.unwrap_or("-"),
                    route = self.route.unwrap_or("-"),
                    method = registered_method(self.method),
                    client = %self.client,
                    family = self.family,
                    status = self.status,
                    microseconds = microseconds(self.latency),
                    "{outcome}"
                )
            };
        }
        if tracing::enabled!(target: ACCESS_LOG, Level::INFO) {
            line!(target: ACCESS_LOG, Level::INFO);
        } else {
            line!(Level::DEBUG);
        }
    }
}

/// The span of a request of the admin listener. `route` is the pattern of a known route.
pub fn admin_span(route: Option<&str>, method: &str) -> Span {
    tracing::debug_span!("admin", route = route.unwrap_or("-"), method = registered_method(method))
}

/// Writes the line of a request of the admin listener, within its span.
pub fn log_admin_response(status: u16, latency: Duration) {
    tracing::debug!(status, microseconds = microseconds(latency), "admin request answered");
}

fn microseconds(latency: Duration) -> u64 {
    u64::try_from(latency.as_micros()).unwrap_or(u64::MAX)
}

/// A client may send any text as the method; only registered methods are logged.
fn registered_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT" => method,
        _ => "-",
    }
}
