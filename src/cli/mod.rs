//! What an operator can do. A file a command; here the arguments, and what the commands share.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 a
//! finding, 2 could not run.

mod check;
mod dns;
mod health;
mod import;
mod progress;
mod report;
mod report_json;
mod report_text;
mod serve;
mod show;
mod style;
mod table;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::address::Domain;
use crate::config::{Config, LoadError};
use crate::diagnostics::nearest;
use crate::directory::Directory;

/// Tells mail programs where a mailbox's servers are
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer mail programs
    Serve(serve::Serve),
    /// Say whether the running server answers: exit code 0 if it does, 1 if not
    Health(health::Health),
    /// Load the configuration, play every client against it, and report
    Check(check::Check),
    /// Show what the server would answer for an address
    Show(show::Show),
    /// Turn Mozilla's provider files into profiles
    Import(import::Import),
    /// Print the DNS records that a domain needs, or check those it has
    Dns(dns::Dns),
}

/// Which configuration.
#[derive(Debug, Args)]
struct ConfigArgument {
    /// The configuration file; else ./config/waypost.toml, else /etc/waypost/waypost.toml
    #[arg(
        long,
        value_name = "FILE",
        env = "WAYPOST_CONFIG",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    config: Option<PathBuf>,
}

const FINDING: u8 = 1;
const COULD_NOT_RUN: u8 = 2;

impl Arguments {
    pub fn run(self) -> ExitCode {
        match self.command {
            Command::Serve(serve) => serve.run(),
            Command::Health(health) => health.run(),
            Command::Check(check) => check.run(),
            Command::Show(show) => show.run(),
            Command::Import(import) => import.run(),
            Command::Dns(dns) => dns.run(),
        }
    }
}

impl ConfigArgument {
    fn load_valid_parts(&self) -> Result<Config, LoadError> {
        Config::load_valid_parts(&self.locate()?)
    }

    fn load(&self) -> Result<Config, LoadError> {
        Config::load(&self.locate()?)
    }

    fn locate(&self) -> Result<PathBuf, LoadError> {
        Config::locate(self.config.clone())
    }
}

/// Says something to the operator, if anybody listens.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// `1 profile`, `2 profiles`.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// Writes a result, and ends with a code. A reader that has seen enough (`| head`) is no error; a
/// full disk is.
fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("error: the result cannot be written: {error}"));
            ExitCode::from(COULD_NOT_RUN)
        }
        _ => code,
    }
}

/// Says why a command could not run, and what to do about it.
fn complain(error: &LoadError) -> ExitCode {
    let mut out = io::stderr().lock();
    let _ = match error {
        LoadError::NotFound { looked_at } => {
            let places: Vec<_> = looked_at.iter().map(|path| path.display().to_string()).collect();
            writeln!(
                out,
                "error: there is no configuration file\n  --> looked for {}\nhint: name it with --config \
                 FILE or in $WAYPOST_CONFIG; the smallest one is a waypost.toml with\n\n    listen = \
                 [\"127.0.0.1:8080\"]\n    profiles = \"profiles\"\n\nand a folder `profiles` beside it",
                places.join(" and ")
            )
        }
        LoadError::Unreadable { path, source } => {
            let hint = "name the file with --config FILE or in $WAYPOST_CONFIG, and make it readable";
            writeln!(out, "error: {} cannot be read: {source}\nhint: {hint}", path.display())
        }
        LoadError::Problems(problems) => {
            problems.iter().try_for_each(|problem| writeln!(out, "{problem}\n")).and_then(|()| {
                let errors = problems.iter().filter(|problem| problem.is_error()).count();
                writeln!(out, "error: {error}: {}", count(errors, "error"))
            })
        }
    };
    ExitCode::from(COULD_NOT_RUN)
}

/// Says that nobody serves a domain, and which was meant perhaps.
fn not_ours(domain: &Domain, directory: &Directory) -> String {
    let hint = match nearest(domain.as_str(), directory.domains().map(AsRef::as_ref)) {
        _ if directory.has_names_below(domain) => {
            format!("*.{domain} stands for the names below it; add \"{domain}\" to the profile's domains")
        }
        Some(near) => format!("did you mean {near}?"),
        None => "a profile names its domains in `domains` or `domains_file`".to_owned(),
    };
    format!("error: {domain} is not a domain of any profile\nhint: {hint}")
}
