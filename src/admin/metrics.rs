//! The response of `/metrics`.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType::{Counter, Gauge, Histogram};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;

use super::certificate_expiry::expiries;
use crate::certificates::expiry::days_left;
use crate::http::App;
use crate::logging::subscriber as log;
use crate::metrics::process;
use crate::metrics::text::write;

impl Collector for App {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        write(encoder, "waypost_build", "Which version runs.", &version)?;
        requests(self, encoder)?;
        connections(self, encoder)?;
        configuration(self, encoder)?;
        certificates(self, encoder)?;
        let help = "Log lines that were lost, since nobody read those before them.";
        write(encoder, "waypost_log_lines_dropped", help, &ConstCounter::new(log::lost_lines()))?;
        process::encode(encoder)
    }
}

fn requests(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let metrics = &app.shared.metrics;
    let help = "Requests that have their answer, by route, outcome and the program that asked.";
    let mut family = encoder.encode_descriptor("waypost_requests", help, None, Counter)?;
    for (route, outcome, client, count) in metrics.requests() {
        let labels =
            [("route", route.into_str()), ("outcome", outcome.into_str()), ("client", client.into_str())];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    let help = "From the end of a request's headers to its answer, the wait for its body included.";
    let mut family = encoder.encode_descriptor("waypost_request_duration_seconds", help, None, Histogram)?;
    for (route, duration) in metrics.durations() {
        duration.encode(family.encode_family(&[("route", route.into_str())])?)?;
    }
    write(encoder, "waypost_panics", "Requests that met a bug.", &metrics.panics)
}

fn connections(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let metrics = &app.shared.metrics;
    let help = "Connections that are open, of the operator's listener too.";
    write(encoder, "waypost_connections", help, &ConstGauge::new(metrics.connections()))?;
    let help = "Connections that were taken.";
    write(encoder, "waypost_connections_opened", help, &metrics.connections_opened)?;
    let help = "Idle connections that were closed to make room.";
    write(encoder, "waypost_connections_displaced", help, &metrics.connections_displaced)?;
    let help = "Connections for which there was no room.";
    write(encoder, "waypost_connections_refused", help, &metrics.connections_refused)?;
    let help = "TLS handshakes that failed.";
    write(encoder, "waypost_tls_handshakes_failed", help, &metrics.handshakes_failed)
}

fn configuration(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let current = app.shared.current.load_full();
    let directory = &current.served.directory;
    let profiles = ConstGauge::new(directory.entries().len());
    write(encoder, "waypost_profiles", "Profiles that are served.", &profiles)?;
    write(encoder, "waypost_domains", "Domains that are served.", &ConstGauge::new(directory.len()))?;
    let hash = Info::new([("hash", current.hash.to_string())]);
    write(encoder, "waypost_config", "Which configuration is served.", &hash)?;
    let help = "When the configuration that is served was loaded.";
    let loaded = ConstGauge::new(seconds(current.loaded));
    write(encoder, "waypost_config_loaded_timestamp_seconds", help, &loaded)?;
    let has_failed = app.attempt().as_ref().is_some_and(|attempt| attempt.error.is_some());
    let help = "Whether the newest configuration is the one that is served; 0 if it cannot be used.";
    let is_successful = ConstGauge::new(u32::from(!has_failed));
    write(encoder, "waypost_config_last_reload_successful", help, &is_successful)?;
    let reloads = &app.shared.metrics.reloads;
    let help = "New looks at the configuration, by what came of them.";
    let mut family = encoder.encode_descriptor("waypost_config_reloads", help, None, Counter)?;
    for (result, count) in
        [("done", &reloads.done), ("unchanged", &reloads.unchanged), ("failed", &reloads.failed)]
    {
        count.encode(family.encode_family(&[("result", result)])?)?;
    }
    Ok(())
}

fn certificates(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let expiries = expiries(&app.current());
    if expiries.is_empty() {
        return Ok(());
    }
    let help = "When a certificate expires.";
    let name = "waypost_certificate_expiry_timestamp_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, Gauge)?;
    for expiry in &expiries {
        let labels = [("use", expiry.usage), ("name", expiry.name())];
        ConstGauge::new(seconds(expiry.end)).encode(family.encode_family(&labels)?)?;
    }
    let help = "Whole days until a certificate expires; 0 when it has.";
    let mut family = encoder.encode_descriptor("waypost_certificate_days_left", help, None, Gauge)?;
    for expiry in &expiries {
        let labels = [("use", expiry.usage), ("name", expiry.name())];
        let days = days_left(expiry.end, SystemTime::now());
        ConstGauge::new(days).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

/// Seconds since the epoch; 0 for an earlier time.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
