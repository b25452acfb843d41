//! `waypost health`: whether the running server answers, for containers and monitors without a shell.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};

use super::config_argument::ConfigArgument;
use super::output::{errors_found, print, print_problems};
use crate::config::{Address, Config, Listener, Settings};

#[derive(Debug, Args)]
pub struct Health {
    #[command(flatten)]
    config: ConfigArgument,

    /// Ask here, whatever a file says
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listener>,

    /// How many seconds to wait for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// Where to ask, and for what.
struct Question {
    listener: Listener,
    path: &'static str,
}

impl Health {
    pub fn run(self) -> Result<ExitCode, ExitCode> {
        let question = match self.listen {
            Some(listener) => Question::of(listener),
            None => {
                let (settings, problems) = self.config.load(Config::settings)?;
                // The server may still answer, with an older configuration.
                print_problems(&problems);
                Question::about(settings)
            }
        };
        let listener = question.listener.clone();
        let answer = question.ask_within(Duration::from_secs(self.timeout));
        answer.map_err(|error| errors_found(&format!("{listener} does not answer: {error}"), None))?;
        Ok(print(&format!("{listener} answers\n"), ExitCode::SUCCESS))
    }
}

impl Question {
    /// The operator's listener knows best; else a listener that we can talk to.
    fn about(settings: Settings) -> Self {
        if let Some(listener) = settings.admin.listen {
            return Self { listener, path: "/healthz" };
        }
        let all = settings.listen;
        let plain = all.iter().find(|listener| !listener.is_https).or(all.first()).cloned();
        Self::of(plain.unwrap_or(Settings::DEFAULT_LISTEN.into()))
    }

    fn of(listener: Listener) -> Self {
        Self { listener, path: "/mail/config-v1.1.xml" }
    }

    /// Asks in a thread, and waits at most this long: connecting to a full Unix socket blocks without a limit.
    fn ask_within(self, timeout: Duration) -> io::Result<()> {
        let (sender, answer) = channel();
        thread::spawn(move || sender.send(self.ask(timeout)));
        answer.recv_timeout(timeout).unwrap_or_else(|_| {
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("not within {} s", timeout.as_secs())))
        })
    }

    fn ask(&self, timeout: Duration) -> io::Result<()> {
        match &self.listener.address {
            Address::Unix(path) => self.talk(UnixStream::connect(path)?),
            Address::Tcp(address) => {
                let addresses = reachable(*address);
                let share = timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX);
                let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
                for address in addresses {
                    result = TcpStream::connect_timeout(&address, share).and_then(|stream| {
                        stream.set_read_timeout(Some(share))?;
                        self.talk(stream)
                    });
                    if result.is_ok() {
                        break;
                    }
                }
                result
            }
        }
    }

    fn talk(&self, stream: impl Read + Write) -> io::Result<()> {
        if self.listener.is_https {
            self.speak(StreamOwned::new(tls_client_without_verification()?, stream))
        } else {
            self.speak(stream)
        }
    }

    /// Any status below 500 counts as an answer: this command does not know the domains.
    fn speak(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let path = self.path;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        let status = std::str::from_utf8(&head).ok().and_then(|head| head.strip_prefix("HTTP/1.1 "));
        match status.and_then(|status| status.parse::<u16>().ok()) {
            Some(..500) => Ok(()),
            Some(status) => Err(io::Error::other(format!("it answers {status}"))),
            None => Err(io::Error::other("what answers there is no HTTP server")),
        }
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
