//! exchangelib 4.9.0: `autodiscover/properties.py`, on lxml.
//!
//! A library for Exchange that parses every `Protocol` and uses none of these: what it reads is a
//! second opinion on names and namespaces. `Encryption` is not a field of it.

use super::autodiscover;
use super::reading::Encodings;
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "exchangelib",
    id: "exchangelib",
    format: Format::Autodiscover,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

const ROOT: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

fn judge(answer: &Answer, _: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    let body = answer.text(Encodings::Declared)?;
    if !body.starts_with("<?xml") {
        return Err(GivesUp::because("the XML declaration is not at the beginning"));
    }
    // lxml recovers.
    let tree = Tree::recover(&body)?;
    let root = tree.root();
    let is = |element: Element, name: &str, namespace: &str| {
        element.local_name() == name && namespace_of(element).is_none_or(|other| other == namespace)
    };
    if !is(root, "Autodiscover", ROOT) || namespace_of(root).is_none() {
        return Err(GivesUp::because("the root is not Autodiscover in its namespace"));
    }
    let response = root.local_child("Response");
    let response = response.filter(|element| namespace_of(*element) == Some(RESPONSE));
    let response = response.ok_or_else(|| GivesUp::because("no Response in Outlook's namespace"))?;
    let account_element = response.elements().find(|e| is(*e, "Account", RESPONSE));
    let account_element = account_element.ok_or_else(|| GivesUp::because("no Account"))?;
    let mut account = Account::default();
    for protocol in account_element.elements().filter(|e| is(*e, "Protocol", RESPONSE)) {
        let text = |name: &str| {
            let element = protocol.elements().find(|e| is(*e, name, RESPONSE))?;
            Some(element.text().into_owned()).filter(|text| !text.is_empty())
        };
        let slot = match text("Type").as_deref() {
            Some("IMAP") => &mut account.imap,
            Some("POP3") => &mut account.pop3,
            Some("SMTP") => &mut account.smtp,
            _ => continue,
        };
        // Missing means on; another word means neither, which is as good as off.
        let is_on = |name| match text(name).map(|word| word.to_ascii_lowercase()).as_deref() {
            None | Some("on" | "true") => true,
            Some(_) => false,
        };
        let (Some(hostname), Some(port)) =
            (text("Server"), text("Port").and_then(|port| port.trim().parse().ok()))
        else {
            continue;
        };
        slot.get_or_insert(Endpoint {
            hostname,
            port,
            security: if is_on("SSL") { Security::Tried } else { Security::PLAIN },
            login: text("LoginName").map_or(Login::Asked, Login::Name),
            method: Method::Named(autodiscover::method(is_on("AuthRequired"), is_on("SPA"))),
        });
    }
    account.unless_empty("no IMAP, POP3 or SMTP server")
}

/// The namespace that an element declares, for its own prefix or as the default one.
fn namespace_of(element: Element<'_>) -> Option<&str> {
    match element.name().split_once(':') {
        Some((prefix, _)) => element.attribute(&format!("xmlns:{prefix}")),
        None => element.attribute("xmlns"),
    }
}
