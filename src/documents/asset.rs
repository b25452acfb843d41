//! Static files of the pages. A file's name contains a hash of its content, so browsers can cache it for ever.

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// A file whose content never changes under its name.
#[derive(Debug, Clone)]
pub struct Asset {
    name: String,
    pub content_type: &'static str,
    pub content: Bytes,
}

impl Asset {
    /// `file_name` has an extension; the hash goes before it.
    pub fn new(file_name: &str, content_type: &'static str, content: Bytes) -> Self {
        let (stem, extension) = file_name.rsplit_once('.').expect("an asset's file name has an extension");
        let digest = Sha256::digest(&content);
        let first: [u8; 8] = digest[..8].try_into().expect("a SHA-256 has 32 bytes");
        let name = format!("{stem}.{:016x}.{extension}", u64::from_be_bytes(first));
        Self { name, content_type, content }
    }

    pub fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}
