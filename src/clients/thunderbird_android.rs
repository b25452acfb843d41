//! Thunderbird for Android and K-9: `RealAutoconfigParser.kt`, `GetAutoDiscovery.kt`,
//! `AutoDiscoveryMapper.kt` (24.0).
//!
//! One imap or smtp server that the client cannot use, also because it is `plain`, invalidates the
//! whole document. POP3 is skipped.

use super::oauth2_hosts;
use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, authentication, fill, is_host, root, servers};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8Lossy)?)?;
    // Every provider has to be valid; the last one counts.
    let mut outcome = Err("no emailProvider".into());
    for provider in root(&tree, "clientConfig")?.children("emailProvider") {
        outcome = Ok(account(provider, address)?);
    }
    outcome
}

fn account(provider: Element, address: &EmailAddress) -> Outcome {
    if !provider.attribute("id").is_some_and(|id| is_host(id.trim())) {
        return Err("the id of emailProvider is not a host name".into());
    }
    if !provider.children("domain").any(|domain| is_host(&fill(&domain.text(), ALL_PLACEHOLDERS, address))) {
        return Err("no domain is a host name".into());
    }
    let account = Account {
        imap: first(provider, "incomingServer", "imap", address)?,
        smtp: first(provider, "outgoingServer", "smtp", address)?,
        ..Account::default()
    };
    account.require(&[Protocol::Imap, Protocol::Smtp])
}

/// The first server of a type, if all of them are valid.
fn first(
    provider: Element,
    tag: &str,
    kind: &str,
    address: &EmailAddress,
) -> Result<Option<Endpoint>, Failure> {
    let mut first = None;
    for server in servers(provider, tag, kind) {
        let wrong = |what| format!("the {kind} server has {what}");
        first.get_or_insert(endpoint(server, address).map_err(wrong)?);
    }
    Ok(first)
}

fn endpoint(server: Element, address: &EmailAddress) -> Result<Endpoint, String> {
    use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};
    // The last of a repeated element counts.
    let text = |name| server.children(name).last().map(Element::text);
    let hostname = fill(&text("hostname").ok_or("no hostname")?, ALL_PLACEHOLDERS, address);
    if !is_host(&hostname) {
        return Err("no valid hostname".to_owned());
    }
    let port = text("port").and_then(|port| port.parse().ok()).ok_or("no valid port")?;
    let security = match text("socketType").as_deref() {
        Some("SSL") => Security::SSL,
        Some("STARTTLS") => Security::STARTTLS,
        other => return Err(format!("the socketType `{}`", other.unwrap_or_default())),
    };
    let username = Some(fill(&text("username").ok_or("no username")?, ALL_PLACEHOLDERS, address));
    let known = [OAuth2, PasswordCleartext, PasswordEncrypted];
    let methods = server.children("authentication").filter_map(|e| authentication(&e.text(), &known));
    let methods: Vec<_> = methods.collect();
    if methods.is_empty() {
        return Err("no supported authentication".to_owned());
    }
    // `cleanAuthenticationTypes` in `GetAutoDiscovery.kt` drops OAuth2 for hosts without a
    // registration; `toImapServerSettings` in `AutoDiscoveryMapper.kt` takes the first of the rest.
    let mut usable = methods
        .into_iter()
        .filter(|method| *method != OAuth2 || oauth2_hosts::thunderbird_android(&hostname));
    let method =
        Method::Named(usable.next().ok_or("only OAuth2, and the provider is not in its OAuth2 list")?);
    Ok(Endpoint { hostname, port, security, username, method })
}
