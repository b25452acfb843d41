//! What `waypost check` found, before anybody words it.

use clap::ValueEnum;

use super::progress::in_parallel;
use crate::check::{Examined, Finding, examine, findings};
use crate::config::Config;
use crate::diagnostics::{Problem, Severity};

/// What is right of a configuration, and what was found in all of it.
#[derive(Debug)]
pub struct Report<'c> {
    pub config: &'c Config,
    pub examined: Vec<Examined<'c>>,
    pub findings: Vec<Finding>,
    /// What the loader has to say.
    pub problems: Vec<Problem>,
}

/// How many there are of each severity.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Counts {
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
}

/// Which findings count as errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    Warnings,
    Notes,
}

impl<'c> Report<'c> {
    pub fn new(config: &'c Config, deny: &[Deny]) -> Self {
        let profiles: Vec<_> = (0..config.directory.entries().len()).collect();
        let examined: Vec<_> = in_parallel(&profiles, "profiles checked", |index| examine(config, *index))
            .into_iter()
            .flatten()
            .collect();
        let mut findings = findings(&examined);
        let mut problems = config.notes.clone();
        let denied = |severity: &mut Severity| {
            let is_denied = match severity {
                Severity::Error => false,
                Severity::Warning => !deny.is_empty(),
                Severity::Note => deny.contains(&Deny::Notes),
            };
            if is_denied {
                *severity = Severity::Error;
            }
        };
        for finding in &mut findings {
            denied(&mut finding.severity);
        }
        for problem in &mut problems {
            denied(&mut problem.severity);
        }
        Self { config, examined, findings, problems }
    }

    pub fn counts(&self) -> Counts {
        let severities = self.findings.iter().map(|finding| finding.severity);
        Counts::of(severities.chain(self.problems.iter().map(|problem| problem.severity)))
    }
}

impl Counts {
    fn of(severities: impl Iterator<Item = Severity>) -> Self {
        let mut counts = Self::default();
        for severity in severities {
            match severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Note => counts.notes += 1,
            }
        }
        counts
    }
}
