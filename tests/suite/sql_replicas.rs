//! Several machines that share nothing but a database: they agree about every domain, whatever happens to the database.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::common::{Files, Response, SERVERS, domains, profile, read_response, request};
use crate::databases::DatabaseServer;
use crate::program::Program;

/// A machine: its configuration, its `state_dir` and its running server.
struct Replica {
    files: Files,
    program: Program,
}

impl Replica {
    fn start(database: &DatabaseServer) -> Self {
        let settings = format!(
            "watch = false\nstate_dir = \"state\"\n[limits]\nunlimited = [\"127.0.0.0/8\"]\n[admin]\nlisten = \
             \"127.0.0.1:0\"\n[directory.sql]\nurl = \"{}\"\npassword_file = \"password\"\n\
             query = \"SELECT domain, server FROM domain\"\npoll_seconds = 1\ntimeout_seconds = 1\n",
            database.url("waypost", "panel")
        );
        let one = profile("one.example", &domains(&["one.example"]), SERVERS);
        let two = profile("two.example", "", &SERVERS.replace("example.com", "two.example"));
        let files = Files::new(&settings, &[("a.toml", &one), ("b.toml", &two)]);
        files.write("password", "s3cret");
        fs::create_dir(files.path("state")).unwrap();
        let program = Program::start("info", "json", &files);
        let mut this = Self { files, program };
        this.until_domains(2);
        this
    }

    /// The IMAP host that a client of a domain gets; the status if it gets none.
    fn served(&self, domain: &str) -> String {
        self.program.get(&format!("autoconfig.{domain}"), AUTOCONFIG).first_host()
    }

    /// Waits until a list with this number of domains is served.
    fn until_domains(&mut self, count: u32) {
        self.program
            .until_measured("waypost_sql_domains", |domains| (domains - f64::from(count)).abs() < 0.5);
    }

    fn restart(&mut self) {
        let port = self.program.address.to_string();
        self.program.signal("TERM");
        self.program.child.wait().unwrap();
        let mut command = Program::command(&self.files);
        // The load of the test goes to the same address.
        command.args(["--listen", &port, "--log-level", "info", "--log-format", "json"]);
        self.program = Program::spawn(&mut command);
        // The log names the admin listener before it has the lines that the test waits for.
        assert_eq!(self.program.admin("/healthz").status, 200);
    }
}

fn database() -> DatabaseServer {
    let server = DatabaseServer::postgresql();
    server.run("postgres", "CREATE DATABASE panel");
    server.run(
        "panel",
        "CREATE TABLE domain (domain text PRIMARY KEY, server text);
         INSERT INTO domain VALUES ('a.example', 'one.example'), ('b.example', 'two.example');
         CREATE USER waypost PASSWORD 's3cret'; GRANT SELECT ON domain TO waypost",
    );
    server
}

const AUTOCONFIG: &str = "/mail/config-v1.1.xml";
const ONE: &str = "imap.example.com";
const TWO: &str = "imap.two.example";

fn until_domains(replicas: &mut [Replica], count: u32) {
    for replica in replicas {
        replica.until_domains(count);
    }
}

fn assert_all(replicas: &[Replica], expected: &[(&str, &str)]) {
    for (number, replica) in replicas.iter().enumerate() {
        for (domain, host) in expected {
            assert_eq!(replica.served(domain), *host, "{domain} at {number}");
        }
    }
}

#[test]
#[ignore = "needs PostgreSQL"]
fn three_replicas_agree_after_each_change_of_the_database() {
    let database = database();
    let mut replicas: Vec<_> = (0..3).map(|_| Replica::start(&database)).collect();
    assert_all(
        &replicas,
        &[("a.example", ONE), ("b.example", TWO), ("c.example", "404"), ("one.example", ONE)],
    );

    database.run("panel", "INSERT INTO domain VALUES ('c.example', 'one.example')");
    until_domains(&mut replicas, 3);
    assert_all(&replicas, &[("a.example", ONE), ("b.example", TWO), ("c.example", ONE)]);

    database.run("panel", "DELETE FROM domain WHERE domain = 'a.example'");
    until_domains(&mut replicas, 2);
    assert_all(&replicas, &[("a.example", "404"), ("b.example", TWO), ("c.example", ONE)]);

    database.run("panel", "UPDATE domain SET server = 'one.example' WHERE domain = 'b.example'");
    for replica in &mut replicas {
        replica.program.until_measured("waypost_sql_polls_total{result=\"done\"}", |polls| polls >= 4.0);
    }
    assert_all(&replicas, &[("b.example", ONE), ("c.example", ONE)]);
}

/// The process is stopped as a whole (SIGSTOP), so that it accepts connections and never answers.
#[test]
#[ignore = "needs PostgreSQL"]
fn a_stopped_database_changes_no_answer_even_if_a_replica_restarts() {
    let database = database();
    let mut replicas: Vec<_> = (0..3).map(|_| Replica::start(&database)).collect();
    let addresses: Vec<_> = replicas.iter().map(|replica| replica.program.address).collect();
    let is_done = AtomicBool::new(false);
    let answers = AtomicUsize::new(0);
    thread::scope(|scope| {
        for (number, address) in addresses.iter().enumerate() {
            let (is_done, answers) = (&is_done, &answers);
            scope.spawn(move || {
                while !is_done.load(Relaxed) {
                    for (domain, host) in [("a.example", ONE), ("b.example", TWO), ("no.example", "404")] {
                        // The replica that restarts refuses connections meanwhile.
                        let Some(answer) = ask(*address, domain) else {
                            assert_eq!(number, 1, "only this replica restarts");
                            thread::yield_now();
                            continue;
                        };
                        assert_eq!(answer.first_host(), host, "{domain} at {number}");
                        answers.fetch_add(1, Relaxed);
                    }
                }
            });
        }
        // The load ends with this block, even if an assertion fails.
        let _end = EndLoad(&is_done);
        database.signal("STOP");
        for replica in &mut replicas {
            replica.program.until(|line| line.contains("the last list of domains is served"));
        }
        replicas[1].restart();
        let line = replicas[1].program.until(|line| line.contains("the last list of domains is served"));
        assert!(line.contains("ERROR") && line.contains("list_from"), "{line}");
        let before = answers.load(Relaxed);
        while answers.load(Relaxed) < before + 1000 {
            thread::yield_now();
        }
        database.signal("CONT");
        database.run("panel", "INSERT INTO domain VALUES ('c.example', 'two.example')");
        until_domains(&mut replicas, 3);
    });
    assert_all(&replicas, &[("a.example", ONE), ("b.example", TWO), ("c.example", TWO)]);
}

struct EndLoad<'b>(&'b AtomicBool);

impl Drop for EndLoad<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

/// The answer to a client of a domain. None if the server does not accept the connection or ends it.
fn ask(address: SocketAddr, domain: &str) -> Option<Response> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.write_all(&request("GET", &format!("autoconfig.{domain}"), AUTOCONFIG, &[], b"")).ok()?;
    read_response(&mut stream, false).ok()
}
