//! FairEmail 1.2331: `EmailProvider.java`, a pull parser that ignores nesting and namespaces.
//!
//! Autoconfig: FairEmail reads the first incoming and the first outgoing server, and the last user
//! name of the whole document. Autodiscover: it reads hosts and ports. It never sets up a
//! connection without encryption.
//!
//! Not modelled: `fromEmail` requests no document if the domain or its MX host is in `providers.xml`.
//! That table has no entry for a host of a document: quick set-up logs in with a password
//! (`FragmentQuickSetup.java`), and OAuth2 is another dialogue.

use super::autodiscover_response::protocol_type;
use super::prelude::*;
use super::values::port;

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8Lossy)?)?;
    let username = tree.all().filter(|element| element.name() == "username").last().map(Element::text);
    let username = match username.as_deref().unwrap_or_default() {
        "" => address.to_string(),
        text if text == Placeholder::EmailAddress.into_str() => address.to_string(),
        text if text == Placeholder::EmailLocalPart.into_str() => address.local_part().to_owned(),
        // Placeholders stay in a combination.
        other => other.to_owned(),
    };
    let first = |tag: &str, kind: &str| {
        let server = tree.all().find(|element| element.name() == tag);
        let server = server.filter(|server| server.attribute("type") == Some(kind));
        endpoint(server.ok_or_else(|| format!("the first {tag} is not {kind}"))?, &username).map(Some)
    };
    Ok(Account {
        imap: first("incomingServer", "imap")?,
        smtp: first("outgoingServer", "smtp")?,
        ..Account::default()
    })
}

fn endpoint(server: Element, username: &str) -> Result<Endpoint, Failure> {
    let (mut hostname, mut number, mut security) = (String::new(), 0, Security::SSL);
    // In the order of the document: each port sets the security again.
    for element in server.elements() {
        let text = element.text();
        match (element.name(), text.as_ref()) {
            ("hostname", text) => text.clone_into(&mut hostname),
            ("port", text) => {
                number = port(text).ok_or("a port is not a number")?;
                security = security_of(number);
            }
            // `plain` and unknown words leave the port's security.
            ("socketType", "SSL") => security = Security::SSL,
            ("socketType", "STARTTLS") => security = Security::STARTTLS,
            _ => {}
        }
    }
    if hostname.is_empty() || number == 0 {
        return Err("a server has no hostname or no port".into());
    }
    let username = Some(username.to_owned());
    Ok(Endpoint { hostname, port: number, security, username, method: Method::Negotiated })
}

fn security_of(port: u16) -> Security {
    if matches!(port, 143 | 587) { Security::STARTTLS } else { Security::SSL }
}

/// FairEmail ignores `SSL`, `Encryption` and `LoginName`; the last server of a type wins.
pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8Lossy)?)?;
    // `AccountType` and `Action` have to precede the protocols.
    let (mut is_email, mut is_settings) = (false, false);
    let mut account = Account::default();
    for element in tree.all() {
        match element.name() {
            "AccountType" => is_email = element.text() == "email",
            "Action" => is_settings = element.text() == "settings",
            "Protocol" if is_email && is_settings => {
                let number = element.child_text("Port").and_then(|text| port(&text));
                let protocol = protocol_type(element, &[Protocol::Imap, Protocol::Smtp]);
                let (Some(hostname), Some(port), Some(protocol)) =
                    (element.child_text("Server"), number, protocol)
                else {
                    continue;
                };
                *account.get_mut(protocol) = Some(Endpoint {
                    hostname: hostname.into_owned(),
                    port,
                    security: security_of(port),
                    username: Some(address.to_string()),
                    method: Method::Negotiated,
                });
            }
            _ => {}
        }
    }
    account.require(&[Protocol::Imap, Protocol::Smtp])
}
