//! A domain on the command line.

use std::path::Path;

use crate::address::Domain;

/// Reads a domain. For a wildcard, an address or a file name, the error says what to write.
pub fn domain(text: &str) -> Result<Domain, String> {
    if text.starts_with("*.") {
        return Err("name a domain below the wildcard".to_owned());
    }
    if text.contains('@') {
        return Err("write only the part after the @".to_owned());
    }
    if text.contains('/') || Path::new(text).is_file() {
        return Err("this is a file, not a domain; name a configuration file with --config".to_owned());
    }
    text.parse().map_err(|error| format!("{error}"))
}
