//! `waypost check`: loads the configuration as the server would, and reports.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{ConfigArgument, FINDING, complain, count, print};
use crate::config::{LoadError, Problem};

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgument,

    /// How the report looks
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    Text,
    Json,
}

/// What was found. The counts are missing when the configuration cannot be used.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    loaded: Option<Loaded>,
    problems: &'a [Problem],
}

#[derive(Debug, Serialize)]
struct Loaded {
    profiles: usize,
    domains: usize,
}

impl Check {
    pub fn run(self) -> ExitCode {
        let loaded;
        let problems;
        let counts = match self.config.load() {
            Ok((_, config)) => {
                loaded = config;
                problems = loaded.notes.as_slice();
                Some(Loaded { profiles: loaded.directory.entries().len(), domains: loaded.directory.len() })
            }
            Err(LoadError::Problems(found)) => {
                let is_ok = Report { loaded: None, problems: &found }.print(self.format);
                return exit_code(is_ok);
            }
            Err(error) => return complain(&error),
        };
        exit_code(Report { loaded: counts, problems }.print(self.format))
    }
}

fn exit_code(is_ok: bool) -> ExitCode {
    if is_ok { ExitCode::SUCCESS } else { ExitCode::from(FINDING) }
}

impl Report<'_> {
    /// Prints the report; whether the configuration can be used.
    fn print(&self, format: ReportFormat) -> bool {
        match format {
            ReportFormat::Text => print(&self.text()),
            ReportFormat::Json => {
                let json = serde_json::to_string_pretty(self).expect("a report can be written as JSON");
                print(&(json + "\n"));
            }
        }
        self.loaded.is_some()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for problem in self.problems {
            let _ = writeln!(text, "{problem}\n");
        }
        let errors = self.problems.iter().filter(|problem| problem.is_error()).count();
        let notes = self.problems.len() - errors;
        let _ = match &self.loaded {
            Some(Loaded { profiles, domains }) => {
                writeln!(
                    text,
                    "{} for {}: good, {}",
                    count(*profiles, "profile"),
                    count(*domains, "domain"),
                    count(notes, "note")
                )
            }
            None => writeln!(text, "{}, {}", count(errors, "error"), count(notes, "note")),
        };
        text
    }
}
