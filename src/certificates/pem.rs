//! Certificates and keys from files in PEM, and what can be wrong with those.

use std::io;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::read as file;
use crate::files::read::LARGEST_TEXT;

/// Why files are of no use, whatever for.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} has no certificate in PEM, or one that cannot be read", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} has no private key in PEM that can be read without a passphrase", .0.display())]
    NoKey(PathBuf),
    #[error("{} is not the key of the certificate in {}", key.display(), certificate.display())]
    Mismatch { key: PathBuf, certificate: PathBuf },
}

impl PemError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "its path is relative to waypost.toml, and the server's user has to be able to read it"
            }
            Self::NoCertificate(_) => {
                "name the file with the certificate and its intermediate certificates, like certbot's fullchain.pem"
            }
            Self::NoKey(_) => "name the file with the certificate's key, like certbot's privkey.pem",
            Self::Mismatch { .. } => {
                "name the certificate first in its file, and the key that it was made with"
            }
        }
    }
}

/// Reads every certificate of a PEM file, in the file's order.
///
/// # Errors
/// When the file cannot be read, or there is none in it.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    let certificates = certificates.ok().filter(|certificates| !certificates.is_empty());
    certificates.ok_or_else(|| PemError::NoCertificate(path.to_owned()))
}

/// Reads the first private key of a PEM file.
///
/// # Errors
/// When the file cannot be read, or there is none in it.
pub fn key(path: &Path) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| PemError::NoKey(path.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    file::read(path, LARGEST_TEXT).map_err(|source| PemError::Unreadable { path: path.to_owned(), source })
}
