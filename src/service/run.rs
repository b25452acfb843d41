//! From the configuration file to a running server, and its end.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::oneshot;

use super::error::Error;
use super::reload::{self, Reloader};
use super::signals::Signals;
use super::sql_poll::{self, SqlThread};
use super::watch::ReloadThread;
use super::{load_report, systemd};
use crate::admin;
use crate::config::{Listener, Settings};
use crate::http::{ADMIN_CONNECTIONS, App};
use crate::server::{ADMIN_SOCKET_MODE, Inherited, PUBLIC_SOCKET_MODE, Socket, bind, serve};

/// Serves until a signal stops it. `listen`, if not empty, replaces the file's listeners.
///
/// # Errors
/// When the server cannot start.
pub fn run(path: &Path, listen: Vec<Listener>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::Runtime)?;
    runtime.block_on(async {
        // First of all: an early signal must not have its default effect.
        let signals = Signals::new().map_err(Error::Signals)?;
        let (sources, config) = reload::load(path);
        let mut config = config?;
        config.listen_at(&listen);
        if let Some(listener) = config.https_without_certificate(&config.settings.listen) {
            return Err(Error::NoCertificate(listener.clone()));
        }
        let (public, admin) = bind_all(&config.settings).await?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            config = %path.display(),
            profiles = config.directory.entries().len(),
            domains = config.directory.domain_count(),
            hash = %config.hash,
            "configuration loaded"
        );
        load_report::log(&config);
        let max_connections = config.settings.limits.max_connections;
        let is_watching = config.settings.watch;
        let app = App::new(config);
        let reloader = Reloader::new(path, listen, sources, app.clone());
        sql_poll::serve_saved_list(&app);
        let sql_thread = SqlThread::start(app.clone()).map_err(Error::Runtime)?;
        let reload_thread =
            ReloadThread::start(reloader, sql_thread.clone(), is_watching).map_err(Error::Runtime)?;
        for (sockets, role) in [(&public, ""), (&admin, " (admin)")] {
            for (socket, address) in sockets.iter().filter_map(|socket| Some((socket, socket.listener()?))) {
                tracing::info!(%address, inherited = socket.is_inherited, "listening{role}");
            }
        }
        raise_open_files(max_connections);
        // These tasks end with the program.
        tokio::spawn(app.clone().remind_of_expiry());
        tokio::spawn(serve(admin, admin::app(&app, Some(reload_thread.requests())), std::future::pending()));
        tokio::spawn(systemd::watchdog());
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = stopped.map(drop).shared();
        let server = async {
            tokio::select! {
                () = first_list(&app, &sql_thread) => {}
                () = stopped.clone() => return,
            }
            systemd::ready();
            serve(public, app.clone(), stopped).await;
        };
        until_stopped(server, signals, stop, &reload_thread).await;
        Ok(())
    })
}

/// How long the start waits for the first list. The domains of the files wait too.
const LONGEST_WAIT_AT_START: Duration = Duration::from_secs(5);

/// Asks the database for the list, and waits for it if no list is served yet. Until then, a request for a domain of the
/// list would get a 404. Connections wait in the listen queue meanwhile.
async fn first_list(app: &App, sql_thread: &SqlThread) {
    if app.current().settings.sql.is_none() {
        return;
    }
    let (sender, polled) = oneshot::channel();
    // After the timeout, there is no receiver.
    sql_thread.poll(|result| drop(sender.send(result)));
    if !app.has_sql_list() && tokio::time::timeout(LONGEST_WAIT_AT_START, polled).await.is_err() {
        tracing::warn!("the database has not returned the list of domains yet; starting without it");
    }
}

/// Handles signals until the server has stopped, or a second signal ends it at once.
async fn until_stopped(
    server: impl Future<Output = ()>,
    mut signals: Signals,
    stop: oneshot::Sender<()>,
    reload_thread: &ReloadThread,
) {
    let mut server = pin!(server);
    let mut stop = Some(stop);
    loop {
        tokio::select! {
            () = &mut server => {
                tracing::info!("stopped");
                return;
            }
            signal = signals.next() => {
                if signal == "SIGHUP" {
                    reload_thread.request();
                } else if stop.take().is_some() {
                    systemd::stopping();
                    tracing::info!(signal, "stopping: requests in flight are finished; a second signal ends them");
                } else {
                    tracing::warn!(signal, "stopped with requests in flight");
                    return;
                }
            }
        }
    }
}

/// The public sockets and the admin sockets.
async fn bind_all(settings: &Settings) -> Result<(Vec<Socket>, Vec<Socket>), Error> {
    let mut inherited = Inherited::from_environment().map_err(Error::Inherited)?;
    let error = |(listener, source)| Error::Bind { listener, source };
    let public = bind(&settings.listen, PUBLIC_SOCKET_MODE, &mut inherited).await.map_err(error)?;
    let admin =
        bind(settings.admin.listen.as_slice(), ADMIN_SOCKET_MODE, &mut inherited).await.map_err(error)?;
    // Nothing would accept the connections of a socket that is left.
    inherited.unused().next().map_or(Ok(()), |address| Err(Error::NotListed(address.clone())))?;
    Ok((public, admin))
}

/// Raises the soft limit on open files to the hard limit. The soft limit, often 1024, protects programs that use
/// `select`; this program does not.
fn raise_open_files(max_connections: usize) {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    // 64: the listeners, the log, the runtime.
    let needed = (max_connections + ADMIN_CONNECTIONS) as u64 + 64;
    if let Some(open_files) = getrlimit(Resource::Nofile).current.filter(|limit| *limit < needed) {
        tracing::warn!(
            open_files,
            max_connections,
            "the limit on open files is too low for max_connections; raise the limit, or lower \
             max_connections"
        );
    }
}
