//! The certificate that signs configuration profiles: read from files, and held against its key, its
//! chain and the time.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cms::cert::x509::Certificate;
use cms::cert::x509::der::{DateTime, Decode, Encode};
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::SigningKey;

use crate::certificates::pem;
use crate::certificates::pem::PemError;

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningFiles {
    /// The certificate, and behind it those that lead to a root, in PEM.
    pub certificate: PathBuf,
    /// More certificates that lead to a root, where they are in a file of their own.
    pub chain: Option<PathBuf>,
    /// The certificate's private key, in PEM: RSA, or ECDSA on P-256.
    pub key: PathBuf,
}

/// A certificate with what leads from it to a root, which is not among them, and with its key.
pub struct Certified {
    /// At least the certificate itself, which is the first.
    pub chain: Vec<Certificate>,
    pub key: Arc<dyn SigningKey>,
    /// When the first of them expires.
    pub not_after: SystemTime,
    pub doubts: Vec<Doubt>,
}

/// Why files cannot be signed with.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("the key is neither RSA of at least 2048 bits nor ECDSA on P-256")]
    KindOfKey,
    #[error("the certificate of {subject} expired on {on}")]
    Expired { subject: String, on: Date },
    #[error("the certificate of {subject} is not valid before {from}")]
    NotYetValid { subject: String, from: Date },
}

/// What makes a signature worth less than it could be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("the certificate for signing expires on {0}")]
    ExpiresSoon(Date),
    #[error("no certificate leads from the one for signing to its issuer: devices will not verify it")]
    NoIntermediate,
    #[error("{} can be read by every user of this machine", .0.display())]
    OpenKey(PathBuf),
}

/// A day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date(DateTime);

/// How long before its end a certificate is worth a warning.
pub const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

impl SigningFiles {
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [Some(&self.certificate), self.chain.as_ref(), Some(&self.key)].into_iter().flatten()
    }
}

impl SigningError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pem(error) => error.hint(),
            Self::KindOfKey => "use a certificate with an RSA key of 2048 bits or more",
            Self::Expired { .. } => {
                "renew it, or set or_unsigned = true to serve profiles without a signature"
            }
            Self::NotYetValid { .. } => "check this machine's clock",
        }
    }
}

impl Doubt {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::ExpiresSoon(_) => "renew it; new files are taken up without a restart",
            Self::NoIntermediate => {
                "add the issuer's certificates behind it, or name their file: chain = \"chain.pem\""
            }
            Self::OpenKey(_) => "make it readable by the server's user only: chmod o-r",
        }
    }
}

impl Certified {
    /// Reads the files, and holds them against each other and the time.
    ///
    /// # Errors
    /// When what they give could not be verified by anybody.
    pub fn load(files: &SigningFiles, now: SystemTime) -> Result<Self, SigningError> {
        let mut certificates = certificates(&files.certificate)?;
        if let Some(chain) = &files.chain {
            certificates.extend(self::certificates(chain)?);
        }
        let key = key(&files.key)?;
        let leaf = certificates.remove(0);
        if !is_its(key.as_ref(), &leaf) {
            let SigningFiles { key, certificate, .. } = files.clone();
            return Err(PemError::Mismatch { key, certificate }.into());
        }
        let has_issuer = is_root(&leaf) || certificates.iter().any(|other| has_issued(other, &leaf));
        let chain = lead_from(leaf, certificates);
        for certificate in &chain {
            is_valid(certificate, now)?;
        }
        let first_end = chain.iter().map(end).min().expect("the chain has the signer's own certificate");
        let not_after = UNIX_EPOCH + first_end;
        let doubts = [
            (not_after < now + SOON).then(|| Doubt::ExpiresSoon(Date::of(first_end))),
            (!has_issuer).then_some(Doubt::NoIntermediate),
            is_open(&files.key).then(|| Doubt::OpenKey(files.key.clone())),
        ];
        Ok(Self { chain, key, not_after, doubts: doubts.into_iter().flatten().collect() })
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, SigningError> {
    let certificates = pem::certificates(path)?;
    let certificates = certificates.iter().map(|certificate| Certificate::from_der(certificate));
    let certificates: Result<Vec<_>, _> = certificates.collect();
    Ok(certificates.map_err(|_| PemError::NoCertificate(path.to_owned()))?)
}

fn key(path: &Path) -> Result<Arc<dyn SigningKey>, SigningError> {
    any_supported_type(&pem::key(path)?).map_err(|_| SigningError::KindOfKey)
}

fn is_its(key: &dyn SigningKey, certificate: &Certificate) -> bool {
    let of_certificate = certificate.tbs_certificate.subject_public_key_info.to_der().ok();
    let of_key = key.public_key().map(|key| key.as_ref().to_vec());
    of_key.is_some() && of_key == of_certificate
}

/// The certificates that lead from the first to a root, without the root and without strangers: a
/// system's whole bundle does no harm. Of several with one name and key the latest is taken.
fn lead_from(leaf: Certificate, mut others: Vec<Certificate>) -> Vec<Certificate> {
    let mut chain = vec![leaf];
    while let Some(last) = chain.last().filter(|last| !is_root(last)) {
        let issuers =
            others.iter().enumerate().filter(|(_, other)| !is_root(other) && has_issued(other, last));
        let Some((latest, _)) = issuers.max_by_key(|(_, other)| end(other)) else { break };
        chain.push(others.swap_remove(latest));
    }
    chain
}

/// Whether one certificate's name and key stand under another.
fn has_issued(issuer: &Certificate, other: &Certificate) -> bool {
    let issuer = &issuer.tbs_certificate;
    if issuer.subject != other.tbs_certificate.issuer {
        return false;
    }
    let key = issuer.subject_public_key_info.subject_public_key.raw_bytes();
    let Ok(signed) = other.tbs_certificate.to_der() else { return false };
    let signature = other.signature.raw_bytes();
    // One that is for another kind of key says no.
    let mut algorithms = default_provider().signature_verification_algorithms.all.iter();
    algorithms.any(|algorithm| algorithm.verify_signature(key, &signed, signature).is_ok())
}

/// Whether it is its own issuer.
fn is_root(certificate: &Certificate) -> bool {
    certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject
}

fn is_valid(certificate: &Certificate, now: SystemTime) -> Result<(), SigningError> {
    let begin = certificate.tbs_certificate.validity.not_before.to_unix_duration();
    let subject = || certificate.tbs_certificate.subject.to_string();
    if UNIX_EPOCH + end(certificate) < now {
        return Err(SigningError::Expired { subject: subject(), on: Date::of(end(certificate)) });
    }
    if UNIX_EPOCH + begin > now {
        return Err(SigningError::NotYetValid { subject: subject(), from: Date::of(begin) });
    }
    Ok(())
}

/// When a certificate expires, since the epoch.
fn end(certificate: &Certificate) -> Duration {
    certificate.tbs_certificate.validity.not_after.to_unix_duration()
}

/// Whether others than its owner and group may read a file.
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

impl Date {
    fn of(since_epoch: Duration) -> Self {
        Self(DateTime::from_unix_duration(since_epoch).unwrap_or(DateTime::INFINITY))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}
