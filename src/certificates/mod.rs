//! Certificates and keys from PEM files, their expiry, and the TLS configuration made of them.

pub mod expiry;
pub mod expiry_reminder;
pub mod pem;
pub mod time;
pub mod tls;
pub mod tls_server;
