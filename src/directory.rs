//! The mapping: which profile answers for a domain.
//!
//! This is the one place where a profile is found (DESIGN, decision 4), so that every answer, on the
//! wire and on the command line, agrees. Finding never waits.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::address::{Domain, DomainError};
use crate::documents::RenderedProfile;

/// Every profile, and the names that lead to it.
#[derive(Debug, Default)]
pub struct Directory {
    entries: Vec<RenderedProfile>,
    exact: HashMap<Domain, ProfileId>,
    /// `example.org` for `*.example.org`.
    subdomains: HashMap<Domain, ProfileId>,
    exchangers: HashMap<Domain, ProfileId>,
}

/// A profile's place in its [`Directory`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileId(usize);

impl ProfileId {
    /// The place in [`Directory::entries`].
    pub fn index(self) -> usize {
        self.0
    }
}

/// What was found, and the domain it answers for.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub entry: &'a RenderedProfile,
    pub domain: &'a Domain,
    /// Whether the operator named the domain. If not, it is a customer's, and came with the request
    /// to a mail exchanger's host.
    pub is_served: bool,
}

/// What a profile may claim: a domain, or every name below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DomainPattern {
    Exact(Domain),
    Subdomains(Domain),
}

impl Directory {
    /// Adds a profile, to which no name leads yet.
    pub fn add(&mut self, profile: RenderedProfile) -> ProfileId {
        self.entries.push(profile);
        ProfileId(self.entries.len() - 1)
    }

    /// Maps a domain, or the names below it, to a profile.
    ///
    /// # Errors
    /// When another profile, or this one, has it already: that profile.
    pub fn claim(&mut self, pattern: DomainPattern, profile: ProfileId) -> Result<(), ProfileId> {
        let (names, domain) = match pattern {
            DomainPattern::Exact(domain) => (&mut self.exact, domain),
            DomainPattern::Subdomains(domain) => (&mut self.subdomains, domain),
        };
        claim(names, domain, profile)
    }

    /// Binds a mail exchanger's host to a profile, for domains that nobody claims. A host that is a
    /// domain of another profile must not be bound: that profile answers there.
    ///
    /// # Errors
    /// When it is bound already: the profile it is bound to.
    pub fn bind_exchanger(&mut self, host: Domain, profile: ProfileId) -> Result<(), ProfileId> {
        claim(&mut self.exchangers, host, profile)
    }

    /// The profile for a request by address, Host, or both: the address's domain if it is ours;
    /// else the Host's, which where it is a mail exchanger's answers for any address.
    /// `host` is the name without its `autoconfig.` or other service label; it is asked for only
    /// where the address does not decide.
    pub fn find<'a>(
        &'a self,
        asked: Option<&'a Domain>,
        host: impl FnOnce() -> Option<&'a Domain>,
    ) -> Option<Found<'a>> {
        if let Some(found) = asked.and_then(|domain| self.served(domain)) {
            return Some(found);
        }
        // On an exchanger's name, which no other profile serves, the domain asked for is the
        // address's, a customer's; else it is the Host's own.
        let host = host()?;
        self.exchanger(asked, host).or_else(|| self.served(host))
    }

    /// The profile for one address: as [`Self::find`], but a Host that merely is another domain of
    /// ours does not stand in for an address's domain. Whoever names a mailbox gets that mailbox's
    /// settings or none (reference/autodiscover 2.7).
    pub fn find_address<'a>(&'a self, asked: &'a Domain, host: Option<&'a Domain>) -> Option<Found<'a>> {
        self.served(asked).or_else(|| self.exchanger(Some(asked), host?))
    }

    /// The profile for a domain that the operator named.
    pub fn served<'a>(&'a self, domain: &'a Domain) -> Option<Found<'a>> {
        let id = self.profile_of(domain)?;
        Some(Found { entry: &self.entries[id.0], domain, is_served: true })
    }

    fn exchanger<'a>(&'a self, asked: Option<&'a Domain>, host: &'a Domain) -> Option<Found<'a>> {
        let id = self.exchangers.get(host)?;
        Some(Found { entry: &self.entries[id.0], domain: asked.unwrap_or(host), is_served: asked.is_none() })
    }

    /// The profile that a domain is mapped to.
    pub fn profile_of(&self, domain: &Domain) -> Option<ProfileId> {
        // The nearest wildcard wins.
        self.exact
            .get(domain)
            .or_else(|| domain.parents().find_map(|parent| self.subdomains.get(parent)))
            .copied()
    }

    /// Whether a wildcard stands for the names below a domain.
    pub fn has_names_below(&self, domain: &Domain) -> bool {
        self.subdomains.contains_key(domain)
    }

    /// Whether a domain is named as it is, and not by a wildcard.
    pub fn has_own(&self, domain: &Domain) -> bool {
        self.exact.contains_key(domain)
    }

    /// Whether mail exchangers' hosts are bound to a profile.
    pub fn has_exchangers_of(&self, id: &Domain) -> bool {
        self.exchangers.values().any(|bound| self.entries[bound.0].profile.id == *id)
    }

    /// The profile that an exchanger's host is bound to.
    pub fn exchanger_profile(&self, host: &str) -> Option<ProfileId> {
        self.exchangers.get(host).copied()
    }

    pub fn entries(&self) -> &[RenderedProfile] {
        &self.entries
    }

    /// How many domains and wildcards are mapped.
    pub fn len(&self) -> usize {
        self.exact.len() + self.subdomains.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The exact domains, in no order.
    pub fn domains(&self) -> impl Iterator<Item = &Domain> {
        self.exact.keys()
    }
}

fn claim(names: &mut HashMap<Domain, ProfileId>, name: Domain, profile: ProfileId) -> Result<(), ProfileId> {
    use std::collections::hash_map::Entry;

    match names.entry(name) {
        Entry::Occupied(taken) => Err(*taken.get()),
        Entry::Vacant(free) => {
            free.insert(profile);
            Ok(())
        }
    }
}

impl DomainPattern {
    /// The domain itself, or the one above the names.
    pub fn domain(&self) -> &Domain {
        match self {
            Self::Exact(domain) | Self::Subdomains(domain) => domain,
        }
    }
}

impl FromStr for DomainPattern {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        match text.strip_prefix("*.") {
            Some(domain) => domain.parse().map(Self::Subdomains),
            None => text.parse().map(Self::Exact),
        }
    }
}

impl fmt::Display for DomainPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(domain) => domain.fmt(f),
            Self::Subdomains(domain) => write!(f, "*.{domain}"),
        }
    }
}
