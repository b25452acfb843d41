//! The account that a mail program configures, from Waypost's documents or from any other.

use std::fmt::Write as _;

use crate::address::EmailAddress;
use crate::check::{ClientResult, ProtocolResult, simulate};
use crate::cli::table::table;
use crate::clients::{ALL, Account, Client, Endpoint, Format, Outcome, Response};
use crate::documents::RenderedProfile;
use crate::profile::Protocol;

/// What is printed, and whether the mail program configures an account from at least one format.
#[derive(Debug, Default)]
pub struct ClientReport {
    pub text: String,
    pub has_account: bool,
}

/// The ids of all clients, without repetitions.
pub fn client_ids() -> Vec<&'static str> {
    let mut ids: Vec<&str> = Vec::new();
    for client in ALL {
        if !ids.contains(&client.id) {
            ids.push(client.id);
        }
    }
    ids
}

/// The readers of a mail program.
fn readers(id: &str) -> impl Iterator<Item = Client> {
    ALL.into_iter().filter(move |client| client.id.eq_ignore_ascii_case(id))
}

/// The accounts from Waypost's documents, each compared with the preferred servers.
pub fn of_profile(id: &str, entry: &RenderedProfile, address: &EmailAddress) -> ClientReport {
    let mut report = ClientReport::default();
    for client in readers(id) {
        let ClientResult { outcome, protocols, .. } =
            simulate(client, &entry.profile, &entry.documents, address);
        let verdict = |protocol: Protocol| {
            let index = ClientResult::PROTOCOLS.iter().position(|other| *other == protocol);
            match index.map(|index| &protocols[index])? {
                ProtocolResult::Unused => None,
                ProtocolResult::Preferred => Some("ok".to_owned()),
                other => Some(other.to_string()),
            }
        };
        report.add(client, &outcome, verdict);
    }
    report
}

/// The account from the answer of another server, by the reader of its format.
pub fn of_document(id: &str, response: &Response, address: &EmailAddress) -> ClientReport {
    let format = format_of(response.body);
    let reader = readers(id).find(|client| client.format == format).or_else(|| readers(id).next());
    let mut report = ClientReport::default();
    if let Some(client) = reader {
        let outcome = client.interpret(response, address);
        let is_guess = |protocol| outcome.as_ref().is_ok_and(|account| account.is_guess(protocol));
        let verdict = |protocol| is_guess(protocol).then(|| ProtocolResult::Guessed.to_string());
        report.add(client, &outcome, verdict);
    }
    report
}

/// The format of a document, by the name of its root. Bytes of 0 are removed: they are half of an ASCII
/// text in UTF-16.
fn format_of(body: &[u8]) -> Format {
    let text: Vec<u8> = body.iter().copied().filter(|byte| *byte != 0).collect();
    let contains = |name: &[u8]| text.windows(name.len()).any(|window| window == name);
    let is_autodiscover = contains(b"Autodiscover") && !contains(b"clientConfig");
    if is_autodiscover { Format::Autodiscover } else { Format::Autoconfig }
}

impl ClientReport {
    /// Adds a reader's account, with a verdict for each protocol.
    fn add(&mut self, client: Client, outcome: &Outcome, verdict: impl Fn(Protocol) -> Option<String>) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{client}, by {}", client.format);
        match outcome {
            Err(reason) => {
                let _ = writeln!(self.text, "gives up: {reason}");
            }
            Ok(account) => {
                self.has_account = true;
                self.text += &table(&rows(account, verdict));
            }
        }
    }
}

fn rows(account: &Account, verdict: impl Fn(Protocol) -> Option<String>) -> Vec<[String; 7]> {
    let mut rows =
        vec![["", "Server", "Port", "Security", "User name", "Authentication", ""].map(str::to_owned)];
    for protocol in ClientResult::PROTOCOLS {
        match (account.get(protocol), verdict(protocol)) {
            (Some(endpoint), verdict) => rows.push(row(protocol, endpoint, verdict.unwrap_or_default())),
            (None, Some(missing)) => {
                let mut row: [String; 7] = Default::default();
                (row[0], row[1]) = (protocol.to_string(), missing);
                rows.push(row);
            }
            (None, None) => {}
        }
    }
    rows
}

fn row(protocol: Protocol, endpoint: &Endpoint, verdict: String) -> [String; 7] {
    [
        protocol.to_string(),
        endpoint.hostname.clone(),
        endpoint.port.to_string(),
        endpoint.security.to_string(),
        endpoint.username.clone().unwrap_or_else(|| "asks".to_owned()),
        endpoint.method.to_string(),
        verdict,
    ]
}
