//! Reads the valid parts of a provider file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostics::problem::Source;
use crate::diagnostics::{Location, Problem, Problems};
use crate::files::SourceFiles;
use crate::formats::comments::Comments;
use crate::formats::parsed_profile::ProfileFields;
use crate::formats::profile_file::add_new;
use crate::formats::profile_reader;
use crate::formats::xml_source::{decode, providers, tree_without_flaws};
use crate::formats::xml_table::{ProviderFile, Purpose};

/// The valid parts of a provider file.
#[derive(Debug)]
pub struct Reading {
    pub(super) file: PathBuf,
    pub(super) problems: Vec<Problem>,
    /// Empty if it is not a provider file.
    pub(super) providers: Vec<Provider>,
}

/// The valid parts of a provider.
#[derive(Debug)]
pub(super) struct Provider {
    pub problems: Vec<Problem>,
    pub fields: ProfileFields,
    pub comments: Comments,
    /// The location of a `<domain>` that is a placeholder.
    pub domain_placeholder: Option<Location>,
}

/// The largest provider file, in bytes. Real ones have a few thousand.
const LARGEST: u64 = 1 << 20;

impl Reading {
    /// Reads a provider file.
    pub fn of_file(path: &Path) -> Self {
        let unreadable = |what: String, hint: &str| Self {
            file: path.to_owned(),
            problems: vec![Problem::error(Location::whole(path), what, hint)],
            providers: Vec::new(),
        };
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return unreadable(
                    "not imported: it is not a regular file".to_owned(),
                    "name a file or a folder",
                );
            }
            Ok(metadata) if metadata.len() > LARGEST => {
                return unreadable(
                    format!("not imported: the file has {} bytes", metadata.len()),
                    "name a provider file; it has a few thousand bytes",
                );
            }
            _ => {}
        }
        match fs::read(path) {
            Ok(content) => match decode(path, &content) {
                Ok(source) => Self::of_source(&source),
                Err(problem) => Self::refused(path, vec![problem]),
            },
            Err(error) => unreadable(format!("not imported: {error}"), "make the file readable"),
        }
    }

    /// A file that is not a provider file.
    fn refused(path: &Path, problems: Vec<Problem>) -> Self {
        let prefix = |problem: Problem| {
            let message = format!("not imported: {}", problem.message);
            Problem { message, ..problem }
        };
        let problems = problems.into_iter().map(prefix).collect();
        Self { file: path.to_owned(), problems, providers: Vec::new() }
    }

    fn of_source(source: &Source) -> Self {
        let (tree, flaws) = match tree_without_flaws(source) {
            Ok(read) => read,
            Err(problem) => return Self::refused(&source.file, vec![problem]),
        };
        let of_file = Problems::default();
        let elements = providers(source, &tree, &of_file);
        if elements.is_empty() {
            return Self::refused(&source.file, of_file.into_vec());
        }
        of_file.extend(flaws);
        let mut reported = Vec::new();
        let read = |element| {
            let problems = Problems::default();
            let (fields, comments, domain_placeholder) = {
                let file = ProviderFile::new(source, &problems, Purpose::Import);
                let mut table = file.table(tree.root(), element);
                let fields = profile_reader::fields(&mut table, source, &SourceFiles::default());
                let comments = Comments::collect(&tree, element, &file);
                (fields, comments, file.domain_placeholder.take())
            };
            let before = reported.len();
            add_new(&mut reported, problems.into_vec());
            Provider { problems: reported[before..].to_vec(), fields, comments, domain_placeholder }
        };
        let providers = elements.into_iter().map(read).collect();
        Self { file: source.file.to_path_buf(), problems: of_file.into_vec(), providers }
    }
}
