//! Signing a configuration profile: a CMS `SignedData` (RFC 5652) round the plist, which devices
//! show as verified if its certificates lead to a root they know (reference/beyond 1.1, Signing).
//!
//! The certificates of the structure are typed by `cms`; the signature is rustls' own.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cms::cert::x509::attr::Attribute;
use cms::cert::x509::der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use cms::cert::x509::der::{self, Any, Encode, EncodeValue, Tagged};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use rustls::SignatureScheme;
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};

use super::certificates::{Certified, Doubt, SigningError, SigningFiles};
use crate::certificates::pem::PemError;

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

#[derive(Debug, Clone, Copy)]
enum Kind {
    Rsa,
    EcdsaP256,
}

// RFC 5652 4, 11.1 to 11.3; RFC 5754 2.2, 3.2, 3.3.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");

impl Signer {
    /// Reads the files, and holds them against each other and the time.
    ///
    /// # Errors
    /// When what they give could not be verified by anybody.
    pub fn load(files: &SigningFiles, now: SystemTime) -> Result<Self, SigningError> {
        let Certified { chain, key, not_after, doubts } = Certified::load(files, now)?;
        let kind = Kind::of(key.as_ref())?;
        let leaf = &chain[0].tbs_certificate;
        let name = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: leaf.issuer.clone(),
            serial_number: leaf.serial_number.clone(),
        });
        let certificates = chain.into_iter().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let certificates = CertificateSet::try_from(certificates)
            .map_err(|_| PemError::NoCertificate(files.certificate.clone()))?;
        Ok(Self { key, kind, certificates, name, not_after, doubts })
    }

    /// When the first of its certificates expires.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// The certificates that go with each signature, in DER.
    pub fn chain(&self) -> Vec<u8> {
        self.certificates.to_der().expect("what was read in DER can be written in DER")
    }

    pub fn doubts(&self) -> &[Doubt] {
        &self.doubts
    }

    /// The content with its signature round it, in DER.
    ///
    /// # Errors
    /// When the key refuses, or the time cannot be written.
    pub fn sign(&self, content: &[u8], now: SystemTime) -> der::Result<Vec<u8>> {
        self.signed_data(content, now)?.to_der()
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

/// A UTC time until 2049, as RFC 5652 11.3 has it.
fn time(now: SystemTime) -> der::Result<der::asn1::UtcTime> {
    let since = now.duration_since(UNIX_EPOCH).map_err(|_| der::ErrorKind::DateTime)?;
    der::asn1::UtcTime::from_unix_duration(Duration::from_secs(since.as_secs()))
}
