//! New configurations: built and checked whole beside the one that is served, then put in its place,
//! or reported and forgotten.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{systemd, tell};
use crate::config::{Config, Listener, LoadError};
use crate::diagnostics::{Location, Problem};
use crate::files::{End, SourceFiles};
use crate::http::{App, Replaced};

/// Looks at the files, and gives the server what is new in them.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    /// Listeners that take the place of the file's.
    listen: Vec<Listener>,
    /// What was read last, whatever came of it.
    inputs: SourceFiles,
    /// How the files were when they were last seen to change.
    unsettled: Option<Unsettled>,
    /// When files that were of no use, or could not be read, are tried again though they look the same.
    retry: Option<Instant>,
    /// Nobody has asked for it, and no file has changed.
    is_retry: bool,
    /// What was last said to be wrong, and is not said again each time it is tried again.
    told: Option<String>,
    /// How the texts end that what is served was read from.
    ends: BTreeMap<PathBuf, End>,
    app: App,
    /// What was served before, until the last request that has it is answered: to let go of a million
    /// domains takes time that no request should lose.
    replaced: Vec<Replaced>,
}

#[derive(Debug)]
struct Unsettled {
    inputs: SourceFiles,
    looks: u32,
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    Done,
    Unchanged,
    Failed,
}

/// How often the files are looked at, if that costs next to nothing.
const INTERVAL: Duration = Duration::from_secs(1);
/// However long a look takes, on a disk that sleeps for instance.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// The part of one processor that looking may take: one in so many.
const SHARE: u32 = 200;
/// Files that change all the time are taken as they are in the end.
const MOST_LOOKS: u32 = 10;
/// How often everything is read while it changes under our hands, and the pause between.
const MOST_LOADS: u32 = 10;
const MOMENT: Duration = Duration::from_millis(100);
/// A reason that has nothing to do with the files' looks may pass: a clock, a disk, a limit.
const BETWEEN_RETRIES: Duration = Duration::from_secs(60);
/// Of replaced configurations that requests still have.
const MOST_REPLACED: usize = 8;
/// Of what is wrong with a configuration, in the log and at `/readyz`.
const REASONS: usize = 20;

/// Reads everything; again, if it changes meanwhile, so that nothing old is served with something new.
pub fn load(path: &Path) -> (SourceFiles, Result<Config, LoadError>) {
    let mut loads = 1;
    loop {
        let inputs = SourceFiles::default();
        let loaded = Config::load_recording(path, &inputs);
        if loads == MOST_LOADS || inputs.are_same() {
            return (inputs, loaded);
        }
        loads += 1;
        thread::sleep(MOMENT);
    }
}

impl Reloader {
    /// With what the configuration that is served was read from.
    pub fn new(path: &Path, listen: Vec<Listener>, inputs: SourceFiles, app: App) -> Self {
        Self {
            path: path.to_owned(),
            listen,
            ends: inputs.ends(),
            retry: inputs.gave_way().then(|| Instant::now() + BETWEEN_RETRIES),
            inputs,
            unsettled: None,
            is_retry: false,
            told: None,
            app,
            replaced: Vec::new(),
        }
    }

    /// Whether the files are others than those that were read last, and have come to rest: an editor
    /// writes in steps, and a renewed certificate comes before its key.
    ///
    /// They are asked for their times and sizes rather than watched by inotify, which sees nothing on
    /// network file systems and loses a folder that a link leads away from, as Kubernetes' do.
    pub fn has_settled_news(&mut self) -> bool {
        if self.inputs.are_same() {
            self.unsettled = None;
            self.is_retry = self.retry.is_some_and(|retry| retry <= Instant::now());
            return self.is_retry;
        }
        match &mut self.unsettled {
            Some(unsettled) if unsettled.inputs.are_same() || unsettled.looks >= MOST_LOOKS => {
                self.unsettled = None;
                self.told = None;
                true
            }
            Some(unsettled) => {
                *unsettled = Unsettled { inputs: self.inputs.now(), looks: unsettled.looks + 1 };
                false
            }
            None => {
                self.unsettled = Some(Unsettled { inputs: self.inputs.now(), looks: 1 });
                false
            }
        }
    }

    /// Reads everything anew. What is right and new is served from now on; what is wrong changes nothing.
    pub fn reload(&mut self) -> Reloaded {
        self.unsettled = None;
        self.forget();
        let begin = Instant::now();
        // A bug must not end the server.
        let reloaded = catch_unwind(AssertUnwindSafe(|| {
            let (inputs, loaded) = load(&self.path);
            self.inputs = inputs;
            self.take(loaded)
        }));
        let reloaded = reloaded.unwrap_or_else(|_| {
            self.inputs = self.inputs.now();
            self.refuse(&self.path.clone(), "reading it met a bug in Waypost; please report it", None)
        });
        let may_come_right = reloaded == Reloaded::Failed || self.inputs.gave_way();
        self.retry = may_come_right.then(|| Instant::now() + (begin.elapsed() * SHARE).max(BETWEEN_RETRIES));
        if reloaded != Reloaded::Failed {
            self.told = None;
        }
        self.is_retry = false;
        reloaded
    }

    /// Lets go of what nobody has any more, and of more than a few in any case.
    fn forget(&mut self) {
        self.replaced.retain_mut(|replaced| !replaced.is_forgotten());
        let many = self.replaced.len().saturating_sub(MOST_REPLACED);
        self.replaced.drain(..many);
    }

    fn take(&mut self, loaded: Result<Config, LoadError>) -> Reloaded {
        match loaded {
            Ok(config) if config.hash == self.app.hash() => {
                if self.app.reload_found_nothing_new() {
                    tracing::info!("the configuration is right again: it is the one that is served");
                } else if !self.is_retry {
                    tracing::info!("the configuration is the same as before");
                }
                Reloaded::Unchanged
            }
            Ok(config) => match self.what_is_half_written() {
                Some((path, why)) => {
                    let hint = "write it beside the old one and rename it; a last line ends with a line feed";
                    self.refuse(&path, why, Some(hint))
                }
                None if config.https_without_certificate(self.app.listens()).is_some() => {
                    let why =
                        "it has no certificate for listeners with https://, which stay till the restart";
                    self.refuse(&self.path.clone(), why, None)
                }
                None => {
                    self.replace(config);
                    Reloaded::Done
                }
            },
            Err(error) => self.report(&error),
        }
    }

    /// A text that had an end and has none now. Nothing else is wrong with it: every key has a default,
    /// and a list may have any length.
    fn what_is_half_written(&self) -> Option<(PathBuf, &'static str)> {
        self.inputs.ends().into_iter().find_map(|(path, end)| {
            let why = match (self.ends.get(&path)?, end) {
                (End::Line | End::Open, End::Empty) => "it is empty: half written, perhaps",
                (End::Line, End::Open) => "its last line has no end: half written, perhaps",
                _ => return None,
            };
            Some((path, why))
        })
    }

    /// Says why what is right by itself cannot take the place of what is served.
    fn refuse(&mut self, path: &Path, why: &str, hint: Option<&str>) -> Reloaded {
        let mut problem = Problem::error(Location::whole(path), why, "");
        problem.hint = hint.map(str::to_owned);
        self.tell_of(&[problem])
    }

    fn replace(&mut self, mut config: Config) {
        config.listen_at(&self.listen);
        let (profiles, domains) = (config.directory.entries().len(), config.directory.len());
        let before = self.app.domains();
        tell(&config);
        let hash = config.hash;
        self.replaced.push(self.app.replace(config));
        self.ends = self.inputs.ends();
        tracing::info!(profiles, domains, %hash, "a new configuration is served");
        if domains < before {
            tracing::warn!(
                domains,
                before,
                "fewer domains are served than before; is a file missing, or cut?"
            );
        }
        for key in self.app.needs_restart() {
            tracing::warn!("`{key}` has changed; it takes effect after a restart");
        }
    }

    fn report(&mut self, error: &LoadError) -> Reloaded {
        match error {
            LoadError::Problems(problems) => {
                let errors: Vec<_> = problems.iter().filter(|problem| problem.is_error()).cloned().collect();
                self.tell_of(&errors)
            }
            LoadError::Unreadable { path, source } => {
                let hint = "put it back, or make it readable; `--config` says which file it is";
                self.tell_of(&[Problem::error(
                    Location::whole(path),
                    format!("it cannot be read: {source}"),
                    hint,
                )])
            }
            LoadError::NotFound { .. } => {
                self.tell_of(&[Problem::error(Location::whole(&self.path), error.to_string(), "put it back")])
            }
        }
    }

    /// Says why the old configuration is served: in the log, unless that was the last thing that was said.
    fn tell_of(&mut self, problems: &[Problem]) -> Reloaded {
        let errors = problems.len();
        // A list of a thousand says no more than its beginning does.
        let told = &problems[..errors.min(REASONS)];
        let mut text: Vec<_> = told.iter().map(Problem::to_string).collect();
        if errors > told.len() {
            text.push(format!("and {} more; `waypost check` has them all", errors - told.len()));
        }
        let text = text.join("\n") + "\n";
        if self.told.as_ref() != Some(&text) {
            tracing::error!(errors, "the new configuration cannot be used; the old one is served");
            for Problem { place, message, hint, .. } in told {
                tracing::error!(%place, hint = hint.as_deref(), "{message}");
            }
        }
        self.app.reload_failed(text.clone());
        self.told = Some(text);
        Reloaded::Failed
    }
}

/// A thread that reloads when it is told to, or when the files have changed.
#[derive(Debug)]
pub struct Reloading(Sender<()>);

impl Reloading {
    /// Begins.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(reloader: Reloader, is_watching: bool) -> io::Result<Self> {
        let (sender, receiver) = channel();
        thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || attend(reloader, &receiver, is_watching))?;
        Ok(Self(sender))
    }

    /// Has the configuration read soon.
    pub fn now(&self) {
        if self.0.send(()).is_err() {
            tracing::error!("nobody reads new configurations any more; please report this, and restart");
        }
    }
}

fn attend(mut reloader: Reloader, told: &Receiver<()>, is_watching: bool) {
    let mut pause = INTERVAL;
    loop {
        match told.recv_timeout(pause) {
            // Whoever asks is told again.
            Ok(()) => reloader.told = None,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                reloader.forget();
                let begin = Instant::now();
                let has_news = is_watching && reloader.has_settled_news();
                pause = (begin.elapsed() * SHARE).clamp(INTERVAL, LONGEST_INTERVAL);
                if !has_news {
                    continue;
                }
            }
        }
        // Whoever has told us meanwhile is content with this one.
        while told.try_recv().is_ok() {}
        if !reloader.is_retry {
            systemd::reloading();
        }
        systemd::reloaded(match reloader.reload() {
            Reloaded::Done | Reloaded::Unchanged => "the newest configuration is served",
            Reloaded::Failed => "the newest configuration cannot be used; an older one is served",
        });
    }
}
