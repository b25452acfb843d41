//! Thunderbird (comm-central 156.0a1): `readFromXML.sys.mjs`, `AccountConfig.sys.mjs`,
//! `Sanitizer.sys.mjs`, `ExchangeAutoDiscover.sys.mjs`, on Gecko's DOM and JXON.
//!
//! Thunderbird skips a server that it cannot use. It sets up the first usable incoming server and
//! offers the others as alternatives.

use std::borrow::Cow;

use super::autodiscover_response::{account, protocol_type};
use super::jxon::{self, Value};
use super::oauth2_hosts;
use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, fill, is_host, protocol, root};

/// `FetchHTTP.sys.mjs` parses a body as XML only if the header begins with one of these types.
fn xml<'a>(response: &Response<'a>) -> Result<Cow<'a, str>, Failure> {
    response.require_status(200..300)?;
    let content_type = response.content_type.unwrap_or_default();
    if !["text/xml", "application/xml", "text/rdf"].iter().any(|known| content_type.starts_with(known)) {
        return Err(format!("the Content-Type is `{content_type}`").into());
    }
    response.strict_text(EncodingPolicy::HeaderFirst)
}

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    let tree = Tree::parse(xml(response)?)?;
    let provider = root(&tree, "clientConfig")?.child("emailProvider").ok_or("no emailProvider")?;
    if provider.attribute("id").and_then(|id| hostname(&Value::of_text(id))).is_none() {
        return Err("the id of emailProvider is not a host name".into());
    }
    if !jxon::texts(provider, "domain").any(|domain| hostname(&Value::Text(domain)).is_some()) {
        return Err("no domain is a plain host name".into());
    }
    usable_servers(provider, |server, protocol| endpoint(server, protocol, address))
}

/// The first usable server of each protocol. Without a usable incoming or outgoing server, the
/// failure is the reason why the last one is not usable. `readConfig.ts` of Parula is a port of
/// this function.
pub fn usable_servers(
    provider: Element,
    endpoint: impl Fn(Element, Protocol) -> Result<Endpoint, Failure>,
) -> Outcome {
    let mut account = Account::default();
    let mut last = "no incoming server".into();
    for server in provider.children("incomingServer") {
        // Exchange and newsgroup servers are not accounts of these protocols.
        let kind = server.attribute("type").unwrap_or_default();
        let Some(protocol) = protocol(kind, &[Protocol::Imap, Protocol::Pop3]) else { continue };
        match endpoint(server, protocol) {
            Ok(endpoint) => _ = account.get_mut(protocol).get_or_insert(endpoint),
            Err(failure) => last = failure,
        }
    }
    if !account.has_incoming() {
        return Err(last);
    }
    last = "no outgoing server".into();
    for server in provider.children("outgoingServer") {
        match endpoint(server, Protocol::Smtp) {
            Ok(endpoint) => return Ok(Account { smtp: Some(endpoint), ..account }),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

fn endpoint(server: Element, protocol: Protocol, address: &EmailAddress) -> Result<Endpoint, Failure> {
    let is_outgoing = protocol == Protocol::Smtp;
    if is_outgoing && server.attribute("type") != Some("smtp") {
        return Err("an outgoing server is not smtp".into());
    }
    let wrong = |what: &str| format!("the {} server has no valid {what}", protocol.into_str());
    let value = |name| jxon::child(server, name);
    let host = value("hostname").and_then(|value| hostname(&value)).ok_or_else(|| wrong("hostname"))?;
    let port = match value("port") {
        Some(port) => port.as_port(),
        // An incoming server has a default port.
        None => Some(protocol.registered_port(SocketType::Ssl)).filter(|_| !is_outgoing),
    };
    let port = port.ok_or_else(|| wrong("port"))?;
    let method = jxon::texts(server, "authentication").find_map(|word| match word.as_str() {
        "password-cleartext" | "plain" => Some(Authentication::PasswordCleartext),
        "password-encrypted" | "secure" => Some(Authentication::PasswordEncrypted),
        "GSSAPI" => Some(Authentication::Gssapi),
        "NTLM" => Some(Authentication::Ntlm),
        "none" | "client-IP-address" | "smtp-after-pop" if is_outgoing => Some(Authentication::None),
        // `readAuthentication` in `readFromXML.sys.mjs` (since 123, 52e47cf327): the first method that
        // Thunderbird supports counts. It supports OAuth2 for hosts in its table. It looks up the
        // name before it replaces placeholders. The document has to list OAuth2.
        "OAuth2" => Some(Authentication::OAuth2).filter(|_| oauth2_hosts::thunderbird(&host)),
        _ => None,
    });
    let method = method.ok_or_else(|| wrong("authentication"))?;
    let security = jxon::texts(server, "socketType").find_map(|word| Security::from_word(&word));
    let username = match value("username") {
        Some(value) => value.to_string(),
        // Thunderbird does not read it if no authentication is needed.
        None if method == Authentication::None => String::new(),
        // JavaScript's `undefined`, converted to text.
        None => "undefined".to_owned(),
    };
    Ok(Endpoint {
        hostname: fill(&host, ALL_PLACEHOLDERS, address),
        port,
        security: security.ok_or_else(|| wrong("socketType"))?,
        username: Some(fill(&username, ALL_PLACEHOLDERS, address)),
        method: Method::Named(method),
    })
}

/// `Sanitizer.hostname`: trimmed, lower case. Placeholders are allowed.
fn hostname(value: &Value) -> Option<String> {
    let text = value.as_text()?.trim();
    let is_placeholder_form = text.split('%').count() % 2 == 1
        && text.contains('%')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'%' | b'.' | b'-'));
    if is_placeholder_form {
        return Some(text.to_owned());
    }
    is_host(text).then(|| text.to_ascii_lowercase())
}

/// `SSL` and `Encryption` only say whether to encrypt; the port decides how. Without SMTP the
/// account is complete too: `useGlobalPreferredServer` is on until an outgoing server is found.
pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    let tree = Tree::parse(xml(response)?)?;
    let servers = account(&tree)?.children("Protocol").filter_map(|element| discovered(element, address));
    servers.collect::<Account>().require_incoming("no IMAP or POP3 server")
}

fn discovered(element: Element, address: &EmailAddress) -> Option<(Protocol, Endpoint)> {
    let protocol = protocol_type(element, &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp])?;
    let value = |name| jxon::child(element, name);
    // A value that is not text throws an exception, and the server is skipped.
    let word = |name| match value(name) {
        None => Some(String::new()),
        Some(value) => value.as_text().map(str::to_ascii_lowercase),
    };
    let port = value("Port")?.as_port()?;
    let security = if word("SSL")? == "off" || word("Encryption")? == "none" {
        Security::PLAIN
    } else if matches!(port, 143 | 110 | 25 | 587) {
        Security::STARTTLS
    } else {
        Security::SSL
    };
    let is_secure_password = word("SPA")? == "on";
    // `nonemptystring` throws an exception for a falsy value.
    let username = match value("LoginName") {
        Some(name) if name.is_falsy() => return None,
        Some(name) => name.to_string(),
        None => address.to_string(),
    };
    let method = if is_secure_password {
        Authentication::PasswordEncrypted
    } else {
        Authentication::PasswordCleartext
    };
    let hostname = hostname(&value("Server")?)?;
    let (username, method) = (Some(username), Method::Named(method));
    Some((protocol, Endpoint { hostname, port, security, username, method }))
}
