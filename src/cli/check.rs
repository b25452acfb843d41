//! `waypost check`: loads the configuration as the server would, plays every client against every
//! profile, and reports.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::progress::in_parallel;
use super::style::Style;
use super::{ConfigArgument, FINDING, complain, print, report_json, report_text};
use crate::check::{Examined, Finding, examine, findings};
use crate::config::{Config, Problem, Severity};

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgument,

    /// How the report looks
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,

    /// Findings that count as errors from here on
    #[arg(long, value_name = "SEVERITY")]
    deny: Vec<Deny>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    Warnings,
    Notes,
}

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

impl Check {
    pub fn run(self) -> ExitCode {
        let config = match self.config.load_what_is_right() {
            Ok(config) => config,
            Err(error) => return complain(&error),
        };
        let report = Report::new(&config, &self.deny);
        let Counts { errors, warnings, .. } = report.counts();
        let code = if errors + warnings == 0 { ExitCode::SUCCESS } else { ExitCode::from(FINDING) };
        let text = match self.format {
            ReportFormat::Text => report_text::report(&report, Style::of_stdout()),
            ReportFormat::Json => report_json::report(&report),
        };
        print(&text, code)
    }
}

impl<'c> Report<'c> {
    fn new(config: &'c Config, deny: &[Deny]) -> Self {
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
