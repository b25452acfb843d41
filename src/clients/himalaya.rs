//! Himalaya 2.1.0 with io-pim-discovery 0.7.0 (`autoconfig/config.rs`), and email-lib, its
//! predecessor (`email/src/autoconfig/config.rs`); both on serde-xml-rs.
//!
//! All or nothing: every value anywhere has to be one that the types know. Not modelled: other ways
//! of discovery that Himalaya tries at the same time.

use super::reading::{EVERY, Encodings, fill, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Placeholder, Protocol, SocketType};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Himalaya",
    id: "himalaya",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge: himalaya,
};

pub const EMAIL_LIB: Client =
    Client { name: "email-lib (Himalaya 1.x)", id: "email-lib", judge: email_lib, ..CLIENT };

type Checked<T> = Result<T, GivesUp>;

fn drops(what: impl std::fmt::Display) -> GivesUp {
    GivesUp::because(format!("{what} drops the document"))
}

/// What both want of the document as a whole.
fn provider<'a>(tree: &'a Tree<'_>) -> Checked<Element<'a>> {
    // The root's name is not compared.
    let root = tree.root();
    root.attribute("version").ok_or_else(|| drops("a missing version"))?;
    let mut providers = root.local_children("emailProvider");
    let provider = providers.next().ok_or_else(|| GivesUp::because("no emailProvider"))?;
    if providers.next().is_some() {
        return Err(drops("a second emailProvider"));
    }
    provider.attribute("id").ok_or_else(|| drops("a missing id"))?;
    if let Some(oauth2) = root.local_child("oAuth2") {
        for name in ["issuer", "scope", "authURL", "tokenURL"] {
            oauth2.local_child(name).ok_or_else(|| drops(format_args!("oAuth2 without {name}")))?;
        }
    }
    for documentation in provider.local_children("documentation") {
        documentation.attribute("url").ok_or_else(|| drops("documentation without url"))?;
        for descr in documentation.local_children("descr") {
            if descr.text().trim().is_empty() {
                return Err(drops("an empty descr"));
            }
        }
    }
    Ok(provider)
}

fn himalaya(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    // The body has to be UTF-8, whatever it declares.
    let text = answer.strict_text(Encodings::Utf8)?;
    let tree = Tree::parse(&text)?;
    let provider = provider(&tree)?;
    for name in ["domain", "incomingServer", "outgoingServer", "documentation"] {
        adjacent(provider, name)?;
    }
    let has_oauth2 = tree.root().local_child("oAuth2").is_some();
    let mut account = Account::default();
    for server in provider.local_children("incomingServer").chain(provider.local_children("outgoingServer")) {
        let kind = server.attribute("type").unwrap_or_default();
        let found = typed(server, kind, has_oauth2, address)?;
        let slot = match kind {
            "imap" => &mut account.imap,
            "smtp" => &mut account.smtp,
            "pop3" => continue,
            other => return Err(drops(format_args!("a server of type `{other}`"))),
        };
        // The safest, and of equals the last.
        if let Some(endpoint) = found
            && slot.as_ref().is_none_or(|best| rank(endpoint.security) >= rank(best.security))
        {
            *slot = Some(endpoint);
        }
    }
    let Some(imap) = &mut account.imap else {
        return Err(GivesUp::because("no IMAP server"));
    };
    // The prompt takes a log-in name over only if it looks like an address, and offers the same one
    // for sending.
    let is_address = |name: &str| name.split_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty());
    if !matches!(&imap.login, Login::Name(name) if is_address(name)) {
        imap.login = full_address(address);
    }
    let smtp = account.smtp.get_or_insert_with(|| Endpoint {
        hostname: format!("smtp.{}", address.domain()),
        port: 465,
        security: Security::SSL,
        ..imap.clone()
    });
    smtp.login = imap.login.clone();
    Ok(account)
}

/// serde-xml-rs takes a second group of the same elements for a duplicate field.
fn adjacent(parent: Element, name: &str) -> Checked<()> {
    let mut groups = 0;
    let mut before = "";
    for element in parent.elements() {
        groups += usize::from(element.local_name() == name && before != name);
        before = element.local_name();
    }
    if groups > 1 { Err(drops(format_args!("<{name}> in two places"))) } else { Ok(()) }
}

fn rank(security: Security) -> u8 {
    match security {
        Security::Known(SocketType::Plain) => 0,
        Security::Known(SocketType::StartTls) | Security::Tried => 1,
        Security::Known(SocketType::Ssl) => 2,
    }
}

/// At most one element of the name; its text, trimmed.
fn single(server: Element, name: &str) -> Checked<Option<String>> {
    let mut elements = server.local_children(name);
    let first = elements.next().map(|element| element.text().trim().to_owned());
    if elements.next().is_some() {
        return Err(drops(format_args!("a second {name} in one server")));
    }
    Ok(first)
}

/// A server in Himalaya's types; none if it has no hostname.
fn typed(server: Element, kind: &str, has_oauth2: bool, address: &EmailAddress) -> Checked<Option<Endpoint>> {
    adjacent(server, "authentication")?;
    let hostname = single(server, "hostname")?;
    let port: Option<u16> = single(server, "port")?
        .map(|port| port.parse().map_err(|_| drops(format_args!("the port `{port}`"))))
        .transpose()?;
    let security = match single(server, "socketType")?.as_deref() {
        None | Some("SSL" | "tls") => Security::SSL,
        Some("STARTTLS" | "starttls") => Security::STARTTLS,
        Some("plain") => Security::PLAIN,
        Some(other) => return Err(drops(format_args!("socketType `{other}`"))),
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
            other => return Err(drops(format_args!("authentication `{other}`"))),
        }
    }
    for pop3 in server.local_children("pop3") {
        for name in ["leaveMessagesOnServer", "downloadOnBiff"] {
            if single(pop3, name)?.is_some_and(|text| !matches!(text.as_str(), "true" | "false")) {
                return Err(drops(format_args!("{name} that is neither true nor false")));
            }
        }
    }
    let usual = match (kind, security) {
        ("imap", Security::SSL) => 993,
        ("imap", _) => 143,
        ("pop3", Security::SSL) => 995,
        ("pop3", _) => 110,
        (_, Security::SSL) => 465,
        (_, Security::STARTTLS) => 587,
        _ => 25,
    };
    Ok(hostname.map(|hostname| Endpoint {
        hostname: fill(&hostname, EVERY, address),
        port: port.unwrap_or(usual),
        security,
        login: username.map_or(Login::Asked, |username| Login::Name(fill(&username, EVERY, address))),
        method: methods.first().map_or(Method::Negotiated, |method| Method::Named(*method)),
    }))
}

/// The children that the types of email-lib know; any other drops the document.
const PROVIDER: [&str; 6] =
    ["domain", "displayName", "displayShortName", "incomingServer", "outgoingServer", "documentation"];
const SERVER: [&str; 10] = [
    "hostname",
    "port",
    "socketType",
    "authentication",
    "owaURL",
    "ewsURL",
    "useGlobalPreferredServer",
    "pop3",
    "username",
    "password",
];

fn email_lib(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let provider = provider(&tree)?;
    let only = |parent: Element, known: &[&str]| match parent
        .elements()
        .find(|e| !known.contains(&e.local_name()))
    {
        Some(unknown) => Err(drops(format_args!("<{}> in <{}>", unknown.name(), parent.name()))),
        None => Ok(()),
    };
    only(provider, &PROVIDER)?;
    for documentation in provider.local_children("documentation") {
        documentation.local_child("descr").ok_or_else(|| drops("documentation without descr"))?;
    }
    let mut account = Account::default();
    for server in provider.local_children("incomingServer").chain(provider.local_children("outgoingServer")) {
        only(server, &SERVER)?;
        let endpoint = lib_endpoint(server, address)?;
        let slot = match server.attribute("type") {
            None => return Err(drops("a server without type")),
            Some("imap") => &mut account.imap,
            Some("smtp") => &mut account.smtp,
            Some(_) => continue,
        };
        slot.get_or_insert(endpoint);
    }
    if account.imap.is_none() {
        return Err(GivesUp::because("no IMAP server"));
    }
    Ok(account)
}

fn lib_endpoint(server: Element, address: &EmailAddress) -> Checked<Endpoint> {
    let first = |name| server.local_child(name).map(|element| element.text().trim().to_owned());
    let port = match first("port") {
        Some(port) => port.parse().map_err(|_| drops(format_args!("the port `{port}`")))?,
        None => 993,
    };
    let security = match first("socketType").as_deref() {
        None | Some("SSL") => Security::SSL,
        Some("STARTTLS") => Security::STARTTLS,
        Some("plain") => Security::PLAIN,
        Some(other) => return Err(drops(format_args!("socketType `{other}`"))),
    };
    for method in server.local_children("authentication") {
        // They spell it `GSAPI`.
        let known = [
            "password-cleartext",
            "password-encrypted",
            "NTLM",
            "GSAPI",
            "client-IP-address",
            "TLS-client-cert",
            "OAuth2",
            "None",
        ];
        if !known.contains(&method.text().trim()) {
            return Err(drops(format_args!("authentication `{}`", method.text().trim())));
        }
    }
    // The prompt knows these two forms.
    let login = match first("username") {
        Some(username) if username == Placeholder::EmailLocalPart.into_str() => {
            Login::Name(address.local_part().to_owned())
        }
        _ => full_address(address),
    };
    // Placeholders in it are shown as they stand.
    let hostname = first("hostname").unwrap_or_default();
    Ok(Endpoint { hostname, port, security, login, method: Method::Negotiated })
}
