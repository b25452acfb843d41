//! GNOME Online Accounts 3.58.1: `goamailclient.c`, `goamailconfig.c`, `goaimapsmtpprovider.c`, on
//! librest's XML reader.
//!
//! The dialogue takes the host and the kind of encryption; the port is the usual one for that,
//! whatever the document says. Every field can be mended by the person.

use super::reading::{EVERY, Encodings, value};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "GNOME Online Accounts",
    id: "gnome",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    let text = answer.strict_text(Encodings::Declared)?;
    // libxml2 recovers, and how the parse ended is not asked.
    let tree = Tree::recover(&text)?;
    let root = super::reading::root(&tree, "clientConfig")?;
    let Some(provider) = find(root, "emailProvider") else {
        return Err(GivesUp::because("a clientConfig without servers, which ends the search"));
    };
    // Incoming and outgoing servers end up in one list, from which types are picked.
    let first = |kind: &str, ports: (u16, u16)| {
        provider
            .children("incomingServer")
            .chain(provider.children("outgoingServer"))
            .find(|server| server.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case(kind)))
            .map(|server| endpoint(server, ports, address))
    };
    let account =
        Account { imap: first("imap", (993, 143)), smtp: first("smtp", (465, 587)), ..Account::default() };
    account.unless_empty("no IMAP or SMTP server")
}

/// A child of the name, else the nearest descendant.
fn find<'a>(parent: Element<'a>, name: &'a str) -> Option<Element<'a>> {
    let mut level: Vec<_> = parent.elements().collect();
    while !level.is_empty() {
        if let Some(found) = level.iter().find(|element| element.name() == name) {
            return Some(*found);
        }
        level = level.into_iter().flat_map(Element::elements).collect();
    }
    None
}

/// The last text node: what stands before a comment is lost. CDATA is text.
fn text<'a>(server: Element<'a>, name: &'a str) -> Option<String> {
    let (mut last, mut is_over) = (String::new(), false);
    for piece in find(server, name)?.pieces() {
        match piece.text() {
            None => is_over = true,
            Some(text) if std::mem::take(&mut is_over) => text.clone_into(&mut last),
            Some(text) => last.push_str(text),
        }
    }
    Some(last)
}

fn endpoint(server: Element, (tls, starttls): (u16, u16), address: &EmailAddress) -> Endpoint {
    let socket_type = text(server, "socketType").unwrap_or_default();
    // `plain`, and whatever it does not know, is shown as SSL.
    let (port, security) = if socket_type.eq_ignore_ascii_case("STARTTLS") {
        (starttls, Security::STARTTLS)
    } else {
        (tls, Security::SSL)
    };
    let username = text(server, "username").unwrap_or_default().to_ascii_uppercase();
    // Combinations and fixed names leave the field empty.
    let placeholder = EVERY.iter().find(|placeholder| placeholder.into_str() == username);
    let login = placeholder.map_or(Login::Asked, |placeholder| Login::Name(value(*placeholder, address)));
    let hostname = text(server, "hostname").unwrap_or_default();
    Endpoint { hostname, port, security, login, method: Method::Negotiated }
}
