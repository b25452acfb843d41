//! Evolution: `e-mail-autoconfig.c` (6901b22), on GLib's GMarkup.
//!
//! Neither root nor provider is looked at. There is one record for each type of server, and every
//! element that is read overwrites its field: of several servers the last wins, field by field.

use super::reading::{Encodings, fill, leading_number};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Authentication, Placeholder, Protocol};
use crate::xml::tree::{Element, Piece, Tree};

pub const CLIENT: Client = Client {
    name: "Evolution",
    id: "evolution",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    answer.require_success()?;
    // GLib 2.74; newer ones skip it.
    if answer.has_byte_order_mark() {
        return Err(GivesUp::because("a byte order mark"));
    }
    // The declaration's encoding is not looked at: it is UTF-8 or an error.
    let text = answer.text(Encodings::Utf8)?;
    let tree = Tree::parse(&text)?;
    let mut account = Account::default();
    for server in tree.all().filter(|e| matches!(e.name(), "incomingServer" | "outgoingServer")) {
        // `g_markup_collect_attributes` takes the attributes it was told of, all of them, and no other.
        let [(name, kind)] = server.attributes() else {
            return Err(GivesUp::because("a server with other attributes than `type`"));
        };
        let slot = match (name.as_str(), kind.as_str()) {
            ("type", "imap") => &mut account.imap,
            ("type", "pop3") => &mut account.pop3,
            ("type", "smtp") => &mut account.smtp,
            ("type", _) => continue,
            _ => return Err(GivesUp::because("a server with other attributes than `type`")),
        };
        read(server, slot, address);
    }
    account.unless_empty("no server that it knows, which ends the search")
}

fn read(server: Element, slot: &mut Option<Endpoint>, address: &EmailAddress) {
    // Of an empty element no text is delivered, so its field stays as it was.
    for element in server.elements().filter(|element| element.nodes().next().is_some()) {
        let text = last_run(element);
        // In a normal run the property that %EMAILDOMAIN% is filled from is not set.
        let known = [Placeholder::EmailAddress, Placeholder::EmailLocalPart];
        let text = fill(&text, &known, address).replace(Placeholder::EmailDomain.into_str(), "");
        let endpoint = || Endpoint {
            hostname: String::new(),
            port: 0,
            security: Security::PLAIN,
            login: Login::Asked,
            method: Method::Named(Authentication::PasswordCleartext),
        };
        match element.name() {
            "hostname" => slot.get_or_insert_with(endpoint).hostname = text,
            "username" => slot.get_or_insert_with(endpoint).login = Login::Name(text),
            "port" => {
                let port = leading_number(&text);
                if port > 0 {
                    slot.get_or_insert_with(endpoint).port = port;
                }
            }
            "socketType" => {
                let security = match text.as_str() {
                    "plain" => Security::PLAIN,
                    "SSL" => Security::SSL,
                    "STARTTLS" => Security::STARTTLS,
                    _ => continue,
                };
                slot.get_or_insert_with(endpoint).security = security;
            }
            "authentication" => {
                let method = match text.as_str() {
                    "password-cleartext" | "plain" => Authentication::PasswordCleartext,
                    "password-encrypted" => Authentication::PasswordEncrypted,
                    _ => continue,
                };
                slot.get_or_insert_with(endpoint).method = Method::Named(method);
            }
            _ => {}
        }
    }
}

/// Each run of text takes the place of the one before. A run ends at a comment or a CDATA section,
/// of which nothing is delivered.
fn last_run(element: Element) -> String {
    let mut run = String::new();
    for piece in element.pieces() {
        match (piece, piece.text()) {
            (Piece::Comment(_) | Piece::CData(_), _) => run.clear(),
            (_, Some(text)) => run.push_str(text),
            _ => {}
        }
    }
    run
}
