//! Where connections come in: sockets that are bound here, and those that systemd has bound.

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

/// A socket that takes connections.
#[derive(Debug)]
pub struct Socket {
    kind: Kind,
    pub is_https: bool,
    /// Whoever comes after us has the same one, with the connections that wait at it.
    pub is_inherited: bool,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    /// The name, if it is ours, goes before the socket: whoever binds it next keeps theirs.
    Unix {
        _file: Option<SocketFile>,
        listener: UnixListener,
    },
}

/// A Unix socket's name, which is removed when this is dropped, unless it has become another's.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// A connection, before TLS.
pub type Stream = Either<TcpStream, UnixStream>;

/// The sockets that systemd has bound for us, so that none is refused while we restart.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(Address, Kind)>);

/// What many clients may come at once, before one of them is looked at.
const BACKLOG: u32 = 4096;

/// Whoever speaks through a Unix socket is on this machine.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A Unix socket that is as open as a port is; its folder says who comes near.
pub const FOR_ALL: u32 = 0o666;
/// One for the server's user and group.
pub const FOR_US: u32 = 0o660;

/// Takes over or binds every address, or none; Unix sockets with these permissions.
///
/// # Errors
/// The first address that cannot be had, and why.
pub async fn bind(
    listeners: &[Listener],
    mode: u32,
    inherited: &mut Inherited,
) -> Result<Vec<Socket>, (Listener, io::Error)> {
    let mut sockets = Vec::new();
    for listener in listeners {
        let inherited = inherited.take(&listener.address);
        let is_inherited = inherited.is_some();
        let kind = match (inherited, &listener.address) {
            (Some(kind), _) => Ok(kind),
            (None, Address::Tcp(address)) => {
                let is_v6_only = listeners.iter().any(|other| listener.address.covers(&other.address));
                bind_tcp(*address, is_v6_only).map(Kind::Tcp)
            }
            (None, Address::Unix(path)) => bind_unix(path, mode).await,
        };
        let kind = kind.map_err(|error| (listener.clone(), error))?;
        sockets.push(Socket { kind, is_https: listener.is_https, is_inherited });
    }
    Ok(sockets)
}

/// `[::]` takes IPv4 too, unless that is listened for by itself.
fn bind_tcp(address: SocketAddr, is_v6_only: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.is_ipv6() {
        // The system's own default may be either.
        set_ipv6_v6only(&socket, is_v6_only)?;
    }
    // Connections of the one before us may still be about to end.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn bind_unix(path: &Path, mode: u32) -> io::Result<Kind> {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    // Left behind by one that was killed, if nobody answers there.
    let is_left = async || {
        let refused = UnixStream::connect(path).await.err();
        refused.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    };
    if is_socket && is_left().await {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile::at(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(Kind::Unix { listener, _file: Some(file) })
}

impl Inherited {
    /// What the environment says of sockets that were passed to this process (`sd_listen_fds(3)`).
    ///
    /// # Errors
    /// When one is no socket that can be listened at.
    pub fn from_environment() -> io::Result<Self> {
        let mut passed = ListenFd::from_env();
        let mut all = Vec::new();
        for index in 0..passed.len() {
            let kind = if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                listener.set_nonblocking(true)?;
                Kind::Tcp(TcpListener::from_std(listener)?)
            } else if let Some(listener) = passed.take_unix_listener(index)? {
                listener.set_nonblocking(true)?;
                Kind::Unix { listener: UnixListener::from_std(listener)?, _file: None }
            } else {
                continue;
            };
            let address = kind.address().ok_or_else(|| io::Error::other("one of them has no address"))?;
            all.push((address, kind));
        }
        Ok(Self(all))
    }

    fn take(&mut self, address: &Address) -> Option<Kind> {
        let index = self.0.iter().position(|(passed, _)| passed == address)?;
        Some(self.0.swap_remove(index).1)
    }

    /// The addresses that nobody has taken.
    pub fn left(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().map(|(address, _)| address)
    }
}

impl Kind {
    /// With the port that the system chose.
    fn address(&self) -> Option<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Address::Tcp),
            Self::Unix { listener, .. } => {
                Some(Address::Unix(listener.local_addr().ok()?.as_pathname()?.to_owned()))
            }
        }
    }
}

impl Socket {
    /// The next connection, and who speaks there.
    pub async fn accept(&self) -> io::Result<(Stream, IpAddr)> {
        match &self.kind {
            Kind::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // An answer is one write; waiting for more of it would only delay it.
                let _ = stream.set_nodelay(true);
                Ok((Either::Left(stream), peer.ip()))
            }
            Kind::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Either::Right(stream), LOCAL))
            }
        }
    }

    /// Where it listens, with the port that the system chose.
    pub fn listener(&self) -> Option<Listener> {
        Some(Listener { address: self.kind.address()?, is_https: self.is_https })
    }
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Writes what there is room for at once.
pub fn try_write(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
    match stream {
        Either::Left(stream) => stream.try_write(bytes),
        Either::Right(stream) => stream.try_write(bytes),
    }
}
