//! Reads the list of domains from the database: at the start, at each interval, and when a reload asks for it.
//!
//! A thread of its own waits for the database, so that requests, file changes and signals never do. It runs a
//! single-threaded runtime: decoding a million rows must not occupy a thread that serves requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use super::former_configs::FormerConfigs;
use super::sql_freshness::{Freshness, POLLS_TO_SHRINK, Verdict};
use crate::certificates::time::Time;
use crate::directory::saved_list::{self, SavedList};
use crate::directory::{
    Directory, HeldList, ListOrigin, Skipped, SqlAnswer, SqlFailure, SqlList, SqlSource, SqlState,
};
use crate::http::App;

/// The thread that reads the list.
#[derive(Debug, Clone)]
pub struct SqlThread(Sender<PollRequest>);

/// The sender gets the result of the poll.
type PollRequest = Option<oneshot::Sender<Polled>>;

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled {
    /// There is no `[directory.sql]`.
    NotConfigured,
    /// A new list is served.
    Served,
    Unchanged,
    /// The list is much shorter than the served one, and is not served yet.
    Held {
        domains: usize,
        polls: u32,
    },
    /// The database could not be read.
    Failed {
        message: String,
        hint: String,
    },
}

/// How often the time in the saved list is refreshed if the list does not change.
const SAVE_INTERVAL: Duration = Duration::from_hours(1);

/// The state of the thread.
struct Poller {
    app: App,
    runtime: Runtime,
    /// What was asked last. A changed question makes the version and a held list worthless.
    source: Option<SqlSource>,
    /// The version of the served list.
    version: Option<String>,
    freshness: Freshness,
    former: FormerConfigs,
    /// When the list was last saved.
    saved: Option<Instant>,
    is_save_failing: bool,
}

/// Serves the list that was saved before the last stop, if there is one. Then the server is complete before the database
/// has answered.
pub fn serve_saved_list(app: &App) {
    let current = app.current();
    let (Some(_), Some(folder)) = (&current.settings.sql, &current.settings.state_dir) else { return };
    let SavedList { list, saved } = match saved_list::read(folder) {
        Ok(Some(saved)) => saved,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "the saved list of domains cannot be used");
            return;
        }
    };
    tracing::info!(
        domains = list.len(),
        saved = %Time(saved),
        "serving the saved list of domains until the database answers"
    );
    drop(app.replace_sql_list(Arc::new(list)));
    let mut state = app.sql_status().lock();
    state.origin = ListOrigin::Saved;
    state.confirmed = Some(saved);
}

impl SqlThread {
    /// # Errors
    /// When the system cannot start a thread.
    pub fn start(app: App) -> io::Result<Self> {
        let (sender, requests) = channel();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let poller = Poller {
            app,
            runtime,
            source: None,
            version: None,
            freshness: Freshness::default(),
            former: FormerConfigs::default(),
            saved: None,
            is_save_failing: false,
        };
        thread::Builder::new().name("sql".to_owned()).spawn(move || poller.run(&requests))?;
        Ok(Self(sender))
    }

    /// Asks for a poll now, in place of the next one. The receiver gets the result; it may be dropped.
    pub fn poll(&self) -> oneshot::Receiver<Polled> {
        let (sender, polled) = oneshot::channel();
        // If the thread has ended, the receiver finds out.
        let _ = self.0.send(Some(sender));
        polled
    }
}

impl Poller {
    fn run(mut self, requests: &Receiver<PollRequest>) {
        let mut next = None::<Instant>;
        loop {
            let request = match next {
                // Without a database, only a reload can bring one.
                None => requests.recv().map_err(RecvTimeoutError::from),
                Some(next) => requests.recv_timeout(next.saturating_duration_since(Instant::now())),
            };
            let mut waiting = match request {
                Ok(request) => Vec::from_iter(request),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // One poll answers every request that has arrived by now.
            waiting.extend(requests.try_iter().flatten());
            // A bug in reading must not end the thread.
            let polled = catch_unwind(AssertUnwindSafe(|| self.poll())).unwrap_or_else(|_| {
                self.version = None;
                self.failed(
                    "reading the list failed because of a bug in Waypost".to_owned(),
                    "report it".to_owned(),
                )
            });
            self.former.release_unused();
            next = self.source.as_ref().map(|source| Instant::now() + source.poll);
            for sender in waiting {
                // The client may have closed the connection.
                let _ = sender.send(polled.clone());
            }
        }
    }

    fn poll(&mut self) -> Polled {
        let source = self.app.current().settings.sql.clone();
        if self.source != source {
            self.version = None;
            self.freshness.reset();
            self.source.clone_from(&source);
        }
        let Some(source) = source else {
            *self.app.sql_status().lock() = SqlState::default();
            return Polled::NotConfigured;
        };
        let version = self.version.as_deref().filter(|_| !self.freshness.is_holding());
        match self.runtime.block_on(source.read(version)) {
            Ok(SqlAnswer::Unchanged) => self.unchanged(),
            Ok(SqlAnswer::List { list, version }) => {
                self.version = version;
                self.judge(list)
            }
            Err(error) => {
                self.freshness.reset();
                self.failed(error.to_string(), error.hint().to_owned())
            }
        }
    }

    fn judge(&mut self, list: SqlList) -> Polled {
        let served = self.app.current().served.directory.sql().map(|sql| Arc::clone(sql.list()));
        match self.freshness.judge(served.as_deref(), list) {
            Verdict::Unchanged => self.unchanged(),
            Verdict::Serve(list) => self.serve(list),
            Verdict::Hold { domains, polls } => {
                let before = served.map_or(0, |served| served.len());
                tracing::error!(
                    domains,
                    before,
                    polls,
                    "the database returned much fewer domains than before; the former list is served until \
                     {POLLS_TO_SHRINK} polls return the same list"
                );
                let mut state = self.answered();
                state.held = Some(HeldList { domains, polls });
                state.polls.held += 1;
                Polled::Held { domains, polls }
            }
        }
    }

    fn serve(&mut self, list: SqlList) -> Polled {
        let list = Arc::new(list);
        self.former.push(self.app.replace_sql_list(Arc::clone(&list)));
        let current = self.app.current();
        let served = current.served.directory.sql();
        tracing::info!(
            domains = list.len(),
            served = served.map_or(0, |sql| sql.counts().served),
            "serving a new list of domains from the database"
        );
        log_skipped_rows(&current.served.directory);
        drop(current);
        self.save(&list, true);
        let mut state = self.answered();
        state.confirmed = Some(SystemTime::now());
        state.origin = ListOrigin::Database;
        state.polls.done += 1;
        Polled::Served
    }

    fn unchanged(&mut self) -> Polled {
        let list = self.app.current().served.directory.sql().map(|sql| Arc::clone(sql.list()));
        if let Some(list) = list {
            self.save(&list, false);
        }
        let mut state = self.answered();
        state.confirmed = Some(SystemTime::now());
        state.origin = ListOrigin::Database;
        state.polls.unchanged += 1;
        Polled::Unchanged
    }

    /// The status after an answer of the database. Logs the end of an outage.
    fn answered(&self) -> MutexGuard<'_, SqlState> {
        let mut state = self.app.sql_status().lock();
        state.held = None;
        if let Some(failure) = state.error.take() {
            tracing::info!(since = %Time(failure.since), "the database answers again");
        }
        state
    }

    /// Keeps the served list. One log line tells of a failure, and of each other failure after it.
    fn failed(&self, message: String, hint: String) -> Polled {
        let mut state = self.app.sql_status().lock();
        state.held = None;
        state.polls.failed += 1;
        let before = state.error.take();
        if before.as_ref().is_none_or(|before| before.message != message) {
            match state.confirmed {
                Some(confirmed) => tracing::error!(
                    error = message,
                    hint,
                    list_from = %Time(confirmed),
                    "the database cannot be read; the last list of domains is served"
                ),
                None => tracing::error!(
                    error = message,
                    hint,
                    "the database cannot be read, and there is no saved list: only the domains of the files are served"
                ),
            }
        }
        let since = before.map_or_else(SystemTime::now, |before| before.since);
        state.error = Some(SqlFailure { message: message.clone(), hint: hint.clone(), since });
        Polled::Failed { message, hint }
    }

    /// Saves the list for a start without the database.
    fn save(&mut self, list: &SqlList, has_changed: bool) {
        let Some(folder) = self.app.current().settings.state_dir.clone() else { return };
        if !has_changed && self.saved.is_some_and(|saved| saved.elapsed() < SAVE_INTERVAL) {
            return;
        }
        match saved_list::write(&folder, list, SystemTime::now()) {
            Ok(()) => {
                self.saved = Some(Instant::now());
                self.is_save_failing = false;
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_save_failing, true) {
                    tracing::warn!(
                        folder = %folder.display(),
                        %error,
                        "the list of domains cannot be saved; make the folder in `state_dir` writable"
                    );
                }
            }
        }
    }
}

/// Logs how many rows of a new list are not served, and why.
fn log_skipped_rows(directory: &Directory) {
    let Some(sql) = directory.sql() else { return };
    let (skipped, counts) = (&sql.list().skipped, sql.counts());
    let reasons = [
        (&skipped.null, "the domain or the profile is empty"),
        (&skipped.invalid, "the domain is not a valid name"),
        (&skipped.invalid_profile, "the profile is not a valid id"),
        (&skipped.conflicting, "an earlier row has the domain with another profile"),
        (&counts.unknown_profile, "no profile has this id"),
        (&counts.in_files, "a file has the domain, and the file counts"),
    ];
    for (Skipped { count, examples }, reason) in reasons {
        if *count > 0 {
            tracing::warn!(
                rows = count,
                examples = examples.join(", "),
                "rows of the database are not served: {reason}"
            );
        }
    }
}
