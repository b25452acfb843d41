//! Converts Mozilla's provider files to profiles in TOML.
//!
//! Nothing is guessed: an invalid value is reported with its line and left out, and the rest is kept. Comments, and
//! elements without a key, become comments.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::comments::Comments;
use super::parsed_profile::{ParsedProfile, ProfileFields};
use super::profile_file::{from_toml, is_profile, read_profile};
use super::xml_table::{ProviderFile, Purpose, tree_without_flaws};
use super::{profile_reader, toml_writer, xml_table};
use crate::address::Domain;
use crate::diagnostics::problem::{InvalidValue, Located, Source};
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;

/// The valid parts of a provider file.
#[derive(Debug)]
pub struct Reading {
    problems: Vec<Problem>,
    /// None if it is not a provider file.
    content: Option<(ProfileFields, Comments)>,
}

/// The result for one provider file.
#[derive(Debug)]
pub struct Imported {
    pub problems: Vec<Problem>,
    pub profile: Option<NewProfile>,
}

/// A profile that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProfile {
    pub path: PathBuf,
    pub text: String,
}

/// The largest provider file, in bytes. Real ones have a few thousand.
const LARGEST: u64 = 1 << 20;

impl Reading {
    /// Reads a provider file.
    pub fn of_file(path: &Path) -> Self {
        let unreadable = |what: String, hint: &str| Self {
            problems: vec![Problem::error(Location::whole(path), what, hint)],
            content: None,
        };
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return unreadable("not imported: it is not a file".to_owned(), "name a file or a folder");
            }
            Ok(metadata) if metadata.len() > LARGEST => {
                return unreadable(
                    format!("not imported: it has {} bytes", metadata.len()),
                    "a provider file has a few thousand; this is something else",
                );
            }
            _ => {}
        }
        match fs::read(path) {
            Ok(content) => xml_table::decode(path, &content)
                .map_or_else(Self::refused, |source| Self::of_source(&source)),
            Err(error) => unreadable(format!("not imported: {error}"), "it has to be a readable file"),
        }
    }

    /// A file that is not an XML document.
    fn refused(problem: Problem) -> Self {
        let message = format!("not imported: {}", problem.message);
        Self { problems: vec![Problem { message, ..problem }], content: None }
    }

    fn of_source(source: &Source) -> Self {
        let (tree, flaws) = match tree_without_flaws(source) {
            Ok(read) => read,
            Err(problem) => return Self::refused(problem),
        };
        let problems = Problems::default();
        problems.extend(flaws);
        let file = ProviderFile::new(source, &problems, Purpose::Import);
        let content = file.table(&tree).map(|mut table| {
            let fields = profile_reader::fields(&mut table, source, &SourceFiles::default());
            (fields, Comments::collect(&tree, &file))
        });
        if content.is_none() {
            let message = "not imported: it is not the file of one provider";
            problems.error(Location::whole(&source.file), message, "correct the errors in it");
        }
        drop(file);
        Self { problems: problems.into_vec(), content }
    }
}

/// The names that profiles have already, with their locations.
#[derive(Default)]
struct Taken {
    ids: HashMap<Domain, Location>,
    domain_patterns: HashMap<DomainPattern, Location>,
    mx_hosts: HashMap<Domain, Location>,
}

/// Makes profiles of the files. A name that two files have goes to the first, and a name of a profile in the folder
/// stays with that profile. With `force`, a file with the same name is replaced.
pub fn settle(readings: Vec<Reading>, into: &Path, force: bool) -> Vec<Imported> {
    let unreadable = Problems::default();
    let mut taken = Taken::of_folder(into, &unreadable);
    let folder = Imported { problems: unreadable.into_vec(), profile: None };
    let files = readings.into_iter().map(|reading| settle_one(reading, into, force, &mut taken));
    std::iter::once(folder).chain(files).collect()
}

fn file_name(into: &Path, id: &Domain) -> PathBuf {
    into.join(format!("{id}.toml"))
}

fn settle_one(reading: Reading, into: &Path, force: bool, taken: &mut Taken) -> Imported {
    let problems = Problems::default();
    problems.extend(reading.problems);
    let profile = reading.content.and_then(|(fields, comments)| {
        let location = fields.id.as_ref().map_or_else(|| fields.location.clone(), |id| id.location.clone());
        let profile = new_profile(fields, comments, into, force, taken, &problems);
        let refused = |InvalidValue { message, hint }| {
            problems.invalid(location, InvalidValue { message: format!("not imported: {message}"), hint });
        };
        profile.map_err(refused).ok()
    });
    Imported { problems: problems.into_sorted(), profile }
}

/// Makes the profile of one file.
fn new_profile(
    mut fields: ProfileFields,
    comments: Comments,
    into: &Path,
    force: bool,
    taken: &mut Taken,
    problems: &Problems,
) -> Result<NewProfile, InvalidValue> {
    let id = fields.id.clone();
    let id = id.ok_or_else(|| InvalidValue::new("it has no usable id", "correct the id"))?;
    let path = file_name(into, &id.value);
    if let Some(other) = taken.ids.get(&id.value).filter(|other| *other.file != path) {
        let hint = if other.file == id.location.file {
            "the file is served as it is; move it out of the folder first".to_owned()
        } else {
            format!("it is at {other}; a profile's id is its own")
        };
        return Err(InvalidValue::new(format!("the id `{}` is taken", id.value), hint));
    }
    let is_link = path.is_symlink();
    if is_link || path.is_dir() {
        let what = if is_link { "a link" } else { "a folder" };
        let message = format!("{} is {what}", path.display());
        return Err(InvalidValue::new(message, "remove it, or import into another folder"));
    }
    if path.exists() && !force {
        let message = format!("{} is there already", path.display());
        return Err(InvalidValue::new(message, "--force replaces it"));
    }
    if fields.display_name.is_none() {
        problems.extend(replace_name(&mut fields, &id));
    }
    taken.sort_out(&mut fields, &path, problems);
    is_enough(&fields).map_err(|(message, hint)| InvalidValue::new(message, hint))?;
    let text = toml_writer::write(&fields, comments);
    // The new file must load.
    let source = Source::new(path.clone().into(), text);
    let found = Problems::default();
    if from_toml(&source, &SourceFiles::default(), &found).profile.is_none() {
        let what = found.into_vec().first().map_or_else(String::new, ToString::to_string);
        return Err(InvalidValue::new(what, "please report this as a bug, with the file"));
    }
    taken.replace(&path, &fields);
    Ok(NewProfile { path, text: source.text })
}

/// Replaces a missing or invalid name by the short name or the id.
fn replace_name(parts: &mut ProfileFields, id: &Located<Domain>) -> Option<Problem> {
    let short_name = &parts.display_short_name;
    let (what, text) = match short_name {
        Some(name) => ("short name", name.value.as_str()),
        None => ("id", id.value.as_str()),
    };
    let value = text.parse().ok()?;
    parts.display_name = Some(Located { value, location: id.location.clone() });
    let message = format!("the {what} stands for the name, which is left out");
    Some(Problem::note(id.location.clone(), message, "write display_name in the new file"))
}

/// Whether the valid parts are enough for a profile.
fn is_enough(parts: &ProfileFields) -> Result<(), (&'static str, &'static str)> {
    let Some(name) = &parts.display_name else {
        return Err(("it has no usable name", "give it a <displayName> of at most 60 characters"));
    };
    if parts.domain_patterns.is_empty() && parts.mx_hosts.is_empty() {
        return Err((
            "it has no domain of its own",
            "a profile needs one; correct the errors in its domains",
        ));
    }
    if !parts.incoming.has_mail() {
        return Err(("it has no usable IMAP or POP3 server", "a profile needs one"));
    }
    if !parts.outgoing.has_mail() {
        return Err(("it has no usable SMTP server", "a profile needs one"));
    }
    let id = parts.id.as_ref().map_or("", |id| id.value.as_str());
    let is_short = |text: &str| text.parse::<crate::profile::DisplayShortName>().is_ok();
    if parts.display_short_name.is_none() && !is_short(name.value.as_str()) && !is_short(id) {
        return Err(("it has no short name", "give it a <displayShortName> of at most 20 characters"));
    }
    Ok(())
}

impl Taken {
    /// The names of the profiles in a folder, as far as they can be read.
    fn of_folder(folder: &Path, problems: &Problems) -> Self {
        let mut taken = Self::default();
        let files = SourceFiles::default().list_folder(folder, is_profile).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                let message =
                    format!("the folder cannot be read: {error}, so which domains are taken is not sure");
                problems.note(Location::whole(folder), message, "make it readable");
            }
            Vec::new()
        });
        for path in files {
            let found = Problems::default();
            let draft = read_profile(&path, &SourceFiles::default(), &found);
            if found.has_errors() {
                let message = "this profile is not right, so which domains it has is not sure";
                let hint = "`waypost check` says what is wrong with it";
                problems.note(Location::whole(&path), message, hint);
            }
            let Some(draft) = draft else { continue };
            let ParsedProfile { id, domain_patterns, mx_hosts, .. } = draft;
            taken.insert(id.as_ref(), &domain_patterns, &mx_hosts);
        }
        taken
    }

    /// Replaces the names of a file by those of its new content.
    fn replace(&mut self, path: &Path, parts: &ProfileFields) {
        self.ids.retain(|_, location| *location.file != *path);
        self.domain_patterns.retain(|_, location| *location.file != *path);
        self.mx_hosts.retain(|_, location| *location.file != *path);
        self.insert(parts.id.as_ref(), &parts.domain_patterns, &parts.mx_hosts);
    }

    fn insert(
        &mut self,
        id: Option<&Located<Domain>>,
        domain_patterns: &[Located<DomainPattern>],
        mx_hosts: &[Located<Domain>],
    ) {
        self.ids.extend(id.map(|id| (id.value.clone(), id.location.clone())));
        self.domain_patterns
            .extend(domain_patterns.iter().map(|pattern| (pattern.value.clone(), pattern.location.clone())));
        self.mx_hosts.extend(mx_hosts.iter().map(|host| (host.value.clone(), host.location.clone())));
    }

    /// The location of a domain, or of the wildcard that covers it.
    fn claimed(&self, domain: &Domain) -> Option<&Location> {
        let wildcards =
            domain.parents().filter_map(|parent| parent.parse().ok()).map(DomainPattern::Subdomains);
        let mut patterns = std::iter::once(DomainPattern::Exact(domain.clone())).chain(wildcards);
        patterns.find_map(|pattern| self.domain_patterns.get(&pattern))
    }

    /// Leaves out the names that other profiles have, and duplicates. The names of the file at `path`, which will be
    /// replaced, are free.
    fn sort_out(&self, parts: &mut ProfileFields, path: &Path, problems: &Problems) {
        let of_others = |location: &&Location| *location.file != *path;
        let mut seen = HashMap::new();
        parts.domain_patterns.retain(|pattern| {
            // The host of another profile's mail exchanger cannot be a domain.
            let exchanger = match &pattern.value {
                DomainPattern::Exact(domain) => self.mx_hosts.get(domain),
                DomainPattern::Subdomains(above) => {
                    let is_below = |host: &&Domain| host.parents().any(|parent| parent == above.as_str());
                    self.mx_hosts.keys().find(is_below).and_then(|host| self.mx_hosts.get(host))
                }
            };
            let first = self.domain_patterns.get(&pattern.value).or(exchanger).filter(of_others);
            let first = first.or_else(|| seen.get(&pattern.value)).cloned();
            is_free(&pattern.value.to_string(), &pattern.location, first.as_ref(), problems)
                && seen.insert(pattern.value.clone(), pattern.location.clone()).is_none()
        });
        let mut hosts: HashMap<Domain, Location> = HashMap::new();
        parts.mx_hosts.retain(|host| {
            if host.value.public_suffix().is_some() {
                problems.error(
                    host.location.clone(),
                    format!("`{}` is a public suffix, and left out", host.value),
                    "a mail exchanger is a host, like mx.example.net",
                );
                return false;
            }
            let claimed = self.claimed(&host.value);
            let first = self.mx_hosts.get(&host.value).or(claimed).filter(of_others);
            let first = first.or_else(|| hosts.get(&host.value)).cloned();
            is_free(host.value.as_str(), &host.location, first.as_ref(), problems)
                && hosts.insert(host.value.clone(), host.location.clone()).is_none()
        });
    }
}

/// Whether a name is free. Reports the profile that has it.
fn is_free(name: &str, location: &Location, first: Option<&Location>, problems: &Problems) -> bool {
    let Some(first) = first else { return true };
    problems.error(
        location.clone(),
        format!("{name} is claimed twice, and left out here"),
        format!("the first time is at {first}; a domain belongs to one profile"),
    );
    false
}
