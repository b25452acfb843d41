//! The names that a profile serves.

use std::str::FromStr;

use derive_more::Display;

use crate::address::{Domain, DomainError};

/// A domain, or every name below it: `example.com`, `*.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Display)]
pub enum DomainPattern {
    Exact(Domain),
    #[display("*.{_0}")]
    Subdomains(Domain),
}

impl DomainPattern {
    /// The domain itself, or the domain above the names.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Exact(domain) | Self::Subdomains(domain) => domain,
        }
    }

    /// The domain, if the pattern has no wildcard.
    pub fn exact(&self) -> Option<&Domain> {
        if let Self::Exact(domain) = self { Some(domain) } else { None }
    }
}

impl FromStr for DomainPattern {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        match text.strip_prefix("*.") {
            Some(domain) => domain.parse().map(Self::Subdomains),
            None => text.parse().map(Self::Exact),
        }
    }
}
