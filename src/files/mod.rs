//! Reading files: with a limit on their size, and with a record of what was read.

pub mod read;
mod sources;

pub use self::sources::{ConfigHash, End, SourceFiles, extension, is_hidden};
