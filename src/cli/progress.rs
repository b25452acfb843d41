//! Work on many things at once, with a word about how far it is where a person waits.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// Who waits longer than this wants to know why.
const PATIENCE: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(100);

/// Does the same to every item, on all processors; the results are in the order of the items. What
/// takes long is told on standard error, if that is a terminal: `120 of 1000 profiles checked`.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], what: &str, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let waiting = thread::current();
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut results = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(index) else { break };
                        results.push((index, work(item)));
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    waiting.unpark();
                    results
                })
            })
            .collect();
        tell(items.len(), what, &done);
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Waits until all is done.
fn tell(all: usize, what: &str, done: &AtomicUsize) {
    let mut is_told = false;
    let is_terminal = io::stderr().is_terminal();
    thread::park_timeout(PATIENCE);
    loop {
        let so_far = done.load(Ordering::Relaxed);
        if so_far >= all {
            break;
        }
        if is_terminal {
            let _ = write!(io::stderr(), "\r{so_far} of {all} {what}");
            is_told = true;
        }
        thread::park_timeout(STEP);
    }
    if is_told {
        // Away with the line.
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
}
