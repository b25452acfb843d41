//! The report as text: a matrix for each group of profiles with equal results, then the findings.

use std::collections::HashMap;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::report::{Counts, Report};
use crate::check::{ClientResult, Finding, Occurrence, ProfileCheck, ProtocolResult};
use crate::cli::output::{count, severity_style, styled};
use crate::cli::table::table;
use crate::clients::{Client, Format};
use crate::diagnostics::{ProblemRenderer, Severity};

/// How many places or profiles are listed by name.
const LISTED: usize = 5;
/// The width at which lists of clients are wrapped.
const WIDTH: usize = 100;

pub fn write(report: &Report) -> String {
    let mut text = String::new();
    for group in groups(&report.examined) {
        text += &matrix(&group);
        text.push('\n');
    }
    let mut renderer = ProblemRenderer::styled();
    for finding in &report.findings {
        text += &self::finding(finding, &mut renderer);
    }
    // Errors that prevent a start come last, where they are seen.
    let (errors, others): (Vec<_>, Vec<_>) = report.problems.iter().partition(|problem| problem.is_error());
    for problem in others.into_iter().chain(errors) {
        text += &(renderer.render(problem) + "\n\n");
    }
    let directory = &report.config.directory;
    let profiles = count(directory.entries().len(), "profile");
    let domains = count(directory.domain_count(), "domain");
    let _ = writeln!(text, "{profiles} for {domains}: {}", summary(report.counts()));
    text
}

/// `2 warnings, 1 note`, after `good` if there is neither an error nor a warning.
fn summary(Counts { errors, warnings, notes }: Counts) -> String {
    let good = (errors + warnings == 0).then(|| styled(AnsiColor::Green.on_default(), "good"));
    let counts = [(errors, Severity::Error), (warnings, Severity::Warning), (notes, Severity::Note)]
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, severity)| styled(severity_style(severity), count(number, &severity.to_string())));
    good.into_iter().chain(counts).collect::<Vec<_>>().join(", ")
}

/// Profiles for which every client ends with the same result share a matrix.
fn groups<'e, 'c>(examined: &'e [ProfileCheck<'c>]) -> Vec<Vec<&'e ProfileCheck<'c>>> {
    let mut groups: Vec<Vec<&ProfileCheck>> = Vec::new();
    let mut indexes: HashMap<String, usize> = HashMap::new();
    for one in examined {
        // User names contain the domain; that is not a difference.
        let domain = one.address.domain().as_str();
        let key: String = one
            .results
            .iter()
            .map(|row| cells(row).map(|(_, text)| text).join("|").replace(domain, "") + "\n")
            .collect();
        let index = *indexes.entry(key).or_insert(groups.len());
        if index == groups.len() {
            groups.push(Vec::new());
        }
        groups[index].push(one);
    }
    groups
}

/// The results of a client for each protocol.
fn cells(row: &ClientResult) -> [(Style, String); 3] {
    let red = AnsiColor::Red.on_default();
    if let Err(reason) = &row.outcome {
        return [(red, format!("gives up: {reason}")), Default::default(), Default::default()];
    }
    std::array::from_fn(|i| {
        let style = match &row.protocols[i] {
            ProtocolResult::Unused | ProtocolResult::Guessed => Style::new(),
            ProtocolResult::Preferred => AnsiColor::Green.on_default(),
            ProtocolResult::Different(_) => AnsiColor::Yellow.on_default(),
            ProtocolResult::Missing => red,
        };
        (style, row.protocols[i].to_string())
    })
}

fn matrix(group: &[&ProfileCheck]) -> String {
    let [first, ..] = group else { return String::new() };
    let bold = |text: String| if text.is_empty() { text } else { styled(Style::new().bold(), text) };
    let [imap, pop3, smtp] = ClientResult::PROTOCOLS.map(|protocol| protocol.to_string());
    let mut rows = vec![[String::new(), imap, pop3, smtp].map(bold)];
    let title = if group.len() == 1 {
        rows.extend(preferred(first).map(|row| row.map(bold)));
        format!("{} ({}), as {}", first.profile.display_name.as_str(), first.profile.id, first.address)
    } else {
        let mut names: Vec<_> = group.iter().take(LISTED).map(|one| one.profile.id.to_string()).collect();
        if group.len() > LISTED {
            names.push(format!("{} more", group.len() - LISTED));
        }
        format!("{}: {}", count(group.len(), "profile"), names.join(", "))
    };
    let mut format = None;
    for row in &first.results {
        if format.replace(row.client.format) != Some(row.client.format) {
            rows.push([row.client.format.to_string(), String::new(), String::new(), String::new()].map(bold));
        }
        let [imap, pop3, smtp] =
            cells(row).map(|(style, text)| if text.is_empty() { text } else { styled(style, text) });
        rows.push([format!("  {}", row.client), imap, pop3, smtp]);
    }
    title + "\n" + &table(&rows)
}

/// The preferred servers, in two lines under the column titles.
fn preferred(one: &ProfileCheck) -> [[String; 4]; 2] {
    let mut rows: [[String; 4]; 2] = Default::default();
    for (i, protocol) in ClientResult::PROTOCOLS.into_iter().enumerate() {
        let Some(server) = one.profile.preferred(protocol) else { continue };
        let hostname = server.hostname.for_domain(one.address.domain());
        rows[0][i + 1] = format!("{hostname}:{}", server.port);
        rows[1][i + 1] = format!("{}, {}", server.socket_type.description(), server.username.as_str());
    }
    rows
}

fn finding(finding: &Finding, renderer: &mut ProblemRenderer) -> String {
    let severity = styled(severity_style(finding.severity), finding.severity);
    let mut text = format!("{severity}: {}\n", finding.message);
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
    for (index, Occurrence { location, .. }) in finding.occurrences.iter().take(LISTED).enumerate() {
        text += &(renderer.render_location(finding.severity, location, index == 0) + "\n");
    }
    if finding.occurrences.len() > LISTED {
        let more = count(finding.occurrences.len() - LISTED, "more place");
        let _ = writeln!(text, "  and {more}; --format json lists all");
    }
    let _ = writeln!(text, "hint: {}\n", finding.hint);
    text
}

/// The clients of one format, in lines of at most [`WIDTH`] characters.
fn names(clients: &[Client], format: Format) -> String {
    let mut names = clients.iter().filter(|client| client.format == format).map(|client| client.name);
    let Some(first) = names.next() else { return String::new() };
    let mut text = format!("    by {format}: {first}");
    let mut length = text.len();
    for name in names {
        length += 2 + name.len();
        if length > WIDTH {
            text += ",\n        ";
            length = 8 + name.len();
        } else {
            text += ", ";
        }
        text += name;
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check_profile, findings};
    use crate::config::Config;

    #[test]
    fn colours_results_and_severities() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let examined: Vec<_> = (0..2).filter_map(|index| check_profile(&config, index)).collect();
        let report =
            Report { config: &config, findings: findings(&examined), examined, problems: Vec::new() };
        let text = write(&report);
        assert!(text.contains("  Thunderbird               \u{1b}[32mok\u{1b}[0m "), "{text}");
        assert!(text.contains("\u{1b}[31mgives up: no IMAP server\u{1b}[0m\n"), "{text}");
        assert!(text.contains("\u{1b}[33mwarning\u{1b}[0m: "), "{text}");
    }
}
