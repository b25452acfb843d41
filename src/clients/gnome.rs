//! GNOME Online Accounts 3.58.1: `goamailclient.c`, `goamailconfig.c`, `goaimapsmtpprovider.c`, on
//! librest's XML reader.
//!
//! The dialogue takes the host and the kind of encryption. It ignores the document's port and uses
//! the usual one for the encryption. The person can correct every field. It has no OAuth2: Google is
//! an account type of its own, with fixed hosts (`goagoogleprovider.c`).

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, placeholder_value, root};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    // libxml2 recovers, and librest does not check the result of the parse.
    let tree = Tree::recover(response.strict_text(EncodingPolicy::Declared)?)?;
    let root = root(&tree, "clientConfig")?;
    let provider = find(root, "emailProvider")
        .ok_or("clientConfig has no emailProvider, and the client searches no further")?;
    // One list holds the incoming and the outgoing servers; the type alone selects.
    let first = |protocol: Protocol| {
        let mut servers = provider.children("incomingServer").chain(provider.children("outgoingServer"));
        let is = |kind: &str| kind.eq_ignore_ascii_case(protocol.into_str());
        let server = servers.find(|server| server.attribute("type").is_some_and(is))?;
        Some(endpoint(server, protocol, address))
    };
    let account = Account { imap: first(Protocol::Imap), smtp: first(Protocol::Smtp), ..Account::default() };
    account.require_any("no IMAP or SMTP server")
}

/// A child with the name, else the nearest descendant.
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

/// The last text node. A comment ends a text node; a CDATA section does not.
fn text(server: Element, name: &str) -> String {
    let (mut last, mut is_over) = (String::new(), false);
    for node in find(server, name).into_iter().flat_map(Element::nodes) {
        match node.text() {
            None => is_over |= matches!(node, Node::Comment(_)),
            Some(text) if std::mem::take(&mut is_over) => text.clone_into(&mut last),
            Some(text) => last.push_str(text),
        }
    }
    last
}

fn endpoint(server: Element, protocol: Protocol, address: &EmailAddress) -> Endpoint {
    // The dialogue shows `plain` and unknown words as SSL.
    let is_starttls = text(server, "socketType").eq_ignore_ascii_case("STARTTLS");
    let socket_type = if is_starttls { SocketType::StartTls } else { SocketType::Ssl };
    let username = text(server, "username").to_ascii_uppercase();
    // Combinations and fixed names leave the field empty.
    let placeholder = ALL_PLACEHOLDERS.iter().find(|placeholder| placeholder.into_str() == username);
    Endpoint {
        hostname: text(server, "hostname"),
        port: protocol.registered_port(socket_type),
        security: Security::Known(socket_type),
        username: placeholder.map(|placeholder| placeholder_value(*placeholder, address)),
        method: Method::Negotiated,
    }
}
