//! Certificates for signing, generated in each test. The RSA keys are stored, because generating them is slow. They are
//! used in tests only.

use std::fs;
use std::path::Path;

use rcgen::date_time_ymd;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

use crate::common::data;

/// A root, an intermediate issuer below it, and a certificate below that.
pub struct Chain {
    pub root: String,
    pub intermediate: String,
    /// Of the same name and key as the other, and expired.
    pub old_intermediate: String,
    pub leaf: String,
    pub key: String,
}

/// The type of the certificate's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Rsa,
    OtherRsa,
    Ecdsa,
    Ed25519,
}

impl Key {
    pub fn pair(self) -> KeyPair {
        let file = |name| fs::read_to_string(data("signing").join(name)).unwrap();
        let rsa = |name| KeyPair::from_pkcs8_pem_and_sign_algo(&file(name), &rcgen::PKCS_RSA_SHA256).unwrap();
        match self {
            Self::Rsa => rsa("rsa.pem"),
            Self::OtherRsa => rsa("rsa2.pem"),
            Self::Ecdsa => KeyPair::generate().unwrap(),
            Self::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap(),
        }
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    params
}

fn issuer(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

impl Chain {
    pub fn new(key: Key) -> Self {
        Self::with(key, |_| {})
    }

    /// With the certificate's parameters changed.
    pub fn with(key: Key, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root = CertifiedIssuer::self_signed(issuer("Test Root"), KeyPair::generate().unwrap()).unwrap();
        let (key_of_issuer, mut old) = (KeyPair::generate().unwrap(), issuer("Test Issuer"));
        old.not_after = date_time_ymd(2021, 1, 1);
        let old_intermediate = old.signed_by(&key_of_issuer, &root).unwrap().pem();
        let intermediate = CertifiedIssuer::signed_by(issuer("Test Issuer"), key_of_issuer, &root).unwrap();
        let key = key.pair();
        let mut params = named("mail.example.net");
        change(&mut params);
        let leaf = params.signed_by(&key, &intermediate).unwrap();
        Self {
            root: root.pem(),
            intermediate: intermediate.pem(),
            old_intermediate,
            leaf: leaf.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Writes `fullchain.pem` and `privkey.pem`, readable by their owner, like certbot.
    pub fn write(&self, folder: &Path) {
        write(&folder.join("fullchain.pem"), &(self.leaf.clone() + &self.intermediate));
        write(&folder.join("privkey.pem"), &self.key);
    }
}

/// Replaces the file in one step, so a running server sees no part of it.
pub fn write(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;

    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}
