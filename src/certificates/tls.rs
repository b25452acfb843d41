//! TLS without a proxy: certificates from files, each for the names that are in it.
//!
//! A client that asks for a name which no certificate has gets no handshake: a wrong certificate is
//! worse than a closed port, since Outlook shows people a warning for it and goes on for the other
//! (reference/autodiscover 2.7).

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cms::cert::x509::Certificate;
use cms::cert::x509::der::Decode;
use cms::cert::x509::ext::pkix::SubjectAltName;
use cms::cert::x509::ext::pkix::name::GeneralName;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::crypto::ring::{Ticketer, default_provider};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, ServerConfig, SignatureScheme};

use super::pem;
use super::pem::PemError;

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those that lead to a root, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// A certificate that can be served.
#[derive(Debug)]
pub struct TlsCertificate {
    key: Arc<CertifiedKey>,
    /// The DNS names it is for, in lower case; `*.` stands for one label.
    pub names: Vec<String>,
    pub not_before: SystemTime,
    pub not_after: SystemTime,
}

/// Why files cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("{} has a certificate without a DNS name", .0.display())]
    NoName(PathBuf),
}

/// All certificates, by name.
#[derive(Debug)]
struct ByName {
    names: HashMap<String, Arc<CertifiedKey>>,
    /// For clients that name nobody.
    first: Option<Arc<CertifiedKey>>,
}

impl TlsFiles {
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.certificate, &self.key].into_iter()
    }
}

impl TlsError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pem(error) => error.hint(),
            Self::NoName(_) => "order it with its host names as subject alternative names",
        }
    }
}

impl TlsCertificate {
    /// Reads the files, and holds them against each other. The time is the caller's to look at: a
    /// certificate that has expired keeps nobody from plain http.
    ///
    /// # Errors
    /// When no client could be answered with them.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = pem::certificates(&files.certificate)?;
        let leaf = Certificate::from_der(&chain[0]);
        let leaf = leaf.map_err(|_| PemError::NoCertificate(files.certificate.clone()))?;
        let key =
            any_supported_type(&pem::key(&files.key)?).map_err(|_| PemError::NoKey(files.key.clone()))?;
        let certified = CertifiedKey::new(chain, key);
        if certified.keys_match().is_err() {
            let TlsFiles { certificate, key } = files.clone();
            return Err(PemError::Mismatch { key, certificate }.into());
        }
        let names = dns_names(&leaf);
        if names.is_empty() {
            return Err(TlsError::NoName(files.certificate.clone()));
        }
        let validity = &leaf.tbs_certificate.validity;
        Ok(Self {
            key: Arc::new(certified),
            names,
            not_before: UNIX_EPOCH + validity.not_before.to_unix_duration(),
            not_after: UNIX_EPOCH + validity.not_after.to_unix_duration(),
        })
    }

    /// The certificates that are sent, one behind the other, in DER.
    pub fn chain(&self) -> Vec<u8> {
        self.key.cert.iter().flat_map(|certificate| certificate.to_vec()).collect()
    }
}

impl fmt::Display for TlsCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names[0])
    }
}

/// What listeners that speak TLS need: 1.2 and 1.3, HTTP/2 and HTTP/1.1. None without a certificate.
pub fn server_config(certificates: &[TlsCertificate]) -> Option<Arc<ServerConfig>> {
    let first = certificates.first()?;
    let mut names = HashMap::new();
    for certificate in certificates {
        for name in &certificate.names {
            // The one that is written first has it.
            names.entry(name.clone()).or_insert_with(|| Arc::clone(&certificate.key));
        }
    }
    let by_name = ByName { names, first: Some(Arc::clone(&first.key)) };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has ciphers for both")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(by_name));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Without it a client that comes back pays for a whole handshake.
    if let Ok(ticketer) = Ticketer::new() {
        config.ticketer = ticketer;
    }
    Some(Arc::new(config))
}

/// A client that takes any certificate: whether a server answers is not a question of whom it is.
///
/// # Errors
/// When there is no randomness to be had.
pub fn client_that_believes_anybody() -> io::Result<ClientConnection> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has ciphers for both")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    // An address is nobody's name, so none is sent.
    let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST).into());
    ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
}

/// Believes every certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
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

impl ByName {
    /// By a name in lower case, as rustls gives it.
    fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        let Some(name) = name else { return self.first.clone() };
        let name = name.trim_end_matches('.');
        let wildcard = || Some(format!("*.{}", name.split_once('.')?.1));
        self.names.get(name).or_else(|| self.names.get(&wildcard()?)).cloned()
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.find(hello.server_name())
    }
}

/// The common name counts for nobody any more (RFC 9525 2).
fn dns_names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let names = names.map_or_else(Vec::new, |(_, names)| names.0);
    let dns_name = |name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        _ => None,
    };
    names.into_iter().filter_map(dns_name).collect()
}
