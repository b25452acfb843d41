//! The commands, one file for each. Here: the arguments.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 success; 1 errors were found;
//! 2 the command could not run.

mod check;
mod config_argument;
mod dns;
mod domain_argument;
mod health;
mod import;
mod import_report;
mod local_client;
mod output;
mod parallel;
mod reload;
mod serve;
mod show;
mod sql_list;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostics::WIDTH;

/// Mail client configuration server
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, term_width = WIDTH, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  waypost check
  waypost show jane@example.com
  waypost serve --listen 127.0.0.1:8080

Exit codes:
  0  The command succeeded
  1  The command found an error, for example a domain that is in no profile
  2  The command could not run; standard error has the reason";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Reload the configuration of the running server, and print the result
    Reload(reload::Reload),
    /// Test whether the running server answers
    Health(health::Health),
    /// Check the configuration, and predict the settings in each mail program
    Check(check::Check),
    /// Print the settings of an email address, or an answer to mail programs
    Show(show::Show),
    /// Convert provider files (Mozilla's XML format) to profiles
    Import(import::Import),
    /// Print or check the DNS records of mail domains
    Dns(dns::Dns),
}

impl Arguments {
    pub fn run(self) -> ExitCode {
        let code = match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Reload(reload) => reload.run(),
            Command::Health(health) => health.run(),
            Command::Check(check) => check.run(),
            Command::Show(show) => show.run(),
            Command::Import(import) => import.run(),
            Command::Dns(dns) => dns.run(),
        };
        code.unwrap_or_else(|code| code)
    }
}
