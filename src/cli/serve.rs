//! `waypost serve`: the server.

use std::io::{self, IsTerminal};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

use super::{COULD_NOT_RUN, ConfigArgument, complain};
use crate::config::{Config, Settings};
use crate::http::{App, bind, serve};

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
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            config = %path.display(),
            profiles = config.directory.entries().len(),
            domains = config.directory.len(),
            "configuration loaded"
        );
        for note in &config.notes {
            tracing::info!(place = %note.place, "note: {}", note.message);
        }
        match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(run(config)),
            Err(error) => could_not(&format!("cannot start: {error}")),
        }
    }
}

async fn run(config: Config) -> ExitCode {
    // Before the sockets: a signal that comes early must not be the default's.
    let stop = match stop_signal() {
        Ok(stop) => stop,
        Err(error) => return could_not(&format!("cannot wait for signals: {error}")),
    };
    let Settings { listen, limits, .. } = config.settings.clone();
    let listeners = match bind(&listen).await {
        Ok(listeners) => listeners,
        Err((address, error)) => return could_not(&format!("cannot listen on {address}: {error}")),
    };
    let app = App::new(config);
    for address in listeners.iter().filter_map(|listener| listener.local_addr().ok()) {
        tracing::info!(%address, "listening");
    }
    serve(listeners, app, limits, stop).await;
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

fn could_not(what: &str) -> ExitCode {
    eprintln!("error: {what}");
    ExitCode::from(COULD_NOT_RUN)
}

/// Ends with SIGTERM or SIGINT.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "finishing what is in flight");
    })
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
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing::subscriber::set_global_default(registry().with(lines.with_filter(filter)))
        .expect("the log is started once");
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
