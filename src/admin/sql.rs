//! The list of domains from a database, for `/metrics`, `/status` and `/readyz`. Without `[directory.sql]`, none of
//! them mentions it.

use std::fmt;
use std::time::SystemTime;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType::{Counter, Gauge};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use serde_json::{Map, Value, json};

use crate::certificates::time::{Age, Time};
use crate::directory::{ListOrigin, SqlDomains, SqlState};
use crate::http::App;
use crate::http::served_config::ServedConfig;
use crate::metrics::text::write;

pub fn metrics(app: &App, current: &ServedConfig, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    if current.settings.sql.is_none() {
        return Ok(());
    }
    let state = app.sql_status().lock().clone();
    let list = current.served.directory.sql();
    let domains = ConstGauge::new(served(list));
    write(encoder, "waypost_sql_domains", "Served domains of the database.", &domains)?;
    if let Some(age) = state.age(SystemTime::now()) {
        let help = "Time since the database confirmed the served list.";
        write(encoder, "waypost_sql_list_age_seconds", help, &ConstGauge::new(age.as_secs()))?;
    }
    let help = "1 if the last poll of the database succeeded, otherwise 0.";
    write(encoder, "waypost_sql_up", help, &ConstGauge::new(u32::from(state.is_up())))?;
    let help = "Polls of the database, by result.";
    let mut family = encoder.encode_descriptor("waypost_sql_polls", help, None, Counter)?;
    for (result, count) in state.polls.by_result() {
        ConstCounter::new(count).encode(family.encode_family(&[("result", result)])?)?;
    }
    let Some(list) = list else { return Ok(()) };
    let help = "Rows of the database that are not served, by reason.";
    let mut family = encoder.encode_descriptor("waypost_sql_skipped_rows", help, None, Gauge)?;
    for (reason, skipped) in list.skipped() {
        ConstGauge::new(skipped.count).encode(family.encode_family(&[("reason", reason)])?)?;
    }
    Ok(())
}

/// The object `sql` of `/status`.
pub fn status(app: &App, current: &ServedConfig) -> Option<Value> {
    current.settings.sql.as_ref()?;
    let state = app.sql_status().lock().clone();
    let list = current.served.directory.sql();
    let skipped = list.map(|list| list.skipped().map(|(reason, rows)| (reason.to_owned(), json!(rows))));
    let age = state.age(SystemTime::now());
    let polls: Map<_, _> = state
        .polls
        .by_result()
        .into_iter()
        .map(|(result, count)| (result.to_owned(), count.into()))
        .collect();
    Some(json!({
        "up": state.is_up(),
        "origin": state.origin.into_str(),
        "domains": served(list),
        "confirmed": state.confirmed.map(|time| Time(time).to_string()),
        "age_seconds": age.map(|age| age.as_secs()),
        "error": state.error.map(|error| {
            json!({ "message": error.message, "hint": error.hint, "since": Time(error.since).to_string() })
        }),
        "held": state.held.map(|held| json!({ "domains": held.domains, "polls": held.polls })),
        "polls": Map::from_iter(polls),
        "skipped_rows": skipped.map(Map::from_iter),
    }))
}

/// What `/readyz` reports.
pub struct Readiness {
    /// Whether the domains of the database are served, from a list of any age.
    pub is_ready: bool,
    /// One line for each fact that the operator should know.
    pub lines: Vec<String>,
}

pub fn readiness(app: &App, current: &ServedConfig) -> Readiness {
    if current.settings.sql.is_none() {
        return Readiness { is_ready: true, lines: Vec::new() };
    }
    let state = app.sql_status().lock().clone();
    let has_list = current.served.directory.sql().is_some();
    // A server stays ready when a reload adds the section.
    let is_ready = has_list || app.shared.at_start.sql.is_none();
    let first = if has_list { stale(&state) } else { Some(no_list(&state)) };
    let held = state.held.map(|held| {
        let (domains, polls) = (held.domains, held.polls);
        format!(
            "a new list is not served yet, because it is empty or much shorter: domains: {domains}, equal \
             polls: {polls}"
        )
    });
    Readiness { is_ready, lines: first.into_iter().chain(held).collect() }
}

fn no_list(state: &SqlState) -> String {
    let reason = match &state.error {
        Some(error) => format!("{}; hint: {}", error.message, error.hint),
        None => "it has not answered yet".to_owned(),
    };
    format!("the domains of the database are not served: {reason}")
}

/// None if the last poll confirmed the list.
fn stale(state: &SqlState) -> Option<String> {
    let reason = match (&state.error, state.origin) {
        (Some(error), _) => error.message.as_str(),
        (None, ListOrigin::Saved) if state.held.is_some() => "it is the saved list",
        (None, ListOrigin::Saved) => "it is the saved list, and the database has not answered yet",
        (None, ListOrigin::None | ListOrigin::Database) => return None,
    };
    let age = match (state.confirmed, state.age(SystemTime::now())) {
        (Some(confirmed), Some(age)) => format!("is {} old (from {})", Age(age), Time(confirmed)),
        _ => "has an unknown age".to_owned(),
    };
    Some(format!("the list of domains from the database {age}: {reason}"))
}

fn served(list: Option<&SqlDomains>) -> usize {
    list.map_or(0, |list| list.counts().served)
}
