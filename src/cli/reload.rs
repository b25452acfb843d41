//! `waypost reload`: asks the running server to reload its configuration, and reports the result.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::config_argument::ConfigArgument;
use super::local_client::LocalRequest;
use super::output::{could_not_run, count, errors_found, message, print, print_problems};
use crate::admin::{ReloadReport, Reloaded};
use crate::config::{Address, Config, Listener, PACKAGED_CONFIG};
use crate::diagnostics::{Problem, Severity};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Reload {
    #[command(flatten)]
    config: ConfigArgument,

    /// Send the request to this admin listener, not to the configured one
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listener>,

    /// Wait at most this many seconds for the result
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

const EXAMPLES: &str = "\
Examples:
  waypost reload
  waypost reload --listen unix:/run/waypost/admin.sock

Exit codes:
  0  The server has loaded the files, or they have not changed
  1  The files have errors; the server keeps the old configuration
  2  The command could not run";

/// The admin listener of the packaged configuration. The command asks it too, because the file on disk can have errors or
/// a listener that takes effect after a restart.
const PACKAGED_SOCKET: &str = "/run/waypost/admin.sock";

impl Reload {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let timeout = Duration::from_secs(self.timeout);
        let (listeners, problems) = self.listeners()?;
        let Some(first) = listeners.first() else { return Err(no_admin_listener(&problems)) };
        let mut failed = None;
        let answer = listeners.iter().find_map(|listener| {
            let request = LocalRequest { listener: listener.clone(), method: "POST", path: "/reload" };
            // The error of the first listener is the one to report.
            let response = request.send(timeout).map_err(|error| failed.get_or_insert(error).kind());
            Some((listener, response.ok()?))
        });
        let Some((listener, response)) = answer else {
            print_problems(&problems);
            return Err(no_answer(first, failed.as_ref()));
        };
        let report: ReloadReport = serde_json::from_slice(&response.body).map_err(|_| {
            let hint = "set --listen to the address of `listen` in [admin]";
            let error =
                format!("{listener} is not the admin listener: it answers with status {}", response.status);
            could_not_run(&error, Some(hint))
        })?;
        Ok(self::report(&report))
    }

    /// The listeners to ask, in this order, and the problems of the file that names them.
    fn listeners(&self) -> Result<(Vec<Listener>, Vec<Problem>), ExitCode> {
        if let Some(listener) = &self.listen {
            return Ok((vec![listener.clone()], Vec::new()));
        }
        let (settings, problems) = self.config.load(Config::settings)?;
        let mut listeners: Vec<_> = settings.admin.listen.into_iter().collect();
        let is_packaged = self.config.locate().is_ok_and(|path| path == Path::new(PACKAGED_CONFIG));
        let socket = Path::new(PACKAGED_SOCKET);
        if is_packaged && socket.exists() {
            listeners.push(Listener { address: Address::Unix(socket.into()), is_https: false });
        }
        Ok((listeners, problems))
    }
}

fn no_answer(listener: &Listener, error: Option<&io::Error>) -> ExitCode {
    let hint = match error.map(io::Error::kind) {
        Some(io::ErrorKind::PermissionDenied) => "run this command as root or as the server's user",
        _ => "check that the server is running and that this is its admin listener: waypost health",
    };
    let cause = error.map_or_else(String::new, |error| format!(": {error}"));
    could_not_run(&format!("{listener} does not answer{cause}"), Some(hint))
}

/// No listener is configured, or the file is so broken that its listener cannot be read.
fn no_admin_listener(problems: &[Problem]) -> ExitCode {
    print_problems(problems);
    if problems.iter().any(Problem::is_error) {
        let hint = "correct the errors above, or set --listen to the admin listener";
        return could_not_run("the configuration has errors, so the admin listener is unknown", Some(hint));
    }
    let hint = "add [admin] with listen = \"unix:/run/waypost/admin.sock\" and restart the server; or \
                send SIGHUP to the server to reload";
    could_not_run("the configuration has no admin listener", Some(hint))
}

/// Prints the problems on standard error and the result on standard output.
fn report(report: &ReloadReport) -> ExitCode {
    let problems = report.problems.iter().filter(|problem| problem.severity != Severity::Note);
    let problems: Vec<_> = problems.cloned().collect();
    print_problems(&problems);
    for key in &report.needs_restart {
        message(format_args!("warning: `{key}` has changed; it takes effect after a restart"));
    }
    let served = format!("{} for {}", count(report.profiles, "profile"), count(report.domains, "domain"));
    let result = match report.result {
        Reloaded::Done => format!("reloaded: {served}\n"),
        Reloaded::Unchanged => format!("unchanged: {served}\n"),
        Reloaded::Failed => {
            let error = format!("not reloaded: the server keeps the old configuration, {served}");
            return errors_found(&error, Some("correct the errors above and run the command again"));
        }
    };
    print(&result, ExitCode::SUCCESS)
}
