//! The result of comparing one record set.

use strum::IntoStaticStr;

use crate::address::Domain;

/// The result for one record set.
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum RecordStatus {
    Ok,
    /// The record is right, but these targets are aliases (CNAME). RFC 2782 forbids it; most clients follow them.
    #[strum(serialize = "warning")]
    AliasTargets(Vec<Domain>),
    Missing,
    /// The values that are published instead.
    Different(Vec<String>),
    /// The record is right, but its host has these addresses.
    #[strum(serialize = "different")]
    WrongAddresses {
        host: Domain,
        addresses: Vec<String>,
    },
    /// The record is right, but these hosts have no address.
    Unreachable(Vec<Domain>),
    /// The reason.
    #[strum(serialize = "could not ask")]
    LookupFailed(String),
}

impl RecordStatus {
    pub(super) fn different(published: Vec<String>) -> Self {
        if published.is_empty() { Self::Missing } else { Self::Different(published) }
    }

    /// Every word for a status.
    pub const WORDS: [&str; 6] = ["ok", "warning", "missing", "different", "unreachable", "could not ask"];

    /// Whether the record has to be changed. A lookup that failed is no error of the record.
    pub fn is_error(&self) -> bool {
        !matches!(self, Self::Ok | Self::AliasTargets(_) | Self::LookupFailed(_))
    }
}
