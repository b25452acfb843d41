//! Why the server could not start, and what to do about it.

use std::io;

use crate::config::{Address, Listener, LoadError};

/// Why the server could not start.
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
    #[error("systemd passes a socket at {0}, which is not in `listen`")]
    NotListed(Address),
    #[error("there is no certificate for {0}")]
    NoCertificate(Listener),
    #[error("cannot listen on {listener}")]
    Bind { listener: Listener, source: io::Error },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Config(_) | Self::Runtime(_) | Self::Signals(_) => None,
            Self::Inherited(_) => {
                Some("in the socket unit, set ListenStream= to an address or to an absolute path".to_owned())
            }
            Self::NotListed(address) => Some(format!(
                "add \"{address}\" or \"https://{address}\" to `listen`, or remove it from the socket unit"
            )),
            Self::NoCertificate(_) => Some(
                "add [[tls]] with certificate = \"tls/fullchain.pem\" and key = \"tls/privkey.pem\" to the configuration"
                    .to_owned(),
            ),
            Self::Bind { source, .. } => Some(bind_hint(source).to_owned()),
        }
    }
}

fn bind_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another server, or another listener of this one, already uses this address"
        }
        io::ErrorKind::AddrNotAvailable => "use an address of this machine",
        io::ErrorKind::PermissionDenied => {
            "a port below 1024 needs waypost.socket or CAP_NET_BIND_SERVICE; a Unix socket needs a folder that the \
             server's user may write to"
        }
        io::ErrorKind::NotFound => "create the folder of the Unix socket",
        _ => "choose another address",
    }
}
