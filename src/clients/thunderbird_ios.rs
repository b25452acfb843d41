//! Thunderbird for iOS: `Core/Sources/Autoconfiguration` of the fork that merges upstream
//! (98f4283).
//!
//! The decoder refuses the whole document if one `authentication`, `socketType` or server type is
//! unknown. It has no table of OAuth2 hosts: a document that lists OAuth2 decides
//! (`AuthenticationType.swift`). Not modelled: the account layer of that revision refuses implicit TLS
//! for SMTP, and OAuth2 (`Server.swift`), which seems to be unfinished work.

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, authentication, fill, protocol};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..=200)?;
    // The client ignores the result of the parse: what precedes an error counts.
    let tree = Tree::recover(response.text(EncodingPolicy::Declared)?)?;
    let last = |name: &str| tree.all().filter(|e| e.name() == name && e.is_complete()).last();
    if !tree.all().any(|element| element.name() == "clientConfig") {
        return Err("no clientConfig".into());
    }
    let provider = last("emailProvider")
        .ok_or("clientConfig has no emailProvider, and the client searches no further")?;
    for name in ["displayName", "displayShortName", "domain"] {
        value(provider, name, address).ok_or_else(|| format!("no {name}"))?;
    }
    if let Some(oauth2) = last("oAuth2") {
        for name in ["issuer", "scope", "authURL", "tokenURL"] {
            value(oauth2, name, address).ok_or_else(|| format!("oAuth2 has no {name}"))?;
        }
    }
    let mut account = Account::default();
    let servers = provider.elements().filter(|e| matches!(e.name(), "incomingServer" | "outgoingServer"));
    for server in servers {
        // The type of a server matters, not the list that contains it.
        let kind = server.attribute("type").unwrap_or_default();
        let protocol = protocol(kind, &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp])
            .ok_or_else(|| format!("the document is rejected: a server has the type `{kind}`"))?;
        let endpoint = endpoint(server, address).map_err(|what| format!("the {kind} server has {what}"))?;
        // The decoder checks POP3 servers too, but the client does not support them.
        if protocol != Protocol::Pop3 {
            account.get_mut(protocol).get_or_insert(endpoint);
        }
    }
    account.require_any("no IMAP or SMTP server, and the client searches no further")
}

/// The last element with a name, with placeholders replaced; `None` if it is blank.
fn value(parent: Element, name: &str, address: &EmailAddress) -> Option<String> {
    last_chunk(parent.children(name).last()?).map(|text| fill(text, ALL_PLACEHOLDERS, address))
}

/// Each chunk of text from the parser replaces the one before. CDATA is not delivered as text.
fn last_chunk(element: Element<'_>) -> Option<&str> {
    let chunks = element.nodes().filter(|node| !matches!(node, Node::CData(_))).filter_map(Node::text);
    chunks.map(str::trim).filter(|chunk| !chunk.is_empty()).last()
}

fn endpoint(server: Element, address: &EmailAddress) -> Result<Endpoint, String> {
    use Authentication::{ClientIpAddress, OAuth2, PasswordCleartext, PasswordEncrypted, SmtpAfterPop};
    let required = |name: &str| value(server, name, address).ok_or_else(|| format!("no {name}"));
    let hostname = required("hostname")?;
    let port = required("port")?.parse().map_err(|_| "no valid port")?;
    let security = match required("socketType")?.as_str() {
        "SSL" => Security::SSL,
        "STARTTLS" => Security::STARTTLS,
        other => return Err(format!("the socketType `{other}`, so the document is rejected")),
    };
    let username = Some(required("username")?);
    let mut methods = Vec::new();
    for method in server.children("authentication") {
        let word = last_chunk(method).unwrap_or_default();
        let known = [OAuth2, PasswordCleartext, PasswordEncrypted, ClientIpAddress, SmtpAfterPop];
        let method = authentication(word, &known);
        methods
            .push(method.ok_or_else(|| format!("the authentication `{word}`, so the document is rejected"))?);
    }
    // `AuthenticationType`: OAuth2, else a cleartext password, else none.
    let mut preferred = [OAuth2, PasswordCleartext].into_iter();
    let method = preferred.find(|method| methods.contains(method)).unwrap_or(Authentication::None);
    Ok(Endpoint { hostname, port, security, username, method: Method::Named(method) })
}
