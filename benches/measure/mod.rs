//! Shared by the benches. No bench uses all of it.

#![allow(dead_code, reason = "each bench compiles it for itself")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::{get, post};

/// A server process that is stopped when this is dropped.
pub struct Process {
    child: Child,
    /// The addresses of its listeners, in the order in which it logs them.
    pub addresses: Vec<SocketAddr>,
}

impl Process {
    /// Starts a server and waits until it has logged this number of listeners.
    pub fn start(command: &mut Command, listeners: usize) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let log = BufReader::new(child.stderr.take().expect("its log is piped"));
        let mut lines = log.lines().map_while(Result::ok);
        let says_where = lines.by_ref().filter(|line| line.contains("\"listening")).take(listeners);
        let address = |line: String| {
            let port = line.split("127.0.0.1:").nth(1).and_then(|rest| rest.split('"').next());
            let port: u16 = port.and_then(|port| port.parse().ok()).expect("a port");
            SocketAddr::from(([127, 0, 0, 1], port))
        };
        let addresses: Vec<_> = says_where.map(address).collect();
        assert_eq!(addresses.len(), listeners, "it says where it listens");
        // Unread lines would be lost.
        thread::spawn(move || lines.for_each(drop));
        Self { child, addresses }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time of all threads of a process.
pub fn processor_time(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a process on Linux");
    let nanoseconds = tasks.filter_map(|task| {
        let statistics = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        statistics.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A few rounds suffice to show that a bench runs.
pub fn rounds(usual: usize) -> usize {
    std::env::var("WAYPOST_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}

pub fn resident_kilobytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process on Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The floor: axum's cost for a constant answer with the same headers.
pub fn bare(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    let headers = [(CONTENT_TYPE, "text/xml; charset=utf-8"), (CACHE_CONTROL, "private, max-age=600")];
    let answer = move || {
        let body = body.clone();
        async move { (headers, body) }
    };
    let router = Router::new()
        .route("/mail/config-v1.1.xml", get(answer.clone()))
        .route("/autodiscover/autodiscover.xml", post(answer));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        eprintln!("{{\"message\":\"listening\",\"address\":\"{address}\"}}");
        axum::serve(listener, router).await.expect("it serves until it is killed");
    });
}
