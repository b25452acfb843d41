//! What the process takes of the machine, under the names that Prometheus' client libraries use.

use std::fs;
use std::time::Duration;

use rustix::param::{clock_ticks_per_second, page_size};

use super::exposition::{Exposition, Kind};

/// Where there is `/proc`.
pub fn measure(text: &mut Exposition) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, in brackets, may have anything in it.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    // proc_pid_stat(5) counts from 1, and two are gone: utime is 14, stime 15, rss 24.
    let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<u64>().ok());
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        let ticks = clock_ticks_per_second().max(1);
        let seconds = Duration::from_millis((user + system) * 1000 / ticks).as_secs_f64();
        text.single("process_cpu_seconds_total", Kind::Counter, "Processor time.", seconds);
    }
    if let Some(pages) = field(24) {
        let bytes = pages * page_size() as u64;
        text.single("process_resident_memory_bytes", Kind::Gauge, "Resident memory.", bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        text.single("process_open_fds", Kind::Gauge, "Open files.", files.count());
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if let Some(limit) = limit.current {
        text.single("process_max_fds", Kind::Gauge, "The limit of open files.", limit);
    }
}
