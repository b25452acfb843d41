//! `waypost show`: client models on the documents of any server, JSON for scripts, and placeholders.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::cli::{code, err, out, waypost};
use crate::common::{Files, PUBLIC, SHIPPED, assert_document, data};

/// A folder without a configuration, but with documents of other servers.
fn documents() -> Files {
    let files = Files::new("", &[]);
    fs::remove_file(files.path("waypost.toml")).unwrap();
    files.write("a.xml", &fs::read_to_string(data("show/other-server.xml")).unwrap());
    files.write("b.xml", &fs::read_to_string(data("autodiscover/jane@q.com.xml")).unwrap());
    files.write("c.xml", &fs::read_to_string(data("autodiscover/error_600.xml")).unwrap());
    files.write("d.html", "<!doctype html><title>Log in</title><p>Log in<br>");
    let utf16 = fs::read_to_string(data("autodiscover/jane@q.com.xml")).unwrap().replace("utf-8", "utf-16");
    let bytes = [0xFF, 0xFE].into_iter().chain(utf16.encode_utf16().flat_map(u16::to_le_bytes));
    fs::write(files.path("e.xml"), bytes.collect::<Vec<_>>()).unwrap();
    files
}

#[test]
fn runs_a_client_model_on_any_document() {
    let files = documents();
    let mut text = String::new();
    for arguments in [
        "--client thunderbird --document a.xml",
        "--client delta-chat --document a.xml",
        "--client geary --document a.xml",
        "--client thunderbird --document a.xml --content-type text/html",
        "--client thunderbird --document a.xml --status 404",
        "--client kmail --document a.xml --status 404",
        "--client Thunderbird --document b.xml",
        "--client outlook --document b.xml",
        "--client outlook --document e.xml",
        "--client outlook --document a.xml",
        "--client parula --document b.xml",
        "--client outlook --document c.xml",
        "--client delta-chat --document c.xml",
        "--client fairemail --document d.html",
    ] {
        let words: Vec<_> = ["show", "jane@other.example"].into_iter().chain(arguments.split(' ')).collect();
        let output = waypost(files.path("."), &words);
        assert_eq!(err(&output), "", "{arguments}");
        text += &format!("$ waypost {}\n{}exit code {}\n\n", words.join(" "), out(&output), code(&output));
    }
    assert_document("show/documents.txt", &text);
}

/// `waypost show` with a document on standard input.
fn show_from_pipe(arguments: &[&str], document: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["show", "jane@other.example", "--document", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(document).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn reads_a_document_from_standard_input() {
    let document = fs::read(data("show/other-server.xml")).unwrap();
    let output = show_from_pipe(&["--client", "kmail"], &document);
    assert_eq!((code(&output), err(&output)), (0, ""));
    assert!(out(&output).contains("mail.other.example"), "{}", out(&output));
    let empty = show_from_pipe(&["--client", "kmail"], b"");
    assert_eq!(code(&empty), 1);
    assert!(out(&empty).contains("gives up: "), "{}", out(&empty));
    // A Content-Type can be missing.
    let none = show_from_pipe(&["--client", "thunderbird", "--content-type", ""], &document);
    assert_eq!(
        (code(&none), out(&none)),
        (
            1,
            "Thunderbird, by autoconfig\ngives up: the Content-Type is \
                                               ``\n"
        )
    );
}

#[test]
fn exits_with_2_if_the_model_could_not_run() {
    let files = documents();
    let show = |arguments: &str| {
        let words: Vec<_> = ["show", "jane@other.example"].into_iter().chain(arguments.split(' ')).collect();
        let output = waypost(files.path("."), &words);
        assert_eq!((code(&output), out(&output)), (2, ""), "{arguments}");
        err(&output).to_owned()
    };
    let missing = show("--client kmail --document none.xml");
    assert_eq!(missing, "error: none.xml cannot be read: No such file or directory (os error 2)\n");
    assert!(show("--client kmail --document .").contains("it is not a regular file"));
    let unknown = show("--client thunderbrid --document a.xml");
    assert!(unknown.contains("a similar value exists: 'thunderbird'"), "{unknown}");
    assert!(unknown.contains("exchangelib"), "{unknown}");
    assert!(show("--document a.xml").contains("--client <NAME>"));
    assert!(show("--client kmail --status 404").contains("--document <FILE>"));
    assert!(show("--client kmail --document a.xml --status 42").contains("100..=599"));
    assert!(show("--client kmail --document a.xml --as json").contains("cannot be used with"));
    // Without a document, the configuration is needed.
    assert!(show("--client kmail").starts_with("error: there is no configuration file"));
}

/// A client that configures an account from one of its formats has an account.
#[test]
fn exits_with_1_if_the_client_gives_up() {
    let show = |address: &str, client: &str| code(&waypost(".", &["show", address, "--client", client]));
    assert_eq!(show("jane@q.com", "geary"), 0);
    assert_eq!(show("jane@qwestoffice.net", "geary"), 1);
    assert_eq!(show("jane@qwestoffice.net", "thunderbird-ios"), 1);
}

/// The command line and the server print the same document.
#[test]
fn prints_the_settings_as_json() {
    let output = waypost(".", &["show", "jane@q.com", "--as", "json"]);
    assert_eq!(code(&output), 0);
    let https = [("X-Forwarded-Proto", "https")];
    let served =
        SHIPPED.request("GET", "autoconfig.q.com", "/setup.json?emailaddress=jane@q.com", &https, b"");
    assert_eq!(out(&output), served.text().to_owned() + "\n");
    // With a public URL, as on a host that is not served.
    let profile = fs::read_to_string("config/profiles/centurylink.toml").unwrap();
    let settings = "public_url = \"https://autodiscover.example.net\"\n";
    let files = Files::new(settings, &[("centurylink.toml", &profile)]);
    let output =
        waypost(files.path("."), &["show", "jane@q.com", "--as", "json", "--config", "waypost.toml"]);
    let served = PUBLIC.get("127.0.0.1", "/setup.json?emailaddress=jane@q.com");
    assert_eq!(out(&output), served.text().to_owned() + "\n");
    assert_eq!(code(&waypost(".", &["show", "jane@nowhere.example", "--as", "json"])), 1);
}

#[test]
fn fills_the_placeholders_of_every_url() {
    let is_filled = |line: &str| {
        let key = line.split_once(" = \"https://").map_or("", |(key, _)| key);
        ["url", "owa_url", "ews_url", "eas_url", "login_page"].contains(&key) && !line.contains('%')
    };
    let text = fs::read_to_string(data("import/full.toml")).unwrap();
    let lines = text.lines().map(|line| match line.strip_suffix('"') {
        Some(url) if is_filled(line) => {
            url.trim_end_matches('/').to_owned() + "/%EMAILLOCALPART%.%EMAILDOMAIN%\"\n"
        }
        _ => line.to_owned() + "\n",
    });
    let files = Files::new("", &[("full.toml", &lines.collect::<String>())]);
    let output = waypost(files.path("."), &["show", "jane@full.example", "--config", "waypost.toml"]);
    assert_eq!(code(&output), 0);
    assert_document("show/placeholders.txt", out(&output));
    assert!(!out(&output).contains("%EMAIL"), "{}", out(&output));
}

#[test]
fn help_lists_the_mail_programs() {
    let help = waypost(".", &["show", "--help"]);
    let text = out(&help);
    for client in waypost::clients::ALL {
        assert!(text.contains(client.id), "{}", client.id);
    }
}
