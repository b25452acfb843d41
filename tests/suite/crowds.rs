//! Ten thousand connections at a time: idle, or slow with headers, bodies or reading. The memory of the server is
//! bounded, and other clients are answered.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::domains;
use crate::common::http2;
use crate::common::profile;
use crate::common::read_response;
use crate::common::request;
use crate::program::Program;

const CROWD: usize = 10_000;
const PATH: &str = "/mail/config-v1.1.xml";

/// One test at a time: two would need too many open files.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// The test has one open file for every connection.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    assert!(limit.maximum.is_none_or(|maximum| maximum > CROWD as u64 + 200), "ulimit -Hn is too low");
}

fn start(settings: &str) -> Program {
    raise_open_files();
    let settings = format!("watch = false\n[admin]\nlisten = \"127.0.0.1:0\"\n{settings}");
    let files = Files::new(&settings, &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))]);
    let mut program = Program::start("info", "json", &files);
    assert_eq!(program.get("q.com", PATH).status, 200);
    assert_eq!(program.admin("/healthz").status, 200);
    program
}

/// Opens connections and sends the same bytes on each.
fn connect_many(program: &Program, bytes: &[u8], size: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = program.connect();
        // The server may have closed it already.
        let _ = stream.write_all(bytes);
        stream
    };
    (0..size).map(connect).collect()
}

/// The kinds of clients: a name, the bytes that a client sends, and the memory that its connection may take.
fn kinds() -> [(&'static str, Vec<u8>, u64); 5] {
    let get = request("GET", "q.com", PATH, &[], b"");
    let post =
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9999\r\n\r\n<Auto";
    // The maximum number of requests, without a window for their responses: INITIAL_WINDOW_SIZE is 0.
    let mut unread = Vec::new();
    http2::begin(&mut unread);
    unread.extend(http2::frame_of(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    // The largest response.
    let addresses: String = (0..10).map(|number| format!("&emailaddress=jane.{number}@q.com")).collect();
    let largest = format!("/mobileconfig?{}", &addresses[1..]);
    for number in 0..8 {
        unread.extend(http2::frame_of(1, 0x5, number * 2 + 1, &http2::fields("q.com", &largest, &[])));
    }
    let most = 32 * 1024;
    [
        ("silent", Vec::new(), most),
        ("idle", get.clone(), most),
        ("slow headers", get[..get.len() - 3].to_vec(), most),
        ("slow bodies", post.into(), most),
        ("unread responses, HTTP/2", unread, 8 * most),
    ]
}

/// All connections are within the limit.
#[test]
#[ignore = "needs 10,200 open files"]
fn ten_thousand_connections_take_little_memory() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for (kind, bytes, most) in kinds() {
        let mut program = start(
            "[limits]\nmax_connections = 12000\nidle_timeout_seconds = 600\nrequest_timeout_seconds = 600\n\
             header_timeout_seconds = 600\n",
        );
        let before = program.memory();
        let connections = connect_many(&program, &bytes, CROWD);
        program.until_measured("waypost_connections", |open| open >= 10_000.0);
        assert_eq!(program.get("q.com", PATH).status, 200);
        let each = (program.memory() - before) * 1024 / CROWD as u64;
        println!("{kind}: {} MiB in all, {each} bytes each", program.memory() / 1024);
        assert!(each < most, "{kind}: {each} bytes each");
        drop(connections);
        program.until_measured("waypost_connections", |open| open < 10.0);
        let (code, _) = program.stop();
        assert_eq!(code, Some(0));
    }
}

/// The limit is a thousand connections: new ones replace them and are answered.
#[test]
#[ignore = "needs 10,200 open files"]
fn ten_thousand_connections_over_the_limit_do_not_block_others() {
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for (kind, bytes, most) in kinds() {
        let mut program = start("[limits]\nmax_connections = 1000\n");
        let connections = connect_many(&program, &bytes, CROWD);
        // A busy connection has a second to finish; until then new ones are refused.
        let mut tries = 0;
        loop {
            let mut stream = program.connect();
            let _ = stream.write_all(&request("GET", "q.com", PATH, &[], b""));
            match read_response(&mut stream, false) {
                Ok(response) if response.status == 200 => break,
                Ok(response) => {
                    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
                }
                // The server does not wait for every refused client to read its response.
                Err(_) => {}
            }
            tries += 1;
            assert!(tries < 1_000_000, "{kind}: no response");
        }
        assert!(program.measured("waypost_connections") <= 1010.0);
        println!("{kind}: {} MiB in all, answered after {tries} refusals", program.memory() / 1024);
        let most = 64 * 1024 + 1000 * most / 1024;
        assert!(program.memory() < most, "{kind}: {} KiB", program.memory());
        drop(connections);
        program.stop();
    }
}

/// Bytes that keep arriving do not extend the timeouts of headers and bodies.
#[test]
fn times_out_headers_and_bodies_that_arrive_byte_by_byte() {
    let settings = "[limits]\nheader_timeout_seconds = 1\nrequest_timeout_seconds = 1\n";
    let files = Files::new(settings, &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))]);
    let program = Program::start("info", "json", &files);
    let head = &b"GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\nX-Padding: "[..];
    let body =
        &b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9999\r\n\r\n"[..];
    for (bytes, end) in [(head, ""), (body, "HTTP/1.1 408 ")] {
        let mut stream = program.connect();
        stream.write_all(bytes).unwrap();
        // A byte every 10 ms: a whole request would take minutes.
        stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        let mut answer = [0; 1024];
        let length = loop {
            match stream.write_all(b"x").and_then(|()| stream.read(&mut answer)) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break 0,
                Ok(length) => break length,
            }
        };
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with(end) && answer.is_empty() == end.is_empty(), "{answer}");
    }
}

/// The clock jumps by years: responses, limits and metrics go on.
#[test]
#[ignore = "needs faketime"]
fn keeps_serving_when_the_clock_jumps() {
    let settings = "[admin]\nlisten = \"127.0.0.1:0\"\n[limits]\nrequests_per_second = 10000\n";
    let files = Files::new(settings, &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))]);
    let library = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .map(|folder| format!("{folder}/faketime/libfaketime.so.1"))
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .expect("faketime is installed");
    files.write("clock", "+0");
    let mut command = Program::command(&files);
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", files.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        // The monotonic clock never jumps.
        .env("DONT_FAKE_MONOTONIC", "1");
    let mut program = Program::spawn(&mut command);
    // The only time of day in a response body.
    let hour = |program: &Program| {
        assert_eq!(program.get("q.com", PATH).status, 200);
        let error = program.ask(&request("POST", "q.com", "/autodiscover/autodiscover.xml", &[], b"<x/>"));
        let time = error.text().split(" Time=\"").nth(1).unwrap().to_owned();
        time[..2].parse::<i32>().unwrap()
    };
    let now = hour(&program);
    for (jump, hours) in [("-175320h", 0), ("+262975h", 7), ("-43819h", 5), ("+0", 0)] {
        files.write("clock", jump);
        let begin = std::time::Instant::now();
        // The test may run from one hour to the next.
        while ![0, 1].contains(&(hour(&program) - now - hours).rem_euclid(24)) {
            assert!(begin.elapsed().as_secs() < 60, "the clock has not jumped: {jump}");
        }
        for path in ["/metrics", "/readyz", "/status"] {
            assert_eq!(program.admin(path).status, 200);
        }
        assert!(program.measured("process_cpu_seconds_total") >= 0.0);
        // Files have times too.
        files.write(
            "profiles/a.toml",
            &(profile("q.com", &domains(&["q.com"]), SERVERS) + &format!("# {jump}\n")),
        );
        program.signal("HUP");
        program.until(|line| line.contains("serving the new configuration"));
    }
    let (code, log) = program.stop();
    assert_eq!((code, log.matches("bug").count()), (Some(0), 0), "{log}");
}
