//! Parula (mustang-im/mustang 227ae5a): `readConfig.ts`, `exchangeV1Config.ts`,
//! `sanitizeDatatypes.ts`, on JXON.
//!
//! The document counts only if one `<domain>` is the asked one. Of Autodiscover it takes the
//! incoming servers and makes up the outgoing one from their host.

use super::autodiscover;
use super::jxon;
use super::jxon::Value;
use super::reading::{EVERY, Encodings};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol, SocketType};
use crate::xml::tree::{Element, Tree};

pub const AUTOCONFIG: Client = Client {
    name: "Parula",
    id: "parula",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge: autoconfig,
};

pub const AUTODISCOVER: Client = Client {
    format: Format::Autodiscover,
    protocols: &[Protocol::Imap, Protocol::Pop3],
    judge: from_autodiscover,
    ..AUTOCONFIG
};

fn autoconfig(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    let root = super::reading::root(&tree, "clientConfig")?;
    let provider = root.child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let asked = address.domain().as_str();
    if !provider.children("domain").any(|domain| jxon::value(domain).as_text() == Some(asked)) {
        return Err(GivesUp::because(format!("no domain in it is {asked}")));
    }
    let has_oauth2 = root.child("oAuth2").is_some_and(|oauth2| {
        ["tokenURL", "authURL", "scope"].iter().all(|name| oauth2.child(name).is_some())
    });
    let mut account = Account::default();
    let mut last = GivesUp::because("no incoming server");
    for server in provider.children("incomingServer") {
        let slot = match server.attribute("type") {
            Some("imap") => &mut account.imap,
            Some("pop3") => &mut account.pop3,
            _ => continue,
        };
        match endpoint(server, has_oauth2, address) {
            Ok(endpoint) => {
                slot.get_or_insert(endpoint);
            }
            Err(error) => last = error,
        }
    }
    if !account.has_incoming() {
        return Err(last);
    }
    last = GivesUp::because("no outgoing server");
    for server in provider.children("outgoingServer") {
        match endpoint(server, has_oauth2, address) {
            Ok(endpoint) => {
                account.smtp = Some(endpoint);
                return Ok(account);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn endpoint(server: Element, has_oauth2: bool, address: &EmailAddress) -> Result<Endpoint, GivesUp> {
    let kind = server.attribute("type").unwrap_or_default();
    let wrong = |what: &str| GivesUp::because(format!("the {kind} server has no usable {what}"));
    let value = |name| server.child(name).map(jxon::value);
    let hostname = value("hostname").and_then(|value| hostname(&value)).ok_or_else(|| wrong("hostname"))?;
    let port = value("port").and_then(|port| port.as_port()).ok_or_else(|| wrong("port"))?;
    let security =
        server.children("socketType").find_map(|element| match jxon::value(element).as_text()? {
            "SSL" => Some(Security::SSL),
            "STARTTLS" => Some(Security::STARTTLS),
            "plain" => Some(Security::PLAIN),
            _ => None,
        });
    let username = value("username").ok_or_else(|| wrong("username"))?.to_string();
    let known: Vec<_> = server
        .children("authentication")
        .filter_map(|element| match jxon::value(element).as_text()? {
            "password-cleartext" => Some(Authentication::PasswordCleartext),
            "password-encrypted" => Some(Authentication::PasswordEncrypted),
            "OAuth2" => Some(Authentication::OAuth2),
            "GSSAPI" => Some(Authentication::Gssapi),
            "NTLM" => Some(Authentication::Ntlm),
            _ => None,
        })
        .collect();
    let usable = known.iter().find(|method| **method != Authentication::OAuth2 || has_oauth2);
    // Where OAuth2 is all there is, it stays.
    let method = usable.or(known.last()).ok_or_else(|| wrong("authentication"))?;
    Ok(Endpoint {
        hostname,
        port,
        security: security.ok_or_else(|| wrong("socketType"))?,
        login: Login::Name(fill_once(username, address)),
        method: Method::Named(*method),
    })
}

/// Only the first of each placeholder is filled.
fn fill_once(text: String, address: &EmailAddress) -> String {
    EVERY.iter().fold(text, |text, placeholder| {
        let value = super::reading::value(*placeholder, address);
        text.replacen(placeholder.into_str(), &value, 1)
    })
}

/// Lower case, placeholders too, which are then never filled.
fn hostname(value: &Value) -> Option<String> {
    let text = value.as_text()?;
    let is_name =
        !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '%'));
    is_name.then(|| text.to_lowercase())
}

fn from_autodiscover(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    let element = autodiscover::account(&tree)?;
    let mut account = Account::default();
    let mut first: Option<Endpoint> = None;
    for protocol in element.children("Protocol") {
        let slot = match autodiscover::text(protocol, "Type").as_deref() {
            Some("IMAP") => &mut account.imap,
            Some("POP3") => &mut account.pop3,
            _ => continue,
        };
        if let (None, Some(endpoint)) = (&slot, discovered(protocol, address)) {
            first.get_or_insert_with(|| endpoint.clone());
            *slot = Some(endpoint);
        }
    }
    let Some(incoming) = first else {
        return Err(GivesUp::because("no IMAP or POP3 server"));
    };
    let port = if incoming.security == Security::SSL { 465 } else { 587 };
    account.smtp = Some(Endpoint { port, login: super::reading::full_address(address), ..incoming });
    Ok(account)
}

fn discovered(protocol: Element, address: &EmailAddress) -> Option<Endpoint> {
    let value = |name| protocol.child(name).map(jxon::value);
    let word = |name| value(name).and_then(|value| value.as_text().map(str::to_ascii_lowercase));
    let port = value("Port")?.as_port()?;
    let is_encrypted =
        word("SSL").is_some_and(|word| word == "on") || word("Encryption").is_some_and(|word| word != "none");
    let socket_type = match (is_encrypted, port) {
        (true, 143 | 110) => SocketType::StartTls,
        (true, _) | (false, 993 | 995) => SocketType::Ssl,
        (false, _) => SocketType::Plain,
    };
    let login = autodiscover::text(protocol, "LoginName")
        .filter(|name| !name.is_empty())
        .map_or_else(|| address.to_string(), Into::into);
    Some(Endpoint {
        hostname: hostname(&value("Server")?)?,
        port,
        security: Security::Known(socket_type),
        login: Login::Name(login),
        method: Method::Named(Authentication::PasswordCleartext),
    })
}
