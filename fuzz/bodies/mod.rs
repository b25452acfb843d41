//! The body of each fuzz target. The targets in `fuzz_targets` call it with generated inputs, the test suite with the
//! corpus. A body returns if all is well and panics if not.
//!
//! `server` contains the whole server and the rules for all its answers, `page` the rules for its pages.

#![allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a panic is a finding")]

mod address;
mod autodiscover;
mod configuration;
mod host;
mod page;
mod provider;
mod query;
mod server;
pub mod strict;

pub use self::address::address;
pub use self::autodiscover::autodiscover;
pub use self::configuration::configuration;
pub use self::host::host;
pub use self::provider::provider;
pub use self::query::query;

/// A target: the name of its corpus and its body.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 6] = [
    ("address", address),
    ("autodiscover", autodiscover),
    ("configuration", configuration),
    ("host", host),
    ("provider", provider),
    ("query", query),
];
