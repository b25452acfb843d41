//! `--config`, for every command that reads the configuration.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::config::{Config, LoadError};

#[derive(Debug, Args)]
pub struct ConfigArgument {
    /// The configuration file; default: ./config/waypost.toml, else /etc/waypost/waypost.toml
    #[arg(
        long,
        value_name = "FILE",
        env = "WAYPOST_CONFIG",
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    config: Option<PathBuf>,
}

impl ConfigArgument {
    pub fn load_valid_parts(&self) -> Result<Config, LoadError> {
        Config::load_valid_parts(&self.locate()?)
    }

    pub fn load(&self) -> Result<Config, LoadError> {
        Config::load(&self.locate()?)
    }

    pub fn locate(&self) -> Result<PathBuf, LoadError> {
        Config::locate(self.config.clone())
    }
}
