//! Checks profiles: simulates every client on the rendered documents, and applies lint rules.
//!
//! Two lists have to agree: the clients that the models in `clients` leave with worse settings, and the
//! clients that the rules in `lints` name. A test compares them on a grid of profiles.

mod client_result;
mod findings;
mod lints;
mod profile_check;

pub use self::client_result::{ClientResult, Difference, ProtocolResult};
pub use self::findings::{Finding, Occurrence, findings};
pub use self::lints::{Cause, Lint};
pub use self::profile_check::{ProfileCheck, check_domain, check_profile, simulate};
