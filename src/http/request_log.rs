//! The layer that logs requests. `logging::request_fields` decides which fields are logged.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::extractors::served_name;
use super::forwarded::ClientAddress;
use super::responses::AnsweredDomain;
use crate::address::Domain;
use crate::logging::request_fields::{RequestFields, log_answer};

/// Logs a line for each request that the router answers.
pub fn layer(router: Router) -> Router {
    let layer = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let host = served_name(request.uri(), request.headers());
            let client = request.extensions().get::<ClientAddress>();
            RequestFields {
                host: host.as_ref().map(Domain::as_str),
                route: request.extensions().get::<MatchedPath>().map(MatchedPath::as_str),
                method: request.method().as_str(),
                client: client.map(|client| client.0),
            }
            .span()
        })
        .on_request(())
        .on_response(|response: &Response, latency: Duration, _: &Span| {
            let domain = response.extensions().get::<AnsweredDomain>();
            log_answer(domain.map(|domain| domain.0.as_str()), response.status().as_u16(), latency);
        })
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    router.layer(layer)
}
