//! Warns about files beside the profiles that are not read: a profile in a subfolder, or one with a misspelt extension,
//! would be ignored without a warning.

use std::fs;
use std::path::Path;

use crate::diagnostics::{Location, Problems};
use crate::files::{SourceFiles, extension, is_hidden};
use crate::formats::profile_file::is_profile;

/// Extensions of copies that editors and package managers leave.
const COPIES: [&str; 12] = [
    "bak",
    "orig",
    "old",
    "swp",
    "tmp",
    "rej",
    "dpkg-dist",
    "dpkg-new",
    "dpkg-old",
    "ucf-dist",
    "rpmnew",
    "rpmsave",
];

/// Warns about each file of the folder that is neither a profile nor named by one.
pub fn warn(folder: &Path, sources: &SourceFiles, problems: &Problems) {
    let mut paths: Vec<_> = entries(folder).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if entries(&path).any(|path| is_profile(&path) && !sources.has(&path)) {
                let hint = "move the profiles to the parent folder";
                problems.warning(Location::whole(&path), "profiles in subfolders are not read", hint);
            }
        } else if !is_profile(&path) && !sources.has(&path) && !is_harmless(&path) {
            let message = "this file is not read: it is not a profile, and no profile refers to it";
            let hint = "rename a profile to *.toml or *.xml; move other files to another folder";
            problems.warning(Location::whole(&path), message, hint);
        }
    }
}

/// The entries that are not hidden. A folder that cannot be read has been reported.
fn entries(folder: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| !is_hidden(path))
}

fn is_harmless(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_copy = name.ends_with('~')
        || name.ends_with('#')
        || extension(path).is_some_and(|extension| COPIES.contains(&extension.as_str()));
    is_copy || name.to_ascii_lowercase().starts_with("readme")
}
