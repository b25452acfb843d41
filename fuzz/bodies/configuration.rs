//! `waypost.toml`, loaded with one profile beside it: every problem has a place, or the server starts and answers.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use tempfile::TempDir;
use waypost::config::{Config, LoadError, Settings};
use waypost::diagnostics::Problem;
use waypost::http::App;

use super::server::STRANGER;
use super::server::ask;

pub fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let files = [("waypost.toml", text), ("profiles/pop.toml", include_str!("mapping/pop.toml"))];
    with_files(&files, |folder| {
        let file = folder.join("waypost.toml");
        match Config::load(&file) {
            Ok(config) => {
                assert!(!config.notes.iter().any(Problem::is_error), "an error, and it was loaded");
                assert_told(&config.notes, &file, text);
                assert_settings(&config.settings);
                serve(config);
            }
            Err(LoadError::Problems(problems)) => {
                assert!(problems.iter().any(Problem::is_error), "no error, and it was not loaded");
                assert_told(&problems, &file, text);
            }
            Err(error) => panic!("{error:?}"),
        }
    });
}

/// The files of this input, in a folder of this thread. The files of the previous input are removed.
pub fn with_files(files: &[(&str, &str)], then: impl FnOnce(&Path)) {
    thread_local! {
        static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().unwrap()).path();
        for below in ["profiles", "imported"].map(|name| folder.join(name)) {
            let _ = fs::remove_dir_all(&below);
            fs::create_dir(below).unwrap();
        }
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        then(folder);
    });
}

/// A problem has a message, an existing place and a hint.
pub fn assert_told(problems: &[Problem], file: &Path, text: &str) {
    let lines = text.split('\n').count();
    for problem in problems {
        assert!(!problem.message.is_empty(), "{problem:?}");
        assert!(problem.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "no next step: {problem:?}");
        if *problem.location.file != *file {
            continue;
        }
        let (line, column) = (problem.location.line, problem.location.column);
        assert_eq!(line == 0, column == 0, "{problem:?}");
        assert!(line <= lines, "{problem:?} is behind the end");
        let length = text.split('\n').nth(line.saturating_sub(1)).map_or(0, |line| line.chars().count());
        assert!(column <= length + 1, "{problem:?} is behind the end of its line");
    }
}

/// The invariants that the program relies on.
fn assert_settings(settings: &Settings) {
    assert!(!settings.listen.is_empty());
    let times = [
        settings.limits.header_timeout,
        settings.limits.request_timeout,
        settings.limits.idle_timeout,
        settings.limits.shutdown_timeout,
    ];
    let hour = Duration::from_hours(1);
    assert!(times.iter().all(|time| (Duration::from_secs(1)..=hour).contains(time)), "{times:?}");
    assert!((1..=1_000_000).contains(&settings.limits.max_connections));
    assert!((1..=86_400).contains(&settings.dns.ttl));
    if let Some(url) = &settings.public_url {
        assert_eq!(url.to_string().parse().as_ref(), Ok(url));
    }
    assert!(settings.admin.listen.as_ref().is_none_or(|listen| !settings.listen.contains(listen)));
}

fn serve(config: Config) {
    let default: PathBuf = "profiles".into();
    let is_ours = config.settings.profiles.as_ref().is_some_and(|folder| folder.ends_with(&default));
    let request = Request::get("/mail/config-v1.1.xml").header(header::HOST, "pop.example");
    let answer = ask(&App::new(config), STRANGER, request.body(Body::empty()).unwrap());
    assert!(!is_ours || answer.status == 200, "{answer:?}");
}
