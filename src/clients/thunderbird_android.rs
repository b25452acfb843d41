//! Thunderbird for Android and K-9: `RealAutoconfigParser.kt`, `GetAutoDiscovery.kt`,
//! `AutoDiscoveryMapper.kt` (24.0).
//!
//! All or nothing: one imap or smtp server that it cannot use, `plain` among them, costs the whole
//! document. POP3 is skipped.

use super::reading::{EVERY, Encodings, fill, is_host, servers};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Thunderbird for Android",
    id: "thunderbird-android",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    let root = super::reading::root(&tree, "clientConfig")?;
    // Each provider has to be good; the last one counts.
    let mut found = Err(GivesUp::because("no emailProvider"));
    for provider in root.children("emailProvider") {
        found = Ok(account(provider, address)?);
    }
    found
}

fn account(provider: Element, address: &EmailAddress) -> Verdict {
    if !provider.attribute("id").is_some_and(|id| is_host(id.trim())) {
        return Err(GivesUp::because("the id of emailProvider is no host name"));
    }
    if !provider.children("domain").any(|domain| is_host(&fill(&domain.text(), EVERY, address))) {
        return Err(GivesUp::because("no domain in it is a host name"));
    }
    let imap = first(provider, "incomingServer", "imap", address)?;
    let smtp = first(provider, "outgoingServer", "smtp", address)?;
    match (imap, smtp) {
        (None, _) => Err(GivesUp::because("no IMAP server")),
        (_, None) => Err(GivesUp::because("no SMTP server")),
        (imap, smtp) => Ok(Account { imap, smtp, ..Account::default() }),
    }
}

/// The first server of a type, if every one of them is good.
fn first(
    provider: Element,
    tag: &str,
    kind: &str,
    address: &EmailAddress,
) -> Result<Option<Endpoint>, GivesUp> {
    let mut first = None;
    for server in servers(provider, tag, kind) {
        let wrong = |what| GivesUp::because(format!("the {kind} server has {what}"));
        first.get_or_insert(endpoint(server, address).map_err(wrong)?);
    }
    Ok(first)
}

fn endpoint(server: Element, address: &EmailAddress) -> Result<Endpoint, String> {
    // Of a repeated element the last counts.
    let text = |name| server.children(name).last().map(Element::text);
    let hostname = fill(&text("hostname").ok_or("no hostname")?, EVERY, address);
    if !is_host(&hostname) {
        return Err("no usable hostname".to_owned());
    }
    let port = text("port").and_then(|port| port.parse().ok()).ok_or("no usable port")?;
    let security = match text("socketType").as_deref() {
        Some("SSL") => Security::SSL,
        Some("STARTTLS") => Security::STARTTLS,
        other => return Err(format!("socketType `{}`", other.unwrap_or_default())),
    };
    let username = fill(&text("username").ok_or("no username")?, EVERY, address);
    let known: Vec<_> = server
        .children("authentication")
        .filter_map(|method| match method.text().as_ref() {
            "OAuth2" => Some(Authentication::OAuth2),
            "password-cleartext" => Some(Authentication::PasswordCleartext),
            "password-encrypted" => Some(Authentication::PasswordEncrypted),
            _ => None,
        })
        .collect();
    if known.is_empty() {
        return Err("no authentication that it knows".to_owned());
    }
    // Only for the hosts of its own list (`OAuthConfigurationProvider`); none of ours is taken to be.
    let method = known.into_iter().find(|method| *method != Authentication::OAuth2);
    let method = Method::Named(method.ok_or("OAuth2 alone, for which it has to know the provider")?);
    Ok(Endpoint { hostname, port, security, login: Login::Name(username), method })
}
