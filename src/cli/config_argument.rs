//! `--config`, for every command that reads the configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::output::{message, not_loaded};
use crate::config::{Config, LoadError};

#[derive(Debug, Args)]
pub struct ConfigArgument {
    /// The configuration file [default: config/waypost.toml if it exists, else
    /// /etc/waypost/waypost.toml]
    #[arg(
        long,
        value_name = "FILE",
        env = "WAYPOST_CONFIG",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    config: Option<PathBuf>,
}

impl ConfigArgument {
    /// Loads the configuration and prints its path, or reports why it cannot be loaded.
    pub fn load<T>(&self, load: fn(&Path) -> Result<T, LoadError>) -> Result<T, ExitCode> {
        let path = self.locate().map_err(|error| not_loaded(&error))?;
        message(format_args!("configuration: {}", path.display()));
        load(&path).map_err(|error| not_loaded(&error))
    }

    pub fn locate(&self) -> Result<PathBuf, LoadError> {
        Config::locate(self.config.clone())
    }
}
