//! `docs/configuration.md`, `docs/profiles.md` and the commented files list exactly the keys that the program reads, with
//! the program's defaults. The program lists the keys of a section in its hint for an unknown key.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use strum::VariantNames as _;
use waypost::config::{Config, Settings};
use waypost::diagnostics::problem::Located;
use waypost::diagnostics::{Location, Problem};
use waypost::page::ENGLISH;
use waypost::profile::{Authentication, Mechanism, Mode, OtherKind, Placeholder, Profile, SocketType};

use crate::common::{Files, uncommented, valid_settings};

type Keys = BTreeSet<String>;

/// A row of a reference table.
#[derive(Debug)]
struct Row {
    key: String,
    /// The cells by the headings of their columns.
    cells: BTreeMap<String, String>,
}

/// A table of keys, and the sections that it describes.
#[derive(Debug)]
struct Table {
    heading: String,
    sections: Vec<String>,
    rows: Vec<Row>,
}

impl Row {
    /// A value in TOML, if the program has a default.
    fn default(&self) -> Option<&str> {
        self.cells["Default"].strip_prefix('`')?.strip_suffix('`')
    }

    /// None if the key is required on a condition.
    fn is_required(&self) -> Option<bool> {
        match (self.cells.get("Required").map(String::as_str), &*self.cells["Default"]) {
            (Some("yes"), _) | (None, "required") => Some(true),
            (None, default) if default.starts_with("required ") => None,
            (Some("no") | None, _) => Some(false),
            _ => None,
        }
    }
}

impl Table {
    /// Whether it describes servers that are neither IMAP nor POP3.
    fn is_other_protocol(&self) -> bool {
        self.heading.ends_with("with another protocol")
    }

    fn keys(&self) -> Keys {
        self.rows.iter().map(|row| row.key.clone()).collect()
    }
}

/// Every table of a page whose first column is "Key".
fn tables(page: &str) -> Vec<Table> {
    let text = fs::read_to_string(page).unwrap();
    let mut tables: Vec<Table> = Vec::new();
    let (mut heading, mut columns) = ("", Vec::new());
    for line in text.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim();
        }
        let Some(cells) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            columns.clear();
            continue;
        };
        let cells: Vec<_> = cells.split('|').map(|cell| cell.trim().to_owned()).collect();
        if cells[0] == "Key" {
            columns = cells;
            let spans = heading.split('`').skip(1).step_by(2).filter(|span| span.starts_with('['));
            let sections: Vec<_> = spans.map(str::to_owned).collect();
            assert!(!sections.is_empty() || heading == "Top level", "{heading}");
            tables.push(Table { heading: heading.to_owned(), sections, rows: Vec::new() });
        } else if !columns.is_empty() && !cells[0].starts_with("---") {
            assert_eq!(cells.len(), columns.len(), "{line}");
            let key = cells[0].trim_matches('`').to_owned();
            let cells = columns.iter().cloned().zip(cells).collect();
            tables.last_mut().unwrap().rows.push(Row { key, cells });
        }
    }
    tables
}

/// The keys of each section of a file. The top level is the section without a name.
fn keys_of_file(text: &str) -> BTreeMap<String, Keys> {
    let mut keys: BTreeMap<String, Keys> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines() {
        if line.starts_with('[') {
            line.clone_into(&mut section);
            keys.entry(section.clone()).or_default();
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with(['#', ' '])) {
            keys.entry(section.clone()).or_default().insert(key.to_owned());
        }
    }
    keys
}

/// A key that no section has.
const UNKNOWN: &str = "0";

/// The keys that the program lists for an unknown key.
fn keys_of_hint(files: &Files) -> Keys {
    let problems = files.problems();
    let message = format!("error: unknown key `{UNKNOWN}`");
    let problem = problems.iter().find(|problem| problem.starts_with(&message));
    let problem = problem.unwrap_or_else(|| panic!("{problems:?}"));
    let (_, hint) = problem.split_once("\nhint: write ").unwrap_or_else(|| panic!("{problem}"));
    hint.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The name under which a section, or a section in it, is in another section: `directory` and `sql` for
/// `[directory.sql]` at the top level and in `[directory]`. None if it is not in the other section.
fn name_in<'s>(section: &'s str, outer: &str) -> Option<&'s str> {
    let path = section.trim_matches(['[', ']']);
    let rest = if outer.is_empty() { path } else { path.strip_prefix(outer)?.strip_prefix('.')? };
    rest.split('.').next()
}

/// A section's keys in a page: those of its table, and the names of the sections in it.
fn keys_of_page(tables: &[Table], table: &Table) -> Keys {
    let own = table.sections.first().map_or("", |section| section.trim_matches(['[', ']']));
    let sections = tables.iter().flat_map(|table| &table.sections);
    let inner = sections.filter_map(|section| name_in(section, own)).map(str::to_owned);
    table.keys().into_iter().chain(inner).collect()
}

const SMALL_PROFILE: &str = include_str!("../../deploy/example.toml");

fn files(settings: &str, profile: &str) -> Files {
    let files = Files::new(settings, &[("a.toml", profile)]);
    files.write("profiles/domains.txt", "more.example\n");
    files.write("profiles/logo.svg", "<svg/>");
    fs::create_dir(files.path("templates")).unwrap();
    files
}

/// The text with a line after the header of a section.
fn with_line_in(text: &str, section: &str, line: &str) -> String {
    if section.is_empty() {
        return format!("{line}\n{text}");
    }
    let header = format!("\n{section}\n");
    assert!(text.contains(&header), "{section}");
    text.replacen(&header, &format!("{header}{line}\n"), 1)
}

#[test]
fn lists_every_key_of_the_settings() {
    let text = uncommented("config/waypost.toml");
    let tables = tables("docs/configuration.md");
    let of_file = keys_of_file(&text);
    let mut sections = Keys::new();
    for table in &tables {
        let section = table.sections.first().map_or("", String::as_str);
        let read = keys_of_hint(&files(&with_line_in(&text, section, "0 = 1"), SMALL_PROFILE));
        assert_eq!(keys_of_page(&tables, table), read, "{}", table.heading);
        assert_eq!(table.keys(), of_file[section], "config/waypost.toml, {}", table.heading);
        sections.insert(section.to_owned());
    }
    assert_eq!(sections, of_file.into_keys().collect());
}

#[test]
fn lists_every_key_of_a_profile() {
    let text = uncommented("config/profiles/centurylink.toml");
    let tables = tables("docs/profiles.md");
    let mut in_page: BTreeMap<Vec<String>, Keys> = BTreeMap::new();
    for table in &tables {
        let listed = keys_of_page(&tables, table);
        let is_other = table.is_other_protocol();
        for section in
            table.sections.iter().map(String::as_str).chain(table.sections.is_empty().then_some(""))
        {
            let profile = if is_other {
                text.replacen("type = \"exchange\"", "type = \"exchange\"\n0 = 1", 1)
            } else {
                with_line_in(&text, section, "0 = 1")
            };
            assert_eq!(listed, keys_of_hint(&files("", &profile)), "{section} of {}", table.heading);
        }
        let group = if is_other {
            vec!["[[incoming]]".to_owned(), "[[outgoing]]".to_owned()]
        } else {
            table.sections.clone()
        };
        in_page.entry(group).or_default().extend(table.keys());
    }
    // The commented file has each key once in one of the sections that a table describes.
    let mut of_file = keys_of_file(&text);
    for (group, keys) in in_page {
        let sections = if group.is_empty() { vec![String::new()] } else { group };
        let found: Keys = sections.iter().flat_map(|section| of_file.remove(section).unwrap()).collect();
        // The section is the long form.
        let keys: Keys = keys.into_iter().filter(|key| key != "webmail").collect();
        assert_eq!(keys, found, "config/profiles/centurylink.toml, {sections:?}");
    }
    assert!(of_file.is_empty(), "{of_file:?}");
}

/// The line of a key in a section of a text. Of several sections with one name, it is the first that has the key; in the
/// table of other protocols, the last section.
fn line_of(text: &str, table: &Table, section: &str, key: &str) -> Option<usize> {
    let mut instances: Vec<Vec<usize>> = vec![Vec::new()];
    let mut current = "";
    for (number, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            current = line;
            instances.push(Vec::new());
        }
        if current == section {
            instances.last_mut().unwrap().push(number);
        }
    }
    instances.retain(|lines| !lines.is_empty());
    if table.is_other_protocol() {
        instances.drain(..instances.len() - 1);
    }
    let lines: Vec<_> = text.lines().collect();
    instances.into_iter().flatten().find(|number| lines[*number].starts_with(&format!("{key} = ")))
}

/// The text with another line, or none, in place of one.
fn with_line(text: &str, number: usize, line: Option<String>) -> String {
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.splice(number..=number, line);
    lines.join("\n") + "\n"
}

fn errors(files: &Files) -> Vec<String> {
    files.problems().into_iter().filter(|problem| problem.starts_with("error: ")).collect()
}

fn profile_of(files: &Files) -> Profile {
    files.load().directory.entries()[0].profile.clone()
}

/// Which keys are required, and which value each other key has without its line.
#[test]
fn has_the_defaults_of_a_profile() {
    let text = uncommented("config/profiles/centurylink.toml");
    let (mut required, mut defaults) = (0, 0);
    for table in tables("docs/profiles.md") {
        let top = [String::new()];
        for section in if table.sections.is_empty() { &top[..] } else { &table.sections } {
            for row in &table.rows {
                let Some(line) = line_of(&text, &table, section, &row.key) else { continue };
                let absent = files("", &with_line(&text, line, None));
                let place = format!("`{}` of {section}", row.key);
                match row.is_required() {
                    Some(true) => {
                        required += 1;
                        let errors = errors(&absent);
                        let message = format!("`{}` is missing", row.key);
                        assert!(errors.iter().any(|error| error.contains(&message)), "{place}: {errors:?}");
                    }
                    Some(false) => assert_eq!(errors(&absent), [""; 0], "{place}"),
                    None => {}
                }
                if let Some(default) = row.default() {
                    defaults += 1;
                    let default = format!("{} = {default}", row.key);
                    let written = files("", &with_line(&text, line, Some(default)));
                    assert_eq!(profile_of(&absent), profile_of(&written), "{place}");
                }
            }
        }
    }
    assert!(required >= 28 && defaults >= 19, "{required} {defaults}");
}

#[test]
fn has_the_defaults_of_the_settings() {
    let text = valid_settings();
    let files = files("", SMALL_PROFILE);
    let (mut required, mut defaults) = (0, 0);
    for table in tables("docs/configuration.md") {
        let section = table.sections.first().map_or("", String::as_str);
        for row in &table.rows {
            let place = format!("`{}` of {section}", row.key);
            if row.key == "query" {
                continue;
            }
            let line = line_of(&text, &table, section, &row.key).unwrap_or_else(|| panic!("{place}"));
            let (absent, problems) = settings(&files, &with_line(&text, line, None));
            let errors: Vec<_> = problems.iter().filter(|problem| problem.is_error()).collect();
            if row.is_required() == Some(true) {
                required += 1;
                assert!(
                    errors[0].message.contains(&format!("`{}` is missing", row.key)),
                    "{place}: {errors:?}"
                );
            } else if row.is_required() == Some(false) {
                assert!(errors.is_empty(), "{place}: {errors:?}");
            } else {
                assert!(errors[0].message.contains(&row.key), "{place}: {errors:?}");
            }
            if let Some(default) = row.default() {
                defaults += 1;
                let default = format!("{} = {default}", row.key);
                let (written, _) = settings(&files, &with_line(&text, line, Some(default)));
                assert_eq!(absent, written, "{place}");
            }
        }
    }
    assert!(required == 6 && defaults >= 18, "{required} {defaults}");
}

/// The settings without locations, and the problems.
fn settings(files: &Files, text: &str) -> (Settings, Vec<Problem>) {
    files.write("waypost.toml", text);
    let (mut settings, problems) = Config::settings(&files.path("waypost.toml")).unwrap();
    let nowhere = || Location::whole(Path::new(""));
    settings.tls.iter_mut().for_each(|tls| tls.location = nowhere());
    settings.sql_profile = None;
    settings.sql_location = None;
    settings.signing.iter_mut().for_each(|signing| signing.location = nowhere());
    let language = settings.page.language.map_or(ENGLISH.to_owned(), |language| language.value);
    settings.page.language = Some(Located { value: language, location: nowhere() });
    (settings, problems)
}

#[test]
fn marks_the_keys_that_take_effect_after_a_restart() {
    let mut marked = Vec::new();
    for table in tables("docs/configuration.md") {
        for row in table.rows.iter().filter(|row| row.cells["Restart"] == "yes") {
            marked.push(match &*table.heading {
                "`[admin]`" => format!("[admin] {}", row.key),
                _ => row.key.clone(),
            });
        }
    }
    let text = valid_settings();
    let other = text
        .replace("127.0.0.1:", "127.0.0.2:")
        .replace("watch = true", "watch = false")
        .replace("_seconds = ", "_seconds = 1")
        .replace("_burst = ", "_burst = 1")
        .replace("_connections = ", "_connections = 1")
        .replace("or_unsigned = false", "or_unsigned = true")
        .replace("example.net", "example.org")
        .replace("\"en\"", "\"de\"")
        .replace("10.0.0.0/8", "10.1.0.0/16")
        .replace("::1", "::2")
        .replace(".pem", ".other");
    let files = files("", SMALL_PROFILE);
    let mut changed = settings(&files, &text).0.needs_restart(&settings(&files, &other).0);
    changed.sort_unstable();
    marked.sort_unstable();
    assert_eq!(marked, changed);
}

/// The comment above each key of a commented file. A key of a section that repeats another one needs none.
fn comments(file: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).unwrap();
    let keys = text.split("\n\n").filter_map(|paragraph| {
        let (comment, code): (Vec<_>, Vec<_>) = paragraph.lines().partition(|line| {
            let line = line.strip_prefix("# ").filter(|line| !line.contains(" = ") && !line.starts_with('['));
            line.is_some()
        });
        let comment = comment.iter().map(|line| line[2..].to_owned() + " ").collect::<String>();
        let is_one_key = code.first().is_some_and(|line| !line.trim_start_matches("# ").starts_with('['));
        is_one_key.then(|| (code[0].trim_start_matches("# ").to_owned(), comment))
    });
    keys.collect()
}

/// Each comment has the default, or says that the key is required.
#[test]
fn explains_every_key_in_the_commented_files() {
    for (file, at_least) in [("config/waypost.toml", 38), ("config/profiles/centurylink.toml", 58)] {
        let comments = comments(file);
        assert!(comments.len() >= at_least, "{file}: {}", comments.len());
        for (line, comment) in comments {
            let (key, value) = line.split_once(" = ").unwrap();
            let is_explained = comment.contains("Default: ") || comment.contains("Required");
            // `domains` is required on a condition.
            assert!(is_explained || key == "domains", "{key} in {file}: {comment}");
            let has_unit = !key.ends_with("_seconds") || comment.contains("in seconds");
            assert!(has_unit, "{key} in {file}: {comment}");
            let is_number = value.parse::<u64>().is_ok() && key != "port" && key != "check_interval_minutes";
            let is_switch = matches!(value, "true" | "false") && key != "use_global_preferred_server";
            if is_number || is_switch {
                let (_, default) = comment.split_once("Default: ").unwrap();
                let default = default.split(['.', ',']).next().unwrap();
                assert_eq!(default, value, "{key} in {file}");
            }
        }
    }
}

/// The part of a page under a heading.
fn part(page: &str, heading: &str) -> String {
    let text = fs::read_to_string(page).unwrap();
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    rest.split("\n## ").next().unwrap().split("\n### ").next().unwrap().to_owned()
}

#[test]
fn lists_every_value() {
    let page = "docs/profiles.md";
    let first_cells = |text: &str| -> Vec<String> {
        let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        rows.map(|(cell, _)| cell.to_owned()).collect()
    };
    let authentication = part(page, "### Authentication");
    let (servers, services) = authentication.split_once("The services (").unwrap();
    assert_eq!(first_cells(servers), Authentication::VARIANTS);
    let schemes = services.lines().find(|line| line.contains("HTTP authentication scheme:")).unwrap();
    let schemes: Vec<_> = schemes.split('|').nth(1).unwrap().split('`').skip(1).step_by(2).collect();
    assert_eq!(schemes, Mechanism::HTTP_SCHEMES);
    let placeholders = first_cells(&part(page, "### Placeholders"));
    assert_eq!(placeholders[..3], *Placeholder::VARIANTS);
    let commented = fs::read_to_string("config/profiles/centurylink.toml").unwrap().replace("\n# ", " ");
    let last = |words: &[&str], before: &str, after: &str| {
        let words: Vec<_> = words.iter().map(|word| format!("{before}{word}{after}")).collect();
        let (last, rest) = words.split_last().unwrap();
        format!("{} or {last}", rest.join(", "))
    };
    assert!(commented.contains(&last(Authentication::VARIANTS, "", "")));
    assert!(commented.contains(&last(OtherKind::VARIANTS, "", "")));
    assert!(commented.contains(&format!("The mode: {}.", last(Mode::VARIANTS, "", ""))));
    let meaning = |heading: &str, key: &str| {
        let table = tables(page).into_iter().find(|table| table.heading == heading).unwrap();
        table.rows.iter().find(|row| row.key == key).unwrap().cells["Meaning"].clone()
    };
    let other = meaning("`[[incoming]]` with another protocol", "type");
    assert_eq!(other, last(OtherKind::VARIANTS, "`\"", "\"`") + ".");
    for word in SocketType::VARIANTS {
        let servers = meaning("`[[incoming]]` and `[[outgoing]]`", "socket_type");
        assert!(servers.contains(&format!("`\"{word}\"`")), "{word}");
    }
    for word in Mode::VARIANTS {
        assert!(meaning("`[mta_sts]`", "mode").contains(&format!("`\"{word}\"`")), "{word}");
    }
}

/// Runs the commands of the examples, and checks the files that they write.
#[test]
fn has_examples_without_avoidable_findings() {
    let text = fs::read_to_string("docs/profiles.md").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_waypost")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    for example in ["Example 1", "Example 2", "Example 3"] {
        let (_, rest) = text.split_once(&format!("\n## {example}")).unwrap();
        let (_, rest) = rest.split_once("\n```sh\n").unwrap();
        let script = rest.split("```").next().unwrap();
        let output = Command::new("bash")
            .args(["-euc", script])
            .current_dir(folder.path())
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains(": good, "), "{example}");
    }
    let domains = [("one", 1), ("hosting", 42), ("groupware", 1)];
    for (name, domains) in domains {
        let config = Config::load(&folder.path().join(name).join("waypost.toml")).unwrap();
        assert_eq!(config.notes, [], "{name}");
        assert_eq!(config.directory.domain_count(), domains, "{name}");
        let profile = waypost::check::check_profile(&config, 0).unwrap();
        let findings = waypost::check::findings(&[profile]);
        let avoidable: Vec<_> =
            findings.iter().filter(|finding| finding.needs_action).map(|finding| &finding.message).collect();
        assert_eq!(avoidable, [""; 0], "{name}");
    }
    let hosting = Config::load(&folder.path().join("hosting/waypost.toml")).unwrap();
    assert_eq!(hosting.pages.default_language(), "de");
    let files: BTreeSet<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), domains.len(), "{files:?}");
}
