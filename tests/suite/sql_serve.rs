//! A server whose domains are in a database: what it serves, how it notices changes, and what an outage changes.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::common::{Files, SERVERS, domains, profile, read_response, request};
use crate::program::Program;
use crate::reload_command::reload;
use crate::sql::write;

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const TABLE: &str = "CREATE TABLE domain (domain TEXT, server TEXT);";

/// A server with an admin listener on a Unix socket, and a database file beside its configuration. Only a reload reads
/// the database again: the interval is a day.
struct Setup {
    files: Files,
    socket_folder: tempfile::TempDir,
}

impl Setup {
    /// `rows` is SQL that fills the table. `more` are keys of the top level.
    fn new(rows: &str, more: &str) -> Self {
        let socket = tempfile::tempdir().unwrap();
        let settings = format!(
            "watch = false\n{more}\n[admin]\nlisten = \"unix:{}\"\n[directory.sql]\nurl = \"sqlite://list.db\"\n\
             query = \"SELECT domain, server FROM domain\"\npoll_seconds = 86400\n",
            socket.path().join("admin.sock").display()
        );
        let one = profile("one.example", &domains(&["one.example", "*.wild.example"]), SERVERS);
        let two = profile("two.example", "", &SERVERS.replace("example.com", "two.example"));
        let files = Files::new(&settings, &[("a.toml", &one), ("b.toml", &two)]);
        let this = Self { files, socket_folder: socket };
        this.write(TABLE);
        this.write(rows);
        this
    }

    fn database(&self) -> std::path::PathBuf {
        self.files.path("list.db")
    }

    fn write(&self, statements: &str) {
        write(&self.database(), statements);
    }

    fn start(&self) -> Program {
        Program::start("info", "json", &self.files)
    }

    /// Exit code, standard output and standard error of `waypost reload`.
    fn reload(&self) -> (Option<i32>, String, String) {
        reload(&self.files, &[])
    }

    /// The response of the admin listener.
    fn admin(&self, path: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(self.socket_folder.path().join("admin.sock")).unwrap();
        stream.write_all(&request("GET", "localhost", path, &[], b"")).unwrap();
        let response = read_response(&mut stream, false).unwrap();
        (response.status, response.text().to_owned())
    }
}

/// The IMAP host that a client of a domain gets; the status if it gets none.
fn served(program: &Program, domain: &str) -> String {
    let response = program.get(&format!("autoconfig.{domain}"), AUTOCONFIG);
    let has_domain = response.text().contains(&format!("<domain>{domain}</domain>"));
    assert!(response.status != 200 || has_domain, "{}", response.text());
    response.first_host()
}

const ONE: &str = "imap.example.com";
const TWO: &str = "imap.two.example";

#[test]
fn serves_the_domains_of_the_database_and_those_of_the_files() {
    let rows = "INSERT INTO domain VALUES ('a.example', 'one.example'), ('B.example.', 'two.example'),
        ('one.example', 'two.example'), ('mail.wild.example', 'two.example'), ('c.example', 'three.example')";
    let setup = Setup::new(rows, "");
    let program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    assert_eq!(served(&program, "b.example"), TWO);
    assert_eq!(served(&program, "one.example"), ONE, "the file comes first");
    assert_eq!(served(&program, "mail.wild.example"), TWO, "a listed domain comes before a wildcard");
    assert_eq!(served(&program, "other.wild.example"), ONE);
    assert_eq!(served(&program, "c.example"), "404", "its profile does not exist");
    assert_eq!(served(&program, "d.example"), "404");

    setup.write("INSERT INTO domain VALUES ('d.example', 'two.example'); DELETE FROM domain WHERE domain = 'a.example'");
    let (code, out, err) = setup.reload();
    assert_eq!((code, out.as_str()), (Some(0), "reloaded: 2 profiles for 5 domains\n"), "{err}");
    assert_eq!(
        (served(&program, "d.example"), served(&program, "a.example")),
        (TWO.to_owned(), "404".to_owned())
    );
    let (code, out, _) = setup.reload();
    assert_eq!((code, out.as_str()), (Some(0), "unchanged: 2 profiles for 5 domains\n"));

    // A profile that appears serves the rows that waited for it, without another answer of the database.
    fs::remove_file(setup.database()).unwrap();
    let three = profile("three.example", "", SERVERS);
    setup.files.write("profiles/c.toml", &three);
    let (code, out, err) = setup.reload();
    assert_eq!((code, out.as_str()), (Some(0), "reloaded: 3 profiles for 6 domains\n"), "{err}");
    assert_eq!(served(&program, "c.example"), ONE);
    program.stop();
}

#[test]
fn sighup_reads_the_database_again() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let mut program = setup.start();
    assert_eq!(served(&program, "b.example"), "404");
    setup.write("INSERT INTO domain VALUES ('b.example', 'two.example')");
    program.signal("HUP");
    let line = program.until(|line| {
        line.contains("serving a new list of domains from the database") && line.contains("\"domains\":2")
    });
    assert!(line.contains("\"served\":2"), "{line}");
    assert_eq!(served(&program, "b.example"), TWO);
    program.stop();
}

#[test]
fn reads_the_database_again_at_each_interval() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", &text.replace("86400", "1"));
    let mut program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    setup.write("INSERT INTO domain VALUES ('b.example', 'two.example')");
    program.until(|line| line.contains("serving a new list") && line.contains("\"domains\":2"));
    assert_eq!(served(&program, "b.example"), TWO);
    program.stop();
}

#[test]
fn a_much_shorter_list_is_served_after_three_equal_polls() {
    let setup = Setup::new(
        "INSERT INTO domain VALUES ('a.example', 'one.example'), ('b.example', 'one.example'), ('c.example', 'one.example')",
        "",
    );
    let mut program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    setup.write("DELETE FROM domain");
    for polls in [1, 2] {
        let (code, out, err) = setup.reload();
        assert_eq!((code, out.as_str()), (Some(0), "unchanged: 2 profiles for 5 domains\n"));
        let words = err.split_whitespace().collect::<Vec<_>>().join(" ");
        let warning = format!(
            "warning: the database returned far fewer domains than before (0); the last list stays until 3 polls \
             return the same list (now: {polls})"
        );
        assert!(words.contains(&warning), "{err}");
        let line = program.until(|line| line.contains("far fewer domains than before"));
        assert!(line.contains("ERROR") && line.contains(&format!("\"polls\":{polls}")), "{line}");
        assert_eq!(served(&program, "a.example"), ONE);
        let (_, status) = setup.admin("/status");
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        assert_eq!(status["sql"]["held"]["polls"], polls, "{status}");
    }
    let (code, out, _) = setup.reload();
    assert_eq!((code, out.as_str()), (Some(0), "reloaded: 2 profiles for 2 domains\n"));
    assert_eq!(served(&program, "a.example"), "404");
    program.stop();
}

/// The version belongs to a list that is not served. After a failed poll, the list must be read again.
#[test]
fn a_failed_poll_does_not_lose_a_list_that_is_held() {
    let setup = Setup::new(
        "INSERT INTO domain VALUES ('a.example', 'one.example'), ('b.example', 'one.example'), ('c.example', 'one.example')",
        "",
    );
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", &(text + "version_query = \"SELECT count(*) FROM domain\"\n"));
    let program = setup.start();
    assert_eq!(served(&program, "b.example"), ONE);
    let (_, _, err) = setup.reload();
    assert!(!err.contains("warning"), "{err}");
    setup.write("DELETE FROM domain WHERE domain <> 'a.example'");
    assert!(setup.reload().2.contains("far fewer domains"));
    let hidden = setup.files.path("hidden.db");
    fs::rename(setup.database(), &hidden).unwrap();
    assert!(setup.reload().2.contains("the database cannot be read"));
    fs::rename(hidden, setup.database()).unwrap();
    for _ in 0..2 {
        assert!(setup.reload().2.contains("far fewer domains"));
        assert_eq!(served(&program, "b.example"), ONE);
    }
    assert_eq!(setup.reload().1, "reloaded: 2 profiles for 3 domains\n");
    assert_eq!(
        (served(&program, "a.example"), served(&program, "b.example")),
        (ONE.to_owned(), "404".to_owned())
    );
    program.stop();
}

/// A reload of changed files does not count as a poll.
#[test]
fn changed_files_do_not_count_as_polls() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", &text.replace("watch = false", "watch = true"));
    let mut program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    setup.write("DELETE FROM domain");
    for number in 0..4 {
        let more = profile("more.example", &domains(&[&format!("m{number}.example")]), SERVERS);
        setup.files.write("profiles/more.toml", &more);
        program.until(|line| line.contains("serving the new configuration"));
    }
    assert_eq!(served(&program, "a.example"), ONE);
    assert!(setup.reload().2.contains("(now: 1)"));
    let (_, log) = program.stop();
    assert!(!log.contains("fewer domains are served than before"), "{log}");
}

#[test]
fn an_outage_changes_nothing() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let mut program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    let hidden = setup.files.path("hidden.db");
    fs::rename(setup.database(), &hidden).unwrap();
    for _ in 0..3 {
        let (code, out, err) = setup.reload();
        assert_eq!((code, out.as_str()), (Some(0), "unchanged: 2 profiles for 3 domains\n"), "{err}");
        assert!(
            err.contains("warning: the database cannot be read, and the last list of domains stays"),
            "{err}"
        );
        assert_eq!(served(&program, "a.example"), ONE);
    }
    let (status, text) = setup.admin("/readyz");
    assert_eq!(status, 200, "{text}");
    let (_, metrics) = setup.admin("/metrics");
    assert!(metrics.contains("waypost_sql_up 0\n"), "{metrics}");
    fs::rename(hidden, setup.database()).unwrap();
    let (code, out, err) = setup.reload();
    assert_eq!(
        (code, out.as_str(), err.contains("warning")),
        (Some(0), "unchanged: 2 profiles for 3 domains\n", false)
    );
    program.until(|line| line.contains("the database answers again"));
    let (_, log) = program.stop();
    assert_eq!(log.matches("the database cannot be read").count(), 1, "one line per change of state: {log}");
}

#[test]
fn a_changed_schema_and_a_list_that_is_too_long_change_nothing() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", &(text + "max_domains = 3\n"));
    let program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    let assert_refused = |message: &str| {
        let (code, out, err) = setup.reload();
        assert_eq!((code, out.as_str()), (Some(0), "unchanged: 2 profiles for 3 domains\n"));
        let words = err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(message), "{err}");
        assert_eq!(served(&program, "a.example"), ONE);
    };
    setup.write("ALTER TABLE domain RENAME COLUMN server TO host");
    assert_refused("the query names a missing column: no such column: server");
    setup.write("ALTER TABLE domain RENAME COLUMN host TO server");
    setup.write("INSERT INTO domain VALUES ('b.example', NULL), ('b.example', NULL), ('b.example', NULL)");
    assert_refused("the query returns more than 3 rows");
    setup.write("ALTER TABLE domain RENAME TO domains");
    assert_refused("the query names a missing table: no such table: domain");
    program.stop();
}

#[test]
fn a_start_without_the_database_serves_the_saved_list() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "state_dir = \"state\"");
    fs::create_dir(setup.files.path("state")).unwrap();
    let program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    program.stop();
    fs::remove_file(setup.database()).unwrap();
    let mut program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    program.until(|line| line.contains("the database cannot be read; the last list of domains is served"));
    let (status, text) = setup.admin("/readyz");
    assert_eq!(status, 200, "{text}");
    let (_, log) = program.stop();
    assert!(log.contains("serving the saved list of domains until the database answers"), "{log}");
}

#[test]
fn without_a_list_the_domains_of_the_files_are_served() {
    let setup = Setup::new("", "");
    fs::remove_file(setup.database()).unwrap();
    let program = setup.start();
    assert_eq!(
        (served(&program, "one.example"), served(&program, "a.example")),
        (ONE.to_owned(), "404".to_owned())
    );
    let (status, text) = setup.admin("/readyz");
    assert_eq!(status, 503, "{text}");
    setup.write(TABLE);
    setup.write("INSERT INTO domain VALUES ('a.example', 'one.example')");
    assert_eq!(setup.reload().0, Some(0));
    assert_eq!((served(&program, "a.example"), setup.admin("/readyz").0), (ONE.to_owned(), 200));
    program.stop();
}

#[test]
fn a_query_that_writes_fails_and_writes_nothing() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let query = "DELETE FROM domain RETURNING domain, server";
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", &text.replace("SELECT domain, server FROM domain", query));
    let before = fs::read(setup.database()).unwrap();
    let mut program = setup.start();
    program.until(|line| line.contains("the database cannot be read"));
    assert_eq!(served(&program, "a.example"), "404");
    assert_eq!(setup.reload().0, Some(0));
    program.stop();
    assert!(fs::read(setup.database()).unwrap() == before);
    assert!(!Path::new(&setup.files.path("list.db-journal")).exists());
}

#[test]
fn removing_the_section_removes_its_domains() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let program = setup.start();
    assert_eq!(served(&program, "a.example"), ONE);
    let text = fs::read_to_string(setup.files.path("waypost.toml")).unwrap();
    setup.files.write("waypost.toml", text.split("[directory.sql]").next().unwrap());
    fs::remove_file(setup.files.path("profiles/b.toml")).unwrap();
    let (code, out, err) = setup.reload();
    assert_eq!((code, out.as_str()), (Some(0), "reloaded: 1 profile for 2 domains\n"), "{err}");
    assert_eq!(served(&program, "a.example"), "404");
    assert_eq!(setup.admin("/readyz").0, 200);
    // The section that comes back asks the same question as before, and needs a new answer.
    setup.files.write("waypost.toml", &text);
    assert_eq!(setup.reload().1, "reloaded: 1 profile for 3 domains\n");
    assert_eq!(served(&program, "a.example"), ONE);
    program.stop();
}

/// Whatever a client sends, it never becomes part of a query: requests do not ask the database.
#[test]
fn names_that_look_like_sql_get_an_ordinary_404() {
    let setup = Setup::new("INSERT INTO domain VALUES ('a.example', 'one.example')", "");
    let program = setup.start();
    for domain in
        ["a.example'--", "%27%20OR%201=1--", "a.example%27;DROP%20TABLE%20domain;--", "a.example\";"]
    {
        let target = format!("{AUTOCONFIG}?emailaddress=x@{domain}");
        let status = program.get("autoconfig.unknown.example", &target).status;
        assert!(matches!(status, 400 | 404), "{domain}: {status}");
        let host = domain.replace("%27", "'").replace("%20", " ");
        assert!(matches!(program.get(&host, AUTOCONFIG).status, 400 | 404), "{host}");
    }
    assert_eq!(served(&program, "a.example"), ONE);
    program.stop();
}
