//! The names that profiles have already: a domain, an id and a mail exchanger belong to one profile.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::address::Domain;
use crate::diagnostics::problem::Located;
use crate::diagnostics::{Location, Problems};
use crate::directory::DomainPattern;
use crate::files::SourceFiles;
use crate::formats::DomainPatterns;
use crate::formats::parsed_profile::{ParsedProfile, ProfileFields};
use crate::formats::profile_file::{is_profile, read_profiles};

/// The names and the profiles that have them.
#[derive(Debug, Default)]
pub struct TakenNames {
    ids: HashMap<Domain, Claim>,
    domain_patterns: HashMap<DomainPattern, Claim>,
    mx_hosts: HashMap<Domain, Claim>,
}

/// The use of a name in a profile.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The file of the profile. The name may be in a list beside it.
    pub profile: Arc<Path>,
    pub location: Location,
}

impl TakenNames {
    /// The names of the profiles in a folder, as far as they can be read.
    pub fn of_folder(folder: &Path, problems: &Problems) -> Self {
        let mut taken = Self::default();
        let files = SourceFiles::default().list_folder(folder, is_profile).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                let message = format!("the folder cannot be read, so its domains are unknown: {error}");
                problems.note(Location::whole(folder), message, "make the folder readable");
            }
            Vec::new()
        });
        for path in files {
            let found = Problems::default();
            let profiles = read_profiles(&path, &SourceFiles::default(), &found);
            if found.has_errors() {
                let message = "an existing profile has errors, so its domains are unknown";
                problems.note(Location::whole(&path), message, "run `waypost check` to see the errors");
            }
            for ParsedProfile { id, domain_patterns, mx_hosts, .. } in profiles {
                taken.insert(&path.as_path().into(), id.as_ref(), &domain_patterns, &mx_hosts);
            }
        }
        taken
    }

    /// Replaces the names of the profile at `path` by those of its new content, which come from another file.
    pub fn replace(&mut self, path: &Path, fields: &ProfileFields) {
        self.ids.retain(|_, claim| *claim.profile != *path);
        self.domain_patterns.retain(|_, claim| *claim.profile != *path);
        self.mx_hosts.retain(|_, claim| *claim.profile != *path);
        let source = &fields.location.file;
        self.insert(source, fields.id.as_ref(), &fields.domain_patterns, &fields.mx_hosts);
    }

    fn insert(
        &mut self,
        profile: &Arc<Path>,
        id: Option<&Located<Domain>>,
        domain_patterns: &DomainPatterns,
        mx_hosts: &[Located<Domain>],
    ) {
        let claim = |location: &Location| Claim { profile: profile.clone(), location: location.clone() };
        self.ids.extend(id.map(|id| (id.value.clone(), claim(&id.location))));
        self.domain_patterns
            .extend(domain_patterns.iter().map(|pattern| (pattern.value, claim(&pattern.location))));
        self.mx_hosts.extend(mx_hosts.iter().map(|host| (host.value.clone(), claim(&host.location))));
    }

    /// The profile that has an id.
    pub fn id(&self, id: &Domain) -> Option<&Claim> {
        self.ids.get(id)
    }

    /// The profile that has a domain.
    pub fn domain(&self, pattern: &DomainPattern) -> Option<&Claim> {
        self.domain_patterns.get(pattern)
    }

    /// The profile that has a domain, or the wildcard that covers it.
    fn covering(&self, domain: &Domain) -> Option<&Claim> {
        let wildcards =
            domain.parents().filter_map(|parent| parent.parse().ok()).map(DomainPattern::Subdomains);
        let mut patterns = std::iter::once(DomainPattern::Exact(domain.clone())).chain(wildcards);
        patterns.find_map(|pattern| self.domain_patterns.get(&pattern))
    }

    /// Leaves out the names that other profiles have, and duplicates. The names of the file at `path`, which will be
    /// replaced, are free. Returns the domains of other profiles.
    pub fn sort_out(
        &self,
        fields: &mut ProfileFields,
        path: &Path,
        problems: &Problems,
    ) -> Vec<Located<DomainPattern>> {
        let of_others = |claim: &&Claim| *claim.profile != *path;
        let mut lost = Vec::new();
        let mut seen: HashMap<DomainPattern, Location> = HashMap::new();
        fields.domain_patterns.retain(|pattern| {
            // The host of another profile's mail exchanger cannot be a domain.
            let exchanger = match &pattern.value {
                DomainPattern::Exact(domain) => self.mx_hosts.get(domain),
                DomainPattern::Subdomains(above) => {
                    let is_below = |host: &&Domain| host.parents().any(|parent| parent == above.as_str());
                    self.mx_hosts.keys().find(is_below).and_then(|host| self.mx_hosts.get(host))
                }
            };
            let claim = self.domain_patterns.get(&pattern.value).or(exchanger).filter(of_others);
            if let Some(claim) = claim {
                report_claim(&pattern.value.to_string(), &pattern.location, &claim.location, problems);
                lost.push(pattern.clone());
                return false;
            }
            let first = seen.get(&pattern.value);
            if let Some(first) = first {
                let hint = format!("no action is needed; the domain is first at {first}");
                let message = "a domain is listed twice and imported once";
                problems.note(pattern.location.clone(), message, hint);
                return false;
            }
            seen.insert(pattern.value.clone(), pattern.location.clone());
            true
        });
        let mut hosts: HashMap<Domain, Location> = HashMap::new();
        fields.mx_hosts.retain(|host| {
            if host.value.public_suffix().is_some() {
                problems.error(
                    host.location.clone(),
                    format!("`{}` is a public suffix and is left out", host.value),
                    "write the host name of the MX record, for example mx.example.net",
                );
                return false;
            }
            let claim = self.mx_hosts.get(&host.value).or(self.covering(&host.value)).filter(of_others);
            let first = claim.map(|claim| &claim.location).or_else(|| hosts.get(&host.value));
            if let Some(first) = first {
                report_claim(host.value.as_str(), &host.location, first, problems);
                return false;
            }
            hosts.insert(host.value.clone(), host.location.clone());
            true
        });
        lost
    }
}

fn report_claim(name: &str, location: &Location, first: &Location, problems: &Problems) {
    let hint = match first.file.to_str() {
        Some("--domain") => "import the files one by one: --domain applies to one file".to_owned(),
        _ => format!("keep the domain in one profile (it is first at {first})"),
    };
    problems.error(location.clone(), format!("{name} is listed twice and is left out here"), hint);
}
