//! Geary (3e8d4f1): `accounts-autoconfig.vala`, on libxml2.
//!
//! The status is not looked at. The first incoming server has to be IMAP and the first outgoing one
//! SMTP; later ones are never reached. The person logs in with the full address and a password.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Geary",
    id: "geary",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    // Names are compared without prefixes; the root's is not compared at all.
    let provider = tree
        .root()
        .local_child("emailProvider")
        .ok_or_else(|| GivesUp::because("no emailProvider, which Geary takes for granted"))?;
    let imap = first(provider, "incomingServer", "imap", address)?;
    let smtp = first(provider, "outgoingServer", "smtp", address)?;
    Ok(Account { imap: Some(imap), smtp: Some(smtp), ..Account::default() })
}

fn first(provider: Element, tag: &str, kind: &str, address: &EmailAddress) -> Result<Endpoint, GivesUp> {
    let server = provider.local_child(tag).ok_or_else(|| GivesUp::because(format!("no {tag}")))?;
    if server.attribute("type") != Some(kind) {
        return Err(GivesUp::because(format!("the first {tag} is not {kind}")));
    }
    let text = |name| server.local_child(name).map(Element::text).unwrap_or_default();
    let security = match text("socketType").as_ref() {
        "SSL" => Security::SSL,
        "STARTTLS" => Security::STARTTLS,
        // Everything else, a missing one too, means no encryption.
        _ => Security::PLAIN,
    };
    Ok(Endpoint {
        hostname: text("hostname").into_owned(),
        port: super::reading::port(&text("port"))
            .ok_or_else(|| GivesUp::because("a port that is not a number"))?,
        security,
        login: full_address(address),
        method: Method::Negotiated,
    })
}
