//! The report as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::report::{Counts, Report};
use crate::check::{Cause, ClientResult, Difference, Finding, ProfileCheck, ProtocolResult};
use crate::clients::{Client, Endpoint, Method, Security};
use crate::diagnostics::{Location, Problem, Severity};
use crate::profile::{Authentication, Server};

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
    /// The clients that it affects.
    clients: Vec<Value>,
    places: Vec<PlaceEntry<'a>>,
}

#[derive(Serialize)]
struct PlaceEntry<'a> {
    profile: &'a str,
    #[serde(flatten)]
    place: &'a Location,
    /// The clients that it affects here.
    clients: Vec<Value>,
}

pub fn write(report: &Report) -> String {
    let directory = &report.config.directory;
    let document = Document {
        profiles: directory.entries().len(),
        domains: directory.len(),
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
        "file": one.origin.place.file.display().to_string(),
        "address": one.address.to_string(),
        "preferred": ClientResult::PROTOCOLS
            .into_iter()
            .filter_map(|protocol| Some((protocol.into_str(), server(one.profile.preferred(protocol)?, one))))
            .collect::<BTreeMap<_, _>>(),
        "clients": one.results.iter().map(row).collect::<Vec<_>>(),
    })
}

fn client(client: Client) -> Map<String, Value> {
    let format = client.format.to_string().to_lowercase();
    [("client", client.id), ("name", client.name), ("format", &format)]
        .map(|(key, value)| (key.to_owned(), value.into()))
        .into_iter()
        .collect()
}

fn clients(list: &[Client]) -> Vec<Value> {
    list.iter().map(|one| Value::Object(client(*one))).collect()
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
    let mut map = client(row.client);
    map.insert("is_hurt".into(), row.is_affected().into());
    let account = match &row.outcome {
        Err(reason) => {
            map.insert("gives_up".into(), reason.to_string().into());
            None
        }
        Ok(account) => Some(account),
    };
    for (protocol, cell) in ClientResult::PROTOCOLS.into_iter().zip(&row.protocols) {
        let found = account.and_then(|account| account.get(protocol));
        map.insert(protocol.into_str().into(), endpoint(found, cell));
    }
    Value::Object(map)
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
        clients: clients(&finding.clients()),
        places: finding
            .occurrences
            .iter()
            .map(|occurrence| PlaceEntry {
                profile: occurrence.profile.as_str(),
                place: &occurrence.location,
                clients: clients(&occurrence.clients),
            })
            .collect(),
    }
}
