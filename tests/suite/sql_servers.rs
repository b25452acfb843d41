//! `[directory.sql]` with PostgreSQL, MariaDB and PgBouncer, and with servers that do not answer.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use waypost::address::Domain;
use waypost::directory::{SqlAnswer, SqlSource};

use crate::certificates::{Chain, Key};
use crate::common::Files;
use crate::databases::DatabaseServer;
use crate::sql::{config, error, read, rows, source, wait};

/// A table with the types of text that `types` creates, and a user `waypost` that may do everything, so that only Waypost
/// prevents a statement from writing.
fn filled(server: &DatabaseServer, administration: &str, types: &str, user: &str) {
    server.run(administration, "CREATE DATABASE panel");
    server.run("panel", types);
    server.run("panel", user);
}

/// A source with the user `waypost`, whose query returns one column.
fn reader(server: &DatabaseServer, database: &str, query: &str, more: &str) -> (Files, SqlSource) {
    let files = config(&format!(
        "url = \"{}\"\npassword_file = \"password\"\nprofile = \"example.com\"\nquery = \"{query}\"\n{more}",
        server.url("waypost", database)
    ));
    files.write("password", "s3cret\r\n");
    let source = source(&files);
    (files, source)
}

fn with_query(source: &SqlSource, query: &str) -> SqlSource {
    SqlSource { query: query.to_owned(), ..source.clone() }
}

const SERVED: [&str; 2] = ["a.example", "b.example"];

/// Each column and each statement returns the two domains.
fn reads_columns_of_every_text_type(source: &SqlSource, columns: &[&str]) {
    for column in columns {
        let query = format!("SELECT {column} FROM domain");
        assert_eq!(read(&with_query(source, &query)).unwrap(), SERVED, "{column}");
    }
    let union = "SELECT 'b.example' UNION ALL SELECT NULL UNION ALL SELECT a FROM domain WHERE number = 1";
    assert_eq!(read(&with_query(source, union)).unwrap(), SERVED);
    let null_first = "SELECT NULL AS x UNION ALL SELECT a FROM domain";
    assert_eq!(read(&with_query(source, null_first)).unwrap(), SERVED);
    assert_eq!(read(&with_query(source, "SELECT NULL")).unwrap(), [""; 0]);
    let profiles = SqlSource { profile: None, ..with_query(source, "SELECT a, 'Example.com' FROM domain;") };
    assert_eq!(read(&profiles).unwrap(), ["a.example=example.com", "b.example=example.com"]);
}

fn rejects_wrong_columns(source: &SqlSource, number: &str, bytes: &str) {
    for condition in ["", " WHERE number > 2", " WHERE number > 2; -- end"] {
        let error = |columns: &str, profile: Option<Domain>| {
            let query = format!("SELECT {columns} FROM domain{condition}");
            error(&SqlSource { profile, ..with_query(source, &query) })
        };
        let profile = source.profile.clone();
        assert!(
            error("a, a AS b, a AS c", None).starts_with("the query returns 3 columns\nhint: return one")
        );
        assert!(error("a", None).starts_with("the query returns one column, and there is no `profile`\n"));
        assert!(
            error("a, a", profile).starts_with("the query returns two columns, and there is a `profile`\n")
        );
    }
    let number_error = error(&with_query(source, "SELECT number FROM domain"));
    let expected =
        format!("column `number` has the type {number}, which is not text\nhint: convert the column");
    assert!(number_error.starts_with(&expected), "{number_error}");
    let bytes_error = error(&with_query(source, "SELECT bytes FROM domain"));
    assert!(bytes_error.starts_with(&format!("column `bytes` has the type {bytes}")), "{bytes_error}");
}

/// Every statement fails, and the table is as before.
fn rejects_writing(source: &SqlSource, statements: &[&str], message: &str) {
    for statement in statements {
        let found = error(&with_query(source, statement));
        assert!(found.starts_with(message), "{statement}: {found}");
        let version = SqlSource { version_query: Some((*statement).to_owned()), ..source.clone() };
        assert!(error(&version).starts_with(&message.replace("the query", "`version_query`")), "{statement}");
        assert_eq!(read(source).unwrap(), SERVED, "{statement}");
    }
}

fn rejects_several_statements(source: &SqlSource) {
    for statement in ["SELECT a FROM domain; DELETE FROM domain", "COMMIT; DELETE FROM domain"] {
        let found = error(&with_query(source, statement));
        assert!(found.starts_with("the query fails: "), "{found}");
        assert_eq!(read(source).unwrap(), SERVED);
    }
    for statement in ["COMMIT", "ROLLBACK"] {
        let found = error(&with_query(source, statement));
        assert!(found.starts_with("the query returns no columns\n"), "{statement}: {found}");
    }
}

/// The first line of the error for each mistake in the section.
fn names_mistakes(server: &DatabaseServer, messages: [&str; 7]) {
    let (files, good) = reader(server, "panel", "SELECT a FROM domain", "");
    assert_eq!(read(&good).unwrap(), SERVED);
    let (_files, no_database) = reader(server, "nowhere", "SELECT a FROM domain", "");
    let unknown_host = SqlSource { url: good.url.replace("localhost", "host.invalid"), ..good.clone() };
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let closed_port =
        SqlSource { url: good.url.replace(&server.port.to_string(), &closed.to_string()), ..good.clone() };
    let found = [
        error(&no_database),
        error(&with_query(&good, "SELECT a FROM nothing")),
        error(&with_query(&good, "SELECT nothing FROM domain")),
        error(&unknown_host),
        error(&closed_port),
        error(&with_query(&good, "SELECT secret FROM hidden")),
        {
            files.write("password", "wrong-s3cret");
            error(&good)
        },
    ];
    for (found, message) in found.iter().zip(messages) {
        assert!(found.starts_with(message) && found.contains("\nhint: "), "{found}\nis not {message}");
        assert!(!found.contains("s3cret"), "{found}");
    }
    std::fs::remove_file(files.path("password")).unwrap();
    assert!(error(&good).starts_with("`password_file` cannot be read: "));
}

fn verifies_the_certificate(server: &DatabaseServer) {
    let (files, source) = reader(server, "panel", "SELECT a FROM domain", "ca_file = \"ca.pem\"");
    let right = std::fs::read_to_string(&server.ca_file).unwrap();
    files.write("ca.pem", &right);
    assert_eq!(read(&source).unwrap(), SERVED);
    let other_host = SqlSource { url: source.url.replace("localhost", "127.0.0.1"), ..source.clone() };
    let message = "no TLS connection to the database: invalid peer certificate: ";
    let found = error(&other_host);
    assert!(found.starts_with(message) && found.contains("not valid for"), "{found}");
    files.write("ca.pem", &Chain::new(Key::Ecdsa).root);
    let found = error(&source);
    assert!(found.starts_with(message) && found.contains("\nhint: set `ca_file`"), "{found}");
    files.write("ca.pem", "no certificate");
    assert!(error(&source).starts_with("`ca_file` has no certificate in PEM format: "));
}

fn reads_versions(source: &SqlSource, query: &str, change: impl FnOnce()) {
    let source = SqlSource { version_query: Some(query.to_owned()), ..source.clone() };
    let SqlAnswer::List { version: Some(first), .. } = wait(source.read(None)).unwrap() else { panic!() };
    assert!(matches!(wait(source.read(Some(&first))).unwrap(), SqlAnswer::Unchanged));
    change();
    let SqlAnswer::List { list, .. } = wait(source.read(Some(&first))).unwrap() else { panic!() };
    assert_eq!(rows(&list), ["a.example", "b.example", "c.example"]);
}

/// The time is only printed: it depends on the machine.
fn reads_a_million_rows(source: &SqlSource, query: &str) {
    let source = SqlSource { timeout: Duration::from_mins(1), ..with_query(source, query) };
    let start = Instant::now();
    let SqlAnswer::List { list, .. } = wait(source.read(None)).unwrap() else { panic!() };
    println!("1000000 rows from {}: {:?}", source.url.split(':').next().unwrap(), start.elapsed());
    assert_eq!(list.len(), 1_000_000);
    let limited = SqlSource { max_domains: 999, ..source };
    assert!(error(&limited).starts_with("the query returns more than 999 rows\n"));
}

const POSTGRESQL_TYPES: &str =
    "CREATE EXTENSION citext; CREATE TYPE choice AS ENUM ('a.example', 'b.example');
    CREATE DOMAIN name_of_domain AS varchar(255);
    CREATE TABLE domain (a varchar(255), b text, c char(9), d citext, e name, f choice, g name_of_domain,
        number integer, bytes bytea);
    INSERT INTO domain SELECT x, x, x, x, x, x::choice, x, n, 'x'
        FROM (VALUES ('a.example', 1), ('b.example', 2)) AS v (x, n);
    CREATE TABLE hidden (secret text);
    CREATE FUNCTION writing() RETURNS text LANGUAGE sql AS
        'INSERT INTO domain (a) VALUES (''c.example'') RETURNING a';";

const POSTGRESQL_USER: &str = "CREATE USER waypost PASSWORD 's3cret'; GRANT ALL ON domain TO waypost;
    GRANT ALL ON SCHEMA public TO waypost;";

const POSTGRESQL_WRITES: [&str; 7] = [
    "DELETE FROM domain",
    "DELETE FROM domain RETURNING a",
    "INSERT INTO domain (a) VALUES ('c.example')",
    "WITH x AS (DELETE FROM domain RETURNING a) SELECT a FROM x",
    "SELECT writing()",
    "CREATE TABLE other (a text)",
    "SELECT a INTO other FROM domain",
];

#[test]
#[ignore = "needs PostgreSQL"]
fn reads_from_postgresql() {
    let server = DatabaseServer::postgresql();
    filled(&server, "postgres", POSTGRESQL_TYPES, POSTGRESQL_USER);
    let (_files, source) = reader(&server, "panel", "SELECT a FROM domain", "");
    reads_columns_of_every_text_type(&source, &["a", "b", "c", "d", "e", "f", "g", "lower(a)"]);
    rejects_wrong_columns(&source, "int4", "bytea");
    rejects_writing(&source, &POSTGRESQL_WRITES, "the query writes to the database: cannot execute ");
    rejects_several_statements(&source);
    let escape = "SELECT set_config('transaction_read_only', 'off', false)";
    let found = error(&with_query(&source, escape));
    assert!(found.contains("transaction read-write mode must be set before any query"), "{found}");
    // This one is possible, but only one statement follows, which is not `query`.
    let version =
        SqlSource { version_query: Some("SET TRANSACTION READ WRITE".to_owned()), ..source.clone() };
    assert!(
        error(&with_query(&version, "DELETE FROM domain RETURNING a"))
            .starts_with("`version_query` returns no rows")
    );
    // The session is read-only too.
    let setting = "SELECT current_setting('default_transaction_read_only') || '.example'";
    assert_eq!(read(&with_query(&source, setting)).unwrap(), ["on.example"]);
    names_mistakes(
        &server,
        [
            "the database does not exist: database \"nowhere\" does not exist",
            "the query names a missing table: relation \"nothing\" does not exist",
            "the query names a missing column: column \"nothing\" does not exist",
            "no connection to the database: failed to lookup address information",
            "no connection to the database: Connection refused",
            "the database user may not run the query: permission denied for table hidden",
            "the database rejects the login: password authentication failed for user \"waypost\"",
        ],
    );
    verifies_the_certificate(&server);
    reads_the_password_from_the_environment(&server);
    let million = "SELECT 'customer-' || n || '.example' FROM generate_series(1, 1000000) n";
    reads_a_million_rows(&source, million);
    let change = || server.run("panel", "INSERT INTO domain (a, number) VALUES ('c.example', 2)");
    reads_versions(&source, "SELECT max(number), count(*), now() > now(), NULL FROM domain", change);
    let short = SqlSource { timeout: Duration::from_secs(1), ..source };
    let slow = with_query(&short, "SELECT a FROM domain, pg_sleep(3)");
    assert!(
        error(&slow).starts_with("timeout: the first row took longer than 1 s\nhint: "),
        "{}",
        error(&slow)
    );
}

/// The environment is that of the program, so this is a command.
fn reads_the_password_from_the_environment(server: &DatabaseServer) {
    let url = server.url("waypost", "panel");
    let files =
        config(&format!("url = \"{url}\"\nprofile = \"example.com\"\nquery = \"SELECT a FROM domain\""));
    let check = |password: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command
            .args(["check", "--config"])
            .arg(files.path("waypost.toml"))
            .env("WAYPOST_SQL_PASSWORD", password);
        let output = command.output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    assert!(!check("s3cret").contains("the database rejects the login"));
    let rejected = check("wr0ng");
    assert!(rejected.contains("the database rejects the login") && !rejected.contains("wr0ng"), "{rejected}");
}

const MARIADB_TYPES: &str = "CREATE TABLE domain (a varchar(255), b text, c char(20),
        d varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, e tinytext, f enum('a.example', 'b.example'),
        g varchar(255) CHARACTER SET latin1, h longtext, i varchar(255) CHARACTER SET ascii COLLATE ascii_bin,
        number integer, bytes varbinary(20)) ENGINE = InnoDB;
    INSERT INTO domain VALUES
        ('a.example', 'a.example', 'a.example', 'a.example', 'a.example', 'a.example', 'a.example', 'a.example', 'a.example', 1, 'x'),
        ('b.example', 'b.example', 'b.example', 'b.example', 'b.example', 'b.example', 'b.example', 'b.example', 'b.example', 2, 'x');
    CREATE TABLE hidden (secret text);
    CREATE FUNCTION writing() RETURNS varchar(20) MODIFIES SQL DATA
    BEGIN INSERT INTO domain (a) VALUES ('c.example'); RETURN 'd.example'; END;";

const MARIADB_USER: &str = "CREATE USER waypost@localhost IDENTIFIED BY 's3cret';
    GRANT ALL ON panel.domain TO waypost@localhost; GRANT CREATE, EXECUTE ON panel.* TO waypost@localhost;";

const MARIADB_WRITES: [&str; 6] = [
    "DELETE FROM domain",
    "DELETE FROM domain RETURNING a",
    "INSERT INTO domain (a) VALUES ('c.example')",
    "SELECT writing()",
    "CREATE TABLE other (a text)",
    "TRUNCATE domain",
];

#[test]
#[ignore = "needs MariaDB"]
fn reads_from_mariadb() {
    let server = DatabaseServer::mariadb();
    filled(&server, "mysql", MARIADB_TYPES, MARIADB_USER);
    let (_files, source) = reader(&server, "panel", "SELECT a FROM domain", "");
    let columns =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "CONCAT(a, '')", "CAST(bytes AS CHAR) AS b, a"];
    reads_columns_of_every_text_type(&source, &columns[..10]);
    rejects_wrong_columns(&source, "int", "varbinary");
    rejects_writing(&source, &MARIADB_WRITES, "the query writes to the database: Cannot execute statement");
    rejects_several_statements(&source);
    names_mistakes(
        &server,
        [
            "the database does not exist: Access denied for user 'waypost'@'localhost' to database 'nowhere'",
            // Without rights for the whole database, MariaDB hides whether a table exists.
            "the database user may not run the query: SELECT command denied to user",
            "the query names a missing column: Unknown column 'nothing'",
            "no connection to the database: failed to lookup address information",
            "no connection to the database: Connection refused",
            "the database user may not run the query: SELECT command denied to user",
            "the database rejects the login: Access denied for user 'waypost'@'localhost' (using password: YES)",
        ],
    );
    server.run("panel", "GRANT SELECT ON panel.* TO waypost@localhost");
    let table = error(&with_query(&source, "SELECT a FROM nothing"));
    assert!(
        table.starts_with("the query names a missing table: Table 'panel.nothing' doesn't exist\n"),
        "{table}"
    );
    verifies_the_certificate(&server);
    reads_a_million_rows(&source, "SELECT CONCAT('customer-', seq, '.example') FROM seq_1_to_1000000");
    let change = || server.run("panel", "INSERT INTO domain (a, number) VALUES ('c.example', 2)");
    reads_versions(&source, "SELECT max(number), count(*), CURRENT_DATE, NULL FROM domain", change);
}

/// Two clients share one server connection, so nothing of the first reading may stay in it.
#[test]
#[ignore = "needs PgBouncer"]
fn reads_through_a_pooler_in_transaction_mode() {
    let server = DatabaseServer::postgresql();
    filled(&server, "postgres", POSTGRESQL_TYPES, POSTGRESQL_USER);
    let pooler = DatabaseServer::pgbouncer(&server, "waypost", "s3cret");
    let (files, source) = reader(&pooler, "panel", "SELECT a FROM domain", "");
    for column in ["a", "d", "f", "a", "d", "f"] {
        assert_eq!(
            read(&with_query(&source, &format!("SELECT {column} FROM domain"))).unwrap(),
            SERVED,
            "{column}"
        );
        let empty = format!("SELECT {column} FROM domain WHERE number > 2");
        assert_eq!(read(&with_query(&source, &empty)).unwrap(), [""; 0], "{column}");
    }
    rejects_writing(&source, &POSTGRESQL_WRITES, "the query writes to the database: cannot execute ");
    // The session of the server connection is as before.
    let setting = "SELECT current_setting('default_transaction_read_only') || '.example'";
    assert_eq!(read(&with_query(&source, setting)).unwrap(), ["off.example"]);
    let names = "SELECT name FROM pg_prepared_statements";
    assert_eq!(read(&with_query(&source, names)).unwrap(), [""; 0]);
    files.write("password", "wrong");
    assert!(error(&source).starts_with("the database rejects the login: "), "{}", error(&source));
}

/// A server that accepts a connection, and then does this with it.
fn fake_server(serve: impl FnOnce(std::net::TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || serve(listener.accept().unwrap().0));
    port
}

fn fake_source(scheme: &str, port: u16) -> SqlSource {
    let files = config(&format!(
        "url = \"{scheme}://waypost@127.0.0.1:{port}/panel\"\nquery = \"SELECT a\"\nprofile = \"example.com\"\n\
         timeout_seconds = 1"
    ));
    source(&files)
}

#[test]
fn ends_the_wait_for_a_server_that_never_answers() {
    for scheme in ["postgresql", "mysql"] {
        let port = fake_server(|mut stream| {
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let source = SqlSource { timeout: Duration::from_millis(50), ..fake_source(scheme, port) };
        let found = error(&source);
        assert!(found.starts_with("timeout: the connection took longer than 0"), "{found}");
    }
}

#[test]
fn reports_a_server_that_closes_the_connection() {
    for scheme in ["postgresql", "mysql"] {
        let found = error(&fake_source(scheme, fake_server(drop)));
        assert!(found.starts_with("no connection to the database: "), "{found}");
    }
}

/// A message of PostgreSQL's protocol.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// A server that speaks enough of PostgreSQL's protocol to return rows, and then ends the connection.
#[test]
fn rejects_a_list_that_ends_in_the_middle() {
    let port = fake_server(|mut stream| {
        let ready = message(b'Z', b"T");
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        // Without TLS; then the login without a password.
        let _ = stream.read(&mut buffer).unwrap();
        stream.write_all(b"N").unwrap();
        let _ = stream.read(&mut buffer).unwrap();
        stream.write_all(&[message(b'R', &[0; 4]), ready.clone()].concat()).unwrap();
        // The start of the transaction and two settings.
        for _ in 0..3 {
            let _ = stream.read(&mut buffer).unwrap();
            stream.write_all(&[message(b'C', b"OK\0"), ready.clone()].concat()).unwrap();
        }
        let text = [b"a\0", &[0; 6][..], &25_u32.to_be_bytes(), &[255, 255], &[255; 4], &[0; 2]].concat();
        let columns = message(b'T', &[&1_u16.to_be_bytes()[..], &text].concat());
        let _ = stream.read(&mut buffer).unwrap();
        stream.write_all(&[message(b'1', &[]), message(b't', &[0; 2]), columns, ready].concat()).unwrap();
        let length = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..length]);
        let value = b"a.example";
        let row =
            [&1_u16.to_be_bytes()[..], &u32::try_from(value.len()).unwrap().to_be_bytes(), value].concat();
        stream.write_all(&[message(b'2', &[]), message(b'D', &row)].concat()).unwrap();
    });
    let found = error(&fake_source("postgresql", port));
    assert!(found.starts_with("the connection to the database ended: "), "{found}");
}
