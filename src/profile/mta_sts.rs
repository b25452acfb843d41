//! MTA-STS (RFC 8461): whether other mail servers must deliver to a domain over verified TLS.

use std::str::FromStr;

use derive_more::Display;
use strum::{EnumString, IntoStaticStr, VariantNames};

use super::unknown_value::UnknownValue;
use crate::address::{Domain, DomainError};

/// A policy: what a sending server does if it can reach none of the listed MX hosts over verified TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MtaSts {
    mode: Mode,
    mx: Vec<MxPattern>,
    max_age: MaxAge,
}

/// RFC 8461 3.2, `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", const_into_str)]
#[strum(parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Mode>)]
pub enum Mode {
    /// It does not deliver the mail.
    Enforce,
    /// It delivers the mail and reports the failure (RFC 8460).
    Testing,
    /// No policy; this value ends an earlier one.
    None,
}

/// An MX host, or every name with one more label (RFC 8461 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Display)]
pub enum MxPattern {
    Host(Domain),
    #[display("*.{_0}")]
    OneLabelBelow(Domain),
}

/// How long a sender keeps the policy, in seconds: at most 31557600, a year (RFC 8461 3.2, `max_age`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxAge(u32);

/// The policy lists no MX host. Enforced, it would stop all mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a policy with mode `{}` must list the MX hosts", .0.into_str())]
pub struct NoMxPatterns(pub Mode);

impl MtaSts {
    /// # Errors
    /// If `mx` is empty and the mode needs an MX host.
    pub fn new(mode: Mode, mx: Vec<MxPattern>, max_age: MaxAge) -> Result<Self, NoMxPatterns> {
        if mx.is_empty() && mode != Mode::None {
            return Err(NoMxPatterns(mode));
        }
        Ok(Self { mode, mx, max_age })
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    pub fn mx(&self) -> &[MxPattern] {
        &self.mx
    }

    pub fn max_age(&self) -> MaxAge {
        self.max_age
    }
}

impl FromStr for MxPattern {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        match text.strip_prefix("*.") {
            Some(rest) => rest.parse().map(Self::OneLabelBelow),
            None => text.parse().map(Self::Host),
        }
    }
}

impl MaxAge {
    pub const LONGEST: u32 = 31_557_600;

    /// None above [`Self::LONGEST`].
    pub fn new(seconds: u32) -> Option<Self> {
        (seconds <= Self::LONGEST).then_some(Self(seconds))
    }

    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for MaxAge {
    /// A week: RFC 8461 3.2 asks for weeks or more.
    fn default() -> Self {
        Self(7 * 24 * 60 * 60)
    }
}
