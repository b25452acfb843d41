//! The report as text: the findings, most severe first, then the matrix, then the counts.

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::report::{Counts, Report};
use super::{matrix, sql};
use crate::check::{Finding, Occurrence};
use crate::cli::output::{count, severity_style, styled};
use crate::clients::{Client, Format};
use crate::diagnostics::{ProblemRenderer, Severity, wrapped};

/// How many places of a finding are listed.
const LISTED: usize = 5;
/// Up to so many profiles, the matrix has all rows, unless there are errors.
const SMALL: usize = 5;

/// What is printed beside errors and warnings.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    /// The rows of the matrix in which a client ends with the preferred servers.
    pub all_rows: bool,
    /// The notes that need no action.
    pub all_notes: bool,
}

pub fn write(report: &Report, selection: Selection) -> String {
    let mut text = String::new();
    let mut hidden = 0;
    let mut renderer = ProblemRenderer::styled();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let is_shown = |needs_action| severity != Severity::Note || needs_action || selection.all_notes;
        for problem in report.problems.iter().filter(|problem| problem.severity == severity) {
            if is_shown(problem.hint.is_some()) {
                text += &(renderer.render(problem) + "\n\n");
            } else {
                hidden += 1;
            }
        }
        for finding in report.findings.iter().filter(|finding| finding.severity == severity) {
            if is_shown(finding.needs_action) {
                text += &self::finding(finding, &mut renderer);
            } else {
                hidden += 1;
            }
        }
    }
    // Errors must not scroll out of sight.
    let has_all_rows = report.examined.len() <= SMALL && report.counts().errors == 0;
    text += &matrix::write(&report.examined, selection.all_rows || has_all_rows);
    let directory = &report.config.directory;
    let profiles = count(directory.entries().len(), "profile");
    let domains = count(directory.domain_count(), "domain");
    if hidden > 0 {
        let notes = count(hidden, "note");
        let (verb, pronoun) = if hidden == 1 { ("needs", "it") } else { ("need", "them") };
        let _ = writeln!(text, "{notes} {verb} no action; --verbose shows {pronoun}");
    }
    if let Some(list) = report.list {
        text += &sql::line(report.config, list);
    }
    if report.is_selection {
        let _ =
            writeln!(text, "{} of {profiles} checked: {}", report.examined.len(), summary(report.counts()));
    } else {
        let _ = writeln!(text, "{profiles} for {domains}: {}", summary(report.counts()));
    }
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

fn finding(finding: &Finding, renderer: &mut ProblemRenderer) -> String {
    let severity = finding.severity.to_string();
    let message = wrapped(&format!("{severity}: "), &finding.message, "  ");
    let mut text = message.replacen(&severity, &styled(severity_style(finding.severity), &severity), 1);
    let clients = finding.clients();
    if !clients.is_empty() {
        let mut ids: Vec<_> = clients.iter().map(|client| client.id).collect();
        ids.sort_unstable();
        ids.dedup();
        let _ = writeln!(text, "  affects {}", count(ids.len(), "client"));
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
    text + &wrapped("hint: ", &finding.hint, "      ") + "\n"
}

/// The clients of one format.
fn names(clients: &[Client], format: Format) -> String {
    let names: Vec<_> =
        clients.iter().filter(|client| client.format == format).map(|client| client.name).collect();
    match names.as_slice() {
        [] => String::new(),
        names => wrapped(&format!("    by {format}: "), &names.join(", "), "        "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn colours_the_severities() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let report = Report::new(&config, None, &[], &[]);
        let text = write(&report, Selection { all_rows: true, all_notes: true });
        assert!(text.contains("\u{1b}[33mwarning\u{1b}[0m: "), "{text}");
    }
}
