//! `waypost health`: whether the running server answers, for containers and monitors without a shell.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::config_argument::ConfigArgument;
use super::local_client::LocalRequest;
use super::output::{errors_found, print, print_problems};
use crate::config::{Config, Listener, Settings};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Health {
    #[command(flatten)]
    config: ConfigArgument,

    /// Test this listener, not a listener in the configuration
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listener>,

    /// Wait at most this many seconds for a response
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

const EXAMPLES: &str = "\
Examples:
  waypost health
  waypost health --listen unix:/run/waypost/admin.sock
  waypost health --listen https://127.0.0.1:443 --timeout 2

Exit codes:
  0  The server answers with a status below 500
  1  The server does not answer, or answers with a status of 500 or above
  2  The command could not run";

impl Health {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let request = match self.listen {
            Some(listener) => document_request(listener),
            None => {
                let (settings, problems) = self.config.load(Config::settings)?;
                // The server may still answer, with an older configuration.
                print_problems(&problems);
                health_request(settings)
            }
        };
        let listener = request.listener.clone();
        let error = match request.send(Duration::from_secs(self.timeout)) {
            // This command does not know the domains, so a 404 is a response too.
            Ok(response) if response.status < 500 => {
                return Ok(print(&format!("{listener} answers\n"), ExitCode::SUCCESS));
            }
            Ok(response) => format!("{listener} answers with status {}", response.status),
            Err(error) => format!("{listener} does not answer: {error}"),
        };
        Err(errors_found(&error, Some("start the server (waypost serve), or read its log")))
    }
}

/// The admin listener has a route for this. Otherwise a listener without TLS is preferred.
fn health_request(settings: Settings) -> LocalRequest {
    if let Some(listener) = settings.admin.listen {
        return LocalRequest { listener, method: "GET", path: "/healthz" };
    }
    let all = settings.listen;
    let plain = all.iter().find(|listener| !listener.is_https).or(all.first()).cloned();
    document_request(plain.unwrap_or(Settings::DEFAULT_LISTEN.into()))
}

fn document_request(listener: Listener) -> LocalRequest {
    LocalRequest { listener, method: "GET", path: "/mail/config-v1.1.xml" }
}
