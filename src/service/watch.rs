//! Polls the configuration files, and the thread that reloads when they change or a signal asks for it.
//!
//! `files::sources` says why it polls, and which crates were considered.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::reload::{PROCESSOR_SHARE, Reloader};
use super::sql_poll::{Polled, SqlThread};
use super::systemd;
use crate::admin::{ReloadRequest, Reloaded};

/// The shortest and the longest time between two polls.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
const LONGEST_INTERVAL: Duration = Duration::from_mins(1);

/// How long a reload waits for the database. A list of a million domains takes a few seconds. `waypost reload` waits for
/// one minute by default, and its request may have to wait for another reload first.
const LONGEST_POLL: Duration = Duration::from_secs(20);

/// The thread that reloads the configuration.
#[derive(Debug)]
pub struct ReloadThread(Sender<ReloadRequest>);

impl ReloadThread {
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(reloader: Reloader, database: SqlThread, is_watching: bool) -> io::Result<Self> {
        let (sender, requests) = channel();
        thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || run(reloader, &database, &requests, is_watching))?;
        Ok(Self(sender))
    }

    /// For the admin listener.
    pub fn requests(&self) -> Sender<ReloadRequest> {
        self.0.clone()
    }

    /// Asks for a reload, whether or not a file has changed.
    pub fn request(&self) {
        if self.0.send(None).is_err() {
            tracing::error!("the reload thread has ended; restart the server, and report this bug");
        }
    }
}

/// The result of a poll now. None if the database has not answered in time.
fn poll(database: &SqlThread) -> Option<Polled> {
    let (sender, polled) = channel();
    // The receiver may be gone.
    database.poll(move |result| drop(sender.send(result)));
    polled.recv_timeout(LONGEST_POLL).ok()
}

fn run(mut reloader: Reloader, database: &SqlThread, requests: &Receiver<ReloadRequest>, is_watching: bool) {
    let mut pause = SHORTEST_INTERVAL;
    loop {
        let mut waiting = Vec::new();
        let mut is_requested = false;
        match requests.recv_timeout(pause) {
            Ok(request) => {
                is_requested = true;
                waiting.extend(request);
                reloader.repeat_reports();
            }
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                reloader.release_unused();
                let begin = Instant::now();
                let is_due = is_watching && reloader.is_reload_due();
                pause = (begin.elapsed() * PROCESSOR_SHARE).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
                if !is_due {
                    continue;
                }
            }
        }
        // One reload answers every request that has arrived by now.
        for request in requests.try_iter() {
            is_requested = true;
            reloader.repeat_reports();
            waiting.extend(request);
        }
        if !reloader.is_retry() {
            systemd::reloading();
        }
        let result = reloader.reload();
        let result = if is_requested {
            reloader.add_poll(result, poll(database))
        } else {
            // A changed file does not wait for the database.
            database.poll_if_changed();
            result
        };
        systemd::reloaded(match result {
            Reloaded::Done | Reloaded::Unchanged => "serving the configuration on disk",
            Reloaded::Failed => "the configuration on disk has errors; serving the old configuration",
        });
        for sender in waiting {
            // The client may have closed the connection.
            let _ = sender.send(reloader.report(result));
        }
    }
}
