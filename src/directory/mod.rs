//! The directory: which profile answers for a domain.
//!
//! This is the only place where a profile is looked up (DESIGN, decision 4), so that all answers agree, on
//! the wire and on the command line. A lookup never waits.

mod domain_pattern;
mod index;

pub use self::domain_pattern::DomainPattern;
pub use self::index::{Directory, ProfileId, ProfileMatch};
