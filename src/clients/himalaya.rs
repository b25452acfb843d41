//! Himalaya 2.1.0 with io-pim-discovery 0.7.0 (`autoconfig/config.rs`), and its predecessor
//! email-lib (`email/src/autoconfig/config.rs`); both on serde-xml-rs.
//!
//! Every value of the document has to be one that the Rust types know, else the whole document is
//! invalid. Not modelled: other ways of discovery that Himalaya tries at the same time.

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, fill, protocol};

fn drops(what: impl std::fmt::Display) -> Failure {
    format!("the document is rejected: {what}").into()
}

/// The provider, after the checks of both versions on the document as a whole.
fn provider<'a>(tree: &'a Tree<'_>) -> Result<Element<'a>, Failure> {
    // serde-xml-rs does not compare the root's name.
    let root = tree.root();
    root.attribute("version").ok_or_else(|| drops("clientConfig has no version"))?;
    let mut providers = root.local_children("emailProvider");
    let provider = providers.next().ok_or("no emailProvider")?;
    if providers.next().is_some() {
        return Err(drops("there is a second emailProvider"));
    }
    provider.attribute("id").ok_or_else(|| drops("emailProvider has no id"))?;
    if let Some(oauth2) = root.local_child("oAuth2") {
        for name in ["issuer", "scope", "authURL", "tokenURL"] {
            oauth2.local_child(name).ok_or_else(|| drops(format_args!("oAuth2 has no {name}")))?;
        }
    }
    for documentation in provider.local_children("documentation") {
        documentation.attribute("url").ok_or_else(|| drops("documentation has no url"))?;
        if documentation.local_children("descr").any(|descr| descr.text().trim().is_empty()) {
            return Err(drops("a descr is empty"));
        }
    }
    Ok(provider)
}

fn servers(provider: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    provider.local_children("incomingServer").chain(provider.local_children("outgoingServer"))
}

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    // The body has to be UTF-8, whatever it declares.
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Utf8)?)?;
    let provider = provider(&tree)?;
    for name in ["domain", "incomingServer", "outgoingServer", "documentation"] {
        require_adjacent(provider, name)?;
    }
    let has_oauth2 = tree.root().local_child("oAuth2").is_some();
    let mut account = Account::default();
    for server in servers(provider) {
        let kind = server.attribute("type").unwrap_or_default();
        let protocol = protocol(kind, &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp])
            .ok_or_else(|| drops(format_args!("a server has the type `{kind}`")))?;
        let found = endpoint(server, protocol, has_oauth2, address)?;
        // The most secure one; of equals the last.
        let slot = account.get_mut(protocol);
        if let Some(endpoint) = found
            && slot.as_ref().is_none_or(|best| rank(endpoint.security) >= rank(best.security))
        {
            *slot = Some(endpoint);
        }
    }
    account.pop3 = None;
    let Some(imap) = &mut account.imap else {
        return Err("no IMAP server".into());
    };
    // The prompt uses a user name only if it looks like an address, and offers the same one for
    // sending.
    let is_address =
        |name: &String| name.split_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty());
    imap.username = imap.username.take().filter(is_address).or_else(|| Some(address.to_string()));
    let login = imap.username.clone();
    let hostname = format!("smtp.{}", address.domain());
    let smtp = Endpoint { hostname, port: 465, security: Security::SSL, ..imap.clone() };
    account.guess(Protocol::Smtp, smtp);
    if let Some(smtp) = &mut account.smtp {
        smtp.username = login;
    }
    Ok(account)
}

/// serde-xml-rs treats a second group of the same elements as a duplicate field.
fn require_adjacent(parent: Element, name: &str) -> Result<(), Failure> {
    let names: Vec<_> = parent.elements().map(Element::local_name).collect();
    let groups = names.chunk_by(|a, b| a == b).filter(|group| group[0] == name).count();
    if groups > 1 { Err(drops(format_args!("the <{name}> elements are not together"))) } else { Ok(()) }
}

fn rank(security: Security) -> u8 {
    match security {
        Security::Known(SocketType::Plain) => 0,
        Security::Known(SocketType::StartTls) | Security::Automatic => 1,
        Security::Known(SocketType::Ssl) => 2,
    }
}

/// The trimmed text of the element with a name. A second one is an error.
fn single(server: Element, name: &str) -> Result<Option<String>, Failure> {
    let mut elements = server.local_children(name);
    let first = elements.next().map(|element| element.text().trim().to_owned());
    if elements.next().is_some() {
        return Err(drops(format_args!("a server has a second {name}")));
    }
    Ok(first)
}

fn parse_port(port: &str) -> Result<u16, Failure> {
    port.parse().map_err(|_| drops(format_args!("the port `{port}` is not a number")))
}

fn parse_socket_type(word: &str) -> Result<SocketType, Failure> {
    word.parse().map_err(|_| drops(format_args!("socketType is `{word}`")))
}

/// A server in Himalaya's types; `None` if it has no hostname.
fn endpoint(
    server: Element,
    protocol: Protocol,
    has_oauth2: bool,
    address: &EmailAddress,
) -> Result<Option<Endpoint>, Failure> {
    require_adjacent(server, "authentication")?;
    let hostname = single(server, "hostname")?;
    let port = single(server, "port")?.as_deref().map(parse_port).transpose()?;
    let socket_type = match single(server, "socketType")?.as_deref() {
        None | Some("tls") => SocketType::Ssl,
        Some("starttls") => SocketType::StartTls,
        Some(word) => parse_socket_type(word)?,
    };
    let username = single(server, "username")?;
    let mut methods = Vec::new();
    for method in server.local_children("authentication") {
        match method.text().trim() {
            "password-cleartext" | "passwordCleartext" => methods.push(Authentication::PasswordCleartext),
            "password-encrypted" | "passwordEncrypted" => methods.push(Authentication::PasswordEncrypted),
            "OAuth2" | "oAuth2" if has_oauth2 => methods.push(Authentication::OAuth2),
            "OAuth2" | "oAuth2" | "NTLM" | "ntlm" | "GSAPI" | "gsApi" | "client-IP-address"
            | "clientIPAddress" | "TLS-client-cert" | "tlsClientCert" | "none" => {}
            other => return Err(drops(format_args!("authentication is `{other}`"))),
        }
    }
    for pop3 in server.local_children("pop3") {
        for name in ["leaveMessagesOnServer", "downloadOnBiff"] {
            if single(pop3, name)?.is_some_and(|text| !matches!(text.as_str(), "true" | "false")) {
                return Err(drops(format_args!("{name} is neither true nor false")));
            }
        }
    }
    let usual_port = match (protocol, socket_type) {
        (Protocol::Smtp, SocketType::Plain) => 25,
        _ => protocol.registered_port(socket_type),
    };
    Ok(hostname.map(|hostname| Endpoint {
        hostname: fill(&hostname, ALL_PLACEHOLDERS, address),
        port: port.unwrap_or(usual_port),
        security: Security::Known(socket_type),
        username: username.map(|username| fill(&username, ALL_PLACEHOLDERS, address)),
        method: methods.first().map_or(Method::Negotiated, |method| Method::Named(*method)),
    }))
}

/// The children that the types of email-lib know; any other is an error.
const PROVIDER: &[&str] =
    &["domain", "displayName", "displayShortName", "incomingServer", "outgoingServer", "documentation"];
#[rustfmt::skip]
const SERVER: &[&str] = &[
    "hostname", "port", "socketType", "authentication", "owaURL", "ewsURL", "useGlobalPreferredServer", "pop3",
    "username", "password",
];

/// The methods that email-lib knows, in its spelling.
#[rustfmt::skip]
const METHODS: &[&str] = &[
    "password-cleartext", "password-encrypted", "NTLM", "GSAPI", "client-IP-address", "TLS-client-cert", "OAuth2",
    "None",
];

pub fn email_lib_autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let provider = provider(&tree)?;
    require_known(provider, PROVIDER)?;
    for documentation in provider.local_children("documentation") {
        documentation.local_child("descr").ok_or_else(|| drops("documentation has no descr"))?;
    }
    let mut account = Account::default();
    for server in servers(provider) {
        require_known(server, SERVER)?;
        let endpoint = email_lib_endpoint(server, address)?;
        let kind = server.attribute("type").ok_or_else(|| drops("a server has no type"))?;
        if let Some(protocol) = protocol(kind, &[Protocol::Imap, Protocol::Smtp]) {
            account.get_mut(protocol).get_or_insert(endpoint);
        }
    }
    account.require(&[Protocol::Imap])
}

fn require_known(parent: Element, known: &[&str]) -> Result<(), Failure> {
    match parent.elements().find(|element| !known.contains(&element.local_name())) {
        Some(unknown) => Err(drops(format_args!("<{}> is unknown in <{}>", unknown.name(), parent.name()))),
        None => Ok(()),
    }
}

fn email_lib_endpoint(server: Element, address: &EmailAddress) -> Result<Endpoint, Failure> {
    let first = |name| server.local_child(name).map(|element| element.text().trim().to_owned());
    let port = first("port").map_or(Ok(993), |port| parse_port(&port))?;
    let socket_type = first("socketType").map_or(Ok(SocketType::Ssl), |word| parse_socket_type(&word))?;
    for method in server.local_children("authentication") {
        let word = method.text();
        if !METHODS.contains(&word.trim()) {
            return Err(drops(format_args!("authentication is `{}`", word.trim())));
        }
    }
    // The prompt knows the local part and the full address.
    let is_local_part = first("username").as_deref() == Some(Placeholder::EmailLocalPart.into_str());
    Ok(Endpoint {
        // Placeholders in it stay.
        hostname: first("hostname").unwrap_or_default(),
        port,
        security: Security::Known(socket_type),
        username: Some(if is_local_part { address.local_part().to_owned() } else { address.to_string() }),
        method: Method::Negotiated,
    })
}
