//! The findings in all profiles, grouped by cause.

use std::collections::HashMap;

use serde::Serialize;

use super::client_result::ClientResult;
use super::lints::{Cause, Lint};
use super::profile_check::ProfileCheck;
use crate::address::Domain;
use crate::clients::{ALL, Client};
use crate::diagnostics::{Location, Severity};
use crate::profile::Protocol;

/// One cause, with all its locations.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: String,
    /// Whether the hint names a next step.
    pub needs_action: bool,
    pub occurrences: Vec<Occurrence>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Occurrence {
    /// The profile's id.
    pub profile: Domain,
    #[serde(flatten)]
    pub location: Location,
    /// The affected clients, in the order of [`ALL`].
    pub clients: Vec<Client>,
}

impl Finding {
    /// The clients that are affected at any location.
    pub fn clients(&self) -> Vec<Client> {
        let is_affected = |client: &Client| self.occurrences.iter().any(|one| one.clients.contains(client));
        ALL.into_iter().filter(is_affected).collect()
    }
}

/// Groups the lints of all profiles, the most severe first.
pub fn findings(checks: &[ProfileCheck]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut indexes: HashMap<(Cause, String), usize> = HashMap::new();
    for check in checks {
        for Lint { cause, severity, message, hint, location, affected, needs_action, .. } in
            confirmed_lints(check)
        {
            let next = findings.len();
            let index = *indexes.entry((cause, message.clone())).or_insert(next);
            if index == next {
                let (hint, occurrences) = (hint.to_owned(), Vec::new());
                findings.push(Finding { cause, severity, message, hint, needs_action, occurrences });
            }
            let profile = check.profile.id.clone();
            findings[index].occurrences.push(Occurrence { profile, location, clients: affected });
        }
    }
    findings.sort_by_key(|finding| (finding.severity, finding.cause));
    findings
}

/// The lints whose clients deviate in the simulation, and the results that no lint explains.
fn confirmed_lints(check: &ProfileCheck) -> Vec<Lint> {
    let mut lints = check.lints.clone();
    lints.retain_mut(|lint| {
        let is_general = lint.affected.is_empty();
        lint.affected.retain(|client| {
            let mut results = check.results.iter().filter(|result| result.client == *client);
            results.any(|result| result.deviates_in(lint.protocol))
        });
        // Clients may do without the server that a lint is about.
        is_general || !lint.affected.is_empty()
    });
    let location = &check.origin.location;
    if !check.results.iter().any(ClientResult::works) {
        let message = "no modelled client gets working settings";
        let hint = "correct the other findings about this profile's servers";
        lints.push(Lint::new(Cause::NoClientWorks, Severity::Error, location, message, hint));
    }
    for result in check.results.iter().filter(|result| !is_explained(result, &check.lints)) {
        let hint = "report this result: no rule of Waypost explains it";
        let lint = Lint::new(Cause::Unexplained, Severity::Warning, location, unexplained(result), hint);
        lints.push(Lint { affected: vec![result.client], ..lint });
    }
    lints
}

/// Whether a lint names the client for each protocol in which it deviates. A client that gives up deviates
/// in all of them for one reason.
fn is_explained(result: &ClientResult, lints: &[Lint]) -> bool {
    let is_named = |protocol: Protocol| {
        lints.iter().any(|lint| {
            lint.affected.contains(&result.client)
                && (result.outcome.is_err() || lint.protocol.is_none_or(|about| about == protocol))
        })
    };
    ClientResult::PROTOCOLS
        .into_iter()
        .all(|protocol| !result.deviates_in(Some(protocol)) || is_named(protocol))
}

fn unexplained(result: &ClientResult) -> String {
    let end = match &result.outcome {
        Err(reason) => format!("gives up: {reason}"),
        Ok(_) => {
            let protocols = ClientResult::PROTOCOLS.iter().zip(&result.protocols);
            let list: Vec<_> = protocols.map(|(protocol, outcome)| format!("{protocol} {outcome}")).collect();
            format!("gets {}", list.join("; "))
        }
    };
    format!("{} ({}) {end}", result.client, result.client.format)
}
