//! `waypost reload`: asks the running server to reload its configuration, and reports its verdict.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::config_argument::ConfigArgument;
use super::local_client::LocalRequest;
use super::output::{could_not_run, count, errors_found, message, print, print_problems};
use crate::admin::{ReloadReport, Reloaded};
use crate::config::{Address, Config, Listener};
use crate::diagnostics::Severity;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Reload {
    #[command(flatten)]
    config: ConfigArgument,

    /// Ask this admin listener instead of the one of the configuration
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listener>,

    /// How many seconds to wait for the verdict
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

const EXAMPLES: &str = "\
Examples:
  waypost reload
  waypost reload --listen unix:/run/waypost/admin.sock

Exit codes: 0 the configuration on disk is served; 1 it has errors, and the
server keeps the old one; 2 the server could not be asked.";

/// The admin listener of the packaged configuration. It is asked too, since the file on disk may be broken, or may name a
/// listener that takes effect after a restart.
const PACKAGED_SOCKET: &str = "/run/waypost/admin.sock";

impl Reload {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let timeout = Duration::from_secs(self.timeout);
        let listeners = match self.listen {
            Some(listener) => vec![listener],
            None => listeners(self.config.load(Config::settings)?.0.admin.listen),
        };
        let Some(first) = listeners.first() else { return Err(no_admin_listener()) };
        let answers = listeners.iter().map(|listener| {
            let request = LocalRequest { listener: listener.clone(), method: "POST", path: "/reload" };
            (listener, request.send(timeout))
        });
        // The error of the first listener is the one to report.
        let mut failed = None;
        let answer = answers.into_iter().find_map(|(listener, answer)| match answer {
            Ok(response) => Some((listener, response)),
            Err(error) => {
                failed.get_or_insert(error);
                None
            }
        });
        let Some((listener, response)) = answer else {
            let cause = failed.map_or_else(String::new, |error| format!(": {error}"));
            let hint = "check that the server runs and has this admin listener: waypost health";
            return Err(could_not_run(&format!("{first} does not answer{cause}"), Some(hint)));
        };
        let report: ReloadReport = serde_json::from_slice(&response.body).map_err(|_| {
            let hint = "name the address of [admin] listen with --listen";
            let error = format!("{listener} answers with status {}, without a verdict", response.status);
            could_not_run(&error, Some(hint))
        })?;
        Ok(self::report(&report))
    }
}

/// The listener of the file, then the packaged one if it exists.
fn listeners(of_file: Option<Listener>) -> Vec<Listener> {
    let path = Path::new(PACKAGED_SOCKET);
    let packaged = path.exists().then(|| Listener { address: Address::Unix(path.into()), is_https: false });
    of_file.into_iter().chain(packaged).collect()
}

fn no_admin_listener() -> ExitCode {
    let hint = "add [admin] with listen = \"unix:/run/waypost/admin.sock\" and restart the server, or send it SIGHUP";
    could_not_run("the configuration has no admin listener to ask", Some(hint))
}

/// Prints the problems on standard error and the verdict on standard output.
fn report(report: &ReloadReport) -> ExitCode {
    let problems = report.problems.iter().filter(|problem| problem.severity != Severity::Note);
    let problems: Vec<_> = problems.cloned().collect();
    print_problems(&problems);
    for key in &report.needs_restart {
        message(format_args!("warning: `{key}` has changed; it takes effect after a restart"));
    }
    let served = format!("{} for {}", count(report.profiles, "profile"), count(report.domains, "domain"));
    let verdict = match report.result {
        Reloaded::Done => format!("reloaded: {served}\n"),
        Reloaded::Unchanged => format!("unchanged: {served}\n"),
        Reloaded::Failed => {
            let error = format!("not reloaded: the server still has {served}, as before");
            return errors_found(&error, Some("correct the errors above and run the command again"));
        }
    };
    print(&verdict, ExitCode::SUCCESS)
}
