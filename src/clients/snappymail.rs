//! SnappyMail (ba49691): `Providers/Domain/Autoconfig.php` and the plugin that uses it, on
//! SimpleXML converted to arrays.
//!
//! SnappyMail takes the first element of each kind, or nothing. A user name is the full address or
//! the local part. It requests Autodiscover for an address of its own, `autodiscover@` the domain.

use super::autodiscover_response::protocol_type;
use super::prelude::*;

/// The local part that SnappyMail requests Autodiscover for.
pub const LOCAL_PART: &str = "autodiscover";

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    // SnappyMail searches the bytes, before it decodes them.
    if !response.body.split(|byte| *byte == b'<').skip(1).any(|rest| rest.starts_with(b"clientConfig")) {
        return Err("no clientConfig".into());
    }
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let mut providers = tree.root().children("emailProvider");
    let (Some(provider), None) = (providers.next(), providers.next()) else {
        return Err("the number of emailProvider elements is not 1".into());
    };
    let first = |tag, kind: &str| {
        let server = provider.child(tag).filter(|server| server.attribute("type") == Some(kind))?;
        let text = |name| server.child_text(name).unwrap_or_default();
        Some(Endpoint {
            hostname: text("hostname").into_owned(),
            port: text("port").trim().parse().unwrap_or(0),
            // SnappyMail upgrades a plain connection if the server offers it.
            security: Security::from_word(&text("socketType")).unwrap_or(Security::PLAIN),
            username: Some(username(&text("username"), Placeholder::EmailAddress.into_str(), address)),
            method: Method::Negotiated,
        })
    };
    let account = Account {
        imap: first("incomingServer", "imap"),
        smtp: first("outgoingServer", "smtp"),
        ..Account::default()
    };
    account.require_any("the first servers are not imap and smtp, and the client searches no further")
}

/// The full address if the document contains what stands for it, else the local part.
fn username(text: &str, full: &str, address: &EmailAddress) -> String {
    if text == full { address.to_string() } else { address.local_part().to_owned() }
}

pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let account = tree.root().child("Response").and_then(|response| response.child("Account"));
    let account = account.ok_or("no Account")?;
    if account.child_text("AccountType").as_deref() != Some("email") {
        return Err("AccountType is not `email`".into());
    }
    // The conversion through JSON turns a single element into an object that is no list.
    if account.children("Protocol").count() < 2 {
        return Err("fewer than two Protocol elements".into());
    }
    let requested = format!("{LOCAL_PART}@{}", address.domain());
    let endpoint = |element: Element| {
        let protocol = protocol_type(element, &[Protocol::Imap, Protocol::Smtp])?;
        let text = |name| element.child_text(name).unwrap_or_default();
        let port = text("Port").trim().parse().unwrap_or(0);
        let security = match (protocol, text("SSL") == "on", port) {
            (Protocol::Smtp, _, 587) => Security::STARTTLS,
            (_, false, _) => Security::PLAIN,
            (Protocol::Smtp, true, _) | (_, true, 993) => Security::SSL,
            (_, true, _) => Security::STARTTLS,
        };
        let username = Some(username(&text("LoginName"), &requested, address));
        let hostname = text("Server").into_owned();
        Some((protocol, Endpoint { hostname, port, security, username, method: Method::Negotiated }))
    };
    let servers = account.children("Protocol").filter_map(endpoint);
    servers.collect::<Account>().require_any("no IMAP or SMTP server")
}
