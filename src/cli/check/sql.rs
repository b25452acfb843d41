//! The findings about the list of domains from a database.

use serde_json::{Map, Value, json};

use crate::certificates::time::Time;
use crate::cli::output::count;
use crate::cli::sql_list::ListReport;
use crate::config::Config;
use crate::diagnostics::{Location, Problem};
use crate::directory::{Skipped, SkippedRows, SqlCounts, SqlDomains, saved_list};

/// The problems of the list. `section` is the location of `[directory.sql]`.
pub fn problems(config: &Config, report: &ListReport, section: &Location) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(error) = &report.error {
        let message = format!("the list of domains cannot be read: {error}");
        problems.push(Problem::error(section.clone(), message, error.hint()));
    }
    if let (Some(error), Some(folder)) = (&report.saved_error, &config.settings.state_dir) {
        let message = format!("the saved list of domains cannot be read: {error}");
        let hint = "remove or move the file; the server writes it again when the database answers";
        problems.push(Problem::warning(Location::whole(&saved_list::path(folder)), message, hint));
    }
    match config.directory.sql() {
        Some(list) => problems.extend(rows(list, section)),
        None if report.error.is_none() => {
            let message = "there is no saved list, so the domains of the database are not checked";
            let hint = "run `waypost check` without --offline";
            problems.push(Problem::note(section.clone(), message, hint));
        }
        None => {}
    }
    problems
}

/// The problems of the rows.
fn rows(list: &SqlDomains, section: &Location) -> Vec<Problem> {
    let SkippedRows { null, invalid, invalid_profile, conflicting } = &list.list().skipped;
    let SqlCounts { in_files, unknown_profile, served: _ } = list.counts();
    let mut problems = Vec::new();
    let skipped =
        |number| format!("{} of the database {} not served", count(number, "row"), is_or_are(number));
    if conflicting.count > 0 {
        let message = format!(
            "{}, because an earlier row has the domain with another profile: {}",
            skipped(conflicting.count),
            examples(conflicting)
        );
        let hint = "remove these rows, or correct their profile";
        problems.push(Problem::error(section.clone(), message, hint));
    }
    let rows = [
        (
            null,
            "the domain or the profile is NULL or empty",
            "exclude these rows in `query`, or correct them",
        ),
        (invalid, "the domain is not valid", "exclude these rows in `query`, or correct them"),
        (invalid_profile, "the profile is not a valid id", "write the `id` of a profile into these rows"),
        (unknown_profile, "no profile has this id", "add a profile with this id, or correct the rows"),
    ];
    for (rows, reason, hint) in rows.into_iter().filter(|(rows, _, _)| rows.count > 0) {
        let message = format!("{}, because {reason}: {}", skipped(rows.count), examples(rows));
        problems.push(Problem::warning(section.clone(), message, hint));
    }
    if in_files.count > 0 {
        let number = in_files.count;
        let message = format!(
            "{} of the database {} also in a file, and the profile of the file is served: {}",
            count(number, "domain"),
            is_or_are(number),
            examples(in_files)
        );
        let hint = "remove the domains from the file or from the database";
        problems.push(Problem::warning(section.clone(), message, hint));
    }
    problems
}

fn is_or_are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// `a.example, b.example and 3 more`
fn examples(rows: &Skipped) -> String {
    // A database may contain control characters, and a terminal obeys them.
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let examples: Vec<String> = rows.examples.iter().map(|text| text.chars().map(escape).collect()).collect();
    match rows.count - examples.len() {
        0 => examples.join(", "),
        more => format!("{} and {more} more", examples.join(", ")),
    }
}

/// One line of the text report.
pub fn line(config: &Config, report: &ListReport) -> String {
    let Some(list) = config.directory.sql() else {
        return "no list of domains from the database\n".to_owned();
    };
    let source = match report.age() {
        Some(age) => format!("the saved list, which is {age} old"),
        None => "the database".to_owned(),
    };
    format!("{} from {source}\n", count(list.counts().served, "domain"))
}

/// The object `sql` of the JSON report, with the keys of `/status`.
pub fn json(config: &Config, report: &ListReport) -> Value {
    let list = config.directory.sql();
    let skipped = list.map(|list| list.skipped().map(|(reason, rows)| (reason.to_owned(), json!(rows))));
    json!({
        "origin": report.origin.into_str(),
        "domains": list.map_or(0, |list| list.counts().served),
        "confirmed": report.saved.map(|time| Time(time).to_string()),
        "age_seconds": report.age().map(|age| age.0.as_secs()),
        "error": report.error.as_ref().map(|error| json!({ "message": error.to_string(), "hint": error.hint() })),
        "skipped_rows": skipped.map(Map::from_iter),
    })
}
