//! The request log: one line a request, at debug, with nothing that a person would call theirs; and lines
//! that are written once a minute at most, whatever clients do.
//!
//! Neither the address nor the query nor the raw path (the JSON form has an address in it) is ever
//! given to the log; the route's pattern and the domain are.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::extractors as asked;
use crate::address::Domain;

/// Who asked.
#[derive(Debug, Clone, Copy)]
pub struct Client(pub IpAddr);

/// The domain that a response is about.
#[derive(Debug, Clone)]
struct About(Domain);

/// Whether request lines are wanted. Asked before anything is done for them.
pub fn is_enabled() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

/// Notes the domain that a response is about, if anybody wants to know.
pub fn about(mut response: Response, domain: &Domain) -> Response {
    if is_enabled() {
        response.extensions_mut().insert(About(domain.clone()));
    }
    response
}

/// Has a line written for each request that the router answers.
pub fn requests(router: Router) -> Router {
    let lines = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let route = request.extensions().get::<MatchedPath>();
            let client = request.extensions().get::<Client>();
            let host = asked::served_name(request.uri(), request.headers());
            tracing::debug_span!(
                "request",
                host = host.as_ref().map_or("-", Domain::as_str),
                route = route.map_or("-", MatchedPath::as_str),
                method = known(request.method()),
                client = client.map(|Client(address)| tracing::field::display(address)),
            )
        })
        .on_request(())
        .on_response(|response: &Response, latency: Duration, _: &Span| {
            let about = response.extensions().get::<About>();
            tracing::debug!(
                domain = about.map_or("-", |about| about.0.as_str()),
                status = response.status().as_u16(),
                microseconds = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
                "answered"
            );
        })
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    router.layer(lines)
}

/// A method's name; a client can send anything for one.
fn known(method: &axum::http::Method) -> &str {
    match method.as_str() {
        name @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" | "TRACE" | "CONNECT") => {
            name
        }
        _ => "-",
    }
}
