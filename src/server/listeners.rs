//! Listening sockets: bound here, or passed by systemd.
//!
//! `tokio_util::net::Listener` accepts from both kinds too, but it neither binds sockets nor removes the file of a
//! Unix socket.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};
use tokio_util::either::Either;

use crate::config::{Address, Listener};

/// A listening socket. Dropping it removes the file of a Unix socket.
#[derive(Debug)]
pub struct Socket {
    // Dropped before the listener: another server can bind the path only once the listener is closed.
    _file: Option<SocketFile>,
    listener: AnyListener,
    pub is_https: bool,
    /// Passed by systemd: the next server takes over the socket and the connections in its queue.
    pub is_inherited: bool,
}

/// The sockets that systemd has bound and passes to this process: no connection is refused during a restart.
#[derive(Debug, Default)]
pub struct Inherited(HashMap<Address, AnyListener>);

type AnyListener = Either<TcpListener, UnixListener>;

/// A connection, before TLS.
pub type Stream = Either<TcpStream, UnixStream>;

/// The file of a Unix socket, with its device and inode. Dropping this removes the file, unless another server has
/// replaced it.
#[derive(Debug)]
struct SocketFile(PathBuf, (u64, u64));

/// Listen backlog: connections the kernel may queue before Waypost accepts them.
const BACKLOG: u32 = 4096;

/// The permissions of a Unix socket that any local user may connect to, as to a port.
pub const PUBLIC_SOCKET_MODE: u32 = 0o666;
/// The permissions of the admin listener's Unix socket: only the server's user, and root.
pub const ADMIN_SOCKET_MODE: u32 = 0o600;

/// Takes over or binds all listeners, or none. Unix sockets get the permissions `mode`.
///
/// # Errors
/// The first listener that cannot be bound, and why.
pub async fn bind(
    listeners: &[Listener],
    mode: u32,
    inherited: &mut Inherited,
) -> Result<Vec<Socket>, (Listener, io::Error)> {
    let mut sockets = Vec::new();
    for listener in listeners {
        let inherited = inherited.0.remove(&listener.address);
        let is_inherited = inherited.is_some();
        let bound = match (inherited, &listener.address) {
            (Some(inherited), _) => Ok((None, inherited)),
            (None, Address::Tcp(address)) => {
                let is_v6_only = listeners.iter().any(|other| listener.address.covers(&other.address));
                bind_tcp(*address, is_v6_only).map(|tcp| (None, Either::Left(tcp)))
            }
            (None, Address::Unix(path)) => bind_unix(path, mode).await,
        };
        let (file, bound) = bound.map_err(|error| (listener.clone(), error))?;
        sockets.push(Socket { _file: file, listener: bound, is_https: listener.is_https, is_inherited });
    }
    Ok(sockets)
}

/// `[::]` accepts IPv4 too, unless another listener has the IPv4 address.
fn bind_tcp(address: SocketAddr, is_v6_only: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.is_ipv6() {
        // The default depends on the system.
        set_ipv6_v6only(&socket, is_v6_only)?;
    }
    // Connections of a previous server may still be in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn bind_unix(path: &Path, mode: u32) -> io::Result<(Option<SocketFile>, AnyListener)> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    // A server that was killed leaves a file that refuses connections.
    if is_socket
        && let Err(error) = UnixStream::connect(path).await
        && error.kind() == io::ErrorKind::ConnectionRefused
    {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile(path.to_owned(), identity(path)?);
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok((Some(file), Either::Right(listener)))
}

impl Inherited {
    /// The sockets that the environment describes (`sd_listen_fds(3)`).
    ///
    /// # Errors
    /// If one of them is not a listening socket with an address.
    pub fn from_environment() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let mut all = HashMap::new();
        for index in 0..passed.len() {
            let listener = if let Ok(Some(tcp)) = passed.take_tcp_listener(index) {
                tcp.set_nonblocking(true)?;
                Either::Left(TcpListener::from_std(tcp)?)
            } else if let Some(unix) = passed.take_unix_listener(index)? {
                unix.set_nonblocking(true)?;
                Either::Right(UnixListener::from_std(unix)?)
            } else {
                continue;
            };
            let address = address(&listener).ok_or_else(|| io::Error::other("one of them has no address"))?;
            all.insert(address, listener);
        }
        Ok(Self(all))
    }

    /// The addresses that no listener has.
    pub fn unused(&self) -> impl Iterator<Item = &Address> {
        self.0.keys()
    }
}

/// With the port that the system chose.
fn address(listener: &AnyListener) -> Option<Address> {
    match listener {
        Either::Left(tcp) => tcp.local_addr().ok().map(Address::Tcp),
        Either::Right(unix) => Some(Address::Unix(unix.local_addr().ok()?.as_pathname()?.to_owned())),
    }
}

impl Socket {
    /// The next connection, and the address of its client. The client of a Unix socket is on this machine.
    pub async fn accept(&self) -> io::Result<(Stream, IpAddr)> {
        match &self.listener {
            Either::Left(tcp) => {
                let (stream, peer) = tcp.accept().await?;
                // A response is one write, so Nagle's algorithm would only delay it.
                let _ = stream.set_nodelay(true);
                Ok((Either::Left(stream), peer.ip()))
            }
            Either::Right(unix) => Ok((Either::Right(unix.accept().await?.0), Ipv4Addr::LOCALHOST.into())),
        }
    }

    /// Its address, with the port that the system chose.
    pub fn listener(&self) -> Option<Listener> {
        Some(Listener { address: address(&self.listener)?, is_https: self.is_https })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.0).is_ok_and(|identity| identity == self.1) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}
