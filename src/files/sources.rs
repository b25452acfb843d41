//! The source files of a configuration: read within limits, and recorded so that a later poll finds out whether they
//! have changed.
//!
//! Polling compares metadata. inotify sees no changes on network file systems, and loses a folder when a symbolic link
//! to it is replaced, as Kubernetes does for a ConfigMap. `notify::PollWatcher` polls too, but takes its first snapshot
//! when it is started instead of when a file is read, and without hashing every file in every poll it misses a
//! replacement that is older than the original.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::read::{read, utf8};
use super::state::{FileState, Filter, list_folder};

/// The files that were read, with their state just before.
#[derive(Debug, Default)]
pub struct SourceFiles {
    files: RefCell<BTreeMap<PathBuf, SourceFile>>,
    used_fallback: Cell<bool>,
}

#[derive(Debug, Clone)]
struct SourceFile {
    state: FileState,
    /// Of a folder.
    filter: Option<Filter>,
    /// Of the content; None if the content is not part of the configuration.
    hash: Option<Sha256>,
    /// Of a text.
    end: Option<TextEnd>,
}

/// How a text ends: a file that lost its end is probably half written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextEnd {
    /// The text is empty.
    Empty,
    /// A line feed, in a list.
    LineFeed,
    Other,
}

/// A hash of a configuration's content. Replicas with the same files have the same hash, wherever the folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigHash([u8; 32]);

impl SourceFiles {
    /// Reads a text of at most `largest` bytes, without its byte order mark.
    ///
    /// # Errors
    /// With a [`NotUtf8`](super::read::NotUtf8) if the file is not UTF-8, and as [`Self::read_bytes`].
    pub fn read_text(&self, path: &Path, largest: u64) -> io::Result<String> {
        let content = self.read_text_bytes(path, largest)?;
        let mut text = utf8(content).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if text.starts_with('\u{FEFF}') {
            text.remove(0);
        }
        Ok(text)
    }

    /// Reads a text in any encoding.
    ///
    /// # Errors
    /// As [`Self::read_bytes`].
    pub fn read_text_bytes(&self, path: &Path, largest: u64) -> io::Result<Vec<u8>> {
        let content = self.read_bytes(path, largest)?;
        let end = if content.is_empty() { TextEnd::Empty } else { TextEnd::Other };
        self.update(path, |file| file.end = Some(end));
        Ok(content)
    }

    /// Reads a text with one entry per line. Only its last line feed shows that such a text is complete.
    ///
    /// # Errors
    /// As [`Self::read_text`].
    pub fn read_list(&self, path: &Path, largest: u64) -> io::Result<String> {
        let text = self.read_text(path, largest)?;
        if text.ends_with('\n') {
            self.update(path, |file| file.end = Some(TextEnd::LineFeed));
        }
        Ok(text)
    }

    /// Reads a file of at most `largest` bytes.
    ///
    /// # Errors
    /// If the path is not a file, is larger, or cannot be read.
    pub fn read_bytes(&self, path: &Path, largest: u64) -> io::Result<Vec<u8>> {
        // First the state: a change while the file is read is a change.
        self.watch(path);
        let content = read(path, largest)?;
        self.add_content(path, &content);
        Ok(content)
    }

    /// The selected files of a folder, except hidden ones, sorted by name.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn list_folder(&self, path: &Path, filter: Filter) -> io::Result<Vec<PathBuf>> {
        self.record(path, Some(filter));
        list_folder(path, filter)
    }

    /// Records a file that is read elsewhere, because it contains a secret.
    pub fn watch(&self, path: &Path) {
        self.record(path, None);
    }

    /// Whether a file was read or recorded.
    pub fn has(&self, path: &Path) -> bool {
        self.files.borrow().contains_key(path)
    }

    /// Adds to the hash what counts of a recorded file: the certificates of a file that has a key too, for instance.
    pub fn add_content(&self, path: &Path, content: &[u8]) {
        self.update(path, |file| {
            file.hash.get_or_insert_default().update(Sha256::digest(content));
        });
    }

    /// Records that a file could not be used and something else is served instead.
    pub fn set_used_fallback(&self) {
        self.used_fallback.set(true);
    }

    /// Whether a fallback is served. The file may become usable without a visible change, so a reload is retried.
    pub fn used_fallback(&self) -> bool {
        self.used_fallback.get()
    }

    /// How each text ends.
    pub fn text_ends(&self) -> BTreeMap<PathBuf, TextEnd> {
        let files = self.files.borrow();
        files.iter().filter_map(|(path, file)| Some((path.clone(), file.end?))).collect()
    }

    /// Whether every file has the state it had when it was read. An unknown state is not a change.
    pub fn are_unchanged(&self) -> bool {
        self.files.borrow().iter().all(|(path, file)| {
            let state = FileState::of(path, file.filter);
            state == FileState::Unknown || state == file.state
        })
    }

    /// The same files with their present state, and the new files of the folders.
    #[must_use]
    pub fn refreshed(&self) -> Self {
        let refreshed = Self::default();
        for (path, file) in self.files.borrow().iter() {
            let state = FileState::of(path, file.filter);
            if let FileState::Folder(paths) = &state {
                for path in paths {
                    refreshed.watch(path);
                }
            }
            refreshed.files.borrow_mut().insert(path.clone(), SourceFile { state, ..file.clone() });
        }
        refreshed
    }

    /// The hash of everything that was read. Files below `folder` count with their relative path.
    pub fn hash(&self, folder: &Path) -> ConfigHash {
        let mut hash = Sha256::new();
        for (path, file) in self.files.borrow().iter() {
            let Some(content) = &file.hash else { continue };
            let name = path.strip_prefix(folder).unwrap_or(path).as_os_str().as_encoded_bytes();
            // The digest of a name ends where the next digest begins, whatever its length.
            hash.update(Sha256::digest(name));
            hash.update(content.clone().finalize());
        }
        ConfigHash(hash.finalize().into())
    }

    /// Keeps the first state of a file that is recorded twice: it may have changed in between.
    fn record(&self, path: &Path, filter: Option<Filter>) {
        let mut files = self.files.borrow_mut();
        if !files.contains_key(path) {
            let state = FileState::of(path, filter);
            files.insert(path.to_owned(), SourceFile { state, filter, hash: None, end: None });
        }
    }

    fn update(&self, path: &Path, change: impl FnOnce(&mut SourceFile)) {
        self.files.borrow_mut().get_mut(path).map(change);
    }
}

/// The first 16 hexadecimal digits: short enough to compare by eye.
impl fmt::Display for ConfigHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn is_toml(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "toml")
    }

    #[test]
    fn detects_changes_of_source_files_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        write("a.toml", "1");
        let read = || {
            let sources = SourceFiles::default();
            sources.list_folder(folder.path(), is_toml).unwrap();
            let _ = sources.read_text(&path("a.toml"), 10);
            sources
        };
        let before = read();
        write("a.toml.swp", "of an editor");
        // A new file is recorded by its first refresh, and then seen to grow.
        write("c.toml", "5");
        let growing = before.refreshed();
        write("c.toml", "56");
        assert!(!growing.are_unchanged());
        fs::remove_file(path("c.toml")).unwrap();
        write(".b.toml", "hidden");
        assert!(before.are_unchanged());
        let changes: [&dyn Fn(); 5] = [
            &|| write("a.toml", "2"),
            &|| {
                write("new", "3");
                fs::rename(path("new"), path("a.toml")).unwrap();
            },
            &|| write("b.toml", "4"),
            &|| fs::remove_file(path("a.toml")).unwrap(),
            &|| fs::create_dir(path("a.toml")).unwrap(),
        ];
        for (number, change) in changes.iter().enumerate() {
            let before = read();
            change();
            assert!(!before.are_unchanged(), "{number}");
            assert!(before.refreshed().are_unchanged(), "{number}");
        }
    }

    /// Kubernetes updates a ConfigMap this way: the paths stay, and a link in them is replaced.
    #[test]
    fn detects_a_replaced_symbolic_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (version, text) in [("..1", "one"), ("..2", "two")] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("waypost.toml"), text).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/waypost.toml", path("waypost.toml")).unwrap();
        let before = SourceFiles::default();
        assert_eq!(before.read_text(&path("waypost.toml"), 10).unwrap(), "one");
        symlink("..2", path("..tmp")).unwrap();
        fs::rename(path("..tmp"), path("..data")).unwrap();
        assert!(!before.are_unchanged());
        // Reading a file again does not replace its first state.
        assert_eq!(before.read_text(&path("waypost.toml"), 10).unwrap(), "two");
        assert!(!before.are_unchanged());
        let after = SourceFiles::default();
        assert_eq!(after.read_text(&path("waypost.toml"), 10).unwrap(), "two");
        assert!(after.are_unchanged());
    }

    #[test]
    fn removes_a_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("domains.txt");
        fs::write(&path, "\u{FEFF}example.com\n").unwrap();
        assert_eq!(SourceFiles::default().read_list(&path, 100).unwrap(), "example.com\n");
    }

    #[test]
    fn the_same_content_in_another_folder_has_the_same_hash() {
        let hash = |name: &str, text: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let sources = SourceFiles::default();
            sources.read_text(&folder.path().join(name), 10).unwrap();
            sources.hash(folder.path())
        };
        assert_eq!(hash("a", "1"), hash("a", "1"));
        assert_ne!(hash("a", "1"), hash("a", "2"));
        assert_ne!(hash("a", "1"), hash("b", "1"));
        assert_eq!(hash("a", "1").to_string().len(), 16);
    }
}
