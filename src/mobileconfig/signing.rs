//! Signing a configuration profile: a CMS `SignedData` (RFC 5652) round the plist, which devices
//! show as verified if its certificates lead to a root they know (reference/beyond 1.1, Signing).
//!
//! The certificates of the structure are typed by `cms`; the signature is rustls' own.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cms::cert::x509::Certificate;
use cms::cert::x509::attr::Attribute;
use cms::cert::x509::der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use cms::cert::x509::der::{self, Any, Decode, Encode, EncodeValue, Tagged};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::x509::time::Time;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};

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

/// A certificate with its chain and its key, ready to sign.
pub struct Signer {
    key: Arc<dyn SigningKey>,
    kind: Kind,
    /// The signer's certificate and what leads from it to a root, which is not among them.
    certificates: CertificateSet,
    name: SignerIdentifier,
    not_after: SystemTime,
    doubts: Vec<Doubt>,
}

/// Why files cannot be signed with.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} has no certificate in PEM, or one that cannot be read", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} has no private key in PEM that can be read without a passphrase", .0.display())]
    NoKey(PathBuf),
    #[error("the key is neither RSA of at least 2048 bits nor ECDSA on P-256")]
    KindOfKey,
    #[error("the key is not that of the certificate")]
    Mismatch,
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
pub struct Date(der::DateTime);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rsa,
    EcdsaP256,
}

/// How long before its end a certificate is worth a warning.
pub const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

// RFC 5652 4, 11.1 to 11.3; RFC 5754 2.2, 3.2, 3.3.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

impl SigningError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => {
                "its path is relative to waypost.toml, and the server's user has to be able to read it"
            }
            Self::NoCertificate(_) => {
                "name the file with the certificate and what leads from it to a root, like certbot's fullchain.pem"
            }
            Self::NoKey(_) => "name the file with the certificate's key, like certbot's privkey.pem",
            Self::KindOfKey => "use a certificate with an RSA key of 2048 bits or more",
            Self::Mismatch => "name the certificate first in its file, and the key that it was made with",
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

impl Signer {
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
        let kind = Kind::of(key.as_ref())?;
        let leaf = certificates.remove(0);
        if !is_its(key.as_ref(), &leaf) {
            return Err(SigningError::Mismatch);
        }
        let is_issued_by_none = !is_root(&leaf)
            && !certificates.iter().any(|c| c.tbs_certificate.subject == leaf.tbs_certificate.issuer);
        let chain = lead_from(leaf, certificates);
        for certificate in &chain {
            is_valid(certificate, now)?;
        }
        let ends = chain.iter().map(|certificate| &certificate.tbs_certificate.validity.not_after);
        let first_end = ends.min_by_key(|end| end.to_unix_duration());
        let first_end = first_end.expect("the chain has the signer's own certificate");
        let not_after = system_time(first_end);
        let mut doubts = Vec::new();
        if not_after < now + SOON {
            doubts.push(Doubt::ExpiresSoon(Date(first_end.to_date_time())));
        }
        if is_issued_by_none {
            doubts.push(Doubt::NoIntermediate);
        }
        if is_open(&files.key) {
            doubts.push(Doubt::OpenKey(files.key.clone()));
        }
        let leaf = &chain[0].tbs_certificate;
        let name = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: leaf.issuer.clone(),
            serial_number: leaf.serial_number.clone(),
        });
        let certificates = chain.into_iter().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let certificates = CertificateSet::try_from(certificates)
            .map_err(|_| SigningError::NoCertificate(files.certificate.clone()))?;
        Ok(Self { key, kind, certificates, name, not_after, doubts })
    }

    /// When the first of its certificates expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// The content with its signature round it, in DER. None when the key refuses, or the time
    /// cannot be written.
    pub fn sign(&self, content: &[u8], now: SystemTime) -> Option<Vec<u8>> {
        self.signed_data(content, now).ok()?.to_der().ok()
    }

    fn signed_data(&self, content: &[u8], now: SystemTime) -> der::Result<ContentInfo> {
        let digest = AlgorithmIdentifierOwned { oid: SHA256, parameters: None };
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, &DATA)?,
            attribute(MESSAGE_DIGEST, &OctetString::new(&Sha256::digest(content)[..])?)?,
            attribute(SIGNING_TIME, &time(now)?)?,
        ])?;
        // What is signed is the set itself, and not the implicitly tagged one (5.4).
        let signature = self.signature(&attributes.to_der()?).ok_or(der::ErrorKind::Failed)?;
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: self.name.clone(),
            digest_alg: digest.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: self.kind.algorithm(),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![digest])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: DATA,
                econtent: Some(Any::encode_from(&OctetString::new(content)?)?),
            },
            certificates: Some(self.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        Ok(ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? })
    }

    fn signature(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.key.choose_scheme(&[self.kind.scheme()])?.sign(message).ok()
    }
}

impl fmt::Debug for Signer {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("kind", &self.kind)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl Kind {
    fn of(key: &dyn SigningKey) -> Result<Self, SigningError> {
        [Self::Rsa, Self::EcdsaP256]
            .into_iter()
            .find(|kind| key.choose_scheme(&[kind.scheme()]).is_some())
            .ok_or(SigningError::KindOfKey)
    }

    const fn scheme(self) -> SignatureScheme {
        match self {
            Self::Rsa => SignatureScheme::RSA_PKCS1_SHA256,
            Self::EcdsaP256 => SignatureScheme::ECDSA_NISTP256_SHA256,
        }
    }

    fn algorithm(self) -> AlgorithmIdentifierOwned {
        match self {
            Self::Rsa => AlgorithmIdentifierOwned { oid: RSA, parameters: Some(Any::null()) },
            Self::EcdsaP256 => AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None },
        }
    }
}

fn attribute<T: EncodeValue + Tagged>(oid: ObjectIdentifier, value: &T) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::encode_from(value)?])? })
}

fn system_time(time: &Time) -> SystemTime {
    UNIX_EPOCH + time.to_unix_duration()
}

/// A UTC time until 2049, as RFC 5652 11.3 has it.
fn time(now: SystemTime) -> der::Result<der::asn1::UtcTime> {
    let since = now.duration_since(UNIX_EPOCH).map_err(|_| der::ErrorKind::DateTime)?;
    der::asn1::UtcTime::from_unix_duration(Duration::from_secs(since.as_secs()))
}

fn read(path: &Path) -> Result<Vec<u8>, SigningError> {
    fs::read(path).map_err(|source| SigningError::Unreadable { path: path.to_owned(), source })
}

/// At least one.
fn certificates(path: &Path) -> Result<Vec<Certificate>, SigningError> {
    let pem = read(path)?;
    let certificates: Option<Vec<_>> = CertificateDer::pem_slice_iter(&pem)
        .map(|certificate| Certificate::from_der(&certificate.ok()?).ok())
        .collect();
    certificates.filter(|list| !list.is_empty()).ok_or_else(|| SigningError::NoCertificate(path.to_owned()))
}

fn key(path: &Path) -> Result<Arc<dyn SigningKey>, SigningError> {
    let pem = read(path)?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| SigningError::NoKey(path.to_owned()))?;
    any_supported_type(&key).map_err(|_| SigningError::KindOfKey)
}

fn is_its(key: &dyn SigningKey, certificate: &Certificate) -> bool {
    let of_certificate = certificate.tbs_certificate.subject_public_key_info.to_der().ok();
    let of_key = key.public_key().map(|key| key.as_ref().to_vec());
    of_key.is_some() && of_key == of_certificate
}

/// The certificates that lead from the first to a root, without the root and without strangers: a
/// system's whole bundle does no harm.
fn lead_from(leaf: Certificate, mut others: Vec<Certificate>) -> Vec<Certificate> {
    let mut chain = vec![leaf];
    while let Some(last) = chain.last().filter(|last| !is_root(last)) {
        let issuer = &last.tbs_certificate.issuer;
        let next =
            others.iter().position(|other| other.tbs_certificate.subject == *issuer && !is_root(other));
        let Some(next) = next else { break };
        chain.push(others.swap_remove(next));
    }
    chain
}

/// Whether it is its own issuer.
fn is_root(certificate: &Certificate) -> bool {
    certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject
}

fn is_valid(certificate: &Certificate, now: SystemTime) -> Result<(), SigningError> {
    let validity = &certificate.tbs_certificate.validity;
    let subject = || certificate.tbs_certificate.subject.to_string();
    if system_time(&validity.not_after) < now {
        let on = Date(validity.not_after.to_date_time());
        return Err(SigningError::Expired { subject: subject(), on });
    }
    if system_time(&validity.not_before) > now {
        let from = Date(validity.not_before.to_date_time());
        return Err(SigningError::NotYetValid { subject: subject(), from });
    }
    Ok(())
}

/// Whether others than its owner and group may read a file.
fn is_open(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}
