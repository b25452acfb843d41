//! The log on standard error, written by a thread of its own.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

use super::request_fields::ACCESS_LOG;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The log. Dropping it writes the remaining lines, if standard error is read.
#[must_use]
#[derive(Debug)]
pub struct Log {
    /// None only while it is dropped.
    writer: Option<WorkerGuard>,
}

/// How long the end of the program waits for the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The queue of lines that are not written yet. Further lines are dropped and counted: a blocked log never delays a
/// request.
const LINES: usize = 4096;

static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// How many lines were dropped because standard error was not read.
pub fn lost_lines() -> usize {
    LOST.get().map_or(0, ErrorCounter::dropped_lines)
}

/// Starts the log with this program's lines at a level, and the warnings and errors of libraries. Other lines of
/// libraries might contain an address or a header. The access log has a switch of its own.
pub fn start(format: Option<LogFormat>, level: LevelFilter, logs_requests: bool) -> Log {
    let access = if logs_requests { LevelFilter::INFO } else { LevelFilter::OFF };
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("waypost", level)
        // Its warnings quote parameters of the URL.
        .with_target("sqlx", level.min(LevelFilter::ERROR))
        .with_target(ACCESS_LOG, access);
    let is_terminal = io::stderr().is_terminal();
    let format = format.unwrap_or(if is_terminal { LogFormat::Text } else { LogFormat::Json });
    let writer = NonBlockingBuilder::default().thread_name("log").buffered_lines_limit(LINES).lossy(true);
    let (writer, guard) = writer.finish(io::stderr());
    let _ = LOST.set(writer.error_counter());
    // A log that cannot be written, for example to a full disk, never delays a request.
    let lines = fmt::layer().with_writer(writer).with_ansi(is_terminal).log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    tracing::subscriber::set_global_default(registry().with(lines.with_filter(filter)))
        .expect("the log is started once");
    // The message of a panic may quote a request; its location cannot.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(tracing::field::display);
        tracing::error!(place, "this is a bug in Waypost; report it with this place");
    }));
    Log { writer: Some(guard) }
}

impl Drop for Log {
    fn drop(&mut self) {
        let (sender, is_written) = channel();
        let writer = self.writer.take();
        // In a thread of its own: if standard error is not read, dropping the writer may block.
        let thread = thread::Builder::new().spawn(move || {
            drop(writer);
            sender.send(())
        });
        let _ = thread.map(|_| is_written.recv_timeout(LAST_LINES));
    }
}
