//! The corpus of the fuzz targets, run through their bodies.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::thread;

#[path = "../../fuzz/bodies/mod.rs"]
pub mod bodies;

fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn names(folder: &str) -> BTreeSet<String> {
    files(folder).iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn every_corpus_input_passes() {
    thread::scope(|scope| {
        for (target, body) in bodies::TARGETS {
            scope.spawn(move || {
                for path in files(Path::new("fuzz/corpus").join(target)) {
                    let input = fs::read(&path).unwrap();
                    // The panic has printed the reason.
                    assert!(catch_unwind(|| body(&input)).is_ok(), "{} fails", path.display());
                }
            });
        }
    });
}

/// Every target has a body, a program and a corpus.
#[test]
fn every_target_has_a_body_and_a_corpus() {
    let targets: BTreeSet<_> = bodies::TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names("fuzz/fuzz_targets"), targets);
    assert_eq!(names("fuzz/corpus"), targets);
    let manifest = fs::read_to_string("fuzz/Cargo.toml").unwrap();
    let script = fs::read_to_string(".ci/fuzz").unwrap();
    assert!(script.contains("|| mapfile -t targets < <(basename -s .rs fuzz/fuzz_targets/*.rs)"));
    for target in &targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        let program = fs::read_to_string(format!("fuzz/fuzz_targets/{target}.rs")).unwrap();
        assert!(program.contains(&format!("bodies::{target}(data)")), "{target}");
        assert!(files(format!("fuzz/corpus/{target}")).len() > 10, "{target}");
    }
}

/// A small corpus stays readable and fits in the repository.
#[test]
fn the_corpus_is_small() {
    let all: Vec<_> = files("fuzz/corpus").iter().flat_map(files).collect();
    let bytes: u64 = all.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(bytes < 1_000_000, "{bytes} bytes");
}
