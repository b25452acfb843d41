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
use super::sql;
use crate::certificates::expiry::days_left;
use crate::http::App;
use crate::http::served_config::ServedConfig;
use crate::logging::subscriber as log;
use crate::metrics::process;
use crate::metrics::text::write;

impl Collector for App {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        write(encoder, "waypost_build", "The version of the program.", &version)?;
        requests(self, encoder)?;
        connections(self, encoder)?;
        // One configuration for all of its metrics, even if a reload replaces it meanwhile.
        let current = self.current();
        configuration(self, &current, encoder)?;
        sql::metrics(self, &current, encoder)?;
        certificates(&current, encoder)?;
        let help = "Log lines dropped because the log was blocked.";
        write(encoder, "waypost_log_lines_dropped", help, &ConstCounter::new(log::lost_lines()))?;
        process::encode(encoder)
    }
}

fn requests(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let metrics = &app.shared.metrics;
    let help = "Completed requests, by route, outcome and client.";
    let mut family = encoder.encode_descriptor("waypost_requests", help, None, Counter)?;
    for (route, outcome, client, count) in metrics.requests() {
        let labels =
            [("route", route.into_str()), ("outcome", outcome.into_str()), ("client", client.into_str())];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    let help =
        "Time from the end of the request headers to the response, including the time to receive the body.";
    let mut family = encoder.encode_descriptor("waypost_request_duration_seconds", help, None, Histogram)?;
    for (route, duration) in metrics.durations() {
        duration.encode(family.encode_family(&[("route", route.into_str())])?)?;
    }
    write(encoder, "waypost_panics", "Requests that ended in a panic.", &metrics.panics)
}

fn connections(app: &App, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let metrics = &app.shared.metrics;
    let help = "Open connections, including those of the admin listener.";
    write(encoder, "waypost_connections", help, &ConstGauge::new(metrics.connections()))?;
    let help = "Accepted connections.";
    write(encoder, "waypost_connections_opened", help, &metrics.connections_opened)?;
    let help = "Idle connections closed because of the connection limit.";
    write(encoder, "waypost_connections_displaced", help, &metrics.connections_displaced)?;
    let help = "Connections refused because of the connection limit.";
    write(encoder, "waypost_connections_refused", help, &metrics.connections_refused)?;
    let help = "Failed TLS handshakes.";
    write(encoder, "waypost_tls_handshakes_failed", help, &metrics.handshakes_failed)
}

fn configuration(app: &App, current: &ServedConfig, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let directory = &current.served.directory;
    let profiles = ConstGauge::new(directory.entries().len());
    write(encoder, "waypost_profiles", "Served profiles.", &profiles)?;
    let domains = ConstGauge::new(directory.domain_count());
    write(encoder, "waypost_domains", "Served domains and wildcards.", &domains)?;
    let hash = Info::new([("hash", current.hash.to_string())]);
    write(encoder, "waypost_config", "The hash of the served configuration.", &hash)?;
    let help = "Time when the served configuration was loaded.";
    let loaded = ConstGauge::new(seconds(current.loaded));
    write(encoder, "waypost_config_loaded_timestamp_seconds", help, &loaded)?;
    let has_failed = app.attempt().as_ref().is_some_and(|attempt| attempt.error.is_some());
    let help = "0 if the last reload was rejected, otherwise 1.";
    let is_successful = ConstGauge::new(u32::from(!has_failed));
    write(encoder, "waypost_config_last_reload_successful", help, &is_successful)?;
    let reloads = &app.shared.metrics.reloads;
    let help = "Reloads, by result.";
    let mut family = encoder.encode_descriptor("waypost_config_reloads", help, None, Counter)?;
    for (result, count) in
        [("done", &reloads.done), ("unchanged", &reloads.unchanged), ("failed", &reloads.failed)]
    {
        count.encode(family.encode_family(&[("result", result)])?)?;
    }
    Ok(())
}

fn certificates(current: &ServedConfig, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let expiries = expiries(current);
    if expiries.is_empty() {
        return Ok(());
    }
    let help = "Time when the certificate expires.";
    let name = "waypost_certificate_expiry_timestamp_seconds";
    let mut family = encoder.encode_descriptor(name, help, None, Gauge)?;
    for expiry in &expiries {
        let labels = [("use", expiry.usage), ("name", expiry.name())];
        ConstGauge::new(seconds(expiry.end)).encode(family.encode_family(&labels)?)?;
    }
    let help = "Whole days until the certificate expires; 0 after its expiry.";
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
