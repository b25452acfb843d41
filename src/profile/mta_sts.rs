//! What a domain tells other mail servers about encryption on the way to it (MTA-STS, RFC 8461).

use std::fmt;
use std::str::FromStr;

use super::UnknownWord;
use crate::address::{Domain, DomainError};

/// A policy: what a sending server does when no exchanger of the list can be reached by verified TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MtaSts {
    mode: Mode,
    mx: Vec<MxPattern>,
    max_age: MaxAge,
}

/// RFC 8461 3.2, `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Mail is not delivered.
    Enforce,
    /// Mail is delivered, and reported (RFC 8460).
    Testing,
    /// As if there were no policy; to end one.
    None,
}

/// A mail exchanger's host, or every name with one more label (RFC 8461 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MxPattern {
    Host(Domain),
    OneLabelBelow(Domain),
}

/// For how many seconds a policy is kept: at most 31557600, a year (RFC 8461 3.2, `max_age`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxAge(u32);

/// A policy without exchangers; enforced, it would stop all mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a policy with mode `{}` has to list the mail exchangers", .0.word())]
pub struct NoExchangers(pub Mode);

impl MtaSts {
    /// # Errors
    /// When there is no exchanger, and the mode needs one.
    pub fn new(mode: Mode, mx: Vec<MxPattern>, max_age: MaxAge) -> Result<Self, NoExchangers> {
        if mx.is_empty() && mode != Mode::None {
            return Err(NoExchangers(mode));
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

impl Mode {
    const WORDS: &'static [&'static str] = &["enforce", "testing", "none"];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Testing => "testing",
            Self::None => "none",
        }
    }
}

impl FromStr for Mode {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        [Self::Enforce, Self::Testing, Self::None]
            .into_iter()
            .find(|mode| mode.word() == text)
            .ok_or(UnknownWord(Self::WORDS))
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

impl fmt::Display for MxPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => host.fmt(f),
            Self::OneLabelBelow(domain) => write!(f, "*.{domain}"),
        }
    }
}

impl MaxAge {
    pub const LONGEST: u32 = 31_557_600;

    /// None for more than a year.
    pub fn new(seconds: u32) -> Option<Self> {
        (seconds <= Self::LONGEST).then_some(Self(seconds))
    }

    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl Default for MaxAge {
    /// A week: RFC 8461 3.2 wants weeks or more.
    fn default() -> Self {
        Self(7 * 24 * 60 * 60)
    }
}
