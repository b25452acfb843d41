//! The routes of the admin listener: health, readiness, status, metrics, and the names that may have a certificate.

use std::fmt::Write as _;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::task::spawn_blocking;

use super::certificate_expiry::{Expiry, expiries};
use super::sql;
use super::tls_allowed::tls_allowed;
use crate::certificates::expiry::days_left;
use crate::certificates::time::Time;
use crate::http::error::Error;
use crate::http::responses::{Answer, Kind};
use crate::http::{App, Attempt, handlers};
use crate::metrics::text;

pub fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/status", get(status))
        .route("/tls/allowed", get(tls_allowed))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .fallback(handlers::not_found)
        .with_state(app)
}

/// The process answers.
async fn health() -> Response {
    Answer::new(Kind::Text, "ok\n").into_response()
}

/// Whether requests should be sent here, with details for the operator. A server that has an older configuration is
/// ready even if the newest one is invalid. A server whose domains are in a database is ready when it has a list of them.
async fn readiness(State(app): State<App>) -> Response {
    let current = app.current();
    let is_stopping = app.shared.metrics.is_stopping.load(Relaxed);
    let sql = sql::readiness(&app, &current);
    let mut text = match sql.is_ready {
        _ if is_stopping => "stopping\n",
        true => "ready\n",
        false => "not ready\n",
    }
    .to_owned();
    let _ = writeln!(
        text,
        "configuration {}, profiles: {}, domains: {}, loaded {}",
        current.hash,
        current.served.directory.entries().len(),
        current.served.directory.domain_count(),
        Time(current.loaded),
    );
    if let Some(Attempt { at, error: Some(error) }) = app.attempt().as_ref() {
        let _ = write!(text, "the reload at {} failed:\n{error}", Time(*at));
    }
    let needs_restart = app.needs_restart();
    if !needs_restart.is_empty() {
        let _ = writeln!(text, "a restart is needed for {}", needs_restart.join(", "));
    }
    for line in sql.lines {
        let _ = writeln!(text, "{line}");
    }
    let is_ready = sql.is_ready && !is_stopping;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Answer::new(Kind::Text, text).with_status(status).into_response()
}

async fn status(State(app): State<App>) -> Response {
    Answer::new(Kind::Json, format!("{}\n", status_of(&app))).into_response()
}

fn status_of(app: &App) -> serde_json::Value {
    let current = app.shared.current.load_full();
    let now = SystemTime::now();
    let (started, since) = app.shared.started;
    let attempt = app.attempt().clone();
    let certificates: Vec<_> = expiries(&current)
        .into_iter()
        .map(|Expiry { usage, names, end }| {
            json!({ "use": usage, "names": names, "not_after": Time(end).to_string(), "days_left": days_left(end, now) })
        })
        .collect();
    let mut status = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started": Time(started).to_string(),
        "uptime_seconds": since.elapsed().as_secs(),
        "stopping": app.shared.metrics.is_stopping.load(Relaxed),
        "connections": app.shared.metrics.connections(),
        "configuration": {
            "hash": current.hash.to_string(),
            "loaded": Time(current.loaded).to_string(),
            "profiles": current.served.directory.entries().len(),
            "domains": current.served.directory.domain_count(),
            "last_attempt": attempt.as_ref().map(|attempt| Time(attempt.at).to_string()),
            "last_error": attempt.and_then(|attempt| attempt.error),
            "needs_restart": app.needs_restart(),
        },
        "certificates": certificates,
    });
    if let Some(sql) = sql::status(app, &current) {
        status["sql"] = sql;
    }
    status
}

async fn metrics(State(app): State<App>) -> Result<Response, Error> {
    // The process metrics read files in /proc.
    let text =
        spawn_blocking(move || text::encode(app)).await.ok().and_then(Result::ok).ok_or(Error::Internal)?;
    Ok(([(CONTENT_TYPE, text::CONTENT_TYPE)], text).into_response())
}
