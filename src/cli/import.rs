//! `waypost import`: converts Mozilla's provider files to profiles.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tempfile::Builder;

use super::output::{could_not_run, count, exit_code, message, print, print_problems};
use super::parallel::in_parallel;
use crate::diagnostics::{Location, Problem, Problems};
use crate::files::is_hidden;
use crate::formats::import::{Imported, NewProfile, Reading, settle};

#[derive(Debug, Args)]
pub struct Import {
    /// Provider files, or folders that contain them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The folder of profiles to write to
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// Replace existing files
    #[arg(long)]
    force: bool,

    /// Print the profiles instead of writing them
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let problems = Problems::default();
        let mut files = Vec::new();
        for path in &self.paths {
            if let Err(error) = find(path, true, &mut files, &problems) {
                let message = format!("cannot be read: {error}");
                problems.error(Location::whole(path), message, "name an existing file or folder");
            }
        }
        if files.is_empty() {
            print_problems(&problems.into_vec());
            return Err(could_not_run("no provider file was found", Some("their names end in .xml")));
        }
        if !self.dry_run {
            let folder = self.into.display();
            let failed =
                |error| could_not_run(&format!("the folder {folder} cannot be created: {error}"), None);
            fs::create_dir_all(&self.into).map_err(failed)?;
        }
        let readings = in_parallel(&files, "files read", |path| Reading::of_file(path));
        let mut written = 0;
        let mut text = String::new();
        for Imported { problems: found, profile } in settle(readings, &self.into, self.force) {
            problems.extend(found);
            let Some(profile) = profile else { continue };
            if self.dry_run {
                let _ = writeln!(text, "# {}\n{}", profile.path.display(), profile.text);
            } else if let Err(error) = write(&profile, self.force) {
                problems.error(
                    Location::whole(&profile.path),
                    format!("not imported: cannot be written: {error}"),
                    "make the folder writable, and run the command again",
                );
                continue;
            }
            written += 1;
        }
        Ok(print(&text, self.report(&files, written, &problems.into_vec())))
    }

    fn report(&self, files: &[PathBuf], written: usize, problems: &[Problem]) -> ExitCode {
        print_problems(problems);
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        let would_be = if self.dry_run { " would be" } else { "" };
        message(format!(
            "{} of {}{would_be} imported into {}: {}, {}",
            written,
            count(files.len(), "file"),
            self.into.display(),
            count(errors, "error"),
            count(problems.len() - errors, "note")
        ));
        exit_code(errors > 0)
    }
}

/// Collects provider files from folders and their subfolders, in the order of their names. In a folder, a file that
/// is not XML is reported and skipped.
fn find(path: &Path, is_named: bool, files: &mut Vec<PathBuf>, problems: &Problems) -> io::Result<()> {
    let kind =
        if is_named { fs::metadata(path)?.file_type() } else { fs::symlink_metadata(path)?.file_type() };
    if !kind.is_dir() {
        let is_xml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
        if is_named || is_xml {
            files.push(path.to_owned());
        } else {
            let hint = "the names of provider files end in .xml; if it is one, name it on the command line";
            problems.note(Location::whole(path), "skipped: neither an XML file nor a folder", hint);
        }
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for entry in entries {
        if is_hidden(&entry) {
            continue;
        }
        if let Err(error) = find(&entry, false, files, problems) {
            let message = format!("not imported: {error}");
            problems.error(Location::whole(&entry), message, "make it readable");
        }
    }
    Ok(())
}

/// Writes a file atomically. A file that appeared meanwhile is kept, and a replaced file keeps its permissions.
fn write(profile: &NewProfile, force: bool) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".import-").suffix(".tmp");
    // As for any new file; the umask applies.
    builder.permissions(fs::Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(profile.path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(profile.text.as_bytes())?;
    if let (true, Ok(old)) = (force, fs::metadata(&profile.path)) {
        file.as_file().set_permissions(old.permissions())?;
    }
    let persisted = if force { file.persist(&profile.path) } else { file.persist_noclobber(&profile.path) };
    persisted.map(drop).map_err(|error| error.error)
}
