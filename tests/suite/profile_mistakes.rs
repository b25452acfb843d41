//! Mistakes that operators made in profiles: each problem says what to write instead.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use waypost::check::{check_profile, findings};
use waypost::config::Config;
use waypost::diagnostics::{Problem, Severity};

use crate::common::{Files, SERVERS, assert_document, domains, profile};

/// The problems and findings of a configuration, one block each.
fn report(files: &Files) -> String {
    let config = Config::load_valid_parts(&files.path("waypost.toml")).unwrap();
    let folder = format!("{}/", files.path("profiles").parent().unwrap().display());
    let mut text = String::new();
    for problem in &config.notes {
        let _ = writeln!(text, "{problem}\n");
    }
    let checks: Vec<_> =
        (0..config.directory.entries().len()).filter_map(|index| check_profile(&config, index)).collect();
    for finding in findings(&checks) {
        let location = &finding.occurrences[0].location;
        let (severity, message, hint) = (finding.severity, &finding.message, &finding.hint);
        let _ = writeln!(text, "{severity}: {message}\n  --> {location}\nhint: {hint}\n");
    }
    text.replace(&folder, "")
}

/// The files of `tests/data/field/profiles`, each as the only profile, compared with one report.
#[test]
fn gives_a_hint_for_each_mistake_of_operators() {
    let folder = Path::new("tests/data/field/profiles");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut text = String::new();
    for path in paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let files = Files::new("", &[]);
        fs::write(files.path("profiles").join(&name), fs::read(&path).unwrap()).unwrap();
        let _ = writeln!(text, "== {name}\n{}", report(&files));
    }
    assert_document("field/profiles.txt", &text);
}

/// Files beside the profiles that are not read are warned about, except copies and files that a profile names.
#[test]
fn warns_of_files_that_are_not_read() {
    let list = profile("list.example", "domains_file = \"list.txt\"\n", SERVERS);
    let files =
        Files::new("", &[("a.toml", &list), ("README.md", "a"), ("a.toml~", "a"), ("a.toml.bak", "a")]);
    files.write("profiles/list.txt", "list.example\n");
    assert_eq!(report(&files).matches("not read").count(), 0, "{}", report(&files));
    fs::create_dir(files.path("profiles/customers")).unwrap();
    for name in ["provider.tml", "provider.yaml", "customers/b.toml"] {
        files.write(&format!("profiles/{name}"), "id = \"b.example\"\n");
    }
    let text = report(&files);
    assert!(
        text.starts_with(
            "warning: profiles in subfolders are not read\n  --> profiles/customers\n\
         hint: move the profiles to the parent folder\n\n\
         warning: this file is not read: it is not a profile, and no profile refers to it\n  --> \
         profiles/provider.tml\n\
         hint: rename a profile to *.toml or *.xml; move other files to another folder\n\n\
         warning: this file is not read: it is not a profile, and no profile refers to it\n  --> \
         profiles/provider.yaml\n"
        ),
        "{text}"
    );
}

/// A user name that is the same for all people is accepted if the profile says that it is meant.
#[test]
fn accepts_a_declared_shared_mailbox() {
    let shared = SERVERS.replacen(
        "type = \"imap\"\n",
        "type = \"imap\"\nusername = \"shop\"\nshared_mailbox = true\n",
        1,
    );
    let files = Files::new("", &[("a.toml", &profile("a.example", &domains(&["a.example"]), &shared))]);
    assert_eq!(files.problems(), [""; 0]);
}

/// Mutations of a valid profile: whatever is wrong, the problem has a place and a hint.
#[test]
fn every_problem_of_a_mutated_profile_has_a_hint() {
    let valid = fs::read_to_string("config/profiles/centurylink.toml").unwrap()
        + &profile("x.example", "", SERVERS).replace("id =", "# id =").replace("display_name", "# name");
    let lines: Vec<&str> =
        valid.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    let values = [
        "",
        "true",
        "-1",
        "99999999999999999999",
        "\"\"",
        "\"%\"",
        "\"%u\"",
        "\"SSL/TLS\"",
        "'x",
        "[]",
        "[1]",
        "[\"a\" \"b\"]",
        "{ a = 1 }",
        "1979-05-27",
        "imaps://a.example",
        "\"a\u{7f}b\"",
        "nan",
    ];
    let mut mutants = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let with = |replacement: &[String]| {
            let before = lines[..index].iter().map(ToString::to_string);
            let after = lines[index + 1..].iter().map(ToString::to_string);
            before.chain(replacement.iter().cloned()).chain(after).collect::<Vec<_>>().join("\n") + "\n"
        };
        let own = (*line).to_owned();
        mutants.push(with(&[]));
        mutants.push(with(&[own.clone(), own.clone()]));
        mutants.push(with(&[own.replacen(['=', '"', '[', ']'], "", 1)]));
        mutants.push(with(&[own.replacen('=', ":", 1)]));
        mutants.push(with(&[own.clone() + " x"]));
        mutants.push(with(&[own.to_uppercase()]));
        mutants.push(with(&[own.clone() + "\nhost = \"x\"\nid = \"y.example\""]));
        if let Some((key, _)) = own.split_once(" = ") {
            mutants.extend(values.iter().map(|value| with(&[format!("{key} = {value}")])));
            mutants.push(with(&[format!("x{own}")]));
        }
    }
    let files = Files::new("", &[]);
    let mut problems = 0;
    for mutant in &mutants {
        files.write("profiles/a.toml", mutant);
        let config = Config::load_valid_parts(&files.path("waypost.toml")).unwrap();
        for problem in &config.notes {
            let Problem { severity, hint, location, .. } = problem;
            let has_hint = hint.as_ref().is_some_and(|hint| hint.len() > 5);
            assert!(has_hint || *severity == Severity::Note, "{problem}\n{mutant}");
            assert!(location.line > 0 || location.file.ends_with("profiles"), "{problem}\n{mutant}");
            problems += 1;
        }
    }
    assert!(mutants.len() > 200 && problems > 200, "{} mutants, {problems} problems", mutants.len());
}

/// One note for a profile, however many duplicates a list has.
#[test]
fn groups_duplicates_of_a_list() {
    let list = profile("list.example", "domains_file = \"list.txt\"\n", SERVERS);
    let files = Files::new("", &[("a.toml", &list)]);
    files.write("profiles/list.txt", &"a.example\nb.example\nc.example\n".repeat(100));
    assert_eq!(
        files.problems(),
        [
            "note: `a.example` and 296 more domains are listed twice\n  --> profiles/list.txt:4:1\nhint: remove the \
          duplicates"
        ]
    );
    assert_eq!(files.load().directory.domain_count(), 3);
}
