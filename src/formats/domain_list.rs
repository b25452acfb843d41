//! A file that lists domains: one on each line; `#` begins a comment.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostics::problem::Located;
use crate::diagnostics::table::FromText as _;
use crate::diagnostics::{Location, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::files::read::LARGEST_LIST;

/// Reads a list. Each invalid line is reported and left out.
///
/// # Errors
/// If the file cannot be read.
pub fn read(
    path: &Path,
    inputs: &SourceFiles,
    problems: &Problems,
) -> io::Result<Vec<Located<DomainPattern>>> {
    let text = inputs.read_list(path, LARGEST_LIST)?;
    let path: Arc<Path> = path.into();
    let mut domain_patterns = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let entry = line.split('#').next().unwrap_or_default().trim();
        if entry.is_empty() {
            continue;
        }
        let column = line.find(entry).map_or(1, |at| line[..at].chars().count() + 1);
        let location = Location {
            length: entry.chars().count(),
            ..Location::new(Arc::clone(&path), number + 1, column)
        };
        match DomainPattern::from_text(entry) {
            Ok(value) => domain_patterns.push(Located { value, location }),
            Err(invalid) => problems.invalid(location, invalid),
        }
    }
    Ok(domain_patterns)
}
