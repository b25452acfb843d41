//! Mailspring 1.23: `onboarding/lib/onboarding-helpers.ts`, on xml2js.
//!
//! A user name is the local part or the full address, nothing else. Without an imap server it
//! guesses a host and has no port for it.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Mailspring",
    id: "mailspring",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    // `fetch` decodes as UTF-8, whatever is declared.
    let text = answer.text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    let providers: Vec<_> = tree.root().children("emailProvider").collect();
    let provider = match providers[..] {
        [only] => Some(only),
        _ => providers.into_iter().find(|p| p.attribute("id") == Some(address.domain().as_str())),
    };
    let provider = provider.ok_or_else(|| GivesUp::because("no emailProvider, and it asks nowhere else"))?;
    let first = |tag, kind| {
        let mut servers = provider.children(tag).peekable();
        if servers.peek().is_none() {
            return Err(GivesUp::because(format!("no {tag}")));
        }
        let server = servers.find(|server| server.attribute("type") == Some(kind));
        Ok(server.map(|server| endpoint(server, address)))
    };
    Ok(Account {
        imap: first("incomingServer", "imap")?,
        smtp: first("outgoingServer", "smtp")?,
        ..Account::default()
    })
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    // An element with attributes is an object, and of no use.
    let text = |name| match server.child(name) {
        Some(element) if element.attributes().is_empty() => element.text(),
        _ => "".into(),
    };
    let security = match text("socketType").as_ref() {
        "plain" => Security::PLAIN,
        "SSL" => Security::SSL,
        _ => Security::STARTTLS,
    };
    let login = if text("username") == Placeholder::EmailLocalPart.into_str() {
        Login::Name(address.local_part().to_owned())
    } else {
        full_address(address)
    };
    Endpoint {
        hostname: text("hostname").trim().to_owned(),
        port: text("port").trim().parse().unwrap_or(0),
        security,
        login,
        method: Method::Negotiated,
    }
}
