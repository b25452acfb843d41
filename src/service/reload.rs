//! Reload: reads and checks the new configuration as a whole, then serves it, or rejects it and reports why.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::former_configs::FormerConfigs;
use super::load_report;
use super::sql_freshness::POLLS_TO_SHRINK;
use super::sql_poll::Polled;
use crate::admin::{ReloadReport, Reloaded};
use crate::config::{Config, Listener, LoadError};
use crate::diagnostics::{Location, Problem};
use crate::files::{SourceFiles, TextEnd};
use crate::http::App;

/// Compares the configuration files with what is served, and reloads.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    /// The listeners of the command line.
    listen: Vec<Listener>,
    app: App,
    /// The files of the last load, whether it succeeded or not.
    sources: SourceFiles,
    /// Files that have changed since the last load, and may still be changing.
    unsettled: Option<Unsettled>,
    /// When a failed load is tried again although no file has changed.
    retry_at: Option<Instant>,
    is_retry: bool,
    /// The problems that were last reported. A retry does not log them again.
    reported: Option<String>,
    /// The problems of the last load.
    problems: Vec<Problem>,
    /// How each text file of the served configuration ends.
    served_ends: BTreeMap<PathBuf, TextEnd>,
    former: FormerConfigs,
}

#[derive(Debug)]
struct Unsettled {
    sources: SourceFiles,
    polls: u32,
}

/// After so many polls, files that never stop changing are loaded all the same.
const MAX_POLLS: u32 = 10;
/// How often a load is repeated because a file changed during it, and the pause before each repetition.
const MAX_LOADS: u32 = 10;
const LOAD_PAUSE: Duration = Duration::from_millis(100);
/// A failed load may have a passing cause: the clock, the disk, a limit.
const RETRY_INTERVAL: Duration = Duration::from_mins(1);
/// Polls and retries may take one part in 200 of one processor's time.
pub const PROCESSOR_SHARE: u32 = 200;
/// Problems that are listed in the log and at `/readyz`.
const MAX_REPORTED: usize = 20;

/// Reads everything, and repeats that if a file changes meanwhile: old and new files are never mixed.
pub fn load(path: &Path) -> (SourceFiles, Result<Config, LoadError>) {
    let mut loads = 1;
    loop {
        let sources = SourceFiles::default();
        let loaded = Config::load_recording(path, &sources);
        if loads == MAX_LOADS || sources.are_unchanged() {
            return (sources, loaded);
        }
        loads += 1;
        thread::sleep(LOAD_PAUSE);
    }
}

impl Reloader {
    /// `sources` are the files of the configuration that `app` serves.
    pub fn new(path: &Path, listen: Vec<Listener>, sources: SourceFiles, app: App) -> Self {
        Self {
            path: path.to_owned(),
            listen,
            app,
            served_ends: sources.text_ends(),
            retry_at: sources.used_fallback().then(|| Instant::now() + RETRY_INTERVAL),
            sources,
            unsettled: None,
            is_retry: false,
            reported: None,
            problems: Vec::new(),
            former: FormerConfigs::default(),
        }
    }

    /// Whether a reload is due: a file has changed since the last load and none has changed since the last poll, or a
    /// failed load is to be retried. The pause is for editors that write in steps, and for certificates that are
    /// renewed before their key.
    pub fn is_reload_due(&mut self) -> bool {
        if self.sources.are_unchanged() {
            self.unsettled = None;
            self.is_retry = self.retry_at.is_some_and(|at| at <= Instant::now());
            return self.is_retry;
        }
        let polls = match self.unsettled.take() {
            Some(unsettled) if unsettled.sources.are_unchanged() || unsettled.polls >= MAX_POLLS => {
                self.repeat_reports();
                return true;
            }
            unsettled => unsettled.map_or(0, |unsettled| unsettled.polls),
        };
        self.unsettled = Some(Unsettled { sources: self.sources.refreshed(), polls: polls + 1 });
        false
    }

    /// Whether the reload that is due is a retry: nothing has changed.
    pub fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Logs the problems of the next reload even if they were logged before.
    pub fn repeat_reports(&mut self) {
        self.reported = None;
    }

    /// Reads everything anew and serves it if it is valid. Otherwise what is served stays.
    pub fn reload(&mut self) -> Reloaded {
        self.unsettled = None;
        self.release_unused();
        let begin = Instant::now();
        // A bug in loading must not end the server.
        let reloaded = catch_unwind(AssertUnwindSafe(|| {
            let (sources, loaded) = load(&self.path);
            self.sources = sources;
            self.apply(loaded)
        }));
        let reloaded = reloaded.unwrap_or_else(|_| {
            self.sources = self.sources.refreshed();
            self.reject_file(
                &self.path.clone(),
                "loading failed because of a bug in Waypost; report it",
                None,
            )
        });
        let may_recover = reloaded == Reloaded::Failed || self.sources.used_fallback();
        self.retry_at =
            may_recover.then(|| Instant::now() + (begin.elapsed() * PROCESSOR_SHARE).max(RETRY_INTERVAL));
        if reloaded != Reloaded::Failed {
            self.reported = None;
        }
        self.is_retry = false;
        reloaded
    }

    /// What the last reload found, for the operator who asked for it.
    pub fn report(&self, result: Reloaded) -> ReloadReport {
        ReloadReport {
            result,
            profiles: self.app.profiles(),
            domains: self.app.domains(),
            needs_restart: self.app.needs_restart().into_iter().map(str::to_owned).collect(),
            problems: self.problems.clone(),
        }
    }

    /// Adds the result of a poll of the database to the result of a reload. A failed poll does not make the reload fail,
    /// since the last list stays: it is a warning.
    pub fn add_poll(&mut self, reloaded: Reloaded, polled: Option<Polled>) -> Reloaded {
        let (message, hint) = match polled {
            Some(Polled::Served) if reloaded == Reloaded::Unchanged => return Reloaded::Done,
            Some(Polled::Served | Polled::Unchanged | Polled::NotConfigured) => return reloaded,
            Some(Polled::Failed { message, hint }) => {
                let list = if self.app.has_sql_list() {
                    "the last list of domains stays"
                } else {
                    "there is no list of its domains"
                };
                (format!("the database cannot be read, and {list}: {message}"), hint)
            }
            Some(Polled::Held { domains, polls }) => {
                let message = format!(
                    "the database returned far fewer domains than before ({domains}); the last list stays until \
                     {POLLS_TO_SHRINK} polls return the same list (now: {polls})"
                );
                (message, "check the database; if the list is correct, run `waypost reload` again".to_owned())
            }
            None => {
                let message =
                    "the database has not returned the whole list yet; the last list stays until then";
                (message.to_owned(), "see the log for the result".to_owned())
            }
        };
        self.problems.push(Problem::warning(Location::whole(&self.path), message, hint));
        reloaded
    }

    /// Frees former configurations that no request uses.
    pub fn release_unused(&mut self) {
        self.former.release_unused();
    }

    fn apply(&mut self, loaded: Result<Config, LoadError>) -> Reloaded {
        let config = match loaded {
            Ok(config) => config,
            Err(error) => return self.reject(&problems(error, &self.path)),
        };
        self.problems.clone_from(&config.notes);
        if config.hash == self.app.hash() {
            if self.app.reload_unchanged() {
                tracing::info!("the configuration is valid again; it is equal to the served configuration");
            } else if !self.is_retry {
                tracing::info!("the configuration is unchanged");
            }
            return Reloaded::Unchanged;
        }
        if let Some((path, message)) = self.incomplete_file() {
            let hint =
                "end the last line with a line feed; to replace a file, write a new file and rename it";
            return self.reject_file(&path, message, Some(hint));
        }
        if config.https_without_certificate(self.app.listens()).is_some() {
            let message = "there is no certificate, and the https:// listeners need one until a restart";
            return self.reject_file(&self.path.clone(), message, None);
        }
        self.replace(config);
        Reloaded::Done
    }

    /// A text file that was complete in the served configuration and is empty or cut now. The content cannot tell:
    /// every key has a default, and a list may have any length.
    fn incomplete_file(&self) -> Option<(PathBuf, &'static str)> {
        self.sources.text_ends().into_iter().find_map(|(path, end)| {
            let message = match (self.served_ends.get(&path)?, end) {
                (TextEnd::LineFeed | TextEnd::Other, TextEnd::Empty) => {
                    "the file is empty; it may be incomplete"
                }
                (TextEnd::LineFeed, TextEnd::Other) => {
                    "the last line has no line feed; the file may be incomplete"
                }
                _ => return None,
            };
            Some((path, message))
        })
    }

    fn replace(&mut self, mut config: Config) {
        config.listen_at(&self.listen);
        let profiles = config.directory.entries().len();
        let before = self.app.domains();
        load_report::log(&config);
        let hash = config.hash;
        self.former.push(self.app.replace(config));
        // With those of the database, whose list the new configuration has too.
        let domains = self.app.domains();
        self.served_ends = self.sources.text_ends();
        tracing::info!(profiles, domains, %hash, "serving the new configuration");
        if domains < before {
            tracing::warn!(
                domains,
                before,
                "fewer domains are served than before; check for missing or incomplete files"
            );
        }
        for key in self.app.needs_restart() {
            tracing::warn!("`{key}` has changed; it takes effect after a restart");
        }
    }

    fn reject_file(&mut self, path: &Path, message: &str, hint: Option<&str>) -> Reloaded {
        let mut problem = Problem::error(Location::whole(path), message, "");
        problem.hint = hint.map(str::to_owned);
        self.reject(&[problem])
    }

    /// Keeps the served configuration, and reports the problems of the new one at `/readyz` and in the log.
    fn reject(&mut self, problems: &[Problem]) -> Reloaded {
        let errors = problems.len();
        let listed = &problems[..errors.min(MAX_REPORTED)];
        let mut text: String =
            listed.iter().flat_map(|problem| [problem.to_string(), "\n".to_owned()]).collect();
        if errors > listed.len() {
            let _ = writeln!(text, "and {} more; `waypost check` lists all", errors - listed.len());
        }
        if self.reported.as_ref() != Some(&text) {
            tracing::error!(errors, "the new configuration has errors; the old one is still served");
            for Problem { location, message, hint, .. } in listed {
                tracing::error!(place = %location, hint = hint.as_deref(), "{message}");
            }
        }
        self.problems = problems.to_vec();
        self.app.reload_failed(text.clone());
        self.reported = Some(text);
        Reloaded::Failed
    }
}

fn problems(error: LoadError, path: &Path) -> Vec<Problem> {
    match error {
        LoadError::Problems(problems) => problems.into_iter().filter(Problem::is_error).collect(),
        LoadError::Unreadable { path, source } => vec![Problem::error(
            Location::whole(&path),
            format!("the file cannot be read: {source}"),
            "restore the file, or make it readable for the server's user",
        )],
        LoadError::NotFound { .. } => {
            vec![Problem::error(Location::whole(path), error.to_string(), "restore the file")]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PROFILE: &str = include_str!("../../config/profiles/qwestoffice.toml");

    fn reloader(folder: &Path) -> Reloader {
        fs::create_dir(folder.join("profiles")).unwrap();
        fs::write(folder.join("profiles/a.toml"), PROFILE).unwrap();
        let path = folder.join("waypost.toml");
        fs::write(&path, "# every key has its default\n").unwrap();
        let (sources, config) = load(&path);
        Reloader::new(&path, Vec::new(), sources, App::new(config.unwrap()))
    }

    /// The cause of a failure may pass without a change of a file.
    #[test]
    fn retries_a_failed_load_after_a_pause() {
        let folder = tempfile::tempdir().unwrap();
        let mut reloader = reloader(folder.path());
        let begin = Instant::now();
        fs::write(&reloader.path, "nonsense").unwrap();
        assert_eq!(reloader.reload(), Reloaded::Failed);
        assert!(reloader.retry_at.unwrap() >= begin + RETRY_INTERVAL);
        assert!(!reloader.is_reload_due() && !reloader.is_retry());
        reloader.retry_at = Some(Instant::now());
        assert!(reloader.is_reload_due() && reloader.is_retry());
        // A retry is quiet, a request of the operator is not.
        assert_eq!(reloader.reload(), Reloaded::Failed);
        assert!(!reloader.is_retry() && reloader.reported.is_some());
        reloader.repeat_reports();
        assert_eq!(reloader.reported, None);
        fs::write(&reloader.path, "# every key has its default\n").unwrap();
        assert_eq!(reloader.reload(), Reloaded::Unchanged);
        assert_eq!((reloader.retry_at, &reloader.reported), (None, &None));
    }

    #[test]
    fn retries_after_a_load_that_used_a_fallback() {
        let folder = tempfile::tempdir().unwrap();
        let mut reloader = reloader(folder.path());
        let signing = "[signing]\ncertificate = \"no.pem\"\nkey = \"no.pem\"\nor_unsigned = true\n";
        fs::write(&reloader.path, signing).unwrap();
        assert_eq!(reloader.reload(), Reloaded::Done);
        assert!(reloader.retry_at.is_some());
    }

    #[test]
    fn releases_former_configurations_that_no_request_uses() {
        let folder = tempfile::tempdir().unwrap();
        let mut reloader = reloader(folder.path());
        fs::write(&reloader.path, "watch = false\n").unwrap();
        assert_eq!(reloader.reload(), Reloaded::Done);
        assert_eq!(reloader.former.0.len(), 1);
        reloader.release_unused();
        assert!(reloader.former.0.is_empty());
    }
}
