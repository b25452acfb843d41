//! The files that a configuration is made of: read whole, within bounds, and kept in mind, so that
//! it can be told later whether they are still the same.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What has been read, and how it was then.
#[derive(Debug, Default)]
pub struct Inputs(RefCell<BTreeMap<PathBuf, Input>>);

#[derive(Debug, Clone)]
struct Input {
    state: State,
    /// Of the content, where that is anybody's business.
    hash: Option<[u8; 32]>,
    /// Which of a folder's files are wanted.
    is_wanted: Option<fn(&Path) -> bool>,
}

/// Enough of a file to know it from its successor, or a folder's names. None for what is not there.
type State = Option<(Identity, Vec<PathBuf>)>;
/// Device, inode, size, and the times of the last change of content and inode.
type Identity = (u64, u64, u64, [i64; 4]);

/// A configuration's content, whatever its files are called outside its folder: replicas that have
/// the same one have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigHash([u8; 32]);

/// Of a file that a person writes. A million domains, in a list of their own, may take more.
pub const LARGEST_TEXT: u64 = 8 * 1024 * 1024;
pub const LARGEST_LIST: u64 = 64 * 1024 * 1024;

impl Inputs {
    /// Reads a text.
    ///
    /// # Errors
    /// What is not a file (a pipe would wait for somebody to write into it), not in UTF-8, larger than
    /// it may be, or cannot be read.
    pub fn text(&self, path: &Path, largest: u64) -> io::Result<String> {
        String::from_utf8(self.bytes(path, largest)?)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// As [`Self::text`], whatever is in the file.
    pub fn bytes(&self, path: &Path, largest: u64) -> io::Result<Vec<u8>> {
        // Before it is read: what changes while it is read has changed since.
        let state = state(path, None);
        let read = read(path, largest);
        let hash = read.as_ref().ok().map(|content| Sha256::digest(content).into());
        self.0.borrow_mut().insert(path.to_owned(), Input { state, hash, is_wanted: None });
        read
    }

    /// Keeps a file in mind that somebody else reads, and whose content is a secret.
    pub fn watch(&self, path: &Path) {
        let input = Input { state: state(path, None), hash: None, is_wanted: None };
        self.0.borrow_mut().insert(path.to_owned(), input);
    }

    /// Says what a file comes to that is kept in mind without its content.
    pub fn amount_to(&self, path: &Path, content: &[u8]) {
        if let Some(input) = self.0.borrow_mut().get_mut(path) {
            input.hash = Some(Sha256::digest(content).into());
        }
    }

    /// What of a folder is wanted and not hidden, in the order of the names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn folder(&self, path: &Path, is_wanted: fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
        let state = state(path, Some(is_wanted));
        self.0.borrow_mut().insert(path.to_owned(), Input { state, hash: None, is_wanted: Some(is_wanted) });
        names(path, is_wanted)
    }

    /// Whether there was nothing in a file that was read.
    pub fn was_empty(&self, path: &Path) -> bool {
        let nothing: [u8; 32] = Sha256::digest(b"").into();
        self.0.borrow().get(path).is_some_and(|input| input.hash == Some(nothing))
    }

    /// Whether everything is as it was when it was read.
    pub fn are_same(&self) -> bool {
        self.0.borrow().iter().all(|(path, input)| state(path, input.is_wanted) == input.state)
    }

    /// The same files as they are now, and those that are new in the folders.
    #[must_use]
    pub fn now(&self) -> Self {
        let now = Self::default();
        for (path, input) in self.0.borrow().iter() {
            let input = Input { state: state(path, input.is_wanted), ..input.clone() };
            if let Some((_, names)) = &input.state {
                for name in names {
                    now.watch(name);
                }
            }
            now.0.borrow_mut().insert(path.clone(), input);
        }
        now
    }

    /// Of all that was read, files below a folder by their names in it.
    pub fn hash(&self, folder: &Path) -> ConfigHash {
        let mut hash = Sha256::new();
        for (path, input) in self.0.borrow().iter() {
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

/// Reads a file within bounds, and forgets it.
///
/// # Errors
/// As [`Inputs::bytes`].
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

/// How what a name leads to is, whichever links are on the way.
fn state(path: &Path, is_wanted: Option<fn(&Path) -> bool>) -> State {
    let file = fs::metadata(path).ok()?;
    match is_wanted {
        Some(is_wanted) => {
            // Of a folder the names count: files that are not wanted come and go.
            Some(((file.dev(), file.ino(), 0, [0; 4]), names(path, is_wanted).unwrap_or_default()))
        }
        None => {
            let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
            Some(((file.dev(), file.ino(), file.size(), times), Vec::new()))
        }
    }
}

fn names(folder: &Path, is_wanted: fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !super::is_hidden(&path) && is_wanted(&path) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
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
            let inputs = Inputs::default();
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
        let before = Inputs::default();
        assert_eq!(before.text(&path("waypost.toml"), 10).unwrap(), "one");
        symlink("..2", path("..tmp")).unwrap();
        fs::rename(path("..tmp"), path("..data")).unwrap();
        assert!(!before.are_same());
        assert_eq!(before.text(&path("waypost.toml"), 10).unwrap(), "two");
        assert!(before.are_same());
    }

    #[test]
    fn the_same_content_in_another_folder_has_the_same_hash() {
        let hash = |name: &str, text: &str| {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), text).unwrap();
            let inputs = Inputs::default();
            inputs.text(&folder.path().join(name), 10).unwrap();
            inputs.hash(folder.path())
        };
        assert_eq!(hash("a", "1"), hash("a", "1"));
        assert_ne!(hash("a", "1"), hash("a", "2"));
        assert_ne!(hash("a", "1"), hash("b", "1"));
        assert_eq!(hash("a", "1").to_string().len(), 16);
    }

    #[test]
    fn refuses_what_is_too_large_or_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "12345").unwrap();
        let inputs = Inputs::default();
        assert!(inputs.text(&file, 5).is_ok());
        assert_eq!(inputs.text(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(inputs.text(folder.path(), 5).unwrap_err().to_string(), "it is not a file");
        assert_eq!(inputs.text(Path::new("/dev/zero"), 5).unwrap_err().to_string(), "it is not a file");
    }
}
