//! Records in the formats of name servers, registrars and provisioning programs.
//!
//! `hickory-proto` writes zone files as well, but does not align columns or cut long texts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use super::omission::Omission;
use super::record::{RecordData, RecordName, RecordSet};
use super::records::Records;

/// BIND's zone file (RFC 1035 5), one record a line. What is left out is a comment.
pub fn zone(records: &Records) -> String {
    let mut text = format!("; {}: the records that mail programs look for\n", records.domain);
    let width = records.sets.iter().map(|set| set.name.to_string().len() + 1).max().unwrap_or_default();
    for (set, data) in each(records) {
        let (name, kind) = (format!("{}.", set.name), set.kind());
        let _ = writeln!(text, "{name:width$} {} IN {kind:5} {}", records.ttl, presentation(data));
    }
    text + &omissions(records, ";")
}

/// For copying into a registrar's form: one record a row, texts unquoted.
pub fn rows(records: &Records) -> Vec<[String; 4]> {
    let row = |(set, data): (&RecordSet, &RecordData)| {
        [set.name.to_string(), records.ttl.to_string(), set.kind().to_owned(), data.to_string()]
    };
    let head = ["Name", "TTL", "Type", "Value"].map(str::to_owned);
    std::iter::once(head).chain(each(records).map(row)).collect()
}

/// What is left out, as comments.
pub fn omissions(records: &Records, sign: &str) -> String {
    comment(records.omissions.iter().flat_map(Omission::comment), sign)
}

/// A comment of several lines.
pub fn comment(lines: impl IntoIterator<Item = String>, sign: &str) -> String {
    lines.into_iter().fold(String::new(), |text, line| text + sign + " " + &line + "\n")
}

fn each(records: &Records) -> impl Iterator<Item = (&RecordSet, &RecordData)> {
    records.sets.iter().flat_map(|set| set.data().iter().map(move |data| (set, data)))
}

/// An object for each name and type, for programs (for example Terraform's `for_each`).
pub fn json(records: &Records) -> Value {
    let set = |set: &RecordSet| {
        json!({
            "name": set.name.to_string(),
            "type": set.kind(),
            "ttl": records.ttl,
            "values": set.values(),
        })
    };
    let sets: Vec<_> = records.sets.iter().map(set).collect();
    json!({ "domain": records.domain, "records": sets, "omitted": omitted(records) })
}

/// What is left out, for programs.
pub fn omitted(records: &Records) -> Value {
    let names = |names: &[RecordName]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let omission = |Omission { names: omitted, reason }: &Omission| {
        json!({
            "names": names(omitted),
            "reason": reason.to_string(),
            "is_error": reason.is_error(),
        })
    };
    records.omissions.iter().map(omission).collect()
}

/// The body of a PATCH to a zone of the PowerDNS API.
pub fn powerdns(records: &Records) -> String {
    let content = |data: &RecordData| json!({ "content": presentation(data), "disabled": false });
    let set = |set: &RecordSet| {
        json!({
            "name": format!("{}.", set.name),
            "type": set.kind(),
            "ttl": records.ttl,
            "changetype": "REPLACE",
            "records": set.data().iter().map(content).collect::<Vec<_>>(),
        })
    };
    pretty(&json!({ "rrsets": records.sets.iter().map(set).collect::<Vec<_>>() }))
}

/// A zone of OctoDNS in YAML: JSON, and comments if something is left out. Names are relative to the domain, keys are
/// sorted.
pub fn octodns(records: &Records) -> String {
    let mut names: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for set in &records.sets {
        let mut values: Vec<_> = set.data().iter().map(octodns_value).collect();
        // A name has at most one CNAME.
        let (key, value) = match set.kind() {
            "CNAME" => ("value", values.swap_remove(0)),
            _ => ("values", values.into()),
        };
        let entry = json!({ "ttl": records.ttl, "type": set.kind(), key: value });
        names.entry(&set.name.label).or_default().push(entry);
    }
    omissions(records, "#") + &pretty(&names)
}

fn octodns_value(data: &RecordData) -> Value {
    match data {
        RecordData::Srv(srv) => json!({
            "port": srv.port,
            "priority": srv.priority,
            "target": srv.target.as_ref().map_or(".".to_owned(), |target| format!("{target}.")),
            "weight": srv.weight,
        }),
        // OctoDNS reads a bare semicolon as the start of a comment.
        RecordData::Txt(text) => text.replace(';', "\\;").into(),
        other => other.to_string().into(),
    }
}

/// Indented JSON with a final line break.
pub fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("strings and numbers can be written as JSON");
    text.push('\n');
    text
}

/// As in a zone file: texts in quotes, cut into strings of at most 255 octets (RFC 1035 3.3, 5.1).
fn presentation(data: &RecordData) -> String {
    let RecordData::Txt(text) = data else { return data.to_string() };
    let strings: Vec<_> = text.as_bytes().chunks(255).map(quoted).collect();
    strings.join(" ")
}

fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(*octet)]),
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => {
                let _ = write!(text, "\\{octet:03}");
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_cuts_texts() {
        let text = |text: &str| presentation(&RecordData::Txt(text.to_owned()));
        assert_eq!(text("path=/\"a\\ü"), r#""path=/\"a\\\195\188""#);
        let long = "x".repeat(300);
        assert_eq!(text(&long), format!("\"{}\" \"{}\"", &long[..255], &long[255..]));
    }
}
