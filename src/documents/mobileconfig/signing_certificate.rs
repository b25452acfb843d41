//! The certificate chain and key that sign Apple profiles: read from files and verified.
//!
//! rustls-webpki verifies a chain up to given roots. Here the roots are those of the devices, so the chain can only be
//! ordered, and each of its signatures verified.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use cms::cert::x509::Certificate;
use cms::cert::x509::der::{Decode, Encode};
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::sign::SigningKey;

use crate::certificates::expiry::EXPIRY_WARNING;
use crate::certificates::pem;
use crate::certificates::pem::PemError;
use crate::certificates::time::Time;

/// The files with the certificate chain and the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningFiles {
    /// The signing certificate, then intermediate certificates, in PEM.
    pub certificate: PathBuf,
    /// More intermediate certificates, if they are in a separate file.
    pub chain: Option<PathBuf>,
    /// The certificate's private key, in PEM: RSA, or ECDSA on P-256.
    pub key: PathBuf,
}

/// A verified certificate chain with its key.
pub struct SigningCertificate {
    /// The signing certificate first; without the root.
    pub chain: Vec<Certificate>,
    pub key: Arc<dyn SigningKey>,
    /// The earliest expiry in the chain.
    pub not_after: SystemTime,
    pub warnings: Vec<SigningWarning>,
}

/// Why the files cannot be used for signing.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error(transparent)]
    Pem(#[from] PemError),
    #[error("the key is neither RSA of at least 2048 bits nor ECDSA on P-256")]
    UnsupportedKey,
    #[error("the certificate of {subject} expired on {on}")]
    Expired { subject: String, on: String },
    #[error("the certificate of {subject} is not valid before {from}")]
    NotYetValid { subject: String, from: String },
}

/// A problem that does not prevent signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningWarning {
    pub message: String,
    /// How to solve the problem.
    pub hint: &'static str,
}

impl SigningFiles {
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [Some(&self.certificate), self.chain.as_ref(), Some(&self.key)].into_iter().flatten()
    }
}

impl SigningError {
    /// How to solve the problem.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Pem(error) => error.hint(),
            Self::UnsupportedKey => "use a key of RSA with at least 2048 bits, or of ECDSA on P-256",
            Self::Expired { .. } => "renew it, or set or_unsigned = true to serve unsigned profiles",
            Self::NotYetValid { .. } => "check the clock of this machine",
        }
    }
}

impl SigningCertificate {
    /// Reads the files and verifies that key, chain and time match.
    ///
    /// # Errors
    /// If no device could verify a signature made with them.
    pub fn load(files: &SigningFiles, now: SystemTime) -> Result<Self, SigningError> {
        let mut certificates = read_certificates(&files.certificate)?;
        if let Some(chain) = &files.chain {
            certificates.extend(read_certificates(chain)?);
        }
        let key = any_supported_type(&pem::key(&files.key)?).map_err(|_| SigningError::UnsupportedKey)?;
        let leaf = certificates.remove(0);
        if !matches_key(&leaf, key.as_ref()) {
            let SigningFiles { key, certificate, .. } = files.clone();
            return Err(PemError::Mismatch { key, certificate }.into());
        }
        let is_self_signed = is_self_issued(&leaf);
        let has_issuer = is_self_signed || certificates.iter().any(|issuer| has_issued(issuer, &leaf));
        let chain = build_chain(leaf, certificates);
        chain.iter().try_for_each(|certificate| check_validity(certificate, now))?;
        let not_after = chain.iter().map(not_after).min().expect("the chain has the signing certificate");
        let mut warnings = Vec::new();
        let mut warn = |message, hint| warnings.push(SigningWarning { message, hint });
        if not_after < now + EXPIRY_WARNING {
            let message = format!("the signing certificate expires on {}", date(not_after));
            warn(message, "renew it; Waypost loads the new files without a restart");
        }
        if is_self_signed {
            let message = "the signing certificate is self-signed: devices show its profiles as not verified";
            warn(message.to_owned(), "use a certificate from a certificate authority that the devices trust");
        }
        if !has_issuer {
            let message =
                "the issuer of the signing certificate is missing: devices show its profiles as not verified";
            let hint = "append the issuer's certificates to the file, or set chain = \"chain.pem\"";
            warn(message.to_owned(), hint);
        }
        if is_world_readable(&files.key) {
            let message = format!("{} can be read by every user of this machine", files.key.display());
            warn(message, "make it readable only by the server's user: chmod o-r");
        }
        Ok(Self { chain, key, not_after, warnings })
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Certificate>, PemError> {
    let certificates = pem::certificates(path)?;
    let certificates = certificates.iter().map(|der| Certificate::from_der(der));
    certificates.collect::<Result<_, _>>().map_err(|_| PemError::NoCertificate(path.to_owned()))
}

fn matches_key(certificate: &Certificate, key: &dyn SigningKey) -> bool {
    let certified = certificate.tbs_certificate.subject_public_key_info.to_der().ok();
    key.public_key().is_some_and(|key| Some(key.as_ref()) == certified.as_deref())
}

/// Orders the certificates from the leaf to the root, without the root and without unrelated certificates: the file may
/// be the system's whole bundle. Of several certificates with the same name and key, the latest is used.
fn build_chain(leaf: Certificate, mut others: Vec<Certificate>) -> Vec<Certificate> {
    let mut chain = vec![leaf];
    while let Some(last) = chain.last().filter(|last| !is_self_issued(last)) {
        let is_issuer = |issuer: &Certificate| !is_self_issued(issuer) && has_issued(issuer, last);
        let issuers = others.iter().enumerate().filter(|(_, issuer)| is_issuer(issuer));
        let Some((latest, _)) = issuers.max_by_key(|(_, issuer)| not_after(issuer)) else { break };
        chain.push(others.swap_remove(latest));
    }
    chain
}

/// Whether the issuer's name and key match the name and signature in another certificate.
fn has_issued(issuer: &Certificate, other: &Certificate) -> bool {
    let issuer = &issuer.tbs_certificate;
    if issuer.subject != other.tbs_certificate.issuer {
        return false;
    }
    let key = issuer.subject_public_key_info.subject_public_key.raw_bytes();
    let Ok(signed) = other.tbs_certificate.to_der() else { return false };
    let signature = other.signature.raw_bytes();
    // An algorithm for another kind of key returns an error.
    let mut algorithms = default_provider().signature_verification_algorithms.all.iter();
    algorithms.any(|algorithm| algorithm.verify_signature(key, &signed, signature).is_ok())
}

/// Root certificates are self-issued.
fn is_self_issued(certificate: &Certificate) -> bool {
    certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject
}

fn check_validity(certificate: &Certificate, now: SystemTime) -> Result<(), SigningError> {
    let (not_before, not_after) = pem::validity(certificate);
    let subject = || certificate.tbs_certificate.subject.to_string();
    if not_after < now {
        return Err(SigningError::Expired { subject: subject(), on: date(not_after) });
    }
    if not_before > now {
        return Err(SigningError::NotYetValid { subject: subject(), from: date(not_before) });
    }
    Ok(())
}

fn not_after(certificate: &Certificate) -> SystemTime {
    pem::validity(certificate).1
}

/// The day in UTC, like `2026-11-22`.
fn date(time: SystemTime) -> String {
    Time(time).to_string().chars().take_while(|c| *c != 'T').collect()
}

fn is_world_readable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}
