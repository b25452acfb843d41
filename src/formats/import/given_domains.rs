//! The domains of files that name none: `--domain` and `--domains-file`.
//!
//! Many operators publish one static file for all their domains, with `<domain>%EMAILDOMAIN%</domain>`. A list of domains
//! stays in its file: the profile refers to it, so the operator has one list to keep.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::diagnostics::problem::Located;
use crate::diagnostics::{Location, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::formats::{DomainPatterns, domain_list};

/// The domains that the operator names on the command line.
#[derive(Debug, Default)]
pub struct GivenDomains {
    pub(super) patterns: DomainPatterns,
    pub(super) file: Option<Arc<Path>>,
    is_used: Cell<bool>,
}

impl GivenDomains {
    /// Reads the list, and reports its invalid lines.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(listed: Vec<DomainPattern>, file: Option<&Path>, problems: &Problems) -> io::Result<Self> {
        let location = Location::whole(Path::new("--domain"));
        let mut patterns: DomainPatterns =
            listed.into_iter().map(|value| Located { value, location: location.clone() }).collect();
        if let Some(path) = file {
            domain_list::read(path, &mut patterns, &SourceFiles::default(), problems)?;
        }
        Ok(Self { patterns, file: file.map(Into::into), is_used: Cell::default() })
    }

    /// The domains for a file that names none.
    pub(super) fn take(&self) -> impl Iterator<Item = Located<DomainPattern>> {
        self.is_used.set(true);
        self.patterns.iter()
    }

    pub(super) fn is_unused(&self) -> bool {
        !self.patterns.is_empty() && !self.is_used.get()
    }

    pub(super) fn is_of_list(&self, location: &Location) -> bool {
        self.file.as_ref() == Some(&location.file)
    }

    /// `domains_file` of a profile in a folder: the path from there.
    pub(super) fn path_from(&self, folder: &Path) -> io::Result<Option<PathBuf>> {
        let Some(file) = &self.file else { return Ok(None) };
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A link to the list stays: its target may change.
        let file = fs::canonicalize(parent)?.join(file.file_name().unwrap_or_default());
        // Without the folder, nothing is written: `--dry-run`.
        let Ok(folder) = fs::canonicalize(folder) else { return Ok(Some(file)) };
        let shared = folder.components().zip(file.components()).take_while(|(a, b)| a == b).count();
        let up = folder.components().skip(shared).map(|_| Component::ParentDir);
        Ok(Some(up.chain(file.components().skip(shared)).collect()))
    }
}
