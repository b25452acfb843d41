//! Database servers for tests, each with its own folder and a port that the system selects.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use rcgen::SanType;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::certificates::{Chain, Key};
use crate::sql::wait;

/// The password of the administrator of each server.
const PASSWORD: &str = "administrator";

/// A running server. The end of the value is the end of the server.
pub struct DatabaseServer {
    pub port: u16,
    _folder: TempDir,
    /// The CA certificate of the server's certificate, which is for `localhost`.
    pub ca_file: PathBuf,
    scheme: &'static str,
    process: Child,
}

impl DatabaseServer {
    pub fn postgresql() -> Self {
        let (folder, ca_file) = folder("postgres");
        let programs = postgresql_programs();
        let data = folder.path().join("data");
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        let password = folder.path().join("password");
        let mut initdb = as_user("postgres", &programs.join("initdb"));
        initdb.args([
            "--no-sync",
            "--username=postgres",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
        ]);
        run(initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(&data));
        let port = free_port();
        let mut server = as_user("postgres", &programs.join("postgres"));
        server
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-h", "localhost", "-k"])
            .arg(folder.path());
        for setting in
            ["fsync=off", "ssl=on", "ssl_cert_file=../fullchain.pem", "ssl_key_file=../privkey.pem"]
        {
            server.args(["-c", setting]);
        }
        let process = start(&mut server, "ready to accept connections");
        Self { port, _folder: folder, ca_file, scheme: "postgresql", process }
    }

    pub fn mariadb() -> Self {
        let (folder, ca_file) = folder("mysql");
        let path = |name: &str| folder.path().join(name);
        let mut install = as_user("mysql", Path::new("mariadb-install-db"));
        install.args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]);
        run(install.arg(format!("--datadir={}", path("data").display())));
        // Without the users that have no name: they would take precedence over users of all hosts.
        let init = format!(
            "SET PASSWORD FOR root@localhost = PASSWORD('{PASSWORD}');\n\
             DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
        );
        fs::write(path("init.sql"), init).unwrap();
        let port = free_port();
        let mut server = as_user("mysql", Path::new("mariadbd"));
        server.args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-log-bin",
            &format!("--port={port}"),
        ]);
        for (option, file) in [
            ("datadir", "data"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("init-file", "init.sql"),
            ("ssl-cert", "fullchain.pem"),
            ("ssl-key", "privkey.pem"),
        ] {
            server.arg(format!("--{option}={}", path(file).display()));
        }
        let process = start(&mut server, "ready for connections");
        Self { port, _folder: folder, ca_file, scheme: "mysql", process }
    }

    /// PgBouncer in transaction mode, with one server connection.
    pub fn pgbouncer(server: &Self, user: &str, password: &str) -> Self {
        let (folder, ca_file) = folder("postgres");
        let path = |name: &str| folder.path().join(name);
        let port = free_port();
        fs::write(path("users.txt"), format!("\"{user}\" \"{password}\"\n")).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = plain\nauth_file = {}\npool_mode = transaction\ndefault_pool_size = 1\n",
            server.port,
            path("users.txt").display()
        );
        fs::write(path("pgbouncer.ini"), settings).unwrap();
        let process =
            start(as_user("postgres", Path::new("pgbouncer")).arg(path("pgbouncer.ini")), "process up");
        Self { port, _folder: folder, ca_file, scheme: "postgresql", process }
    }

    /// The URL of a database, without a password.
    pub fn url(&self, user: &str, database: &str) -> String {
        format!("{}://{user}@localhost:{}/{database}", self.scheme, self.port)
    }

    /// Sends a signal to the server, for example `STOP`: it then accepts connections, and answers none.
    pub fn signal(&self, name: &str) {
        run(Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]));
    }

    /// Runs statements as the administrator. The first database is `postgres` or `mysql`.
    pub fn run(&self, database: &str, statements: &str) {
        let user = if self.scheme == "mysql" { "root" } else { "postgres" };
        let url = self.url(&format!("{user}:{PASSWORD}"), database);
        wait(async {
            let statements = sqlx::raw_sql(AssertSqlSafe(statements));
            if self.scheme == "mysql" {
                let options: sqlx::mysql::MySqlConnectOptions = url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                statements.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            } else {
                let options: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                statements.execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            }
        });
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder of a user, with a certificate for `localhost`, and the CA certificate in a file.
fn folder(user: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let chain = Chain::with(Key::Ecdsa, |certificate| {
        certificate.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    });
    chain.write(folder.path());
    let ca_file = folder.path().join("ca.pem");
    fs::write(&ca_file, &chain.root).unwrap();
    if is_root() {
        run(Command::new("chown").arg("-R").arg(user).arg(folder.path()));
    }
    (folder, ca_file)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The servers refuse to run as root.
fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program);
    command
}

/// Debian has the programs of the server outside of the path.
fn postgresql_programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folder = versions.map(|version| version.unwrap().path().join("bin")).max();
    folder.unwrap_or_default()
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Starts a program, and waits until its log has a text.
fn start(command: &mut Command, text: &str) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null());
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut so_far = String::new();
    loop {
        let start = so_far.len();
        assert!(log.read_line(&mut so_far).unwrap() > 0, "{command:?} ends: {so_far}");
        if so_far[start..].contains(text) {
            break;
        }
    }
    // A full pipe would block the server.
    thread::spawn(move || log.read_to_end(&mut Vec::new()));
    process
}
