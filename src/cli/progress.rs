//! Work on many things at once, with a word about how far it is where a person waits.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

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
        tell(items.len(), what, &done, || threads.iter().all(thread::ScopedJoinHandle::is_finished));
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Waits until all is done, or nobody works any more. The workers wake it when they have nothing more
/// to do.
fn tell(all: usize, what: &str, done: &AtomicUsize, is_over: impl Fn() -> bool) {
    let begin = Instant::now();
    let mut is_told = false;
    let is_terminal = io::stderr().is_terminal();
    while done.load(Ordering::Relaxed) < all && !is_over() {
        thread::park_timeout(STEP);
        if is_terminal && begin.elapsed() >= PATIENCE {
            let _ = write!(io::stderr(), "\r{} of {all} {what}", done.load(Ordering::Relaxed));
            is_told = true;
        }
    }
    if is_told {
        // Away with the line.
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bug in the work is told, not waited for.
    #[test]
    #[should_panic(expected = "a bug")]
    fn ends_when_the_work_panics() {
        in_parallel(&[1, 2, 3], "bugs met", |item| assert!(*item > 5, "a bug"));
    }

    #[test]
    fn gives_the_results_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(in_parallel(&items, "numbers doubled", |item| item * 2)[999], 1998);
        assert_eq!(in_parallel(&items, "numbers kept", |item| *item), items);
        assert_eq!(in_parallel(&[], "nothing done", |item: &usize| *item), [0; 0]);
    }
}
