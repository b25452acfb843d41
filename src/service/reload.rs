//! New configurations: built and checked whole beside the one that is served, then put in its place,
//! or reported and forgotten.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::{systemd, tell};
use crate::config::{Config, Inputs, Listener, LoadError, Place, Problem};
use crate::http::{App, Replaced};

/// Looks at the files, and gives the server what is new in them.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    /// Listeners that take the place of the file's.
    listen: Vec<Listener>,
    /// What was read last, whatever came of it.
    inputs: Inputs,
    /// How the files were when they were last seen to change.
    unsettled: Option<Unsettled>,
    /// The file that is served says nothing, and may.
    is_empty: bool,
    app: App,
    /// What was served before, until the last request that has it is answered: to let go of a million
    /// domains takes time that no request should lose.
    replaced: Vec<Replaced>,
}

#[derive(Debug)]
struct Unsettled {
    inputs: Inputs,
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

impl Reloader {
    /// With what the configuration that is served was read from.
    pub fn new(path: &Path, listen: Vec<Listener>, inputs: Inputs, app: App) -> Self {
        let is_empty = inputs.was_empty(path);
        Self { path: path.to_owned(), listen, inputs, unsettled: None, is_empty, app, replaced: Vec::new() }
    }

    /// Whether the files are others than those that were read last, and have come to rest: an editor
    /// writes in steps, and a renewed certificate comes before its key.
    ///
    /// They are asked for their times and sizes rather than watched by inotify, which sees nothing on
    /// network file systems and loses a folder that a link leads away from, as Kubernetes' do.
    pub fn has_settled_news(&mut self) -> bool {
        if self.inputs.are_same() {
            self.unsettled = None;
            return false;
        }
        match &mut self.unsettled {
            Some(unsettled) if unsettled.inputs.are_same() || unsettled.looks >= MOST_LOOKS => {
                self.unsettled = None;
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
        // A bug in reading must not end the server.
        catch_unwind(AssertUnwindSafe(|| self.try_to_reload())).unwrap_or_else(|_| {
            self.app.keep("reading it meets a bug; please report it\n".to_owned());
            Reloaded::Failed
        })
    }

    /// Lets go of what nobody has any more, and of more than a few in any case.
    fn forget(&mut self) {
        self.replaced.retain(|replaced| !replaced.is_forgotten());
        let many = self.replaced.len().saturating_sub(Self::MOST_REPLACED);
        self.replaced.drain(..many);
    }

    const MOST_REPLACED: usize = 8;

    fn try_to_reload(&mut self) -> Reloaded {
        let inputs = Inputs::default();
        let loaded = Config::load_noting(&self.path, &inputs);
        self.inputs = inputs;
        match loaded {
            Ok(config) if config.hash == self.app.hash() => {
                if self.app.confirm() {
                    tracing::info!("the configuration is right again: it is the one that is served");
                } else {
                    tracing::info!("the configuration is the same as before");
                }
                Reloaded::Unchanged
            }
            // Every key has a default, so an empty file is right; of one that was not it is the beginning.
            Ok(_) if self.inputs.was_empty(&self.path) && !self.is_empty => {
                self.refuse("it is empty: half written, perhaps")
            }
            Ok(config) if config.lacks_certificate(self.app.listens()).is_some() => {
                self.refuse("it has no certificate for listeners with https://, which stay till the restart")
            }
            Ok(config) => {
                self.replace(config);
                Reloaded::Done
            }
            Err(error) => self.report(&error),
        }
    }

    /// Says why what is right by itself cannot take the place of what is served.
    fn refuse(&self, why: &str) -> Reloaded {
        let place = self.path.display();
        tracing::error!(%place, "{why}; the old configuration is served");
        self.app.keep(format!("error: {why}\n  --> {place}\n"));
        Reloaded::Failed
    }

    fn replace(&mut self, mut config: Config) {
        config.listen_at(&self.listen);
        let (profiles, domains) = (config.directory.entries().len(), config.directory.len());
        tell(&config);
        let hash = config.hash;
        self.replaced.push(self.app.replace(config));
        self.is_empty = self.inputs.was_empty(&self.path);
        tracing::info!(profiles, domains, %hash, "a new configuration is served");
        for key in self.app.needs_restart() {
            tracing::warn!("`{key}` is another than at the start; it takes a restart");
        }
    }

    fn report(&self, error: &LoadError) -> Reloaded {
        let problems: Vec<_> = match error {
            LoadError::Problems(problems) => {
                problems.iter().filter(|problem| problem.is_error()).cloned().collect()
            }
            LoadError::Unreadable { path, source } => {
                let hint = "put it back, or make it readable; `--config` says which file it is";
                vec![Problem::error(Place::whole(path), format!("it cannot be read: {source}"), hint)]
            }
            LoadError::NotFound { .. } => {
                vec![Problem::error(Place::whole(&self.path), error.to_string(), "put it back")]
            }
        };
        let errors = problems.len();
        tracing::error!(errors, "the new configuration cannot be used; the old one is served");
        // A list of a thousand says no more than its beginning does.
        let told = &problems[..errors.min(Self::REASONS)];
        for Problem { place, message, hint, .. } in told {
            tracing::error!(%place, hint = hint.as_deref(), "{message}");
        }
        let mut text: Vec<_> = told.iter().map(Problem::to_string).collect();
        if errors > told.len() {
            text.push(format!("and {} more; `waypost check` has them all", errors - told.len()));
        }
        self.app.keep(text.join("\n") + "\n");
        Reloaded::Failed
    }

    const REASONS: usize = 20;
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
        let is_told = if is_watching {
            match told.recv_timeout(pause) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        } else {
            match told.recv() {
                Ok(()) => true,
                Err(_) => return,
            }
        };
        if !is_told {
            let begin = Instant::now();
            let has_news = reloader.has_settled_news();
            pause = (begin.elapsed() * SHARE).clamp(INTERVAL, LONGEST_INTERVAL);
            reloader.forget();
            if !has_news {
                continue;
            }
        }
        // Whoever has told us meanwhile is content with this one.
        while told.try_recv().is_ok() {}
        systemd::reloading();
        systemd::reloaded(match reloader.reload() {
            Reloaded::Done | Reloaded::Unchanged => "the newest configuration is served",
            Reloaded::Failed => "the newest configuration cannot be used; an older one is served",
        });
    }
}
