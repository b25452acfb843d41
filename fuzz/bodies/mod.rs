//! What each fuzz target does with its input, in one place: the targets in `fuzz_targets` give it what the
//! fuzzer makes up, the test suite what was kept of that. A body returns if all is well and panics if not.
//!
//! `server` has the whole server and what is true of all that it answers, `page` what is true of its pages.

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

/// A target: the name of its corpus, and what is done with an input.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: [Target; 6] = [
    ("address", address),
    ("autodiscover", autodiscover),
    ("configuration", configuration),
    ("host", host),
    ("provider", provider),
    ("query", query),
];
