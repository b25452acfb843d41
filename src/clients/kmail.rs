//! KMail: kmail-account-wizard (8163b65), `ispdbservice.cpp`, `ispdb/serverconfiguration.cpp`,
//! `accountconfiguration.cpp`.
//!
//! The body is read whatever the status, and a POP3 account is offered beside the IMAP one. Not
//! modelled: which of its own two switches the POP3 account sets for TLS, which the source read does
//! not settle.

use super::reading::{EVERY, Encodings, fill, servers};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol, SocketType};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "KMail",
    id: "kmail",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let provider = tree.all().skip(1).find(|element| element.name() == "emailProvider");
    let provider = provider.ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let servers =
        |tag, kind| servers(provider, tag, kind).filter_map(move |server| endpoint(server, kind, address));
    let imap = servers("incomingServer", "imap").next();
    let pop3 = servers("incomingServer", "pop3").next();
    if imap.is_none() && pop3.is_none() {
        return Err(GivesUp::because("no server to fetch mail from"));
    }
    // One outgoing server for all: STARTTLS over TLS over none; among equals the first.
    let mut smtp: Option<Endpoint> = None;
    for server in servers("outgoingServer", "smtp") {
        if smtp.as_ref().is_none_or(|best| rank(server.security) > rank(best.security)) {
            smtp = Some(server);
        }
    }
    Ok(Account { imap, pop3, smtp })
}

fn rank(security: Security) -> u8 {
    match security {
        Security::Known(SocketType::Plain) => 0,
        Security::Known(SocketType::Ssl) => 1,
        Security::Known(SocketType::StartTls) | Security::Tried => 2,
    }
}

/// A server with a port, however wrong; nothing else is needed.
fn endpoint(server: Element, kind: &str, address: &EmailAddress) -> Option<Endpoint> {
    let text = |name| server.children(name).last().map(Element::text);
    let port: u16 = text("port")?.trim().parse().unwrap_or(0);
    let security = match text("socketType").as_deref() {
        Some("plain") => Security::PLAIN,
        Some("STARTTLS") => Security::STARTTLS,
        // Missing and unknown ones too.
        _ => Security::SSL,
    };
    let port = match (kind, security) {
        // Setting a security other than the default sets the port again, to the usual one.
        ("imap", Security::Known(SocketType::StartTls | SocketType::Plain)) => 143,
        ("pop3", Security::Known(SocketType::StartTls | SocketType::Plain)) => 110,
        ("smtp", _) if port == 0 => 587,
        _ => port,
    };
    let login = match text("username").as_deref() {
        None | Some("") if kind == "smtp" => Login::Name(address.to_string()),
        None | Some("") => Login::Asked,
        Some(username) => Login::Name(fill(username, EVERY, address)),
    };
    Some(Endpoint {
        hostname: text("hostname").map_or_else(String::new, |hostname| fill(&hostname, EVERY, address)),
        port,
        security,
        login,
        method: if kind == "pop3" { Method::Negotiated } else { Method::Named(method(server)) },
    })
}

/// The first known method other than a cleartext password; that, if there is none.
fn method(server: Element) -> Authentication {
    let mut known = server.children("authentication").filter_map(|method| match method.text().as_ref() {
        "password-encrypted" | "secure" => Some(Authentication::PasswordEncrypted),
        "NTLM" => Some(Authentication::Ntlm),
        "GSSAPI" => Some(Authentication::Gssapi),
        // It expects `client-ip-based`, which nobody writes.
        "client-ip-based" => Some(Authentication::ClientIpAddress),
        "none" => Some(Authentication::None),
        "OAuth2" => Some(Authentication::OAuth2),
        _ => None,
    });
    known.next().unwrap_or(Authentication::PasswordCleartext)
}
