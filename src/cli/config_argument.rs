//! `--config`, for every command that reads the configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::output::{message, not_loaded};
use crate::config::{Config, LoadError, PACKAGED_CONFIG};

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
        if self.hides(&path, Path::new(PACKAGED_CONFIG)) {
            message(format_args!(
                "note: {PACKAGED_CONFIG} is not used in this folder; pass --config {PACKAGED_CONFIG}"
            ));
        }
        load(&path).map_err(|error| not_loaded(&error))
    }

    pub fn locate(&self) -> Result<PathBuf, LoadError> {
        Config::locate(self.config.clone())
    }

    /// Whether the file was found in the current folder, before an installed one.
    fn hides(&self, used: &Path, installed: &Path) -> bool {
        let is_given = self.config.as_ref().is_some_and(|path| !path.as_os_str().is_empty());
        !is_given && used != installed && installed.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_an_installed_configuration_that_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let installed = folder.path().join("waypost.toml");
        let by_default = ConfigArgument { config: None };
        let used = Path::new("config/waypost.toml");
        assert!(!by_default.hides(used, &installed));
        std::fs::write(&installed, "").unwrap();
        assert!(by_default.hides(used, &installed));
        assert!(!by_default.hides(&installed, &installed));
        assert!(!ConfigArgument { config: Some(used.into()) }.hides(used, &installed));
        assert!(ConfigArgument { config: Some(PathBuf::new()) }.hides(used, &installed));
    }
}
