//! The commands, lists, numbers and links of the README and of `docs/` are correct. `.ci/docs` runs their shell blocks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::common::Files;
use crate::common::SHIPPED;
use crate::sql_admin;

fn document(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The fenced blocks of a language in a document.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    document.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// The Markdown files of the source tree.
fn documents() -> Vec<PathBuf> {
    let markdown = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
    let folder = |name: &str| fs::read_dir(name).unwrap().map(|entry| entry.unwrap().path()).filter(markdown);
    folder(".").chain(folder("docs")).collect()
}

#[test]
fn readme_has_at_most_150_lines() {
    let lines = document("README.md").lines().count();
    assert!(lines <= 150, "{lines}");
}

/// Every relative link leads to a file of the source tree, and every `#fragment` to one of its headings.
#[test]
fn relative_links_lead_to_files_and_headings() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut count = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for link in link.captures_iter(&text).map(|found| found.get(1).unwrap().as_str()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, fragment) =
                link.split_once('#').map_or((link, None), |(file, name)| (file, Some(name)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", path.display());
            if let Some(fragment) = fragment {
                assert!(headings(&target).contains(fragment), "{}: {link}", path.display());
            }
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

/// The fragments of a Markdown file's headings, as GitHub makes them.
fn headings(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c))
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
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
    for line in
        blocks(&document("README.md"), "sh").concat().lines().filter(|line| line.starts_with("curl -s "))
    {
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

/// `docs/check.md` shows a part of the output of `waypost check`. `WAYPOST_BLESS=1` writes it into the page.
#[test]
fn matrix_equals_the_output_of_check() {
    let output = document("tests/data/check/shipped.txt");
    let from = |text: &str, begin: &str, lines: usize| -> String {
        let at = text.find(begin).unwrap();
        text[at..].lines().take(lines).map(|line| format!("{line}\n")).collect()
    };
    let matrix = from(&output, "CenturyLink Business", 15);
    let finding = from(&output, "warning: no IMAP server", 11);
    let excerpt = format!("{finding}\n[...]\n\n{matrix}  [...]\n");
    if std::env::var_os("WAYPOST_BLESS").is_some() {
        let page = document("docs/check.md");
        let (before, rest) = page.split_once("```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        fs::write("docs/check.md", format!("{before}```text\n{excerpt}```\n{after}")).unwrap();
    }
    let page = document("docs/check.md");
    assert_eq!(blocks(&page, "text")[0], excerpt);
    let mut ids: Vec<_> = waypost::clients::ALL.iter().map(|client| client.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let (programs, readers) = (ids.len(), waypost::clients::ALL.len());
    let numbers = format!("{programs} programs and libraries ({readers} readers) on every profile");
    assert!(page.contains(&numbers), "{numbers}");
    assert!(document("README.md").contains(&format!("simulates {programs} mail programs")), "{programs}");
}

/// The profile of the guide "Your own domain", with the configuration of the package.
#[test]
fn profile_of_the_guide_loads() {
    let shell = blocks(&document("README.md"), "sh").concat();
    let (_, rest) = shell.split_once("<< END_OF_FILE\n").unwrap();
    let (profile, _) = rest.split_once("END_OF_FILE\n").unwrap();
    let settings = document("deploy/debian/waypost.toml");
    let files = Files::new(&settings, &[("example.com.toml", &profile.replace("$domain", "example.com"))]);
    assert_eq!(files.problems(), Vec::<String>::new());
    assert_eq!(files.serve().get("autoconfig.example.com", "/mail/config-v1.1.xml").status, 200);
}

#[test]
fn names_the_template_variables() {
    let documented = document("docs/page.md");
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
        assert!(documented.contains(&format!("`{name}`")) && page.contains(name), "{name}");
    }
}

#[test]
fn readme_has_the_run_and_test_commands() {
    let shell = blocks(&document("README.md"), "sh");
    assert!(
        shell[0] == "cargo run --release -- serve\n" && shell.contains(&"cargo test\n".to_owned()),
        "{shell:?}"
    );
}

/// The table of limits in `docs/operations.md` has the defaults of the program.
#[test]
fn table_of_limits_has_the_defaults() {
    let operations = document("docs/operations.md");
    let limits = waypost::config::Limits::default();
    let rate = limits.rate.unwrap();
    for row in [
        format!("| open connections | {} | `max_connections` |", limits.max_connections),
        format!("| open connections of the admin listener | {} |", waypost::http::ADMIN_CONNECTIONS),
        format!(
            "| requests of one client network | {} a second, {} at once | `requests_per_second`, `request_burst`",
            rate.per_second, rate.burst
        ),
        format!("| request line and headers | 32 KiB, {} s;", limits.header_timeout.as_secs()),
        format!(
            "| request body, decompressed | 16 KiB, {} s | `request_timeout_seconds`",
            limits.request_timeout.as_secs()
        ),
        format!("| {} s | `idle_timeout_seconds`", limits.idle_timeout.as_secs()),
        format!("| {} s | `shutdown_timeout_seconds`", limits.shutdown_timeout.as_secs()),
    ] {
        assert!(operations.contains(&row), "{row}");
    }
}

/// Requests every path of the table.
#[test]
fn documented_paths_are_answered() {
    let requests = document("docs/requests.md");
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
        let row = requests.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{path}`")));
        assert!(row.is_some_and(|row| row.contains("| GET |")), "{path}");
        assert_eq!(SHIPPED.get("q.com", path).status, 200, "{path}");
    }
}

/// `docs/operations.md` lists the metrics that exist, and no others.
#[test]
fn manual_lists_every_metric() {
    let manual = fs::read_to_string("docs/operations.md").unwrap();
    let metrics = crate::common::answer(
        &sql_admin::app(Some(sql_admin::list()), sql_admin::healthy()),
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

/// The table of `docs/requests.md` has exactly the paths of the router.
#[test]
fn table_of_paths_equals_the_route_table() {
    let requests = document("docs/requests.md");
    let rows = requests.lines().filter(|line| line.starts_with("| `/"));
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
