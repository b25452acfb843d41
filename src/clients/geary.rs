//! Geary (3e8d4f1): `accounts-autoconfig.vala`, on libxml2.
//!
//! Geary ignores the status. The first incoming server has to be IMAP and the first outgoing one
//! SMTP; it never reads later ones. The user name is the full address.

use super::prelude::*;
use super::values::port;

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    // Geary compares names without prefixes, and does not compare the root's.
    let provider = tree.root().local_child("emailProvider");
    let provider = provider.ok_or("no emailProvider")?;
    Ok(Account {
        imap: Some(first(provider, "incomingServer", "imap", address)?),
        smtp: Some(first(provider, "outgoingServer", "smtp", address)?),
        ..Account::default()
    })
}

fn first(provider: Element, tag: &str, kind: &str, address: &EmailAddress) -> Result<Endpoint, Failure> {
    let server = provider.local_child(tag).ok_or_else(|| format!("no {tag}"))?;
    if server.attribute("type") != Some(kind) {
        return Err(format!("the first {tag} is not {kind}").into());
    }
    let text = |name| server.local_child(name).map(Element::text).unwrap_or_default();
    Ok(Endpoint {
        hostname: text("hostname").into_owned(),
        port: port(&text("port")).ok_or("a port is not a number")?,
        // A missing or unknown word means no encryption.
        security: Security::from_word(&text("socketType")).unwrap_or(Security::PLAIN),
        username: Some(address.to_string()),
        method: Method::Negotiated,
    })
}
