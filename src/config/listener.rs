//! The addresses that the server listens on, with or without TLS.

use crate::diagnostics::problem::InvalidValue;
use crate::diagnostics::table::FromText;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use derive_more::Display;

/// `127.0.0.1:8080`, `https://[::]:443`, `unix:/run/waypost/http.sock`.
#[derive(Debug, Clone, PartialEq, Eq, Display)]
#[display("{}{address}", if *is_https { "https://" } else { "" })]
pub struct Listener {
    pub address: Address,
    /// Whether connections use TLS.
    pub is_https: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Display)]
pub enum Address {
    Tcp(SocketAddr),
    #[display("unix:{}", _0.display())]
    Unix(PathBuf),
}

/// The text is neither an IP address with a port nor the path of a Unix socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not a listen address; write an IP address and a port (127.0.0.1:8080, [::]:80), or \
     unix:/run/waypost/http.sock; for TLS, begin with https://"
)]
pub struct ListenerError;

/// The longest path of a Unix socket: `sun_path` of `unix(7)` without its terminating zero.
const LONGEST_PATH: usize = 107;

impl Address {
    /// Whether this address is `[::]` and also accepts connections to the other, an IPv4 address that is not bound itself.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(a), Self::Tcp(b)) => {
                a.is_ipv6() && a.ip().is_unspecified() && b.is_ipv4() && a.port() == b.port() && a.port() != 0
            }
            _ => false,
        }
    }

    /// Whether two addresses cannot be bound at the same time: they are equal, or one includes every address of the
    /// machine. `[::]` does not exclude IPv4 addresses.
    pub fn clashes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tcp(a), Self::Tcp(b)) => {
                let is_all = a.ip().is_unspecified() || b.ip().is_unspecified();
                // For port 0 the system chooses a free port.
                a.port() == b.port() && a.port() != 0 && a.is_ipv4() == b.is_ipv4() && (is_all || a == b)
            }
            _ => self == other,
        }
    }
}

impl From<SocketAddr> for Listener {
    fn from(address: SocketAddr) -> Self {
        Self { address: Address::Tcp(address), is_https: false }
    }
}

impl FromStr for Listener {
    type Err = ListenerError;

    fn from_str(text: &str) -> Result<Self, ListenerError> {
        let (is_https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => (false, text),
        };
        let address = match rest.strip_prefix("unix:") {
            // A relative path would depend on the working folder.
            Some(path) if path.starts_with('/') && !path.ends_with('/') && path.len() <= LONGEST_PATH => {
                Address::Unix(path.into())
            }
            Some(_) => return Err(ListenerError),
            // The address may be a URL with a slash at its end.
            None => Address::Tcp(rest.strip_suffix('/').unwrap_or(rest).parse().map_err(|_| ListenerError)?),
        };
        Ok(Self { address, is_https })
    }
}

const LISTENER_HINT: &str = "write an IP address (0.0.0.0 for all) and a port: \"127.0.0.1:8080\", \
                             \"[::]:80\" or \"https://0.0.0.0:443\"; or write \
                             \"unix:/run/waypost/http.sock\"";

impl FromText for Listener {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        text.parse().map_err(|_| {
            let message = format!("`{text}` is not a listen address");
            match text.strip_prefix("unix:") {
                None if text.starts_with('/') => InvalidValue::new(message, format!("write \"unix:{text}\"")),
                Some(path) if !path.starts_with('/') => InvalidValue::new(
                    message,
                    format!("write an absolute path: \"unix:/run/waypost/{path}\""),
                ),
                _ => InvalidValue::new(message, LISTENER_HINT),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_addresses_that_exclude_each_other() {
        let clash = |a: &str, b: &str| {
            let address = |text: &str| text.parse::<Listener>().unwrap().address;
            address(a).clashes_with(&address(b))
        };
        assert!(clash("0.0.0.0:80", "127.0.0.1:80") && clash("[::1]:80", "[::]:80"));
        assert!(clash("127.0.0.1:80", "https://127.0.0.1:80") && clash("unix:/a", "https://unix:/a"));
        let all: Address = "[::]:80".parse::<Listener>().unwrap().address;
        assert!(all.covers(&"127.0.0.1:80".parse::<Listener>().unwrap().address));
        assert!(!all.covers(&"127.0.0.1:81".parse::<Listener>().unwrap().address));
        assert!(!clash("0.0.0.0:80", "[::]:80") && !clash("127.0.0.1:80", "127.0.0.2:80"));
        assert!(!clash("0.0.0.0:80", "127.0.0.1:81") && !clash("127.0.0.1:0", "127.0.0.1:0"));
    }

    #[test]
    fn reads_its_own_output() {
        for (text, written) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://[::]:80", "[::]:80"),
            ("https://0.0.0.0:443/", "https://0.0.0.0:443"),
            ("unix:/run/waypost/http.sock", "unix:/run/waypost/http.sock"),
            ("https://unix:/run/tls.sock", "https://unix:/run/tls.sock"),
        ] {
            let listener: Listener = text.parse().unwrap();
            assert_eq!(listener.to_string(), written);
            assert_eq!(written.parse(), Ok(listener));
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost:80",
            "unix:",
            "unix:waypost.sock",
            "unix:/run/",
            "ftp://1.2.3.4:5",
        ] {
            assert_eq!(text.parse::<Listener>(), Err(ListenerError), "{text}");
        }
    }
}
