//! `waypost serve`: the server.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use futures_util::FutureExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

use super::{COULD_NOT_RUN, ConfigArgument, complain};
use crate::config::{Config, Limits, Settings, Severity};
use crate::http::{App, bind, serve};
use crate::pacc::{self, LeftOut};

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    config: ConfigArgument,

    /// Listen here instead of where the file says; may be given several times
    #[arg(long, value_name = "ADDR")]
    listen: Vec<SocketAddr>,

    /// How log lines look; by default text on a terminal, JSON otherwise
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,

    /// The least important log lines that are written; `debug` has one for each request
    #[arg(long, value_name = "LEVEL", env = "WAYPOST_LOG", default_value = "info")]
    log_level: LogLevel,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Serve {
    pub fn run(self) -> ExitCode {
        start_log(self.log_format, self.log_level);
        let (path, mut config) = match self.config.load() {
            Ok(loaded) => loaded,
            Err(error) => return complain(&error),
        };
        if !self.listen.is_empty() {
            config.settings.listen = self.listen;
        }
        match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(run(&path, config)),
            Err(error) => could_not(&format!("cannot start: {error}")),
        }
    }
}

/// Of how many profiles the start says what PACC leaves out.
const PROFILES_NAMED: usize = 10;

/// An operator's, at a time: a few programs that measure.
const ADMIN_CONNECTIONS: usize = 32;

async fn run(path: &Path, config: Config) -> ExitCode {
    // Before the sockets: a signal that comes early must not be the default's.
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return could_not(&format!("cannot wait for signals: {error}")),
    };
    let Settings { listen, admin, limits, .. } = &config.settings;
    let limits = *limits;
    let listeners = match bind(listen).await {
        Ok(listeners) => listeners,
        Err((address, error)) => return could_not(&format!("cannot listen on {address}: {error}")),
    };
    let for_admin = match bind(admin.listen.as_slice()).await {
        Ok(listeners) => listeners,
        Err((address, error)) => return could_not(&format!("[admin] cannot listen on {address}: {error}")),
    };
    announce(path, &config);
    let app = App::new(config);
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        tracing::info!(%address, "listening");
    }
    for address in for_admin.iter().filter_map(|listener| listener.local_addr().ok()) {
        tracing::info!(%address, "listening for the operator");
    }
    // It needs no end of its own: it ends with the program.
    let few = Limits { max_connections: ADMIN_CONNECTIONS, ..limits };
    tokio::spawn(app.clone().look_after());
    tokio::spawn(serve(for_admin, app.admin(), few, std::future::pending()));
    raise_open_files(limits.max_connections);
    let (stop, stopped) = oneshot::channel::<()>();
    let mut stop = Some(stop);
    let mut server = pin!(serve(listeners, app, limits, stopped.map(drop)));
    loop {
        tokio::select! {
            () = &mut server => {
                tracing::info!("stopped");
                return ExitCode::SUCCESS;
            }
            signal = signals.next() => match stop.take() {
                Some(_) => tracing::info!(signal, "finishing what is in flight; a second signal cuts it off"),
                None => {
                    tracing::warn!(signal, "cut off");
                    return ExitCode::SUCCESS;
                }
            }
        }
    }
}

/// Says what was loaded, and what of it an operator might like to know.
fn announce(path: &Path, config: &Config) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %path.display(),
        profiles = config.directory.entries().len(),
        domains = config.directory.len(),
        "configuration loaded"
    );
    for note in &config.notes {
        match note.severity {
            Severity::Note => tracing::info!(place = %note.place, "{}", note.message),
            Severity::Error | Severity::Warning => tracing::warn!(place = %note.place, "{}", note.message),
        }
    }
    let left_out: Vec<_> = config
        .directory
        .entries()
        .iter()
        .map(|entry| (&entry.profile.id, pacc::left_out(&entry.profile)))
        .filter(|(_, left_out)| !left_out.is_empty())
        .collect();
    for (profile, left_out) in left_out.iter().take(PROFILES_NAMED) {
        for LeftOut { what, why } in left_out {
            tracing::info!(%profile, "left out of PACC: {what}: {why}");
        }
    }
    if let Some(profiles) = left_out.len().checked_sub(PROFILES_NAMED).filter(|more| *more > 0) {
        tracing::info!(profiles, "more is left out of PACC; `waypost check` has it all");
    }
}

/// Every connection is a file. The soft limit, often 1024, is for programs that use `select`; we do
/// not, so the hard one counts.
fn raise_open_files(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    // Listeners, the log, what the runtime needs.
    let needed = (max_connections + ADMIN_CONNECTIONS) as u64 + 64;
    if let Some(open_files) = getrlimit(Resource::Nofile).current.filter(|limit| *limit < needed) {
        tracing::warn!(
            open_files,
            max_connections,
            "the limit of open files is lower than the connections need; raise it or lower max_connections"
        );
    }
}

fn could_not(what: &str) -> ExitCode {
    eprintln!("error: {what}");
    ExitCode::from(COULD_NOT_RUN)
}

/// The signals that end a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Our own lines at the chosen level. Libraries get to say what is wrong and nothing else: what
/// they would tell of a request, an address or a header, is not theirs to write.
fn start_log(format: Option<LogFormat>, level: LogLevel) {
    let level = LevelFilter::from(level);
    let filter = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("waypost", level);
    let is_terminal = io::stderr().is_terminal();
    let format = format.unwrap_or(if is_terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(is_terminal);
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing::subscriber::set_global_default(registry().with(lines.with_filter(filter)))
        .expect("the log is started once");
    // A panic's message may quote what somebody sent; its place cannot.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "a request met a bug; please report it with this place");
    }));
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}
