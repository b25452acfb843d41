//! What is for the operator, on a listener of its own: measurements in Prometheus' text format.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::spawn_blocking;

use super::error::Error;
use super::handlers;
use super::signatures::Signatures;

/// What is measured.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub signatures: Option<Arc<Signatures>>,
}

/// Prometheus' text format, version 0.0.4.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

pub fn router(measured: Measured) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .fallback(handlers::not_found)
        .with_state(measured)
}

async fn metrics(State(measured): State<Measured>) -> Result<Response, Error> {
    // It looks at files.
    let text = spawn_blocking(move || text(&measured)).await.map_err(|_| Error::Failed)?;
    Ok(([(CONTENT_TYPE, PROMETHEUS)], text).into_response())
}

fn text(measured: &Measured) -> String {
    let mut text = String::new();
    gauge(
        &mut text,
        "waypost_build_info",
        "Which version runs.",
        &format!("{{version=\"{}\"}} 1", env!("CARGO_PKG_VERSION")),
    );
    let end = measured.signatures.as_ref().and_then(|signatures| signatures.not_after());
    if let Some(seconds) = end.and_then(|end| end.duration_since(UNIX_EPOCH).ok()) {
        gauge(
            &mut text,
            "waypost_signing_certificate_expiry_timestamp_seconds",
            "When the certificate that signs Apple's configuration profiles expires.",
            &format!(" {}", seconds.as_secs()),
        );
    }
    text
}

fn gauge(text: &mut String, name: &str, help: &str, sample: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name}{sample}");
}
