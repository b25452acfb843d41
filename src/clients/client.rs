//! A client: its names, what it reads and the function that interprets a response.

use derive_more::Display;
use serde::Serialize;

use super::account::Outcome;
use super::response::Response;
use crate::address::EmailAddress;
use crate::profile::Protocol;

/// A client that reads one format.
#[derive(Debug, Clone, Copy, Display, Serialize)]
#[display("{name}")]
pub struct Client {
    /// The name on the command line; the same for each format that the client reads.
    #[serde(rename = "client")]
    pub id: &'static str,
    pub format: Format,
    /// The name for people.
    pub name: &'static str,
    /// The protocols that the client reads from the format. It may derive servers of other
    /// protocols from them.
    #[serde(skip)]
    pub protocols: &'static [Protocol],
    /// The local part of the requested address, if it is not the person's.
    #[serde(skip)]
    local_part: Option<&'static str>,
    #[serde(skip)]
    interpret: Interpret,
}

type Interpret = fn(&Response, &EmailAddress) -> Outcome;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Display, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[display("autoconfig")]
    Autoconfig,
    #[display("Autodiscover")]
    Autodiscover,
}

impl Client {
    pub(super) const fn autoconfig(
        id: &'static str,
        name: &'static str,
        protocols: &'static [Protocol],
        interpret: Interpret,
    ) -> Self {
        Self { id, name, format: Format::Autoconfig, protocols, local_part: None, interpret }
    }

    pub(super) const fn autodiscover(
        id: &'static str,
        name: &'static str,
        protocols: &'static [Protocol],
        interpret: Interpret,
    ) -> Self {
        Self { format: Format::Autodiscover, ..Self::autoconfig(id, name, protocols, interpret) }
    }

    /// The same client, but it requests the settings of a local part of its own.
    pub(super) const fn requesting(self, local_part: &'static str) -> Self {
        Self { local_part: Some(local_part), ..self }
    }

    /// The address that the client sends to the server for a person.
    pub fn request_address(&self, person: &EmailAddress) -> EmailAddress {
        let synthetic = self.local_part.and_then(|name| format!("{name}@{}", person.domain()).parse().ok());
        synthetic.unwrap_or_else(|| person.clone())
    }

    /// What the client makes of the response to a request for a person's address.
    pub fn interpret(&self, response: &Response, person: &EmailAddress) -> Outcome {
        (self.interpret)(response, person)
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        (self.id, self.format) == (other.id, other.format)
    }
}

impl Eq for Client {}
