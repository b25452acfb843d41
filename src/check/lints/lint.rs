//! A lint: one rule's statement about a profile.

use super::affected_clients::AffectedClients;
use crate::clients::Client;
use crate::diagnostics::{Location, Severity};
use crate::profile::Protocol;

/// A statement about a profile's settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: &'static str,
    pub location: Location,
    /// None if the lint is about the profile as a whole.
    pub protocol: Option<Protocol>,
    /// The clients that end with worse or guessed settings for it. Empty if the lint is about other
    /// readers.
    pub affected: Vec<Client>,
    /// Whether the hint names a next step. A lint without one only explains a result.
    pub needs_action: bool,
}

/// The subject of a finding, in JSON too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    UnreachableHost,
    WrongPort,
    NoClientWorks,
    Plaintext,
    PopOnly,
    #[serde(rename = "oauth2-only")]
    OAuth2Only,
    Authentication,
    NumericLogin,
    Username,
    UsernamesDiffer,
    UnusualPort,
    #[serde(rename = "outlook-2007")]
    Outlook2007,
    MethodsLeftOut,
    ForeignHost,
    AlternativesDiffer,
    Apple,
    Pacc,
    /// A client guesses a server.
    Guess,
    UnknownService,
    Collection,
    MtaSts,
    ClientId,
    CustomersHosts,
    LongName,
    /// No rule explains the result of a client.
    Unexplained,
}

impl Lint {
    pub fn new(
        cause: Cause,
        severity: Severity,
        location: &Location,
        message: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        let (message, location) = (message.into(), location.clone());
        let affected = Vec::new();
        Self { cause, severity, message, hint, location, protocol: None, affected, needs_action: true }
    }

    #[must_use]
    pub fn without_action(self) -> Self {
        Self { needs_action: false, ..self }
    }

    #[must_use]
    pub fn affecting(mut self, clients: &AffectedClients) -> Self {
        self.affected = clients.in_order();
        self
    }

    /// None if no client is affected.
    pub fn if_affecting(self, clients: &AffectedClients) -> Option<Self> {
        Some(self.affecting(clients)).filter(|lint| !lint.affected.is_empty())
    }
}
