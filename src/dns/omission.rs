//! Names whose records cannot be derived.

use derive_more::Display;

use super::record::RecordName;
use crate::address::Domain;

/// Names of one domain that are left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    pub names: Vec<RecordName>,
    pub reason: OmissionReason,
}

#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum OmissionReason {
    #[display("the host name of Waypost is unknown")]
    UnknownTarget,
    #[display("no alias (CNAME) is possible, and the addresses of {_0} are unknown")]
    UnknownAddresses(Domain),
    #[display("a DNS name has at most 253 octets")]
    TooLong,
    #[display("{server} has no encryption")]
    NoEncryption { server: String },
}

impl OmissionReason {
    /// Whether a record is missing that the domain needs.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::NoEncryption { .. })
    }

    /// The reason without the details of one domain.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::UnknownTarget => "the host name of Waypost is unknown",
            Self::UnknownAddresses(_) => "the addresses are unknown",
            Self::TooLong => "a DNS name has at most 253 octets",
            Self::NoEncryption { .. } => "the server has no encryption",
        }
    }

    /// The next step for the operator, in lines of at most 70 characters.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::UnknownTarget => {
                "in [dns] of waypost.toml, set the host name of Waypost:\n\
                 target = \"config.example.net\""
            }
            Self::UnknownAddresses(_) => {
                "in [dns] of waypost.toml, set the addresses of Waypost:\n\
                 addresses = [\"192.0.2.1\"]"
            }
            Self::TooLong => "no action is possible; Waypost still serves the domain",
            Self::NoEncryption { .. } => "no action is needed unless the server supports TLS",
        }
    }
}

impl Omission {
    /// Lines for a comment: each name, the reason and the hint.
    pub fn comment(&self) -> Vec<String> {
        let word = if self.reason.is_error() { "missing" } else { "left out" };
        let mut lines: Vec<_> = self.names.iter().map(|name| format!("{word}: {name}")).collect();
        lines.push(format!("reason: {}", self.reason));
        let mut prefix = "hint: ";
        for line in self.reason.hint().lines() {
            lines.push(format!("{prefix}{line}"));
            prefix = "  ";
        }
        lines
    }
}
