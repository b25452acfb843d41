//! The commands: what they print, where, and with which exit code.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::Files;
use crate::common::SERVERS;
use crate::common::SHIPPED;
use crate::common::data;
use crate::common::domains;
use crate::common::profile;

pub fn waypost(folder: impl AsRef<Path>, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("WAYPOST_CONFIG")
        .env_remove("WAYPOST_LOG")
        .output()
        .unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// Standard error, without the lines that name the configuration file and its hash.
pub fn err(output: &Output) -> &str {
    let mut text = std::str::from_utf8(&output.stderr).unwrap();
    for prefix in ["configuration: ", "hash: "] {
        text =
            text.strip_prefix(prefix).and_then(|rest| rest.split_once('\n')).map_or(text, |(_, rest)| rest);
    }
    text
}

#[test]
fn commands_name_the_configuration_file_that_they_read() {
    for arguments in [&["check"][..], &["show", "jane@q.com"], &["dns", "q.com"]] {
        let output = waypost(".", arguments);
        let text = std::str::from_utf8(&output.stderr).unwrap();
        assert!(text.starts_with("configuration: config/waypost.toml\n"), "{arguments:?}: {text}");
    }
}

/// A configuration with two mistakes in two files.
fn broken() -> Files {
    let text = profile("example.com", &domains(&["example.com"]), &SERVERS.replace("993", "0"));
    Files::new("listn = []", &[("a.toml", &text)])
}

#[test]
fn check_runs_every_client_on_the_shipped_profiles() {
    let output = waypost(".", &["check"]);
    // qwestoffice.net has findings.
    assert_eq!((code(&output), err(&output)), (0, ""));
    crate::common::assert_document("check/shipped.txt", out(&output));
    let json = waypost(".", &["check", "--format", "json"]);
    assert_eq!((code(&json), err(&json)), (0, ""));
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["profiles"], &report["domains"]), (&2.into(), &18.into()));
    assert_eq!((&report["errors"], &report["warnings"], &report["notes"]), (&0.into(), &3.into(), &4.into()));
    let [centurylink, qwestoffice] = &report["matrix"].as_array().unwrap()[..] else { panic!() };
    assert_eq!(centurylink["profile"], "centurylink.net");
    let clients = centurylink["clients"].as_array().unwrap();
    assert_eq!(clients.len(), 28);
    assert_eq!(clients[0]["client"], "thunderbird");
    assert_eq!(
        clients[0]["smtp"],
        serde_json::json!({
            "hostname": "smtp.centurylink.net", "port": 587, "socket_type": "STARTTLS",
            "username": "jane.doe@centurylink.net", "authentication": "password-cleartext",
            "result": "preferred", "differences": []
        })
    );
    assert_eq!(qwestoffice["clients"][1]["gives_up"], "no IMAP server");
    let finding = report["findings"].as_array().unwrap().iter().find(|f| f["cause"] == "pop-only").unwrap();
    assert_eq!((&finding["severity"], finding["clients"].as_array().unwrap().len()), (&"warning".into(), 15));
    let place = &finding["places"][0];
    assert_eq!((&place["profile"], &place["line"]), (&"qwestoffice.net".into(), &8.into()));
    assert_eq!((&place["file"], &place["column"]), (&"config/profiles/qwestoffice.toml".into(), &1.into()));
    assert_eq!(place["clients"], finding["clients"]);
}

/// Profiles with the same servers share one matrix, and each cause is listed once.
#[test]
fn check_groups_profiles_with_equal_results() {
    let servers =
        SERVERS.replace("port = 465\nsocket_type = \"SSL\"", "port = 2525\nsocket_type = \"STARTTLS\"");
    let profiles: Vec<(String, String)> = (0..7)
        .map(|i| {
            (
                format!("{i}.toml"),
                profile(&format!("p{i}.example.com"), &domains(&[&format!("p{i}.example.com")]), &servers),
            )
        })
        .collect();
    let profiles: Vec<_> = profiles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let files = Files::new("", &profiles);
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert_eq!(code(&output), 0);
    crate::common::assert_document("check/alike.txt", out(&output));
}

#[test]
fn check_exit_code_follows_the_severity_and_deny() {
    let clean = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("", &[("a.toml", &clean)]);
    let check = |files: &Files, more: &[&str]| {
        let output = waypost(files.path("."), &[&["check", "--config", "waypost.toml"], more].concat());
        (code(&output), out(&output).lines().last().unwrap().to_owned())
    };
    // Parula's guess: a note without a next step.
    assert_eq!(check(&files, &[]), (0, "1 profile for 1 domain: good, 1 note".into()));
    assert_eq!(check(&files, &["--deny", "warnings", "--deny", "notes"]).0, 0);
    // Outlook 2007 and STARTTLS, PACC and STARTTLS: notes without a next step.
    files.write(
        "profiles/a.toml",
        &clean.replace("465", "587").replace("587\nsocket_type = \"SSL\"", "587\nsocket_type = \"STARTTLS\""),
    );
    assert_eq!(check(&files, &[]), (0, "1 profile for 1 domain: good, 3 notes".into()));
    assert_eq!(check(&files, &["--deny", "notes"]).0, 0);
    // A host in another domain: a note to check its spelling.
    files.write("profiles/a.toml", &clean.replace("imap.example.com", "imap.example.net"));
    assert_eq!(check(&files, &[]), (0, "1 profile for 1 domain: good, 2 notes".into()));
    assert_eq!(check(&files, &["--deny", "warnings"]).0, 0);
    assert_eq!(check(&files, &["--deny", "notes"]), (1, "1 profile for 1 domain: 1 error, 1 note".into()));
    // A user name that some clients lose: a warning.
    files.write("profiles/a.toml", &(clean.clone() + "username = \"%EMAILLOCALPART%\"\n"));
    assert_eq!(check(&files, &[]), (0, "1 profile for 1 domain: 2 warnings, 2 notes".into()));
    assert_eq!(
        check(&files, &["--deny", "warnings"]),
        (1, "1 profile for 1 domain: 2 errors, 2 notes".into())
    );
    // A host name that only the server itself can resolve: an error.
    files.write("profiles/a.toml", &clean.replace("imap.example.com", "localhost"));
    assert_eq!(check(&files, &[]), (1, "1 profile for 1 domain: 1 error, 1 note".into()));
}

/// Notes without a next step need `--verbose`, rows of the matrix that are ok need few profiles or `--matrix all`.
#[test]
fn check_selects_notes_and_rows() {
    let texts: Vec<(String, String)> = (0..6)
        .map(|i| {
            (
                format!("{i}.toml"),
                profile(&format!("p{i}.example.com"), &domains(&[&format!("p{i}.example.com")]), SERVERS),
            )
        })
        .collect();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let files = Files::new("", &texts);
    let check = |more: &[&str]| {
        let output = waypost(files.path("."), &[&["check", "--config", "waypost.toml"], more].concat());
        assert_eq!(code(&output), 0);
        out(&output).to_owned()
    };
    let (is_ok, guess) = ("  Geary  ", "note: Parula ignores the SMTP server");
    let short = check(&[]);
    assert!(!short.contains(is_ok) && short.contains("  every other client: ok\n"), "{short}");
    assert!(
        !short.contains(guess) && short.contains("1 note needs no action; --verbose shows it\n"),
        "{short}"
    );
    assert!(check(&["--matrix", "all"]).contains(is_ok));
    assert!(check(&["--verbose"]).contains(guess) && !check(&["--verbose"]).contains("--verbose shows"));
    // One domain: its profile only, with all rows.
    let one = check(&["p3.example.com"]);
    assert!(one.contains("checked with jane.doe@p3.example.com\n") && one.contains(is_ok), "{one}");
    assert!(
        !one.contains("p4.example.com") && one.ends_with("1 of 6 profiles checked: good, 1 note\n"),
        "{one}"
    );
    // Two domains of one profile: it is checked once.
    assert_eq!(check(&["p3.example.com", "p3.example.com"]), one);
    let unknown = waypost(files.path("."), &["check", "--config", "waypost.toml", "p3.example.co"]);
    assert_eq!((code(&unknown), out(&unknown)), (1, ""));
    assert!(err(&unknown).contains("hint: did you mean p3.example.com?"), "{}", err(&unknown));
}

/// A problem in one file hides nothing in the others.
#[test]
fn check_runs_valid_profiles_when_others_are_broken() {
    let good =
        profile("good.example", &domains(&["good.example"]), &SERVERS.replace("example.com", "good.example"));
    let bad = good.replace("good", "bad").replace("993", "0");
    let clash = good.replace("id = \"good", "id = \"clash");
    let files = Files::new("", &[("a.toml", &bad), ("b.toml", &good), ("c.toml", &clash)]);
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert_eq!(code(&output), 1);
    crate::common::assert_document("check/partly.txt", out(&output));
    // `serve` does not start with it.
    assert_eq!(code(&waypost(files.path("."), &["show", "a@good.example", "--config", "waypost.toml"])), 2);
    // The templates of the page are the operator's too.
    let files = Files::new("templates = \"pages\"", &[("b.toml", &good)]);
    std::fs::create_dir(files.path("pages")).unwrap();
    files.write("pages/index.html", "{{ nothing }}");
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert!(out(&output).contains("Thunderbird               ok"), "{}", out(&output));
    assert!(out(&output).ends_with("1 profile for 1 domain: 1 warning, 1 note\n"), "{}", out(&output));
}

/// A profile that no client can use is an error, whatever the severity of each cause.
#[test]
fn check_reports_a_profile_that_no_client_can_use() {
    let servers = SERVERS.replace("\"SSL\"", "\"SSL\"\nauthentication = [\"TLS-client-cert\"]");
    let files = Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), &servers))]);
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    let said = "error: no modelled client gets working settings\n  --> profiles/a.toml:1:1\n";
    assert!(out(&output).contains(said), "{}", out(&output));
    assert!(out(&output).ends_with("1 profile for 1 domain: 1 error, 2 warnings, 3 notes\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn exits_with_2_if_the_result_cannot_be_written() {
    for arguments in [&["check"][..], &["show", "jane@q.com"]] {
        let full = std::fs::File::create("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_waypost"))
            .args(arguments)
            .env_remove("WAYPOST_CONFIG")
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(code(&output), 2);
        assert!(err(&output).starts_with("error: the result cannot be written: "), "{}", err(&output));
    }
}

#[cfg(unix)]
#[test]
fn does_not_wait_for_a_pipe_in_place_of_a_file() {
    let good = profile("good.example", &domains(&["good.example"]), SERVERS);
    let files = Files::new("", &[("a.toml", &good)]);
    let _socket = std::os::unix::net::UnixListener::bind(files.path("profiles/b.toml")).unwrap();
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert!(
        out(&output)
            .contains("error: the profile cannot be read: it is not a regular file\n  --> profiles/b.toml\n"),
        "{}",
        out(&output)
    );
}

/// The lints that no client model finds.
#[test]
fn check_reports_each_lint() {
    let text = r#"id = "example.com"
display_name = "The example mail service of Example County"
display_short_name = "Example County"
domains = ["example.com"]
[[incoming]]
type = "imap"
hostname = "imap.exmaple.com"
port = 993
socket_type = "SSL"
authentication = ["GSSAPI", "password-cleartext"]
[[incoming]]
type = "imap"
hostname = "imap.example.com"
port = 143
socket_type = "plain"
username = "%EMAILLOCALPART%"
[[outgoing]]
type = "smtp"
hostname = "smtp.example.com"
port = 465
socket_type = "SSL"
username = "0012345"
shared_mailbox = true
"#;
    let files = Files::new("", &[("a.toml", text)]);
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert_eq!(code(&output), 0);
    crate::common::assert_document("check/odd.txt", out(&output));
}

#[test]
fn check_prints_errors_to_standard_output_and_exits_with_1() {
    let files = broken();
    let output = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert_eq!((code(&output), err(&output)), (1, ""));
    crate::common::assert_document("check/broken.txt", out(&output));
    assert!(out(&output).ends_with("2 errors\n"));
    let json = waypost(files.path("."), &["check", "--config", "waypost.toml", "--format", "json"]);
    assert_eq!(code(&json), 1);
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 2);
    // The keys do not depend on the problem.
    assert_eq!(
        (&report["profiles"], &report["errors"], &report["matrix"]),
        (&0.into(), &2.into(), &Value::Array(Vec::new()))
    );
}

#[test]
fn every_command_explains_a_missing_configuration() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["check"][..], &["serve"], &["show", "jane@q.com"]] {
        let output = waypost(folder.path(), arguments);
        assert_eq!((code(&output), out(&output)), (2, ""));
        let message = err(&output);
        assert!(message.starts_with(
            "error: there is no configuration file\n  --> searched: \
                                     config/waypost.toml and /etc/waypost/waypost.toml\nhint: "
        ));
        assert!(message.contains("listen = [\"127.0.0.1:8080\"]\n    profiles = \"profiles\""));
    }
    let output = waypost(folder.path(), &["check", "--config", "nowhere.toml"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).starts_with("error: nowhere.toml cannot be read: No such file"), "{}", err(&output));
}

#[test]
fn config_argument_wins_over_the_environment() {
    let files = Files::new("", &[("a.toml", &profile("example.com", &domains(&["example.com"]), SERVERS))]);
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_waypost"))
            .args(arguments)
            .env("WAYPOST_CONFIG", files.path("waypost.toml"))
            .output()
            .unwrap()
    };
    assert!(out(&run(&["check"])).ends_with("1 profile for 1 domain: good, 1 note\n"));
    assert!(out(&run(&["check", "--config", "config/waypost.toml"])).contains("2 profiles for 18 domains"));
    // An empty variable counts as unset.
    let output =
        Command::new(env!("CARGO_BIN_EXE_waypost")).arg("check").env("WAYPOST_CONFIG", "").output().unwrap();
    assert!(out(&output).contains("2 profiles for 18 domains"), "{}", err(&output));
}

#[test]
fn serve_does_not_start_with_an_invalid_configuration() {
    let output =
        waypost(broken().path("."), &["serve", "--config", "waypost.toml", "--listen", "127.0.0.1:0"]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    assert!(err(&output).contains("`port` is 0") && err(&output).contains("unknown key `listn`"));
    assert!(err(&output).ends_with("error: the configuration has errors: 2 errors\n"));
    assert!(!err(&output).contains("listening"));
}

#[test]
fn serve_names_a_port_that_is_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = waypost(".", &["serve", "--listen", &address]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    let message = err(&output);
    assert!(
        message.starts_with(&format!("error: cannot listen on {address}: Address already in use")),
        "{message}"
    );
    let hint = message.lines().nth(1).unwrap();
    assert!(hint.starts_with("hint: stop the other program or listener"), "{message}");
}

#[test]
fn show_prints_a_table_of_settings() {
    for address in ["jane@q.com", "Jane@QwestOffice.Net"] {
        let output = waypost(".", &["show", address]);
        assert_eq!((code(&output), err(&output)), (0, ""));
        crate::common::assert_document(&format!("show/{}.txt", address.to_lowercase()), out(&output));
    }
}

/// The command line and the server share their code.
#[test]
fn show_prints_the_bytes_that_are_served() {
    for (form, file) in [
        ("autoconfig", "autoconfig/q.com.xml"),
        ("autodiscover", "autodiscover/jane@q.com.xml"),
        ("mobileconfig", "mobileconfig/jane@q.com.mobileconfig"),
    ] {
        let output = waypost(".", &["show", "jane@q.com", "--as", form]);
        assert_eq!(code(&output), 0);
        assert_eq!(out(&output), std::fs::read_to_string(data(file)).unwrap());
    }
    let output = waypost(".", &["show", "jane@q.com", "--as", "pacc"]);
    let served = SHIPPED.get("ua-auto-config.q.com", "/.well-known/user-agent-configuration.json");
    assert_eq!((code(&output), out(&output)), (0, served.text()));
}

#[test]
fn show_explains_why_a_document_does_not_exist() {
    let show = |form: &str| {
        let output = waypost(".", &["show", "jane@qwestoffice.net", "--as", form]);
        assert_eq!((code(&output), out(&output)), (1, ""));
        err(&output).to_owned()
    };
    assert_eq!(
        show("mobileconfig"),
        "error: Waypost serves no Apple profile for jane@qwestoffice.net: its mail\n       servers have no \
         encryption, so devices would send the password in clear\n       text\nhint: run `waypost check` \
         to see the \
         location and a hint\n"
    );
    let pacc = show("pacc");
    let said = "error: PACC cannot express any service of `qwestoffice.net`: POP3: none of its\n       \
                servers has \
                implicit TLS (socket_type \"SSL\"); SMTP: ";
    assert!(pacc.starts_with(said), "{pacc}");
}

/// Apple's devices read their own document, and no client model.
#[test]
fn show_names_the_form_for_apple() {
    let output = waypost(".", &["show", "jane@q.com", "--client", "Apple"]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    assert!(err(&output).contains("--as mobileconfig shows the Apple profile"), "{}", err(&output));
}

#[test]
fn serve_does_not_start_without_its_signing_key() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS);
    let files = Files::new("[signing]\ncertificate = \"a.pem\"\nkey = \"b.pem\"\n", &[("a.toml", &text)]);
    let output = waypost(files.path("."), &["serve", "--config", "waypost.toml"]);
    assert_eq!((code(&output), out(&output)), (2, ""));
    let said = "error: Apple profiles cannot be signed: a.pem cannot be read: No such file or\n       \
                directory";
    assert!(err(&output).starts_with(said), "{}", err(&output));
    let check = waypost(files.path("."), &["check", "--config", "waypost.toml"]);
    assert_eq!(code(&check), 1);
    assert!(out(&check).contains(said), "{}", out(&check));
}

#[test]
fn show_runs_one_client_model() {
    let mut text = String::new();
    for (address, client) in [
        ("jane@q.com", "Thunderbird"),
        ("jane@q.com", "outlook-2007"),
        ("jane@q.com", "parula"),
        ("jane@qwestoffice.net", "delta-chat"),
        ("jane@qwestoffice.net", "geary"),
    ] {
        let output = waypost(".", &["show", address, "--client", client]);
        assert_eq!((code(&output), err(&output)), (i32::from(client == "geary"), ""));
        text += &format!("$ waypost show {address} --client {client}\n{}\n", out(&output));
    }
    crate::common::assert_document("show/clients.txt", &text);
    let unknown = waypost(".", &["show", "jane@q.com", "--client", "pine"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("thunderbird-android"), "{}", err(&unknown));
}

#[test]
fn show_prints_every_service_of_a_profile() {
    let import = |name: &str| std::fs::read_to_string(data("import").join(name)).unwrap();
    let files = Files::new("", &[("full.toml", &import("full.toml"))]);
    let output = waypost(files.path("."), &["show", "jane@full.example", "--config", "waypost.toml"]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    crate::common::assert_document("show/full.txt", out(&output));
}

/// The default document has the servers that every client accepts; `--all-servers` adds the others.
#[test]
fn show_prints_all_servers_on_request() {
    let output = waypost(".", &["show", "jane@q.com", "--as", "autoconfig", "--all-servers"]);
    assert_eq!((code(&output), err(&output)), (0, ""));
    assert_eq!(out(&output).matches("<outgoingServer").count(), 2);
    for arguments in [&["--all-servers"][..], &["--as", "autodiscover", "--all-servers"]] {
        let output = waypost(".", &[&["show", "jane@q.com"], arguments].concat());
        assert_eq!((code(&output), out(&output)), (2, ""));
        assert!(err(&output).starts_with("error: --all-servers needs --as autoconfig\nhint: "));
    }
    assert_eq!(code(&waypost(".", &["show", "jane@q.com", "--as", "autoconfig", "--client", "kmail"])), 2);
}

#[test]
fn show_suggests_the_nearest_domain() {
    let output = waypost(".", &["show", "jane@centurylnk.net"]);
    assert_eq!((code(&output), out(&output)), (1, ""));
    assert_eq!(
        err(&output),
        "error: centurylnk.net is not a domain of any profile\nhint: did you mean centurylink.net?\n"
    );
    let output = waypost(".", &["show", "jane@example.org"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("hint: add the domain to `domains`"));
    // A wildcard does not cover its own parent domain. The name of an MX host finds its profile.
    let text =
        profile("example.com", "domains = [\"*.shops.example\"]\nmx_hosts = [\"mx.example.net\"]\n", SERVERS);
    let files = Files::new("", &[("a.toml", &text)]);
    let show = |address: &str| waypost(files.path("."), &["show", address, "--config", "waypost.toml"]);
    assert_eq!(code(&show("jane@a.shops.example")), 0);
    assert!(err(&show("jane@shops.example")).contains("hint: add \"shops.example\" to `domains`"));
    assert_eq!(code(&show("jane@mx.example.net")), 0);
    assert_eq!(code(&show("jane@customer.example")), 1);
    let output = waypost(".", &["show", "jane"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("it does not contain `@`"), "{}", err(&output));
}

#[test]
fn help_and_version_go_to_standard_output() {
    let version = waypost(".", &["--version"]);
    assert_eq!((code(&version), out(&version)), (0, concat!("waypost ", env!("CARGO_PKG_VERSION"), "\n")));
    let help = waypost(".", &["--help"]);
    assert_eq!(code(&help), 0);
    for command in ["serve", "check", "show"] {
        assert!(out(&help).contains(command));
    }
    assert_eq!(code(&waypost(".", &[])), 2);
    assert_eq!(code(&waypost(".", &["frobnicate"])), 2);
}

/// SIGINT is Ctrl+C at a terminal. `logs` tests SIGTERM.
#[test]
fn exits_with_0_on_sigint() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let mut child = Command::new(env!("CARGO_BIN_EXE_waypost"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    // Standard error is a pipe, so the log is JSON.
    assert!(log.any(|line| line.contains("\"message\":\"listening\"")));
    let interrupt =
        |pid: u32| Command::new("kill").args(["-INT", &pid.to_string()]).status().unwrap().success();
    assert!(interrupt(child.id()));
    assert!(log.any(|line| line.contains("stopped")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The profile of the domain can be the one with errors, so the hint does not suggest another domain.
#[test]
fn check_of_a_domain_points_to_the_errors_of_its_profile() {
    let text = profile("example.com", &domains(&["example.com"]), SERVERS).replace("993", "99300");
    let files = Files::new("", &[("a.toml", &text)]);
    let output = waypost(files.path("."), &["check", "example.com", "--config", "waypost.toml"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).starts_with("error: `port` is 99300, which is not a port"), "{}", out(&output));
    assert_eq!(
        err(&output),
        "error: example.com is not a domain of any profile\nhint: correct the errors above, and try again\n"
    );
}
