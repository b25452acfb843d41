//! The in-memory index from domains and MX hosts to profiles.

use std::collections::HashMap;

use super::domain_pattern::DomainPattern;
use crate::address::Domain;
use crate::documents::RenderedProfile;

/// Every profile, and the names that lead to it.
#[derive(Debug, Default)]
pub struct Directory {
    entries: Vec<RenderedProfile>,
    exact: HashMap<Domain, ProfileId>,
    /// `example.org` for `*.example.org`.
    subdomains: HashMap<Domain, ProfileId>,
    mx_hosts: HashMap<Domain, ProfileId>,
}

/// A profile's index in its [`Directory`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileId(usize);

impl ProfileId {
    /// The index in [`Directory::entries`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// The profile for a request, and the domain it answers for.
#[derive(Debug, Clone, Copy)]
pub struct ProfileMatch<'a> {
    pub entry: &'a RenderedProfile,
    pub domain: &'a Domain,
    /// Whether the configuration lists the domain. If not, it is a customer's domain, from a request to an
    /// MX host.
    pub is_served: bool,
}

impl Directory {
    /// Adds a profile without names.
    pub fn add(&mut self, profile: RenderedProfile) -> ProfileId {
        self.entries.push(profile);
        ProfileId(self.entries.len() - 1)
    }

    /// Maps a domain, or the names below it, to a profile.
    ///
    /// # Errors
    /// The other profile that already has it.
    pub fn insert(&mut self, pattern: DomainPattern, profile: ProfileId) -> Result<(), ProfileId> {
        let (names, domain) = match pattern {
            DomainPattern::Exact(domain) => (&mut self.exact, domain),
            DomainPattern::Subdomains(domain) => (&mut self.subdomains, domain),
        };
        insert(names, domain, profile)
    }

    /// Maps an MX host to a profile, for domains that are not listed. The caller leaves out hosts that are
    /// domains of another profile, since that profile answers there.
    ///
    /// # Errors
    /// The other profile that already has it.
    pub fn insert_mx_host(&mut self, host: Domain, profile: ProfileId) -> Result<(), ProfileId> {
        insert(&mut self.mx_hosts, host, profile)
    }

    /// The profile for a request with an address, a Host, or both: the profile of the address's domain if
    /// that is served, else the profile of the Host. An MX host answers for any address.
    /// `host` returns the name without its service label; it is called only if the address does not decide.
    pub fn find<'a>(
        &'a self,
        requested: Option<&'a Domain>,
        host: impl FnOnce() -> Option<&'a Domain>,
    ) -> Option<ProfileMatch<'a>> {
        if let Some(found) = requested.and_then(|domain| self.served(domain)) {
            return Some(found);
        }
        // On an MX host the answer is for the address's domain, a customer's; else for the Host itself.
        let host = host()?;
        self.at_mx_host(requested, host).or_else(|| self.served(host))
    }

    /// The profile for one address. Unlike [`Self::find`], it does not fall back to the Host's own profile:
    /// a request with a mailbox gets that mailbox's settings or none (reference/autodiscover 2.7).
    pub fn find_address<'a>(
        &'a self,
        requested: &'a Domain,
        host: Option<&'a Domain>,
    ) -> Option<ProfileMatch<'a>> {
        self.served(requested).or_else(|| self.at_mx_host(Some(requested), host?))
    }

    /// The profile for a domain that the configuration lists.
    pub fn served<'a>(&'a self, domain: &'a Domain) -> Option<ProfileMatch<'a>> {
        let id = self.profile_of(domain)?;
        Some(ProfileMatch { entry: &self.entries[id.0], domain, is_served: true })
    }

    fn at_mx_host<'a>(&'a self, requested: Option<&'a Domain>, host: &'a Domain) -> Option<ProfileMatch<'a>> {
        let id = self.mx_hosts.get(host)?;
        Some(ProfileMatch {
            entry: &self.entries[id.0],
            domain: requested.unwrap_or(host),
            is_served: requested.is_none(),
        })
    }

    /// The profile that a domain is mapped to.
    pub fn profile_of(&self, domain: &Domain) -> Option<ProfileId> {
        // The nearest wildcard wins.
        self.exact
            .get(domain)
            .or_else(|| domain.parents().find_map(|parent| self.subdomains.get(parent)))
            .copied()
    }

    /// Whether `*.domain` is mapped.
    pub fn has_names_below(&self, domain: &Domain) -> bool {
        self.subdomains.contains_key(domain)
    }

    /// Whether the domain itself is mapped, not only a wildcard above it.
    pub fn has_exact(&self, domain: &Domain) -> bool {
        self.exact.contains_key(domain)
    }

    /// Whether MX hosts are mapped to a profile.
    pub fn has_mx_hosts(&self, id: &Domain) -> bool {
        self.mx_hosts.values().any(|mapped| self.entries[mapped.0].profile.id == *id)
    }

    /// The profile that an MX host is mapped to.
    pub fn mx_host_profile(&self, host: &str) -> Option<ProfileId> {
        self.mx_hosts.get(host).copied()
    }

    pub fn entries(&self) -> &[RenderedProfile] {
        &self.entries
    }

    /// How many domains and wildcards are mapped.
    pub fn domain_count(&self) -> usize {
        self.exact.len() + self.subdomains.len()
    }

    /// The domains of the wildcards: `example.org` for `*.example.org`. In no particular order.
    pub fn wildcards(&self) -> impl Iterator<Item = &Domain> {
        self.subdomains.keys()
    }

    /// The exact domains, in no particular order.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.exact.keys()
    }
}

/// Maps a name. The error is the other profile that has it.
fn insert(names: &mut HashMap<Domain, ProfileId>, name: Domain, profile: ProfileId) -> Result<(), ProfileId> {
    let existing = *names.entry(name).or_insert(profile);
    if existing == profile { Ok(()) } else { Err(existing) }
}
