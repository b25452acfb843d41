//! `waypost serve`: runs the server.

use std::error::Error as _;
use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tracing::level_filters::LevelFilter;

use super::config_argument::ConfigArgument;
use super::output::{could_not_run, not_loaded};
use crate::config::Listener;
use crate::logging::subscriber as log;
use crate::logging::subscriber::LogFormat;
use crate::service;
use crate::service::Error;

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigArgument,

    /// Listen on this address instead of the configured public listeners;
    /// repeatable. Write IP:PORT, unix:PATH or, with TLS, https://IP:PORT
    #[arg(long, value_name = "ADDR")]
    listen: Vec<Listener>,

    /// The format of log lines [default: text on a terminal, else json]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,

    /// Write log lines of this level and of more severe levels
    #[arg(long, value_name = "LEVEL", env = "WAYPOST_LOG", default_value = "info", value_parser = log_level())]
    log_level: LevelFilter,

    /// Write one log line for each request, at level info
    #[arg(long)]
    log_requests: bool,
}

const EXAMPLES: &str = "\
Examples:
  waypost serve
  waypost serve --listen 127.0.0.1:8081 --log-level debug
  waypost serve --config /etc/waypost/waypost.toml --log-requests

Exit codes:
  0  A signal stopped the server
  2  The server could not start";

fn log_level() -> impl TypedValueParser<Value = LevelFilter> {
    PossibleValuesParser::new(["off", "error", "warn", "info", "debug", "trace"])
        .try_map(|level| level.parse::<LevelFilter>())
}

impl Serve {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let _log = log::start(self.log_format, self.log_level, self.log_requests);
        let served =
            self.config.locate().map_err(Error::Config).and_then(|path| service::run(&path, self.listen));
        served.map(|()| ExitCode::SUCCESS).map_err(|error| {
            if let Error::Config(error) = error {
                return not_loaded(&error);
            }
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            could_not_run(&format!("{error}{cause}"), error.hint().as_deref())
        })
    }
}
