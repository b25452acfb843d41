//! What several benches measure with; no bench needs all of it.

#![allow(dead_code, reason = "each bench compiles it for itself")]

use std::fs;
use std::time::Duration;

/// What the scheduler has given all threads of a process.
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

/// Fewer rounds are enough to see that a bench runs.
pub fn rounds(usual: usize) -> usize {
    std::env::var("WAYPOST_BENCH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(usual)
}
