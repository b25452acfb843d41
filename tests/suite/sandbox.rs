//! Linux namespaces for a test: a network with only loopback, so that every port is free, and copies of system
//! folders. Needs root.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::program::TIMEOUT;

const INSIDE: &str = "WAYPOST_TEST_SANDBOX";

#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// Runs the named test again in new namespaces, where this returns the sandbox. Its processes end with it.
    pub fn enter(test: &str) -> Option<Self> {
        if std::env::var_os(INSIDE).is_some() {
            run("ip link set lo up");
            run("mount -t tmpfs tmpfs /run && mkdir /run/lock && mount -t tmpfs tmpfs /var/log");
            return Some(Self { folder: tempfile::tempdir().unwrap() });
        }
        let status = Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--mount-proc", "--fork", "--kill-child", "--"])
            .arg(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", test, "--nocapture"])
            .env(INSIDE, "1")
            .status()
            .expect("unshare is of util-linux");
        assert!(status.success(), "{test}, in a sandbox");
        None
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Mounts a copy over a system folder: changes stay in the sandbox.
    pub fn copy(&self, folder: &str) {
        let copy = self.path(&folder.replace('/', "_"));
        run(&format!("cp -a {folder} {0} && mount --bind {0} {folder}", copy.display()));
    }
}

/// Runs shell commands, and panics if one fails.
pub fn run(lines: &str) {
    let output = Command::new("sh").args(["-ec", lines]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{lines}\n{out}{err}");
}

/// A program that is killed when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts the program and waits until it listens on the ports.
    pub fn start(command: &mut Command, log: &Path, ports: &[u16]) -> Self {
        let file = File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let mut program = Self { child: command.spawn().unwrap(), log: log.to_owned() };
        for port in ports {
            wait_for(&format!("port {port}"), || {
                let ended = program.child.try_wait().unwrap();
                assert!(ended.is_none(), "{ended:?}: {}", fs::read_to_string(&program.log).unwrap());
                TcpStream::connect(("127.0.0.1", *port)).is_ok()
            });
        }
        program
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[track_caller]
pub fn wait_for(what: &str, mut is_done: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_done() {
        assert!(Instant::now() < deadline, "no {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A server in the place of Waypost. It responds with the status in `?status=`, the number of the connection, and
/// the headers of the request as they arrived.
#[derive(Debug)]
pub struct Mirror {
    port: u16,
    connections: Arc<Mutex<Option<Vec<TcpStream>>>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Mirror {
    pub fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let connections = Arc::new(Mutex::new(Some(Vec::new())));
        let open = Arc::clone(&connections);
        let thread = thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let stream = stream.unwrap();
                let mut open = open.lock().unwrap();
                // `drop` takes the list to end the thread.
                let Some(open) = open.as_mut() else { return };
                open.push(stream.try_clone().unwrap());
                thread::spawn(move || while mirror(&stream, number).is_some() {});
            }
        });
        Self { port, connections, thread: Some(thread) }
    }
}

fn mirror(mut stream: &TcpStream, number: usize) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    if head.to_lowercase().contains("\r\nexpect: 100-continue\r\n") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    reader.read_exact(&mut vec![0; length.unwrap_or(0)]).ok()?;
    let status = head.split_once("?status=").map_or("200", |(_, rest)| &rest[..3]);
    let body = format!("connection {number}\n{head}");
    let head = format!(
        "HTTP/1.1 {status} As Asked\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).ok()
}

impl Drop for Mirror {
    fn drop(&mut self) {
        for connection in self.connections.lock().unwrap().take().into_iter().flatten() {
            let _ = connection.shutdown(Shutdown::Both);
        }
        // One more connection, so that the thread sees the end.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.thread.take().unwrap().join().unwrap();
    }
}
