//! A million domains in a file and in a database, and ten thousand profiles: start, memory, reload, and the time of
//! requests during a reload.
//!
//!     cargo bench --bench million
//!
//! `WAYPOST_BENCH_DOMAINS` shortens the lists.

mod measure;

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use self::measure::{Process, processor_time, resident_kilobytes};

/// The setting of the packaged unit: see `deploy/waypost.service`.
const MALLOC: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "262144");
const PROFILE: &str = "display_name = \"Hosting\"\n[[incoming]]\ntype = \"imap\"\nhostname = \"imap.example.net\"\n\
    port = 993\nsocket_type = \"SSL\"\n[[outgoing]]\ntype = \"smtp\"\nhostname = \"smtp.example.net\"\nport = 465\n\
    socket_type = \"SSL\"\n";
const NEW: &str = "new.example.org";

struct Server {
    process: Process,
    address: SocketAddr,
    /// From the start of the program to the first answer for a domain.
    start: Duration,
}

fn main() {
    let count = std::env::var("WAYPOST_BENCH_DOMAINS").ok().and_then(|count| count.parse().ok());
    let domains = domains(count.unwrap_or(1_000_000));
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("{} domains, on average {} characters\n", domains.len(), domains.concat().len() / domains.len());
    in_a_file(&folder.path().join("file"), &domains);
    in_a_database(&folder.path().join("database"), &domains);
    profiles(&folder.path().join("profiles"), domains.len().min(10_000));
}

fn in_a_file(folder: &Path, domains: &[String]) {
    configure(folder, "", "domains_file = \"domains.txt\"\n");
    let list = folder.join("profiles/domains.txt");
    fs::write(&list, domains.join("\n") + "\n").expect("it can be written");
    let server = Server::start(folder, &domains[0]);
    server.report("a file", "first answer after");
    reloads("a file", &server, domains, || {
        fs::write(&list, domains.join("\n") + "\n" + NEW + "\n").expect("it can be written");
    });
}

fn in_a_database(folder: &Path, domains: &[String]) {
    configure(
        folder,
        "state_dir = \".\"\n[directory.sql]\nurl = \"sqlite://list.db\"\nquery = \"SELECT name FROM domain\"\n\
         profile = \"hosting\"\npoll_seconds = 86400\n",
        "",
    );
    let database = folder.join("list.db");
    fill(&database, domains);
    let server = Server::start(folder, &domains[0]);
    server.report("a database", "first answer after");
    reloads("a database", &server, domains, || {
        execute(&database, &format!("INSERT INTO domain VALUES ('{NEW}')"));
    });
    drop(server);
    fs::remove_file(database).expect("it is there");
    Server::start(folder, &domains[0]).report("the saved list, without the database", "first answer after");
}

/// Adds a domain with `change`, while requests arrive at a constant rate.
fn reloads(source: &str, server: &Server, domains: &[String], change: impl FnOnce()) {
    let idle = latencies(server.address, domains, || thread::sleep(Duration::from_secs(4)));
    fs::write(format!("/proc/{}/clear_refs", server.process.id()), "5").expect("it resets the peak");
    let before = processor_time(server.process.id());
    let mut took = Duration::ZERO;
    change();
    let busy = latencies(server.address, domains, || {
        let begin = Instant::now();
        server.hang_up();
        while ask(server.address, NEW).is_none() {
            thread::sleep(Duration::from_millis(5));
        }
        took = begin.elapsed();
        thread::sleep(Duration::from_secs(4).saturating_sub(took));
    });
    println!(
        "{source}: a new domain is served {:.2} s after the reload, which took {:.2} s of processor time",
        took.as_secs_f64(),
        processor_time(server.process.id()).saturating_sub(before).as_secs_f64()
    );
    server.report(source, "after a reload; start was");
    println!("{source}: 500 requests per second, without a reload: {idle}; with it: {busy}\n");
}

/// Many profiles, one file each.
fn profiles(folder: &Path, count: usize) {
    configure(folder, "", "domains = [\"example.org\"]\n");
    for number in 0..count {
        let text = format!("id = \"p{number}.example\"\ndomains = [\"p{number}.example\"]\n{PROFILE}");
        fs::write(folder.join(format!("profiles/p{number}.toml")), text).expect("it can be written");
    }
    Server::start(folder, "p0.example").report(&format!("{count} profiles"), "first answer after");
}

fn configure(folder: &Path, settings: &str, keys: &str) {
    fs::create_dir_all(folder.join("profiles")).expect("the folder can be created");
    let limits = "watch = false\n";
    let settings = if settings.is_empty() {
        limits.to_owned() + "[limits]\nunlimited = [\"127.0.0.0/8\"]\n"
    } else {
        format!("{limits}{settings}[limits]\nunlimited = [\"127.0.0.0/8\"]\n")
    };
    fs::write(folder.join("waypost.toml"), settings).expect("it can be written");
    let profile = format!("id = \"hosting\"\n{keys}{PROFILE}");
    fs::write(folder.join("profiles/hosting.toml"), profile).expect("it can be written");
}

/// Different names in no order, the same in each run.
fn domains(count: usize) -> Vec<String> {
    const SUFFIXES: [&str; 6] = ["com", "de", "net", "org", "co.uk", "info"];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |below: u64| {
        // Xorshift: Marsaglia 2003, with the shifts 13, 7, 17.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let letters = b"abcdefghijklmnopqrstuvwxyz";
    let letter = |next: &mut dyn FnMut(u64) -> u64| {
        char::from(letters[usize::try_from(next(26)).expect("a small number")])
    };
    (0..count)
        .map(|number| {
            let length = 3 + next(10);
            let mut name: String = (0..length).map(|_| letter(&mut next)).collect();
            let _ = write!(name, "{number}.");
            name + SUFFIXES[usize::try_from(next(6)).expect("a small number")]
        })
        .collect()
}

fn fill(path: &Path, domains: &[String]) {
    execute(path, "CREATE TABLE domain (name TEXT)");
    for part in domains.chunks(10_000) {
        execute(path, &format!("INSERT INTO domain VALUES ('{}')", part.join("'), ('")));
    }
}

fn execute(path: &Path, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let mut connection: SqliteConnection = options.connect().await.expect("a database file");
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        statement.execute(&mut connection).await.expect("a valid statement");
        connection.close().await.expect("it can be closed");
    });
}

impl Server {
    fn start(folder: &Path, domain: &str) -> Self {
        let begin = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "info"]);
        command.arg("--config").arg(folder.join("waypost.toml")).env(MALLOC.0, MALLOC.1);
        let process = Process::start(&mut command, 1);
        let address = process.addresses[0];
        while ask(address, domain).is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        Self { process, address, start: begin.elapsed() }
    }

    fn report(&self, what: &str, start: &str) {
        let megabytes = |kilobytes: u64| kilobytes.div_ceil(1024);
        println!(
            "{what}: {start} {:.2} s; resident memory {} MB, at the peak {} MB",
            self.start.as_secs_f64(),
            megabytes(resident_kilobytes(self.process.id())),
            megabytes(peak_kilobytes(self.process.id()))
        );
    }

    fn hang_up(&self) {
        let process = i32::try_from(self.process.id()).expect("a process");
        let process = rustix::process::Pid::from_raw(process).expect("a process");
        rustix::process::kill_process(process, rustix::process::Signal::HUP).expect("it is our child");
    }
}

fn peak_kilobytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The time of a request on a new connection; None if the domain is not served.
fn ask(address: SocketAddr, domain: &str) -> Option<Duration> {
    let mut stream = TcpStream::connect(address).ok()?;
    ask_on(&mut stream, domain)
}

fn ask_on(stream: &mut TcpStream, domain: &str) -> Option<Duration> {
    let begin = Instant::now();
    let request = format!("GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: autoconfig.{domain}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while !answer.ends_with(b"</clientConfig>\n") {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        answer.extend_from_slice(&buffer[..length]);
        if !answer.starts_with(b"HTTP/1.1 200") {
            return None;
        }
    }
    Some(begin.elapsed())
}

/// Sends 500 requests per second on one connection while `meanwhile` runs, and returns the percentiles.
fn latencies(address: SocketAddr, domains: &[String], meanwhile: impl FnOnce()) -> String {
    let is_over = AtomicBool::new(false);
    let mut times = thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut stream = TcpStream::connect(address).expect("the server listens");
            stream.set_nodelay(true).expect("a socket option");
            let (begin, mut times) = (Instant::now(), Vec::new());
            while !is_over.load(Relaxed) {
                let due =
                    begin + Duration::from_millis(2) * u32::try_from(times.len()).expect("a few thousand");
                thread::sleep(due.saturating_duration_since(Instant::now()));
                let domain = &domains[times.len() * 7919 % domains.len()];
                times.push(ask_on(&mut stream, domain).expect("a listed domain is served"));
            }
            times
        });
        meanwhile();
        is_over.store(true, Relaxed);
        sender.join().expect("every request is answered")
    });
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_micros();
    format!("half within {} us, 99 % within {} us", at(50), at(99))
}
