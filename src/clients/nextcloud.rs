//! Nextcloud Mail 5.12: `lib/Service/AutoConfig/IspDb.php` on SimpleXML, and the form that it
//! fills, `AccountForm.vue`.
//!
//! Half a result is accepted; the other half of the form then stays empty.

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, fill, leading_number, servers};

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    response.require_status(..400)?;
    let tree = Tree::parse(response.strict_text(EncodingPolicy::Declared)?)?;
    // Nextcloud does not compare the root's name.
    let provider = tree.root().child("emailProvider").ok_or("no emailProvider")?;
    let first = |tag, kind| servers(provider, tag, kind).next().map(|server| endpoint(server, address));
    let account = Account {
        imap: first("incomingServer", "imap"),
        smtp: first("outgoingServer", "smtp"),
        ..Account::default()
    };
    account.require_any("no IMAP or SMTP server")
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    let text = |name| server.child_text(name).unwrap_or_default();
    let security = match text("socketType").to_ascii_lowercase().as_str() {
        "ssl" => Security::SSL,
        "starttls" | "tls" => Security::STARTTLS,
        _ => Security::PLAIN,
    };
    let username = fill(&text("username"), ALL_PLACEHOLDERS, address);
    Endpoint {
        // The form trims it; placeholders stay.
        hostname: text("hostname").trim().to_owned(),
        port: leading_number(&text("port")),
        security,
        username: Some(username).filter(|username| !username.is_empty()),
        method: Method::Negotiated,
    }
}
