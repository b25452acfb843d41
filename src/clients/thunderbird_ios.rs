//! Thunderbird for iOS: `Core/Sources/Autoconfiguration` of the fork that merges upstream (98f4283).
//!
//! What it decodes has to be right as a whole: an unknown `authentication`, `socketType` or server
//! type anywhere costs the document. Not modelled: the account layer of that revision refuses
//! implicit TLS for SMTP, which is taken for unfinished work.

use super::reading::{EVERY, Encodings, fill};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol};
use crate::xml::tree::{Element, Piece, Tree};

pub const CLIENT: Client = Client {
    name: "Thunderbird for iOS",
    id: "thunderbird-ios",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_ok()?;
    let text = answer.text(Encodings::Declared)?;
    // The result of the parse is not looked at: what was read before an error counts.
    let tree = Tree::recover(&text)?;
    let find = |name: &str| tree.all().filter(|element| element.name() == name && element.is_whole()).last();
    if !tree.all().any(|element| element.name() == "clientConfig") {
        return Err(GivesUp::because("no clientConfig"));
    }
    let Some(provider) = find("emailProvider") else {
        return Err(GivesUp::because("a clientConfig without emailProvider, which ends the search"));
    };
    for name in ["displayName", "displayShortName", "domain"] {
        if value(provider, name, address).is_none() {
            return Err(GivesUp::because(format!("no {name}")));
        }
    }
    if let Some(oauth2) = find("oAuth2") {
        for name in ["issuer", "scope", "authURL", "tokenURL"] {
            value(oauth2, name, address).ok_or_else(|| GivesUp::because(format!("oAuth2 without {name}")))?;
        }
    }
    let mut account = Account::default();
    let servers = provider.elements().filter(|e| matches!(e.name(), "incomingServer" | "outgoingServer"));
    for server in servers {
        // Which list a server stands in does not matter; its type does.
        let slot = match server.attribute("type") {
            Some("imap") => Some(&mut account.imap),
            Some("smtp") => Some(&mut account.smtp),
            Some("pop3") => None,
            other => {
                let kind = other.unwrap_or_default();
                return Err(GivesUp::because(format!("a server of type `{kind}` drops the document")));
            }
        };
        let endpoint = endpoint(server, address).map_err(|what| {
            let kind = server.attribute("type").unwrap_or_default();
            GivesUp::because(format!("the {kind} server has {what}"))
        })?;
        // POP3 has to be right too, but is not supported.
        if let Some(slot) = slot {
            slot.get_or_insert(endpoint);
        }
    }
    account.unless_empty("no IMAP or SMTP server, which ends the search")
}

/// The last element of a name, placeholders filled; none if it is blank.
fn value(parent: Element, name: &str, address: &EmailAddress) -> Option<String> {
    let element = parent.children(name).last()?;
    last_chunk(element).map(|text| fill(text, EVERY, address))
}

/// Each chunk of text that the parser hands over takes the place of the one before; CDATA is not
/// handed over as text at all.
fn last_chunk(element: Element<'_>) -> Option<&str> {
    let chunks = element.pieces().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.trim()),
        Piece::Reference(text) => Some(text.trim()),
        Piece::CData(_) | Piece::Comment(_) => None,
    });
    chunks.filter(|chunk| !chunk.is_empty()).last()
}

fn endpoint(server: Element, address: &EmailAddress) -> Result<Endpoint, String> {
    let required = |name: &str| value(server, name, address).ok_or_else(|| format!("no {name}"));
    let hostname = required("hostname")?;
    let port = required("port")?.parse().map_err(|_| "no usable port")?;
    let security = match required("socketType")?.as_str() {
        "SSL" => Security::SSL,
        "STARTTLS" => Security::STARTTLS,
        other => return Err(format!("socketType `{other}`, which drops the document")),
    };
    let login = Login::Name(required("username")?);
    let mut methods = Vec::new();
    for method in server.children("authentication") {
        let word = last_chunk(method).unwrap_or_default();
        methods.push(match word {
            "OAuth2" => Authentication::OAuth2,
            "password-cleartext" => Authentication::PasswordCleartext,
            "password-encrypted" => Authentication::PasswordEncrypted,
            "client-IP-address" => Authentication::ClientIpAddress,
            "smtp-after-pop" => Authentication::SmtpAfterPop,
            _ => return Err(format!("authentication `{word}`, which drops the document")),
        });
    }
    // `AuthenticationType`: OAuth2 if it is there, else a cleartext password, else nothing.
    let preferred = [Authentication::OAuth2, Authentication::PasswordCleartext];
    let method =
        preferred.into_iter().find(|method| methods.contains(method)).unwrap_or(Authentication::None);
    Ok(Endpoint { hostname, port, security, login, method: Method::Named(method) })
}
