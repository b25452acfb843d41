//! The DNS records that a domain needs: derived from its profile, written in several formats, and compared
//! with the published ones.

mod comparison;
pub mod format;
mod record;
mod records;
mod resolver;

pub use self::comparison::{RecordStatus, compare};
pub use self::record::{RecordData, RecordName, RecordSet, Srv};
pub use self::records::{Omission, Records};
pub use self::resolver::{NoResolver, Resolver};
