//! The exit codes of every command, for every state of the configuration (DESIGN, command line).

use crate::cli::{code, err, out, waypost};
use crate::common::{Files, SERVERS, domains, profile};

/// A configuration in each state: clean, with a note, a warning or an error as its worst finding, and unreadable.
fn states() -> [Files; 5] {
    let settings = "listen = [\"unix:/none/none.sock\"]\n[dns]\ntarget = \"config.example.net\"\n[admin]\nlisten = \
                    \"unix:/none/admin.sock\"\n";
    let clean = profile("example.com", &domains(&["example.com"]), SERVERS);
    let texts = [
        clean.clone(),
        // A host in another domain: its spelling has to be checked.
        clean.replace("imap.example.com", "imap.example.net"),
        // Some clients cannot use this user name.
        clean.clone() + "username = \"%EMAILLOCALPART%\"\n",
        clean.replace("993", "0"),
        clean,
    ];
    let files = texts.map(|text| Files::new(settings, &[("a.toml", &text)]));
    std::fs::remove_file(files[4].path("waypost.toml")).unwrap();
    files
}

#[test]
fn every_command_has_the_documented_exit_code_in_every_state() {
    let states = states();
    // `serve` does not end while it can serve.
    let table: [(&[&str], [Option<i32>; 5]); 11] = [
        (&["check"], [0, 0, 0, 1, 2].map(Some)),
        (&["check", "--format", "json"], [0, 0, 0, 1, 2].map(Some)),
        (&["check", "--deny", "warnings"], [0, 0, 1, 1, 2].map(Some)),
        (&["check", "--deny", "notes"], [0, 1, 1, 1, 2].map(Some)),
        (&["check", "example.com"], [Some(0), Some(0), Some(0), Some(1), Some(2)]),
        (&["check", "example.org"], [1, 1, 1, 1, 2].map(Some)),
        (&["show", "jane@example.com"], [0, 0, 0, 2, 2].map(Some)),
        (&["dns", "example.com"], [0, 0, 0, 2, 2].map(Some)),
        (&["serve"], [None, None, None, Some(2), Some(2)]),
        // No server answers; its settings are valid even where a profile is not.
        (&["health"], [1, 1, 1, 1, 2].map(Some)),
        (&["reload"], [2, 2, 2, 2, 2].map(Some)),
    ];
    for (arguments, codes) in table {
        for (state, (files, expected)) in states.iter().zip(codes).enumerate() {
            let Some(expected) = expected else { continue };
            let output = waypost(files.path("."), &[arguments, &["--config", "waypost.toml"]].concat());
            assert_eq!(
                code(&output),
                expected,
                "{arguments:?} in state {state}: {}{}",
                out(&output),
                err(&output)
            );
        }
    }
}

/// A denied finding is an error in the report, too.
#[test]
fn denied_findings_are_reported_as_errors() {
    let [_, note, warning, ..] = states();
    for (files, deny, report) in [
        (&note, "warnings", "good, 2 notes"),
        (&note, "notes", "1 error, 1 note"),
        (&warning, "warnings", "2 errors, 2 notes"),
        (&warning, "notes", "3 errors, 1 note"),
    ] {
        let output = waypost(files.path("."), &["check", "--config", "waypost.toml", "--deny", deny]);
        let last = out(&output).lines().last().unwrap_or_default().to_owned();
        assert_eq!(last, format!("1 profile for 1 domain: {report}"), "{}", out(&output));
    }
}

#[test]
fn import_exits_with_1_for_errors_and_2_if_it_cannot_run() {
    let provider = |more: &str| {
        format!(
            "<clientConfig version=\"1.1\"><emailProvider id=\"a.example\"><domain>a.example</domain>\
             <displayName>A</displayName>{more}<incomingServer type=\"imap\"><hostname>imap.a.example</hostname>\
             <port>993</port><socketType>SSL</socketType></incomingServer><outgoingServer type=\"smtp\">\
             <hostname>smtp.a.example</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>\
             </emailProvider></clientConfig>"
        )
    };
    for (text, expected) in [
        (provider(""), 0),
        (provider("<displayShortName/>"), 0),
        (provider("<domain>not a domain</domain>"), 1),
        ("<html/>".to_owned(), 1),
    ] {
        let files = Files::new("", &[]);
        files.write("a.xml", &text);
        let output = waypost(files.path("."), &["import", "a.xml", "--into", "profiles"]);
        assert_eq!(code(&output), expected, "{text}: {}", err(&output));
    }
    let files = Files::new("", &[]);
    assert_eq!(code(&waypost(files.path("."), &["import", "none.xml", "--into", "profiles"])), 2);
}

#[test]
fn invalid_arguments_exit_with_2() {
    for arguments in [
        &["check", "--deny", "everything"][..],
        &["check", "not a domain"],
        &["show"],
        &["dns"],
        &["reload", "--listen", "nowhere"],
        &["health", "--timeout", "0"],
        &["import"],
        &["nonsense"],
    ] {
        assert_eq!(code(&waypost(".", arguments)), 2, "{arguments:?}");
    }
}
