//! Evolution: `e-mail-autoconfig.c` (6901b22), on GLib's GMarkup.
//!
//! Evolution ignores the root and the provider. It has one record for each type of server, and
//! every element overwrites its field: the last of several servers wins, field by field.

use super::oauth2_hosts;
use super::prelude::*;
use super::values::{fill, leading_number, protocol};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    // GLib 2.74; later versions skip it.
    if response.body.starts_with(b"\xEF\xBB\xBF") {
        return Err("the document begins with a byte order mark".into());
    }
    // GMarkup ignores the declared encoding: the text is UTF-8, or an error.
    let tree = Tree::parse(response.text(EncodingPolicy::Utf8)?)?;
    let mut account = Account::default();
    for server in tree.all().filter(|e| matches!(e.name(), "incomingServer" | "outgoingServer")) {
        // `g_markup_collect_attributes` accepts exactly the attributes in its arguments.
        let kind = match server.attributes() {
            [(name, kind)] if name == "type" => kind,
            _ => return Err("a server has an attribute other than `type`".into()),
        };
        if let Some(protocol) = protocol(kind, &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp]) {
            read(server, account.get_mut(protocol), address);
        }
    }
    // `mail_autoconfig_set_details`: OAuth2 replaces the document's method if Evolution has a
    // registration for the host.
    for protocol in [Protocol::Imap, Protocol::Pop3, Protocol::Smtp] {
        if let Some(endpoint) = account.get_mut(protocol)
            && oauth2_hosts::evolution(&endpoint.hostname, protocol)
        {
            endpoint.method = Method::Named(Authentication::OAuth2);
        }
    }
    account.require_any("no supported server, and the client searches no further")
}

fn read(server: Element, slot: &mut Option<Endpoint>, address: &EmailAddress) {
    // GMarkup delivers no text for an empty element: its field keeps its value.
    for element in server.elements().filter(|element| element.nodes().next().is_some()) {
        // Evolution replaces %EMAILDOMAIN% with a property that is not set in a normal run.
        let known = [Placeholder::EmailAddress, Placeholder::EmailLocalPart];
        let text = fill(&last_run(element), &known, address).replace(Placeholder::EmailDomain.into_str(), "");
        let endpoint = || Endpoint {
            hostname: String::new(),
            port: 0,
            security: Security::PLAIN,
            username: None,
            method: Method::Named(Authentication::PasswordCleartext),
        };
        match element.name() {
            "hostname" => slot.get_or_insert_with(endpoint).hostname = text,
            "username" => slot.get_or_insert_with(endpoint).username = Some(text),
            "port" => {
                let port = leading_number(&text);
                if port > 0 {
                    slot.get_or_insert_with(endpoint).port = port;
                }
            }
            "socketType" => {
                if let Some(security) = Security::from_word(&text) {
                    slot.get_or_insert_with(endpoint).security = security;
                }
            }
            "authentication" => {
                let method = match text.as_str() {
                    "password-cleartext" | "plain" => Authentication::PasswordCleartext,
                    "password-encrypted" => Authentication::PasswordEncrypted,
                    _ => continue,
                };
                slot.get_or_insert_with(endpoint).method = Method::Named(method);
            }
            _ => {}
        }
    }
}

/// Each run of text replaces the one before. A run ends at a comment or a CDATA section, whose text
/// GMarkup does not deliver.
fn last_run(element: Element) -> String {
    let mut run = String::new();
    for node in element.nodes() {
        match node {
            Node::Comment(_) | Node::CData(_) => run.clear(),
            Node::Text(text) | Node::Reference(text) => run.push_str(text),
            Node::Element(_) => {}
        }
    }
    run
}
