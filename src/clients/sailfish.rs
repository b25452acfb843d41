//! Sailfish OS: `emailautoconfig.cpp` (2025), on Qt's DOM.
//!
//! The document counts only if a `<domain>` is exactly the domain of the address. Sailfish looks up
//! host and port separately. It does not read the user name; the source of the set-up dialogue is
//! closed, and the model assumes that the dialogue uses the address.

use super::prelude::*;
use super::values::{authentication, root};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(200..300)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let provider = root(&tree, "clientConfig")?.child("emailProvider").ok_or("no emailProvider")?;
    let domain = address.domain().as_str();
    if !provider.children("domain").any(|element| element.text() == domain) {
        return Err(format!("the document does not list the domain {domain}").into());
    }
    let account = Account {
        imap: endpoint(&tree, "incomingServer", "imap", address),
        pop3: endpoint(&tree, "incomingServer", "pop3", address),
        smtp: endpoint(&tree, "outgoingServer", "smtp", address),
        ..Account::default()
    };
    account.require_incoming("no supported incoming server")
}

fn endpoint(tree: &Tree, tag: &str, kind: &str, address: &EmailAddress) -> Option<Endpoint> {
    use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};
    let servers = || tree.all().filter(|e| e.name() == tag && e.attribute("type") == Some(kind));
    let hostname = servers().find_map(|server| server.child_text("hostname"))?;
    // The source does not show the dialogue's preference; the model assumes the safer security.
    [SocketType::Ssl, SocketType::StartTls, SocketType::Plain].into_iter().find_map(|socket_type| {
        let secured = || {
            servers()
                .filter(|server| server.child_text("socketType").as_deref() == Some(socket_type.into_str()))
        };
        let port = secured().find_map(|server| server.child_text("port"))?.trim().parse().ok()?;
        let mut methods = secured().next()?.children("authentication");
        let known = [PasswordCleartext, PasswordEncrypted, OAuth2];
        let method = methods.find_map(|method| authentication(&method.text(), &known));
        Some(Endpoint {
            hostname: hostname.clone().into_owned(),
            port,
            security: Security::Known(socket_type),
            username: Some(address.to_string()),
            method: method.map_or(Method::Negotiated, Method::Named),
        })
    })
}
