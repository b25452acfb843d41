//! The names that a profile serves.

use std::fmt;
use std::str::FromStr;

use crate::address::{Domain, DomainError};

/// A domain, or every name below it: `example.com`, `*.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DomainPattern {
    Exact(Domain),
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

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(domain) => domain.fmt(f),
            Self::Subdomains(domain) => write!(f, "*.{domain}"),
        }
    }
}
