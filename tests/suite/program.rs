//! The program as a child process.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use crate::common::Files;
use crate::common::Response;
use crate::common::read_response;
use crate::common::request;

/// How long a test waits for an event that must come. It is not an assertion about speed.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// A running server and its log.
pub struct Program {
    pub child: Child,
    /// The public listener.
    pub address: SocketAddr,
    /// The admin listener, once it was used.
    pub operator: Option<SocketAddr>,
    lines: Receiver<String>,
    written: String,
}

impl Program {
    /// Starts the server with a log level and a log format.
    pub fn start(level: &str, format: &str, files: &Files) -> Self {
        let mut command = Self::command(files);
        command.args(["--listen", "127.0.0.1:0", "--log-level", level, "--log-format", format]);
        Self::spawn(&mut command)
    }

    /// The command, without listeners and log options.
    pub fn command(files: &Files) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(["serve", "--config"]).arg(files.path("waypost.toml"));
        command
    }

    /// Runs a command and waits until the server listens.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        // An unread log would lose lines.
        thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut program = Self { child, address: nowhere, operator: None, lines, written: String::new() };
        let port = |line: &str| line.split_once("127.0.0.1:").map(|(_, port)| address(port));
        program.until(|line| line.contains("listening") && !line.contains("(admin)"));
        program.address = program.last().and_then(port).unwrap_or(nowhere);
        program
    }

    /// Reads the log up to a line.
    #[track_caller]
    pub fn until(&mut self, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            match self.lines.recv_timeout(TIMEOUT) {
                Ok(line) => {
                    self.written += &line;
                    self.written.push('\n');
                    if is_it(&line) {
                        return line;
                    }
                }
                Err(error) => panic!("{error}; so far:\n{}", self.written),
            }
        }
    }

    fn last(&self) -> Option<&str> {
        self.written.lines().last()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// Sends a raw request and returns the status of the answer.
    pub fn send(&self, request: &[u8]) -> u16 {
        self.ask(request).status
    }

    pub fn ask(&self, request: &[u8]) -> Response {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        read_response(&mut stream, false).unwrap()
    }

    pub fn get(&self, host: &str, target: &str) -> Response {
        self.ask(&request("GET", host, target, &[], b""))
    }

    /// Sends a request to the admin listener. The log names it after the public one.
    pub fn admin(&mut self, target: &str) -> Response {
        let operator = match self.operator {
            Some(operator) => operator,
            None => {
                let line = self.until(|line| line.contains("listening (admin)"));
                address(line.split_once("127.0.0.1:").unwrap().1)
            }
        };
        self.operator = Some(operator);
        let mut stream = TcpStream::connect(operator).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream.write_all(&request("GET", "localhost", target, &[], b"")).unwrap();
        read_response(&mut stream, false).unwrap()
    }

    /// The value of a metric; 0 if it does not exist yet.
    pub fn measured(&mut self, sample: &str) -> f64 {
        let text = self.admin("/metrics").text().to_owned();
        let line =
            text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ').map(str::to_owned));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Reads a metric until it has a value.
    #[track_caller]
    pub fn until_measured(&mut self, sample: &str, is_it: impl Fn(f64) -> bool) {
        let begin = std::time::Instant::now();
        while !is_it(self.measured(sample)) {
            assert!(begin.elapsed() < TIMEOUT, "{sample} is {}", self.measured(sample));
            thread::yield_now();
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Stops the server with SIGTERM and returns its exit code and its log.
    pub fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.end()
    }

    /// Waits until the process has ended.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut out = self.child.stdout.take().unwrap();
        let code = self.child.wait().unwrap().code();
        let mut results = String::new();
        std::io::Read::read_to_string(&mut out, &mut results).unwrap();
        assert_eq!(results, "", "results only on standard output");
        while let Ok(line) = self.lines.recv_timeout(TIMEOUT) {
            self.written += &line;
            self.written.push('\n');
        }
        (code, std::mem::take(&mut self.written))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The loopback address with the port at the start of a text.
fn address(text: &str) -> SocketAddr {
    let port: String = text.chars().take_while(char::is_ascii_digit).collect();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}
