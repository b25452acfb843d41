//! Logs each request of the admin listener at debug, so that operators can investigate an incident.

use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::logging::request_fields;

/// Logs every request. `logging::request_fields` decides which fields are logged.
pub fn layer(router: Router) -> Router {
    let layer = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
            request_fields::admin_span(route, request.method().as_str())
        })
        .on_request(())
        .on_response(|response: &Response, latency: Duration, _: &Span| {
            request_fields::log_admin_response(response.status().as_u16(), latency);
        })
        .on_body_chunk(())
        .on_eos(())
        .on_failure(());
    router.layer(layer)
}
