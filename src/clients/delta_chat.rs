//! Delta Chat (chatmail/core 2.60): `configure/auto_mozilla.rs`, `configure/auto_outlook.rs`,
//! `configure.rs`, on quick-xml's events.
//!
//! Delta Chat reads events, not a tree: an `incomingServer` counts anywhere, and each chunk of text
//! replaces the one before. Any 2xx ends the search, even without a server: Delta Chat then guesses
//! the servers (`get_configured_param` in `configure.rs`). It tries several candidates in turn; the
//! model takes the first. It has no OAuth2 since 2.56. Not modelled: the domain `nauta.cu`, whose
//! servers are fixed (`provider.rs`).

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::prelude::*;
use super::values::{ALL_PLACEHOLDERS, fill, protocol};

/// A server. Names are in lower case.
#[derive(Default)]
struct Server {
    tag: String,
    kind: String,
    /// The last text of each tag in [`TAGS`].
    texts: HashMap<&'static str, String>,
}

/// The tags whose text is read, in lower case.
const TAGS: [&str; 8] =
    ["hostname", "port", "sockettype", "username", "type", "server", "ssl", "redirecturl"];

pub fn autoconfig(response: &Response, address: &EmailAddress) -> Outcome {
    let mut servers = servers(response, &["incomingserver", "outgoingserver"])?;
    // Incoming servers first; otherwise the list that contains a server does not matter.
    servers.sort_by_key(|server| server.tag != "incomingserver");
    let endpoint = |server: &Server| {
        let security = server.text("sockettype").and_then(Security::from_word_ignoring_case);
        let hostname = fill(server.text("hostname")?, ALL_PLACEHOLDERS, address);
        let username = fill(server.text("username")?, ALL_PLACEHOLDERS, address);
        server.endpoint(&server.kind, hostname, security.unwrap_or(Security::Automatic), username)
    };
    Ok(complete(servers.iter().filter_map(endpoint).collect(), address))
}

/// `SSL` only says whether encryption is off; Delta Chat finds the kind of encryption itself.
pub fn autodiscover(response: &Response, address: &EmailAddress) -> Outcome {
    let servers = servers(response, &["protocol"])?;
    let endpoint = |server: &Server| {
        let is_off = server.text("ssl") == Some("off");
        let security = if is_off { Security::PLAIN } else { Security::Automatic };
        let kind = server.text("type")?.to_lowercase();
        server.endpoint(&kind, server.text("server")?.to_owned(), security, address.to_string())
    };
    Ok(complete(servers.iter().filter_map(endpoint).collect(), address))
}

/// Adds a guess for each protocol without a server. `expand_param_vector` in `server_params.rs` tries
/// `imap.DOMAIN` or `smtp.DOMAIN` with TLS first, then with STARTTLS, then `mail.DOMAIN` and `DOMAIN`.
fn complete(mut account: Account, address: &EmailAddress) -> Account {
    for protocol in [Protocol::Imap, Protocol::Smtp] {
        let guess = Endpoint {
            hostname: format!("{}.{}", protocol.into_str(), address.domain()),
            port: protocol.registered_port(SocketType::Ssl),
            security: Security::SSL,
            username: Some(address.to_string()),
            method: Method::Negotiated,
        };
        account.guess(protocol, guess);
    }
    account
}

/// Every element with one of the names.
fn servers(response: &Response, names: &[&str]) -> Result<Vec<Server>, Failure> {
    response.require_status(200..300)?;
    let text = String::from_utf8_lossy(response.body);
    let mut reader = Reader::from_str(&text);
    reader.config_mut().trim_text(true);
    let mut servers = Vec::new();
    let mut open: Option<Server> = None;
    let mut tag: Option<&'static str> = None;
    loop {
        match reader.read_event() {
            Err(error) => return Err(format!("not well-formed: {error}").into()),
            Ok(Event::Eof) => return Ok(servers),
            Ok(Event::Start(element)) => {
                let name = element.name().as_ref().to_lowercase();
                if names.contains(&name.as_str()) {
                    open = Some(Server { tag: name, kind: kind(&element), ..Server::default() });
                    tag = None;
                } else {
                    tag = TAGS.into_iter().find(|known| *known == name);
                }
            }
            Ok(Event::Text(chunk)) => {
                match (tag, &mut open) {
                    // Delta Chat follows it at once, anywhere in the document (1.8).
                    (Some("redirecturl"), _) if !chunk.trim().is_empty() => {
                        return Err(format!("the response redirects to {}", chunk.trim()).into());
                    }
                    (Some(tag), Some(server)) => {
                        server.texts.insert(tag, chunk.trim().to_owned());
                    }
                    _ => {}
                }
            }
            Ok(Event::End(element)) if names.contains(&&*element.name().as_ref().to_lowercase()) => {
                servers.extend(open.take());
            }
            Ok(_) => {}
        }
    }
}

fn kind(element: &BytesStart) -> String {
    let mut attributes = element.attributes().filter_map(Result::ok);
    let kind = attributes.find(|attribute| attribute.key.as_ref().eq_ignore_ascii_case("type"));
    kind.map(|attribute| attribute.value.to_lowercase()).unwrap_or_default()
}

impl Server {
    fn text(&self, tag: &str) -> Option<&str> {
        self.texts.get(tag).map(String::as_str).filter(|text| !text.is_empty())
    }

    fn endpoint(
        &self,
        kind: &str,
        hostname: String,
        security: Security,
        username: String,
    ) -> Option<(Protocol, Endpoint)> {
        let protocol = protocol(kind, &[Protocol::Imap, Protocol::Smtp])?;
        // An invalid port is 0, like a missing one; the port that Delta Chat tries first replaces
        // it.
        let usual_port = || match security {
            Security::Known(socket_type) => protocol.registered_port(socket_type),
            Security::Automatic => protocol.registered_port(SocketType::Ssl),
        };
        let port = self.text("port")?.parse().ok().filter(|port| *port != 0).unwrap_or_else(usual_port);
        let username = Some(username);
        Some((protocol, Endpoint { hostname, port, security, username, method: Method::Negotiated }))
    }
}
