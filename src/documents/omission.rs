//! Services of a profile that a document format cannot express.

use crate::profile::Protocol;

/// A service that is not in a document, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service}: {reason}")]
pub struct Omission {
    /// The name to display.
    pub service: String,
    /// The protocol of a mail service.
    pub protocol: Option<Protocol>,
    pub reason: &'static str,
}

impl Omission {
    pub(super) fn mail(protocol: Protocol, reason: &'static str) -> Self {
        Self { service: protocol.to_string(), protocol: Some(protocol), reason }
    }

    pub(super) fn other(service: &str, reason: &'static str) -> Self {
        Self { service: service.to_owned(), protocol: None, reason }
    }
}
