//! What is for the operator, on a listener of its own: measurements, and how the server is.

use std::collections::HashSet;
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

use super::answer::Answer;
use super::current::Current;
use super::error::Error;
use super::exposition::{self, Exposition, Kind, seconds};
use super::labels::Route;
use super::measurements::BOUNDS;
use super::{App, Attempt, handlers, process};
use crate::time::{Time, days_left};

pub fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(health))
        .route("/readyz", get(readiness))
        .route("/status", get(status))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .fallback(handlers::not_found)
        .with_state(app)
}

/// The process lives and answers.
async fn health() -> Response {
    Answer::text("ok\n").into_response()
}

/// Whether requests should be sent here, and what an operator might like to know besides: a
/// configuration that cannot be used makes nobody unready who has another.
async fn readiness(State(app): State<App>) -> Response {
    let current = app.current();
    let is_stopping = app.shared.measurements.is_stopping.load(Relaxed);
    let mut text = if is_stopping { "stopping\n" } else { "ready\n" }.to_owned();
    let _ = writeln!(
        text,
        "configuration {}, profiles: {}, domains: {}, loaded {}",
        current.hash,
        current.served.directory.entries().len(),
        current.served.directory.len(),
        Time(current.loaded),
    );
    if let Some(Attempt { at, error: Some(error) }) = app.attempt().as_ref() {
        let _ = write!(text, "the newer one of {} cannot be used:\n{error}", Time(*at));
    }
    let needs_restart = app.needs_restart();
    if !needs_restart.is_empty() {
        let _ = writeln!(text, "a restart is needed for {}", needs_restart.join(", "));
    }
    let status = if is_stopping { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    Answer::text(text).with_status(status).into_response()
}

async fn status(State(app): State<App>) -> Result<Response, Error> {
    // It looks at files.
    let status = spawn_blocking(move || status_of(&app)).await.map_err(|_| Error::Failed)?;
    Ok(Answer::json(format!("{status}\n")).into_response())
}

fn status_of(app: &App) -> serde_json::Value {
    let current = app.shared.current.load_full();
    let now = SystemTime::now();
    let (started, since) = app.shared.started;
    let attempt = app.attempt().clone();
    let certificates: Vec<_> = expiries(&current)
        .into_iter()
        .map(|(usage, names, end)| {
            json!({ "use": usage, "names": names, "not_after": Time(end).to_string(), "days_left": days_left(end, now) })
        })
        .collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started": Time(started).to_string(),
        "uptime_seconds": since.elapsed().as_secs(),
        "stopping": app.shared.measurements.is_stopping.load(Relaxed),
        "connections": app.shared.measurements.connections(),
        "configuration": {
            "hash": current.hash.to_string(),
            "loaded": Time(current.loaded).to_string(),
            "profiles": current.served.directory.entries().len(),
            "domains": current.served.directory.len(),
            "last_attempt": attempt.as_ref().map(|attempt| Time(attempt.at).to_string()),
            "last_error": attempt.and_then(|attempt| attempt.error),
            "needs_restart": app.needs_restart(),
        },
        "certificates": certificates,
    })
}

/// Every certificate: what it is for, its names, its end.
fn expiries(current: &Current) -> Vec<(&'static str, Vec<String>, SystemTime)> {
    let signing = current.served.signatures.as_ref().and_then(|signatures| signatures.not_after());
    let tls = current.certificates.iter().map(|tls| ("tls", tls.names.clone(), tls.not_after));
    // Of two with one name the first is served; so each has the names that it is served for.
    let mut known = HashSet::new();
    let tls = tls.map(|(usage, mut names, end)| {
        names.retain(|name| known.insert(name.clone()));
        (usage, names, end)
    });
    let tls = tls.filter(|(_, names, _)| !names.is_empty());
    tls.chain(signing.map(|end| ("signing", Vec::new(), end))).collect()
}

async fn metrics(State(app): State<App>) -> Result<Response, Error> {
    // It looks at files.
    let text = spawn_blocking(move || text(&app)).await.map_err(|_| Error::Failed)?;
    Ok(([(CONTENT_TYPE, exposition::CONTENT_TYPE)], text).into_response())
}

fn text(app: &App) -> String {
    let mut text = Exposition::default();
    text.metric("waypost_build_info", Kind::Gauge, "Which version runs.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(app, &mut text);
    connections(app, &mut text);
    configuration(app, &mut text);
    let help = "Log lines that were lost, since nobody read those before them.";
    text.single("waypost_log_lines_dropped_total", Kind::Counter, help, crate::log::lost_lines());
    process::measure(&mut text);
    text.into_text()
}

fn requests(app: &App, text: &mut Exposition) {
    let measurements = &app.shared.measurements;
    let help = "Requests that have their answer, by route, outcome and the program that asked.";
    let mut metric = text.metric("waypost_requests_total", Kind::Counter, help);
    for (route, outcome, family, count) in measurements.requests() {
        let labels = [("route", route.word()), ("outcome", outcome.word()), ("client", family.word())];
        metric.sample(&labels, count);
    }
    let help = "From the end of a request's headers to its answer, the wait for its body included.";
    let mut metric = text.metric("waypost_request_duration_seconds", Kind::Histogram, help);
    for route in Route::ALL {
        let duration = measurements.duration(*route);
        let counts = duration.cumulative();
        let all = counts[BOUNDS.len()];
        if all == 0 {
            continue;
        }
        for (bound, count) in BOUNDS.iter().zip(counts) {
            #[expect(clippy::cast_precision_loss, reason = "ten million at most")]
            let bound = (*bound as f64 / 1e6).to_string();
            metric.suffixed("_bucket", &[("route", route.word()), ("le", &bound)], count);
        }
        metric.suffixed("_bucket", &[("route", route.word()), ("le", "+Inf")], all);
        metric.suffixed("_sum", &[("route", route.word())], duration.sum().as_secs_f64());
        metric.suffixed("_count", &[("route", route.word())], all);
    }
    let help = "Requests that met a bug.";
    text.single("waypost_panics_total", Kind::Counter, help, measurements.panics.load(Relaxed));
}

fn connections(app: &App, text: &mut Exposition) {
    let measurements = &app.shared.measurements;
    let help = "Connections that are open, of the operator's listener too.";
    text.single("waypost_connections", Kind::Gauge, help, measurements.connections());
    let counters = [
        (
            "waypost_connections_opened_total",
            "Connections that were taken.",
            &measurements.connections_opened,
        ),
        (
            "waypost_connections_displaced_total",
            "Idle connections that were closed to make room.",
            &measurements.connections_displaced,
        ),
        (
            "waypost_connections_refused_total",
            "Connections for which there was no room.",
            &measurements.connections_refused,
        ),
        (
            "waypost_tls_handshakes_failed_total",
            "TLS handshakes that failed.",
            &measurements.handshakes_failed,
        ),
    ];
    for (name, help, count) in counters {
        text.single(name, Kind::Counter, help, count.load(Relaxed));
    }
}

fn configuration(app: &App, text: &mut Exposition) {
    let current = app.shared.current.load_full();
    let reloads = &app.shared.measurements.reloads;
    let directory = &current.served.directory;
    text.single("waypost_profiles", Kind::Gauge, "Profiles that are served.", directory.entries().len());
    text.single("waypost_domains", Kind::Gauge, "Domains that are served.", directory.len());
    text.metric("waypost_config_info", Kind::Gauge, "Which configuration is served.")
        .sample(&[("hash", &current.hash.to_string())], 1);
    let help = "When the configuration that is served was loaded.";
    text.single("waypost_config_loaded_timestamp_seconds", Kind::Gauge, help, seconds(current.loaded));
    let has_failed = app.attempt().as_ref().is_some_and(|attempt| attempt.error.is_some());
    let help = "Whether the newest configuration is the one that is served; 0 if it cannot be used.";
    text.single("waypost_config_last_reload_successful", Kind::Gauge, help, u8::from(!has_failed));
    let help = "New looks at the configuration, by what came of them.";
    let mut metric = text.metric("waypost_config_reloads_total", Kind::Counter, help);
    for (result, count) in
        [("done", &reloads.done), ("unchanged", &reloads.unchanged), ("failed", &reloads.failed)]
    {
        metric.sample(&[("result", result)], count.load(Relaxed));
    }
    let expiries = expiries(&current);
    if expiries.is_empty() {
        return;
    }
    let name = |names: &[String]| names.first().cloned().unwrap_or_default();
    let help = "When a certificate expires.";
    let mut metric = text.metric("waypost_certificate_expiry_timestamp_seconds", Kind::Gauge, help);
    for (usage, names, end) in &expiries {
        metric.sample(&[("use", usage), ("name", &name(names))], seconds(*end));
    }
    let help = "Whole days until a certificate expires; 0 when it has.";
    let mut metric = text.metric("waypost_certificate_days_left", Kind::Gauge, help);
    for (usage, names, end) in &expiries {
        metric.sample(&[("use", usage), ("name", &name(names))], days_left(*end, SystemTime::now()));
    }
}
