//! Mailspring 1.23: `onboarding/lib/onboarding-helpers.ts`, on xml2js.
//!
//! A user name is the local part or the full address. Without an imap server Mailspring guesses a
//! host and has no port for it.

use super::prelude::*;

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    // `fetch` decodes as UTF-8 and ignores the declaration.
    let tree = Tree::parse(response.text(EncodingPolicy::Utf8Lossy)?)?;
    let providers: Vec<_> = tree.root().children("emailProvider").collect();
    let provider = match providers[..] {
        [only] => Some(only),
        _ => providers.into_iter().find(|p| p.attribute("id") == Some(address.domain().as_str())),
    };
    let provider = provider.ok_or("no emailProvider, and the client searches no further")?;
    let first = |tag, kind| {
        provider.child(tag).ok_or_else(|| format!("no {tag}"))?;
        let server = provider.children(tag).find(|server| server.attribute("type") == Some(kind));
        Ok::<_, Failure>(server.map(|server| endpoint(server, address)))
    };
    Ok(Account {
        imap: first("incomingServer", "imap")?,
        smtp: first("outgoingServer", "smtp")?,
        ..Account::default()
    })
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    // xml2js turns an element with attributes into an object, which Mailspring cannot use.
    let text = |name| match server.child(name) {
        Some(element) if element.attributes().is_empty() => element.text(),
        _ => "".into(),
    };
    let is_local_part = text("username") == Placeholder::EmailLocalPart.into_str();
    Endpoint {
        hostname: text("hostname").trim().to_owned(),
        port: text("port").trim().parse().unwrap_or(0),
        security: Security::from_word(&text("socketType")).unwrap_or(Security::STARTTLS),
        username: Some(if is_local_part { address.local_part().to_owned() } else { address.to_string() }),
        method: Method::Negotiated,
    }
}
