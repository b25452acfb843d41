//! Writes the comparison of one domain as text or JSON, and counts the results.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::address::Domain;
use crate::cli::output::count;
use crate::dns::{RecordSet, RecordStatus, Records, format};

/// How many records have each status.
#[derive(Default)]
pub struct Counts([usize; RecordStatus::WORDS.len()]);

impl Counts {
    pub fn add(&mut self, statuses: &[RecordStatus]) {
        for status in statuses {
            let word: &str = status.into();
            let at = RecordStatus::WORDS.iter().position(|known| *known == word);
            self.0[at.expect("WORDS has every word")] += 1;
        }
    }

    /// `2 domains, 30 records: 28 ok, 2 missing`
    pub fn summary(&self, domains: usize) -> String {
        let (domains, records) = (count(domains, "domain"), count(self.0.iter().sum(), "record"));
        let counted = self.0.iter().zip(RecordStatus::WORDS).filter(|(number, _)| **number > 0);
        let counted: Vec<_> = counted.map(|(number, word)| format!("{number} {word}")).collect();
        format!(
            "{domains}, {records}: {}\n",
            if counted.is_empty() { "none".to_owned() } else { counted.join(", ") }
        )
    }
}

/// One line for each record, and indented lines with details. A domain whose lookups all fail for the same reason is one
/// entry. `with_ok` includes records that are ok.
pub fn text(records: &Records, statuses: &[RecordStatus], with_ok: bool) -> String {
    match statuses {
        [first @ RecordStatus::LookupFailed(reason), rest @ ..]
            if rest.iter().all(|status| status == first) =>
        {
            line(first.into(), "all", records.domain.as_str()) + &format!("    {reason}\n")
        }
        _ => {
            let all = records.sets.iter().zip(statuses);
            let shown = all.filter(|(_, status)| with_ok || **status != RecordStatus::Ok);
            shown.map(|(set, status)| record(set, status)).collect()
        }
    }
}

fn record(set: &RecordSet, status: &RecordStatus) -> String {
    let mut text = line(status.into(), set.kind(), &set.name.to_string());
    for detail in details(set, status) {
        let _ = writeln!(text, "    {detail}");
    }
    text
}

pub fn not_served(domain: &Domain) -> String {
    line("not served", "", domain.as_str())
}

fn line(status: &str, kind: &str, name: &str) -> String {
    format!("{status:13}  {kind:5}  {name}\n")
}

/// The next step, and what is published.
fn details(set: &RecordSet, status: &RecordStatus) -> Vec<String> {
    let publish = || set.values().into_iter().map(|value| format!("publish  {value}"));
    let found =
        |values: &[String]| values.iter().map(|value| format!("found    {value}")).collect::<Vec<_>>();
    let hosts = |hosts: &[Domain], what| hosts.iter().map(|host| format!("{host} {what}")).collect();
    match status {
        RecordStatus::Ok => Vec::new(),
        RecordStatus::AliasTargets(aliases) => {
            hosts(aliases, "is an alias (CNAME), which RFC 2782 forbids for an SRV target")
        }
        RecordStatus::Missing => publish().collect(),
        RecordStatus::Different(published) => publish().chain(found(published)).collect(),
        RecordStatus::WrongAddresses { host, addresses } => {
            let mut lines = vec![format!("{host} has addresses that are not in `addresses` of [dns]")];
            lines.extend(found(addresses));
            lines
        }
        RecordStatus::Unreachable(unreachable) => hosts(unreachable, "has no address"),
        RecordStatus::LookupFailed(reason) => vec![reason.clone()],
    }
}

pub fn json(records: &Records, statuses: &[RecordStatus]) -> Value {
    let record = |(set, status): (&RecordSet, &RecordStatus)| {
        let word: &str = status.into();
        let mut record = json!({
            "name": set.name.to_string(),
            "type": set.kind(),
            "values": set.values(),
            "status": word,
        });
        match status {
            RecordStatus::Different(published)
            | RecordStatus::WrongAddresses { addresses: published, .. } => {
                record["published"] = json!(published);
            }
            RecordStatus::AliasTargets(hosts) | RecordStatus::Unreachable(hosts) => {
                record["hosts"] = json!(hosts);
            }
            RecordStatus::LookupFailed(reason) => record["reason"] = json!(reason),
            RecordStatus::Ok | RecordStatus::Missing => {}
        }
        record
    };
    let checked: Vec<_> = records.sets.iter().zip(statuses).map(record).collect();
    json!({ "domain": records.domain, "records": checked, "omitted": format::omitted(records) })
}
