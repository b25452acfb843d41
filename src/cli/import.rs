//! `waypost import`: Mozilla's provider files, turned into profiles.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tempfile::Builder;

use super::progress::in_parallel;
use super::{COULD_NOT_RUN, FINDING, count, print};
use crate::diagnostics::{Location, Problem};
use crate::files::is_hidden;
use crate::formats::import::{Imported, NewProfile, Reading, settle};

#[derive(Debug, Args)]
pub struct Import {
    /// Provider files, or folders of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The folder of profiles to write to
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// Replace files that are there
    #[arg(long)]
    force: bool,

    /// Print what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub fn run(self) -> ExitCode {
        let mut problems = Vec::new();
        let mut files = Vec::new();
        for path in &self.paths {
            if let Err(error) = find(path, true, &mut files, &mut problems) {
                let message = format!("cannot be read: {error}");
                problems.push(Problem::error(
                    Location::whole(path),
                    message,
                    "name a file or folder that is there",
                ));
            }
        }
        if files.is_empty() {
            for problem in &problems {
                eprintln!("{problem}\n");
            }
            eprintln!("error: no provider file was found\nhint: they end in .xml");
            return ExitCode::from(COULD_NOT_RUN);
        }
        if !self.dry_run
            && let Err(error) = fs::create_dir_all(&self.into)
        {
            eprintln!("error: the folder {} cannot be made: {error}", self.into.display());
            return ExitCode::from(COULD_NOT_RUN);
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
                problems.push(Problem::error(
                    Location::whole(&profile.path),
                    format!("not imported: cannot be written: {error}"),
                    "see that the folder can be written to, and run it again",
                ));
                continue;
            }
            written += 1;
        }
        print(&text, self.report(&files, written, &problems))
    }

    fn report(&self, files: &[PathBuf], written: usize, problems: &[Problem]) -> ExitCode {
        let mut out = io::stderr().lock();
        for problem in problems {
            let _ = writeln!(out, "{problem}\n");
        }
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        let would_be = if self.dry_run { " would be" } else { "" };
        let _ = writeln!(
            out,
            "{} of {}{would_be} imported into {}: {}, {}",
            written,
            count(files.len(), "file"),
            self.into.display(),
            count(errors, "error"),
            count(problems.len() - errors, "note")
        );
        if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(FINDING) }
    }
}

/// Collects provider files, folders within folders, in the order of their names. In a folder, what
/// is no XML file is named and passed over.
fn find(
    path: &Path,
    is_named: bool,
    files: &mut Vec<PathBuf>,
    problems: &mut Vec<Problem>,
) -> io::Result<()> {
    let kind =
        if is_named { fs::metadata(path)?.file_type() } else { fs::symlink_metadata(path)?.file_type() };
    if !kind.is_dir() {
        let is_xml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml"));
        if is_named || is_xml {
            files.push(path.to_owned());
        } else {
            let hint = "provider files end in .xml; name it on the command line if it is one";
            problems.push(Problem::note(
                Location::whole(path),
                "passed over: neither an XML file nor a folder",
                hint,
            ));
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
            problems.push(Problem::error(Location::whole(&entry), message, "make it readable"));
        }
    }
    Ok(())
}

/// Writes a file whole or not at all; one that appeared in the meantime stays. What is replaced keeps
/// who may read it.
fn write(profile: &NewProfile, force: bool) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".import-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any new file; the umask takes off what it takes off.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(profile.path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(profile.text.as_bytes())?;
    if let (true, Ok(old)) = (force, fs::metadata(&profile.path)) {
        file.as_file().set_permissions(old.permissions())?;
    }
    let persisted = if force { file.persist(&profile.path) } else { file.persist_noclobber(&profile.path) };
    persisted.map(drop).map_err(|error| error.error)
}
