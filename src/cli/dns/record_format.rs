//! `--format`.

use std::process::ExitCode;

use clap::ValueEnum;

use crate::cli::output::could_not_run;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecordFormat {
    /// A zone file
    Zone,
    /// A table to copy by hand
    Table,
    /// A JSON object; with --all or several domains, an array of objects
    Json,
    /// The body of a PATCH request to the PowerDNS API, for one domain
    Powerdns,
    /// A zone file of OctoDNS, a program that publishes zones; for one domain
    Octodns,
}

impl RecordFormat {
    /// Refuses what the format cannot describe.
    pub fn validate(self, is_single: bool, is_check: bool) -> Result<(), ExitCode> {
        if !matches!(self, Self::Powerdns | Self::Octodns) {
            return Ok(());
        }
        if is_check {
            let hint = "remove --format, or write --format json";
            return Err(could_not_run("--check supports only text and JSON", Some(hint)));
        }
        if !is_single {
            let hint = "run the command once for each domain, or write --format json";
            return Err(could_not_run("this format supports only one domain", Some(hint)));
        }
        Ok(())
    }

    /// The start of a comment, if the format has comments.
    pub fn comment_sign(self) -> Option<&'static str> {
        match self {
            Self::Zone => Some(";"),
            Self::Table | Self::Octodns => Some("#"),
            Self::Json | Self::Powerdns => None,
        }
    }
}
