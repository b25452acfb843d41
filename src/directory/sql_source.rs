//! The database that lists the domains: where it is, what it is asked, and what it answers.

use std::path::PathBuf;
use std::time::Duration;

use super::sql_list::SqlList;
use crate::address::Domain;

/// `[directory.sql]`, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSource {
    /// Without a password.
    pub url: String,
    /// The file with the password; without it, `$WAYPOST_SQL_PASSWORD` has the password, if there is one.
    pub password_file: Option<PathBuf>,
    /// The CA certificates that the server's certificate is verified with.
    pub ca_file: Option<PathBuf>,
    /// Returns the domains: one column, or two with the id of a profile.
    pub query: String,
    /// Returns one value. The list is read again only if it has changed.
    pub version_query: Option<String>,
    /// The profile of all domains, if the query has one column.
    pub profile: Option<Domain>,
    /// The time between two readings of the list.
    pub poll: Duration,
    /// How long Waypost waits for the connection, for an answer and for the next row.
    pub timeout: Duration,
    /// More rows than this are refused.
    pub max_domains: usize,
}

/// What the database answered.
#[derive(Debug)]
pub enum SqlAnswer {
    /// `version_query` returned the same value as before.
    Unchanged,
    List {
        list: SqlList,
        /// The value of `version_query`.
        version: Option<String>,
    },
}

/// Why the list cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    #[error("this build of Waypost has no SQL support")]
    NotBuilt,
}

impl SqlError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotBuilt => "build Waypost with the feature `sql`".to_owned(),
        }
    }
}

impl SqlSource {
    /// Connects and reads the list. `version` is the version of the list that is already known, if there is one.
    ///
    /// # Errors
    /// If the list cannot be read as a whole.
    pub async fn read(&self, version: Option<&str>) -> Result<SqlAnswer, SqlError> {
        let _ = version;
        Err(SqlError::NotBuilt)
    }
}
