//! SnappyMail (ba49691): `Providers/Domain/Autoconfig.php` and the plugin that uses it, on SimpleXML
//! turned into arrays.
//!
//! It takes the first element of each kind, or nothing; a user name is the full address or the local
//! part. For Autodiscover it asks with an address of its own, `autodiscover@` the domain.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const AUTOCONFIG: Client = Client {
    name: "SnappyMail",
    id: "snappymail",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge: autoconfig,
};

pub const AUTODISCOVER: Client = Client {
    format: Format::Autodiscover,
    asks_as: Some("autodiscover"),
    judge: from_autodiscover,
    ..AUTOCONFIG
};

fn autoconfig(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    // Looked for in the bytes, before anything is decoded.
    if !answer.body.split(|byte| *byte == b'<').skip(1).any(|rest| rest.starts_with(b"clientConfig")) {
        return Err(GivesUp::because("no <clientConfig"));
    }
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let providers: Vec<_> = tree.root().children("emailProvider").collect();
    let [provider] = providers[..] else {
        return Err(GivesUp::because("not one emailProvider"));
    };
    let first = |tag, kind: &str| {
        let server = provider.child(tag).filter(|server| server.attribute("type") == Some(kind))?;
        Some(endpoint(server, address))
    };
    let account = Account {
        imap: first("incomingServer", "imap"),
        smtp: first("outgoingServer", "smtp"),
        ..Account::default()
    };
    account.unless_empty("the first servers are not imap and smtp, and it stops searching")
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    let text = |name| server.child(name).map(Element::text).unwrap_or_default();
    let security = match text("socketType").as_ref() {
        "SSL" => Security::SSL,
        "STARTTLS" => Security::STARTTLS,
        // Upgraded if the server offers it.
        _ => Security::PLAIN,
    };
    Endpoint {
        hostname: text("hostname").into_owned(),
        port: text("port").trim().parse().unwrap_or(0),
        security,
        login: login(&text("username"), Placeholder::EmailAddress.into_str(), address),
        method: Method::Negotiated,
    }
}

/// The full address where a text is what stands for it; else the local part.
fn login(text: &str, means_address: &str, address: &EmailAddress) -> Login {
    if text == means_address { full_address(address) } else { Login::Name(address.local_part().to_owned()) }
}

fn from_autodiscover(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let path = tree.root().child("Response").and_then(|response| response.child("Account"));
    let element = path.ok_or_else(|| GivesUp::because("no Account"))?;
    if element.child("AccountType").is_none_or(|kind| kind.text() != "email") {
        return Err(GivesUp::because("AccountType is not `email`"));
    }
    let protocols: Vec<_> = element.children("Protocol").collect();
    // Through JSON, a single one is no list any more.
    if protocols.len() < 2 {
        return Err(GivesUp::because("fewer than two Protocols"));
    }
    let asked = AUTODISCOVER.asks_for(address).to_string();
    let mut account = Account::default();
    for protocol in protocols {
        let text = |name| protocol.child(name).map(Element::text).unwrap_or_default();
        let port = text("Port").trim().parse().unwrap_or(0);
        let is_on = text("SSL") == "on";
        let (slot, security) = match (text("Type").as_ref(), is_on, port) {
            ("IMAP", true, 993) => (&mut account.imap, Security::SSL),
            ("IMAP", true, _) => (&mut account.imap, Security::STARTTLS),
            ("IMAP", false, _) => (&mut account.imap, Security::PLAIN),
            ("SMTP", _, 587) => (&mut account.smtp, Security::STARTTLS),
            ("SMTP", true, _) => (&mut account.smtp, Security::SSL),
            ("SMTP", false, _) => (&mut account.smtp, Security::PLAIN),
            _ => continue,
        };
        slot.get_or_insert(Endpoint {
            hostname: text("Server").into_owned(),
            port,
            security,
            login: login(&text("LoginName"), &asked, address),
            method: Method::Negotiated,
        });
    }
    account.unless_empty("no IMAP or SMTP server")
}
