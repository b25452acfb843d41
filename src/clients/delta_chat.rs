//! Delta Chat (chatmail/core 2.60): `configure/auto_mozilla.rs`, `configure/auto_outlook.rs`,
//! `configure.rs`, on quick-xml's events.
//!
//! It never looks at the whole: any `incomingServer` anywhere counts, each chunk of text takes the
//! place of the one before, and any 2xx ends the search, with whatever was found in it. Of several
//! candidates it tries one after the other; here, the first.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::reading::{EVERY, fill, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;

pub const AUTOCONFIG: Client = Client {
    name: "Delta Chat",
    id: "delta-chat",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge: autoconfig,
};

pub const AUTODISCOVER: Client =
    Client { format: Format::Autodiscover, judge: from_autodiscover, ..AUTOCONFIG };

/// One server: its type, and the last text of each tag in it that is read.
#[derive(Default)]
struct Server {
    kind: String,
    texts: HashMap<&'static str, String>,
}

const NOTHING: &str = "no server that it uses, and it stops searching";

/// The tags that are read, in lower case.
const READ: [&str; 8] =
    ["hostname", "port", "sockettype", "username", "type", "server", "ssl", "redirecturl"];

/// Every element of these names, with the texts in it. Names and types in lower case.
fn servers(answer: &Answer, names: &[&str]) -> Result<Vec<(String, Server)>, GivesUp> {
    answer.require_success()?;
    let text = String::from_utf8_lossy(answer.body);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().trim_text(true);
    let mut servers: Vec<(String, Server)> = Vec::new();
    let mut open: Option<(String, Server)> = None;
    let mut tag: Option<&'static str> = None;
    loop {
        match reader.read_event() {
            Err(error) => return Err(GivesUp::because(format!("not well-formed: {error}"))),
            Ok(Event::Eof) => return Ok(servers),
            Ok(Event::Start(element)) => {
                let name = element.name().as_ref().to_lowercase();
                if names.contains(&name.as_str()) {
                    open = Some((name, Server { kind: kind(&element), ..Server::default() }));
                    tag = None;
                } else {
                    tag = READ.into_iter().find(|known| *known == name);
                }
            }
            Ok(Event::Text(chunk)) => {
                match (tag, &mut open) {
                    // Followed at once, wherever it stands (1.8).
                    (Some("redirecturl"), _) if !chunk.trim().is_empty() => {
                        return Err(GivesUp::because(format!("it goes to {}", chunk.trim())));
                    }
                    (Some(tag), Some((_, server))) => {
                        server.texts.insert(tag, chunk.trim().to_owned());
                    }
                    _ => {}
                }
            }
            Ok(Event::End(element)) => {
                let name = element.name().as_ref().to_lowercase();
                if names.contains(&name.as_str()) {
                    servers.extend(open.take());
                }
            }
            Ok(_) => {}
        }
    }
}

fn kind(element: &BytesStart) -> String {
    let mut attributes = element.attributes().filter_map(Result::ok);
    let kind = attributes.find(|attribute| attribute.key.as_ref().eq_ignore_ascii_case("type"));
    kind.map(|attribute| attribute.value.to_lowercase()).unwrap_or_default()
}

fn autoconfig(answer: &Answer, address: &EmailAddress) -> Verdict {
    let servers = servers(answer, &["incomingserver", "outgoingserver"])?;
    // Incoming ones first; which list a server stands in does not matter otherwise.
    let (incoming, outgoing): (Vec<_>, Vec<_>) =
        servers.into_iter().partition(|(name, _)| name == "incomingserver");
    let mut account = Account::default();
    for (_, Server { kind, texts }) in incoming.into_iter().chain(outgoing) {
        let slot = match kind.as_str() {
            "imap" => &mut account.imap,
            "smtp" => &mut account.smtp,
            _ => continue,
        };
        let text = |name: &str| texts.get(name).filter(|text| !text.is_empty());
        let (Some(hostname), Some(port), Some(username)) = (text("hostname"), text("port"), text("username"))
        else {
            continue;
        };
        let security = match text("sockettype").map(|word| word.to_lowercase()).as_deref() {
            Some("ssl") => Security::SSL,
            Some("starttls") => Security::STARTTLS,
            Some("plain") => Security::PLAIN,
            _ => Security::Tried,
        };
        slot.get_or_insert(Endpoint {
            hostname: fill(hostname, EVERY, address),
            port: usual_port(port.parse().unwrap_or(0), &kind, security),
            security,
            login: Login::Name(fill(username, EVERY, address)),
            method: Method::Negotiated,
        });
    }
    account.unless_empty(NOTHING)
}

/// `SSL` says only whether it is off; how to encrypt is tried out.
fn from_autodiscover(answer: &Answer, address: &EmailAddress) -> Verdict {
    let mut account = Account::default();
    for (_, Server { texts, .. }) in servers(answer, &["protocol"])? {
        let text = |name: &str| texts.get(name).filter(|text| !text.is_empty());
        let kind = text("type").map(|word| word.to_lowercase()).unwrap_or_default();
        let slot = match kind.as_str() {
            "imap" => &mut account.imap,
            "smtp" => &mut account.smtp,
            _ => continue,
        };
        let (Some(hostname), Some(port)) = (text("server"), text("port")) else { continue };
        let is_off = text("ssl").is_some_and(|word| word == "off");
        let security = if is_off { Security::PLAIN } else { Security::Tried };
        slot.get_or_insert(Endpoint {
            hostname: hostname.clone(),
            port: usual_port(port.parse().unwrap_or(0), &kind, security),
            security,
            login: full_address(address),
            method: Method::Negotiated,
        });
    }
    account.unless_empty(NOTHING)
}

/// A port that is no number is as good as none; the first one that is tried takes its place.
fn usual_port(port: u16, kind: &str, security: Security) -> u16 {
    match (port, kind, security) {
        (0, "imap", Security::SSL | Security::Tried) => 993,
        (0, "imap", _) => 143,
        (0, _, Security::SSL | Security::Tried) => 465,
        (0, ..) => 587,
        (port, ..) => port,
    }
}
