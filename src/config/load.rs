//! The configuration: files, read into [`Settings`] and a [`Directory`], or into every problem that
//! is found in them.
//!
//! Single values check themselves while they are read (`words`); rules about several of a file's
//! values follow (`draft`); rules about several files come last (`clashes`, and here what the
//! directory has to know).

mod certificates;
mod conflicts;
mod ip_network;
mod listener;
mod mx_hosts;
mod page_templates;
mod public_url;
mod settings;

pub use self::ip_network::Network;
pub use self::listener::{Address, Listener, ListenerError};
pub use self::public_url::{PublicUrl, PublicUrlError};
pub use self::settings::{Admin, Dns, Limits, Rate, Settings, Signing, Tls};

use std::io;
use std::path::{Path, PathBuf};

use crate::certificates::tls::TlsCertificate;
use crate::diagnostics::problem::Source;
use crate::diagnostics::{Location, Problem};
use crate::directory::Directory;
use crate::documents::RenderedProfile;
use crate::documents::mobileconfig::signing::Signer;
use crate::files::read::LARGEST_TEXT;
use crate::files::{ConfigHash, SourceFiles};
use crate::formats::parsed_profile::{Origin, ParsedProfile};
use crate::formats::profile_file::{is_profile, read_profile};
use crate::page::Pages;

/// A configuration that can be served.
#[derive(Debug)]
pub struct Config {
    pub settings: Settings,
    pub directory: Directory,
    /// Where the profiles were written, in the directory's order.
    pub origins: Vec<Origin>,
    /// What people see.
    pub pages: Pages,
    /// What signs Apple's configuration profiles; none where nothing is to, or can.
    pub signer: Option<Signer>,
    /// For listeners that speak TLS.
    pub certificates: Vec<TlsCertificate>,
    /// What is no error, but worth knowing; of a configuration that is only looked at
    /// ([`Self::load_valid_parts`]), the errors too.
    pub notes: Vec<Problem>,
    /// Of all that it was read from.
    pub hash: ConfigHash,
}

/// There is no usable configuration.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file at any of the places where one is looked for.
    #[error("there is no configuration file")]
    NotFound { looked_at: Vec<PathBuf> },
    #[error("{} cannot be read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Notes are among them.
    #[error("the configuration cannot be used")]
    Problems(Vec<Problem>),
}

/// Where a configuration is looked for when nobody names one.
const DEFAULT_PATHS: [&str; 2] = ["config/waypost.toml", "/etc/waypost/waypost.toml"];

impl Config {
    /// Finds the configuration file: the one that is named, else the first that is there.
    ///
    /// # Errors
    /// When none is named and none is there.
    pub fn locate(named: Option<PathBuf>) -> Result<PathBuf, LoadError> {
        // A variable that is set to nothing names nothing.
        let named = named.filter(|path| !path.as_os_str().is_empty());
        named.or_else(|| DEFAULT_PATHS.iter().map(PathBuf::from).find(|path| path.exists())).ok_or_else(
            || LoadError::NotFound { looked_at: DEFAULT_PATHS.iter().map(PathBuf::from).collect() },
        )
    }

    /// Reads the file and all that it names.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it or the profiles is wrong: everything that is.
    pub fn load(path: &Path) -> Result<Self, LoadError> {
        Self::load_recording(path, &SourceFiles::default())
    }

    /// As [`Self::load`], and notes what was looked at, whatever comes of it.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_recording(path: &Path, inputs: &SourceFiles) -> Result<Self, LoadError> {
        let config = Self::read(path, inputs)?;
        if config.notes.iter().any(Problem::is_error) {
            return Err(LoadError::Problems(config.notes));
        }
        Ok(config)
    }

    /// As [`Self::load`], for whoever looks at the rest too: without the profiles that are wrong,
    /// and with everything that is wrong among the notes. Not to be served.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load_valid_parts(path: &Path) -> Result<Self, LoadError> {
        Self::read(path, &SourceFiles::default())
    }

    /// Has these listeners take the place of the file's, if there are any.
    pub fn listen_at(&mut self, listeners: &[Listener]) {
        if !listeners.is_empty() {
            self.settings.listen = listeners.to_vec();
        }
    }

    /// A listener with TLS, if there is no certificate for it.
    pub fn https_without_certificate<'l>(&self, listeners: &'l [Listener]) -> Option<&'l Listener> {
        listeners.iter().find(|listener| listener.is_https && self.certificates.is_empty())
    }

    /// What the file itself says, as far as it is right, and what is wrong with it; nothing of the profiles.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn settings(path: &Path) -> Result<(Settings, Vec<Problem>), LoadError> {
        let mut problems = Vec::new();
        let settings = settings(path, &SourceFiles::default(), &mut problems)?;
        Ok((settings, problems))
    }

    fn read(path: &Path, inputs: &SourceFiles) -> Result<Self, LoadError> {
        let mut problems = Vec::new();
        let settings = settings(path, inputs, &mut problems)?;
        let profiles = settings.profiles.as_deref();
        let drafts = profiles.map_or_else(Vec::new, |folder| drafts(folder, inputs, &mut problems));
        conflicts::find(&drafts, &mut problems);
        let templates = settings.templates.as_deref();
        let mut pages = page_templates::load(templates, inputs, &mut problems);
        let signer = settings
            .signing
            .as_ref()
            .and_then(|signing| certificates::signer(signing, inputs, &mut problems));
        let certificates = certificates::all(&settings.tls, inputs, &mut problems);
        let (directory, origins) = directory(drafts, &mut problems);
        page_templates::try_out(&mut pages, templates, &directory, &mut problems);
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        let hash = inputs.hash(path.parent().unwrap_or(Path::new("")));
        Ok(Self { settings, directory, origins, pages, signer, certificates, notes: problems, hash })
    }
}

fn settings(path: &Path, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Result<Settings, LoadError> {
    let text = inputs
        .text(path, LARGEST_TEXT)
        .map_err(|source| LoadError::Unreadable { path: path.to_owned(), source })?;
    Ok(Settings::read(&Source::new(path.into(), text), problems))
}

/// Reads every profile of a folder, in the order of the file names.
fn drafts(folder: &Path, inputs: &SourceFiles, problems: &mut Vec<Problem>) -> Vec<ParsedProfile> {
    let paths = match inputs.folder(folder, is_profile) {
        Ok(paths) => paths,
        Err(error) => {
            problems.push(Problem::error(
                Location::whole(folder),
                format!("the folder of profiles cannot be read: {error}"),
                "make it readable, or name another one: profiles = \"profiles\" in waypost.toml",
            ));
            return Vec::new();
        }
    };
    if paths.is_empty() {
        problems.push(Problem::error(
            Location::whole(folder),
            "the folder of profiles has no profile in it",
            "put a *.toml file there, or one of Mozilla's *.xml files",
        ));
    }
    paths.iter().filter_map(|path| read_profile(path, inputs, problems)).collect()
}

/// Joins what is right. What clashes has been reported, and the first has it.
fn directory(drafts: Vec<ParsedProfile>, problems: &mut Vec<Problem>) -> (Directory, Vec<Origin>) {
    let mut directory = Directory::default();
    let mut origins = Vec::new();
    let mut exchangers = Vec::new();
    for draft in drafts {
        let Some(profile) = draft.profile else { continue };
        let id = match RenderedProfile::new(profile) {
            Ok(prepared) => directory.add(prepared),
            Err(error) => {
                problems.push(Problem::error(draft.place, error.to_string(), "please report this as a bug"));
                continue;
            }
        };
        for claim in draft.claims {
            let _ = directory.claim(claim.value, id);
        }
        origins.push(draft.origin);
        exchangers.extend(draft.exchangers.into_iter().map(|host| (host, id)));
    }
    mx_hosts::bind(&mut directory, exchangers, problems);
    (directory, origins)
}
