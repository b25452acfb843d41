//! Ten thousand at a time: idle, slow with their heads, slow with their bodies. What the server takes
//! for them is bounded, and others are answered.

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

/// One crowd at a time: two would have too many files.
static ALONE: Mutex<()> = Mutex::new(());

/// Files for this end of every connection.
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

/// Connects a crowd, each of which says the same.
fn crowd(program: &Program, words: &[u8], size: usize) -> Vec<TcpStream> {
    let connect = |_| {
        let mut stream = program.connect();
        // Who has been sent away already cannot say anything.
        let _ = stream.write_all(words);
        stream
    };
    (0..size).map(connect).collect()
}

/// Who comes, what they say, and how many bytes one may take.
fn kinds() -> [(&'static str, Vec<u8>, u64); 5] {
    let get = request("GET", "q.com", PATH, &[], b"");
    let post =
        "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9999\r\n\r\n<Auto";
    // As many requests as there may be, of whose answers nothing can be sent: INITIAL_WINDOW_SIZE is 0.
    let mut deaf = Vec::new();
    http2::begin(&mut deaf);
    deaf.extend(http2::frame_of(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    // The largest answer there is.
    let addresses: String = (0..10).map(|number| format!("&emailaddress=jane.{number}@q.com")).collect();
    let largest = format!("/mobileconfig?{}", &addresses[1..]);
    for number in 0..8 {
        deaf.extend(http2::frame_of(1, 0x5, number * 2 + 1, &http2::fields("q.com", &largest, &[])));
    }
    let some = 32 * 1024;
    [
        ("silent", Vec::new(), some),
        ("idle", get.clone(), some),
        ("slow with their heads", get[..get.len() - 3].to_vec(), some),
        ("slow with their bodies", post.into(), some),
        ("deaf, by HTTP/2", deaf, 8 * some),
    ]
}

/// There is room for all of them: memory grows by some KiB for each, and no more.
#[test]
#[ignore = "needs 10,200 open files"]
fn ten_thousand_connections_take_little() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (kind, words, most) in kinds() {
        let mut program = start(
            "[limits]\nmax_connections = 12000\nrequest_timeout_seconds = 600\nheader_timeout_seconds = 600\n",
        );
        let before = program.memory();
        let everybody = crowd(&program, &words, CROWD);
        program.until_measured("waypost_connections", |open| open >= 10_000.0);
        assert_eq!(program.get("q.com", PATH).status, 200);
        let each = (program.memory() - before) * 1024 / CROWD as u64;
        println!("{kind}: {} MiB in all, {each} bytes each", program.memory() / 1024);
        assert!(each < most, "{kind}: {each} bytes each");
        drop(everybody);
        program.until_measured("waypost_connections", |open| open < 10.0);
        let (code, _) = program.stop();
        assert_eq!(code, Some(0));
    }
}

/// There is room for a thousand: the others give way to newcomers, who are answered.
#[test]
#[ignore = "needs 10,200 open files"]
fn ten_thousand_connections_leave_room_for_others() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (kind, words, most) in kinds() {
        let mut program = start("[limits]\nmax_connections = 1000\n");
        let everybody = crowd(&program, &words, CROWD);
        // A body that does not come is given a second; until then newcomers are told to come back.
        let mut tries = 0;
        loop {
            let mut stream = program.connect();
            let _ = stream.write_all(&request("GET", "q.com", PATH, &[], b""));
            match read_response(&mut stream, false) {
                Ok(response) if response.status == 200 => break,
                Ok(response) => {
                    assert_eq!((response.status, response.header("retry-after")), (503, Some("1")));
                }
                // More are sent away than are waited for.
                Err(_) => {}
            }
            tries += 1;
            assert!(tries < 1_000_000, "{kind}: nobody is answered");
        }
        assert!(program.measured("waypost_connections") <= 1010.0);
        println!("{kind}: {} MiB in all, answered after {tries} refusals", program.memory() / 1024);
        let most = 64 * 1024 + 1000 * most / 1024;
        assert!(program.memory() < most, "{kind}: {} KiB", program.memory());
        drop(everybody);
        program.stop();
    }
}

/// A head or a body that comes byte by byte is not waited for beyond its limit, however busy it looks.
#[test]
fn a_trickle_has_no_more_time_than_silence() {
    let settings = "[limits]\nheader_timeout_seconds = 1\nrequest_timeout_seconds = 1\n";
    let files = Files::new(settings, &[("a.toml", &profile("q.com", &domains(&["q.com"]), SERVERS))]);
    let program = Program::start("info", "json", &files);
    let head = &b"GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: q.com\r\nX-Padding: "[..];
    let body =
        &b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: q.com\r\nContent-Length: 9999\r\n\r\n"[..];
    for (words, end) in [(head, ""), (body, "HTTP/1.1 408 ")] {
        let mut stream = program.connect();
        stream.write_all(words).unwrap();
        // A byte, and a moment in which nothing is answered: a request would take minutes.
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

/// The clock is set back and forth by years: answers, limits and measurements go on.
#[test]
#[ignore = "needs faketime"]
fn a_clock_that_jumps_hurts_nobody() {
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
    // The only time of day that an answer of ours has.
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
