//! The account that a client sets up.

use derive_more::Display;
use strum::VariantNames as _;

use super::failure::Failure;
use crate::profile::{Authentication, Protocol, SocketType};

/// What a client makes of a response.
pub type Outcome = Result<Account, Failure>;

/// The servers that a client sets up. A protocol is `None` if the client has no server for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub imap: Option<Endpoint>,
    pub pop3: Option<Endpoint>,
    pub smtp: Option<Endpoint>,
    /// The protocols whose server the client guesses, since it reads none from the document.
    pub(super) guesses: Vec<Protocol>,
}

/// A server of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub hostname: String,
    pub port: u16,
    pub security: Security,
    /// `None` if the client prompts the person for it.
    pub username: Option<String>,
    pub method: Method,
}

/// How a client secures the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub enum Security {
    #[display("{}", _0.label())]
    Known(SocketType),
    /// The client tries TLS and STARTTLS until one works.
    #[display("TLS or STARTTLS")]
    Automatic,
}

/// How a client authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display)]
pub enum Method {
    #[display("{}", _0.into_str())]
    Named(Authentication),
    /// The client ignores the document's methods and uses what the server offers.
    #[display("negotiated")]
    Negotiated,
}

impl Account {
    pub fn get(&self, protocol: Protocol) -> Option<&Endpoint> {
        match protocol {
            Protocol::Imap => self.imap.as_ref(),
            Protocol::Pop3 => self.pop3.as_ref(),
            Protocol::Smtp => self.smtp.as_ref(),
        }
    }

    pub(super) fn get_mut(&mut self, protocol: Protocol) -> &mut Option<Endpoint> {
        match protocol {
            Protocol::Imap => &mut self.imap,
            Protocol::Pop3 => &mut self.pop3,
            Protocol::Smtp => &mut self.smtp,
        }
    }

    /// Whether the client guesses the server of a protocol.
    pub fn is_guess(&self, protocol: Protocol) -> bool {
        self.guesses.contains(&protocol)
    }

    /// Adds a server that is not in the document, if the document has none for the protocol.
    pub(super) fn guess(&mut self, protocol: Protocol, endpoint: Endpoint) {
        if self.get(protocol).is_none() {
            *self.get_mut(protocol) = Some(endpoint);
            self.guesses.push(protocol);
        }
    }

    /// Whether the account can receive mail.
    pub fn has_incoming(&self) -> bool {
        self.imap.is_some() || self.pop3.is_some()
    }

    /// For clients that accept any server; `reason` is the failure if there is none.
    pub(super) fn require_any(self, reason: &str) -> Outcome {
        if self.has_incoming() || self.smtp.is_some() { Ok(self) } else { Err(reason.into()) }
    }

    /// For clients that need IMAP or POP3; `reason` is the failure if there is neither.
    pub(super) fn require_incoming(self, reason: &str) -> Outcome {
        if self.has_incoming() { Ok(self) } else { Err(reason.into()) }
    }

    /// For clients that need a server for each of some protocols.
    pub(super) fn require(self, protocols: &[Protocol]) -> Outcome {
        match protocols.iter().find(|protocol| self.get(**protocol).is_none()) {
            Some(missing) => Err(format!("no {missing} server").into()),
            None => Ok(self),
        }
    }
}

/// The first server of each protocol.
impl FromIterator<(Protocol, Endpoint)> for Account {
    fn from_iter<I: IntoIterator<Item = (Protocol, Endpoint)>>(servers: I) -> Self {
        let mut account = Self::default();
        for (protocol, endpoint) in servers {
            account.get_mut(protocol).get_or_insert(endpoint);
        }
        account
    }
}

impl Security {
    pub(super) const SSL: Self = Self::Known(SocketType::Ssl);
    pub(super) const STARTTLS: Self = Self::Known(SocketType::StartTls);
    pub(super) const PLAIN: Self = Self::Known(SocketType::Plain);

    /// The meaning of autoconfig's `SSL`, `STARTTLS` and `plain`.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        word.parse().ok().map(Self::Known)
    }

    /// As [`Self::from_word`], in any letter case.
    pub(super) fn from_word_ignoring_case(word: &str) -> Option<Self> {
        SocketType::VARIANTS
            .iter()
            .find(|name| name.eq_ignore_ascii_case(word))
            .and_then(|name| Self::from_word(name))
    }
}
