//! Signs an Apple profile: a CMS `SignedData` (RFC 5652) that contains the property list. Devices show it as verified if
//! they trust the certificate chain (reference/beyond 1.1, Signing).
//!
//! The `cms` crate defines the structures, and rustls signs. The builder of `cms` needs signers of RustCrypto's
//! `signature` traits and pulls in `rsa`; rustls' keys do not implement these traits.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cms::cert::x509::attr::Attribute;
use cms::cert::x509::der::asn1::{ObjectIdentifier, OctetString, SetOfVec, UtcTime};
use cms::cert::x509::der::oid::db::rfc5911::{
    ID_CONTENT_TYPE, ID_DATA, ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME,
};
use cms::cert::x509::der::oid::db::rfc5912::{ECDSA_WITH_SHA_256, ID_SHA_256, RSA_ENCRYPTION};
use cms::cert::x509::der::{self, Any, Encode, EncodeValue, Tagged};
use cms::cert::x509::spki::AlgorithmIdentifierOwned;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use derive_more::Debug;
use rustls::SignatureScheme;
use rustls::sign::SigningKey;
use sha2::{Digest, Sha256};

use super::signing_certificate::{SigningCertificate, SigningError, SigningFiles, SigningWarning};
use crate::certificates::pem::PemError;

/// A signing key with its certificate chain.
#[derive(Debug)]
pub struct Signer {
    #[debug(skip)]
    key: Arc<dyn SigningKey>,
    /// The chain without the root.
    certificates: CertificateSet,
    identifier: SignerIdentifier,
    /// The earliest expiry in the chain.
    pub not_after: SystemTime,
    pub warnings: Vec<SigningWarning>,
}

const SCHEMES: [SignatureScheme; 2] =
    [SignatureScheme::RSA_PKCS1_SHA256, SignatureScheme::ECDSA_NISTP256_SHA256];

impl Signer {
    /// Reads and verifies the files.
    ///
    /// # Errors
    /// If no device could verify a signature made with them.
    pub fn load(files: &SigningFiles, now: SystemTime) -> Result<Self, SigningError> {
        let SigningCertificate { chain, key, not_after, warnings } = SigningCertificate::load(files, now)?;
        key.choose_scheme(&SCHEMES).ok_or(SigningError::UnsupportedKey)?;
        let leaf = &chain[0].tbs_certificate;
        let identifier = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: leaf.issuer.clone(),
            serial_number: leaf.serial_number.clone(),
        });
        let certificates = chain.into_iter().map(CertificateChoices::Certificate).collect::<Vec<_>>();
        let certificates = CertificateSet::try_from(certificates)
            .map_err(|_| PemError::NoCertificate(files.certificate.clone()))?;
        Ok(Self { key, certificates, identifier, not_after, warnings })
    }

    /// The certificates in each signature, in DER.
    pub fn chain(&self) -> Vec<u8> {
        self.certificates.to_der().expect("certificates that were read from DER can be written as DER")
    }

    /// A `SignedData` with the content, in DER.
    ///
    /// # Errors
    /// If the key cannot sign, or the time is outside the range of a UTCTime.
    pub fn sign(&self, content: &[u8], now: SystemTime) -> der::Result<Vec<u8>> {
        let digest = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
        let attributes = SetOfVec::try_from(vec![
            attribute(ID_CONTENT_TYPE, &ID_DATA)?,
            attribute(ID_MESSAGE_DIGEST, &OctetString::new(&Sha256::digest(content)[..])?)?,
            attribute(ID_SIGNING_TIME, &utc_time(now)?)?,
        ])?;
        // The signature covers the SET OF, not the implicitly tagged attributes (RFC 5652 5.4).
        let signer = self.key.choose_scheme(&SCHEMES).ok_or(der::ErrorKind::Failed)?;
        let signature = signer.sign(&attributes.to_der()?).map_err(|_| der::ErrorKind::Failed)?;
        let signer_info = SignerInfo {
            version: CmsVersion::V1,
            sid: self.identifier.clone(),
            digest_alg: digest.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: algorithm_identifier(signer.scheme()),
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![digest])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: ID_DATA,
                econtent: Some(Any::encode_from(&OctetString::new(content)?)?),
            },
            certificates: Some(self.certificates.clone()),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info])?),
        };
        ContentInfo { content_type: ID_SIGNED_DATA, content: Any::encode_from(&data)? }.to_der()
    }
}

/// RFC 5754 3.2 and 3.3.
fn algorithm_identifier(scheme: SignatureScheme) -> AlgorithmIdentifierOwned {
    match scheme {
        SignatureScheme::ECDSA_NISTP256_SHA256 => {
            AlgorithmIdentifierOwned { oid: ECDSA_WITH_SHA_256, parameters: None }
        }
        _ => AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) },
    }
}

fn attribute<T: EncodeValue + Tagged>(oid: ObjectIdentifier, value: &T) -> der::Result<Attribute> {
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![Any::encode_from(value)?])? })
}

/// RFC 5652 11.3: UTCTime for the years up to 2049.
fn utc_time(now: SystemTime) -> der::Result<UtcTime> {
    let since = now.duration_since(UNIX_EPOCH).map_err(|_| der::ErrorKind::DateTime)?;
    UtcTime::from_unix_duration(Duration::from_secs(since.as_secs()))
}
