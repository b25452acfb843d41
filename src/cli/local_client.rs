//! A client for the running server: one request, over TCP, TLS or a Unix socket.
//!
//! hyper's client would need a runtime and a connector for Unix sockets and for certificates that are not verified. One
//! request without keep-alive is a line to write and an answer to read to its end.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use crate::config::{Address, Listener};

/// A request to a listener of the server.
#[derive(Debug, Clone)]
pub struct LocalRequest {
    pub listener: Listener,
    pub method: &'static str,
    pub path: &'static str,
}

/// Status and body.
#[derive(Debug)]
pub struct LocalResponse {
    pub status: u16,
    pub body: Vec<u8>,
}

/// The largest response that is read, in bytes.
const LARGEST_RESPONSE: u64 = 64 * 1024 * 1024;

impl LocalRequest {
    /// Sends the request in a thread, and waits at most this long: connecting to a full Unix socket blocks without a
    /// limit.
    ///
    /// # Errors
    /// If there is no response in time, or it is not HTTP.
    pub fn send(self, timeout: Duration) -> io::Result<LocalResponse> {
        let (sender, response) = channel();
        thread::spawn(move || sender.send(self.connect(timeout)));
        let timed_out =
            || io::Error::new(io::ErrorKind::TimedOut, format!("no response within {} s", timeout.as_secs()));
        match response.recv_timeout(timeout) {
            // The time-out of the socket may come first.
            Ok(Err(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(timed_out())
            }
            Ok(response) => response,
            Err(_) => Err(timed_out()),
        }
    }

    fn connect(&self, timeout: Duration) -> io::Result<LocalResponse> {
        match &self.listener.address {
            Address::Unix(path) => self.exchange(UnixStream::connect(path)?),
            Address::Tcp(address) => {
                let addresses = reachable(*address);
                let share = timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
                let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
                for address in addresses {
                    result = TcpStream::connect_timeout(&address, share).and_then(|stream| {
                        stream.set_read_timeout(Some(share))?;
                        self.exchange(stream)
                    });
                    if result.is_ok() {
                        break;
                    }
                }
                result
            }
        }
    }

    fn exchange(&self, stream: impl Read + Write) -> io::Result<LocalResponse> {
        if self.listener.is_https {
            self.exchange_plain(StreamOwned::new(tls_client_without_verification()?, stream))
        } else {
            self.exchange_plain(stream)
        }
    }

    /// The response ends with the connection, and its body has a `Content-Length`.
    fn exchange_plain(&self, mut stream: impl Read + Write) -> io::Result<LocalResponse> {
        let Self { method, path, .. } = self;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )?;
        let mut response = Vec::new();
        // A TLS server may close without a notice. What was read before it counts.
        let read = stream.take(LARGEST_RESPONSE).read_to_end(&mut response);
        let not_http = || io::Error::other("the response is not HTTP");
        let parsed = LocalResponse::parse(&response).ok_or_else(not_http);
        match read {
            Err(error) if response.is_empty() => Err(error),
            _ => parsed,
        }
    }
}

impl LocalResponse {
    fn parse(response: &[u8]) -> Option<Self> {
        let status = std::str::from_utf8(response.get(..12)?).ok()?.strip_prefix("HTTP/1.1 ")?;
        let body = response.windows(4).position(|end| end == b"\r\n\r\n").map(|end| &response[end + 4..]);
        Some(Self { status: status.parse().ok()?, body: body.unwrap_or_default().to_vec() })
    }
}

/// Where a listener that takes every address can be reached from here.
fn reachable(address: SocketAddr) -> Vec<SocketAddr> {
    let port = address.port();
    let loopback = |ip: IpAddr| SocketAddr::new(ip, port);
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![loopback(Ipv4Addr::LOCALHOST.into())],
        // Where there is no IPv6, it is reached by IPv4.
        IpAddr::V6(ip) if ip.is_unspecified() => {
            vec![loopback(Ipv6Addr::LOCALHOST.into()), loopback(Ipv4Addr::LOCALHOST.into())]
        }
        _ => vec![address],
    }
}

/// A TLS client that accepts every certificate: the check is whether the server answers, not who it is.
///
/// # Errors
/// If the system has no random numbers.
fn tls_client_without_verification() -> io::Result<ClientConnection> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has ciphers for both")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAll(provider)))
        .with_no_client_auth();
    // For an IP address, rustls sends no server name.
    let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
}

/// Accepts every certificate. rustls has no such verifier of its own.
#[derive(Debug)]
struct AcceptAll(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
