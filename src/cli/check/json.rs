//! The report as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::report::{Counts, Report};
use super::sql;
use crate::check::{Cause, ClientResult, Difference, Finding, Occurrence, ProfileCheck, ProtocolResult};
use crate::clients::{Client, Endpoint, Method, Security};
use crate::diagnostics::{Problem, Severity};
use crate::profile::{Authentication, Server};

#[derive(Serialize)]
struct Document<'a> {
    hash: Option<String>,
    profiles: usize,
    domains: usize,
    /// The list of domains from a database.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<Value>,
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
    /// Whether the hint names a next step.
    needs_action: bool,
    /// The clients that it affects.
    clients: Vec<Client>,
    places: &'a [Occurrence],
}

pub fn write(report: &Report) -> String {
    let directory = &report.config.directory;
    let document = Document {
        hash: report.hash().map(|hash| hash.to_string()),
        profiles: directory.entries().len(),
        domains: directory.domain_count(),
        sql: report.list.map(|list| sql::json(report.config, list)),
        counts: report.counts(),
        matrix: report.examined.iter().map(examined).collect(),
        findings: report.findings.iter().map(finding).collect(),
        problems: &report.problems,
    };
    serde_json::to_string_pretty(&document).expect("a report can be written as JSON") + "\n"
}

fn examined(one: &ProfileCheck) -> Value {
    json!({
        "profile": one.profile.id.as_str(),
        "file": one.origin.location.file.display().to_string(),
        "address": one.address.to_string(),
        "preferred": ClientResult::PROTOCOLS
            .into_iter()
            .filter_map(|protocol| Some((protocol.into_str(), server(one.profile.preferred(protocol)?, one))))
            .collect::<BTreeMap<_, _>>(),
        "clients": one.results.iter().map(row).collect::<Vec<_>>(),
    })
}

/// A server of the profile, with its placeholders filled in.
fn server(server: &Server, one: &ProfileCheck) -> Value {
    json!({
        "hostname": server.hostname.for_domain(one.address.domain()),
        "port": server.port,
        "socket_type": server.socket_type.into_str(),
        "username": server.username.login_name(&one.address),
        "authentication": server.authentication.as_slice().iter().map(Authentication::into_str).collect::<Vec<_>>(),
    })
}

/// A client, whether the profile hurts it, and its result for each protocol: `preferred`, `different`, `guessed`,
/// `missing` or `unused`.
fn row(row: &ClientResult) -> Value {
    let mut value = json!(row.client);
    value["is_hurt"] = row.is_affected().into();
    if let Err(reason) = &row.outcome {
        value["gives_up"] = reason.to_string().into();
    }
    for (protocol, cell) in ClientResult::PROTOCOLS.into_iter().zip(&row.protocols) {
        let found = row.outcome.as_ref().ok().and_then(|account| account.get(protocol));
        value[protocol.into_str()] = endpoint(found, cell);
    }
    value
}

fn endpoint(endpoint: Option<&Endpoint>, cell: &ProtocolResult) -> Value {
    let (result, differences) = match cell {
        ProtocolResult::Unused => return json!({ "result": "unused" }),
        ProtocolResult::Missing => return json!({ "result": "missing" }),
        ProtocolResult::Guessed => ("guessed", Vec::new()),
        ProtocolResult::Preferred => ("preferred", Vec::new()),
        ProtocolResult::Different(differences) => ("different", differences.iter().map(key).collect()),
    };
    let Some(endpoint) = endpoint else { return json!({ "result": result }) };
    json!({
        "result": result,
        "differences": differences,
        "hostname": endpoint.hostname,
        "port": endpoint.port,
        "socket_type": match endpoint.security {
            Security::Known(socket_type) => socket_type.into_str(),
            Security::Automatic => "tried",
        },
        "username": endpoint.username,
        "authentication": match endpoint.method {
            Method::Named(method) => method.into_str(),
            Method::Negotiated => "negotiated",
        },
    })
}

/// The key of the profile that a difference concerns.
fn key(difference: &Difference) -> &'static str {
    match difference {
        Difference::Hostname(_) => "hostname",
        Difference::Port(_) => "port",
        Difference::Security(_) => "socket_type",
        Difference::Username(_) => "username",
        Difference::Method(_) => "authentication",
    }
}

fn finding(finding: &Finding) -> FindingEntry<'_> {
    FindingEntry {
        severity: finding.severity,
        cause: finding.cause,
        message: &finding.message,
        hint: &finding.hint,
        needs_action: finding.needs_action,
        clients: finding.clients(),
        places: &finding.occurrences,
    }
}
