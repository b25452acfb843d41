//! enough_mail (e5e665d), the library that Maily uses: `client_config.dart`, `discover_helper.dart`,
//! on Dart's xml package.
//!
//! It keeps what kind of user name there is and not the name: one log-in, from the first incoming
//! server, for both. POP3 is taken where there is no IMAP.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "enough_mail (Maily)",
    id: "enough-mail",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    // Dart's decoder drops a byte order mark.
    let text = answer.text(Encodings::Utf8)?;
    if !text.starts_with('<') {
        return Err(GivesUp::because("the first character is not <"));
    }
    let tree = Tree::parse(&text)?;
    if tree.root().local_name() != "clientConfig" {
        return Err(GivesUp::because(format!("the root is <{}>", tree.root().name())));
    }
    let provider =
        tree.root().local_child("emailProvider").ok_or_else(|| GivesUp::because("no emailProvider"))?;
    let incoming: Vec<_> = provider.local_children("incomingServer").collect();
    let (Some(first), Some(outgoing)) = (incoming.first(), provider.local_child("outgoingServer")) else {
        return Err(GivesUp::because("no incoming or no outgoing server"));
    };
    let login = match value(*first, "username").to_ascii_uppercase() {
        kind if kind == Placeholder::EmailLocalPart.into_str() => {
            Login::Name(address.local_part().to_owned())
        }
        _ => full_address(address),
    };
    let is = |server: &Element, kind: &str| {
        server.attribute("type").is_some_and(|attribute| attribute.eq_ignore_ascii_case(kind))
    };
    let mut account = Account::default();
    if let Some(imap) = incoming.iter().find(|server| is(server, "imap")) {
        account.imap = Some(endpoint(*imap, 143, &login));
    } else if is(first, "pop3") {
        account.pop3 = Some(endpoint(*first, 110, &login));
    } else {
        return Err(GivesUp::because("no IMAP or POP3 server"));
    }
    // The first, whatever its type.
    account.smtp = Some(endpoint(outgoing, 25, &login));
    Ok(account)
}

fn value(server: Element, name: &str) -> String {
    server.local_child(name).map(|element| element.text().into_owned()).unwrap_or_default()
}

fn endpoint(server: Element, usual_port: u16, login: &Login) -> Endpoint {
    let port = match value(server, "port").as_str() {
        "" => usual_port,
        text => text.trim().parse().unwrap_or(0),
    };
    let security = match value(server, "socketType").to_ascii_uppercase().as_str() {
        "SSL" => Security::SSL,
        "STARTTLS" => Security::STARTTLS,
        _ => Security::PLAIN,
    };
    let hostname = value(server, "hostname");
    Endpoint { hostname, port, security, login: login.clone(), method: Method::Negotiated }
}
