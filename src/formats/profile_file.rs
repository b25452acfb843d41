//! A profile's file: which files are profiles, and the reader for each format.

use std::path::Path;

use super::parsed_profile::ParsedProfile;
use super::{toml_reader, xml_reader};
use crate::diagnostics::problem::Source;
use crate::diagnostics::{Location, Problem};
use crate::files::read::LARGEST_TEXT;
use crate::files::{SourceFiles, extension};

pub fn is_profile(path: &Path) -> bool {
    matches!(extension(path).as_deref(), Some("toml" | "xml"))
}

pub fn read_profile(path: &Path, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Option<ParsedProfile> {
    let text = match inputs.read_text(path, LARGEST_TEXT) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::error(
                Location::whole(path),
                format!("the profile cannot be read: {error}"),
                "make it a readable file in UTF-8, or move it to another folder",
            ));
            return None;
        }
    };
    let source = Source::new(path.into(), text);
    let (draft, found) = match extension(path).as_deref() {
        Some("xml") => xml_reader::read(&source),
        _ => toml_reader::read(&source, inputs),
    };
    problems.extend(found);
    Some(draft)
}
