//! What was found in all profiles, by cause.

use super::{Cause, Examined, Row};
use crate::address::Domain;
use crate::clients::Client;
use crate::config::{Place, Severity};

/// One cause, wherever it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: String,
    /// Who ends with less for it, in the order of [`crate::clients::ALL`].
    pub clients: Vec<Client>,
    /// The profile's id, and the line.
    pub places: Vec<(Domain, Place)>,
}

/// Groups what was found, the worst first.
pub fn findings(examined: &[Examined]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in examined {
        let is_hurt = |client: &Client| one.rows.iter().any(|row| row.client == *client && row.is_hurt());
        for lint in &one.lints {
            let clients: Vec<_> = lint.hurts.iter().copied().filter(is_hurt).collect();
            // Nobody is hurt after all: another rule's reason was stronger, or ours is wrong.
            if clients.is_empty() && !lint.hurts.is_empty() {
                continue;
            }
            let finding = Finding {
                cause: lint.cause,
                severity: lint.severity,
                message: lint.message.clone(),
                hint: lint.hint.to_owned(),
                clients,
                places: vec![(one.profile.id.clone(), lint.place.clone())],
            };
            add(&mut findings, finding);
        }
        for row in one.rows.iter().filter(|row| row.is_hurt()) {
            if !one.lints.iter().any(|lint| lint.hurts.contains(&row.client)) {
                add(&mut findings, unexplained(one, row));
            }
        }
    }
    findings.sort_by_key(|finding| (finding.severity, finding.cause));
    findings
}

fn add(findings: &mut Vec<Finding>, new: Finding) {
    let same = findings.iter_mut().find(|known| {
        (known.cause, &known.message, &known.clients) == (new.cause, &new.message, &new.clients)
    });
    match same {
        Some(known) => known.places.extend(new.places),
        None => findings.push(new),
    }
}

fn unexplained(one: &Examined, row: &Row) -> Finding {
    let ends = match &row.verdict {
        Err(reason) => format!("gives up: {reason}"),
        Ok(_) => {
            let cells = Row::PROTOCOLS.iter().zip(&row.cells);
            let words: Vec<_> = cells.map(|(protocol, cell)| format!("{protocol} {cell}")).collect();
            format!("ends with {}", words.join("; "))
        }
    };
    Finding {
        cause: Cause::Unexplained,
        severity: Severity::Warning,
        message: format!("{} ({}) {ends}", row.client, row.client.format),
        hint: "this is not one of the causes that Waypost knows; please report it".to_owned(),
        clients: vec![row.client],
        places: vec![(one.profile.id.clone(), one.origin.place.clone())],
    }
}
