//! The gate's check of dependencies between modules (`.ci/layers`).

use std::fs;
use std::path::Path;
use std::process::Command;

/// The exit code and the output for a copy of `src` in which lines were added to some files.
fn layers(additions: &[(&str, &str)]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let src = folder.path().join("src");
    copy(Path::new("src"), &src);
    for (file, lines) in additions {
        let path = src.join(file);
        let text = fs::read_to_string(&path).unwrap();
        // Before the tests, which are not checked.
        let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
        fs::write(&path, format!("{}{lines}\n{}", &text[..end], &text[end..])).unwrap();
    }
    let output = Command::new(".ci/layers").arg(&src).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
#[ignore = "needs python3"]
fn layers_accepts_the_tree_and_finds_planted_violations() {
    assert_eq!(layers(&[]), (Some(0), String::new()));
    let upwards = "address uses cli, which is not below it\n".to_owned();
    for planted in [
        "use crate::cli::Arguments;",
        "pub type Planted = crate::cli::Arguments;",
        "use crate::cli as planted; pub type Planted = planted::Arguments;",
        "use crate::{cli::{Arguments as Planted}};",
    ] {
        assert_eq!(layers(&[("address.rs", planted)]), (Some(1), upwards.clone()), "{planted}");
    }
    assert_eq!(layers(&[("address.rs", "// use crate::cli::Arguments;")]), (Some(0), String::new()));
    let (code, output) = layers(&[
        ("service/signals.rs", "use super::systemd::ready as planted;"),
        ("service/systemd.rs", "use super::signals::Signals as Planted;"),
    ]);
    assert_eq!(
        (code, output.as_str()),
        (Some(1), "these files form a cycle: service::signals, service::systemd\n")
    );
    // Through a re-export, the dependency is on the file that defines the item.
    let (code, output) = layers(&[("service/error.rs", "use super::Reloader as Planted;")]);
    assert_eq!((code, output), (Some(0), String::new()));
    let (code, output) = layers(&[("service/reload.rs", "use super::run as planted;")]);
    assert_eq!(
        (code, output.as_str()),
        (Some(1), "these files form a cycle: service::reload, service::run, service::watch\n")
    );
}
