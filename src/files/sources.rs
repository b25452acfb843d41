//! The files that a configuration is made of: read whole, within bounds, and kept in mind, so that
//! it can be told later whether they are still the same.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::read::read;

/// What has been read, and how it was then.
#[derive(Debug, Default)]
pub struct SourceFiles {
    all: RefCell<BTreeMap<PathBuf, Input>>,
    gave_way: Cell<bool>,
}

#[derive(Debug, Clone)]
struct Input {
    look: Look,
    /// Of the content, where that is anybody's business.
    hash: Option<[u8; 32]>,
    /// Of a text.
    end: Option<End>,
    /// Which of a folder's files are wanted.
    is_wanted: Option<fn(&Path) -> bool>,
}

/// What can be told of a path without reading it: enough to know a file from its successor.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Look {
    Absent,
    File {
        device: u64,
        inode: u64,
        bytes: u64,
        /// Of the last change of content and of inode, in seconds and nanoseconds.
        times: [i64; 4],
    },
    /// The names that are wanted: files that are not, come and go.
    Folder(Vec<PathBuf>),
    /// It cannot be told just now: no files are left, a disk is away.
    Unknown,
}

/// How a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It has not begun.
    Empty,
    /// As a list should, with a line feed.
    Line,
    /// In some other way.
    Open,
}

/// A configuration's content, whatever its files are called outside its folder: replicas that have
/// the same one have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigHash([u8; 32]);

impl SourceFiles {
    /// Reads a text of so many bytes at most.
    ///
    /// # Errors
    /// What is not UTF-8, and else as [`Self::bytes`].
    pub fn text(&self, path: &Path, largest: u64) -> io::Result<String> {
        let content = self.bytes(path, largest)?;
        self.set_end(path, if content.is_empty() { End::Empty } else { End::Open });
        String::from_utf8(content).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
    }

    /// Reads a text of which each line is worth as much as any other, so that it cannot be told from its
    /// words whether it is whole.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn list(&self, path: &Path, largest: u64) -> io::Result<String> {
        let text = self.text(path, largest)?;
        if text.ends_with('\n') {
            self.set_end(path, End::Line);
        }
        Ok(text)
    }

    fn set_end(&self, path: &Path, end: End) {
        if let Some(input) = self.all.borrow_mut().get_mut(path) {
            input.end = Some(end);
        }
    }

    /// Reads a file of so many bytes at most.
    ///
    /// # Errors
    /// What is not a file, is larger, or cannot be read.
    pub fn bytes(&self, path: &Path, largest: u64) -> io::Result<Vec<u8>> {
        // Before it is read: what changes while it is read has changed since.
        self.watch(path);
        let content = read(path, largest)?;
        self.set_content(path, &content);
        Ok(content)
    }

    /// Keeps a file in mind that somebody else reads, and whose content is a secret.
    pub fn watch(&self, path: &Path) {
        self.keep(path, None);
    }

    /// Says what counts of a file that is kept in mind without its content: of a certificate's, for
    /// instance, all but a key.
    pub fn set_content(&self, path: &Path, content: &[u8]) {
        if let Some(input) = self.all.borrow_mut().get_mut(path) {
            // Of one that is read twice both count.
            let before = input.hash.iter().flatten().copied();
            let all: Vec<u8> = before.chain(Sha256::digest(content)).collect();
            input.hash = Some(Sha256::digest(all).into());
        }
    }

    /// What of a folder is wanted and not hidden, in the order of the names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn folder(&self, path: &Path, is_wanted: fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
        self.keep(path, Some(is_wanted));
        names(path, is_wanted)
    }

    /// What is read twice is known by the first look at it: it may have changed since.
    fn keep(&self, path: &Path, is_wanted: Option<fn(&Path) -> bool>) {
        let mut all = self.all.borrow_mut();
        if !all.contains_key(path) {
            let look = Look::at(path, is_wanted);
            all.insert(path.to_owned(), Input { look, hash: None, end: None, is_wanted });
        }
    }

    /// Notes that something that could not be used gave way to something else.
    pub fn give_way(&self) {
        self.gave_way.set(true);
    }

    /// Whether something gave way, which may come right without a trace on the files.
    pub fn gave_way(&self) -> bool {
        self.gave_way.get()
    }

    /// The texts that were read, and how they end.
    pub fn ends(&self) -> BTreeMap<PathBuf, End> {
        let inputs = self.all.borrow();
        inputs.iter().filter_map(|(path, input)| Some((path.clone(), input.end?))).collect()
    }

    /// Whether everything is as it was when it was read, as far as can be told.
    pub fn are_same(&self) -> bool {
        self.all.borrow().iter().all(|(path, input)| match (Look::at(path, input.is_wanted), &input.look) {
            (Look::Unknown, _) => true,
            (now, then) => now == *then,
        })
    }

    /// The same files as they are now, and those that are new in the folders.
    #[must_use]
    pub fn now(&self) -> Self {
        let now = Self::default();
        for (path, input) in self.all.borrow().iter() {
            let input = Input { look: Look::at(path, input.is_wanted), ..input.clone() };
            if let Look::Folder(names) = &input.look {
                for name in names {
                    now.watch(name);
                }
            }
            now.all.borrow_mut().insert(path.clone(), input);
        }
        now
    }

    /// Of all that was read, files below a folder by their names in it.
    pub fn hash(&self, folder: &Path) -> ConfigHash {
        let mut hash = Sha256::new();
        for (path, input) in self.all.borrow().iter() {
            let Some(content) = input.hash else { continue };
            let name = path.strip_prefix(folder).unwrap_or(path).as_os_str().as_encoded_bytes();
            hash.update(u64::try_from(name.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(name);
            hash.update(content);
        }
        ConfigHash(hash.finalize().into())
    }
}

/// Short enough to be read out.
impl fmt::Display for ConfigHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Look {
    /// At what a path leads to, whichever links are on the way.
    fn at(path: &Path, is_wanted: Option<fn(&Path) -> bool>) -> Self {
        let look = || {
            let Some(is_wanted) = is_wanted else { return Ok(Self::of(&fs::metadata(path)?)) };
            Ok(Self::Folder(names(path, is_wanted)?))
        };
        look().unwrap_or_else(|error: io::Error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent,
            _ => Self::Unknown,
        })
    }

    fn of(file: &Metadata) -> Self {
        let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
        Self::File { device: file.dev(), inode: file.ino(), bytes: file.size(), times }
    }
}

fn names(folder: &Path, is_wanted: fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !is_hidden(&path) && is_wanted(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Whether a file is somebody's own business: editors and version control leave such ones behind.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

pub fn extension(path: &Path) -> Option<String> {
    path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn is_toml(path: &Path) -> bool {
        path.extension().is_some_and(|extension| extension == "toml")
    }

    #[test]
    fn notices_what_counts_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        write("a.toml", "1");
        let inputs = || {
            let inputs = SourceFiles::default();
            inputs.folder(folder.path(), is_toml).unwrap();
            let _ = inputs.text(&path("a.toml"), 10);
            inputs
        };
        let before = inputs();
        write("a.toml.swp", "an editor's");
        // One that is new is seen to grow.
        write("c.toml", "5");
        let growing = before.now();
        write("c.toml", "56");
        assert!(!growing.are_same());
        fs::remove_file(path("c.toml")).unwrap();
        write(".b.toml", "hidden");
        assert!(before.are_same());
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
            let before = inputs();
            change();
            assert!(!before.are_same(), "{number}");
            assert!(before.now().are_same(), "{number}");
        }
    }

    /// As Kubernetes brings a new version of a ConfigMap: the names stay, a folder behind them moves.
    #[test]
    fn notices_a_link_that_leads_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (version, text) in [("..1", "one"), ("..2", "two")] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("waypost.toml"), text).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/waypost.toml", path("waypost.toml")).unwrap();
        let before = SourceFiles::default();
        assert_eq!(before.text(&path("waypost.toml"), 10).unwrap(), "one");
        symlink("..2", path("..tmp")).unwrap();
        fs::rename(path("..tmp"), path("..data")).unwrap();
        assert!(!before.are_same());
        // What is read again is known by the first look at it.
        assert_eq!(before.text(&path("waypost.toml"), 10).unwrap(), "two");
        assert!(!before.are_same());
        let after = SourceFiles::default();
        assert_eq!(after.text(&path("waypost.toml"), 10).unwrap(), "two");
        assert!(after.are_same());
    }

    #[test]
    fn the_same_content_in_another_folder_has_the_same_hash() {
        let hash = |name: &str, text: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let inputs = SourceFiles::default();
            inputs.text(&folder.path().join(name), 10).unwrap();
            inputs.hash(folder.path())
        };
        assert_eq!(hash("a", "1"), hash("a", "1"));
        assert_ne!(hash("a", "1"), hash("a", "2"));
        assert_ne!(hash("a", "1"), hash("b", "1"));
        assert_eq!(hash("a", "1").to_string().len(), 16);
    }
}
