//! `waypost import`: converts Mozilla's provider files to profiles.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tempfile::Builder;

use super::import_report::{dry_run, print_grouped};
use super::output::{could_not_run, count, errors_found, exit_code, message, print, print_problems};
use super::parallel::in_parallel;
use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText as _;
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::DomainPattern;
use crate::files::is_hidden;
use crate::files::read::hint;
use crate::formats::import::{GivenDomains, Imported, NewProfile, Reading, Settled, settle};

const EXAMPLES: &str = "\
Examples:
  waypost import mozilla/ispdb --into profiles --dry-run
  waypost import config-v1.1.xml --into profiles --domain example.com
  waypost import config-v1.1.xml --into profiles --domains-file domains.txt

Exit codes:
  0  The files have no errors
  1  There are errors; standard error lists them
  2  The command could not run";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// Provider files, or folders with provider files (*.xml)
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The folder for the new profiles
    #[arg(long, value_name = "DIR")]
    into: PathBuf,

    /// A domain for provider files without a domain; repeatable
    #[arg(long = "domain", value_name = "DOMAIN", value_delimiter = ',', value_parser = domain_pattern)]
    domains: Vec<DomainPattern>,

    /// As --domain: a file with one domain on each line
    #[arg(long, value_name = "FILE")]
    domains_file: Option<PathBuf>,

    /// Replace existing files
    #[arg(long)]
    force: bool,

    /// Print one line for each profile; write nothing
    #[arg(long)]
    dry_run: bool,
}

fn domain_pattern(text: &str) -> Result<DomainPattern, String> {
    DomainPattern::from_text(text.trim()).map_err(|InvalidValue { message, hint }| match hint {
        Some(hint) => format!("{message}\nhint: {hint}"),
        None => message,
    })
}

impl Import {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let given = self.given_domains()?;
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
            return Err(could_not_run(
                "there is no provider file",
                Some("name a file, or a folder with *.xml files"),
            ));
        }
        if !self.dry_run {
            let folder = self.into.display();
            let failed = |error| {
                could_not_run(
                    &format!("the folder {folder} cannot be created: {error}"),
                    Some("set --into to a folder that you may write to"),
                )
            };
            fs::create_dir_all(&self.into).map_err(failed)?;
        }
        let readings = in_parallel(&files, "files read", |path| Reading::of_file(path));
        let Settled { problems: found, mut imported } = settle(readings, &given, &self.into, self.force);
        problems.extend(found);
        if !self.dry_run {
            for imported in &mut imported {
                self.write(imported);
            }
        }
        let summary = if self.dry_run { dry_run(&imported) } else { String::new() };
        let found = imported.iter().flat_map(|imported| imported.problems.iter().cloned());
        problems.extend(found);
        Ok(print(&summary, self.report(files.len(), &imported, &problems.into_vec())))
    }

    fn given_domains(&self) -> Result<GivenDomains, ExitCode> {
        let problems = Problems::default();
        let list = self.domains_file.as_deref();
        let given = GivenDomains::read(self.domains.clone(), list, &problems);
        let name = list.unwrap_or(Path::new("")).display();
        let given = given.map_err(|error| {
            let hint = hint(&error, "set --domains-file to a file with one domain per line");
            could_not_run(&format!("{name} cannot be read: {error}"), Some(hint))
        })?;
        let problems = problems.into_vec();
        if problems.is_empty() {
            return Ok(given);
        }
        print_problems(&problems);
        Err(errors_found(&format!("no file is imported, because {name} has errors"), None))
    }

    /// Writes a new profile, or reports why it cannot be written.
    fn write(&self, imported: &mut Imported) {
        let Some(profile) = &imported.profile else { return };
        if let Err(error) = write(profile, self.force) {
            let message = format!("not imported: the profile cannot be written: {error}");
            let hint = "make the folder writable, and run the command again";
            imported.problems.push(Problem::error(Location::whole(&profile.path), message, hint));
            imported.profile = None;
        }
    }

    fn report(&self, file_count: usize, imported: &[Imported], problems: &[Problem]) -> ExitCode {
        print_grouped(problems);
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        let profiles: Vec<_> = imported.iter().filter_map(|imported| imported.profile.as_ref()).collect();
        let with_profile = imported.iter().filter(|imported| imported.profile.is_some());
        let imported_files: HashSet<_> = with_profile.map(|imported| &imported.file).collect();
        let domains = profiles.iter().map(|profile| profile.domain_count).sum();
        let would_be = if self.dry_run { " would be" } else { "" };
        message(format!(
            "{} of {}{would_be} imported into {}\n{} with {}: {}, {}",
            imported_files.len(),
            count(file_count, "file"),
            self.into.display(),
            count(profiles.len(), "profile"),
            count(domains, "domain"),
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
            let hint = "if it is a provider file, rename it to *.xml or name it on the command line";
            problems.note(Location::whole(path), "skipped: the name does not end in .xml", hint);
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
