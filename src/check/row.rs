//! One client's line: what it would set up, and where that is not what the profile prefers.

use std::fmt;

use crate::address::EmailAddress;
use crate::clients::{Account, Client, Endpoint, Method, Outcome, Security};
use crate::profile::{Authentication, Profile, Protocol, Server, SocketType};

/// A client, what it made of the answer, and how that compares for IMAP, POP3 and SMTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub client: Client,
    pub outcome: Outcome,
    pub cells: [Cell; 3],
}

/// How one protocol came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// The client does not use it, or the provider does not offer it, and nobody misses it.
    Unused,
    /// The preferred server, to the letter.
    Preferred,
    /// A server, but other than the preferred one.
    Different(Vec<Difference>),
    /// A server that the client makes up, reading nothing about it.
    Guessed,
    /// Nothing, though the person needs it.
    Missing,
}

/// In what a server that a client sets up is not the preferred one.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    Hostname(String),
    Port(u16),
    Security(Security),
    Username(Option<String>),
    Method(Method),
}

impl Row {
    /// The order of the cells.
    pub const PROTOCOLS: [Protocol; 3] = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp];

    pub(super) fn new(client: Client, outcome: Outcome, profile: &Profile, person: &EmailAddress) -> Self {
        let cells = Self::PROTOCOLS.map(|protocol| match &outcome {
            Ok(account) => cell(client, account, protocol, profile, person),
            Err(_) => Cell::Missing,
        });
        Self { client, outcome, cells }
    }

    /// Whether the person can fetch mail and send it.
    pub fn works(&self) -> bool {
        let [imap, pop3, smtp] = &self.cells;
        self.outcome.is_ok()
            && (*imap == Cell::Preferred || *pop3 == Cell::Preferred)
            && matches!(smtp, Cell::Preferred | Cell::Guessed | Cell::Unused)
    }

    /// Whether a protocol came out otherwise than it should; of none, any of them.
    pub fn is_hurt_in(&self, protocol: Option<Protocol>) -> bool {
        let Some(protocol) = protocol else { return self.is_hurt() };
        let mut cells = Self::PROTOCOLS.into_iter().zip(&self.cells);
        let cell = cells.find(|(of, _)| *of == protocol).map(|(_, cell)| cell);
        self.outcome.is_err() || matches!(cell, Some(Cell::Different(_) | Cell::Missing))
    }

    /// Whether the person ends with less than the provider offers.
    pub fn is_hurt(&self) -> bool {
        self.outcome.is_err() || self.cells.iter().any(|c| matches!(c, Cell::Different(_) | Cell::Missing))
    }
}

fn cell(
    client: Client,
    account: &Account,
    protocol: Protocol,
    profile: &Profile,
    person: &EmailAddress,
) -> Cell {
    let reads = |protocol| client.protocols.contains(&protocol);
    let offers = |protocol| profile.preferred(protocol).is_some();
    match (account.get(protocol), profile.preferred(protocol)) {
        (Some(_), _) if !reads(protocol) => Cell::Guessed,
        (None, _) if !reads(protocol) => Cell::Unused,
        (Some(endpoint), Some(server)) => compare(endpoint, server, person),
        // Somebody else's server.
        (Some(endpoint), None) => Cell::Different(vec![Difference::Hostname(endpoint.hostname.clone())]),
        // Who has IMAP does without POP3.
        (None, Some(_)) if protocol == Protocol::Pop3 && account.imap.is_some() => Cell::Unused,
        (None, Some(_)) => Cell::Missing,
        // A client that knows IMAP alone, and a provider that has none.
        (None, None) if protocol == Protocol::Imap && !(reads(Protocol::Pop3) && offers(Protocol::Pop3)) => {
            Cell::Missing
        }
        (None, None) => Cell::Unused,
    }
}

fn compare(endpoint: &Endpoint, server: &Server, person: &EmailAddress) -> Cell {
    let mut differences = Vec::new();
    if endpoint.hostname != server.hostname.for_domain(person.domain()) {
        differences.push(Difference::Hostname(endpoint.hostname.clone()));
    }
    if endpoint.port != server.port.get() {
        differences.push(Difference::Port(endpoint.port));
    }
    let is_secured = match endpoint.security {
        Security::Known(socket_type) => socket_type == server.socket_type,
        Security::Automatic => server.socket_type != SocketType::Plain,
    };
    if !is_secured {
        differences.push(Difference::Security(endpoint.security));
    }
    if endpoint.username != Some(server.username.login_name(person)) {
        differences.push(Difference::Username(endpoint.username.clone()));
    }
    let methods = server.authentication.as_slice();
    // Any of the server's methods will do: which of several a client takes is its own affair.
    let is_possible = match endpoint.method {
        // By a password, as ever, or without one where none is asked.
        Method::Negotiated => methods.iter().any(|method| {
            matches!(method, Authentication::PasswordCleartext | Authentication::PasswordEncrypted)
                || method.needs_no_login()
        }),
        Method::Named(Authentication::None) => methods.iter().any(|method| method.needs_no_login()),
        Method::Named(method) => methods.contains(&method),
    };
    if !is_possible {
        differences.push(Difference::Method(endpoint.method));
    }
    if differences.is_empty() { Cell::Preferred } else { Cell::Different(differences) }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused => f.pad("-"),
            Self::Preferred => f.pad("ok"),
            Self::Guessed => f.pad("guesses"),
            Self::Missing => f.pad("nothing"),
            Self::Different(differences) => {
                let words: Vec<_> = differences.iter().map(ToString::to_string).collect();
                f.pad(&format!("differs: {}", words.join(", ")))
            }
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hostname(hostname) => write!(f, "host {hostname}"),
            Self::Port(port) => write!(f, "port {port}"),
            Self::Security(Security::Known(socket_type)) => f.write_str(socket_type.description()),
            Self::Security(Security::Automatic) => write!(f, "{}", Security::Automatic),
            Self::Username(None) => f.write_str("asks the user name"),
            Self::Username(Some(name)) if name.is_empty() => f.write_str("no user name"),
            Self::Username(Some(name)) => write!(f, "user name {name}"),
            Self::Method(Method::Negotiated) => f.write_str("tries a password"),
            Self::Method(Method::Named(method)) => write!(f, "log-in by {}", method.into_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Another server's answer may make a client try what ours never would.
    #[test]
    fn a_client_that_tries_tls_does_not_end_without() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let person: EmailAddress = "jane@qwestoffice.net".parse().unwrap();
        let server = config.directory.entries()[1].profile.preferred(Protocol::Pop3).unwrap();
        let endpoint = |security| Endpoint {
            hostname: "pop.qwestoffice.net".to_owned(),
            port: 110,
            security,
            username: Some(person.to_string()),
            method: Method::Negotiated,
        };
        assert_eq!(compare(&endpoint(Security::Known(SocketType::Plain)), server, &person), Cell::Preferred);
        let tried = compare(&endpoint(Security::Automatic), server, &person);
        assert_eq!(tried.to_string(), "differs: whichever works");
    }
}
