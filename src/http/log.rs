//! The request log: one line a request, at debug, with nothing that a person would call theirs.
//!
//! Neither the address nor the query nor the raw path (the JSON form has an address in it) is ever
//! given to the log; the route's pattern and the domain are.

use std::net::IpAddr;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

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

/// Writes the line.
pub async fn request(request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let client = request.extensions().get::<Client>().copied();
    let response = next.run(request).await;
    tracing::debug!(
        domain = response.extensions().get::<About>().map_or("-", |about| about.0.as_str()),
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        method = known(&method),
        status = response.status().as_u16(),
        microseconds = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX),
        client = client.map(|Client(address)| tracing::field::display(address)),
        "request"
    );
    response
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
