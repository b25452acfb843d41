//! The report for people: a matrix for each kind of profile, then what was found.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::count;
use super::report::{Counts, Report};
use super::style::{Paint, Style};
use super::table::table;
use crate::check::{Cell, Examined, Finding, Row};
use crate::clients::{Client, Format};
use crate::diagnostics::{Problem, Severity};

/// Places and profiles that are named one by one.
const NAMED: usize = 5;
/// The width that lists of clients are broken at.
const WIDTH: usize = 100;

pub fn report(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for group in groups(&report.examined) {
        text += &matrix(&group, style);
        text.push('\n');
    }
    // What keeps the server from starting comes last, where it is seen.
    let (errors, notes): (Vec<_>, Vec<_>) = report.problems.iter().partition(|problem| problem.is_error());
    for finding in &report.findings {
        text += &self::finding(finding, style);
    }
    for problem in notes.into_iter().chain(errors) {
        text += &self::problem(problem, style);
    }
    let directory = &report.config.directory;
    let _ = writeln!(
        text,
        "{} for {}: {}",
        count(directory.entries().len(), "profile"),
        count(directory.len(), "domain"),
        summary(report.counts(), style)
    );
    text
}

/// `2 warnings, 1 note`; `good` where there is nothing.
fn summary(counts: Counts, style: Style) -> String {
    let Counts { errors, warnings, notes } = counts;
    let words: Vec<_> =
        [(errors, "error", Paint::Red), (warnings, "warning", Paint::Yellow), (notes, "note", Paint::Cyan)]
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, thing, paint)| style.paint(paint, &count(number, thing)))
            .collect();
    let list = words.join(", ");
    match (errors + warnings, notes) {
        (0, 0) => style.paint(Paint::Green, "good"),
        (0, _) => format!("{}, {list}", style.paint(Paint::Green, "good")),
        _ => list,
    }
}

/// Profiles for which every client ends alike, in one matrix.
fn groups<'e, 'c>(examined: &'e [Examined<'c>]) -> Vec<Vec<&'e Examined<'c>>> {
    let mut groups: Vec<Vec<&Examined>> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for one in examined {
        // Log-in names have the domain in them; it is not what they differ in.
        let domain = one.person.domain().as_str();
        let key: String =
            one.rows.iter().map(|row| cells(row).join("|").replace(domain, "") + "\n").collect();
        let place = places.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[*place].push(one);
    }
    groups
}

fn cells(row: &Row) -> [String; 3] {
    match &row.verdict {
        Err(reason) => [format!("gives up: {reason}"), String::new(), String::new()],
        Ok(_) => std::array::from_fn(|i| row.cells[i].to_string()),
    }
}

fn matrix(group: &[&Examined], style: Style) -> String {
    let [first, ..] = group else { return String::new() };
    let mut rows = vec![std::array::from_fn(|i| match i {
        0 => String::new(),
        i => Row::PROTOCOLS[i - 1].to_string(),
    })];
    let mut text = String::new();
    if group.len() == 1 {
        let _ = writeln!(
            text,
            "{} ({}), as {}",
            first.profile.display_name.as_str(),
            first.profile.id,
            first.person
        );
        rows.extend(preferred(first));
    } else {
        let mut names: Vec<_> = group.iter().take(NAMED).map(|one| one.profile.id.to_string()).collect();
        if group.len() > NAMED {
            names.push(format!("{} more", group.len() - NAMED));
        }
        let _ = writeln!(text, "{}: {}", count(group.len(), "profile"), names.join(", "));
    }
    let mut paints = vec![None; rows.len()];
    let mut format = None;
    for row in &first.rows {
        if format.replace(row.client.format) != Some(row.client.format) {
            rows.push([row.client.format.to_string(), String::new(), String::new(), String::new()]);
            paints.push(None);
        }
        let [imap, pop3, smtp] = cells(row);
        rows.push([format!("  {}", row.client), imap, pop3, smtp]);
        paints.push(Some(row));
    }
    let lines = table(&rows);
    for ((line, row), cells) in lines.iter().zip(paints).zip(&rows) {
        text += &match row {
            None => style.paint(Paint::Bold, line.trim_end()),
            Some(row) => painted(line, cells, row, style),
        };
        text.push('\n');
    }
    text
}

/// The preferred servers, in two lines under the head.
fn preferred(one: &Examined) -> [[String; 4]; 2] {
    let server = |i: usize| one.profile.preferred(*Row::PROTOCOLS.get(i.checked_sub(1)?)?);
    let hosts = |i: usize| {
        server(i).map_or_else(String::new, |s| {
            format!("{}:{}", s.hostname.for_domain(one.person.domain()), s.port)
        })
    };
    let security = |i: usize| {
        server(i)
            .map_or_else(String::new, |s| format!("{}, {}", s.socket_type.in_words(), s.username.as_str()))
    };
    [std::array::from_fn(hosts), std::array::from_fn(security)]
}

/// A client's line with its cells coloured; the table has made it as wide as it has to be.
fn painted(line: &str, cells: &[String; 4], row: &Row, style: Style) -> String {
    let mut rest = line.trim_end();
    let mut text = String::new();
    for (i, cell) in cells.iter().enumerate() {
        let Some(at) = rest.find(cell.as_str()).filter(|_| !cell.is_empty()) else { continue };
        text += &rest[..at];
        let paint = match (i, &row.verdict) {
            (0, _) => None,
            (_, Err(_)) => Some(Paint::Red),
            (i, Ok(_)) => match &row.cells[i - 1] {
                Cell::Unused | Cell::Guessed => None,
                Cell::Preferred => Some(Paint::Green),
                Cell::Different(_) => Some(Paint::Yellow),
                Cell::Missing => Some(Paint::Red),
            },
        };
        text += &paint.map_or_else(|| cell.clone(), |paint| style.paint(paint, cell));
        rest = &rest[at + cell.len()..];
    }
    text + rest
}

fn severity(severity: Severity, style: Style) -> String {
    let paint = match severity {
        Severity::Error => Paint::Red,
        Severity::Warning => Paint::Yellow,
        Severity::Note => Paint::Cyan,
    };
    style.paint(paint, &severity.to_string())
}

fn problem(problem: &Problem, style: Style) -> String {
    let text = problem.to_string();
    let word = problem.severity.to_string();
    format!("{}{}\n\n", severity(problem.severity, style), text.strip_prefix(&word).unwrap_or(&text))
}

fn finding(finding: &Finding, style: Style) -> String {
    let mut text = format!("{}: {}\n", severity(finding.severity, style), finding.message);
    let clients = finding.clients();
    if !clients.is_empty() {
        let mut ids: Vec<_> = clients.iter().map(|client| client.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let _ = writeln!(text, "  hurts {}", count(ids.len(), "client"));
        for format in [Format::Autoconfig, Format::Autodiscover] {
            text += &names(&clients, format);
        }
    }
    for spot in finding.spots.iter().take(NAMED) {
        let _ = writeln!(text, "  --> {}", spot.place);
    }
    if finding.spots.len() > NAMED {
        let more = count(finding.spots.len() - NAMED, "more place");
        let _ = writeln!(text, "  and {more}, which --format json has");
    }
    let _ = writeln!(text, "hint: {}\n", finding.hint);
    text
}

/// The clients of one format, broken into lines.
fn names(clients: &[Client], format: Format) -> String {
    let names: Vec<_> =
        clients.iter().filter(|client| client.format == format).map(|client| client.name).collect();
    if names.is_empty() {
        return String::new();
    }
    let mut lines = vec![format!("    by {format}: ")];
    for (i, name) in names.iter().enumerate() {
        let comma = if i + 1 < names.len() { ", " } else { "" };
        let is_full = lines.last().is_some_and(|line| line.len() + name.len() > WIDTH);
        if is_full {
            lines.push(" ".repeat(8));
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(name);
            line.push_str(comma);
        }
    }
    lines.iter().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{examine, findings};
    use crate::config::Config;

    /// The same text with and without colour.
    #[test]
    fn colours_nothing_but_what_is_there() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let examined: Vec<_> = (0..2).filter_map(|index| examine(&config, index)).collect();
        let report =
            Report { config: &config, findings: findings(&examined), examined, problems: Vec::new() };
        let coloured = super::report(&report, Style::coloured());
        assert!(coloured.contains("  Thunderbird               \u{1b}[32mok\u{1b}[0m "), "{coloured}");
        assert!(coloured.contains("\u{1b}[31mgives up: no IMAP server\u{1b}[0m\n"));
        assert!(coloured.contains("\u{1b}[33mwarning\u{1b}[0m: "));
        let mut plain = coloured;
        for code in ["0", "1", "31", "32", "33", "36"] {
            plain = plain.replace(&format!("\u{1b}[{code}m"), "");
        }
        assert_eq!(plain, super::report(&report, Style::plain()));
    }
}
