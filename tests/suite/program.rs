//! The program itself, serving as it does for an operator.

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

/// How long a test waits for what has to come. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, serving, with its log.
pub struct Program {
    pub child: Child,
    /// Where it answers clients.
    pub address: SocketAddr,
    /// Where it answers the operator, if it does.
    pub operator: Option<SocketAddr>,
    lines: Receiver<String>,
    written: String,
}

impl Program {
    /// With a level and a format of its log.
    pub fn start(level: &str, format: &str, files: &Files) -> Self {
        let mut command = Self::command(files);
        command.args(["--listen", "127.0.0.1:0", "--log-level", level, "--log-format", format]);
        Self::spawn(&mut command)
    }

    /// What is run, but for the listeners and the log.
    pub fn command(files: &Files) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waypost"));
        command.args(["serve", "--config"]).arg(files.path("waypost.toml"));
        command
    }

    /// Starts a command that runs the program, and waits until it listens.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        // A log that nobody reads would hold the program up in the end.
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
            match self.lines.recv_timeout(PATIENCE) {
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
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends a request as it stands, and returns its answer's status.
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

    /// Asks the operator's listener, which is the next one that the log names.
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
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&request("GET", "localhost", target, &[], b"")).unwrap();
        read_response(&mut stream, false).unwrap()
    }

    /// A single number of the measurements; 0 for one that is not there yet.
    pub fn measured(&mut self, sample: &str) -> f64 {
        let text = self.admin("/metrics").text().to_owned();
        let line =
            text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' ').map(str::to_owned));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Asks until the operator's listener says so.
    #[track_caller]
    pub fn until_measured(&mut self, sample: &str, is_it: impl Fn(f64) -> bool) {
        let begin = std::time::Instant::now();
        while !is_it(self.measured(sample)) {
            assert!(begin.elapsed() < PATIENCE, "{sample} is {}", self.measured(sample));
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

    /// Stops it with SIGTERM and returns all that it wrote.
    pub fn stop(self) -> (Option<i32>, String) {
        self.signal("TERM");
        self.end()
    }

    /// Waits for its end.
    pub fn end(mut self) -> (Option<i32>, String) {
        let mut out = self.child.stdout.take().unwrap();
        let code = self.child.wait().unwrap().code();
        let mut results = String::new();
        std::io::Read::read_to_string(&mut out, &mut results).unwrap();
        assert_eq!(results, "", "results only on standard output");
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
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

/// An address on loopback, of the port that a text begins with.
fn address(text: &str) -> SocketAddr {
    let port: String = text.chars().take_while(char::is_ascii_digit).collect();
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}
