//! Where connections come in: sockets that are bound here, and those that systemd has bound.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net as unix;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use listenfd::ListenFd;
use rustix::net::sockopt::set_ipv6_v6only;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

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
    /// The name goes before the socket: whoever binds it next keeps theirs.
    Unix {
        _file: SocketFile,
        listener: UnixListener,
    },
}

/// A Unix socket's name, removed with it if it is ours.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    is_ours: bool,
}

/// A connection, before TLS.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The sockets that systemd has bound for us, so that none is refused while we restart.
#[derive(Debug, Default)]
pub struct Inherited(Vec<Passed>);

#[derive(Debug)]
enum Passed {
    Tcp(std::net::TcpListener),
    Unix(unix::UnixListener),
}

/// What many clients may come at once, before one of them is looked at.
const BACKLOG: u32 = 4096;

/// Whoever speaks through a Unix socket is on this machine.
const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Takes over or binds every address, or none.
///
/// # Errors
/// The first address that cannot be had, and why.
pub async fn bind(
    listeners: &[Listener],
    inherited: &mut Inherited,
) -> Result<Vec<Socket>, (Listener, io::Error)> {
    let mut sockets = Vec::new();
    for listener in listeners {
        let is_also_v4 = |address: SocketAddr| {
            listeners.iter().any(|other| match other.address {
                Address::Tcp(other) => other.is_ipv4() && other.port() == address.port(),
                Address::Unix(_) => false,
            })
        };
        let kind = match inherited.take(&listener.address) {
            Some(passed) => passed.into_kind().map(|kind| (kind, true)),
            None => match &listener.address {
                Address::Tcp(address) => bind_tcp(*address, is_also_v4(*address)).map(Kind::Tcp),
                Address::Unix(path) => bind_unix(path).await,
            }
            .map(|kind| (kind, false)),
        };
        let (kind, is_inherited) = kind.map_err(|error| (listener.clone(), error))?;
        sockets.push(Socket { kind, is_https: listener.is_https, is_inherited });
    }
    Ok(sockets)
}

/// `[::]` takes IPv4 too, unless that is listened for by itself.
fn bind_tcp(address: SocketAddr, is_v6_only: bool) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if address.is_ipv6() && is_v6_only {
        set_ipv6_v6only(&socket, true)?;
    }
    // Connections of the one before us may still be about to end.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn bind_unix(path: &Path) -> io::Result<Kind> {
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
    // As open as a port is; the folder says who comes near.
    fs::set_permissions(path, fs::Permissions::from_mode(0o666))?;
    Ok(Kind::Unix { listener, _file: SocketFile { path: path.to_owned(), is_ours: true } })
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
            if let Ok(Some(listener)) = passed.take_tcp_listener(index) {
                all.push(Passed::Tcp(listener));
            } else if let Some(listener) = passed.take_unix_listener(index)? {
                all.push(Passed::Unix(listener));
            }
        }
        Ok(Self(all))
    }

    fn take(&mut self, address: &Address) -> Option<Passed> {
        let index = self.0.iter().position(|passed| passed.address().as_ref() == Some(address))?;
        Some(self.0.swap_remove(index))
    }

    /// The addresses that nobody has taken.
    pub fn left(&self) -> impl Iterator<Item = Address> {
        self.0.iter().filter_map(Passed::address)
    }
}

impl Passed {
    fn address(&self) -> Option<Address> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Address::Tcp),
            Self::Unix(listener) => {
                Some(Address::Unix(listener.local_addr().ok()?.as_pathname()?.to_owned()))
            }
        }
    }

    fn into_kind(self) -> io::Result<Kind> {
        match self {
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(Kind::Tcp)
            }
            Self::Unix(listener) => {
                listener.set_nonblocking(true)?;
                let file = SocketFile { path: PathBuf::new(), is_ours: false };
                UnixListener::from_std(listener).map(|listener| Kind::Unix { listener, _file: file })
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
                Ok((Stream::Tcp(stream), peer.ip()))
            }
            Kind::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), LOCAL))
            }
        }
    }

    /// Where it listens, with the port that the system chose.
    pub fn listener(&self) -> Option<Listener> {
        let address = match &self.kind {
            Kind::Tcp(listener) => Address::Tcp(listener.local_addr().ok()?),
            Kind::Unix { listener, .. } => {
                Address::Unix(listener.local_addr().ok()?.as_pathname()?.to_owned())
            }
        };
        Some(Listener { address, is_https: self.is_https })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Stream {
    /// Writes what there is room for at once.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
