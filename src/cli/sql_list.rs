//! `[directory.sql]` on the command line: every command reads the list of domains itself, so that it works without a
//! running server. If the database does not answer, it uses the saved list.

use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use super::output::{could_not_run, warning};
use crate::certificates::time::Age;
use crate::config::Config;
use crate::directory::saved_list::{self, SavedList};
use crate::directory::{ListOrigin, SqlAnswer, SqlError};

/// Whether a command may connect to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Online,
    Offline,
}

/// The list that a command uses.
#[derive(Debug)]
pub struct ListReport {
    pub origin: ListOrigin,
    /// When the database confirmed the saved list.
    pub saved: Option<SystemTime>,
    /// Why the database did not return a list.
    pub error: Option<SqlError>,
    /// Why the saved list cannot be read.
    pub saved_error: Option<io::Error>,
}

/// Reads the list and adds it to the configuration. None if there is no `[directory.sql]`.
pub fn add_to(config: &mut Config, access: Access) -> Option<ListReport> {
    let source = config.settings.sql.as_ref()?;
    let mut report = ListReport { origin: ListOrigin::None, saved: None, error: None, saved_error: None };
    let mut list = None;
    if access == Access::Online {
        match source.read_blocking(None) {
            Ok(SqlAnswer::List { list: read, version: _ }) => {
                (list, report.origin) = (Some(read), ListOrigin::Database);
            }
            Ok(SqlAnswer::Unchanged) => unreachable!("no earlier version is known"),
            Err(error) => report.error = Some(error),
        }
    }
    if list.is_none() {
        let state_dir = config.settings.state_dir.as_deref();
        match state_dir.map(saved_list::read).transpose() {
            Ok(saved) => {
                if let Some(SavedList { list: read, saved }) = saved.flatten() {
                    (list, report.origin, report.saved) = (Some(read), ListOrigin::Saved, Some(saved));
                }
            }
            Err(error) => report.saved_error = Some(error),
        }
    }
    config.directory = config.directory.with_sql_list(list.map(Arc::new), source.profile.as_ref());
    Some(report)
}

impl ListReport {
    /// How old the saved list is: `3 hours`.
    pub fn age(&self) -> Option<Age> {
        Some(Age(SystemTime::now().duration_since(self.saved?).unwrap_or_default()))
    }

    /// Prints a warning if the list does not come from the database.
    pub fn warn(&self) {
        let Some(error) = &self.error else { return };
        let instead = match self.age() {
            Some(age) => format!("using the saved list, which is {age} old"),
            None => format!("the domains of the database are missing{}", self.no_saved_list()),
        };
        warning(&format!("{error}; {instead}"), Some(error.hint()));
    }

    /// Fails if there is no list. Otherwise as [`Self::warn`].
    pub fn require(&self) -> Result<(), std::process::ExitCode> {
        match &self.error {
            Some(error) if self.origin == ListOrigin::None => {
                let message =
                    format!("{}; the domains of the database are missing{}", error, self.no_saved_list());
                Err(could_not_run(&message, Some(error.hint())))
            }
            _ => {
                self.warn();
                Ok(())
            }
        }
    }

    fn no_saved_list(&self) -> String {
        self.saved_error
            .as_ref()
            .map_or_else(String::new, |error| format!("; the saved list cannot be read: {error}"))
    }
}
