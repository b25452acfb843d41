//! The settings that one client ends with, compared with the profile's preferred servers.

use std::fmt;

use crate::address::EmailAddress;
use crate::clients::{Account, Client, Endpoint, Method, Outcome, Security};
use crate::profile::{Authentication, Profile, Protocol, Server, SocketType};

/// A client, its settings, and the outcome for IMAP, POP3 and SMTP.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientResult {
    pub client: Client,
    pub outcome: Outcome,
    pub protocols: [ProtocolResult; 3],
}

/// The outcome for one protocol.
#[derive(Debug, Clone, PartialEq)]
pub enum ProtocolResult {
    /// The client does not use the protocol, or the provider does not offer it, and the person needs none.
    Unused,
    /// Exactly the preferred server.
    Preferred,
    /// A server with other settings than the preferred one.
    Different(Vec<Difference>),
    /// A server that the client guesses, since it reads none from the document.
    Guessed,
    /// No server, although the person needs one.
    Missing,
}

/// A setting of the client that is not the preferred server's.
#[derive(Debug, Clone, PartialEq)]
pub enum Difference {
    Hostname(String),
    Port(u16),
    Security(Security),
    Username(Option<String>),
    Method(Method),
}

impl ClientResult {
    /// The order of [`Self::protocols`].
    pub const PROTOCOLS: [Protocol; 3] = [Protocol::Imap, Protocol::Pop3, Protocol::Smtp];

    pub(super) fn new(client: Client, outcome: Outcome, profile: &Profile, address: &EmailAddress) -> Self {
        let protocols = Self::PROTOCOLS.map(|protocol| match &outcome {
            Ok(account) => protocol_result(client, account, protocol, profile, address),
            Err(_) => ProtocolResult::Missing,
        });
        Self { client, outcome, protocols }
    }

    /// Whether the person can fetch mail and send it.
    pub fn works(&self) -> bool {
        let [imap, pop3, smtp] = &self.protocols;
        (*imap == ProtocolResult::Preferred || *pop3 == ProtocolResult::Preferred)
            && matches!(smtp, ProtocolResult::Preferred | ProtocolResult::Guessed | ProtocolResult::Unused)
    }

    /// Whether the client has another server than the preferred one for a protocol, or for any: a guess,
    /// a server with other settings, or none. A finding explains each.
    pub fn deviates_in(&self, protocol: Option<Protocol>) -> bool {
        Self::PROTOCOLS.into_iter().zip(&self.protocols).any(|(of, outcome)| {
            protocol.is_none_or(|protocol| protocol == of)
                && !matches!(outcome, ProtocolResult::Preferred | ProtocolResult::Unused)
        })
    }

    /// Whether the person gets less than the provider offers.
    pub fn is_affected(&self) -> bool {
        Self::PROTOCOLS.into_iter().zip(&self.protocols).any(|(of, outcome)| match outcome {
            ProtocolResult::Different(_) | ProtocolResult::Missing => true,
            // The client looked for a server in the document.
            ProtocolResult::Guessed => self.client.protocols.contains(&of),
            ProtocolResult::Preferred | ProtocolResult::Unused => false,
        })
    }
}

fn protocol_result(
    client: Client,
    account: &Account,
    protocol: Protocol,
    profile: &Profile,
    address: &EmailAddress,
) -> ProtocolResult {
    let reads = |protocol| client.protocols.contains(&protocol);
    let offers = |protocol| profile.preferred(protocol).is_some();
    match (account.get(protocol), profile.preferred(protocol)) {
        (Some(_), _) if account.is_guess(protocol) => ProtocolResult::Guessed,
        (None, _) if !reads(protocol) => ProtocolResult::Unused,
        (Some(endpoint), Some(server)) => compare(endpoint, server, address),
        // A server that is not the provider's.
        (Some(endpoint), None) => {
            ProtocolResult::Different(vec![Difference::Hostname(endpoint.hostname.clone())])
        }
        // A person with IMAP needs no POP3.
        (None, Some(_)) if protocol == Protocol::Pop3 && account.imap.is_some() => ProtocolResult::Unused,
        (None, Some(_)) => ProtocolResult::Missing,
        // The client reads no POP3, and the provider has no IMAP.
        (None, None) if protocol == Protocol::Imap && !(reads(Protocol::Pop3) && offers(Protocol::Pop3)) => {
            ProtocolResult::Missing
        }
        (None, None) => ProtocolResult::Unused,
    }
}

fn compare(endpoint: &Endpoint, server: &Server, address: &EmailAddress) -> ProtocolResult {
    let has_same_security = match endpoint.security {
        Security::Known(socket_type) => socket_type == server.socket_type,
        Security::Automatic => server.socket_type != SocketType::Plain,
    };
    let has_same_login = endpoint.username == Some(server.username.login_name(address));
    // Any of the server's methods is right; a client may choose.
    let methods = server.authentication.as_slice();
    let has_method = match endpoint.method {
        // A password, or no login if the server needs none.
        Method::Negotiated => methods.iter().any(|method| {
            matches!(method, Authentication::PasswordCleartext | Authentication::PasswordEncrypted)
                || method.needs_no_login()
        }),
        Method::Named(Authentication::None) => methods.iter().any(|method| method.needs_no_login()),
        Method::Named(method) => methods.contains(&method),
    };
    let differences: Vec<_> = [
        (endpoint.hostname != server.hostname.for_domain(address.domain()))
            .then(|| Difference::Hostname(endpoint.hostname.clone())),
        (endpoint.port != server.port.get()).then_some(Difference::Port(endpoint.port)),
        (!has_same_security).then_some(Difference::Security(endpoint.security)),
        (!has_same_login).then(|| Difference::Username(endpoint.username.clone())),
        (!has_method).then_some(Difference::Method(endpoint.method)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if differences.is_empty() { ProtocolResult::Preferred } else { ProtocolResult::Different(differences) }
}

impl fmt::Display for ProtocolResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unused => f.pad("-"),
            Self::Preferred => f.pad("ok"),
            Self::Guessed => f.pad("guesses"),
            Self::Missing => f.pad("no server"),
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
            Self::Username(None) => f.write_str("prompts for the user name"),
            Self::Username(Some(name)) if name.is_empty() => f.write_str("no user name"),
            Self::Username(Some(name)) => write!(f, "user name {name}"),
            Self::Method(Method::Negotiated) => f.write_str("tries a password"),
            Self::Method(Method::Named(method)) => write!(f, "authentication {}", method.into_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Waypost's own documents never make a client try; those of other servers do.
    #[test]
    fn a_client_that_tries_tls_does_not_match_a_plain_server() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let address: EmailAddress = "jane@qwestoffice.net".parse().unwrap();
        let server = config.directory.entries()[1].profile.preferred(Protocol::Pop3).unwrap();
        let endpoint = |security| Endpoint {
            hostname: "pop.qwestoffice.net".to_owned(),
            port: 110,
            security,
            username: Some(address.to_string()),
            method: Method::Negotiated,
        };
        assert_eq!(
            compare(&endpoint(Security::Known(SocketType::Plain)), server, &address),
            ProtocolResult::Preferred
        );
        let tried = compare(&endpoint(Security::Automatic), server, &address);
        assert_eq!(tried.to_string(), "differs: TLS or STARTTLS");
    }
}
