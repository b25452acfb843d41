//! Metrics of the process, under the names that Prometheus' client libraries use.

use std::time::Duration;
use std::{fmt, fs};

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::param::{clock_ticks_per_second, page_size};

use super::text::write;

/// Writes nothing that needs `/proc` on a system without it.
pub fn encode(encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in brackets, may contain any character.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
    // proc_pid_stat(5) counts from 1, and two fields are removed: utime is 14, stime 15, rss 24.
    let field = |number: usize| fields.get(number - 3).and_then(|field| field.parse::<u64>().ok());
    if let (Some(user), Some(system)) = (field(14), field(15)) {
        let ticks = clock_ticks_per_second().max(1);
        let seconds = Duration::from_millis((user + system) * 1000 / ticks).as_secs_f64();
        write(encoder, "process_cpu_seconds", "CPU time.", &ConstCounter::new(seconds))?;
    }
    if let Some(pages) = field(24) {
        let bytes = ConstGauge::new(pages * page_size() as u64);
        write(encoder, "process_resident_memory_bytes", "Resident memory.", &bytes)?;
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        write(encoder, "process_open_fds", "Open files.", &ConstGauge::new(files.count()))?;
    }
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if let Some(limit) = limit.current {
        write(encoder, "process_max_fds", "Limit on open files.", &ConstGauge::new(limit))?;
    }
    Ok(())
}
