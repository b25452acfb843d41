//! Paths in `waypost.toml`.

use std::path::PathBuf;

use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText;

/// A path that is not empty.
pub struct PathName(pub PathBuf);

impl FromText for PathName {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "" => Err(InvalidValue::new("is empty", "write a path, relative to this file")),
            path => Ok(Self(path.into())),
        }
    }
}
