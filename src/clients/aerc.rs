//! aerc: `lib/autoconfig/mozilla.go` (fab0531), on Go's encoding/xml.
//!
//! The status is not looked at. The outgoing server is one record into which every `outgoingServer`
//! is read, so of several the last wins.

use super::reading::{Encodings, full_address};
use super::{Account, Answer, Client, Endpoint, Format, GivesUp, Login, Method, Security, Verdict};
use crate::address::EmailAddress;
use crate::profile::{Placeholder, Protocol};
use crate::xml::tree::{Element, Tree};

pub const CLIENT: Client = Client {
    name: "aerc",
    id: "aerc",
    format: Format::Autoconfig,
    protocols: &[Protocol::Imap, Protocol::Smtp],
    asks_as: None,
    judge,
};

fn judge(answer: &Answer, address: &EmailAddress) -> Verdict {
    let text = answer.text(Encodings::DeclaredUtf8)?;
    // What follows the root's end is never read.
    let tree = Tree::recover(&text)?;
    let root = tree.root();
    if root.local_name() != "clientConfig" {
        return Err(GivesUp::because(format!("the root is <{}>", root.name())));
    }
    if !root.is_whole() {
        Tree::parse(&text)?;
    }
    let named = |parent: Element<'_>, name: &str| -> Vec<_> {
        parent.local_children(name).map(|element| Fields::of(&[element])).collect()
    };
    let providers: Vec<_> = root.local_children("emailProvider").collect();
    let imap = providers
        .iter()
        .flat_map(|provider| named(*provider, "incomingServer"))
        .find(|server| server.kind.eq_ignore_ascii_case("imap"))
        .ok_or_else(|| GivesUp::because("no IMAP server"))?;
    let outgoing: Vec<_> =
        providers.iter().flat_map(|provider| provider.local_children("outgoingServer")).collect();
    let smtp = Fields::of(&outgoing);
    Ok(Account {
        imap: Some(imap.endpoint(address)?),
        smtp: Some(smtp.endpoint(address)?),
        ..Account::default()
    })
}

/// A server's record; later elements overwrite what earlier ones said.
#[derive(Default)]
struct Fields {
    kind: String,
    hostname: String,
    port: String,
    socket_type: String,
    username: String,
}

impl Fields {
    fn of(servers: &[Element]) -> Self {
        let mut fields = Self::default();
        for server in servers {
            if let Some(kind) = server.attribute("type") {
                kind.clone_into(&mut fields.kind);
            }
            for element in server.elements() {
                let field = match element.local_name() {
                    "hostname" => &mut fields.hostname,
                    "port" => &mut fields.port,
                    "socketType" => &mut fields.socket_type,
                    "username" => &mut fields.username,
                    _ => continue,
                };
                *field = element.text().into_owned();
            }
        }
        fields
    }

    fn endpoint(self, address: &EmailAddress) -> Result<Endpoint, GivesUp> {
        let security = match self.socket_type.to_ascii_lowercase().as_str() {
            "plain" => Security::PLAIN,
            "ssl" => Security::SSL,
            _ => Security::STARTTLS,
        };
        let login = if self.username.eq_ignore_ascii_case(Placeholder::EmailAddress.into_str()) {
            full_address(address)
        } else if self.username.is_empty() {
            Login::Asked
        } else {
            Login::Name(self.username)
        };
        let port = self.port.strip_prefix('+').unwrap_or(&self.port);
        let port = port.parse().map_err(|_| GivesUp::because("a port that is not a number"))?;
        Ok(Endpoint { hostname: self.hostname, port, security, login, method: Method::Negotiated })
    }
}
