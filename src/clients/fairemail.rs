//! FairEmail 1.2331: `EmailProvider.java`, a pull parser that knows neither nesting nor namespaces.
//!
//! Of autoconfig it reads only the first incoming and the first outgoing server, and the last user
//! name in the document, whosever it is. Of Autodiscover it reads hosts and ports. It never sets up
//! a connection without encryption.

use super::autodiscover;
use super::reading::{Encodings, full_address, port};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const AUTOCONFIG: Client = Client {
    name: "FairEmail",
    id: "fairemail",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge: autoconfig,
};

pub const AUTODISCOVER: Client =
    Client { format: Format::Autodiscover, judge: from_autodiscover, ..AUTOCONFIG };

fn autoconfig(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    let text = answer.strict_text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    let login = tree.all().filter(|element| element.name() == "username").last();
    let login = login.map_or_else(
        || full_address(address),
        |username| match username.text().as_ref() {
            "" => full_address(address),
            text if text == Placeholder::EmailAddress.into_str() => full_address(address),
            text if text == Placeholder::EmailLocalPart.into_str() => {
                Login::Name(address.local_part().to_owned())
            }
            // Combinations are kept as they stand.
            other => Login::Name(other.to_owned()),
        },
    );
    let first = |tag: &str, kind: &str| {
        let server = tree.all().find(|element| element.name() == tag);
        let server = server.filter(|server| server.attribute("type") == Some(kind));
        let server = server.ok_or_else(|| GivesUp::because(format!("the first {tag} is not {kind}")))?;
        endpoint(server, &login)
    };
    let imap = first("incomingServer", "imap")?;
    let smtp = first("outgoingServer", "smtp")?;
    Ok(Account { imap: Some(imap), smtp: Some(smtp), ..Account::default() })
}

fn endpoint(server: Element, login: &Login) -> Result<Endpoint, GivesUp> {
    let (mut hostname, mut number, mut security) = (String::new(), 0, Security::SSL);
    // In the order of the document: a port guesses the encryption anew.
    for element in server.elements() {
        match element.name() {
            "hostname" => hostname = element.text().into_owned(),
            "port" => {
                number =
                    port(&element.text()).ok_or_else(|| GivesUp::because("a port that is not a number"))?;
                security = guess(number);
            }
            "socketType" => match element.text().as_ref() {
                "SSL" => security = Security::SSL,
                "STARTTLS" => security = Security::STARTTLS,
                // `plain` too: the guess stays.
                _ => {}
            },
            _ => {}
        }
    }
    if hostname.is_empty() || number == 0 {
        return Err(GivesUp::because("a server without hostname or port"));
    }
    Ok(Endpoint { hostname, port: number, security, login: login.clone(), method: Method::Negotiated })
}

fn guess(port: u16) -> Security {
    if matches!(port, 143 | 587) { Security::STARTTLS } else { Security::SSL }
}

/// What says `SSL`, `Encryption` and `LoginName` is not read; the last server of a type counts.
fn from_autodiscover(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    let text = answer.strict_text(Encodings::Utf8Lossy)?;
    let tree = Tree::parse(&text)?;
    // `AccountType` and `Action` have to stand before the protocols.
    let (mut is_email, mut is_settings) = (false, false);
    let mut account = Account::default();
    for element in tree.all() {
        match element.name() {
            "AccountType" => is_email = element.text() == "email",
            "Action" => is_settings = element.text() == "settings",
            "Protocol" if is_email && is_settings => {
                let text = |name| element.child(name).map(Element::text);
                let slot = match text("Type").as_deref() {
                    Some("IMAP") => &mut account.imap,
                    Some("SMTP") => &mut account.smtp,
                    _ => continue,
                };
                let number = text("Port").and_then(|text| port(&text));
                let (Some(hostname), Some(port)) = (text("Server"), number) else { continue };
                *slot = Some(Endpoint {
                    hostname: hostname.into_owned(),
                    port,
                    security: guess(port),
                    login: full_address(address),
                    method: Method::Negotiated,
                });
            }
            _ => {}
        }
    }
    autodiscover::require(account, &[Protocol::Imap, Protocol::Smtp])
}
