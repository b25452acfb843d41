//! `waypost check`: loads the configuration as the server would, plays every client against every
//! profile, and reports.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::report::{Counts, Deny, Report};
use super::style::Style;
use super::{ConfigArgument, FINDING, complain, print, report_json, report_text};

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

impl Check {
    pub fn run(self) -> ExitCode {
        let config = match self.config.load_valid_parts() {
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
