//! The database that lists the domains: where it is, what it is asked, and what it answers.
//!
//! `database` reads the list, if Waypost is built with the feature `sql`.

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Builder;

use super::sql_error::SqlError;
use super::sql_list::SqlList;
use crate::address::Domain;

/// `[directory.sql]`, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSource {
    /// Without a password. A path of SQLite is relative to the working folder.
    pub url: String,
    /// The file with the password; without it, `$WAYPOST_SQL_PASSWORD` has the password, if there is one.
    pub password_file: Option<PathBuf>,
    /// CA certificates for the server's certificate. Waypost then requires TLS, and verifies the host name.
    pub ca_file: Option<PathBuf>,
    /// Returns the domains: one column, or two with the id of a profile.
    pub query: String,
    /// Returns one row. The list is read again only if it has changed.
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

/// The kinds of databases, by the scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum SqlDialect {
    #[strum(to_string = "SQLite")]
    Sqlite,
    #[strum(to_string = "PostgreSQL")]
    PostgreSql,
    /// MariaDB too.
    #[strum(to_string = "MySQL")]
    MySql,
}

/// What the database answered.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one answer per poll")]
pub enum SqlAnswer {
    /// `version_query` returned the same value as before.
    Unchanged,
    List {
        list: SqlList,
        /// The value of `version_query`.
        version: Option<String>,
    },
}

impl SqlSource {
    /// As [`Self::read`], for a thread that may wait. The runtime ends with the reading.
    ///
    /// # Errors
    /// If the list cannot be read as a whole.
    pub fn read_blocking(&self, version: Option<&str>) -> Result<SqlAnswer, SqlError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(SqlError::Runtime)?;
        let answer = runtime.block_on(self.read(version));
        // A lookup of the host name may still wait for the name server.
        runtime.shutdown_background();
        answer
    }

    /// How long one reading of the list may take in all. Without this limit, a database that sends one row from time to
    /// time could keep a reading open indefinitely.
    pub fn longest_reading(&self) -> Duration {
        self.timeout * 6
    }
}

impl SqlDialect {
    /// The dialect of a URL, and the rest of the URL after the scheme. None if the scheme is unknown.
    pub fn of_url(url: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = url.split_once(':')?;
        let dialect = match scheme {
            "postgresql" | "postgres" => Self::PostgreSql,
            "mysql" | "mariadb" => Self::MySql,
            "sqlite" => return Some((Self::Sqlite, rest.strip_prefix("//").unwrap_or(rest))),
            _ => return None,
        };
        Some((dialect, rest.strip_prefix("//")?))
    }
}

#[cfg(not(feature = "sql"))]
impl SqlSource {
    /// Connects and reads the list. `version` is the version of the list that is already known, if there is one.
    ///
    /// # Errors
    /// Always, because this build has no SQL support.
    #[allow(clippy::unused_async, reason = "with the feature, it waits")]
    pub async fn read(&self, _version: Option<&str>) -> Result<SqlAnswer, SqlError> {
        Err(SqlError::NotBuilt)
    }

    /// # Errors
    /// Never, because this build does not use the URL.
    pub fn check_url(&self) -> Result<(), SqlError> {
        Ok(())
    }
}
