//! The in-memory index from domains and MX hosts to profiles.

use std::collections::HashMap;
use std::sync::Arc;

use super::domain_map::DomainMap;
use super::sql_domains::SqlDomains;
use super::sql_list::SqlList;
use crate::address::Domain;
use crate::documents::RenderedProfile;

/// Every profile, and the names that lead to it. A clone shares the profiles and the names.
///
/// A domain that a file names comes before the list of a database, and that before the wildcards of the files.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    profiles: Arc<Vec<RenderedProfile>>,
    /// The domains of the files. The values are indexes of `profiles`.
    exact: Arc<DomainMap>,
    /// `example.org` for `*.example.org`.
    subdomains: Arc<DomainMap>,
    mx_hosts: Arc<HashMap<Domain, ProfileId>>,
    sql: Option<SqlDomains>,
}

/// A profile's index in its [`Directory`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileId(u32);

impl ProfileId {
    /// The index in [`Directory::entries`].
    pub fn index(self) -> usize {
        self.0 as usize
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
    /// A directory of profiles, and of their domains in the configuration files. The values of `exact` and
    /// `subdomains` are indexes of `profiles`.
    pub fn new(profiles: Vec<RenderedProfile>, exact: DomainMap, subdomains: DomainMap) -> Self {
        Self {
            profiles: Arc::new(profiles),
            exact: Arc::new(exact),
            subdomains: Arc::new(subdomains),
            mx_hosts: Arc::default(),
            sql: None,
        }
    }

    /// The same directory with the list of a database in place of the former one. `default` is the id of the profile
    /// for rows that name none.
    #[must_use]
    pub fn with_sql_list(&self, list: Option<Arc<SqlList>>, default: Option<&Domain>) -> Self {
        let sql = list.map(|list| {
            let by_id: HashMap<&Domain, u32> =
                (0..).zip(self.profiles.iter()).map(|(index, entry)| (&entry.profile.id, index)).collect();
            SqlDomains::new(list, &self.exact, |id| by_id.get(id.or(default)?).copied())
        });
        Self { sql, ..self.clone() }
    }

    /// The list of a database, if there is one.
    pub fn sql(&self) -> Option<&SqlDomains> {
        self.sql.as_ref()
    }

    /// Maps an MX host to a profile, for domains that are not listed. The caller leaves out hosts that are
    /// domains of another profile, since that profile answers there.
    ///
    /// # Errors
    /// The other profile that already has it.
    pub fn insert_mx_host(&mut self, host: Domain, profile: ProfileId) -> Result<(), ProfileId> {
        let mapped = *Arc::make_mut(&mut self.mx_hosts).entry(host).or_insert(profile);
        if mapped == profile { Ok(()) } else { Err(mapped) }
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
        Some(ProfileMatch { entry: self.entry(id), domain, is_served: true })
    }

    fn at_mx_host<'a>(&'a self, requested: Option<&'a Domain>, host: &'a Domain) -> Option<ProfileMatch<'a>> {
        let id = *self.mx_hosts.get(host)?;
        Some(ProfileMatch {
            entry: self.entry(id),
            domain: requested.unwrap_or(host),
            is_served: requested.is_none(),
        })
    }

    /// The profile that a domain is mapped to.
    pub fn profile_of(&self, domain: &Domain) -> Option<ProfileId> {
        let listed = self.listed(domain.as_str());
        // The nearest wildcard wins.
        let wildcard = || domain.parents().find_map(|parent| self.subdomains.get(parent));
        listed.or_else(wildcard).map(ProfileId)
    }

    /// Whether a file or the list of a database names the domain itself. Names under wildcards and the domains of an
    /// MX host's customers are not listed: their number is not limited.
    pub fn is_listed(&self, domain: &str) -> bool {
        self.listed(domain).is_some()
    }

    /// Whether a host name is a service host name of a listed domain, and its document is served: `autoconfig.D` and
    /// `autodiscover.D`, `ua-auto-config.D` with PACC, `mta-sts.D` with an MTA-STS policy.
    pub fn is_service_name(&self, host: &Domain) -> bool {
        let found =
            host.as_str().split_once('.').and_then(|(label, domain)| Some((label, self.listed(domain)?)));
        found.is_some_and(|(label, index)| self.entry(ProfileId(index)).service_labels().any(|l| l == label))
    }

    fn listed(&self, domain: &str) -> Option<u32> {
        self.exact.get(domain).or_else(|| self.sql.as_ref()?.get(domain))
    }

    fn entry(&self, id: ProfileId) -> &RenderedProfile {
        &self.profiles[id.index()]
    }

    /// Whether `*.domain` is mapped.
    pub fn has_names_below(&self, domain: &Domain) -> bool {
        self.subdomains.contains(domain.as_str())
    }

    /// Whether MX hosts are mapped to a profile.
    pub fn has_mx_hosts(&self, id: &Domain) -> bool {
        self.mx_hosts.values().any(|mapped| self.entry(*mapped).profile.id == *id)
    }

    /// The profile that an MX host is mapped to.
    pub fn mx_host_profile(&self, host: &str) -> Option<ProfileId> {
        self.mx_hosts.get(host).copied()
    }

    /// The ids of the profiles, in the order of [`Self::entries`].
    pub fn ids(&self) -> impl Iterator<Item = ProfileId> + use<> {
        let count = u32::try_from(self.profiles.len()).expect("there are fewer than 2^32 profiles");
        (0..count).map(ProfileId)
    }

    pub fn entries(&self) -> &[RenderedProfile] {
        &self.profiles
    }

    /// How many domains and wildcards are served.
    pub fn domain_count(&self) -> usize {
        let sql = self.sql.as_ref().map_or(0, |sql| sql.counts().served);
        self.exact.len() + self.subdomains.len() + sql
    }

    /// The domains of the wildcards, sorted: `example.org` for `*.example.org`.
    pub fn wildcards(&self) -> impl Iterator<Item = &str> {
        self.subdomains.iter().map(|(name, _)| name)
    }

    /// The domains that are listed by name: those of the files, sorted, and then those of the database, sorted.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        let sql = self.sql.iter().flat_map(SqlDomains::iter);
        self.exact.iter().map(|(name, _)| name).chain(sql.filter(|name| !self.exact.contains(name)))
    }
}
