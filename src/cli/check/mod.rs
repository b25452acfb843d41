//! `waypost check`: loads the configuration as the server would, runs every client model on every profile, and reports.

mod json;
mod matrix;
mod report;
mod sql;
mod text;

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use self::report::{Deny, Report};
use self::text::Selection;
use super::config_argument::ConfigArgument;
use super::domain_argument::domain;
use super::output::{errors_found, exit_code, message, not_served, not_served_text, print};
use super::sql_list::{self, Access};
use crate::address::Domain;
use crate::config::Config;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    /// Check only the profiles of these domains [default: all profiles]
    #[arg(value_name = "DOMAIN", value_parser = domain)]
    domains: Vec<Domain>,

    #[command(flatten)]
    config: ConfigArgument,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: ReportFormat,

    /// Treat findings of this severity as errors
    #[arg(long, value_name = "SEVERITY")]
    deny: Vec<Deny>,

    /// Print all rows of the matrix. Without this option, and with errors or more
    /// than five profiles, it omits rows in which every cell is "ok" or "-"
    #[arg(long, value_name = "ROWS")]
    matrix: Option<Rows>,

    /// Do not connect to the database of [directory.sql]. The command uses the list
    /// that the server has saved in `state_dir`
    #[arg(long)]
    offline: bool,

    /// Read the domains from the database of [directory.sql] (the default)
    #[arg(long, conflicts_with = "offline")]
    online: bool,

    /// Also print notes that need no action
    #[arg(long)]
    verbose: bool,
}

const EXAMPLES: &str = "\
Examples:
  waypost check
  waypost check example.com --matrix all --verbose
  waypost check --config new/waypost.toml --deny warnings
  waypost check --offline
  waypost check --format json > report.json

Exit codes:
  0  There is no error; warnings and notes are possible
  1  There is an error, or a DOMAIN that is in no profile
  2  The command could not run";

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Rows {
    All,
}

impl Check {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let mut config = self.config.load(Config::load_valid_parts)?;
        let access = if self.offline { Access::Offline } else { Access::Online };
        let list = sql_list::add_to(&mut config, access);
        let report = Report::new(&config, list.as_ref(), &self.domains, &self.deny);
        if let Some(hash) = report.hash() {
            message(format_args!("hash: {hash}"));
        }
        let selection = Selection { all_rows: self.matrix.is_some(), all_notes: self.verbose };
        let text = match self.format {
            ReportFormat::Text => text::write(&report, selection),
            ReportFormat::Json => json::write(&report),
        };
        let is_unknown = |domain: &&Domain| config.directory.profile_of(domain).is_none();
        let unknown: Vec<_> = self.domains.iter().filter(is_unknown).collect();
        let code = exit_code(report.counts().errors > 0 || !unknown.is_empty());
        // Without a served domain, there is nothing to report but errors.
        let is_empty = report.examined.is_empty() && !unknown.is_empty() && report.problems.is_empty();
        let code = if is_empty { code } else { print(&text, code) };
        let has_errors = report.hash().is_none();
        Ok(unknown.into_iter().fold(code, |_, domain| {
            if has_errors {
                // The profile of the domain can be one of the profiles with errors.
                errors_found(&not_served_text(domain), Some("correct the errors above, and try again"))
            } else {
                not_served(domain, &config.directory)
            }
        }))
    }
}
