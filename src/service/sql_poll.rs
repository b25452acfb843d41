//! Reads the list of domains from the database: at the start, at each interval, and when a reload asks for it.
//!
//! A thread of its own waits for the database, so that requests and changed files never do. Only a reload that an
//! operator asks for waits for the result. The thread decodes the rows too: a million of them must not occupy a thread
//! that serves requests.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, MutexGuard};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::former_configs::FormerConfigs;
use super::sql_freshness::{Freshness, POLLS_TO_SHRINK, Served, Verdict};
use crate::certificates::time::Time;
use crate::directory::saved_list::{self, SavedList};
use crate::directory::{
    Directory, HeldList, ListOrigin, Skipped, SqlAnswer, SqlDomains, SqlFailure, SqlList, SqlSource, SqlState,
};
use crate::http::App;

/// The thread that reads the list.
#[derive(Debug, Clone)]
pub struct SqlThread(Sender<PollRequest>);

/// A request for a poll, with a function that gets the result. None: poll only if `[directory.sql]` has changed.
type PollRequest = Option<Box<dyn FnOnce(Polled) + Send>>;

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

/// The shortest time between two readings: a reading may take longer than the interval.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// How often the time in the saved list is refreshed if the list does not change.
const SAVE_INTERVAL: Duration = Duration::from_hours(1);

/// The state of the thread.
struct Poller {
    app: App,
    /// What was asked last. A changed question makes the version and a held list worthless.
    source: Option<SqlSource>,
    /// The version of the served list.
    version: Option<String>,
    freshness: Freshness,
    former: FormerConfigs,
    /// Where and when the list was last saved.
    saved: Option<(PathBuf, Instant)>,
    is_save_failing: bool,
}

/// Serves the list that was saved before the last stop, if there is one. Then the server is complete before the database
/// has answered.
pub fn serve_saved_list(app: &App) {
    let current = app.current();
    let (Some(_), Some(folder)) = (&current.settings.sql, &current.settings.state_dir) else { return };
    saved_list::remove_unfinished(folder);
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
        let poller = Poller {
            app,
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

    /// Asks for a poll now, in place of the next one, and passes the result to `then`. If the thread has ended, `then` is
    /// dropped.
    pub fn poll(&self, then: impl FnOnce(Polled) + Send + 'static) {
        let _ = self.0.send(Some(Box::new(then)));
    }

    /// Asks for a poll if `[directory.sql]` has changed. Other changes must not count as polls: a much shorter list is
    /// served after some equal polls.
    pub fn poll_if_changed(&self) {
        let _ = self.0.send(None);
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
            let (mut waiting, is_due) = match request {
                Ok(request) => (Vec::from_iter(request), false),
                Err(RecvTimeoutError::Timeout) => (Vec::new(), true),
                Err(RecvTimeoutError::Disconnected) => return,
            };
            // One poll answers every request that has arrived by now.
            waiting.extend(requests.try_iter().flatten());
            if waiting.is_empty() && !is_due && !self.has_new_source() {
                continue;
            }
            let begin = Instant::now();
            // A bug in reading must not end the thread.
            let polled = catch_unwind(AssertUnwindSafe(|| self.poll())).unwrap_or_else(|_| {
                self.failed(
                    "reading the list failed because of a bug in Waypost".to_owned(),
                    "report it".to_owned(),
                )
            });
            self.former.release_unused();
            // A new domain is served within the interval, however long a reading takes.
            next =
                self.source.as_ref().map(|source| (begin + source.poll).max(Instant::now() + SHORTEST_PAUSE));
            for then in waiting {
                then(polled.clone());
            }
        }
    }

    /// Whether a poll would ask another question than the last one, or whether the list was lost because the section was
    /// removed in between.
    fn has_new_source(&self) -> bool {
        self.source != self.app.current().settings.sql || self.source.is_some() && !self.app.has_sql_list()
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
        // Without a version the whole list is read, as it must be after a failure and for a list that is held.
        let version = self.version.take().filter(|_| self.app.has_sql_list());
        let answer = source.read_blocking(version.as_deref());
        if self.app.current().settings.sql.as_ref() != Some(&source) {
            // A reload has changed the section meanwhile. This is the answer to another question.
            return self.poll();
        }
        match answer {
            Ok(SqlAnswer::Unchanged) => {
                self.version = version;
                self.unchanged()
            }
            Ok(SqlAnswer::List { list, version }) => {
                let polled = self.judge(&Arc::new(list));
                self.version = version.filter(|_| matches!(polled, Polled::Served | Polled::Unchanged));
                polled
            }
            Err(error) => {
                self.freshness.reset();
                self.failed(error.to_string(), error.hint().to_owned())
            }
        }
    }

    fn judge(&mut self, list: &Arc<SqlList>) -> Polled {
        let current = self.app.current();
        let directory = &current.served.directory;
        let served =
            directory.sql().map(|sql| Served { list: Arc::clone(sql.list()), domains: sql.counts().served });
        let default = self.source.as_ref().and_then(|source| source.profile.as_ref());
        let count = || {
            let candidate = directory.with_sql_list(Some(Arc::clone(list)), default);
            candidate.sql().map_or(0, |sql| sql.counts().served)
        };
        match self.freshness.judge(served.as_ref(), list, count) {
            Verdict::Unchanged => self.unchanged(),
            Verdict::Serve => self.serve(list),
            Verdict::Hold { domains, polls } => {
                tracing::error!(
                    domains,
                    before = served.map_or(0, |served| served.domains),
                    polls,
                    "the database returned far fewer domains than before; the former list is served until \
                     {POLLS_TO_SHRINK} polls return the same list"
                );
                let mut state = self.answered();
                state.held = Some(HeldList { domains, polls });
                state.polls.held += 1;
                Polled::Held { domains, polls }
            }
        }
    }

    fn serve(&mut self, list: &Arc<SqlList>) -> Polled {
        self.former.push(self.app.replace_sql_list(Arc::clone(list)));
        let current = self.app.current();
        let served = current.served.directory.sql();
        tracing::info!(
            domains = list.len(),
            served = served.map_or(0, |sql| sql.counts().served),
            "serving a new list of domains from the database"
        );
        log_skipped_rows(&current.served.directory);
        drop(current);
        self.save(list, true);
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
        let is_saved = self
            .saved
            .as_ref()
            .is_some_and(|(saved_in, at)| *saved_in == folder && at.elapsed() < SAVE_INTERVAL);
        if is_saved && !has_changed {
            return;
        }
        match saved_list::write(&folder, list, SystemTime::now()) {
            Ok(()) => {
                self.saved = Some((folder, Instant::now()));
                self.is_save_failing = false;
            }
            Err(error) => {
                self.saved = None;
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
    for (reason, Skipped { count, examples }) in directory.sql().into_iter().flat_map(SqlDomains::skipped) {
        if *count > 0 {
            let examples = examples.join(", ");
            tracing::warn!(reason, rows = count, examples, "rows of the database are not served");
        }
    }
}
