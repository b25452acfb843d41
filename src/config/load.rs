//! Loads `waypost.toml` and everything it names.

use std::io;
use std::path::{Path, PathBuf};

use super::listener::Listener;
use super::settings::Settings;
use super::{
    certificate_names, certificates, conflicts, domain_index, mx_hosts, page_templates, unread_files,
};
use crate::certificates::tls::TlsCertificate;
use crate::diagnostics::problem::{Source, nearest};
use crate::diagnostics::{Location, Problem, Problems};
use crate::directory::Directory;
use crate::documents::RenderedProfile;
use crate::documents::mobileconfig::signing::Signer;
use crate::files::read::LARGEST_TEXT;
use crate::files::{ConfigHash, SourceFiles};
use crate::formats::parsed_profile::{Origin, ParsedProfile};
use crate::formats::profile_file::{is_profile, read_profiles};
use crate::page::Pages;

/// A loaded configuration.
#[derive(Debug)]
pub struct Config {
    pub settings: Settings,
    pub directory: Directory,
    /// The locations of the profiles in their files, in the order of the directory.
    pub origins: Vec<Origin>,
    /// The setup page with the operator's templates and languages.
    pub pages: Pages,
    /// Signs Apple's configuration profiles; None if they are served unsigned.
    pub signer: Option<Signer>,
    /// For listeners that speak TLS.
    pub certificates: Vec<TlsCertificate>,
    /// Warnings and notes; after [`Self::load_valid_parts`] errors too.
    pub notes: Vec<Problem>,
    /// The hash of all source files.
    pub hash: ConfigHash,
}

/// Why a configuration cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// None of the default paths exists.
    #[error("there is no configuration file")]
    NotFound { looked_at: Vec<PathBuf> },
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// At least one is an error.
    #[error("the configuration has errors")]
    Problems(Vec<Problem>),
}

/// The configuration file of the package.
pub const PACKAGED_CONFIG: &str = "/etc/waypost/waypost.toml";
/// Where the configuration is if no path is given.
const DEFAULT_PATHS: [&str; 2] = ["config/waypost.toml", PACKAGED_CONFIG];

impl Config {
    /// The path of the configuration file: the given one, else the first default path that exists.
    ///
    /// # Errors
    /// If no path is given and no default path exists.
    pub fn locate(given: Option<PathBuf>) -> Result<PathBuf, LoadError> {
        // An empty environment variable counts as unset.
        let given = given.filter(|path| !path.as_os_str().is_empty());
        let defaults = DEFAULT_PATHS.map(PathBuf::from);
        given
            .or_else(|| defaults.iter().find(|path| path.exists()).cloned())
            .ok_or_else(|| LoadError::NotFound { looked_at: defaults.into() })
    }

    /// Loads a configuration that can be served.
    ///
    /// # Errors
    /// If the file cannot be read, or with every problem if one of them is an error.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::load_recording(path, &SourceFiles::default())
    }

    /// As [`Self::load`], and records the files that are read, even if there are errors.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_recording(path: &Path, sources: &SourceFiles) -> Result<Self, LoadError> {
        let config = Self::read(path, sources)?;
        if config.notes.iter().any(Problem::is_error) {
            return Err(LoadError::Problems(config.notes));
        }
        Ok(config)
    }

    /// Loads the valid profiles only, with the errors among the notes. The result is for reports and must not be served.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn load_valid_parts(path: &Path) -> Result<Self, LoadError> {
        Self::read(path, &SourceFiles::default())
    }

    /// Replaces the listeners of the file, unless `listeners` is empty.
    pub fn listen_at(&mut self, listeners: &[Listener]) {
        if !listeners.is_empty() {
            self.settings.listen = listeners.to_vec();
        }
    }

    /// The first listener with TLS, if there is no certificate.
    pub fn https_without_certificate<'l>(&self, listeners: &'l [Listener]) -> Option<&'l Listener> {
        listeners.iter().find(|listener| listener.is_https && self.certificates.is_empty())
    }

    /// The settings of the file without the profiles, and the problems of the file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn settings(path: &Path) -> Result<(Settings, Vec<Problem>), LoadError> {
        let problems = Problems::default();
        let settings = settings(path, &SourceFiles::default(), &problems)?;
        Ok((settings, problems.into_vec()))
    }

    fn read(path: &Path, sources: &SourceFiles) -> Result<Self, LoadError> {
        let problems = Problems::default();
        let settings = settings(path, sources, &problems)?;
        let folder = settings.profiles.as_deref();
        let profiles = folder.map_or_else(Vec::new, |folder| profiles(folder, sources, &problems));
        conflicts::find(&profiles, &problems);
        if !settings.has_sql {
            without_domains(&profiles, &problems);
        }
        unknown_sql_profile(&settings, &profiles, &problems);
        let templates = settings.templates.as_deref();
        let mut pages = page_templates::load(templates, settings.page.language.as_ref(), sources, &problems);
        let signing = settings.signing.as_ref();
        let signer = signing.and_then(|signing| certificates::signer(signing, sources, &problems));
        let (certificates, locations) = certificates::tls(&settings.tls, sources, &problems);
        let (directory, origins) = directory(profiles, pages.default_language(), &problems);
        page_templates::render_all(&mut pages, templates, &directory, &problems);
        let located: Vec<_> = certificates.iter().zip(&locations).collect();
        certificate_names::warn(&located, &settings, &directory, &problems);
        let hash = sources.hash(path.parent().unwrap_or(Path::new("")));
        Ok(Self {
            settings,
            directory,
            origins,
            pages,
            signer,
            certificates,
            notes: problems.into_sorted(),
            hash,
        })
    }
}

fn settings(path: &Path, sources: &SourceFiles, problems: &Problems) -> Result<Settings, LoadError> {
    let text = sources
        .read_text(path, LARGEST_TEXT)
        .map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    Ok(Settings::read(&Source::new(path.into(), text), problems))
}

/// Reads every profile of a folder, in the order of the file names.
fn profiles(folder: &Path, sources: &SourceFiles, problems: &Problems) -> Vec<ParsedProfile> {
    let paths = match sources.list_folder(folder, is_profile) {
        Ok(paths) => paths,
        Err(error) => {
            let message = format!("the folder in `profiles` cannot be read: {error}");
            let hint = match error.kind() {
                _ if folder.to_string_lossy().contains('~') => {
                    "write an absolute path in `profiles`; Waypost does not expand `~`"
                }
                io::ErrorKind::NotFound => {
                    "create the folder, or set `profiles` in waypost.toml to an existing folder"
                }
                io::ErrorKind::NotADirectory => "set `profiles` in waypost.toml to a folder, not to a file",
                _ => "make the folder readable, or set `profiles` in waypost.toml to another folder",
            };
            problems.error(Location::whole(folder), message, hint);
            return Vec::new();
        }
    };
    if paths.is_empty() {
        let message = "the folder in `profiles` contains no profile";
        let hint = "add a *.toml file, or an *.xml file in Mozilla's format";
        problems.error(Location::whole(folder), message, hint);
    }
    let profiles = paths.iter().flat_map(|path| read_profiles(path, sources, problems)).collect();
    unread_files::warn(folder, sources, problems);
    profiles
}

/// Reports the profiles that answer for no domain.
fn without_domains(profiles: &[ParsedProfile], problems: &Problems) {
    for profile in profiles {
        if let Some(hint) = profile.without_domain {
            problems.error(
                profile.location.clone(),
                format!("profile `{}` has no domain", profile.name),
                hint,
            );
        }
    }
}

/// Reports that `profile` of `[directory.sql]` is not the id of a profile.
fn unknown_sql_profile(settings: &Settings, profiles: &[ParsedProfile], problems: &Problems) {
    let Some(wanted) = settings.sql.as_ref().and_then(|sql| sql.profile.as_ref()) else { return };
    let ids: Vec<_> = profiles.iter().filter_map(|profile| profile.id.as_ref()).collect();
    // An invalid id may be the wanted one. It has its own error.
    if ids.iter().any(|id| id.value == *wanted) || ids.len() < profiles.len() {
        return;
    }
    let Some(location) = &settings.sql_profile else { return };
    let near = nearest(wanted.as_str(), ids.iter().map(|id| id.value.as_str()));
    let hint = near.map_or_else(
        || "write the `id` of a profile, from a file in the folder `profiles`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`profile` in [directory.sql] is `{wanted}`, but no profile has this id");
    problems.error(location.clone(), message, hint);
}

/// Builds the directory of the valid profiles, with the domains of the files.
fn directory(
    mut profiles: Vec<ParsedProfile>,
    default_language: &str,
    problems: &Problems,
) -> (Directory, Vec<Origin>) {
    let (mut rendered, mut origins) = (Vec::new(), Vec::new());
    let indexes: Vec<_> = profiles
        .iter_mut()
        .map(|parsed| {
            let entry = RenderedProfile::new(parsed.profile.take()?, default_language)
                .map_err(|error| {
                    problems.error(parsed.location.clone(), error.to_string(), "report this bug");
                })
                .ok()?;
            rendered.push(entry);
            origins.push(parsed.origin.clone());
            u32::try_from(rendered.len() - 1).ok()
        })
        .collect();
    let (exact, subdomains) = domain_index::build(&profiles, &indexes, problems);
    let mut directory = Directory::new(rendered, exact, subdomains);
    // The valid profiles, in the order of the directory.
    let valid = profiles.into_iter().zip(indexes).filter(|(_, index)| index.is_some());
    let mx_hosts = valid
        .zip(directory.ids())
        .flat_map(|((parsed, _), id)| parsed.mx_hosts.into_iter().map(move |host| (host, id)))
        .collect();
    mx_hosts::bind(&mut directory, mx_hosts, problems);
    (directory, origins)
}
