//! The queries for hosting panels, on every database that a panel supports. The tables have only the columns that
//! matter here. `src/directory/panel.rs` names the files of the panels that define them.

use strum::VariantNames as _;
use waypost::directory::{Panel, SqlDialect, SqlSource};

use crate::common::Files;
use crate::databases::DatabaseServer;
use crate::sql::{config, read, source, write};

/// The tables and rows of a panel.
fn tables(panel: Panel, dialect: SqlDialect, prefix: &str) -> String {
    let boolean = if dialect == SqlDialect::PostgreSql { "boolean" } else { "tinyint" };
    let with_domains = |number: &str| {
        format!(
            "CREATE TABLE {prefix}domain (domain varchar(255) PRIMARY KEY, backupmx {number}, active {number});
             CREATE TABLE {prefix}alias_domain (alias_domain varchar(255) PRIMARY KEY, target_domain varchar(255),
                 active {number});
             INSERT INTO {prefix}domain VALUES ('a.example', '0', '1'), ('off.example', '0', '0'),
                 ('backup.example', '1', '1'), ('ALL', '0', '1');
             INSERT INTO {prefix}alias_domain VALUES ('alias.example', 'a.example', '1'),
                 ('off-alias.example', 'a.example', '0'), ('alias-of-off.example', 'off.example', '1'),
                 ('alias-of-backup.example', 'backup.example', '1');"
        )
    };
    match panel {
        Panel::PostfixAdmin => with_domains(boolean),
        Panel::Mailcow | Panel::IRedMail => with_domains("smallint"),
        Panel::Modoboa => format!(
            "CREATE TABLE admin_domain (id integer PRIMARY KEY, name varchar(100), enabled {boolean}, type varchar(20));
             CREATE TABLE admin_domainalias (id integer PRIMARY KEY, name varchar(254), enabled {boolean},
                 target_id integer);
             INSERT INTO admin_domain VALUES (1, 'a.example', '1', 'domain'), (2, 'off.example', '0', 'domain'),
                 (3, 'relay.example', '1', 'relaydomain');
             INSERT INTO admin_domainalias VALUES (1, 'alias.example', '1', 1), (2, 'off-alias.example', '0', 1),
                 (3, 'alias-of-off.example', '1', 2), (4, 'alias-of-relay.example', '1', 3);"
        ),
        Panel::Froxlor => "CREATE TABLE panel_domains (id integer PRIMARY KEY, domain varchar(255),
                 aliasdomain integer, isemaildomain tinyint(1), deactivated tinyint(1));
             INSERT INTO panel_domains VALUES (1, 'a.example', NULL, 1, 0), (2, 'alias.example', 1, 1, 0),
                 (3, 'web.example', NULL, 0, 0), (4, 'off.example', NULL, 1, 1);"
            .to_owned(),
        Panel::IspConfig => "CREATE TABLE mail_domain (domain_id integer PRIMARY KEY, domain varchar(255),
                 active enum('n','y'));
             INSERT INTO mail_domain VALUES (1, 'a.example', 'y'), (2, 'off.example', 'n'), (3, 'alias.example', 'y');"
            .to_owned(),
        Panel::Mailu => "CREATE TABLE domain (name varchar(80) PRIMARY KEY);
             CREATE TABLE alternative (name varchar(80) PRIMARY KEY, domain_name varchar(80));
             INSERT INTO domain VALUES ('a.example');
             INSERT INTO alternative VALUES ('alias.example', 'a.example');"
            .to_owned(),
    }
}

/// The panels that support a database.
fn panels(dialect: SqlDialect) -> impl Iterator<Item = (&'static str, Panel)> {
    let panels = Panel::VARIANTS.iter().map(|name| (*name, name.parse::<Panel>().unwrap()));
    panels.filter(move |(_, panel)| panel.dialects().contains(&dialect))
}

fn configured(url: &str, name: &str, prefix: &str) -> (Files, SqlSource) {
    let files = config(&format!(
        "url = \"{url}\"\npassword_file = \"password\"\npanel = \"{name}\"\ntable_prefix = \"{prefix}\"\n\
         profile = \"example.com\""
    ));
    files.write("password", "reader\n");
    let source = source(&files);
    (files, source)
}

const SERVED: [&str; 2] = ["a.example", "alias.example"];

#[test]
fn reads_the_panels_with_sqlite() {
    let mut count = 0;
    for (name, panel) in panels(SqlDialect::Sqlite) {
        let prefix = if panel.has_table_prefix() { "pa_" } else { "" };
        let (files, source) = configured("sqlite://panel.db", name, prefix);
        write(&files.path("panel.db"), &tables(panel, SqlDialect::Sqlite, prefix));
        assert_eq!(read(&source).unwrap(), SERVED, "{name}");
        count += 1;
    }
    assert_eq!(count, 3);
}

/// The database and the statements in the part of `docs/sql.md` about a panel.
fn documented(name: &str, dialect: SqlDialect) -> (String, String) {
    let page = std::fs::read_to_string("docs/sql.md").unwrap();
    let end = format!("\npanel = \"{name}\"\n```\n");
    let (before, part) = page.rsplit_once(&end).unwrap_or_else(|| panic!("{name}"));
    let database = before.trim_end_matches('"').rsplit('/').next().unwrap();
    let part = part.split("\n### ").next().unwrap();
    let label = if dialect == SqlDialect::MySql { "MySQL or MariaDB" } else { "PostgreSQL" };
    let (_, part) = part.split_once(&format!("{label}:\n\n```sql\n")).unwrap_or_else(|| panic!("{name}"));
    let statements = part.split("```").next().unwrap().replace("CHANGE-THIS", "reader");
    (database.split('"').next().unwrap().to_owned(), statements)
}

/// Reads each panel as a user with the rights that the documentation grants.
fn reads_the_panels_of(server: &DatabaseServer, administration: &str, dialect: SqlDialect) -> usize {
    let mut count = 0;
    for (name, panel) in panels(dialect) {
        let (database, grants) = documented(name, dialect);
        server.run(administration, &format!("CREATE DATABASE {database}"));
        server.run(&database, &tables(panel, dialect, ""));
        server.run(&database, &grants);
        let (_files, source) = configured(&server.url("waypost", &database), name, "");
        assert_eq!(read(&source).unwrap(), SERVED, "{name}");
        let (_, user) = grants.split_once("CREATE USER ").unwrap();
        let user = user.split_whitespace().next().unwrap();
        let drop_rights = if dialect == SqlDialect::PostgreSql { "DROP OWNED BY waypost;" } else { "" };
        server.run(&database, &format!("{drop_rights} DROP USER {user}"));
        count += 1;
    }
    count
}

#[test]
#[ignore = "needs PostgreSQL"]
fn reads_the_panels_with_postgresql() {
    let server = DatabaseServer::postgresql();
    assert_eq!(reads_the_panels_of(&server, "postgres", SqlDialect::PostgreSql), 4);
}

#[test]
#[ignore = "needs MariaDB"]
fn reads_the_panels_with_mariadb() {
    let server = DatabaseServer::mariadb();
    assert_eq!(reads_the_panels_of(&server, "mysql", SqlDialect::MySql), 7);
}
