//! The only place that decides which fields of a request are logged.
//!
//! Logged: the host if it is a served name, the pattern of the route, the method, the address of the client, the domain,
//! the status and the duration. Never logged: an e-mail address, a query string, the path as sent (it may contain an
//! address), a header, a body, a password. `subscriber` restricts libraries to warnings, since their debug lines would
//! contain such data.

use std::fmt::Display;
use std::time::Duration;

use tracing::Span;

/// Whether one line per request is logged. Check it before preparing fields.
pub fn is_enabled() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

/// What is logged when a request arrives. `-` stands for an unknown value.
#[derive(Debug)]
pub struct RequestFields<'a, C> {
    /// A syntactically valid host name, without port.
    pub host: Option<&'a str>,
    /// The pattern of the route, such as `/v1.1/{domain}`.
    pub route: Option<&'a str>,
    pub method: &'a str,
    pub client: Option<C>,
}

impl<C: Display> RequestFields<'_, C> {
    pub fn span(self) -> Span {
        tracing::debug_span!(
            "request",
            host = self.host.unwrap_or("-"),
            route = self.route.unwrap_or("-"),
            method = registered_method(self.method),
            client = self.client.map(tracing::field::display),
        )
    }
}

/// Logs the answer to a request, within the span of that request.
pub fn log_answer(domain: Option<&str>, status: u16, latency: Duration) {
    tracing::debug!(
        domain = domain.unwrap_or("-"),
        status,
        microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
}

/// A client may send any text as the method; only registered methods are logged.
fn registered_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT" => method,
        _ => "-",
    }
}
