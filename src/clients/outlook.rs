//! Outlook for Windows, the classic dialogue. Its source is closed: the rules are Microsoft's
//! documentation (cc511507; MS-OXDSCLI 2.2.4) and reports of operators (reference/autodiscover 2.2,
//! 2.4).
//!
//! Outlook 2010 and later read `Encryption`. Outlook 2007 reads only `SSL`, which cannot express
//! STARTTLS.

use super::autodiscover_response::{account, method, protocol_type};
use super::prelude::*;

pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    interpret(response, address, true)
}

pub fn autodiscover_2007(response: &Response, address: &EmailAddress) -> Outcome {
    interpret(response, address, false)
}

fn interpret(response: &Response, address: &EmailAddress, knows_encryption: bool) -> Outcome {
    // Any status but 200 means: not an Autodiscover endpoint (reference/autodiscover 0, 2).
    response.require_status(200..=200)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let account = account(&tree)?;
    for (name, word) in [("AccountType", "email"), ("Action", "settings")] {
        if account.child_text(name).as_deref() != Some(word) {
            return Err(format!("{name} is not `{word}`").into());
        }
    }
    // The list is in the server's order of preference.
    let servers =
        account.children("Protocol").filter_map(|element| endpoint(element, knows_encryption, address));
    servers.collect::<Account>().require_incoming("no IMAP or POP3 server")
}

fn endpoint(
    element: Element,
    knows_encryption: bool,
    address: &EmailAddress,
) -> Option<(Protocol, Endpoint)> {
    let text = |name| element.child_text(name);
    let protocol = protocol_type(element, &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp])?;
    // A missing value means on; words other than `on` and `off` are reported to fail.
    let is_on = |name| match text(name).as_deref() {
        None | Some("on") => Some(true),
        Some("off") => Some(false),
        Some(_) => None,
    };
    let encryption = text("Encryption").filter(|_| knows_encryption);
    // MS-OXDSCLI 2.2.4.1.1.2.6: `Encryption` overrides `SSL`.
    let security = match (encryption.as_deref(), is_on("SSL")?) {
        (Some("SSL"), _) | (None, true) => Security::SSL,
        (Some("TLS"), _) => Security::STARTTLS,
        (Some("Auto"), _) => Security::Automatic,
        (Some("None"), _) | (None, false) => Security::PLAIN,
        _ => return None,
    };
    let username = text("LoginName").filter(|name| !name.is_empty());
    let port = match (text("Port"), protocol) {
        (Some(port), _) => port.trim().parse().ok()?,
        (None, Protocol::Imap) => 143,
        (None, Protocol::Pop3) => 110,
        (None, Protocol::Smtp) => 25,
    };
    let endpoint = Endpoint {
        hostname: text("Server").filter(|server| !server.is_empty())?.into_owned(),
        port,
        security,
        username: Some(username.unwrap_or(address.local_part().into()).into_owned()),
        method: Method::Named(method(is_on("AuthRequired")?, is_on("SPA")?)),
    };
    Some((protocol, endpoint))
}
