//! What `waypost check` found, independent of the output format.

use clap::ValueEnum;

use crate::check::{Finding, ProfileCheck, check_profile, findings};
use crate::cli::parallel::in_parallel;
use crate::config::Config;
use crate::diagnostics::{Problem, Severity};

/// The valid parts of a configuration, and everything that was found in it.
#[derive(Debug)]
pub struct Report<'c> {
    pub config: &'c Config,
    pub examined: Vec<ProfileCheck<'c>>,
    pub findings: Vec<Finding>,
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
    Warnings,
    Notes,
}

impl<'c> Report<'c> {
    pub fn new(config: &'c Config, deny: &[Deny]) -> Self {
        let profiles: Vec<_> = (0..config.directory.entries().len()).collect();
        let examined: Vec<_> =
            in_parallel(&profiles, "profiles checked", |index| check_profile(config, *index))
                .into_iter()
                .flatten()
                .collect();
        let mut findings = findings(&examined);
        let mut problems = config.notes.clone();
        let findings_severities = findings.iter_mut().map(|finding| &mut finding.severity);
        for severity in findings_severities.chain(problems.iter_mut().map(|problem| &mut problem.severity)) {
            let is_denied = match severity {
                Severity::Error => true,
                Severity::Warning => !deny.is_empty(),
                Severity::Note => deny.contains(&Deny::Notes),
            };
            if is_denied {
                *severity = Severity::Error;
            }
        }
        Self { config, examined, findings, problems }
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
