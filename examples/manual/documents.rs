//! The Markdown files of the Debian package. Their links lead to the installed files. A link to a file that is not
//! installed, for example to a source file, becomes plain text.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use regex::{Captures, Regex};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FOLDER: &str = "usr/share/doc/waypost/";
/// The documents in the root of the source tree; all documents in `docs/` are installed too.
const ROOT_DOCUMENTS: [&str; 2] = ["README.md", "SECURITY.md"];
/// Files that Debian gives another name or content.
const REPLACED: [(&str, &str); 3] =
    [("CHANGELOG.md", "changelog.gz"), ("LICENSE-MIT", "copyright"), ("LICENSE-APACHE", "copyright")];

/// Writes the documents into a folder, and returns their paths.
pub fn write(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let installed = installed()?;
    fs::create_dir_all(folder.join("docs"))?;
    let mut files = Vec::new();
    for (source, name) in installed.iter().filter(|(source, _)| is_document(source)) {
        let file = folder.join(name);
        fs::write(
            &file,
            with_installed_links(&fs::read_to_string(Path::new(ROOT).join(source))?, source, &installed),
        )?;
        files.push(file);
    }
    Ok(files)
}

/// The installed files and folders: the path in the source tree, and the path in `/usr/share/doc/waypost`.
pub fn installed() -> io::Result<BTreeMap<PathBuf, PathBuf>> {
    let mut installed: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    let documents = fs::read_dir(Path::new(ROOT).join("docs"))?.collect::<io::Result<Vec<_>>>()?;
    let documents = documents.iter().map(|entry| Path::new("docs").join(entry.file_name()));
    for document in documents.filter(|path| is_document(path)).chain(ROOT_DOCUMENTS.map(PathBuf::from)) {
        installed.insert(document.clone(), document);
    }
    installed.extend(REPLACED.map(|(source, name)| (source.into(), name.into())));
    for (source, destination) in assets()? {
        let Some(name) = destination.strip_prefix(FOLDER) else { continue };
        let source = Path::new(&source);
        let Some(parent) = source.parent().filter(|_| source.ends_with("*")) else {
            let is_folder = name.is_empty() || name.ends_with('/');
            let file = source
                .file_name()
                .filter(|_| is_folder)
                .map_or(name.into(), |file| Path::new(name).join(file));
            installed.entry(source.into()).or_insert(file);
            continue;
        };
        installed.insert(parent.into(), name.trim_end_matches('/').into());
        for entry in fs::read_dir(Path::new(ROOT).join(parent))? {
            let file = entry?.file_name();
            installed.insert(parent.join(&file), Path::new(name).join(file));
        }
    }
    Ok(installed)
}

/// Source and destination of the package's assets, in Cargo.toml, without generated files.
fn assets() -> io::Result<Vec<(String, String)>> {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml"))?;
    let asset = Regex::new(r#"(?m)^    \["([^"]+)", "([^"]+)", "\d+"\],$"#).expect("the expression is valid");
    let assets = asset.captures_iter(&manifest).map(|found| (found[1].to_owned(), found[2].to_owned()));
    Ok(assets.filter(|(source, _)| !source.starts_with("target/")).collect())
}

fn is_document(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md") && path != Path::new("CHANGELOG.md")
}

/// The text of a document with its relative links replaced.
pub fn with_installed_links(text: &str, document: &Path, installed: &BTreeMap<PathBuf, PathBuf>) -> String {
    let link = Regex::new(r"\[([^\[\]]+)\]\(([^)\s#]+)(#[^)\s]*)?\)").expect("the expression is valid");
    let folder = document.parent().unwrap_or(Path::new(""));
    let replace = |found: &Captures<'_>| {
        let (label, target) = (&found[1], &found[2]);
        if target.contains(':') {
            return found[0].to_owned();
        }
        match installed.get(&normal(&folder.join(target))) {
            // A document is installed in the same place as in the source tree.
            Some(file) => {
                let to_root = "../".repeat(folder.components().count());
                let fragment = found.get(3).map_or("", |fragment| fragment.as_str());
                let file = file
                    .strip_prefix(folder)
                    .map_or(to_root + &file.to_string_lossy(), |file| file.to_string_lossy().into_owned());
                format!("[{label}]({file}{fragment})")
            }
            None => label.to_owned(),
        }
    };
    // The blocks of code are at odd positions.
    let parts = text.split("```").enumerate();
    let parts = parts.map(|(index, part)| match index % 2 {
        0 => link.replace_all(part, replace).into_owned(),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("```")
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            component => normal.push(component),
        }
    }
    normal
}
