//! Reads files of limited size. Only regular files are read: a pipe or a device could block, or never end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The largest text file that a person or a certificate authority writes, in bytes.
pub const LARGEST_TEXT: u64 = 8 * 1024 * 1024;

/// The largest list of domains, in bytes: a million domains fit.
pub const LARGEST_LIST: u64 = 64 * 1024 * 1024;

/// Reads a file of at most `largest` bytes.
///
/// # Errors
/// If the path is not a regular file, is larger, or cannot be read.
pub fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is not a file"));
    }
    let mut content = Vec::new();
    // The file may grow while it is read, so the limit applies to what is read.
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
    fn rejects_large_files_and_paths_that_are_not_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(folder.path(), 5).unwrap_err().to_string(), "it is not a file");
        assert_eq!(read(Path::new("/dev/zero"), 5).unwrap_err().to_string(), "it is not a file");
    }
}
