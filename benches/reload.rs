//! A minute of load while the configuration changes every 100 ms: lost requests, cost, and memory. The floor is a bare axum
//! router under the same load, before and after.
//!
//!     cargo bench --bench reload
//!
//! `WAYPOST_BENCH_SECONDS` shortens the run.

mod measure;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use self::measure::Process;
use self::measure::processor_time;
use self::measure::resident_kilobytes;

const SECONDS: u64 = 60;
const BETWEEN_RELOADS: Duration = Duration::from_millis(100);
const CLIENTS: usize = 16;
/// Makes this program act as the bare router.
const BARE: &str = "WAYPOST_BENCH_BARE";
const REQUEST: &[u8] =
    b"GET /mail/config-v1.1.xml?emailaddress=jane%40q.com HTTP/1.1\r\nHost: autoconfig.q.com\r\n\r\n";

struct Server {
    process: Process,
    address: SocketAddr,
    /// The same for the bare router.
    operator: SocketAddr,
}

/// The results of a load.
struct Load {
    requests: u64,
    failures: u64,
    took: Duration,
    processor: Duration,
}

fn main() {
    if let Ok(file) = std::env::var(BARE) {
        return measure::bare(&fs::read(file).expect("the body was written a moment ago"));
    }
    let seconds = std::env::var("WAYPOST_BENCH_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let seconds = Duration::from_secs(seconds.unwrap_or(SECONDS));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let versions = write_configuration(folder.path());
    let ours = Server::ours(folder.path());
    let bodies = versions.map(|version| {
        put(folder.path(), &version);
        ours.reload_until(&version);
        (version, ours.ask())
    });
    fs::write(folder.path().join("body"), &bodies[0].1).expect("the folder can be written");
    let bare = Server::bare(&folder.path().join("body"));
    let answers = bodies.each_ref().map(|(_, body)| body.clone());

    println!(
        "{CLIENTS} clients on kept connections, as fast as they are answered; a new configuration every 100 ms\n"
    );
    let floor_before = bare.load(seconds / 6, &answers, || {});
    // The allocator reaches its final size during the first reloads.
    let _ = ours.load(seconds / 6, &answers, ours.reloads(folder.path(), &bodies));
    let mut memory = vec![resident_kilobytes(ours.process.id())];
    let (mut requests, mut failures, mut took, mut processor) = (0, 0, Duration::ZERO, Duration::ZERO);
    let reloads_before = ours.reloads_done();
    for _ in 0..6 {
        let load = ours.load(seconds / 6, &answers, ours.reloads(folder.path(), &bodies));
        requests += load.requests;
        failures += load.failures;
        took += load.took;
        processor += load.processor;
        memory.push(resident_kilobytes(ours.process.id()));
    }
    let reloads = ours.reloads_done() - reloads_before;
    let floor_after = bare.load(seconds / 6, &answers, || {});
    let load = Load { requests, failures, took, processor };
    let floor = f64::midpoint(floor_before.per_second(), floor_after.per_second());
    println!("requests         {requests} in {:.0} s, {failures} failed", took.as_secs_f64());
    println!("configurations   {reloads} taken up");
    println!(
        "a second         {:.0}; bare axum {:.0} before and {:.0} after; ratio {:.2}",
        load.per_second(),
        floor_before.per_second(),
        floor_after.per_second(),
        load.per_second() / floor
    );
    println!(
        "processor time   {:.1} us a request, reloads included; bare axum {:.1} and {:.1}",
        load.cost(),
        floor_before.cost(),
        floor_after.cost()
    );
    let growth = memory.last().zip(memory.first()).map_or(0, |(end, begin)| end.saturating_sub(*begin));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let memory: Vec<_> =
        memory.iter().map(|kilobytes| format!("{:.1}", *kilobytes as f64 / 1024.0)).collect();
    println!("resident memory  {} MB, every {:.0} s", memory.join(", "), (seconds / 6).as_secs_f64());
    assert_eq!(failures, 0, "no request may fail");
    assert!(reloads * 200 >= took.as_millis().try_into().unwrap_or(u64::MAX), "{reloads} are too few");
    assert!(growth < 3 * 1024, "the memory has grown by {growth} KiB");
}

/// Writes a folder like the shipped one, and returns two versions of one of its profiles.
fn write_configuration(folder: &Path) -> [String; 2] {
    let profiles = folder.join("profiles");
    fs::create_dir(&profiles).expect("the folder is new");
    let name = "qwestoffice.toml";
    fs::copy(Path::new("config/profiles").join(name), profiles.join(name)).expect("it is shipped");
    fs::write(folder.join("waypost.toml"), "watch = false\n[admin]\nlisten = \"127.0.0.1:0\"\n")
        .expect("it can be written");
    let profile = fs::read_to_string("config/profiles/centurylink.toml").expect("it is shipped");
    let other = profile.replace("mail.centurylink.net", "imap.centurylink.net");
    assert_ne!(profile, other);
    put(folder, &profile);
    [profile, other]
}

/// Writes a file under another name and renames it, as editors do.
fn put(folder: &Path, profile: &str) {
    fs::write(folder.join("new"), profile).expect("it can be written");
    fs::rename(folder.join("new"), folder.join("profiles/centurylink.toml")).expect("it can be renamed");
}

impl Server {
    fn ours(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--log-format",
            "json",
            "--log-level",
            "info",
            "--config",
        ]);
        Self::start(command.arg(folder.join("waypost.toml")), true)
    }

    fn bare(body: &Path) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        Self::start(Command::new(program).env(BARE, body), false)
    }

    fn start(command: &mut Command, has_operator: bool) -> Self {
        let process = Process::start(command, 1 + usize::from(has_operator));
        let (address, operator) = (process.addresses[0], *process.addresses.last().expect("it listens"));
        Self { process, address, operator }
    }

    fn ask(&self) -> Vec<u8> {
        Client::connect(self.address).ask().expect("it answers")
    }

    fn hang_up(&self) {
        let process = i32::try_from(self.process.id()).expect("a process");
        let process = rustix::process::Pid::from_raw(process).expect("a process");
        rustix::process::kill_process(process, rustix::process::Signal::HUP).expect("it is ours");
    }

    /// Waits until a text of a profile is served.
    fn reload_until(&self, profile: &str) {
        let host = if profile.contains("imap.centurylink.net") {
            "imap.centurylink.net"
        } else {
            "mail.centurylink.net"
        };
        self.hang_up();
        let begin = Instant::now();
        while !String::from_utf8_lossy(&self.ask()).contains(host) {
            assert!(begin.elapsed() < Duration::from_secs(30), "it does not reload");
        }
    }

    /// Writes the two versions in turn.
    fn reloads<'a>(
        &'a self,
        folder: &'a Path,
        versions: &'a [(String, Vec<u8>); 2],
    ) -> impl FnMut() + Send + 'a {
        let mut number = 0;
        move || {
            number += 1;
            put(folder, &versions[number % 2].0);
            self.hang_up();
        }
    }

    fn reloads_done(&self) -> u64 {
        let mut stream = TcpStream::connect(self.operator).expect("it listens for the operator");
        let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request).expect("it reads");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("it answers");
        let mut lines = text.lines();
        let count =
            lines.find_map(|line| line.strip_prefix("waypost_config_reloads_total{result=\"done\"} "));
        count.and_then(|count| count.parse().ok()).expect("a number")
    }

    /// Runs clients for some time, and an action every 100 ms.
    fn load(&self, seconds: Duration, bodies: &[Vec<u8>; 2], mut meanwhile: impl FnMut() + Send) -> Load {
        let (is_over, requests, failures) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let before = processor_time(self.process.id());
        let begin = Instant::now();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let mut client = Client::connect(self.address);
                    while !is_over.load(Relaxed) {
                        match client.ask() {
                            Some(body) if bodies.contains(&body) => requests.fetch_add(1, Relaxed),
                            _ => {
                                client = Client::connect(self.address);
                                failures.fetch_add(1, Relaxed)
                            }
                        };
                    }
                });
            }
            let mut next = begin + BETWEEN_RELOADS;
            while begin.elapsed() < seconds {
                thread::sleep(next.saturating_duration_since(Instant::now()));
                next += BETWEEN_RELOADS;
                meanwhile();
            }
            is_over.store(true, Relaxed);
        });
        let took = begin.elapsed();
        let processor = processor_time(self.process.id()).saturating_sub(before);
        Load { requests: requests.into_inner(), failures: failures.into_inner(), took, processor }
    }
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    fn per_second(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    fn cost(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.requests as f64
    }
}

/// A connection that repeats one request.
struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket option");
        Self { stream, buffer: vec![0; 64 * 1024] }
    }

    /// The body of an answer with status 200; `None` for any other answer.
    fn ask(&mut self) -> Option<Vec<u8>> {
        self.stream.write_all(REQUEST).ok()?;
        let mut length = 0;
        loop {
            let more = self.stream.read(&mut self.buffer[length..]).ok().filter(|more| *more > 0)?;
            length += more;
            let answer = &self.buffer[..length];
            let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&answer[..end]).ok()?;
            let body_length =
                head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
            if !head.starts_with("HTTP/1.1 200 ") {
                return None;
            }
            if length == end + 4 + body_length {
                return Some(answer[end + 4..].to_vec());
            }
        }
    }
}
