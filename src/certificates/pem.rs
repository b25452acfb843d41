//! Reads certificates and private keys from PEM files.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use cms::cert::x509::Certificate;
use cms::cert::x509::time::Time;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::read::{self, LARGEST_TEXT};

/// Why a certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} has no valid certificate in PEM format", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} has a private key and no certificate", .0.display())]
    KeyInsteadOfCertificate(PathBuf),
    #[error("{} has a private key that is encrypted with a passphrase", .0.display())]
    EncryptedKey(PathBuf),
    #[error("{} has no valid private key in PEM format", .0.display())]
    NoKey(PathBuf),
    #[error("{} is not the key of the certificate in {}", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
}

impl PemError {
    /// The next step for the operator.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "check the path (it is relative to waypost.toml), and make the file readable for the \
                 server's user"
            }
            Self::NoCertificate(_) => {
                "name the file with the certificate and its intermediate certificates, for example \
                 certbot's fullchain.pem"
            }
            Self::KeyInsteadOfCertificate(_) => {
                "name this file in `key`, and the certificate in `certificate`"
            }
            Self::EncryptedKey(_) => "decrypt the key: openssl pkey -in key.pem -out decrypted.pem",
            Self::NoKey(_) => "name the file with the private key, for example certbot's privkey.pem",
            Self::Mismatch { .. } => {
                "name the key of this certificate; the file must begin with the certificate itself, \
                 before its issuers"
            }
        }
    }
}

/// Reads every certificate of a PEM file, in the file's order.
///
/// # Errors
/// If the file cannot be read or has no certificate.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let content = bytes(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&content).collect();
    let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
    certificates.ok_or_else(|| {
        if PrivateKeyDer::from_pem_slice(&content).is_ok() {
            PemError::KeyInsteadOfCertificate(path.to_owned())
        } else {
            PemError::NoCertificate(path.to_owned())
        }
    })
}

/// Reads the first private key of a PEM file.
///
/// # Errors
/// If the file cannot be read or has no private key.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    let content = bytes(path)?;
    PrivateKeyDer::from_pem_slice(&content).map_err(|_| {
        let is_encrypted = content.windows(9).any(|text| text == b"ENCRYPTED");
        let error = if is_encrypted { PemError::EncryptedKey } else { PemError::NoKey };
        error(path.to_owned())
    })
}

/// The times from which and until which a certificate is valid.
pub fn validity(certificate: &Certificate) -> (SystemTime, SystemTime) {
    let validity = &certificate.tbs_certificate.validity;
    let time = |time: &Time| UNIX_EPOCH + time.to_unix_duration();
    (time(&validity.not_before), time(&validity.not_after))
}

fn bytes(path: &Path) -> Result<Vec<u8>, PemError> {
    read::read(path, LARGEST_TEXT).map_err(|source| PemError::Unreadable { path: path.to_owned(), source })
}
