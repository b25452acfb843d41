//! Certificates for TLS, read from files.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use cms::cert::x509::Certificate;
use cms::cert::x509::der::Decode;
use cms::cert::x509::ext::pkix::SubjectAltName;
use cms::cert::x509::ext::pkix::name::GeneralName;
use derive_more::Display;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::pem;
use super::pem::PemError;

/// The paths of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by its intermediate certificates, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// A certificate and its key, checked against each other.
#[derive(Debug, Display)]
#[display("{}", names[0])]
pub struct TlsCertificate {
    pub(super) key: Arc<CertifiedKey>,
    /// Its DNS names, in lower case. `*.` stands for one label.
    pub names: Vec<String>,
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    pub issuers: Issuers,
}

/// Whether the file has the certificates that a client needs to verify the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuers {
    /// The issuer of the certificate is in the file.
    Present,
    /// The issuer is not in the file. Clients know only roots, and most CAs issue by intermediate certificates.
    Missing,
    /// The certificate is its own issuer.
    SelfSigned,
}

/// Why a certificate cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("{} has a certificate without a DNS name", .0.display())]
    NoName(PathBuf),
}

impl TlsFiles {
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.certificate, &self.key].into_iter()
    }
}

impl TlsError {
    /// The next step for the operator.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pem(error) => error.hint(),
            Self::NoName(_) => "order a certificate with the host names as subject alternative names",
        }
    }
}

impl TlsCertificate {
    /// Reads the files and checks that the key belongs to the certificate. The validity period is not checked: plain
    /// HTTP works even if the certificate has expired.
    ///
    /// # Errors
    /// If a file cannot be read, the key does not match, or the certificate has no DNS name.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        let chain = pem::certificates(&files.certificate)?;
        let leaf = Certificate::from_der(&chain[0]);
        let leaf = leaf.map_err(|_| PemError::NoCertificate(files.certificate.clone()))?;
        let key =
            any_supported_type(&pem::key(&files.key)?).map_err(|_| PemError::NoKey(files.key.clone()))?;
        let issuers = Issuers::of(&leaf, chain.get(1));
        let certified = CertifiedKey::new(chain, key);
        if certified.keys_match().is_err() {
            let TlsFiles { certificate, key } = files.clone();
            return Err(PemError::Mismatch { key, certificate }.into());
        }
        let names = dns_names(&leaf);
        if names.is_empty() {
            return Err(TlsError::NoName(files.certificate.clone()));
        }
        let (not_before, not_after) = pem::validity(&leaf);
        Ok(Self { key: Arc::new(certified), names, not_before, not_after, issuers })
    }

    /// The certificate chain as it is sent: one certificate after the other, in DER.
    pub fn chain(&self) -> Vec<u8> {
        self.key.cert.iter().flat_map(|certificate| certificate.to_vec()).collect()
    }
}

impl Issuers {
    fn of(leaf: &Certificate, next: Option<&CertificateDer<'_>>) -> Self {
        let issuer = &leaf.tbs_certificate.issuer;
        if *issuer == leaf.tbs_certificate.subject {
            return Self::SelfSigned;
        }
        let next = next.and_then(|next| Certificate::from_der(next).ok());
        match next {
            Some(next) if next.tbs_certificate.subject == *issuer => Self::Present,
            _ => Self::Missing,
        }
    }
}

/// The subject alternative names. The common name is not a host name (RFC 9525 2).
fn dns_names(certificate: &Certificate) -> Vec<String> {
    let names = certificate.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let names = names.map_or_else(Vec::new, |(_, names)| names.0);
    let dns_name = |name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_ascii_lowercase()),
        _ => None,
    };
    names.into_iter().filter_map(dns_name).collect()
}
