//! Records as name servers, registrars and the programs that feed them read them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Data, RecordSet, Records};

/// BIND's zone file (RFC 1035 5), a line a record.
pub fn zone(records: &Records) -> String {
    let mut text = format!("; {}: the records that mail programs look for\n", records.domain);
    let mut lines = Vec::new();
    for set in &records.sets {
        for data in set.data() {
            lines.push((format!("{}.", set.name), data.kind(), presentation(data)));
        }
    }
    let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    for (name, kind, data) in lines {
        let _ = writeln!(text, "{name:width$} {} IN {kind:5} {data}", records.ttl);
    }
    text
}

/// What a person copies into a registrar's form: each row a record, without quotes.
pub fn rows(records: &Records) -> Vec<[String; 4]> {
    let mut rows = vec![["Name", "TTL", "Type", "Value"].map(str::to_owned)];
    for set in &records.sets {
        for data in set.data() {
            rows.push([
                set.name.to_string(),
                records.ttl.to_string(),
                data.kind().to_owned(),
                data.to_string(),
            ]);
        }
    }
    rows
}

/// An object for each name and type, for programs (Terraform's `for_each` among them).
pub fn json(records: &Records) -> String {
    #[derive(Serialize)]
    struct Zone<'a> {
        domain: &'a str,
        records: Vec<Set>,
    }
    #[derive(Serialize)]
    struct Set {
        name: String,
        #[serde(rename = "type")]
        kind: &'static str,
        ttl: u32,
        values: Vec<String>,
    }
    let set = |set: &RecordSet| Set {
        name: set.name.to_string(),
        kind: set.kind(),
        ttl: records.ttl,
        values: set.values(),
    };
    pretty(&Zone { domain: records.domain.as_str(), records: records.sets.iter().map(set).collect() })
}

/// The body of a PATCH to a zone of the PowerDNS API.
pub fn powerdns(records: &Records) -> String {
    #[derive(Serialize)]
    struct Patch {
        rrsets: Vec<Set>,
    }
    #[derive(Serialize)]
    struct Set {
        name: String,
        #[serde(rename = "type")]
        kind: &'static str,
        ttl: u32,
        changetype: &'static str,
        records: Vec<Content>,
    }
    #[derive(Serialize)]
    struct Content {
        content: String,
        disabled: bool,
    }
    let content = |data: &Data| Content { content: presentation(data), disabled: false };
    let set = |set: &RecordSet| Set {
        name: format!("{}.", set.name),
        kind: set.kind(),
        ttl: records.ttl,
        changetype: "REPLACE",
        records: set.data().iter().map(content).collect(),
    };
    pretty(&Patch { rrsets: records.sets.iter().map(set).collect() })
}

/// A zone of OctoDNS, whose YAML takes JSON. Names are relative to the domain.
pub fn octodns(records: &Records) -> String {
    #[derive(Serialize)]
    // It wants keys in the order of the alphabet.
    struct Set {
        ttl: u32,
        #[serde(rename = "type")]
        kind: &'static str,
        /// Of a type of which there can be one.
        #[serde(skip_serializing_if = "Option::is_none")]
        value: Option<serde_json::Value>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        values: Vec<serde_json::Value>,
    }
    let mut names: BTreeMap<String, Vec<Set>> = BTreeMap::new();
    for set in &records.sets {
        let mut values: Vec<_> = set.data().iter().map(octodns_value).collect();
        let value = if set.kind() == "CNAME" { values.pop() } else { None };
        names.entry(set.name.label.to_string()).or_default().push(Set {
            ttl: records.ttl,
            kind: set.kind(),
            value,
            values,
        });
    }
    pretty(&names)
}

fn octodns_value(data: &Data) -> serde_json::Value {
    match data {
        Data::Srv(srv) => serde_json::json!({
            "priority": srv.priority,
            "weight": srv.weight,
            "port": srv.port,
            "target": srv.target.as_ref().map_or(".".to_owned(), |target| format!("{target}.")),
        }),
        // It takes a bare semicolon for the begin of a comment.
        Data::Txt(text) => text.replace(';', "\\;").into(),
        other => other.to_string().into(),
    }
}

/// JSON for people and programs.
pub fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("strings and numbers can be written as JSON");
    text.push('\n');
    text
}

/// As a zone file has it: texts in quotes, in strings of at most 255 octets (RFC 1035 3.3, 5.1).
fn presentation(data: &Data) -> String {
    let Data::Txt(text) = data else { return data.to_string() };
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
        let text = |text: &str| presentation(&Data::Txt(text.to_owned()));
        assert_eq!(text("path=/\"a\\ü"), r#""path=/\"a\\\195\188""#);
        let long = "x".repeat(300);
        assert_eq!(text(&long), format!("\"{}\" \"{}\"", &long[..255], &long[255..]));
    }
}
