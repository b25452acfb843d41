//! `waypost serve`: the server.

use std::process::ExitCode;

use clap::Args;

use super::{COULD_NOT_RUN, ConfigArgument, complain, say};
use crate::config::Listener;
use crate::service::{self, LogFormat, LogLevel};

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
        service::start_log(self.log_format, self.log_level);
        match self.config.locate().map(|path| service::run(&path, self.listen)) {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(service::Error::Config(error))) | Err(error) => complain(&error),
            Ok(Err(error)) => {
                say(&format!("error: {error}"));
                ExitCode::from(COULD_NOT_RUN)
            }
        }
    }
}
