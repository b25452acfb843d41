//! What was found in all profiles, by cause.

use std::collections::HashMap;

use super::Examined;
use super::lints::Cause;
use super::row::Row;
use crate::address::Domain;
use crate::clients::{ALL, Client};
use crate::diagnostics::{Location, Severity};

/// One cause, wherever it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: String,
    pub spots: Vec<Spot>,
}

/// One place where a cause was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    /// The profile's id.
    pub profile: Domain,
    pub place: Location,
    /// Who ends with less for it, in the order of [`ALL`].
    pub clients: Vec<Client>,
}

impl Finding {
    /// Who ends with less for it, anywhere.
    pub fn clients(&self) -> Vec<Client> {
        let is_hurt = |client: &Client| self.spots.iter().any(|spot| spot.clients.contains(client));
        ALL.into_iter().filter(is_hurt).collect()
    }
}

/// Groups what was found, the worst first.
pub fn findings(examined: &[Examined]) -> Vec<Finding> {
    let mut findings = Findings::default();
    for one in examined {
        for lint in &one.lints {
            let is_hurt = |client: &Client| {
                one.rows.iter().any(|row| row.client == *client && row.is_hurt_in(lint.protocol))
            };
            let clients: Vec<_> = lint.hurts.iter().copied().filter(is_hurt).collect();
            // What is said of a server that its clients do without hurts nobody.
            if clients.is_empty() && !lint.hurts.is_empty() {
                continue;
            }
            let spot = Spot { profile: one.profile.id.clone(), place: lint.place.clone(), clients };
            findings.add(lint.cause, lint.severity, lint.message.clone(), lint.hint, spot);
        }
        if !one.rows.iter().any(Row::works) {
            let message = "no client that Waypost knows ends with settings that work";
            let hint = "see what is said of its servers";
            let spot = Spot {
                profile: one.profile.id.clone(),
                place: one.origin.place.clone(),
                clients: Vec::new(),
            };
            findings.add(Cause::Nobody, Severity::Error, message.to_owned(), hint, spot);
        }
        for row in one.rows.iter().filter(|row| row.is_hurt()) {
            if !one.lints.iter().any(|lint| lint.hurts.contains(&row.client)) {
                let hint = "this is not one of the causes that Waypost knows; please report it";
                let place = one.origin.place.clone();
                let spot = Spot { profile: one.profile.id.clone(), place, clients: vec![row.client] };
                findings.add(Cause::Unexplained, Severity::Warning, unexplained(row), hint, spot);
            }
        }
    }
    let mut findings = findings.list;
    findings.sort_by_key(|finding| (finding.severity, finding.cause));
    findings
}

/// Findings, and where each stands in the list.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    places: HashMap<(Cause, String), usize>,
}

impl Findings {
    fn add(&mut self, cause: Cause, severity: Severity, message: String, hint: &str, spot: Spot) {
        let place = self.places.entry((cause, message.clone())).or_insert_with(|| {
            self.list.push(Finding { cause, severity, message, hint: hint.to_owned(), spots: Vec::new() });
            self.list.len() - 1
        });
        self.list[*place].spots.push(spot);
    }
}

fn unexplained(row: &Row) -> String {
    let ends = match &row.outcome {
        Err(reason) => format!("gives up: {reason}"),
        Ok(_) => {
            let cells = Row::PROTOCOLS.iter().zip(&row.cells);
            let words: Vec<_> = cells.map(|(protocol, cell)| format!("{protocol} {cell}")).collect();
            format!("ends with {}", words.join("; "))
        }
    };
    format!("{} ({}) {ends}", row.client, row.client.format)
}
