//! The server as a service of its machine: sockets, signals, systemd, and new configurations.

mod reload;
mod systemd;

pub use self::reload::{Reloaded, Reloader};

use std::io;
use std::path::Path;
use std::pin::pin;

use futures_util::FutureExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use self::reload::Reloading;
use crate::config::{Address, Config, Listener, LoadError, Settings};
use crate::diagnostics::Severity;
use crate::documents::pacc;
use crate::documents::pacc::LeftOut;
use crate::http::{ADMIN_CONNECTIONS, App};
use crate::server::{FOR_ALL, FOR_US, Inherited, Socket, bind, serve};

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Config(#[from] LoadError),
    #[error("cannot start")]
    Runtime(#[source] io::Error),
    #[error("cannot wait for signals")]
    Signals(#[source] io::Error),
    #[error("the sockets that systemd passes cannot be used")]
    Inherited(#[source] io::Error),
    #[error("systemd passes a socket at {0}, which no `listen` has")]
    NotListed(Address),
    #[error("there is no certificate for {0}")]
    NoCertificate(Listener),
    #[error("cannot listen on {listener}")]
    Bind { listener: Listener, source: io::Error },
}

/// Of how many profiles the start says what PACC leaves out.
const PROFILES_NAMED: usize = 10;

/// Serves until a signal says otherwise. Listeners that are named take the place of the file's.
///
/// # Errors
/// When it cannot begin.
pub fn run(path: &Path, listen: Vec<Listener>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(async {
        // First of all: a signal that comes early must not be the default's.
        let signals = Signals::new().map_err(Error::Signals)?;
        let (inputs, config) = reload::load(path);
        let mut config = config?;
        config.listen_at(&listen);
        if let Some(listener) = config.https_without_certificate(&config.settings.listen) {
            return Err(Error::NoCertificate(listener.clone()));
        }
        let (public, admin) = sockets(&config.settings).await?;
        announce(path, &config);
        let max_connections = config.settings.limits.max_connections;
        let is_watching = config.settings.watch;
        let app = App::new(config);
        let reloader = Reloader::new(path, listen, inputs, app.clone());
        let reloading = Reloading::start(reloader, is_watching).map_err(Error::Runtime)?;
        for (socket, whom) in
            public.iter().map(|s| (s, "")).chain(admin.iter().map(|s| (s, " for the operator")))
        {
            if let Some(address) = socket.listener() {
                tracing::info!(%address, inherited = socket.is_inherited, "listening{whom}");
            }
        }
        raise_open_files(max_connections);
        // They need no end of their own: they end with the program.
        tokio::spawn(app.clone().remind_of_expiry());
        tokio::spawn(serve(admin, crate::admin::app(&app), std::future::pending()));
        tokio::spawn(systemd::watchdog());
        let (stop, stopped) = oneshot::channel::<()>();
        let server = serve(public, app, stopped.map(drop));
        systemd::ready();
        until_stopped(server, signals, stop, &reloading).await;
        Ok(())
    })
}

/// Follows signals until the server has stopped, or is to be cut off.
async fn until_stopped(
    server: impl Future<Output = ()>,
    mut signals: Signals,
    stop: oneshot::Sender<()>,
    reloading: &Reloading,
) {
    let mut server = pin!(server);
    let mut stop = Some(stop);
    loop {
        tokio::select! {
            () = &mut server => {
                tracing::info!("stopped");
                return;
            }
            signal = signals.next() => match (signal, stop.take()) {
                ("SIGHUP", still) => {
                    stop = still;
                    reloading.now();
                }
                (signal, Some(_)) => {
                    systemd::stopping();
                    tracing::info!(signal, "finishing what is in flight; a second signal cuts it off");
                }
                (signal, None) => {
                    tracing::warn!(signal, "cut off");
                    return;
                }
            }
        }
    }
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) | Self::Runtime(_) | Self::Signals(_) => None,
            Self::Inherited(_) => {
                Some("a socket unit for it has ListenStream= with an address, or a path that begins with /".to_owned())
            }
            Self::NotListed(address) => Some(format!(
                "add \"{address}\" to `listen`, or \"https://{address}\"; or take it out of the socket unit"
            )),
            Self::NoCertificate(_) => Some(
                "add [[tls]] with certificate = \"tls/fullchain.pem\" and key = \"tls/privkey.pem\" to the configuration"
                    .to_owned(),
            ),
            Self::Bind { source, .. } => Some(hint(source).to_owned()),
        }
    }
}

/// What to do about a socket that cannot be had.
fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "something else listens there, another server or another address of this one"
        }
        io::ErrorKind::AddrNotAvailable => "it has to be an address of this machine",
        io::ErrorKind::PermissionDenied => {
            "a port below 1024 needs waypost.socket or CAP_NET_BIND_SERVICE; a Unix socket needs a folder that the \
             server's user may write to"
        }
        io::ErrorKind::NotFound => "the folder of a Unix socket has to be there",
        _ => "choose another address",
    }
}

/// The public sockets, and the operator's.
async fn sockets(settings: &Settings) -> Result<(Vec<Socket>, Vec<Socket>), Error> {
    let mut inherited = Inherited::from_environment().map_err(Error::Inherited)?;
    let error = |(listener, source)| Error::Bind { listener, source };
    let public = bind(&settings.listen, FOR_ALL, &mut inherited).await.map_err(error)?;
    let admin = bind(settings.admin.listen.as_slice(), FOR_US, &mut inherited).await.map_err(error)?;
    // Clients would wait there for ever.
    inherited.left().next().map_or(Ok(()), |address| Err(Error::NotListed(address.clone())))?;
    Ok((public, admin))
}

/// Says what was loaded.
fn announce(path: &Path, config: &Config) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        config = %path.display(),
        profiles = config.directory.entries().len(),
        domains = config.directory.len(),
        hash = %config.hash,
        "configuration loaded"
    );
    tell(config);
}

/// What of a configuration an operator might like to know.
fn tell(config: &Config) {
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

/// The signals that mean something to a server.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.hang_up.recv() => "SIGHUP",
        }
    }
}
