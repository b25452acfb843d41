//! Why a database cannot list the domains, and the next step of the operator.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why the list cannot be read. The text is one line. It contains neither the URL nor the password.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    #[error("this build of Waypost has no SQL support")]
    NotBuilt,
    #[error("the database cannot be asked: {0}")]
    Runtime(#[source] io::Error),
    #[error("`{key}` cannot be read: {}: {source}", path.display())]
    File { key: &'static str, path: PathBuf, source: io::Error },
    #[error("`ca_file` has no certificate in PEM format: {}", path.display())]
    NoCertificate { path: PathBuf },
    #[error("`url` is invalid: {reason}")]
    Url { reason: String },
    #[error("no connection to the database: {reason}")]
    Unreachable { reason: String },
    #[error("no TLS connection to the database: {reason}")]
    Tls { reason: String },
    #[error("the database rejects the login: {reason}")]
    Login { reason: String },
    /// The client library does not support how the server authenticates this user.
    #[error("the authentication method of the database user is not supported: {reason}")]
    Authentication { reason: String },
    #[error("the database does not exist: {reason}")]
    NoDatabase { reason: String },
    #[error("the database has no connection left: {reason}")]
    Busy { reason: String },
    #[error("timeout: {step} took longer than {} s", limit.as_secs())]
    Timeout { step: Step, limit: Duration },
    #[error("the connection to the database ended: {reason}")]
    Dropped { reason: String },
    #[error("{query} names a missing table: {reason}")]
    NoTable { query: QueryKey, reason: String },
    #[error("{query} names a missing column: {reason}")]
    NoColumn { query: QueryKey, reason: String },
    #[error("the database user may not run {query}: {reason}")]
    Denied { query: QueryKey, reason: String },
    #[error("{query} writes to the database: {reason}")]
    Writes { query: QueryKey, reason: String },
    #[error("{query} waits for a lock of the database: {reason}")]
    Locked { query: QueryKey, reason: String },
    /// A limit of the database, or its administrator.
    #[error("the database ended {query}: {reason}")]
    Cancelled { query: QueryKey, reason: String },
    /// Any other error of the database.
    #[error("{query} fails: {reason}")]
    Query { query: QueryKey, reason: String },
    #[error("{query} has more than one statement")]
    Statements { query: QueryKey },
    #[error("{query} returns no columns")]
    NoResult { query: QueryKey },
    #[error("the query returns {count} columns")]
    Columns { count: usize },
    #[error("the query returns one column, and there is no `profile`")]
    ProfileMissing,
    #[error("the query returns two columns, and there is a `profile`")]
    ProfileTwice,
    #[error("column `{column}` has the type {sql_type}, which is not text")]
    ColumnType { column: String, sql_type: String },
    #[error("column `{column}` has a value that is not UTF-8 text")]
    Encoding { column: String },
    #[error("`version_query` returns {rows} rows")]
    VersionRows { rows: &'static str },
    #[error("the query returns more than {limit} rows")]
    TooManyRows { limit: usize },
    /// The names together are longer than the list can store.
    #[error("the domains together are too long")]
    TooLong,
}

/// What Waypost waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Step {
    #[strum(to_string = "the connection")]
    Connect,
    #[strum(to_string = "the start of the transaction")]
    Begin,
    #[strum(to_string = "the answer to `version_query`")]
    Version,
    #[strum(to_string = "the first row")]
    FirstRow,
    #[strum(to_string = "the next row")]
    NextRow,
    #[strum(to_string = "the whole list")]
    Whole,
}

/// The statement that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum QueryKey {
    /// `query`, or the query of the panel.
    #[strum(to_string = "the query")]
    List,
    #[strum(to_string = "`version_query`")]
    Version,
    /// A statement of Waypost's own.
    #[strum(to_string = "the start of the transaction")]
    Begin,
}

impl SqlError {
    /// The next step of the operator.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotBuilt => "build Waypost with the feature `sql`",
            Self::Runtime(_) => "raise the limit of open files of this process",
            Self::File { .. } => "correct the path, or make the file readable for the user of the service",
            Self::NoCertificate { .. } => "write the CA certificate into the file, in PEM format",
            Self::Url { .. } => "write it like postgresql://user@host/database",
            Self::Unreachable { .. } => {
                "check host and port in `url`, that the database runs, and that its firewall permits this machine"
            }
            Self::Tls { .. } => {
                "set `ca_file` to the CA certificate of the database server, and the host in `url` to a name in its certificate"
            }
            Self::Login { .. } => {
                "check the user in `url` and the password in `password_file` or $WAYPOST_SQL_PASSWORD, and that the \
                 database permits this user from this machine"
            }
            Self::Authentication { .. } => {
                "give the database user a password that is checked with scram-sha-256 or md5 (PostgreSQL), \
                 mysql_native_password, or caching_sha2_password over TLS (MySQL)"
            }
            Self::NoDatabase { .. } => "check the name of the database at the end of `url`",
            Self::Busy { .. } => "raise the connection limit of the database, or of its user",
            Self::Timeout { step: Step::Connect, .. } => {
                "check host and port in `url`, and the firewall; or raise `timeout_seconds`"
            }
            Self::Timeout { .. } => {
                "check the load and the locks of the database, or raise `timeout_seconds`"
            }
            Self::Dropped { .. } => "read the log of the database; Waypost tries again at the next poll",
            Self::NoTable { .. } => {
                "check the database in `url`, the query, and `table_prefix`; the panel's version may have other tables"
            }
            Self::NoColumn { .. } => "correct the query; the panel's version may have other columns",
            Self::Denied { .. } => {
                "check the names in the query, and grant SELECT on its tables to the database user"
            }
            Self::Writes { .. } => "write a query that only reads: Waypost uses read-only transactions",
            Self::Locked { .. } => {
                "find the session that holds the lock; Waypost tries again at the next poll"
            }
            Self::Cancelled { .. } => {
                "check the load of the database and its time limits for statements, or simplify the query"
            }
            Self::Query { .. } => "run the statement in the client of the database, and correct it",
            Self::Statements { .. } => "write one statement",
            Self::NoResult { .. } => "write a SELECT statement",
            Self::Columns { .. } => {
                "return one column with the domain, or two with the domain and the id of a profile"
            }
            Self::ProfileMissing => {
                "set `profile` to the id of the profile for all domains, or return the id in a second column"
            }
            Self::ProfileTwice => "remove `profile`, or return one column",
            Self::ColumnType { .. } => "convert the column in the query: CAST(name AS CHAR(255))",
            Self::Encoding { .. } => "convert the column to UTF-8 in the query",
            Self::VersionRows { .. } => {
                "write a `version_query` that returns one row, for example with max() or count()"
            }
            Self::TooManyRows { .. } => "correct the query, or raise `max_domains`",
            Self::TooLong => "correct the query, so that it returns fewer domains",
        }
    }
}
