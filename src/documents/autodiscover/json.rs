//! Autodiscover version 2 (JSON): the URL of the XML endpoint.
//!
//! The format cannot express IMAP, POP3 or SMTP (reference/autodiscover 3). Microsoft's AutoDetect continues with the XML
//! endpoint when all other protocols are refused.

use serde::Serialize;

/// The endpoint of a protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Endpoint<'a> {
    pub protocol: &'a str,
    pub url: &'a str,
}

/// Why there is no endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("The get request sent does not match the valid format.")]
    MandatoryParameterMissing,
    #[error("A valid value must be provided for the query parameter 'Protocol'.")]
    MissingProtocol,
    #[error("The given protocol value '{0}' is invalid. Supported values are 'AutodiscoverV1'")]
    InvalidProtocol(String),
}

impl<'a> Endpoint<'a> {
    /// The response to a `Protocol` parameter. Like Microsoft 365, it repeats the client's spelling.
    ///
    /// # Errors
    /// If the protocol is missing or not `AutodiscoverV1`.
    pub fn find(protocol: Option<&'a str>, url: &'a str) -> Result<Self, Refusal> {
        match protocol {
            None | Some("") => Err(Refusal::MissingProtocol),
            Some(protocol) if protocol.eq_ignore_ascii_case("AutodiscoverV1") => Ok(Self { protocol, url }),
            Some(protocol) => Err(Refusal::InvalidProtocol(protocol.to_owned())),
        }
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("JSON can contain two strings")
    }
}

impl Refusal {
    pub fn to_json(&self) -> Vec<u8> {
        let code = match self {
            Self::MandatoryParameterMissing => "MandatoryParameterMissing",
            Self::MissingProtocol => "MissingProtocol",
            Self::InvalidProtocol(_) => "InvalidProtocol",
        };
        let body = serde_json::json!({ "ErrorCode": code, "ErrorMessage": self.to_string() });
        body.to_string().into_bytes()
    }
}
