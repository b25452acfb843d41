//! What `/metrics` says.

use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

use super::certificate_expiry::expiries;
use crate::certificates::expiry::days_left;
use crate::http::App;
use crate::logging::subscriber as log;
use crate::metrics::counters::BOUNDS;
use crate::metrics::exposition::{Exposition, Kind, seconds};
use crate::metrics::labels::Route;
use crate::metrics::process;

/// Everything that is measured, in Prometheus' format.
pub fn text(app: &App) -> String {
    let mut text = Exposition::default();
    text.metric("waypost_build_info", Kind::Gauge, "Which version runs.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(app, &mut text);
    connections(app, &mut text);
    configuration(app, &mut text);
    let help = "Log lines that were lost, since nobody read those before them.";
    text.single("waypost_log_lines_dropped_total", Kind::Counter, help, log::lost_lines());
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
    let help = "When a certificate expires.";
    let mut metric = text.metric("waypost_certificate_expiry_timestamp_seconds", Kind::Gauge, help);
    for expiry in &expiries {
        metric.sample(&[("use", expiry.usage), ("name", expiry.name())], seconds(expiry.end));
    }
    let help = "Whole days until a certificate expires; 0 when it has.";
    let mut metric = text.metric("waypost_certificate_days_left", Kind::Gauge, help);
    for expiry in &expiries {
        let days = days_left(expiry.end, SystemTime::now());
        metric.sample(&[("use", expiry.usage), ("name", expiry.name())], days);
    }
}
