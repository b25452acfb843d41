//! The check of one profile.

use super::client_result::ClientResult;
use super::lints::{Lint, lints};
use crate::address::{Domain, EmailAddress};
use crate::clients::{ALL, Client, Format, Response};
use crate::config::Config;
use crate::documents::{Documents, RenderedProfile};
use crate::formats::Origin;
use crate::profile::Profile;

/// A profile, the settings that each client ends with, and the lints.
#[derive(Debug)]
pub struct ProfileCheck<'c> {
    pub profile: &'c Profile,
    pub origin: &'c Origin,
    /// The sample address of the simulation.
    pub address: EmailAddress,
    /// One for each client, in the order of [`ALL`].
    pub results: Vec<ClientResult>,
    pub lints: Vec<Lint>,
}

/// The local part of the sample address.
const SAMPLE_LOCAL_PART: &str = "jane.doe";

/// Checks one profile of a configuration, by its index in the directory.
pub fn check_profile(config: &Config, index: usize) -> Option<ProfileCheck<'_>> {
    let Some(domain) = config.origins.get(index)?.domain.as_ref() else {
        return check_with_domain(config, index, &sql_example(config, index)?);
    };
    // The sample domain of a wildcard may be mapped to another profile.
    let is_own = |domain: &Domain| config.directory.profile_of(domain).is_none_or(|id| id.index() == index);
    let other = || format!("waypost-check.{}", domain.parents().next()?).parse().ok().filter(is_own);
    let domain = Some(domain.clone()).filter(is_own).or_else(other).unwrap_or_else(|| domain.clone());
    check_with_domain(config, index, &domain)
}

/// An example for a profile whose domains are in a database: one of them or, without a list, `example.com`.
fn sql_example(config: &Config, index: usize) -> Option<Domain> {
    let profile = u32::try_from(index).ok()?;
    let example = config.directory.sql().and_then(|list| list.example_of(profile));
    example.unwrap_or("example.com").parse().ok()
}

/// Checks the profile of a domain, with an address of that domain. None if it is not served.
pub fn check_domain<'c>(config: &'c Config, domain: &Domain) -> Option<ProfileCheck<'c>> {
    let index = config.directory.profile_of(domain)?.index();
    check_with_domain(config, index, domain)
}

fn check_with_domain<'c>(config: &'c Config, index: usize, domain: &Domain) -> Option<ProfileCheck<'c>> {
    let RenderedProfile { profile, documents, .. } = config.directory.entries().get(index)?;
    let origin = config.origins.get(index)?;
    let address: EmailAddress = format!("{SAMPLE_LOCAL_PART}@{domain}").parse().ok()?;
    let results = ALL.iter().map(|client| simulate(*client, profile, documents, &address)).collect();
    let lints = lints(profile, origin, &address, &config.directory);
    Some(ProfileCheck { profile, origin, address, results, lints })
}

/// Runs one client's model on a profile's document.
pub fn simulate(
    client: Client,
    profile: &Profile,
    documents: &Documents,
    address: &EmailAddress,
) -> ClientResult {
    let body = match client.format {
        Format::Autoconfig => documents.autoconfig.fill(address.domain()),
        Format::Autodiscover => documents.autodiscover.fill(&client.request_address(address)),
    };
    // The same status and content type as in `http::responses`.
    let response = Response { status: 200, content_type: Some("text/xml; charset=utf-8"), body: &body };
    ClientResult::new(client, client.interpret(&response, address), profile, address)
}
