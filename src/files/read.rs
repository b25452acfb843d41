//! Reading files within bounds: whatever a path leads to, it neither fills the memory nor makes us wait.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Of a file that a person or a certificate authority writes, in bytes.
pub const LARGEST_TEXT: u64 = 8 * 1024 * 1024;

/// Of a list of a million domains, in bytes.
pub const LARGEST_LIST: u64 = 64 * 1024 * 1024;

/// Reads a file of so many bytes at most.
///
/// # Errors
/// What is not a file (a pipe would wait for somebody to write into it), is larger, or cannot be read.
pub fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is not a file"));
    }
    let mut content = Vec::new();
    // It may grow while it is read.
    File::open(path)?.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest {
        let megabytes = largest / (1024 * 1024);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {megabytes} MiB")));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_too_large_or_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(folder.path(), 5).unwrap_err().to_string(), "it is not a file");
        assert_eq!(read(Path::new("/dev/zero"), 5).unwrap_err().to_string(), "it is not a file");
    }
}
