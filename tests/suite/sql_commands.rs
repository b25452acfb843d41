//! The commands with `[directory.sql]`. In most tests the database does not answer: its file does not exist.

use std::fs;
use std::process::Output;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use waypost::directory::{SqlListBuilder, saved_list};

use crate::cli::{code, err, out, waypost};
use crate::common::{Files, SERVERS, assert_document, domains, profile, server};
use crate::sql;

const SETTINGS: &str = "\
state_dir = \"state\"

[dns]
target = \"config.example.net\"

[directory.sql]
url = \"sqlite:///none/domains.db\"
query = \"SELECT domain, profile FROM domain\"
";

/// A profile with a domain of its own, and a profile whose domains are in the database.
fn files() -> Files {
    let own = profile("files.example", &domains(&["files.example", "both.example"]), SERVERS);
    // POP3 gives the profile a matrix of its own.
    let servers = SERVERS.to_owned() + &server("incoming", "pop3", 995, "SSL", "");
    let hosted = profile("hosted.example", "", &servers).replace("Example", "Hosted");
    let files = Files::new(SETTINGS, &[("files.toml", &own), ("hosted.toml", &hosted)]);
    fs::create_dir(files.path("state")).unwrap();
    files
}

/// The same with a list that was saved three hours ago.
fn files_with_saved_list() -> Files {
    let files = files();
    let mut builder = SqlListBuilder::default();
    let rows = [
        ("a.example", "hosted.example"),
        ("b.example", "hosted.example"),
        ("both.example", "hosted.example"),
        ("c.example", "missing.example"),
    ];
    for (domain, profile) in rows {
        builder.push_with_profile(Some(domain), Some(profile)).unwrap();
    }
    let saved = SystemTime::now() - Duration::from_mins(181);
    saved_list::write(&files.path("state"), &builder.build(), saved).unwrap();
    files
}

fn run(files: &Files, arguments: &[&str]) -> Output {
    waypost(files.path("."), &[arguments, &["--config", "waypost.toml"]].concat())
}

/// Standard error without its line breaks.
fn message(output: &Output) -> String {
    err(output).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}{}", out(output), err(output)))
}

#[test]
fn check_offline_uses_the_saved_list() {
    let files = files_with_saved_list();
    let output = run(&files, &["check", "--offline"]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    assert_document("check/sql_offline.txt", out(&output));
    let mut report = json(&run(&files, &["check", "--offline", "--format", "json"]));
    let sql = &mut report["sql"];
    assert!(sql["age_seconds"].take().as_u64().unwrap() > 3 * 3600);
    assert!(sql["confirmed"].take().as_str().unwrap().ends_with('Z'));
    let none = json!({ "count": 0, "examples": [] });
    assert_eq!(
        *sql,
        json!({
            "origin": "saved",
            "domains": 2,
            "confirmed": null,
            "age_seconds": null,
            "error": null,
            "skipped_rows": {
                "null": none,
                "invalid": none,
                "invalid_profile": none,
                "conflicting": none,
                "unknown_profile": { "count": 1, "examples": ["c.example: missing.example"] },
                "in_files": { "count": 1, "examples": ["both.example"] },
            },
        })
    );
    assert_eq!(report["domains"], 4);
    assert_eq!(code(&run(&files, &["check", "--offline", "--deny", "warnings"])), 1);
}

#[test]
fn check_offline_without_a_saved_list_has_a_note() {
    let files = files();
    let output = run(&files, &["check", "--offline"]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    let text = out(&output);
    assert!(text.contains("note: there is no saved list, so the domains of the database"), "{text}");
    assert!(text.contains("no list of domains from the database\n"), "{text}");
    assert!(text.contains("hosted.example), checked with jane.doe@example.com"), "{text}");
    assert_eq!(json(&run(&files, &["check", "--offline", "--format", "json"]))["sql"]["origin"], "none");
}

/// The error of the database is an error of the check, but not of the configuration: the server starts.
#[test]
fn check_reports_a_database_that_does_not_answer() {
    let files = files_with_saved_list();
    for arguments in [&["check"][..], &["check", "--online"]] {
        let output = run(&files, arguments);
        assert_eq!(code(&output), 1);
        let text = out(&output);
        assert!(text.starts_with("error: the list of domains cannot be read: "), "{text}");
        assert!(text.contains("--> waypost.toml:6:1\n"), "{text}");
        assert!(text.contains("2 domains from the saved list, which is 3 hours old\n"), "{text}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("hash: "));
    }
    let report = json(&run(&files, &["check", "--format", "json"]));
    assert_eq!(report["sql"]["origin"], "saved");
    assert!(report["sql"]["error"]["message"].is_string() && report["sql"]["error"]["hint"].is_string());
    assert_eq!(report["problems"][0]["severity"], "error");
    // A domain of the saved list.
    let output = run(&files, &["check", "b.example"]);
    assert!(out(&output).contains("checked with jane.doe@b.example"), "{}", out(&output));
    assert_eq!(err(&output), "");
}

#[test]
fn a_damaged_saved_list_is_reported_and_not_used() {
    let files = files_with_saved_list();
    let path = saved_list::path(&files.path("state"));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.strip_suffix("end\n").unwrap()).unwrap();
    let output = run(&files, &["check", "--offline"]);
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(
        text.starts_with("warning: the saved list of domains cannot be read: it is incomplete"),
        "{text}"
    );
    assert!(text.contains("state/sql-domains.txt"), "{text}");
    let output = run(&files, &["dns", "--all"]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    let text = message(&output);
    assert!(text.contains("the saved list cannot be read: it is incomplete"), "{text}");
}

#[test]
fn show_uses_the_saved_list_if_the_database_does_not_answer() {
    let files = files_with_saved_list();
    let output = run(&files, &["show", "jane@a.example"]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("Hosted"), "{}", out(&output));
    assert!(err(&output).starts_with("warning: "), "{}", err(&output));
    let text = message(&output);
    assert!(text.contains("using the saved list, which is 3 hours old"), "{text}");
    // A file counts before the database, which is not asked.
    for address in ["jane@files.example", "jane@both.example"] {
        let output = run(&files, &["show", address]);
        assert_eq!((code(&output), err(&output)), (0, ""));
        assert!(!out(&output).contains("Hosted"));
    }
    fs::remove_file(saved_list::path(&files.path("state"))).unwrap();
    let output = run(&files, &["show", "jane@a.example"]);
    assert_eq!((code(&output), out(&output)), (2, ""), "it is unknown whether the domain is served");
    let text = message(&output);
    assert!(
        text.starts_with("error: ") && text.contains("the domains of the database are missing"),
        "{text}"
    );
}

/// An incomplete zone would delete the records of customers.
#[test]
fn dns_prints_all_domains_only_with_a_list() {
    let files = files_with_saved_list();
    let names = |output: &Output| {
        let records = json(output);
        let domains =
            records.as_array().unwrap().iter().map(|one| one["domain"].as_str().unwrap().to_owned());
        domains.collect::<Vec<_>>()
    };
    let all = ["dns", "--all", "--format", "json"];
    let output = run(&files, &all);
    assert_eq!(code(&output), 0);
    assert_eq!(names(&output), ["a.example", "b.example", "both.example", "files.example"]);
    let text = message(&output);
    assert!(text.contains("using the saved list, which is 3 hours old"), "{text}");
    fs::remove_file(saved_list::path(&files.path("state"))).unwrap();
    for arguments in [&all[..], &["dns", "--all", "--check"]] {
        let output = run(&files, arguments);
        assert_eq!((code(&output), out(&output)), (2, ""));
        let text = message(&output);
        assert!(
            text.starts_with("error: ") && text.contains("the domains of the database are missing"),
            "{text}"
        );
    }
    let output = run(&files, &["dns", "files.example"]);
    assert_eq!(code(&output), 0);
    let text = message(&output);
    assert!(text.contains("the domains of the database are missing"), "{text}");
}

/// A database with two domains that are served, and rows for every reason why a row is not served.
fn files_with_database() -> Files {
    let files = files();
    files.write("waypost.toml", &SETTINGS.replace("/none/domains.db", "domains.db").replace(":///", "://"));
    sql::write(
        &files.path("domains.db"),
        "CREATE TABLE domain (domain TEXT, profile TEXT);
         INSERT INTO domain VALUES
         ('A.example', 'hosted.example'), ('b.example', 'hosted.example'), ('both.example', 'hosted.example'),
         ('b.example', 'files.example'), ('c.example', 'missing.example'), ('d.example', 'not an id'),
         (NULL, 'hosted.example'), ('e.example', ''), ('ALL', 'hosted.example'),
         ('-1.example', 'hosted.example'), ('-2.example', 'hosted.example'), ('-3.example', 'hosted.example'),
         ('-4' || char(27) || '[0m', 'hosted.example'), ('-5.example', 'hosted.example');",
    );
    files
}

#[test]
fn check_reports_the_rows_that_are_not_served() {
    let files = files_with_database();
    let output = run(&files, &["check", "--matrix", "all"]);
    assert_eq!((code(&output), err(&output)), (1, ""));
    let text = out(&output);
    let (problems, rest) = text.split_once("note: imap.example.com").unwrap();
    assert_document("check/sql_rows.txt", problems);
    assert!(rest.contains("(hosted.example), checked with jane.doe@a.example\n"), "{rest}");
    let last = "\n2 domains from the database\n2 profiles for 4 domains: 1 error, 5 warnings, 4 notes\n";
    assert!(rest.ends_with(last), "{rest}");
    let sql = json(&run(&files, &["check", "--format", "json"]))["sql"].clone();
    assert_eq!(
        (&sql["origin"], &sql["domains"], &sql["error"]),
        (&json!("database"), &json!(2), &Value::Null)
    );
    assert_eq!(sql["skipped_rows"]["conflicting"], json!({ "count": 1, "examples": ["b.example"] }));
    assert_eq!(sql["skipped_rows"]["invalid"]["count"], 6);
    // A selection has errors, and no warnings about other domains.
    let output = run(&files, &["check", "a.example"]);
    assert_eq!(code(&output), 1);
    let text = out(&output);
    assert!(text.contains("error: ") && !text.contains("warning: "), "{text}");
}

#[test]
fn show_and_dns_read_the_database() {
    let files = files_with_database();
    let output = run(&files, &["show", "jane@a.example"]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    assert!(out(&output).contains("Hosted"), "{}", out(&output));
    let output = run(&files, &["show", "jane@unknown.example"]);
    assert_eq!(code(&output), 1);
    let text = message(&output);
    assert!(
        text.ends_with(
            "hint: add the domain to the database, or to `domains` or `domains_file` of a profile"
        )
    );
    for arguments in [&["dns", "--all"][..], &["dns", "b.example"]] {
        let output = run(&files, arguments);
        assert_eq!((code(&output), err(&output)), (0, ""));
        assert!(out(&output).contains("autoconfig.b.example."), "{}", out(&output));
    }
}
