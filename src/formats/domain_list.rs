//! A file that lists domains: one on each line; `#` begins a comment.
//!
//! `domain: owner` lines are accepted too, so that cPanel's `/etc/userdomains` and DirectAdmin's
//! `/etc/virtual/domainowners` work as they are. The owner is ignored. cPanel ends its list with `*: nobody`, for names
//! that no account has; that line is ignored.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::DomainPatterns;
use crate::diagnostics::table::FromText as _;
use crate::diagnostics::{Location, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::files::read::LARGEST_LIST;

/// Reads a list and adds its domains. Each invalid line is reported and left out.
///
/// # Errors
/// If the file cannot be read.
pub fn read(
    path: &Path,
    domain_patterns: &mut DomainPatterns,
    inputs: &SourceFiles,
    problems: &Problems,
) -> io::Result<()> {
    let text = inputs.read_list(path, LARGEST_LIST)?;
    let path: Arc<Path> = path.into();
    for (number, line) in text.lines().enumerate() {
        let line_without_comment = line.split('#').next().unwrap_or_default();
        let (entry, has_owner) = match line_without_comment.split_once(':') {
            Some((domain, owner)) if is_owner(owner.trim()) => (domain.trim(), true),
            _ => (line_without_comment.trim(), false),
        };
        if entry.is_empty() && !has_owner || entry == "*" && has_owner {
            continue;
        }
        let column = line.find(entry).map_or(1, |at| line[..at].chars().count() + 1);
        let location = Location {
            length: entry.chars().count(),
            ..Location::new(Arc::clone(&path), number + 1, column)
        };
        match DomainPattern::from_text(entry) {
            Ok(value) => domain_patterns.push(&value, &location),
            Err(invalid) => problems.invalid(location, invalid),
        }
    }
    domain_patterns.shrink_to_fit();
    Ok(())
}

/// Whether the text after a colon is the name of an account, not a port or the rest of a URL.
fn is_owner(text: &str) -> bool {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.chars().all(is_in_name) && text.chars().any(|c| !c.is_ascii_digit())
}
