//! Certificates and keys from PEM files, and when they expire.

pub mod expiry;
pub mod pem;
pub mod tls;
