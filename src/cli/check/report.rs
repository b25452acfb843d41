//! What `waypost check` found, independent of the output format.

use std::collections::HashSet;

use clap::ValueEnum;

use super::sql;
use crate::address::Domain;
use crate::check::{Finding, ProfileCheck, check_domain, check_profile, findings};
use crate::cli::parallel::in_parallel;
use crate::cli::sql_list::ListReport;
use crate::config::Config;
use crate::diagnostics::{Problem, Severity};
use crate::files::ConfigHash;

/// The valid parts of a configuration, and everything that was found in it.
#[derive(Debug)]
pub struct Report<'c> {
    pub config: &'c Config,
    /// The list of domains from a database, if there is a `[directory.sql]`.
    pub list: Option<&'c ListReport>,
    pub examined: Vec<ProfileCheck<'c>>,
    pub findings: Vec<Finding>,
    /// Whether only some profiles were to be checked.
    pub is_selection: bool,
    /// The problems that loading found.
    pub problems: Vec<Problem>,
}

/// The number of findings and problems of each severity.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Counts {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

/// Findings of this severity or a higher one count as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings
    Warnings,
    /// Warnings, and notes that need action
    Notes,
}

impl<'c> Report<'c> {
    /// Checks all profiles, or those of the given domains.
    pub fn new(config: &'c Config, list: Option<&'c ListReport>, domains: &[Domain], deny: &[Deny]) -> Self {
        let examined = if domains.is_empty() {
            let profiles: Vec<_> = (0..config.directory.entries().len()).collect();
            in_parallel(&profiles, "profiles checked", |index| check_profile(config, *index))
        } else {
            // Each profile once, with an address of the first of its domains.
            let mut seen = HashSet::new();
            let is_new = |domain: &&Domain| {
                config.directory.profile_of(domain).is_some_and(|profile| seen.insert(profile.index()))
            };
            let domains: Vec<_> = domains.iter().filter(is_new).collect();
            in_parallel(&domains, "domains checked", |domain| check_domain(config, domain))
        };
        let examined: Vec<_> = examined.into_iter().flatten().collect();
        let mut findings = findings(&examined);
        let mut problems = config.notes.clone();
        if let (Some(list), Some(location)) = (list, &config.settings.sql_location) {
            problems.extend(sql::problems(config, list, location));
        }
        if !domains.is_empty() {
            // An error anywhere prevents the start. Other problems matter only in the files of these domains.
            problems.retain(|problem| {
                let is_of = |one: &ProfileCheck| one.origin.location.file == problem.location.file;
                problem.is_error() || examined.iter().any(is_of)
            });
        }
        // A note without a next step explains a result; it cannot be resolved, so it is never denied.
        let findings_severities =
            findings.iter_mut().filter(|finding| finding.needs_action).map(|finding| &mut finding.severity);
        let problem_severities =
            problems.iter_mut().filter(|problem| problem.hint.is_some()).map(|problem| &mut problem.severity);
        for severity in findings_severities.chain(problem_severities) {
            let is_denied = match severity {
                Severity::Error => true,
                Severity::Warning => !deny.is_empty(),
                Severity::Note => deny.contains(&Deny::Notes),
            };
            if is_denied {
                *severity = Severity::Error;
            }
        }
        Self { config, list, examined, findings, is_selection: !domains.is_empty(), problems }
    }

    /// The hash that a server with these files reports; None if their errors prevent that.
    pub fn hash(&self) -> Option<ConfigHash> {
        let has_errors = self.config.notes.iter().any(Problem::is_error);
        (!has_errors).then_some(self.config.hash)
    }

    pub fn counts(&self) -> Counts {
        let count = |severity| {
            let findings = self.findings.iter().filter(|finding| finding.severity == severity).count();
            findings + self.problems.iter().filter(|problem| problem.severity == severity).count()
        };
        Counts {
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}
