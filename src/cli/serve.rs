//! `waypost serve`: the server.

use std::error::Error as _;
use std::process::ExitCode;

use clap::Args;

use super::{COULD_NOT_RUN, ConfigArgument, complain, say};
use crate::config::Listener;
use crate::logging::subscriber as log;
use crate::logging::subscriber::{LogFormat, LogLevel};
use crate::service;
use crate::service::Error;

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigArgument,

    /// Listen here instead of where the file says; may be given several times
    ///
    /// An IP address with a port, or `unix:/run/waypost/http.sock`; `https://` before it for TLS
    #[arg(long, value_name = "ADDR")]
    listen: Vec<Listener>,

    /// How log lines look; by default text on a terminal, JSON otherwise
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,

    /// The least important log lines that are written; `debug` has one for each request
    #[arg(long, value_name = "LEVEL", env = "WAYPOST_LOG", default_value = "info")]
    log_level: LogLevel,
}

impl Serve {
    pub fn run(self) -> ExitCode {
        let _log = log::start(self.log_format, self.log_level);
        let served =
            self.config.locate().map_err(Error::Config).and_then(|path| service::run(&path, self.listen));
        match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(Error::Config(error)) => complain(&error),
            Err(error) => {
                let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
                let hint = error.hint().map_or_else(String::new, |hint| format!("\nhint: {hint}"));
                say(&format!("error: {error}{cause}{hint}"));
                ExitCode::from(COULD_NOT_RUN)
            }
        }
    }
}
