//! Horde Mail_Autoconfig (f1a4ca1): `Driver/Thunderbird.php`, `Server/*.php`, on SimpleXML.
//!
//! A library. It looks up incoming and outgoing servers separately, and takes the first that
//! accepts a connection; the model takes the first of each type.

use super::prelude::*;
use super::values::{fill, leading_number, servers};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    if response.status == 404 {
        return Err("HTTP status 404".into());
    }
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    let provider = tree.root().child("emailProvider").ok_or("no emailProvider")?;
    let first = |tag, kind| servers(provider, tag, kind).next().map(|server| endpoint(server, address));
    let account = Account {
        imap: first("incomingServer", "imap"),
        pop3: first("incomingServer", "pop3"),
        smtp: first("outgoingServer", "smtp"),
        ..Account::default()
    };
    account.require_any("no supported server")
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    let text = |name| server.child_text(name).unwrap_or_default();
    // Horde requires STARTTLS for everything but SSL, also for `plain`.
    let is_tls = text("socketType").eq_ignore_ascii_case("SSL");
    let username = match text("username").as_ref() {
        "" => address.to_string(),
        // %EMAILDOMAIN% stays.
        username => fill(username, &[Placeholder::EmailAddress, Placeholder::EmailLocalPart], address),
    };
    Endpoint {
        hostname: text("hostname").into_owned(),
        port: leading_number(&text("port")),
        security: if is_tls { Security::SSL } else { Security::STARTTLS },
        username: Some(username),
        method: Method::Negotiated,
    }
}
