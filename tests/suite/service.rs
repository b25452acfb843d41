//! The server as a service: systemd notifications and sockets, Unix sockets, stop and restart.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::profile;
use crate::common::read_response;
use crate::common::request;
use crate::program::{Program, TIMEOUT};

const PATH: &str = "/mail/config-v1.1.xml";

fn files(settings: &str) -> Files {
    Files::new(settings, &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))])
}

#[test]
fn notifies_systemd_of_start_reload_and_stop() {
    let files = files("watch = false");
    let path = files.path("notify");
    let notices = UnixDatagram::bind(&path).unwrap();
    notices.set_read_timeout(Some(TIMEOUT)).unwrap();
    let next = || loop {
        let mut notice = [0; 4096];
        let length = notices.recv(&mut notice).unwrap();
        let text = String::from_utf8(notice[..length].to_vec()).unwrap();
        if text.trim() != "WATCHDOG=1" {
            return text;
        }
    };
    let mut command = Program::command(&files);
    command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path);
    let mut program = Program::spawn(&mut command);
    assert_eq!(next().trim(), "READY=1");
    files.write("profiles/a.toml", "nonsense");
    program.signal("HUP");
    let reloading = next();
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    let ready = next();
    assert!(ready.starts_with("READY=1\nSTATUS=the configuration on disk has errors"), "{ready}");
    program.until(|line| line.contains("has errors"));
    program.signal("TERM");
    assert_eq!(next().trim(), "STOPPING=1");
    assert_eq!(program.end().0, Some(0));
}

#[test]
fn feeds_the_watchdog() {
    let files = files("");
    let path = files.path("notify");
    let notices = UnixDatagram::bind(&path).unwrap();
    notices.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut command = Program::command(&files);
    command.args(["--listen", "127.0.0.1:0"]).env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "20000");
    let _program = Program::spawn(&mut command);
    let mut fed = 0;
    while fed < 3 {
        let mut notice = [0; 4096];
        let length = notices.recv(&mut notice).unwrap();
        fed += usize::from(notice[..length].starts_with(b"WATCHDOG=1"));
    }
}

/// The program with an inherited socket, as systemd passes it: file descriptor 3, and the environment names the socket
/// and the process.
fn with_socket(files: &Files, socket: OwnedFd, listen: &str) -> Command {
    let mut command = Command::new("sh");
    let script = "exec 3<&0 0< /dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\"";
    command.args([
        "-c",
        script,
        "sh",
        env!("CARGO_BIN_EXE_waypost"),
        "serve",
        "--listen",
        listen,
        "--config",
    ]);
    command.arg(files.path("waypost.toml")).stdin(Stdio::from(socket)).stderr(Stdio::piped());
    command
}

/// A process that is killed at the end of its test.
struct Alone(std::process::Child);

impl Alone {
    fn spawn(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the log line about the listener.
fn until_listening(child: &mut Alone) -> String {
    let log = io::BufReader::new(child.0.stderr.take().unwrap());
    let mut lines = io::BufRead::lines(log).map_while(Result::ok);
    let line = lines.find(|line| line.contains("listening") || line.starts_with("error")).unwrap_or_default();
    thread::spawn(move || lines.for_each(drop));
    line
}

#[test]
fn takes_over_a_socket_from_systemd() {
    let files = files("");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // The connection is made before the server starts, and waits.
    let mut early = TcpStream::connect(address).unwrap();
    early.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
    let mut child = Alone::spawn(&mut with_socket(&files, listener.into(), &address.to_string()));
    assert!(until_listening(&mut child).contains("\"inherited\":true"));
    assert_eq!(read_response(&mut early, false).unwrap().status, 200);
}

#[test]
fn takes_over_a_unix_socket_from_systemd_and_keeps_its_file() {
    let files = files("");
    let path = files.path("http.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let listen = format!("unix:{}", path.display());
    let mut child = Alone::spawn(&mut with_socket(&files, listener.into(), &listen));
    assert!(until_listening(&mut child).contains("\"inherited\":true"));
    assert_eq!(ask_unix(&path).unwrap(), 200);
    signal(&child, "TERM");
    child.0.wait().unwrap();
    assert!(path.exists(), "it is systemd's");
}

/// An abstract Unix socket has no path for `listen`.
#[test]
fn does_not_start_with_an_inherited_socket_without_address() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let files = files("");
    let name = SocketAddr::from_abstract_name(files.path("").as_os_str().as_encoded_bytes());
    let listener = UnixListener::bind_addr(&name.unwrap()).unwrap();
    let output = with_socket(&files, listener.into(), "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    let said = "error: the sockets from systemd cannot be used: one of them has no address\nhint: ";
    assert!(text.contains(said), "{text}");
}

#[test]
fn does_not_start_with_an_inherited_socket_that_is_not_listed() {
    let files = files("");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let output = with_socket(&files, listener.into(), "127.0.0.1:0").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("error: the socket {address} from systemd is not in `listen`")), "{text}");
    assert!(text.contains("hint: "), "{text}");
}

fn signal(child: &Alone, name: &str) {
    let pid = child.0.id().to_string();
    assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
}

/// Sends requests without a pause, on new connections or on one that is kept, and counts the answers. Panics at the
/// first request that gets none.
fn load(address: SocketAddr, is_over: &AtomicBool, answered: &AtomicUsize, keeps: bool) {
    let get = request("GET", "q.com", PATH, &[], b"");
    let mut kept: Option<TcpStream> = None;
    while !is_over.load(Relaxed) {
        let mut stream =
            kept.take().unwrap_or_else(|| TcpStream::connect(address).expect("nobody is refused"));
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.write_all(&get).unwrap();
        let response = read_response(&mut stream, false).expect("whoever is accepted is answered");
        assert_eq!(response.status, 200);
        answered.fetch_add(1, Relaxed);
        if keeps && response.header("connection") != Some("close") {
            kept = Some(stream);
        }
    }
}

/// As `systemctl restart` with a socket unit: the socket stays open while the server restarts.
#[test]
fn restarts_on_an_inherited_socket_lose_no_request() {
    let files = files("");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let start = || {
        let socket = listener.try_clone().unwrap().into();
        let mut child = Alone::spawn(&mut with_socket(&files, socket, &address.to_string()));
        until_listening(&mut child);
        child
    };
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut server = start();
    thread::scope(|scope| {
        for keeps in [false, true, false, true] {
            let (is_over, answered) = (&is_over, &answered);
            scope.spawn(move || load(address, is_over, answered, keeps));
        }
        for round in 1..=5 {
            while answered.load(Relaxed) < round * 50 {
                thread::yield_now();
            }
            signal(&server, "TERM");
            assert!(server.0.wait().unwrap().success());
            server = start();
        }
        let before = answered.load(Relaxed);
        while answered.load(Relaxed) < before + 50 {
            thread::yield_now();
        }
        is_over.store(true, Relaxed);
    });
    signal(&server, "TERM");
    assert!(server.0.wait().unwrap().success());
}

/// Connections after the stop are refused; those that were accepted get their answer.
#[test]
fn sigterm_under_load_loses_no_accepted_connection() {
    let files = files("");
    let program = Program::start("info", "json", &files);
    let address = program.address;
    let answered = AtomicUsize::new(0);
    let get = request("GET", "q.com", PATH, &[], b"");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                // Kept until the server closes it, as a proxy does.
                while let Ok(mut stream) = TcpStream::connect(address) {
                    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
                    let mut was_answered = false;
                    loop {
                        let sent = stream.write_all(&get);
                        let response = sent.and_then(|()| read_response(&mut stream, false));
                        let response = match response {
                            Ok(response) => response,
                            // The connection may have been queued on a socket that was closed before it was accepted.
                            Err(_) if !was_answered && TcpStream::connect(address).is_err() => return,
                            Err(error) => panic!("{error}"),
                        };
                        assert_eq!(response.status, 200);
                        answered.fetch_add(1, Relaxed);
                        was_answered = true;
                        if response.header("connection") == Some("close") {
                            break;
                        }
                    }
                }
            });
        }
        while answered.load(Relaxed) < 1000 {
            thread::yield_now();
        }
        program.signal("TERM");
    });
    assert_eq!(program.end().0, Some(0));
}

/// A request on a kept connection that arrives while the server stops gets an answer with `Connection: close`.
#[test]
fn answers_a_request_that_arrives_with_the_stop() {
    let mut server = files("").serve();
    let mut kept: Vec<_> = (0..8).map(|_| server.connect()).collect();
    let get = request("GET", "q.com", PATH, &[], b"");
    for stream in &mut kept {
        stream.write_all(&get).unwrap();
        assert_eq!(read_response(stream, false).unwrap().header("connection"), None);
    }
    server.tell_to_stop();
    for stream in &mut kept {
        // The stop reaches the connection while it is in use.
        loop {
            stream.write_all(&get).unwrap();
            let response = read_response(stream, false).unwrap();
            assert_eq!(response.status, 200);
            if response.header("connection") == Some("close") {
                break;
            }
        }
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
    server.join();
}

fn ask_unix(path: &Path) -> io::Result<u16> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(&request("GET", "q.com", PATH, &[], b""))?;
    Ok(read_response(&mut stream, false)?.status)
}

/// Sends requests until one is answered.
#[track_caller]
fn until_answered(path: &Path) {
    let begin = Instant::now();
    while ask_unix(path).ok() != Some(200) {
        assert!(begin.elapsed() < TIMEOUT, "the server does not answer");
        thread::yield_now();
    }
}

#[test]
fn listens_on_unix_sockets_and_several_addresses() {
    let files = files("");
    let path = files.path("http.sock");
    let listen = format!("unix:{}", path.display());
    let start = || {
        let mut command = Program::command(&files);
        command.args(["--listen", &listen, "--listen", "127.0.0.1:0", "--listen", "[::1]:0"]);
        Program::spawn(&mut command)
    };
    let mut program = start();
    assert_eq!(ask_unix(&path).unwrap(), 200);
    let v4 = program.until(|line| line.contains("127.0.0.1:"));
    let v6 = program.until(|line| line.contains("[::1]:"));
    for line in [v4, v6] {
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let mut stream = TcpStream::connect(line["address"].as_str().unwrap()).unwrap();
        stream.write_all(&request("GET", "q.com", PATH, &[], b"")).unwrap();
        assert_eq!(read_response(&mut stream, false).unwrap().status, 200);
    }
    // A second server does not replace the socket of a running one. The socket of a killed server is replaced.
    let second = Program::command(&files).args(["--listen", &listen]).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8(second.stderr).unwrap().contains("cannot listen on unix:"));
    assert_eq!(ask_unix(&path).unwrap(), 200);
    program.child.kill().unwrap();
    program.child.wait().unwrap();
    assert!(path.exists());
    let program = start();
    assert_eq!(ask_unix(&path).unwrap(), 200);
    program.stop();
    assert!(!path.exists(), "it is removed with the server");
}

/// Standard error is closed, or its disk is full.
#[test]
fn answers_when_the_log_cannot_be_written() {
    for stderr in ["2>&-", "2> /dev/full"] {
        let files = files("watch = false");
        let path = files.path("http.sock");
        let script = format!("exec \"$@\" {stderr}");
        let mut command = Command::new("sh");
        command
            .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_waypost"), "serve", "--log-level", "trace"])
            .args(["--listen", &format!("unix:{}", path.display()), "--config"])
            .arg(files.path("waypost.toml"));
        let mut child = Alone::spawn(&mut command);
        until_answered(&path);
        // This log line cannot be written.
        files.write("profiles/a.toml", "nonsense");
        signal(&child, "HUP");
        files.write("profiles/a.toml", &profile("b.example", &domains(&["q.com"]), SERVERS));
        signal(&child, "HUP");
        for _ in 0..100 {
            assert_eq!(ask_unix(&path).unwrap(), 200, "{stderr}");
        }
        signal(&child, "TERM");
        assert_eq!(child.0.wait().unwrap().code(), Some(0), "{stderr}");
    }
}

/// The reader of the log pipe stops reading: lines are dropped and counted.
#[test]
fn a_blocked_log_never_delays_a_request() {
    let folder = tempfile::tempdir().unwrap();
    let admin = folder.path().join("admin.sock");
    let files = files(&format!("watch = false\n[admin]\nlisten = \"unix:{}\"", admin.display()));
    let path = files.path("http.sock");
    let (_reader, writer) = io::pipe().unwrap();
    let mut command = Program::command(&files);
    command.args(["--log-level", "debug", "--listen", &format!("unix:{}", path.display())]);
    let mut child = Alone(command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap());
    until_answered(&path);
    let ask = |stream: &mut UnixStream, path: &str| {
        stream.write_all(&request("GET", "q.com", path, &[], b"")).unwrap();
        read_response(stream, false).unwrap()
    };
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // More lines than the pipe and the queue hold.
    for _ in 0..5000 {
        assert_eq!(ask(&mut stream, PATH).status, 200);
    }
    let metrics = ask(&mut UnixStream::connect(&admin).unwrap(), "/metrics");
    let lost = metrics.text().lines().find_map(|line| line.strip_prefix("waypost_log_lines_dropped_total "));
    assert_ne!(lost, Some("0"));
    signal(&child, "HUP");
    assert_eq!(ask(&mut stream, PATH).status, 200);
    drop(stream);
    signal(&child, "TERM");
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}

/// Another server has bound the same path meanwhile.
#[test]
fn keeps_the_unix_socket_of_another_server_when_it_stops() {
    let files = files("watch = false");
    let path = files.path("http.sock");
    let start = || {
        let mut command = Program::command(&files);
        Program::spawn(command.args(["--listen", &format!("unix:{}", path.display())]))
    };
    let first = start();
    assert_eq!(ask_unix(&path).unwrap(), 200);
    fs::remove_file(&path).unwrap();
    let second = start();
    first.stop();
    assert_eq!(ask_unix(&path).unwrap(), 200);
    second.stop();
}

#[test]
fn restricts_the_mode_of_the_admin_unix_socket() {
    use std::os::unix::fs::PermissionsExt;

    let admin = tempfile::tempdir().unwrap();
    let admin = admin.path().join("admin.sock");
    let files = files(&format!("[admin]\nlisten = \"unix:{}\"", admin.display()));
    let public = files.path("http.sock");
    let listen = format!("unix:{}", public.display());
    let program = Program::spawn(Program::command(&files).args(["--listen", &listen]));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&admin), mode(&public)), (0o600, 0o666));
    program.stop();
}

/// With a low limit on open files, idle connections are closed for new ones.
#[test]
fn recovers_when_file_descriptors_run_out() {
    let files = files("");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_waypost"), "serve"]);
    command.args(["--listen", "127.0.0.1:0", "--config"]).arg(files.path("waypost.toml"));
    let mut program = Program::spawn(&mut command);
    program.until(|line| line.contains("the limit on open files is too low"));
    let crowd: Vec<_> = (0..100).map(|_| program.connect()).collect();
    program.until(|line| line.contains("cannot accept connections"));
    assert_eq!(program.get("q.com", PATH).status, 200, "somebody idle has left");
    // A reload may succeed or fail now.
    files.write("profiles/a.toml", &profile("b.example", &domains(&["q.com"]), SERVERS));
    program.signal("HUP");
    let is_read =
        |line: &str| line.contains("has errors; the old") || line.contains("serving the new configuration");
    program.until(is_read);
    drop(crowd);
    for _ in 0..20 {
        assert_eq!(program.get("q.com", PATH).status, 200);
    }
    // Afterwards a reload succeeds.
    files.write("profiles/a.toml", &profile("c.example", &domains(&["q.com"]), SERVERS));
    program.signal("HUP");
    let begin = Instant::now();
    while !program.get("q.com", PATH).text().contains("c.example") {
        assert!(begin.elapsed() < TIMEOUT, "the server does not notice the changed file");
        thread::yield_now();
    }
    let (code, _) = program.stop();
    assert_eq!(code, Some(0));
}

#[test]
fn does_not_start_an_https_listener_without_a_certificate() {
    let files = files("");
    let output = Program::command(&files).args(["--listen", "https://127.0.0.1:0"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text.contains("error: there is no certificate for https://127.0.0.1:0\nhint: add [[tls]]"),
        "{text}"
    );
}

#[test]
fn names_the_address_that_it_cannot_listen_on() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let files = files(&format!("[admin]\nlisten = \"{address}\"\n"));
    let output = Program::command(&files).args(["--listen", "127.0.0.1:0"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text.contains(&format!("error: cannot listen on {address}: ")), "{text}");
    assert!(text.contains("hint: stop the other program or listener"), "{text}");
    let output = Program::command(&files).args(["--listen", "localhost:80"]).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("is not a listen address"), "{text}");
}
