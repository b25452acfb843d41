//! Nextcloud Mail 5.12: `lib/Service/AutoConfig/IspDb.php` on SimpleXML, and the form it fills,
//! `AccountForm.vue`.
//!
//! Half a result counts as found; the other half of the form then stays empty.

use super::reading::{EVERY, Encodings, fill, leading_number, servers};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::Protocol;
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Nextcloud Mail",
    id: "nextcloud",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    if answer.status >= 400 {
        return Err(GivesUp::because(format!("status {}", answer.status)));
    }
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    // The root's name is not compared.
    let provider = tree.root().child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let first = |tag, kind| servers(provider, tag, kind).next().map(|server| endpoint(server, address));
    let account = Account {
        imap: first("incomingServer", "imap"),
        smtp: first("outgoingServer", "smtp"),
        ..Account::default()
    };
    account.unless_empty("no IMAP or SMTP server")
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    let text = |name| server.child(name).map(Element::text).unwrap_or_default();
    let security = match text("socketType").to_ascii_lowercase().as_str() {
        "ssl" => Security::SSL,
        "starttls" | "tls" => Security::STARTTLS,
        _ => Security::PLAIN,
    };
    let username = fill(&text("username"), EVERY, address);
    Endpoint {
        // The form trims it; placeholders stay.
        hostname: text("hostname").trim().to_owned(),
        port: leading_number(&text("port")),
        security,
        login: if username.is_empty() { Login::Asked } else { Login::Name(username) },
        method: Method::Negotiated,
    }
}
