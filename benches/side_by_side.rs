//! The release binary and a bare axum router, side by side: processor time per request.
//!
//! The bare router sends the same bytes as a constant, so the ratio is the cost of the directory, the documents and the
//! middleware on top of the framework. Both servers are pinned to one core and this program to another. Rounds are
//! interleaved, so noise affects both. Ratios of processor time are compared, because seconds on a shared machine mean
//! little.
//!
//!     cargo bench --bench side_by_side

mod measure;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use self::measure::Process;
use self::measure::median;
use self::measure::processor_time;
use self::measure::resident_kilobytes;
use self::measure::rounds;

const ROUNDS: usize = 31;
const REQUESTS: usize = 16_000;
const CONNECTIONS: usize = 16;
/// Makes this program act as the bare router.
const BARE: &str = "WAYPOST_BENCH_BARE";

/// A kind of request, and its counterpart.
struct Case {
    name: &'static str,
    target: f64,
    request: Vec<u8>,
}

struct Server {
    process: Process,
    address: SocketAddr,
    connections: Vec<TcpStream>,
    response_length: usize,
}

fn main() {
    if let Ok(file) = std::env::var(BARE) {
        return measure::bare(&fs::read(file).expect("the bodies were written a moment ago"));
    }
    stand_aside();
    println!(
        "{} rounds of {REQUESTS} requests over {CONNECTIONS} connections, one core a server\n",
        rounds(ROUNDS)
    );
    for case in cases() {
        compare(&case);
    }
    idle();
}

fn cases() -> [Case; 2] {
    let body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Autodiscover xmlns=\"http://schemas.microsoft.com/\
                exchange/autodiscover/outlook/requestschema/2006\"><Request><EMailAddress>jane@q.com\
                </EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/\
                outlook/responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>";
    let autoconfig = "GET /mail/config-v1.1.xml?emailaddress=jane%40q.com HTTP/1.1\r\nHost: \
                      autoconfig.q.com\r\nUser-Agent: okhttp/4.12.0\r\n\r\n";
    let autodiscover = format!(
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.q.com\r\nContent-Type: \
         text/xml\r\nUser-Agent: Outlook\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    [
        Case { name: "autoconfig GET", target: 1.10, request: autoconfig.into() },
        Case { name: "Autodiscover POST", target: 1.40, request: autodiscover.into_bytes() },
    ]
}

/// Runs both servers through the same rounds and prints the median cost of each.
fn compare(case: &Case) {
    let mut ours = Server::ours(&case.request);
    let mut bare = Server::bare(&case.request);
    let (mut our_costs, mut bare_costs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // The first round is a warm-up.
    for round in 0..=rounds(ROUNDS) {
        // The order alternates, so that neither server always follows the other.
        let (our_cost, bare_cost) = if round % 2 == 0 {
            let our_cost = ours.round(&case.request);
            (our_cost, bare.round(&case.request))
        } else {
            let bare_cost = bare.round(&case.request);
            (ours.round(&case.request), bare_cost)
        };
        if round > 0 {
            our_costs.push(our_cost);
            bare_costs.push(bare_cost);
            ratios.push(our_cost / bare_cost);
        }
    }
    println!(
        "{:<18} ours {:6.2} us  bare {:6.2} us  ratio {:.3} (rounds {:.3} to {:.3}, target {:.2})",
        case.name,
        median(&mut our_costs),
        median(&mut bare_costs),
        median(&mut ratios),
        ratios.first().expect("there are rounds"),
        ratios.last().expect("there are rounds"),
        case.target,
    );
}

/// The memory of an idle server, and the time to its first answer.
fn idle() {
    let mut starts = Vec::new();
    let mut memory = 0;
    for _ in 0..5 {
        let begin = Instant::now();
        let server = Server::ours(&cases()[0].request);
        starts.push(begin.elapsed().as_secs_f64() * 1000.0);
        memory = resident_kilobytes(server.process.id());
    }
    println!("\nstart to first answer {:.1} ms (target 50)", median(&mut starts));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let megabytes = memory as f64 / 1024.0;
    println!("resident memory idle  {megabytes:.1} MB (target 15)");
}

impl Server {
    fn ours(request: &[u8]) -> Self {
        let mut command = pinned(env!("CARGO_BIN_EXE_waypost"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        Self::start(&mut command, request)
    }

    /// Starts this program as the bare router, with the bytes that our server sends.
    fn bare(request: &[u8]) -> Self {
        let mut ours = Self::ours(request);
        let response = ours.ask(request);
        let body = response.split(|b| *b == b'<').skip(1).flat_map(|part| [b"<", part].concat());
        let file = std::env::temp_dir().join(format!("waypost-bench-{}", std::process::id()));
        fs::write(&file, body.collect::<Vec<u8>>()).expect("the temporary folder can be written");
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = pinned(program.to_str().expect("in UTF-8"));
        let mut server = Self::start(command.env(BARE, &file), request);
        let theirs = server.ask(request);
        let body = |response: &[u8]| response.split(|b| *b == b'<').skip(1).collect::<Vec<_>>().concat();
        assert_eq!(body(&theirs), body(&response), "both answer the same bytes");
        server
    }

    fn start(command: &mut Command, request: &[u8]) -> Self {
        let process = Process::start(command, 1);
        let address = process.addresses[0];
        let mut server = Self { process, address, connections: Vec::new(), response_length: 0 };
        server.connections = (0..CONNECTIONS).map(|_| server.connect()).collect();
        server.response_length = server.ask(request).len();
        server
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket option");
        stream
    }

    /// One request and its whole answer, on a new connection.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a socket option");
        stream.write_all(request).expect("the server reads");
        let mut response = vec![0; 64 * 1024];
        let mut length = 0;
        while let Ok(more @ 1..) = stream.read(&mut response[length..]) {
            length += more;
            if response[..length].ends_with(b">\n") {
                break;
            }
        }
        response.truncate(length);
        assert!(response.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&response));
        response
    }

    /// One round of requests on the kept connections; returns microseconds of processor time per request.
    fn round(&mut self, request: &[u8]) -> f64 {
        let before = processor_time(self.process.id());
        let mut response = vec![0; self.response_length];
        for _ in 0..REQUESTS / CONNECTIONS {
            for connection in &mut self.connections {
                connection.write_all(request).expect("the server reads");
            }
            for connection in &mut self.connections {
                connection.read_exact(&mut response).expect("the server answers");
            }
        }
        let spent = processor_time(self.process.id()).saturating_sub(before);
        #[expect(clippy::cast_precision_loss, reason = "twenty thousand")]
        let requests = (REQUESTS / CONNECTIONS * CONNECTIONS) as f64;
        spent.as_secs_f64() * 1e6 / requests
    }
}

/// Pins a command to a core, if util-linux is installed.
fn pinned(program: &str) -> Command {
    let has_taskset = Command::new("taskset").arg("--version").output().is_ok();
    if !has_taskset {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", "0", program]);
    command
}

/// Keeps this program off the servers' core.
fn stand_aside() {
    let this = std::process::id().to_string();
    let _ = Command::new("taskset").args(["--cpu-list", "--pid", "1", &this]).output();
}
