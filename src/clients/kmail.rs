//! KMail: kmail-account-wizard (8163b65), `ispdbservice.cpp`, `ispdb/serverconfiguration.cpp`,
//! `accountconfiguration.cpp`.
//!
//! KMail reads the body for any status, and offers a POP3 account beside the IMAP one. Not
//! modelled: which of its two TLS switches the POP3 account sets; the source does not settle that.

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, fill, servers};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let provider = tree.all().skip(1).find(|element| element.name() == "emailProvider");
    let provider = provider.ok_or("no emailProvider")?;
    let usable = |tag, protocol: Protocol| {
        servers(provider, tag, protocol.into_str())
            .filter_map(move |server| endpoint(server, protocol, address))
    };
    let mut account = Account {
        imap: usable("incomingServer", Protocol::Imap).next(),
        pop3: usable("incomingServer", Protocol::Pop3).next(),
        ..Account::default()
    };
    // One outgoing server for all accounts: STARTTLS before TLS before none; of equals the first.
    for server in usable("outgoingServer", Protocol::Smtp) {
        if account.smtp.as_ref().is_none_or(|best| rank(server.security) > rank(best.security)) {
            account.smtp = Some(server);
        }
    }
    account.require_incoming("no supported incoming server")
}

fn rank(security: Security) -> u8 {
    match security {
        Security::Known(SocketType::Plain) => 0,
        Security::Known(SocketType::Ssl) => 1,
        Security::Known(SocketType::StartTls) | Security::Automatic => 2,
    }
}

/// A server. Only the port is required, and it may be invalid.
fn endpoint(server: Element, protocol: Protocol, address: &EmailAddress) -> Option<Endpoint> {
    let text = |name| server.children(name).last().map(Element::text);
    let port: u16 = text("port")?.trim().parse().unwrap_or(0);
    // A missing or unknown word means SSL.
    let socket_type = text("socketType").and_then(|word| word.parse().ok()).unwrap_or(SocketType::Ssl);
    let port = match protocol {
        // Setting another security than the default resets the port to the usual one.
        Protocol::Imap | Protocol::Pop3 if socket_type != SocketType::Ssl => {
            protocol.registered_port(socket_type)
        }
        Protocol::Smtp if port == 0 => 587,
        _ => port,
    };
    let fill = |text: &str| fill(text, ALL_PLACEHOLDERS, address);
    let username = text("username").filter(|username| !username.is_empty());
    let username = username.map(|username| fill(&username));
    let is_smtp = protocol == Protocol::Smtp;
    let method = Method::Named(authentication(server));
    Some(Endpoint {
        hostname: text("hostname").map(|hostname| fill(&hostname)).unwrap_or_default(),
        port,
        security: Security::Known(socket_type),
        username: username.or_else(|| is_smtp.then(|| address.to_string())),
        method: if protocol == Protocol::Pop3 { Method::Negotiated } else { method },
    })
}

/// The first known method that is not a cleartext password, else a cleartext password.
fn authentication(server: Element) -> Authentication {
    let mut known = server.children("authentication").filter_map(|method| match method.text().as_ref() {
        "password-encrypted" | "secure" => Some(Authentication::PasswordEncrypted),
        "NTLM" => Some(Authentication::Ntlm),
        "GSSAPI" => Some(Authentication::Gssapi),
        // KMail expects `client-ip-based`, which no document contains.
        "client-ip-based" => Some(Authentication::ClientIpAddress),
        "none" => Some(Authentication::None),
        "OAuth2" => Some(Authentication::OAuth2),
        _ => None,
    });
    known.next().unwrap_or(Authentication::PasswordCleartext)
}
