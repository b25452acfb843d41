//! The report for machines.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Counts, Report};
use crate::check::{Cause, Cell, Examined, Finding, Row};
use crate::clients::{Client, Endpoint, Login, Method, Security};
use crate::config::{Place, Problem, Severity};

#[derive(Serialize)]
struct Document<'a> {
    profiles: usize,
    domains: usize,
    #[serde(flatten)]
    counts: Counts,
    matrix: Vec<Value>,
    findings: Vec<FindingEntry<'a>>,
    problems: &'a [Problem],
}

#[derive(Serialize)]
struct FindingEntry<'a> {
    severity: Severity,
    cause: Cause,
    message: &'a str,
    hint: &'a str,
    /// Whom it hurts, anywhere.
    clients: Vec<Value>,
    places: Vec<PlaceEntry<'a>>,
}

#[derive(Serialize)]
struct PlaceEntry<'a> {
    profile: &'a str,
    #[serde(flatten)]
    place: &'a Place,
    /// Whom it hurts here.
    clients: Vec<Value>,
}

/// A configuration that does not load has problems and nothing else.
pub fn unusable(problems: &[Problem]) -> String {
    let counts = Counts::of(problems.iter().map(|problem| problem.severity));
    let Counts { errors, warnings, notes } = counts;
    pretty(&json!({ "errors": errors, "warnings": warnings, "notes": notes, "problems": problems }))
}

pub fn report(report: &Report) -> String {
    let directory = &report.config.directory;
    pretty(&Document {
        profiles: directory.entries().len(),
        domains: directory.len(),
        counts: report.counts(),
        matrix: report.examined.iter().map(examined).collect(),
        findings: report.findings.iter().map(finding).collect(),
        problems: &report.problems,
    })
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("a report can be written as JSON") + "\n"
}

fn examined(one: &Examined) -> Value {
    json!({
        "profile": one.profile.id.as_str(),
        "file": one.origin.place.file.display().to_string(),
        "address": one.person.to_string(),
        "clients": one.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn client(client: Client) -> Map<String, Value> {
    let Value::Object(map) = json!({
        "client": client.id,
        "name": client.name,
        "format": client.format.to_string().to_lowercase(),
    }) else {
        return Map::new();
    };
    map
}

fn clients(list: &[Client]) -> Vec<Value> {
    list.iter().map(|one| Value::Object(client(*one))).collect()
}

/// Besides the client, whether it is hurt, and each protocol it would set up or misses.
fn row(row: &Row) -> Value {
    let mut map = client(row.client);
    map.insert("is_hurt".into(), row.is_hurt().into());
    match &row.verdict {
        Err(reason) => {
            map.insert("gives_up".into(), reason.to_string().into());
        }
        Ok(account) => {
            for (protocol, cell) in Row::PROTOCOLS.into_iter().zip(&row.cells) {
                let value = match (account.get(protocol), cell) {
                    (_, Cell::Unused) => continue,
                    (Some(found), cell) => endpoint(found, cell),
                    (None, _) => Value::Null,
                };
                map.insert(protocol.word().into(), value);
            }
        }
    }
    Value::Object(map)
}

fn endpoint(endpoint: &Endpoint, cell: &Cell) -> Value {
    let differences: Vec<_> = match cell {
        Cell::Different(differences) => differences.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    json!({
        "hostname": endpoint.hostname,
        "port": endpoint.port,
        "socket_type": match endpoint.security {
            Security::Known(socket_type) => Some(socket_type.word()),
            Security::Tried => None,
        },
        "username": match &endpoint.login {
            Login::Name(name) => Some(name),
            Login::Asked => None,
        },
        "authentication": match endpoint.method {
            Method::Named(method) => Some(method.word()),
            Method::Negotiated => None,
        },
        "is_preferred": differences.is_empty(),
        "differences": differences,
    })
}

fn finding(finding: &Finding) -> FindingEntry<'_> {
    FindingEntry {
        severity: finding.severity,
        cause: finding.cause,
        message: &finding.message,
        hint: &finding.hint,
        clients: clients(&finding.clients()),
        places: finding
            .spots
            .iter()
            .map(|spot| PlaceEntry {
                profile: spot.profile.as_str(),
                place: &spot.place,
                clients: clients(&spot.clients),
            })
            .collect(),
    }
}
