//! `[directory.sql]`: the list of domains from a database file. `databases` has the same for servers.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use waypost::directory::{SqlAnswer, SqlError, SqlList, SqlSource};

use crate::common::{Files, SERVERS, domains, profile};

/// Waits for a future on a runtime of its own.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The domains of a list, and the ids of their profiles: `a.example` or `b.example=other.example`.
pub fn rows(list: &SqlList) -> Vec<String> {
    let row = |(domain, index): (&str, u32)| match &list.profiles()[index as usize] {
        Some(id) => format!("{domain}={id}"),
        None => domain.to_owned(),
    };
    list.iter().map(row).collect()
}

/// Reads the list, as rows.
pub fn read(source: &SqlSource) -> Result<Vec<String>, SqlError> {
    match wait(source.read(None))? {
        SqlAnswer::List { list, .. } => Ok(rows(&list)),
        SqlAnswer::Unchanged => panic!("there is no version"),
    }
}

/// The error and its hint.
pub fn error(source: &SqlSource) -> String {
    let error = read(source).unwrap_err();
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.starts_with(char::is_uppercase) && !text.ends_with('.'), "{text}");
    format!("{error}\nhint: {}", error.hint())
}

/// A configuration with a section, and a profile `example.com` without a domain of its own.
pub fn config(section: &str) -> Files {
    let with_domain = profile("other.example", &domains(&["other.example"]), SERVERS);
    let profiles = [("a.toml", &*profile("example.com", "", SERVERS)), ("b.toml", &with_domain)];
    Files::new(&format!("[directory.sql]\n{section}\n"), &profiles)
}

/// The source that a section describes.
pub fn source(files: &Files) -> SqlSource {
    files.load().settings.sql.unwrap()
}

/// Runs statements in a database file, which is created if it is missing.
pub fn write(path: &Path, statements: &str) {
    wait(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

const TABLE: &str = "CREATE TABLE domain (domain VARCHAR(255), server TEXT, number INTEGER, bytes BLOB);
    INSERT INTO domain VALUES ('b.example', 'other.example', 1, x'00'), ('A.example.', 'example.com', 2, x'ff');";

/// A database file with a table, and a configuration with this query and more keys.
fn database(query: &str, more: &str) -> (Files, SqlSource) {
    let files = config(&format!("url = \"sqlite://list.db\"\nquery = \"{query}\"\n{more}"));
    write(&files.path("list.db"), TABLE);
    let source = source(&files);
    (files, source)
}

const PROFILE: &str = "profile = \"example.com\"";

fn error_of(query: &str, more: &str) -> String {
    error(&database(query, more).1)
}

#[test]
fn reads_one_column_or_two() {
    let (_files, source) = database("SELECT domain FROM domain", PROFILE);
    assert_eq!(read(&source).unwrap(), ["a.example", "b.example"]);
    let (_files, source) = database("SELECT domain, server FROM domain", "");
    assert_eq!(read(&source).unwrap(), ["a.example=example.com", "b.example=other.example"]);
    let (_files, source) = database("SELECT domain FROM domain WHERE number > 2;", PROFILE);
    assert_eq!(read(&source).unwrap(), [""; 0]);
}

#[test]
fn skips_null_and_reads_literals_and_unions() {
    let query = "SELECT NULL UNION ALL SELECT 'c.example' UNION ALL SELECT domain FROM domain";
    let (_files, source) = database(query, PROFILE);
    let SqlAnswer::List { list, version } = wait(source.read(None)).unwrap() else { panic!() };
    assert_eq!((rows(&list).len(), list.skipped.null.count, version), (3, 1, None));
}

#[test]
fn rejects_other_numbers_of_columns() {
    for rows in ["", " WHERE number > 2"] {
        let of = |columns: &str, more| error_of(&format!("SELECT {columns} FROM domain{rows}"), more);
        assert!(
            of("domain, server, number", "").starts_with("the query returns 3 columns\nhint: return one")
        );
        assert!(of("domain", "").starts_with("the query returns one column, and there is no `profile`\n"));
        let two = of("domain, server", PROFILE);
        assert!(two.starts_with("the query returns two columns, and there is a `profile`\n"), "{two}");
    }
    for query in ["PRAGMA foreign_keys = 1", ";", "-- nothing"] {
        assert!(error_of(query, PROFILE).starts_with("the query returns no columns\nhint: write a SELECT"));
    }
}

#[test]
fn rejects_columns_that_are_not_text() {
    let expected =
        "column `number` has the type integer, which is not text\nhint: convert the column in the query";
    assert!(error_of("SELECT number FROM domain", PROFILE).starts_with(expected));
    assert!(error_of("SELECT domain, number FROM domain", "").starts_with(expected));
    assert!(error_of("SELECT bytes FROM domain", PROFILE).starts_with("column `bytes` has the type blob"));
    let invalid = error_of("SELECT CAST(bytes AS TEXT) AS x FROM domain WHERE number = 2", PROFILE);
    assert!(invalid.starts_with("column `x` has a value that is not UTF-8 text\n"), "{invalid}");
}

#[test]
fn names_the_missing_table_or_column() {
    let table = error_of("SELECT domain FROM domains", PROFILE);
    assert!(table.starts_with("the query names a missing table: no such table: domains\nhint: "), "{table}");
    let column = error_of("SELECT name FROM domain", PROFILE);
    assert!(column.starts_with("the query names a missing column: no such column: name\nhint: "), "{column}");
    let syntax = error_of("SELEC domain FROM domain", PROFILE);
    assert!(
        syntax.starts_with("the query fails: near \\\"SELEC\\\": syntax error".replace('\\', "").as_str())
    );
    let version =
        error_of("SELECT domain FROM domain", "profile = 'example.com'\nversion_query = 'SELECT x'");
    assert!(version.starts_with("`version_query` names a missing column: "), "{version}");
}

#[test]
fn names_a_missing_file_and_creates_none() {
    let (files, source) = database("SELECT domain FROM domain", PROFILE);
    std::fs::remove_file(files.path("list.db")).unwrap();
    let missing = error(&source);
    assert!(missing.starts_with("`url` cannot be read: ") && missing.contains("list.db: No such file"));
    assert!(!files.path("list.db").exists());
    files.write(
        "list.db",
        "This file is text. It is long enough for a header of a database file: 100 bytes are needed.....",
    );
    assert!(error(&source).contains("file is not a database"), "{}", error(&source));
}

/// Neither the query nor the version query can write.
#[test]
fn rejects_statements_that_write() {
    for statement in [
        "DELETE FROM domain",
        "DELETE FROM domain RETURNING domain",
        "INSERT INTO domain (domain) VALUES ('c.example')",
        "UPDATE domain SET domain = 'c.example' RETURNING domain",
        "DROP TABLE domain",
        "PRAGMA query_only = 0; DELETE FROM domain",
        "SELECT domain FROM domain; DELETE FROM domain",
        "COMMIT; DELETE FROM domain RETURNING domain",
        "COMMIT; VACUUM INTO 'copy.db'",
        "VACUUM INTO 'copy.db'",
        "ATTACH 'copy.db' AS copy",
        "SELECT 1; COMMIT; ATTACH 'copy.db' AS copy; CREATE TABLE copy.a (b)",
    ] {
        let (files, source) = database(statement, PROFILE);
        read(&source).unwrap_err();
        let versioned = SqlSource {
            query: "SELECT domain FROM domain".to_owned(),
            version_query: Some(source.query.clone()),
            ..source
        };
        let _ = read(&versioned);
        let check = SqlSource { version_query: None, ..versioned };
        assert_eq!(read(&check).unwrap(), ["a.example", "b.example"], "{statement}");
        assert!(!Path::new("copy.db").exists(), "{statement}");
        drop(files);
    }
    let delete = error_of("DELETE FROM domain", PROFILE);
    assert!(delete.starts_with("the query writes to the database: attempt to write a readonly"), "{delete}");
    let two = error_of("SELECT domain FROM domain; SELECT domain FROM domain", PROFILE);
    assert!(two.starts_with("the query has more than one statement\n"), "{two}");
}

/// An endless statement must not stay on its thread.
#[test]
fn ends_a_statement_after_the_timeout() {
    let endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) \
                   SELECT CAST(i AS TEXT) FROM n WHERE i < 0";
    let (_files, source) = database(endless, &format!("{PROFILE}\ntimeout_seconds = 1"));
    let found = error(&source);
    assert!(found.starts_with("timeout: the first row took longer than 1 s\n"), "{found}");
    let is_running = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let names =
            threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok());
        names.into_iter().any(|name| name.starts_with("sqlx-sqlite"))
    };
    let begin = std::time::Instant::now();
    while is_running() {
        assert!(begin.elapsed() < crate::program::TIMEOUT, "the thread of the statement does not end");
        std::thread::yield_now();
    }
}

#[test]
fn reads_the_list_again_only_if_the_version_has_changed() {
    let more =
        format!("{PROFILE}\nversion_query = \"SELECT max(number), count(*), max(bytes), NULL FROM domain\"");
    let (files, source) = database("SELECT domain FROM domain", &more);
    let SqlAnswer::List { version: Some(first), .. } = wait(source.read(None)).unwrap() else { panic!() };
    assert!(matches!(wait(source.read(Some(&first))).unwrap(), SqlAnswer::Unchanged));
    write(&files.path("list.db"), "INSERT INTO domain (domain, number) VALUES ('c.example', 2)");
    let SqlAnswer::List { list, version: Some(second) } = wait(source.read(Some(&first))).unwrap() else {
        panic!()
    };
    assert_eq!(rows(&list), ["a.example", "b.example", "c.example"]);
    assert_ne!(first, second);
    for (query, text) in [("SELECT 1 WHERE 0", "no"), ("SELECT domain FROM domain", "several")] {
        let source = SqlSource { version_query: Some(query.to_owned()), ..source.clone() };
        assert!(error(&source).starts_with(&format!("`version_query` returns {text} rows\nhint: ")));
    }
}

#[test]
fn rejects_more_rows_than_max_domains() {
    let (_files, source) = database("SELECT domain FROM domain", &format!("{PROFILE}\nmax_domains = 2"));
    assert_eq!(read(&source).unwrap().len(), 2);
    let source = SqlSource { max_domains: 1, ..source };
    assert!(error(&source).starts_with("the query returns more than 1 rows\nhint: "));
}

/// The problem that a section causes.
fn problem(section: &str) -> String {
    let problems = config(section).problems();
    assert_eq!(problems.len(), 1, "{section}: {problems:?}");
    problems[0].clone()
}

const URL: &str = "url = \"postgresql://waypost@localhost/panel\"\n";

#[test]
fn hides_a_password_in_the_url() {
    let urls = [
        "postgresql://waypost:s3cret@localhost/panel",
        "postgresql://waypost:s3cr/e?t@localhost/panel",
        "postgresql:///panel?host=/run/postgresql&password=s3cret",
        "mysql://waypost:s3cret@localhost/panel",
        "postgresql://waypost@localhost/panel?passwd=s3cret",
        "postgresql://waypost@localhost/panel?pass%77ord=s3cret",
    ];
    for url in urls {
        let section = format!("query = \"SELECT 1\"\nprofile = \"example.com\"\nurl = \"{url}\"");
        let found = problem(&section);
        let expected =
            "error: `url` in [directory.sql] contains a password\n  --> waypost.toml:1:1\nhint: remove it";
        assert!(found.starts_with(expected), "{found}");
    }
    let files = config("");
    let inline = format!("directory = {{ sql = {{ query = \"SELECT 1\", url = \"{}\" }} }}\n", urls[0]);
    files.write("waypost.toml", &inline);
    let problems = files.problems();
    assert!(
        problems[0].starts_with("error: `url` in [directory.sql] contains a password\n  --> waypost.toml\n")
    );
    // A report prints the source line of other problems.
    files.write("waypost.toml", &inline.replace("query = \"SELECT 1\"", "querry = 1"));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_waypost"));
    let output = command.args(["check", "--config"]).arg(files.path("waypost.toml")).output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(report.contains("unknown key `querry`") && report.contains("://waypost:******@"), "{report}");
    assert!(!report.contains("s3cret"), "{report}");
}

#[test]
fn reports_mistakes_of_the_section() {
    let own = "query = \"SELECT domain FROM domain\"\n";
    let panel = "panel = \"postfixadmin\"\n";
    for (section, message, hint) in [
        (format!("{URL}{PROFILE}"), "[directory.sql] has neither `panel` nor `query`", "write panel ="),
        (
            format!("{URL}{PROFILE}\n{panel}{own}"),
            "[directory.sql] has both `panel` and `query`",
            "remove one",
        ),
        (format!("{URL}{panel}"), "`panel` needs a `profile` in [directory.sql]", "add profile ="),
        (format!("{own}{PROFILE}"), "`url` is missing in [directory.sql]", "write url = \"postgresql://"),
        (format!("{URL}{PROFILE}\nquery = \" \""), "`query` is empty", "write a SELECT statement"),
        (
            format!("{URL}{PROFILE}\npanel = \"postfix-admin\""),
            "`panel` is `postfix-admin`",
            "did you mean `postfixadmin`",
        ),
        (
            format!("{URL}{PROFILE}\npanel = \"plesk\""),
            "`panel` is `plesk`",
            "write `postfixadmin`, `mailcow`",
        ),
        (
            format!("{URL}{PROFILE}\npanel = \"froxlor\""),
            "`froxlor` does not use PostgreSQL",
            "correct `url`: the panel uses MySQL",
        ),
        (
            format!("{URL}{PROFILE}\n{own}table_prefix = \"x_\""),
            "`table_prefix` is only for the query of a panel",
            "remove it",
        ),
        (
            format!("{URL}{PROFILE}\npanel = \"iredmail\"\ntable_prefix = \"x_\""),
            "the tables of `iredmail` have no prefix",
            "remove",
        ),
        (
            format!("{URL}{PROFILE}\n{panel}table_prefix = \"x; DROP\""),
            "`table_prefix` is `x; DROP`",
            "write letters",
        ),
        (format!("{URL}{PROFILE}\n{panel}poll_seconds = 0"), "`poll_seconds` is 0", "write a number from 1"),
        (
            format!("{URL}{PROFILE}\n{panel}timeout_seconds = 3601"),
            "`timeout_seconds` is 3601",
            "write a number from 1",
        ),
        (format!("{URL}{PROFILE}\n{panel}max_domains = 0"), "`max_domains` is 0", "write a number from 1"),
        (
            format!("{URL}{panel}profile = \"example.con\""),
            "`profile` in [directory.sql] is `example.con`, but no profile has this id",
            "did you mean `example.com`?",
        ),
        (
            format!("{URL}{panel}profile = \"far.away\""),
            "`profile` in [directory.sql] is `far.away`, but no profile has this id",
            "write the `id` of a profile",
        ),
        (
            format!("url = \"mssql://localhost/panel\"\n{own}{PROFILE}"),
            "`url` is not the URL of a database that Waypost supports",
            "begin it with postgresql://, mysql:// (also for MariaDB) or sqlite://",
        ),
        (
            format!("url = \"panel.db\"\n{own}{PROFILE}"),
            "`url` is not the URL of a database that Waypost supports",
            "begin it",
        ),
        (
            format!("url = \"sqlite://panel.db?mode=rwc\"\n{own}{PROFILE}"),
            "`url` has no path of an SQLite file",
            "write the path",
        ),
        (
            format!("url = \"sqlite://panel.db\"\n{own}{PROFILE}\nca_file = \"ca.pem\""),
            "`ca_file` has no effect, because SQLite is a file",
            "remove",
        ),
        (
            format!("url = \"postgresql://localhost:port/panel\"\n{own}{PROFILE}"),
            "`url` is invalid: invalid port number",
            "write it like",
        ),
        (
            format!("url = \"mysql://localhost/panel?sslmode=x\"\n{own}{PROFILE}"),
            "`url` is invalid: unknown value",
            "write it like",
        ),
        (
            format!("{URL}{own}{PROFILE}\nquerry = \"x\""),
            "unknown key `querry` in [directory.sql]",
            "did you mean `query`?",
        ),
    ] {
        let problem = problem(&section);
        assert!(problem.starts_with(&format!("error: {message}")), "{section}\n{problem}");
        assert!(problem.contains(&format!("\nhint: {hint}")), "{section}\n{problem}");
    }
}

#[test]
fn reads_all_keys_of_the_section() {
    let files = config(&format!(
        "{URL}password_file = \"sql.password\"\nca_file = \"ca.pem\"\npanel = \"postfixadmin\"\ntable_prefix = \"pa_\"\n{PROFILE}"
    ));
    let source = source(&files);
    assert_eq!(source.password_file, Some(files.path("sql.password")));
    assert_eq!(source.ca_file, Some(files.path("ca.pem")));
    assert!(source.query.contains(" FROM pa_domain ") && source.query.contains(" pa_alias_domain "));
    assert_eq!((source.poll.as_secs(), source.timeout.as_secs(), source.max_domains), (60, 10, 5_000_000));
    assert_eq!(source.profile.unwrap().as_str(), "example.com");
}
