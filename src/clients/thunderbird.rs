//! Thunderbird (comm-central 156.0a1): `readFromXML.sys.mjs`, `AccountConfig.sys.mjs`,
//! `Sanitizer.sys.mjs`, `ExchangeAutoDiscover.sys.mjs`, on Gecko's DOM and JXON.
//!
//! A server that it cannot use is skipped; the first usable incoming server is the one set up, the
//! others are offered beside it.

use super::autodiscover;
use super::autodiscover::text;
use super::jxon;
use super::jxon::Value;
use super::reading::{EVERY, Encodings, fill, is_host};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol};
use crate::xml::tree::{Element, Tree};

pub const AUTOCONFIG: Client = Client {
    name: "Thunderbird",
    id: "thunderbird",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge: autoconfig,
};

pub const AUTODISCOVER: Client =
    Client { format: Format::Autodiscover, judge: from_autodiscover, ..AUTOCONFIG };

/// `FetchHTTP.sys.mjs`: only these are parsed as XML, compared with the beginning of the header.
fn xml<'a>(answer: &Answer<'a>) -> Result<std::borrow::Cow<'a, str>, GivesUp> {
    answer.require_success()?;
    let content_type = answer.content_type.unwrap_or_default();
    if !["text/xml", "application/xml", "text/rdf"].iter().any(|known| content_type.starts_with(known)) {
        return Err(GivesUp::because(format!("the Content-Type `{content_type}`")));
    }
    answer.strict_text(Encodings::HeaderFirst)
}

fn autoconfig(answer: &Answer, address: &EmailAddress) -> Verdict {
    let text = xml(answer)?;
    let tree = Tree::parse(&text)?;
    let root = super::reading::root(&tree, "clientConfig")?;
    let provider = root.child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let id = provider.attribute("id").map(jxon::typed);
    if id.as_ref().is_none_or(|id| hostname(id).is_none()) {
        return Err(GivesUp::because("the id of emailProvider is no host name"));
    }
    if !provider.children("domain").any(|domain| hostname(&jxon::value(domain)).is_some()) {
        return Err(GivesUp::because("no domain that is plain text and a host name"));
    }
    let mut account = Account::default();
    let mut last = GivesUp::because("no incoming server");
    for server in provider.children("incomingServer") {
        match incoming(server, address) {
            Ok(Some((protocol, endpoint))) => {
                account.get_mut(protocol).get_or_insert(endpoint);
            }
            // Exchange, or a newsgroup server.
            Ok(None) => {}
            Err(error) => last = error,
        }
    }
    if !account.has_incoming() {
        return Err(last);
    }
    last = GivesUp::because("no outgoing server");
    for server in provider.children("outgoingServer") {
        match outgoing(server, address) {
            Ok(endpoint) => {
                account.smtp = Some(endpoint);
                return Ok(account);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn incoming(server: Element, address: &EmailAddress) -> Result<Option<(Protocol, Endpoint)>, GivesUp> {
    let protocol = match server.attribute("type") {
        Some("imap") => Protocol::Imap,
        Some("pop3") => Protocol::Pop3,
        _ => return Ok(None),
    };
    // Without a port it takes the usual one.
    let usual = if protocol == Protocol::Imap { 993 } else { 995 };
    endpoint(server, Some(usual), incoming_method, address).map(|endpoint| Some((protocol, endpoint)))
}

fn outgoing(server: Element, address: &EmailAddress) -> Result<Endpoint, GivesUp> {
    if server.attribute("type") != Some("smtp") {
        return Err(GivesUp::because("an outgoing server that is not smtp"));
    }
    let methods = |word: &str| match word {
        "none" | "client-IP-address" | "smtp-after-pop" => Some(Authentication::None),
        _ => incoming_method(word),
    };
    endpoint(server, None, methods, address)
}

/// `OAuth2` counts only for hosts in its own table (`OAuth2Providers`); none of ours is taken to be.
fn incoming_method(word: &str) -> Option<Authentication> {
    match word {
        "password-cleartext" | "plain" => Some(Authentication::PasswordCleartext),
        "password-encrypted" | "secure" => Some(Authentication::PasswordEncrypted),
        "GSSAPI" => Some(Authentication::Gssapi),
        "NTLM" => Some(Authentication::Ntlm),
        _ => None,
    }
}

fn endpoint(
    server: Element,
    usual_port: Option<u16>,
    method: impl Fn(&str) -> Option<Authentication>,
    address: &EmailAddress,
) -> Result<Endpoint, GivesUp> {
    let kind = server.attribute("type").unwrap_or_default();
    let wrong = |what: &str| GivesUp::because(format!("the {kind} server has no usable {what}"));
    let value = |name| server.child(name).map(jxon::value);
    let host = value("hostname").and_then(|value| hostname(&value)).ok_or_else(|| wrong("hostname"))?;
    let port = match value("port") {
        Some(port) => port.as_port().ok_or_else(|| wrong("port"))?,
        None => usual_port.ok_or_else(|| wrong("port"))?,
    };
    let mut sockets = server.children("socketType").map(jxon::value);
    let security = sockets.find_map(|value| match value.as_text()? {
        "SSL" => Some(Security::SSL),
        "STARTTLS" => Some(Security::STARTTLS),
        "plain" => Some(Security::PLAIN),
        _ => None,
    });
    let mut methods = server.children("authentication").map(jxon::value);
    let method = methods.find_map(|value| method(value.as_text()?)).ok_or_else(|| wrong("authentication"))?;
    let username = match value("username") {
        Some(value) => value.to_string(),
        // Not read where nobody logs in.
        None if method == Authentication::None => String::new(),
        // JavaScript's `undefined`, as text.
        None => "undefined".to_owned(),
    };
    Ok(Endpoint {
        hostname: fill(&host, EVERY, address),
        port,
        security: security.ok_or_else(|| wrong("socketType"))?,
        login: Login::Name(fill(&username, EVERY, address)),
        method: Method::Named(method),
    })
}

/// `Sanitizer.hostname`: trimmed, lower case; placeholders may stand in it.
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

/// `SSL` and `Encryption` tell only whether to encrypt; how is told by the port.
fn from_autodiscover(answer: &Answer, address: &EmailAddress) -> Verdict {
    let body = xml(answer)?;
    let tree = Tree::parse(&body)?;
    let element = autodiscover::account(&tree)?;
    let mut account = Account::default();
    for protocol in element.children("Protocol") {
        let slot = match text(protocol, "Type").as_deref() {
            Some("IMAP") => &mut account.imap,
            Some("POP3") => &mut account.pop3,
            Some("SMTP") => &mut account.smtp,
            _ => continue,
        };
        if slot.is_none() {
            *slot = discovered(protocol, address);
        }
    }
    if !account.has_incoming() {
        return Err(GivesUp::because("no IMAP or POP3 server"));
    }
    // Without SMTP the account is complete too: `useGlobalPreferredServer` is on until one is found.
    Ok(account)
}

fn discovered(protocol: Element, address: &EmailAddress) -> Option<Endpoint> {
    let value = |name| protocol.child(name).map(jxon::value);
    // What is no text any more throws, and costs the server.
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
    // `nonemptystring` throws for what JavaScript takes for nothing.
    let login = match value("LoginName") {
        Some(name) if name.is_falsy() => return None,
        Some(name) => name.to_string(),
        None => address.to_string(),
    };
    let method = if is_secure_password {
        Authentication::PasswordEncrypted
    } else {
        Authentication::PasswordCleartext
    };
    Some(Endpoint {
        hostname: hostname(&value("Server")?)?,
        port,
        security,
        login: Login::Name(login),
        method: Method::Named(method),
    })
}
