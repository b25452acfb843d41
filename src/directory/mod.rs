//! The directory: which profile answers for a domain.
//!
//! This is the only place where a profile is looked up (DESIGN, decision 4), so that all answers agree, on
//! the wire and on the command line. A lookup never waits.

#[cfg(feature = "sql")]
mod database;
mod domain_map;
mod domain_names;
mod domain_pattern;
mod index;
mod panel;
pub mod saved_list;
mod sql_domains;
mod sql_error;
mod sql_list;
mod sql_source;
mod sql_status;
#[cfg(feature = "sql")]
mod sql_text;

pub use self::domain_map::DomainMap;
pub use self::domain_names::{DomainNames, TooManyNames};
pub use self::domain_pattern::DomainPattern;
pub use self::index::{Directory, ProfileId, ProfileMatch};
pub use self::panel::Panel;
pub use self::sql_domains::{SqlCounts, SqlDomains};
pub use self::sql_error::{QueryKey, SqlError, Step};
pub use self::sql_list::{Skipped, SkippedRows, SqlList, SqlListBuilder};
pub use self::sql_source::{SqlAnswer, SqlDialect, SqlSource};
pub use self::sql_status::{HeldList, ListOrigin, SqlFailure, SqlPolls, SqlState, SqlStatus};
