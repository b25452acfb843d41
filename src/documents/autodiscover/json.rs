//! Autodiscover's JSON form (v2): where the XML is, and nothing else (reference/autodiscover 3).
//!
//! It cannot carry IMAP, POP3 or SMTP. A quick refusal of every protocol but `AutodiscoverV1` is
//! what lets Microsoft's AutoDetect go on to the XML.

use serde::Serialize;

/// Where the endpoint of a protocol is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Endpoint<'a> {
    pub protocol: &'a str,
    pub url: &'a str,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The get request sent does not match the valid format.")]
    MandatoryParameterMissing,
    #[error("A valid value must be provided for the query parameter 'Protocol'.")]
    MissingProtocol,
    #[error("The given protocol value '{0}' is invalid. Supported values are 'AutodiscoverV1'")]
    InvalidProtocol(String),
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RefusalBody<'a> {
    error_code: &'a str,
    error_message: String,
}

/// The one protocol that has an endpoint here.
const AUTODISCOVER_V1: &str = "AutodiscoverV1";

impl<'a> Endpoint<'a> {
    /// Answers a `Protocol` parameter. Microsoft 365 repeats the client's spelling, and so do we.
    ///
    /// # Errors
    /// When the protocol is missing, or not the one we speak.
    pub fn find(protocol: Option<&'a str>, url: &'a str) -> Result<Self, Refusal> {
        match protocol {
            None | Some("") => Err(Refusal::MissingProtocol),
            Some(protocol) if protocol.eq_ignore_ascii_case(AUTODISCOVER_V1) => Ok(Self { protocol, url }),
            Some(protocol) => Err(Refusal::InvalidProtocol(protocol.to_owned())),
        }
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("two strings can be written as JSON")
    }
}

impl Refusal {
    const fn code(&self) -> &'static str {
        match self {
            Self::MandatoryParameterMissing => "MandatoryParameterMissing",
            Self::MissingProtocol => "MissingProtocol",
            Self::InvalidProtocol(_) => "InvalidProtocol",
        }
    }

    pub fn to_json(&self) -> Vec<u8> {
        let body = RefusalBody { error_code: self.code(), error_message: self.to_string() };
        serde_json::to_vec(&body).expect("two strings can be written as JSON")
    }
}
