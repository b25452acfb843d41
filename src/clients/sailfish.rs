//! Sailfish OS: `emailautoconfig.cpp` (2025), on Qt's DOM.
//!
//! The document counts only for a `<domain>` that is the asked one to the letter. Host and port are
//! looked up apart from each other. The user name is not read; the closed set-up dialogue that
//! consumes all this is taken to start from the address.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Sailfish OS",
    id: "sailfish",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let root = super::reading::root(&tree, "clientConfig")?;
    let provider = root.child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let asked = address.domain().as_str();
    if !provider.children("domain").any(|domain| domain.text() == asked) {
        return Err(GivesUp::because(format!("no domain in it is {asked}")));
    }
    let account = Account {
        imap: endpoint(&tree, "incomingServer", "imap", address),
        pop3: endpoint(&tree, "incomingServer", "pop3", address),
        smtp: endpoint(&tree, "outgoingServer", "smtp", address),
    };
    if !account.has_incoming() {
        return Err(GivesUp::because("no server to fetch mail from"));
    }
    Ok(account)
}

fn endpoint(tree: &Tree, tag: &str, kind: &str, address: &EmailAddress) -> Option<Endpoint> {
    let servers = || tree.all().filter(|e| e.name() == tag && e.attribute("type") == Some(kind));
    let hostname = servers().find_map(|server| server.child("hostname"))?.text().into_owned();
    // Which encryption the dialogue asks for first is not known; the safer ones are taken to be.
    [("SSL", Security::SSL), ("STARTTLS", Security::STARTTLS), ("plain", Security::PLAIN)]
        .into_iter()
        .find_map(|(word, security)| {
            let is_so = |server: &Element| server.child("socketType").is_some_and(|s| s.text() == word);
            let port = servers()
                .filter(is_so)
                .find_map(|server| server.child("port"))?
                .text()
                .trim()
                .parse()
                .ok()?;
            let first = servers().find(is_so)?;
            let method = first.children("authentication").find_map(|method| match method.text().as_ref() {
                "password-cleartext" => Some(Authentication::PasswordCleartext),
                "password-encrypted" => Some(Authentication::PasswordEncrypted),
                "OAuth2" => Some(Authentication::OAuth2),
                _ => None,
            });
            let method = method.map_or(Method::Negotiated, Method::Named);
            Some(Endpoint {
                hostname: hostname.clone(),
                port,
                security,
                login: full_address(address),
                method,
            })
        })
}
