//! `waypost check`: loads the configuration as the server would, runs every client model on every profile, and reports.

mod json;
mod report;
mod text;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::report::{Counts, Deny, Report};
use super::config_argument::ConfigArgument;
use super::output::{exit_code, print};
use crate::config::Config;

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgument,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,

    /// Treat findings of this severity as errors
    #[arg(long, value_name = "SEVERITY")]
    deny: Vec<Deny>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    Text,
    Json,
}

impl Check {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let config = self.config.load(Config::load_valid_parts)?;
        let report = Report::new(&config, &self.deny);
        let Counts { errors, warnings, .. } = report.counts();
        let text = match self.format {
            ReportFormat::Text => text::write(&report),
            ReportFormat::Json => json::write(&report),
        };
        Ok(print(&text, exit_code(errors + warnings > 0)))
    }
}
