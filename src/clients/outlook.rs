//! Outlook for Windows, the classic dialogue, by what Microsoft documents (cc511507; MS-OXDSCLI
//! 2.2.4) and what operators report (reference/autodiscover 2.2, 2.4): no source to read.
//!
//! 2010 and later know `Encryption`; 2007 knows `SSL` alone, so STARTTLS cannot be told to it.

use super::autodiscover::{account, method, text};
use super::reading::Encodings;
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;
use crate::xml::tree::{Element, Tree};

pub const OUTLOOK: Client = Client {
    name: "Outlook 2010 and later",
    id: "outlook",
    format: Format::Autodiscover,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge: |answer, address| judge(answer, address, true),
};

pub const OUTLOOK_2007: Client = Client {
    name: "Outlook 2007",
    id: "outlook-2007",
    judge: |answer, address| judge(answer, address, false),
    ..OUTLOOK
};

pub(super) fn judge(answer: &Answer, address: &EmailAddress, knows_encryption: bool) -> Verdict {
    // Any status but 200 means: not an Autodiscover endpoint (reference/autodiscover 0, 2).
    answer.require_ok()?;
    let body = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&body)?;
    let element = account(&tree)?;
    for (name, word) in [("AccountType", "email"), ("Action", "settings")] {
        if text(element, name).as_deref() != Some(word) {
            return Err(GivesUp::because(format!("{name} is not `{word}`")));
        }
    }
    let mut account = Account::default();
    for protocol in element.children("Protocol") {
        let (slot, usual) = match text(protocol, "Type").as_deref() {
            Some("IMAP") => (&mut account.imap, 143),
            Some("POP3") => (&mut account.pop3, 110),
            Some("SMTP") => (&mut account.smtp, 25),
            _ => continue,
        };
        // The list is in the server's order of preference.
        if slot.is_none() {
            *slot = endpoint(protocol, usual, knows_encryption, address);
        }
    }
    if !account.has_incoming() {
        return Err(GivesUp::because("no IMAP or POP3 server"));
    }
    Ok(account)
}

fn endpoint(
    protocol: Element,
    usual_port: u16,
    knows_encryption: bool,
    address: &EmailAddress,
) -> Option<Endpoint> {
    // Both are on where nothing is said; other words than `on` and `off` are reported to fail.
    let is_on = |name| match text(protocol, name).as_deref() {
        None | Some("on") => Some(true),
        Some("off") => Some(false),
        Some(_) => None,
    };
    let encryption = text(protocol, "Encryption").filter(|_| knows_encryption);
    // `Encryption` overrides `SSL`.
    let security = match (encryption.as_deref(), is_on("SSL")?) {
        (Some("SSL"), _) | (None, true) => Security::SSL,
        (Some("TLS"), _) => Security::STARTTLS,
        (Some("Auto"), _) => Security::Tried,
        (Some("None"), _) | (None, false) => Security::PLAIN,
        _ => return None,
    };
    let login = match text(protocol, "LoginName").as_deref() {
        None | Some("") => address.local_part().to_owned(),
        Some(name) => name.to_owned(),
    };
    let method = method(is_on("AuthRequired")?, is_on("SPA")?);
    let port = match text(protocol, "Port") {
        Some(port) => port.trim().parse().ok()?,
        None => usual_port,
    };
    let hostname = text(protocol, "Server").filter(|server| !server.is_empty())?.into_owned();
    Some(Endpoint { hostname, port, security, login: Login::Name(login), method: Method::Named(method) })
}
