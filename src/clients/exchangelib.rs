//! exchangelib 4.9.0: `autodiscover/properties.py`, on lxml.
//!
//! A library for Exchange. It parses every `Protocol` and uses none of these; the model gives a
//! second opinion on names and namespaces. `Encryption` is not one of its fields.

use super::autodiscover_response::method;
use super::prelude::*;

const ROOT: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

pub fn autodiscover(response: &Response, _: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    let body = response.text(EncodingPolicy::Declared)?;
    if !body.starts_with("<?xml") {
        return Err("the XML declaration is not at the beginning".into());
    }
    // lxml recovers.
    let tree = Tree::recover(body)?;
    let root = tree.root();
    if root.local_name() != "Autodiscover" || namespace(root) != Some(ROOT) {
        return Err("the root is not Autodiscover in its namespace".into());
    }
    let response = root.local_child("Response").filter(|element| namespace(*element) == Some(RESPONSE));
    let response = response.ok_or("no Response in Outlook's namespace")?;
    let account = children(response, "Account").next().ok_or("no Account")?;
    let servers = children(account, "Protocol").filter_map(endpoint);
    servers.collect::<Account>().require_any("no IMAP, POP3 or SMTP server")
}

fn endpoint(element: Element) -> Option<(Protocol, Endpoint)> {
    let text = |name| children(element, name).next().map(Element::text).filter(|text| !text.is_empty());
    // A missing value means on. Any other word is neither on nor off; the model counts it as off.
    let is_on = |name| text(name).is_none_or(|word| matches!(&*word.to_ascii_lowercase(), "on" | "true"));
    let endpoint = Endpoint {
        hostname: text("Server")?.into_owned(),
        port: text("Port")?.trim().parse().ok()?,
        security: if is_on("SSL") { Security::Automatic } else { Security::PLAIN },
        username: text("LoginName").map(Into::into),
        method: Method::Named(method(is_on("AuthRequired"), is_on("SPA"))),
    };
    let kind = text("Type")?;
    let mut known = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp].into_iter();
    Some((known.find(|protocol| protocol.to_string() == kind)?, endpoint))
}

/// The child elements with a name that declare no other namespace than the response's.
fn children<'a>(parent: Element<'a>, name: &'a str) -> impl Iterator<Item = Element<'a>> {
    parent.local_children(name).filter(|e| namespace(*e).is_none_or(|namespace| namespace == RESPONSE))
}

/// The namespace that an element declares for its own prefix, or as the default.
fn namespace(element: Element<'_>) -> Option<&str> {
    match element.name().split_once(':') {
        Some((prefix, _)) => element.attribute(&format!("xmlns:{prefix}")),
        None => element.attribute("xmlns"),
    }
}
