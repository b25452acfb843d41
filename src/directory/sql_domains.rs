//! The list of domains from a database, matched with the profiles of the configuration.

use std::sync::Arc;

use super::domain_map::DomainMap;
use super::sql_list::{Skipped, SkippedRows, SqlList};
use crate::address::Domain;

/// A list, and the profile of the configuration that each of its profiles stands for.
#[derive(Debug, Clone)]
pub struct SqlDomains {
    list: Arc<SqlList>,
    /// For each profile of the list, its index among the profiles of the configuration.
    profiles: Vec<Option<u32>>,
    /// For each profile of the list, the first of its domains that is in no file.
    examples: Vec<Option<Box<str>>>,
    counts: SqlCounts,
}

/// The served and the skipped rows of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlCounts {
    /// Domains that only the list has.
    pub served: usize,
    /// Domains that a file has too. The file counts.
    pub in_files: Skipped,
    /// Domains whose profile is not in the configuration.
    pub unknown_profile: Skipped,
}

impl SqlDomains {
    /// `files` has the domains of the files; `profile_of` returns the index of the profile with an id, and of the
    /// profile in `[directory.sql]` for None.
    pub fn new(
        list: Arc<SqlList>,
        files: &DomainMap,
        profile_of: impl Fn(Option<&Domain>) -> Option<u32>,
    ) -> Self {
        let profiles: Vec<_> = list.profiles().iter().map(|id| profile_of(id.as_ref())).collect();
        let mut counts = SqlCounts::default();
        let mut examples = vec![None; profiles.len()];
        for (domain, profile) in list.iter() {
            if profiles[profile as usize].is_none() {
                let id = list.profiles()[profile as usize].as_ref();
                counts
                    .unknown_profile
                    .add(&id.map_or_else(|| domain.to_owned(), |id| format!("{domain}: {id}")));
            } else if files.contains(domain) {
                counts.in_files.add(domain);
            } else {
                counts.served += 1;
                examples[profile as usize].get_or_insert_with(|| domain.into());
            }
        }
        Self { list, profiles, examples, counts }
    }

    pub fn list(&self) -> &Arc<SqlList> {
        &self.list
    }

    pub fn counts(&self) -> &SqlCounts {
        &self.counts
    }

    /// The rows that are not served, by reason.
    pub fn skipped(&self) -> [(&'static str, &Skipped); 6] {
        let SkippedRows { null, invalid, invalid_profile, conflicting } = &self.list.skipped;
        let SqlCounts { in_files, unknown_profile, served: _ } = &self.counts;
        [
            ("null", null),
            ("invalid", invalid),
            ("invalid_profile", invalid_profile),
            ("conflicting", conflicting),
            ("unknown_profile", unknown_profile),
            ("in_files", in_files),
        ]
    }

    /// The index of a domain's profile. The caller looks into the files first.
    pub fn get(&self, domain: &str) -> Option<u32> {
        self.profiles[self.list.get(domain)? as usize]
    }

    /// A domain of a profile.
    pub fn example_of(&self, profile: u32) -> Option<&str> {
        let mut examples = self.profiles.iter().zip(&self.examples);
        examples.find_map(|(id, example)| example.as_deref().filter(|_| *id == Some(profile)))
    }

    /// The domains with a profile, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.list
            .iter()
            .filter(|(_, profile)| self.profiles[*profile as usize].is_some())
            .map(|(name, _)| name)
    }
}
