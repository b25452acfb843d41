//! Reading files: with a limit on their size, and with a record of what was read.

pub mod read;
mod sources;
mod state;

pub use self::sources::{ConfigHash, SourceFiles, TextEnd};
pub use self::state::{extension, is_hidden};
