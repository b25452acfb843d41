//! The README's commands, tables and numbers are correct.

use std::collections::BTreeSet;
use std::fs;

use crate::common::Files;
use crate::common::SHIPPED;

fn readme() -> String {
    fs::read_to_string("README.md").unwrap()
}

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = readme();
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The words of a command line, without quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// Sends the requests that curl would send. `.ci/run` runs curl itself.
#[test]
fn curl_lines_show_each_answer() {
    let mut shown = Vec::new();
    for line in blocks("sh").concat().lines().filter(|line| line.starts_with("curl ")) {
        let (mut host, mut target, mut body) = ("127.0.0.1:8080".to_owned(), String::new(), String::new());
        let mut arguments = words(line).into_iter().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-s" => {}
                "-H" => host = arguments.next().unwrap().strip_prefix("Host: ").unwrap().to_owned(),
                "-d" => body = arguments.next().unwrap(),
                url => target = url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned(),
            }
        }
        let method = if body.is_empty() { "GET" } else { "POST" };
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let response = SHIPPED.request(method, &host, &target, &headers, body.as_bytes());
        assert_eq!(response.status, 200, "{line}");
        shown.push(response.text().split(['\n', ',']).nth(1).unwrap_or_default().to_owned());
    }
    assert_eq!(shown.len(), 8);
    assert!(shown[0].starts_with("<clientConfig") && shown[1].starts_with("<clientConfig"));
    assert!(
        shown[2].starts_with("<Autodiscover")
            && shown[3].starts_with("\"Url\"")
            && shown[4].starts_with("<!DOCTYPE plist")
            && shown[5].starts_with("\"pop3\"")
            && shown[6].starts_with("<html")
            && shown[7].starts_with("<html")
    );
}

/// The README shows a part of the output of `waypost check`. `WAYPOST_BLESS=1` writes it into the README.
#[test]
fn matrix_equals_the_output_of_check() {
    let output = fs::read_to_string("tests/data/check/shipped.txt").unwrap();
    let from = |text: &str, begin: &str, lines: usize| -> String {
        let at = text.find(begin).unwrap();
        text[at..].lines().take(lines).map(|line| format!("{line}\n")).collect()
    };
    let matrix = from(&output, "CenturyLink Business", 15);
    let finding = from(&output, "warning: no IMAP server", 11);
    let excerpt = format!("{finding}\n[...]\n\n{matrix}  [...]\n");
    if std::env::var_os("WAYPOST_BLESS").is_some() {
        let readme = readme();
        let (before, rest) = readme.split_once("```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        fs::write("README.md", format!("{before}```text\n{excerpt}```\n{after}")).unwrap();
    }
    assert_eq!(blocks("text"), [excerpt]);
    let mut ids: Vec<_> = waypost::clients::ALL.iter().map(|client| client.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (programs, readers) = (ids.len(), waypost::clients::ALL.len());
    let numbers = format!("{programs} programs and libraries ({readers} readers) on every profile");
    assert!(readme().contains(&numbers), "{numbers}");
}

#[test]
fn smallest_configuration_works() {
    let toml = blocks("toml");
    let [settings, profile] = &toml[..] else { panic!("two blocks") };
    let files = Files::new(settings, &[("example.toml", profile)]);
    assert_eq!(files.problems(), Vec::<String>::new());
    assert_eq!(files.serve().get("autoconfig.example.com", "/mail/config-v1.1.xml").status, 200);
}

/// The command lines of the README, with the README's own configuration.
#[test]
fn readme_commands_run() {
    let toml = blocks("toml");
    let files = Files::new(&toml[0], &[("example.toml", &toml[1])]);
    let lines = blocks("sh").concat();
    let elsewhere = [
        "waypost import mozilla/ispdb --into profiles --dry-run",
        "waypost import config-v1.1.xml --into profiles --domain example.com,example.net",
        "waypost import config-v1.1.xml --into profiles --domains-file domains.txt",
        "waypost dns example.com --check",
    ];
    let (needy, lines): (Vec<_>, Vec<_>) =
        lines.lines().filter(|line| line.starts_with("waypost ")).partition(|line| elsewhere.contains(line));
    assert_eq!(needy, elsewhere, "what they do is in `import` and in `dns`");
    assert_eq!(lines.len(), 5);
    for line in lines {
        // The smallest configuration does not say where Waypost is.
        let code = i32::from(line == "waypost dns example.com");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_waypost"))
            .args(line.split(' ').skip(1))
            .env("WAYPOST_CONFIG", files.path("waypost.toml"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}");
    }
}

#[test]
fn names_the_template_variables() {
    let readme = readme();
    let page: String = ["layout", "index", "setup"]
        .map(|name| fs::read_to_string(format!("templates/{name}.html")).unwrap())
        .concat();
    for name in [
        "lang",
        "languages",
        "provider",
        "style",
        "script",
        "brand",
        "logo",
        "unknown",
        "is_unknown_host",
        "is_wrong",
        "typed",
        "chosen_lang",
        "domains",
        "settings",
        "programs",
        "preferred_ports",
        "start",
        "qr",
        "is_signed",
        "has_profile",
        "documentation",
        "hosts",
    ] {
        assert!(readme.contains(&format!("`{name}`")) && page.contains(name), "{name}");
    }
}

#[test]
fn commands_and_limits_equal_the_programs() {
    let readme = readme();
    assert!(readme.contains("\ncargo run --release -- serve\n") && readme.contains("\ncargo test\n"));
    for key in [
        "max_connections",
        "header_timeout_seconds",
        "request_timeout_seconds",
        "idle_timeout_seconds",
        "shutdown_timeout_seconds",
        "requests_per_second",
        "request_burst",
        "unlimited",
    ] {
        assert!(readme.contains(&format!("`{key}`")), "{key}");
    }
    let limits = waypost::config::Limits::default();
    let seconds = [
        (limits.header_timeout, "32 KiB, 10 s"),
        (limits.request_timeout, "16 KiB, 10 s"),
        (limits.idle_timeout, "90 s;"),
        (limits.shutdown_timeout, "| 20 s |"),
    ];
    for (limit, words) in seconds {
        assert!(words.contains(&format!("{} s", limit.as_secs())) && readme.contains(words), "{words}");
    }
    assert!(readme.contains(&format!("| {}; at the limit", limits.max_connections)));
    let rate = limits.rate.unwrap();
    assert!(readme.contains(&format!("| {} a second, {} at once;", rate.per_second, rate.burst)));
}

/// Requests every path of the table.
#[test]
fn readme_paths_are_answered() {
    let readme = readme();
    for path in [
        "/mail/config-v1.1.xml",
        "/.well-known/autoconfig/mail/config-v1.1.xml",
        "/.well-known/mail-v1.xml",
        "/v1.1/mail/config-v1.1.xml",
        "/mobileconfig",
        "/email.mobileconfig",
        "/.well-known/user-agent-configuration.json",
        "/",
    ] {
        let row = readme.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{path}`")));
        assert!(row.is_some_and(|row| row.contains("| GET |")), "{path}");
        assert_eq!(SHIPPED.get("q.com", path).status, 200, "{path}");
    }
}

/// `docs/operations.md` lists the metrics that exist, and no others.
#[test]
fn manual_lists_every_metric() {
    let manual = fs::read_to_string("docs/operations.md").unwrap();
    let app = waypost::http::App::new(crate::common::shipped());
    let metrics = crate::common::answer(
        &waypost::admin::app(&app, None),
        axum::http::Request::get("/metrics").body("".into()).unwrap(),
    )
    .1;
    let metrics = String::from_utf8(metrics).unwrap();
    let measured = |name: &str| metrics.contains(&format!("# TYPE {name} "));
    for line in metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        let short = name.strip_prefix("waypost_connections").unwrap_or(name);
        assert!(manual.contains(&format!("`{short}`")) || manual.contains(&format!("`{name}`")), "{name}");
    }
    // The metrics of certificates exist only with certificates.
    let named = manual.split('`').filter(|word| word.starts_with("waypost_") || word.starts_with("process_"));
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    for name in named.map(|word| word.split(|c| !is_name(c)).next().unwrap()) {
        assert!(measured(name) || name.starts_with("waypost_certificate_"), "{name}");
    }
}

/// Every promise in `SECURITY.md` names tests, and they exist.
#[test]
fn security_promises_name_existing_tests() {
    let promises = fs::read_to_string("SECURITY.md").unwrap();
    let (_, promises) = promises.split_once("## Promises").unwrap();
    let mut sources = String::new();
    let mut folders = vec![std::path::PathBuf::from("src"), "tests/suite".into()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources += &fs::read_to_string(&path).unwrap();
            }
        }
    }
    let rows = promises.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let mut count = 0;
    for row in rows {
        let tests: Vec<_> = row.rsplit("| ").next().unwrap().split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(sources.contains(&format!("fn {test}()")), "{test}: {row}");
        }
        count += 1;
    }
    assert!(count > 20, "{count}");
}

/// The README's table has exactly the paths of the router.
#[test]
fn table_of_paths_equals_the_route_table() {
    let readme = readme();
    let rows = readme.lines().filter(|line| line.starts_with("| `/"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let documented: BTreeSet<_> =
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let in_capitals = |path: &str| match path.split_once('{').zip(path.strip_suffix('}')) {
        Some(((before, _), path)) => before.to_owned() + &path[before.len() + 1..].to_uppercase(),
        None => path.to_owned(),
    };
    let served: BTreeSet<_> = waypost::http::paths().map(in_capitals).collect();
    assert_eq!(documented, served);
}
