//! What a path leads to, as far as it can be told without reading the file.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Selects files of a folder.
pub(super) type Filter = fn(&Path) -> bool;

/// The state of a path. Two equal states mean: the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileState {
    Absent,
    File {
        device: u64,
        inode: u64,
        bytes: u64,
        /// Seconds and nanoseconds of the last change of the content, then of the inode.
        times: [i64; 4],
    },
    /// The selected files of a folder. Other files may come and go.
    Folder(Vec<PathBuf>),
    /// The system reports an error, for instance because there are too many open files or a disk is missing.
    Unknown,
}

impl FileState {
    /// Follows symbolic links: the state changes if a link leads elsewhere. With a filter, the path is a folder.
    pub fn of(path: &Path, filter: Option<Filter>) -> Self {
        let state = match filter {
            Some(filter) => list_folder(path, filter).map(Self::Folder),
            None => fs::metadata(path).map(|file| Self::File {
                device: file.dev(),
                inode: file.ino(),
                bytes: file.size(),
                times: [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()],
            }),
        };
        state.unwrap_or_else(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            _ => Self::Unknown,
        })
    }
}

/// The selected files of a folder, except hidden ones, sorted by name.
pub(super) fn list_folder(folder: &Path, filter: Filter) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| !is_hidden(path) && filter(path));
    paths.sort();
    Ok(paths)
}

/// Whether a file's name begins with a dot. Editors and version control leave such files behind.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// The extension in lower case, without the dot.
pub fn extension(path: &Path) -> Option<String> {
    path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase)
}
