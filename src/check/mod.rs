//! What every client would make of a profile, held against what the profile prefers; and what is
//! odd about a profile whoever reads it.
//!
//! Two lists come of it that have to agree: what the models in `clients` end with, and what the
//! rules in `lints` say of the profile itself. A test holds them equal over a grid of profiles.

pub mod findings;
mod lints;
mod row;

pub use self::findings::{Finding, Spot, findings};
pub use self::lints::{Cause, Lint};
pub use self::row::{Cell, Difference, Row};

use crate::address::{Domain, EmailAddress};
use crate::clients::{ALL, Client, Format, Response};
use crate::config::Config;
use crate::documents::{Documents, RenderedProfile};
use crate::formats::Origin;
use crate::profile::Profile;

/// A profile with every client played against it.
#[derive(Debug)]
pub struct Examined<'c> {
    pub profile: &'c Profile,
    pub origin: &'c Origin,
    /// Whom the clients were played for.
    pub person: EmailAddress,
    /// One for each client, in the order of [`ALL`].
    pub rows: Vec<Row>,
    pub lints: Vec<Lint>,
}

/// The local part that clients are played with.
const SOMEBODY: &str = "jane.doe";

/// Plays every client against one profile of a configuration; by its place in the directory.
pub fn examine(config: &Config, index: usize) -> Option<Examined<'_>> {
    let RenderedProfile { profile, documents, .. } = config.directory.entries().get(index)?;
    let origin = config.origins.get(index)?;
    let domain = origin.domain.as_ref()?;
    // The name that stands for a wildcard's may be another profile's own.
    let is_own = |domain: &Domain| config.directory.profile_of(domain).is_none_or(|id| id.index() == index);
    let other = || format!("waypost-check.{}", domain.parents().next()?).parse().ok().filter(is_own);
    let domain = Some(domain.clone()).filter(is_own).or_else(other).unwrap_or_else(|| domain.clone());
    let person: EmailAddress = format!("{SOMEBODY}@{domain}").parse().ok()?;
    let rows = ALL.iter().map(|client| play(*client, profile, documents, &person)).collect();
    let lints = lints::of(profile, origin, &person, &config.directory);
    Some(Examined { profile, origin, person, rows, lints })
}

/// What one client makes of a profile's document.
pub fn play(client: Client, profile: &Profile, documents: &Documents, person: &EmailAddress) -> Row {
    let body = match client.format {
        Format::Autoconfig => documents.autoconfig.fill(person.domain()),
        Format::Autodiscover => documents.autodiscover.fill(&client.request_address(person)),
    };
    // As `http::answer` sends it.
    let response = Response { status: 200, content_type: Some("text/xml; charset=utf-8"), body: &body };
    Row::new(client, client.interpret(&response, person), profile, person)
}
