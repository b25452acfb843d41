//! The list of domains from a database on the admin listener. No test here needs a database.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use waypost::config::Config;
use waypost::directory::{
    HeldList, ListOrigin, SqlFailure, SqlList, SqlListBuilder, SqlPolls, SqlSource, SqlState,
};
use waypost::http::App;

use crate::common::{Response, Server, shipped};

/// A database that no test connects to.
pub fn source() -> SqlSource {
    SqlSource {
        url: "postgresql://waypost@db.example.net/panel".to_owned(),
        password_file: None,
        ca_file: None,
        query: "SELECT domain, profile FROM domain".to_owned(),
        version_query: None,
        profile: None,
        poll: Duration::from_mins(1),
        timeout: Duration::from_secs(10),
        max_domains: 1000,
    }
}

/// The shipped configuration with `[directory.sql]` and a list.
fn config(list: Option<SqlList>) -> Config {
    let mut config = shipped();
    config.settings.sql = Some(source());
    config.directory = config.directory.with_sql_list(list.map(Arc::new), None);
    config
}

/// Two served domains, and rows that are skipped for every reason.
pub fn list() -> SqlList {
    let mut builder = SqlListBuilder::default();
    let rows = [
        (Some("a.example"), Some("centurylink.net")),
        (Some("b.example"), Some("centurylink.net")),
        (Some("q.com"), Some("centurylink.net")),
        (Some("c.example"), Some("missing.example")),
        (Some("B.example"), Some("qwestoffice.net")),
        (None, Some("centurylink.net")),
        (Some("ALL"), Some("centurylink.net")),
        (Some("-.example"), Some("centurylink.net")),
        (Some("d.example"), Some("not an id")),
    ];
    for (domain, profile) in rows {
        builder.push_with_profile(domain, profile).unwrap();
    }
    builder.build()
}

fn ago(seconds: u64) -> SystemTime {
    SystemTime::now() - Duration::from_secs(seconds)
}

fn failure() -> SqlFailure {
    SqlFailure {
        message: "the connection was refused".to_owned(),
        hint: "start the database".to_owned(),
        since: ago(600),
    }
}

/// The server with its admin routes, a list and a state.
pub fn app(list: Option<SqlList>, state: SqlState) -> App {
    let app = App::new(config(list));
    *app.sql_status().lock() = state;
    waypost::admin::app(&app, None)
}

fn answer(list: Option<SqlList>, state: SqlState, path: &str) -> Response {
    Server::of(app(list, state)).get("localhost", path)
}

fn readiness(list: Option<SqlList>, state: SqlState) -> (u16, Vec<String>) {
    let response = answer(list, state, "/readyz");
    let lines = response.text().lines().filter(|line| !line.starts_with("configuration "));
    (response.status, lines.map(str::to_owned).collect())
}

/// The lines about the database, and no comments.
pub fn metrics(list: Option<SqlList>, state: SqlState) -> Vec<String> {
    let response = answer(list, state, "/metrics");
    let lines = response.text().lines().filter(|line| line.starts_with("waypost_sql_"));
    lines.map(str::to_owned).collect()
}

pub fn healthy() -> SqlState {
    SqlState {
        origin: ListOrigin::Database,
        confirmed: Some(SystemTime::now() + Duration::from_hours(1)),
        polls: SqlPolls { done: 1, unchanged: 20, held: 0, failed: 3 },
        ..SqlState::default()
    }
}

/// Proxies send no requests to a server that does not know its domains.
#[test]
fn a_server_without_any_list_is_not_ready() {
    let not_served = "the domains of the database are not served";
    let waiting = readiness(None, SqlState::default());
    assert_eq!(
        waiting,
        (503, vec!["not ready".to_owned(), format!("{not_served}: it has not answered yet")])
    );
    let failed = readiness(None, SqlState { error: Some(failure()), ..SqlState::default() });
    let reason = format!("{not_served}: the connection was refused; hint: start the database");
    assert_eq!(failed, (503, vec!["not ready".to_owned(), reason]));
}

/// A server that was ready stays ready when a reload adds the section.
#[test]
fn a_server_stays_ready_when_a_reload_adds_the_section() {
    let app = App::new(shipped());
    let mut with_section = config(None);
    with_section.hash = app.hash();
    drop(app.replace(with_section));
    let server = Server::of(waypost::admin::app(&app, None));
    let response = server.get("localhost", "/readyz");
    assert_eq!(response.status, 200);
    assert!(response.text().contains("the domains of the database are not served"), "{}", response.text());
}

#[test]
fn a_server_with_a_list_of_any_age_is_ready() {
    let ready = |state| {
        let (status, lines) = readiness(Some(list()), state);
        assert_eq!((status, lines[0].as_str()), (200, "ready"));
        lines[1..].join("\n")
    };
    assert_eq!(ready(healthy()), "");
    let stale = ready(SqlState { confirmed: Some(ago(7300)), error: Some(failure()), ..healthy() });
    assert!(stale.starts_with("the list of domains from the database is 2 hours old (from 2"), "{stale}");
    assert!(stale.ends_with("Z): the connection was refused"), "{stale}");
    let saved = SqlState { origin: ListOrigin::Saved, confirmed: Some(ago(200_000)), ..SqlState::default() };
    let saved = ready(saved);
    assert!(saved.starts_with("the list of domains from the database is 2 days old (from 2"), "{saved}");
    assert!(saved.ends_with("Z): it is the saved list, and the database has not answered yet"), "{saved}");
    assert_eq!(
        ready(SqlState { held: Some(HeldList { domains: 3, polls: 2 }), ..healthy() }),
        "a new list is not served yet, because it is empty or much shorter: domains: 3, equal polls: 2"
    );
}

#[test]
fn metrics_have_age_state_and_skipped_rows() {
    assert_eq!(
        metrics(Some(list()), healthy()),
        [
            "waypost_sql_domains 2",
            "waypost_sql_list_age_seconds 0",
            "waypost_sql_up 1",
            "waypost_sql_polls_total{result=\"done\"} 1",
            "waypost_sql_polls_total{result=\"unchanged\"} 20",
            "waypost_sql_polls_total{result=\"held\"} 0",
            "waypost_sql_polls_total{result=\"failed\"} 3",
            "waypost_sql_skipped_rows{reason=\"null\"} 1",
            "waypost_sql_skipped_rows{reason=\"invalid\"} 2",
            "waypost_sql_skipped_rows{reason=\"invalid_profile\"} 1",
            "waypost_sql_skipped_rows{reason=\"conflicting\"} 1",
            "waypost_sql_skipped_rows{reason=\"unknown_profile\"} 1",
            "waypost_sql_skipped_rows{reason=\"in_files\"} 1",
        ]
    );
    let failed = SqlPolls { failed: 1, ..SqlPolls::default() };
    let down = metrics(None, SqlState { error: Some(failure()), polls: failed, ..SqlState::default() });
    assert_eq!(
        down,
        [
            "waypost_sql_domains 0",
            "waypost_sql_up 0",
            "waypost_sql_polls_total{result=\"done\"} 0",
            "waypost_sql_polls_total{result=\"unchanged\"} 0",
            "waypost_sql_polls_total{result=\"held\"} 0",
            "waypost_sql_polls_total{result=\"failed\"} 1",
        ]
    );
    let stale = SqlState { confirmed: Some(ago(5000)), error: Some(failure()), ..healthy() };
    let age = metrics(Some(list()), stale)[1].clone();
    let age: u64 = age.strip_prefix("waypost_sql_list_age_seconds ").unwrap().parse().unwrap();
    assert!((5000..5100).contains(&age), "{age}");
}

#[test]
fn status_has_the_error_with_its_hint_and_examples_of_skipped_rows() {
    let status = |list, state| {
        let status: Value = serde_json::from_slice(&answer(list, state, "/status").body).unwrap();
        status["sql"].clone()
    };
    let state = SqlState {
        origin: ListOrigin::Saved,
        confirmed: Some(ago(7300)),
        error: Some(failure()),
        held: Some(HeldList { domains: 0, polls: 1 }),
        ..healthy()
    };
    let mut sql = status(Some(list()), state);
    for time in [sql["confirmed"].take(), sql["error"]["since"].take()] {
        assert!(time.as_str().unwrap().ends_with('Z'), "{time}");
    }
    assert!(sql["age_seconds"].take().as_u64().unwrap() >= 7300);
    let skipped = |count: usize, examples: &[&str]| json!({ "count": count, "examples": examples });
    assert_eq!(
        sql,
        json!({
            "up": false,
            "origin": "saved",
            "domains": 2,
            "confirmed": null,
            "age_seconds": null,
            "error": { "message": "the connection was refused", "hint": "start the database", "since": null },
            "held": { "domains": 0, "polls": 1 },
            "polls": { "done": 1, "unchanged": 20, "held": 0, "failed": 3 },
            "skipped_rows": {
                "null": skipped(1, &["NULL"]),
                "invalid": skipped(2, &["ALL", "-.example"]),
                "invalid_profile": skipped(1, &["d.example: not an id"]),
                "conflicting": skipped(1, &["b.example"]),
                "unknown_profile": skipped(1, &["c.example: missing.example"]),
                "in_files": skipped(1, &["q.com"]),
            },
        })
    );
    let empty = status(None, SqlState::default());
    let absent = ["confirmed", "age_seconds", "error", "held", "skipped_rows"];
    assert!(absent.iter().all(|key| empty[key].is_null()), "{empty}");
    assert_eq!((&empty["origin"], &empty["up"]), (&json!("none"), &json!(false)));
}

#[test]
fn a_server_without_a_database_does_not_mention_one() {
    let server = Server::start_admin(shipped());
    for path in ["/metrics", "/status", "/readyz"] {
        let response = server.get("localhost", path);
        assert_eq!(response.status, 200);
        let text = response.text();
        assert!(!text.contains("sql") && !text.contains("database"), "{text}");
    }
}
