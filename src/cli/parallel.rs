//! The same work on many items, on all processors, with progress on a terminal.
//!
//! rayon distributes the items. `indicatif` would show the progress too; one line on a terminal is enough here.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rayon::prelude::*;

/// Progress appears after this time.
const PROGRESS_DELAY: Duration = Duration::from_millis(500);
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Does `work` for every item, and returns the results in the order of the items. Progress goes to standard error, if
/// that is a terminal: `120 of 1000 profiles checked`.
pub fn in_parallel<T: Sync, R: Send>(items: &[T], what: &str, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    with_progress(items.len(), what, |done| {
        let work = |item| {
            let result = work(item);
            done.fetch_add(1, Ordering::Relaxed);
            result
        };
        items.par_iter().map(work).collect()
    })
}

/// Does `work` on another thread. `work` counts the items that are done; the count is shown as [`in_parallel`] does.
pub fn with_progress<R: Send>(all: usize, what: &str, work: impl FnOnce(&AtomicUsize) -> R + Send) -> R {
    let done = AtomicUsize::new(0);
    let waiting = thread::current();
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let result = work(&done);
            waiting.unpark();
            result
        });
        show_progress(all, what, &done, || worker.is_finished());
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn show_progress(all: usize, what: &str, done: &AtomicUsize, is_over: impl Fn() -> bool) {
    let begin = Instant::now();
    let mut is_shown = false;
    let is_terminal = io::stderr().is_terminal();
    while done.load(Ordering::Relaxed) < all && !is_over() {
        thread::park_timeout(PROGRESS_INTERVAL);
        if is_terminal && begin.elapsed() >= PROGRESS_DELAY {
            let _ = write!(io::stderr(), "\r{} of {all} {what}", done.load(Ordering::Relaxed));
            is_shown = true;
        }
    }
    if is_shown {
        // Erase the line.
        let _ = write!(io::stderr(), "\r\u{1b}[K");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
