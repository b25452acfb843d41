//! The DNS records that a domain needs: derived from its profile, written in several formats, and compared
//! with the published ones.

mod comparison;
pub mod format;
mod omission;
mod published_text;
mod record;
mod record_status;
mod records;
mod resolver;
mod srv;

pub use self::comparison::compare;
pub use self::omission::{Omission, OmissionReason};
pub use self::record::{RecordData, RecordName, RecordSet, Srv};
pub use self::record_status::RecordStatus;
pub use self::records::{Denials, Records};
pub use self::resolver::{NoResolver, Resolver};
