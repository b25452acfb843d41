//! Reads the list of domains from SQLite, PostgreSQL, MySQL or MariaDB. The only file that uses sqlx.
//!
//! Each reading has its own connection and one read-only transaction, so that a pooler such as PgBouncer can share its
//! server connections between clients (transaction mode). For the same reason, no statement has a name: a name would
//! stay behind in the server connection.
//!
//! The text of each statement comes from the configuration. Nothing of a request reaches the database.

use std::borrow::Cow;
use std::env;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures_util::StreamExt;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use sqlx::database::HasStatementCache;
use sqlx::error::DatabaseError;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlSslMode};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode, PgTypeInfo, PgTypeKind};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteError};
use sqlx::{
    AssertSqlSafe, Column as _, ColumnIndex, ConnectOptions, Connection, Database, Decode, Either, Executor,
    IntoArguments, Row as _, SqlSafeStr as _, Statement as _, Type, TypeInfo as _, ValueRef as _,
};
use tokio::time::timeout;

use super::sql_error::{QueryKey, SqlError, Step};
use super::sql_list::{SqlList, SqlListBuilder};
use super::sql_source::{SqlAnswer, SqlDialect, SqlSource};
use super::sql_text::{has_several_statements, without_end};
use crate::files::read::{LARGEST_TEXT, read, utf8};

/// Has the password if there is no `password_file`.
const PASSWORD_VARIABLE: &str = "WAYPOST_SQL_PASSWORD";

/// How many instructions of its virtual machine SQLite executes between two checks for the end of the reading.
const STEPS_BETWEEN_CHECKS: i32 = 10_000;

/// Ends the statement that SQLite executes, when the reading ends.
#[derive(Default)]
struct EndStatement(Arc<AtomicBool>);

impl Drop for EndStatement {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// How the databases differ.
trait Dialect: Connection {
    /// The statements that start a read-only transaction, in which all statements see the same data.
    fn opening(source: &SqlSource) -> Vec<String>;

    /// Whether values of a type are text.
    fn is_text(sql_type: &<Self::Database as Database>::TypeInfo) -> bool;

    /// The number of columns that a statement returns. It is called after an execution that returned no row.
    async fn columns(&mut self, statement: &str) -> Result<usize, sqlx::Error>;
}

impl SqlSource {
    /// Connects and reads the list. `version` is the version of the list that is already known, if there is one.
    ///
    /// # Errors
    /// If the list cannot be read as a whole.
    pub async fn read(&self, version: Option<&str>) -> Result<SqlAnswer, SqlError> {
        match self.dialect()? {
            (SqlDialect::Sqlite, path) => self.read_sqlite(Path::new(path), version).await,
            (SqlDialect::PostgreSql, _) => {
                Reading::new(self, self.connect_postgresql().await?).run(version).await
            }
            (SqlDialect::MySql, _) => {
                let mut options = self.mysql()?;
                if let Some(password) = self.password()? {
                    options = options.password(&password);
                }
                if let Some(certificates) = self.certificates()? {
                    options = options.ssl_mode(MySqlSslMode::VerifyIdentity).ssl_ca_from_pem(certificates);
                }
                Reading::new(self, self.connect(&options).await?).run(version).await
            }
        }
    }

    /// Checks the URL without a connection.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn check_url(&self) -> Result<(), SqlError> {
        match self.dialect()? {
            (SqlDialect::Sqlite, _) => Ok(()),
            (SqlDialect::PostgreSql, _) => self.postgresql().map(drop),
            (SqlDialect::MySql, _) => self.mysql().map(drop),
        }
    }

    fn dialect(&self) -> Result<(SqlDialect, &str), SqlError> {
        let unknown = || SqlError::Url { reason: "its scheme is unknown".to_owned() };
        SqlDialect::of_url(&self.url).ok_or_else(unknown)
    }

    fn sqlite(&self, path: &Path) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .pragma("query_only", "ON")
            .busy_timeout(self.timeout)
            .disable_statement_logging()
    }

    fn postgresql(&self) -> Result<PgConnectOptions, SqlError> {
        let options = PgConnectOptions::from_str(&self.url).map_err(invalid_url)?;
        // PgBouncer rejects this parameter of the start-up message, which matters for numbers only.
        Ok(options.extra_float_digits(None).application_name("waypost").disable_statement_logging())
    }

    fn mysql(&self) -> Result<MySqlConnectOptions, SqlError> {
        let options = MySqlConnectOptions::from_str(&self.url).map_err(invalid_url)?;
        // The statement means the same here as in the client of the database.
        Ok(options
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .statement_cache_capacity(0)
            .disable_statement_logging())
    }

    async fn read_sqlite(&self, path: &Path, version: Option<&str>) -> Result<SqlAnswer, SqlError> {
        let metadata = std::fs::metadata(path).map_err(|error| file_error("url", path, error))?;
        if !metadata.is_file() {
            return Err(file_error("url", path, "it is not a regular file"));
        }
        for (key, statement) in
            [(QueryKey::List, Some(&self.query)), (QueryKey::Version, self.version_query.as_ref())]
        {
            if statement.is_some_and(|statement| has_several_statements(statement)) {
                return Err(SqlError::Statements { query: key });
            }
        }
        let connected = self.within(Step::Connect, self.sqlite(path).connect()).await?;
        let failed = |error: sqlx::Error| file_error("url", path, one_line(&error.to_string()));
        let mut connection = connected.map_err(failed)?;
        // A statement runs on a thread of sqlx. Without this, it would go on after a timeout.
        let end = EndStatement::default();
        let is_over = Arc::clone(&end.0);
        let mut handle = connection.lock_handle().await.map_err(failed)?;
        handle.set_progress_handler(STEPS_BETWEEN_CHECKS, move || !is_over.load(Relaxed));
        drop(handle);
        Reading::new(self, connection).run(version).await
    }

    async fn connect_postgresql(&self) -> Result<PgConnection, SqlError> {
        let mut options = self.postgresql()?;
        if let Some(password) = self.password()? {
            options = options.password(&password);
        }
        if let Some(certificates) = self.certificates()? {
            options = options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert_from_pem(certificates);
        }
        let read_only = options.clone().options([("default_transaction_read_only", "on")]);
        match timeout(self.timeout, read_only.connect()).await {
            // A pooler rejects the option. `SET` is no replacement: in PgBouncer's transaction mode it would change the
            // session of the clients that use the server connection next. The transaction is read-only in any case.
            Ok(Err(sqlx::Error::Database(error)))
                if error.message().contains("unsupported startup parameter") =>
            {
                self.connect(&options).await
            }
            answer => answer.map_err(|_| self.too_late(Step::Connect))?.map_err(connect_error),
        }
    }

    async fn connect<O>(&self, options: &O) -> Result<O::Connection, SqlError>
    where
        O: ConnectOptions,
        O::Connection: Sized,
    {
        self.within(Step::Connect, options.connect()).await?.map_err(connect_error)
    }

    /// The password, read again for each connection.
    fn password(&self) -> Result<Option<String>, SqlError> {
        let Some(path) = &self.password_file else {
            return Ok(env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty()));
        };
        let text = read_file("password_file", path)
            .and_then(|content| utf8(content).map_err(|error| file_error("password_file", path, error)))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Some(line.strip_suffix('\r').unwrap_or(line).to_owned()))
    }

    /// The content of `ca_file`.
    fn certificates(&self) -> Result<Option<Vec<u8>>, SqlError> {
        let Some(path) = &self.ca_file else { return Ok(None) };
        let content = read_file("ca_file", path)?;
        match CertificateDer::pem_slice_iter(&content).next() {
            Some(Ok(_)) => Ok(Some(content)),
            _ => Err(SqlError::NoCertificate { path: path.clone() }),
        }
    }

    async fn within<T>(&self, step: Step, future: impl Future<Output = T>) -> Result<T, SqlError> {
        timeout(self.timeout, future).await.map_err(|_| self.too_late(step))
    }

    fn too_late(&self, step: Step) -> SqlError {
        SqlError::Timeout { step, limit: self.timeout }
    }
}

/// One reading of the list.
struct Reading<'s, C> {
    source: &'s SqlSource,
    connection: C,
    /// Whether the server no longer has the statement that it prepared.
    lost_statement: bool,
}

impl<'s, C, D> Reading<'s, C>
where
    C: Dialect<Database = D>,
    D: Database + HasStatementCache,
    D::Arguments: IntoArguments<D>,
    for<'c> &'c mut C: Executor<'c, Database = D>,
    for<'r> &'r str: Decode<'r, D>,
    for<'r> &'r [u8]: Decode<'r, D>,
    usize: ColumnIndex<D::Row>,
{
    fn new(source: &'s SqlSource, connection: C) -> Self {
        Self { source, connection, lost_statement: false }
    }

    /// Reads the list, and ends the connection.
    async fn run(mut self, known: Option<&str>) -> Result<SqlAnswer, SqlError> {
        let limit = self.source.longest_reading();
        let answer = timeout(limit, self.read(known)).await;
        let answer = answer.map_err(|_| SqlError::Timeout { step: Step::Whole, limit })??;
        // After an error, dropping the connection ends the transaction. Here the server gets a regular end.
        let end = async {
            self.connection.execute("ROLLBACK").await?;
            self.connection.close().await
        };
        // The list is complete, so an error of the end does not matter.
        let _ = timeout(self.source.timeout, end).await;
        Ok(answer)
    }

    async fn read(&mut self, known: Option<&str>) -> Result<SqlAnswer, SqlError> {
        // After it prepared a statement without a name, sqlx may ask PostgreSQL about the types of the columns, for
        // example citext. That ends the statement. At the next attempt, the connection knows the types. There are two
        // statements.
        for _ in 0..2 {
            self.lost_statement = false;
            match self.read_once(known).await {
                Err(_) if self.lost_statement => self.begin("ROLLBACK".to_owned()).await?,
                answer => return answer,
            }
        }
        self.read_once(known).await
    }

    async fn read_once(&mut self, known: Option<&str>) -> Result<SqlAnswer, SqlError> {
        for statement in C::opening(self.source) {
            self.begin(statement).await?;
        }
        let version = match &self.source.version_query {
            Some(query) => Some(self.version(query).await?),
            None => None,
        };
        if version.is_some() && version.as_deref() == known {
            return Ok(SqlAnswer::Unchanged);
        }
        let list = self.list().await?;
        Ok(SqlAnswer::List { list, version })
    }

    async fn begin(&mut self, statement: String) -> Result<(), SqlError> {
        let statement = self.connection.execute(AssertSqlSafe(statement));
        let begun = self.source.within(Step::Begin, statement).await?;
        begun.map(drop).map_err(|error| query_error(QueryKey::Begin, error))
    }

    /// All values of the row that `version_query` returns, as text.
    async fn version(&mut self, query: &str) -> Result<String, SqlError> {
        let statement = sqlx::query(AssertSqlSafe(query)).persistent(false);
        let mut results = self.connection.fetch_many(statement);
        let mut version = None;
        while let Some(result) = self.source.within(Step::Version, results.next()).await? {
            if let Err(error) = &result {
                self.lost_statement = is_lost_statement(error);
            }
            match result.map_err(|error| query_error(QueryKey::Version, error))? {
                Either::Right(row) if version.is_none() => version = Some(values(&row)?),
                Either::Right(_) => return Err(SqlError::VersionRows { rows: "several" }),
                Either::Left(_) => {}
            }
        }
        version.ok_or(SqlError::VersionRows { rows: "no" })
    }

    async fn list(&mut self) -> Result<SqlList, SqlError> {
        let source = self.source;
        let failed = |error| query_error(QueryKey::List, error);
        let mut list = SqlListBuilder::default();
        let (mut rows, mut statements) = (0, 0);
        {
            let statement = sqlx::query(AssertSqlSafe(source.query.as_str())).persistent(false);
            let mut results = self.connection.fetch_many(statement);
            let mut step = Step::FirstRow;
            while let Some(result) = source.within(step, results.next()).await? {
                step = Step::NextRow;
                if let Err(error) = &result {
                    self.lost_statement = is_lost_statement(error);
                }
                match result.map_err(failed)? {
                    // SQLite runs all statements of a text, one after the other.
                    _ if statements > 0 => return Err(SqlError::Statements { query: QueryKey::List }),
                    Either::Left(_) => statements += 1,
                    Either::Right(row) => {
                        if rows == 0 {
                            check_columns(row.columns().len(), source)?;
                        }
                        rows += 1;
                        if rows > source.max_domains {
                            return Err(SqlError::TooManyRows { limit: source.max_domains });
                        }
                        let domain = text::<C>(&row, 0)?;
                        if source.profile.is_some() {
                            list.push(domain)
                        } else {
                            list.push_with_profile(domain, text::<C>(&row, 1)?)
                        }
                        .map_err(|_| SqlError::TooLong)?;
                    }
                }
            }
        }
        if rows == 0 {
            let columns = self.connection.columns(&source.query);
            let columns = source.within(Step::FirstRow, columns).await?;
            if let Err(error) = &columns {
                self.lost_statement = is_lost_statement(error);
            }
            let columns = columns.map_err(failed)?;
            check_columns(columns, source)?;
        }
        Ok(list.build())
    }
}

fn is_lost_statement(error: &sqlx::Error) -> bool {
    const INVALID_STATEMENT_NAME: &str = "26000";

    let code = error.as_database_error().and_then(DatabaseError::code);
    code.as_deref() == Some(INVALID_STATEMENT_NAME)
}

fn check_columns(count: usize, source: &SqlSource) -> Result<(), SqlError> {
    match (count, &source.profile) {
        (1, Some(_)) | (2, None) => Ok(()),
        (0, _) => Err(SqlError::NoResult { query: QueryKey::List }),
        (1, None) => Err(SqlError::ProfileMissing),
        (2, Some(_)) => Err(SqlError::ProfileTwice),
        _ => Err(SqlError::Columns { count }),
    }
}

/// The text in a column of a row; None for NULL.
fn text<C: Dialect>(row: &<C::Database as Database>::Row, index: usize) -> Result<Option<&str>, SqlError>
where
    for<'r> &'r str: Decode<'r, C::Database>,
    usize: ColumnIndex<<C::Database as Database>::Row>,
{
    let column = || row.columns()[index].name().to_owned();
    let value = row.try_get_raw(index).map_err(|error| query_error(QueryKey::List, error))?;
    if value.is_null() {
        return Ok(None);
    }
    {
        let sql_type = value.type_info();
        if !C::is_text(&sql_type) {
            return Err(SqlError::ColumnType { column: column(), sql_type: sql_type.name().to_lowercase() });
        }
    }
    Decode::decode(value).map(Some).map_err(|_| SqlError::Encoding { column: column() })
}

/// All values of a row, for a comparison with those of an earlier row. The bytes are as the database sends them, so that
/// every type is possible.
fn values<D: Database>(row: &D::Row) -> Result<String, SqlError>
where
    for<'r> &'r [u8]: Decode<'r, D>,
    usize: ColumnIndex<D::Row>,
{
    let mut values = Vec::new();
    for index in 0..row.columns().len() {
        let value = row.try_get_raw(index).map_err(|error| query_error(QueryKey::Version, error))?;
        values.push(if value.is_null() {
            "NULL".to_owned()
        } else {
            let failed = |error| query_error(QueryKey::Version, sqlx::Error::Decode(error));
            let bytes: &[u8] = Decode::decode(value).map_err(failed)?;
            bytes.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
        });
    }
    Ok(values.join(" "))
}

impl Dialect for SqliteConnection {
    fn opening(_: &SqlSource) -> Vec<String> {
        // The connection is read-only.
        vec!["BEGIN".to_owned()]
    }

    /// The type is that of the value, since a column of SQLite has values of any type.
    fn is_text(sql_type: &sqlx::sqlite::SqliteTypeInfo) -> bool {
        <str as Type<sqlx::Sqlite>>::compatible(sql_type)
    }

    async fn columns(&mut self, statement: &str) -> Result<usize, sqlx::Error> {
        Ok(self.prepare(AssertSqlSafe(statement).into_sql_str()).await?.columns().len())
    }
}

impl Dialect for PgConnection {
    fn opening(source: &SqlSource) -> Vec<String> {
        vec![
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY".to_owned(),
            // A statement ends even if Waypost has closed the connection. LOCAL: only in this transaction.
            format!("SET LOCAL lock_timeout = {}", source.timeout.as_millis()),
            format!("SET LOCAL statement_timeout = {}", source.longest_reading().as_millis()),
        ]
    }

    fn is_text(sql_type: &PgTypeInfo) -> bool {
        <str as Type<sqlx::Postgres>>::compatible(sql_type) || matches!(sql_type.kind(), PgTypeKind::Enum(_))
    }

    /// sqlx describes only statements with a name, which is not possible behind a pooler. So the statement is the right
    /// side of an outer join, which has a row in any case.
    async fn columns(&mut self, statement: &str) -> Result<usize, sqlx::Error> {
        const SYNTAX_ERROR: &str = "42601";

        let statement = without_end(statement);
        let probe = format!("SELECT q.* FROM (SELECT) one LEFT JOIN (\n{statement}\n) q ON true LIMIT 1");
        match self.fetch_one(sqlx::query(AssertSqlSafe(probe)).persistent(false)).await {
            Ok(row) => Ok(row.columns().len()),
            // It is a statement that returns nothing, such as SET.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(SYNTAX_ERROR) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl Dialect for MySqlConnection {
    fn opening(source: &SqlSource) -> Vec<String> {
        vec![
            "SET SESSION TRANSACTION READ ONLY".to_owned(),
            // A statement ends even if Waypost has closed the connection. The first comment is for MySQL (MariaDB ignores
            // versions from 5.7 to 9.99 there), the second one for MariaDB.
            format!(
                "SET SESSION lock_wait_timeout = {} /*!50708 , SESSION max_execution_time = {} */ \
                 /*M!100101 , SESSION max_statement_time = {} */",
                source.timeout.as_secs().max(1),
                source.longest_reading().as_millis(),
                source.longest_reading().as_secs(),
            ),
            "START TRANSACTION READ ONLY".to_owned(),
        ]
    }

    fn is_text(sql_type: &sqlx::mysql::MySqlTypeInfo) -> bool {
        <str as Type<sqlx::MySql>>::compatible(sql_type)
    }

    async fn columns(&mut self, statement: &str) -> Result<usize, sqlx::Error> {
        // The statement cache is off, so sqlx closes the statement at once.
        Ok(self.prepare(AssertSqlSafe(statement).into_sql_str()).await?.columns().len())
    }
}

fn read_file(key: &'static str, path: &Path) -> Result<Vec<u8>, SqlError> {
    read(path, LARGEST_TEXT).map_err(|error| file_error(key, path, error))
}

fn file_error(
    key: &'static str,
    path: &Path,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> SqlError {
    SqlError::File { key, path: path.into(), source: io::Error::other(error) }
}

fn invalid_url(error: sqlx::Error) -> SqlError {
    let reason = match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        other => other.to_string(),
    };
    SqlError::Url { reason: one_line(reason.trim_start_matches("error with configuration: ")) }
}

/// The error of a connection that is not ready yet.
fn connect_error(error: sqlx::Error) -> SqlError {
    match error {
        sqlx::Error::Database(error) => login_error(&*error),
        sqlx::Error::Io(error) => match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(tls) => SqlError::Tls { reason: one_line(&rustls::Error::to_string(tls)) },
            None => SqlError::Unreachable { reason: one_line(&error.to_string()) },
        },
        sqlx::Error::Tls(cause) => SqlError::Tls { reason: one_line(&cause.to_string()) },
        // sqlx is built without RSA, which encrypts a password without TLS (caching_sha2_password).
        sqlx::Error::Configuration(cause) if cause.to_string().starts_with("RSA ") => {
            SqlError::Authentication { reason: "the server requires TLS or RSA for the password".to_owned() }
        }
        sqlx::Error::Configuration(_) => invalid_url(error),
        sqlx::Error::Protocol(reason) if reason.contains("authentication") => {
            SqlError::Authentication { reason: one_line(&reason) }
        }
        other => SqlError::Unreachable { reason: one_line(&other.to_string()) },
    }
}

fn login_error(error: &dyn DatabaseError) -> SqlError {
    let reason = one_line(error.message());
    match &*code(error) {
        // PostgreSQL: invalid_password, invalid_authorization_specification. MySQL: access denied (also by the
        // authentication of a socket), host not permitted.
        "28P01" | "28000" | "1045" | "1698" | "1130" => SqlError::Login { reason },
        // MySQL 1044 is an access to a database that the user may not use, or that does not exist.
        "3D000" | "1049" | "1044" => SqlError::NoDatabase { reason },
        // PgBouncer uses protocol_violation for these errors.
        "08P01" if reason.contains("no such database") => SqlError::NoDatabase { reason },
        "08P01" if reason.contains("authentication") || reason.contains("no such user") => {
            SqlError::Login { reason }
        }
        "53300" | "1040" | "1203" | "1226" => SqlError::Busy { reason },
        _ => SqlError::Unreachable { reason },
    }
}

/// The error of a statement.
fn query_error(query: QueryKey, error: sqlx::Error) -> SqlError {
    let error = match error {
        sqlx::Error::Database(error) => error,
        sqlx::Error::Io(error) => return SqlError::Dropped { reason: one_line(&error.to_string()) },
        other => return SqlError::Query { query, reason: one_line(&other.to_string()) },
    };
    let reason = one_line(error.message());
    match &*code(&*error) {
        "42P01" | "3F000" | "1146" => SqlError::NoTable { query, reason },
        "sqlite" if reason.starts_with("no such table") => SqlError::NoTable { query, reason },
        "42703" | "1054" => SqlError::NoColumn { query, reason },
        "sqlite" if reason.starts_with("no such column") => SqlError::NoColumn { query, reason },
        "42501" | "1044" | "1142" | "1143" | "1227" | "1370" => SqlError::Denied { query, reason },
        "25006" | "1792" | "sqlite readonly" => SqlError::Writes { query, reason },
        // query_canceled; query timeout of MySQL and of MariaDB.
        "57014" | "3024" | "1969" => SqlError::Cancelled { query, reason },
        "55P03" | "1205" | "3572" | "sqlite busy" => SqlError::Locked { query, reason },
        // The administrator ended the connection, or the server stops.
        "57P01" | "57P02" | "57P03" | "1053" | "1317" | "1927" => SqlError::Dropped { reason },
        _ => SqlError::Query { query, reason },
    }
}

/// A code that is different for the databases: SQLSTATE of PostgreSQL, the error number of MySQL, a word for SQLite.
fn code(error: &dyn DatabaseError) -> Cow<'_, str> {
    // https://www.sqlite.org/rescode.html: the low byte is the primary result code.
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const READONLY: u32 = 8;

    let code = error.code().unwrap_or_default();
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return error.number().to_string().into();
    }
    if error.try_downcast_ref::<SqliteError>().is_none() {
        return code;
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(BUSY | LOCKED) => "sqlite busy",
        Ok(READONLY) => "sqlite readonly",
        _ => "sqlite",
    }
    .into()
}

/// A message of a database for the log: one line of limited length.
fn one_line(message: &str) -> String {
    const LONGEST: usize = 300;

    let words: Vec<_> = message.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let text = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_a_message_on_one_line_of_limited_length() {
        assert_eq!(one_line(" a\n\tb\u{1b}[31m  c "), "a b [31m c");
        assert_eq!(one_line(&"ä".repeat(1000)).chars().count(), 300);
    }
}
