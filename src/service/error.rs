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
    #[error("the sockets from systemd cannot be used")]
    Inherited(#[source] io::Error),
    #[error("the socket {0} from systemd is not in `listen`")]
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
                Some("in the socket unit, set ListenStream= to an address or an absolute path".to_owned())
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
            "stop the other program or listener that uses this address, or choose another address"
        }
        io::ErrorKind::AddrNotAvailable => "use an address of this machine",
        io::ErrorKind::PermissionDenied => {
            "for a port below 1024, use waypost.socket or CAP_NET_BIND_SERVICE; for a Unix socket, make \
             its folder writable for the server's user"
        }
        io::ErrorKind::NotFound => "create the folder of the Unix socket",
        _ => "choose another address",
    }
}
