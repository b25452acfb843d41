//! Parula (mustang-im/mustang 227ae5a): `readConfig.ts`, `exchangeV1Config.ts`,
//! `sanitizeDatatypes.ts`, on JXON.
//!
//! The document counts only if a `<domain>` is the domain of the address. Of Autodiscover, Parula
//! reads the incoming servers and derives the outgoing one from their host.

use super::autodiscover_response::{account, protocol_type};
use super::jxon::{self, Value};
use super::prelude::*;
use super::thunderbird::usable_servers;
use super::values::{ALL_PLACEHOLDERS, authentication, placeholder_value, root};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8Lossy)?)?;
    let root = root(&tree, "clientConfig")?;
    let provider = root.child("emailProvider").ok_or("no emailProvider")?;
    let domain = address.domain().as_str();
    if !jxon::texts(provider, "domain").any(|text| text == domain) {
        return Err(format!("the document does not list the domain {domain}").into());
    }
    let has_oauth2 = root.child("oAuth2").is_some_and(|oauth2| {
        ["tokenURL", "authURL", "scope"].iter().all(|name| oauth2.child(name).is_some())
    });
    usable_servers(provider, |server, _| endpoint(server, has_oauth2, address))
}

fn endpoint(server: Element, has_oauth2: bool, address: &EmailAddress) -> Result<Endpoint, Failure> {
    use Authentication::{Gssapi, Ntlm, OAuth2, PasswordCleartext, PasswordEncrypted};
    let kind = server.attribute("type").unwrap_or_default();
    let wrong = |what: &str| format!("the {kind} server has no valid {what}");
    let value = |name| jxon::child(server, name);
    let hostname = value("hostname").and_then(|value| hostname(&value)).ok_or_else(|| wrong("hostname"))?;
    let port = value("port").and_then(|port| port.as_port()).ok_or_else(|| wrong("port"))?;
    let security = jxon::texts(server, "socketType").find_map(|word| Security::from_word(&word));
    let username = value("username").ok_or_else(|| wrong("username"))?.to_string();
    let known = [PasswordCleartext, PasswordEncrypted, OAuth2, Gssapi, Ntlm];
    let methods = jxon::texts(server, "authentication").filter_map(|word| authentication(&word, &known));
    let methods: Vec<_> = methods.collect();
    let usable = methods.iter().find(|method| **method != OAuth2 || has_oauth2);
    // OAuth2 stays if there is no other method.
    let method = usable.or(methods.last()).ok_or_else(|| wrong("authentication"))?;
    Ok(Endpoint {
        hostname,
        port,
        security: security.ok_or_else(|| wrong("socketType"))?,
        username: Some(fill_once(username, address)),
        method: Method::Named(*method),
    })
}

/// Parula replaces only the first occurrence of each placeholder.
fn fill_once(text: String, address: &EmailAddress) -> String {
    ALL_PLACEHOLDERS.iter().fold(text, |text, placeholder| {
        text.replacen(placeholder.into_str(), &placeholder_value(*placeholder, address), 1)
    })
}

/// In lower case, also placeholders, which are then never replaced.
fn hostname(value: &Value) -> Option<String> {
    let text = value.as_text()?;
    let is_name =
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '%'));
    is_name.then(|| text.to_lowercase())
}

pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8Lossy)?)?;
    let servers = account(&tree)?.children("Protocol").filter_map(|element| discovered(element, address));
    let servers: Vec<_> = servers.collect();
    let (_, first) = servers.first().cloned().ok_or("no IMAP or POP3 server")?;
    let port = if first.security == Security::SSL { 465 } else { 587 };
    let smtp = Endpoint { port, username: Some(address.to_string()), ..first };
    let mut account: Account = servers.into_iter().collect();
    account.guess(Protocol::Smtp, smtp);
    Ok(account)
}

fn discovered(element: Element, address: &EmailAddress) -> Option<(Protocol, Endpoint)> {
    let protocol = protocol_type(element, &[Protocol::Imap, Protocol::Pop3])?;
    let value = |name| jxon::child(element, name);
    let word = |name| value(name).and_then(|value| value.as_text().map(str::to_ascii_lowercase));
    let port = value("Port")?.as_port()?;
    let is_encrypted =
        word("SSL").is_some_and(|word| word == "on") || word("Encryption").is_some_and(|word| word != "none");
    let socket_type = match (is_encrypted, port) {
        (true, 143 | 110) => SocketType::StartTls,
        (true, _) | (false, 993 | 995) => SocketType::Ssl,
        (false, _) => SocketType::Plain,
    };
    let username = element.child_text("LoginName").filter(|name| !name.is_empty());
    let endpoint = Endpoint {
        hostname: hostname(&value("Server")?)?,
        port,
        security: Security::Known(socket_type),
        username: Some(username.map_or_else(|| address.to_string(), Into::into)),
        method: Method::Named(Authentication::PasswordCleartext),
    };
    Some((protocol, endpoint))
}
