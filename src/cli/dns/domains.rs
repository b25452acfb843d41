//! The domains of one command, and their records.

use std::process::ExitCode;

use crate::address::Domain;
use crate::cli::output::not_served;
use crate::config::Config;
use crate::dns::{Denials, Records};

pub struct Domains<'c> {
    pub config: &'c Config,
    /// Each once.
    pub list: Vec<Domain>,
    /// Wildcards have no records of their own.
    pub wildcards: Vec<Domain>,
    /// Whether the command line names exactly one domain.
    pub is_single: bool,
    denials: Denials,
}

impl<'c> Domains<'c> {
    /// All domains that the profiles list by name, sorted.
    pub fn all(config: &'c Config, denials: Denials) -> Self {
        let mut list: Vec<_> = config.directory.domains().filter_map(|name| name.parse().ok()).collect();
        list.sort_unstable();
        let wildcards = config.directory.wildcards().filter_map(|name| name.parse().ok()).collect();
        Self { config, list, wildcards, is_single: false, denials }
    }

    pub fn named(config: &'c Config, denials: Denials, named: &[Domain], is_single: bool) -> Self {
        let mut list = Vec::new();
        for domain in named {
            if !list.contains(domain) {
                list.push(domain.clone());
            }
        }
        Self { config, list, wildcards: Vec::new(), is_single, denials }
    }

    /// None if the domain is not served.
    pub fn records(&self, domain: &Domain) -> Option<Records> {
        let Config { directory, settings, .. } = self.config;
        let found = directory.served(domain)?;
        Some(Records::of(&found, settings, directory, self.denials))
    }

    /// Reports a domain that is not served.
    pub fn report_not_served(&self, domain: &Domain) -> ExitCode {
        not_served(domain, &self.config.directory)
    }
}
