//! Prints the records of domains.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::domains::Domains;
use super::json_array;
use super::left_out::LeftOut;
use super::record_format::RecordFormat;
use crate::address::Domain;
use crate::cli::output::{count, exit_code, message, not_served_text, print_part};
use crate::cli::table::table;
use crate::dns::{Records, format};

pub fn print(domains: &Domains, format: RecordFormat) -> Result<ExitCode, ExitCode> {
    let mut left_out = LeftOut::default();
    let mut not_served = Vec::new();
    for (index, domain) in domains.list.iter().enumerate() {
        let records = domains.records(domain);
        match &records {
            Some(records) => left_out.add(records),
            None => not_served.push(domain),
        }
        let text = match format {
            RecordFormat::Json if domains.is_single => format::pretty(&json(domain, records.as_ref())),
            RecordFormat::Json => json_array::element(index, &json(domain, records.as_ref())),
            _ => section(index, format, domain, records.as_ref()),
        };
        if !print_part(&text)? {
            break;
        }
    }
    if format == RecordFormat::Json && !domains.is_single {
        print_part(json_array::end(domains.list.len()))?;
    }
    report_wildcards(domains, format)?;
    for domain in &not_served {
        domains.report_not_served(domain);
    }
    // The other formats have comments with the names.
    left_out.report(format == RecordFormat::Powerdns);
    Ok(exit_code(left_out.has_errors() || !not_served.is_empty()))
}

fn section(index: usize, format: RecordFormat, domain: &Domain, records: Option<&Records>) -> String {
    let text = match (format, records) {
        (RecordFormat::Zone, Some(records)) => format::zone(records),
        (RecordFormat::Table, Some(records)) => {
            table(&format::rows(records)) + &format::omissions(records, "#")
        }
        (RecordFormat::Powerdns, Some(records)) => format::powerdns(records),
        (RecordFormat::Octodns, Some(records)) => format::octodns(records),
        (RecordFormat::Zone, None) => format::comment([not_served_text(domain)], ";"),
        (RecordFormat::Table, None) => format::comment([not_served_text(domain)], "#"),
        // A document without records would delete those of the zone.
        _ => return String::new(),
    };
    if index == 0 { text } else { format!("\n{text}") }
}

fn json(domain: &Domain, records: Option<&Records>) -> Value {
    records.map_or_else(|| json_not_served(domain), format::json)
}

/// The same keys as for a domain with records.
pub fn json_not_served(domain: &Domain) -> Value {
    json!({ "domain": domain, "records": [], "omitted": [], "error": not_served_text(domain) })
}

/// A comment if the format has comments, else a note on standard error.
fn report_wildcards(domains: &Domains, format: RecordFormat) -> Result<(), ExitCode> {
    let Domains { wildcards, .. } = domains;
    let Some(sign) = format.comment_sign().filter(|_| !wildcards.is_empty()) else {
        note_wildcards(wildcards);
        return Ok(());
    };
    let mut lines: Vec<_> = wildcards.iter().map(|domain| format!("left out: *.{domain}")).collect();
    lines.push("reason: a wildcard has no records".to_owned());
    lines.push("hint: name a domain below the wildcard".to_owned());
    let lines = format::comment(lines, sign);
    print_part(&if domains.list.is_empty() { lines } else { format!("\n{lines}") }).map(|_| ())
}

/// Reports wildcards on standard error.
pub fn note_wildcards(wildcards: &[Domain]) {
    if !wildcards.is_empty() {
        let number = count(wildcards.len(), "wildcard");
        message(format!(
            "note: left out {number}: a wildcard has no records\n\
             hint: name a domain below the wildcard"
        ));
    }
}
