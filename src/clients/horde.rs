//! Horde Mail_Autoconfig (f1a4ca1): `Driver/Thunderbird.php`, `Server/*.php`, on SimpleXML.
//!
//! A library: it looks for incoming and outgoing servers apart from each other, and takes the first
//! that answers when connected to; here, the first of each type.

use super::reading::{Encodings, fill, full_address, leading_number, servers};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "Horde",
    id: "horde",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    if answer.status == 404 {
        return Err(GivesUp::because("status 404"));
    }
    let text = answer.strict_text(Encodings::Declared)?;
    let tree = Tree::parse(&text)?;
    let provider = tree.root().child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let first = |tag, kind| servers(provider, tag, kind).next().map(|server| endpoint(server, address));
    let account = Account {
        imap: first("incomingServer", "imap"),
        pop3: first("incomingServer", "pop3"),
        smtp: first("outgoingServer", "smtp"),
    };
    account.unless_empty("no server that it looks for")
}

fn endpoint(server: Element, address: &EmailAddress) -> Endpoint {
    let text = |name| server.child(name).map(Element::text).unwrap_or_default();
    // Everything but SSL has to offer STARTTLS, `plain` too.
    let is_tls = text("socketType").eq_ignore_ascii_case("SSL");
    let security = if is_tls { Security::SSL } else { Security::STARTTLS };
    let login = match text("username").as_ref() {
        "" => full_address(address),
        // %EMAILDOMAIN% stays as it stands.
        username => {
            let known = [Placeholder::EmailAddress, Placeholder::EmailLocalPart];
            Login::Name(fill(username, &known, address))
        }
    };
    Endpoint {
        hostname: text("hostname").into_owned(),
        port: leading_number(&text("port")),
        security,
        login,
        method: Method::Negotiated,
    }
}
