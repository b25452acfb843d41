//! aerc: `lib/autoconfig/mozilla.go` (fab0531), on Go's encoding/xml.
//!
//! aerc ignores the status. It reads every `outgoingServer` into one record, so that the last of
//! several wins.

use super::prelude::*;

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    let text = response.text(EncodingPolicy::DeclaredUtf8)?;
    // Go's decoder stops at the end of the root.
    let tree = Tree::recover(&*text)?;
    let root = tree.root();
    if root.local_name() != "clientConfig" {
        return Err(format!("the root is <{}>", root.name()).into());
    }
    if !root.is_complete() {
        Tree::parse(&*text)?;
    }
    let all = |tag| -> Vec<_> {
        root.local_children("emailProvider").flat_map(|provider| provider.local_children(tag)).collect()
    };
    let mut incoming = all("incomingServer").into_iter().map(|server| Record::read(&[server]));
    let imap = incoming.find(|server| server.kind.eq_ignore_ascii_case("imap")).ok_or("no IMAP server")?;
    let smtp = Record::read(&all("outgoingServer"));
    Ok(Account {
        imap: Some(imap.endpoint(address)?),
        smtp: Some(smtp.endpoint(address)?),
        ..Account::default()
    })
}

/// A server. Later elements overwrite the values of earlier ones.
#[derive(Default)]
struct Record {
    kind: String,
    hostname: String,
    port: String,
    socket_type: String,
    username: String,
}

impl Record {
    fn read(servers: &[Element]) -> Self {
        let mut record = Self::default();
        for server in servers {
            if let Some(kind) = server.attribute("type") {
                kind.clone_into(&mut record.kind);
            }
            for element in server.elements() {
                let field = match element.local_name() {
                    "hostname" => &mut record.hostname,
                    "port" => &mut record.port,
                    "socketType" => &mut record.socket_type,
                    "username" => &mut record.username,
                    _ => continue,
                };
                *field = element.text().into_owned();
            }
        }
        record
    }

    fn endpoint(self, address: &EmailAddress) -> Result<Endpoint, Failure> {
        let security = Security::from_word_ignoring_case(&self.socket_type).unwrap_or(Security::STARTTLS);
        let is_address = self.username.eq_ignore_ascii_case(Placeholder::EmailAddress.into_str());
        let username = if is_address { address.to_string() } else { self.username };
        let port = self.port.strip_prefix('+').unwrap_or(&self.port);
        let port = port.parse().map_err(|_| "a port is not a number")?;
        let username = Some(username).filter(|username| !username.is_empty());
        Ok(Endpoint { hostname: self.hostname, port, security, username, method: Method::Negotiated })
    }
}
