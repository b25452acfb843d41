//! enough_mail (e5e665d), the library of Maily: `client_config.dart`, `discover_helper.dart`, on
//! Dart's xml package.
//!
//! enough_mail keeps the kind of user name and not the name. The first incoming server's kind
//! counts for both directions. POP3 is used if there is no IMAP.

use super::prelude::*;

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    // Dart's decoder drops a byte order mark.
    let text = response.text(EncodingPolicy::Utf8)?;
    if !text.starts_with('<') {
        return Err("the first character is not <".into());
    }
    let tree = Tree::parse(text)?;
    let root = tree.root();
    if root.local_name() != "clientConfig" {
        return Err(format!("the root is <{}>", root.name()).into());
    }
    let provider = root.local_child("emailProvider").ok_or("no emailProvider")?;
    let incoming: Vec<_> = provider.local_children("incomingServer").collect();
    let (Some(first), Some(outgoing)) = (incoming.first(), provider.local_child("outgoingServer")) else {
        return Err("no incoming server or no outgoing server".into());
    };
    let kind = value(*first, "username");
    let is_local_part = kind.eq_ignore_ascii_case(Placeholder::EmailLocalPart.into_str());
    let username = if is_local_part { address.local_part().to_owned() } else { address.to_string() };
    let endpoint = |server, usual_port| Some(endpoint(server, usual_port, &username));
    let is = |server: &Element, kind: &str| {
        server.attribute("type").is_some_and(|attribute| attribute.eq_ignore_ascii_case(kind))
    };
    // The first outgoing server, of any type.
    let mut account = Account { smtp: endpoint(outgoing, 25), ..Account::default() };
    if let Some(imap) = incoming.iter().find(|server| is(server, "imap")) {
        account.imap = endpoint(*imap, 143);
    } else if is(first, "pop3") {
        account.pop3 = endpoint(*first, 110);
    }
    account.require_incoming("no IMAP or POP3 server")
}

fn value(server: Element, name: &str) -> String {
    server.local_child(name).map(|element| element.text().into_owned()).unwrap_or_default()
}

fn endpoint(server: Element, usual_port: u16, username: &str) -> Endpoint {
    let port = match value(server, "port").as_str() {
        "" => usual_port,
        text => text.trim().parse().unwrap_or(0),
    };
    Endpoint {
        hostname: value(server, "hostname"),
        port,
        security: Security::from_word_ignoring_case(&value(server, "socketType")).unwrap_or(Security::PLAIN),
        username: Some(username.to_owned()),
        method: Method::Negotiated,
    }
}
