//! Reads files of limited size. Only regular files are read: a pipe or a device could block, or never end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::xml::position_after;

/// The largest text file that a person or a certificate authority writes, in bytes.
pub const LARGEST_TEXT: u64 = 8 * 1024 * 1024;

/// The largest list of domains, in bytes: a million domains fit.
pub const LARGEST_LIST: u64 = 64 * 1024 * 1024;

/// A text that is not UTF-8. Line and column count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not UTF-8: line {line}, column {column}")]
pub struct NotUtf8 {
    pub line: usize,
    pub column: usize,
}

/// The content as text.
///
/// # Errors
/// With the place of the first byte that is not UTF-8.
pub fn utf8(content: Vec<u8>) -> Result<String, NotUtf8> {
    String::from_utf8(content).map_err(|error| {
        let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let (line, column) = position_after(&valid);
        NotUtf8 { line, column }
    })
}

/// The next step after an error of [`read`] or [`utf8`]; `otherwise` if the text was not the cause.
pub fn hint<'h>(error: &io::Error, otherwise: &'h str) -> &'h str {
    if error.kind() == io::ErrorKind::InvalidData { "save it as UTF-8" } else { otherwise }
}

/// Reads a file of at most `largest` bytes.
///
/// # Errors
/// If the path is not a regular file, is larger, or cannot be read.
pub fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    // The file may grow while it is read, so the limit applies to what is read.
    File::open(path)?.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest {
        let megabytes = largest / (1024 * 1024);
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {megabytes} MiB"),
        ));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_a_text_is_not_utf8() {
        assert_eq!(utf8("ä\n".into()).unwrap(), "ä\n");
        assert_eq!(utf8(b"a\n\xc3\xa4b\xe4".to_vec()), Err(NotUtf8 { line: 2, column: 3 }));
        assert_eq!(utf8(b"\xff".to_vec()), Err(NotUtf8 { line: 1, column: 1 }));
    }

    #[test]
    fn rejects_large_files_and_paths_that_are_not_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert_eq!(read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(folder.path(), 5).unwrap_err().to_string(), "it is not a regular file");
        assert_eq!(read(Path::new("/dev/zero"), 5).unwrap_err().to_string(), "it is not a regular file");
    }
}
