//! What real mail programs make of an answer, each by its own rules.
//!
//! A model reads bytes, as its client does, so that it can judge any server's answer and not only
//! ours. It tells what the client would set up, or why it gives up. The rules were gathered from the
//! clients' sources; each file names the version, and reference/autoconfig (1.3, 2, 3) and
//! reference/autodiscover (1.7 to 1.11, 2.4) say where. What is judged is the document: which URLs a
//! client asks, and in which order, is not part of a model.

mod aerc;
mod autodiscover;
mod delta_chat;
mod em_client;
mod enough_mail;
mod evolution;
mod exchangelib;
mod fairemail;
mod geary;
mod gnome;
mod himalaya;
mod horde;
mod jxon;
mod kmail;
mod mailspring;
mod nextcloud;
mod outlook;
mod parula;
mod reading;
mod sailfish;
mod snappymail;
mod thunderbird;
mod thunderbird_android;
mod thunderbird_ios;

use std::fmt;

use crate::address::EmailAddress;
use crate::profile::{Authentication, Protocol, SocketType};
use crate::xml::tree::excerpt;

/// One client reading one format.
#[derive(Debug, Clone, Copy)]
pub struct Client {
    /// What people call it.
    pub name: &'static str,
    /// What the command line calls it; the same for each format that it reads.
    pub id: &'static str,
    pub format: Format,
    /// What it reads from the format; what else it sets up, it makes up.
    pub protocols: &'static [Protocol],
    /// The local part that it asks with in place of the person's.
    asks_as: Option<&'static str>,
    judge: fn(&Answer, &EmailAddress) -> Verdict,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    Autoconfig,
    Autodiscover,
}

/// A server's answer to a client.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    /// The value of `Content-Type`, as it was sent.
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// What a client makes of an answer.
pub type Verdict = Result<Account, GivesUp>;

/// Why a client finds nothing in an answer, in words for an operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct GivesUp(String);

/// What a client would set up. A protocol that is missing is one for which it found nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    pub imap: Option<Endpoint>,
    pub pop3: Option<Endpoint>,
    pub smtp: Option<Endpoint>,
}

/// One server of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub hostname: String,
    pub port: u16,
    pub security: Security,
    pub login: Login,
    pub method: Method,
}

/// How a client will secure a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Known(SocketType),
    /// It tries TLS and STARTTLS until one works.
    Tried,
}

/// Whom a client will log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    Name(String),
    /// Nobody yet: the person has to type it.
    Asked,
}

/// How a client will prove who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Named(Authentication),
    /// It does not read this, and takes what the server offers.
    Negotiated,
}

/// Every client, in the order of the reference.
pub const ALL: [Client; 28] = [
    thunderbird::AUTOCONFIG,
    thunderbird_android::CLIENT,
    thunderbird_ios::CLIENT,
    delta_chat::AUTOCONFIG,
    fairemail::AUTOCONFIG,
    evolution::CLIENT,
    kmail::CLIENT,
    gnome::CLIENT,
    geary::CLIENT,
    nextcloud::CLIENT,
    mailspring::CLIENT,
    aerc::CLIENT,
    himalaya::CLIENT,
    himalaya::EMAIL_LIB,
    parula::AUTOCONFIG,
    snappymail::AUTOCONFIG,
    sailfish::CLIENT,
    enough_mail::CLIENT,
    horde::CLIENT,
    outlook::OUTLOOK,
    outlook::OUTLOOK_2007,
    thunderbird::AUTODISCOVER,
    fairemail::AUTODISCOVER,
    delta_chat::AUTODISCOVER,
    snappymail::AUTODISCOVER,
    parula::AUTODISCOVER,
    em_client::CLIENT,
    exchangelib::CLIENT,
];

impl Client {
    /// The address that it asks for on a person's behalf.
    pub fn asks_for(&self, person: &EmailAddress) -> EmailAddress {
        let synthetic = self.asks_as.and_then(|name| format!("{name}@{}", person.domain()).parse().ok());
        synthetic.unwrap_or_else(|| person.clone())
    }

    /// What this client would make of an answer, asked for an address.
    pub fn judge(&self, answer: &Answer, address: &EmailAddress) -> Verdict {
        (self.judge)(answer, address)
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.format) == (other.id, other.format)
    }
}

impl Eq for Client {}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Autoconfig => "autoconfig",
            Self::Autodiscover => "Autodiscover",
        })
    }
}

impl GivesUp {
    /// The reason may quote what somebody else sent.
    fn because(reason: impl Into<String>) -> Self {
        Self(excerpt(&reason.into(), 120))
    }
}

impl Account {
    pub fn get(&self, protocol: Protocol) -> Option<&Endpoint> {
        match protocol {
            Protocol::Imap => self.imap.as_ref(),
            Protocol::Pop3 => self.pop3.as_ref(),
            Protocol::Smtp => self.smtp.as_ref(),
        }
    }

    fn get_mut(&mut self, protocol: Protocol) -> &mut Option<Endpoint> {
        match protocol {
            Protocol::Imap => &mut self.imap,
            Protocol::Pop3 => &mut self.pop3,
            Protocol::Smtp => &mut self.smtp,
        }
    }

    /// For clients that are content with anything.
    fn unless_empty(self, reason: &str) -> Verdict {
        if self.has_incoming() || self.smtp.is_some() { Ok(self) } else { Err(GivesUp::because(reason)) }
    }

    /// Whether there is anything to fetch mail from.
    pub fn has_incoming(&self) -> bool {
        self.imap.is_some() || self.pop3.is_some()
    }
}

impl Security {
    const SSL: Self = Self::Known(SocketType::Ssl);
    const STARTTLS: Self = Self::Known(SocketType::StartTls);
    const PLAIN: Self = Self::Known(SocketType::Plain);
}

impl fmt::Display for Security {
    /// The words that mail programs use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Known(socket_type) => socket_type.label(),
            Self::Tried => "whichever works",
        })
    }
}

impl fmt::Display for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.pad(name),
            Self::Asked => f.pad("asks"),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Named(method) => method.into_str(),
            Self::Negotiated => "what the server offers",
        })
    }
}
