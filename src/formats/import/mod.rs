//! Converts Mozilla's provider files to profiles in TOML.
//!
//! Nothing is guessed: an invalid value is reported with its line and left out, and the rest is kept. Comments, and
//! elements without a key, become comments.

mod given_domains;
mod new_profile;
mod reading;
mod taken_names;

use std::path::{Path, PathBuf};

pub use self::given_domains::GivenDomains;
pub use self::new_profile::NewProfile;
use self::new_profile::{Folder, Refusal};
use self::reading::Provider;
pub use self::reading::Reading;
use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::{Problem, Problems};
use crate::formats::xml_table::LEFT_OUT_HINT;

/// The result of an import.
#[derive(Debug)]
pub struct Settled {
    /// The problems of the folder and of the command line.
    pub problems: Vec<Problem>,
    pub imported: Vec<Imported>,
}

/// The result for one provider of a file, or for a file without providers.
#[derive(Debug)]
pub struct Imported {
    /// The provider file.
    pub file: PathBuf,
    pub problems: Vec<Problem>,
    pub profile: Option<NewProfile>,
}

/// Makes profiles of the files. A name that two files have goes to the first, and a name of a profile in the folder
/// stays with that profile. With `force`, a file with the same name is replaced. `given` are the domains of the files
/// that name none.
pub fn settle(readings: Vec<Reading>, given: &GivenDomains, into: &Path, force: bool) -> Settled {
    let problems = Problems::default();
    let mut folder = Folder::read(into, force, given, &problems);
    let imported = readings.into_iter().flat_map(|reading| settle_file(reading, &mut folder)).collect();
    folder.report_unused_domains(&problems);
    Settled { problems: problems.into_vec(), imported }
}

fn settle_file(reading: Reading, folder: &mut Folder) -> Vec<Imported> {
    let Reading { file, problems, providers } = reading;
    if providers.is_empty() {
        return vec![Imported { file, problems, profile: None }];
    }
    // The problems of the file are reported with its first provider.
    let of_file = std::iter::once(problems).chain(std::iter::repeat_with(Vec::new));
    let imported = providers.into_iter().zip(of_file).map(|(provider, of_file)| {
        let (of_provider, profile) = settle_provider(provider, folder);
        let problems = Problems::default();
        problems.extend(of_file.into_iter().chain(of_provider));
        Imported { file: file.clone(), problems: problems.into_sorted(), profile }
    });
    imported.collect()
}

fn settle_provider(provider: Provider, folder: &mut Folder) -> (Vec<Problem>, Option<NewProfile>) {
    let problems = Problems::default();
    let Provider { problems: found, fields, .. } = &provider;
    problems.extend(found.clone());
    let location = fields.id.as_ref().map_or_else(|| fields.location.clone(), |id| id.location.clone());
    let profile = folder.new_profile(provider, &problems).map_err(|refusal| {
        let Refusal { location: exact, reason: InvalidValue { message, hint } } = refusal;
        let location = exact.unwrap_or(location);
        problems.invalid(location, InvalidValue { message: format!("not imported: {message}"), hint });
    });
    let mut problems = problems.into_vec();
    if profile.is_err() {
        // Nothing is imported, so it does not matter which parts would be left out.
        problems.retain(|problem| problem.hint.as_deref() != Some(LEFT_OUT_HINT));
    }
    (problems, profile.ok())
}
