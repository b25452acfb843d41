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
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostics::WIDTH;

/// Tells mail programs which servers a mailbox uses
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, term_width = WIDTH)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Serve),
    /// Ask the running server to reload its configuration, and report the result
    Reload(reload::Reload),
    /// Ask whether the server answers: exit code 0 if it does, 1 if not
    Health(health::Health),
    /// Check the configuration: load it, run every client model on every profile, and report
    Check(check::Check),
    /// Show what the server answers for an address
    Show(show::Show),
    /// Convert Mozilla's provider files to profiles
    Import(import::Import),
    /// Print the DNS records of mail domains, or compare them with the DNS
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
