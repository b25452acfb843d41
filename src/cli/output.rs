//! What commands print, and the exit code that goes with it.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::address::Domain;
use crate::config::LoadError;
use crate::diagnostics::{Problem, ProblemRenderer, Severity, nearest, wrapped};
use crate::directory::Directory;
use crate::files::read::hint;

/// Prints a result. A closed reader (`| head`) is not an error; a full disk is. Colours are removed unless standard
/// output is a terminal that shows them (`NO_COLOR`, `TERM=dumb`).
pub fn print(text: &str, code: ExitCode) -> ExitCode {
    match print_part(text) {
        Ok(_) => code,
        Err(code) => code,
    }
}

/// Prints a part of a result, as [`print()`] does. False if the reader is closed.
pub fn print_part(text: &str) -> Result<bool, ExitCode> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(could_not_run(&format!("the result cannot be written: {error}"), None)),
    }
}

/// Prints a message to standard error, if it is open.
pub fn message(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Prints problems to standard error, each with its source line.
pub fn print_problems(problems: &[Problem]) {
    let mut renderer = ProblemRenderer::styled();
    for problem in problems {
        message(renderer.render(problem) + "\n");
    }
}

/// Prints a warning to standard error.
pub fn warning(text: &str, hint: Option<&str>) {
    print_lines("warning: ", text, hint);
}

/// Reports that the command found errors.
pub fn errors_found(error: &str, hint: Option<&str>) -> ExitCode {
    report(error, hint, 1)
}

/// Reports that the command could not run.
pub fn could_not_run(error: &str, hint: Option<&str>) -> ExitCode {
    report(error, hint, 2)
}

fn report(error: &str, hint: Option<&str>, code: u8) -> ExitCode {
    print_lines("error: ", error, hint);
    ExitCode::from(code)
}

fn print_lines(label: &str, text: &str, hint: Option<&str>) {
    message(lines(label, text));
    if let Some(hint) = hint {
        message(lines("hint: ", hint));
    }
}

/// The text in lines that fit the terminal. A text that has several lines is printed as it is.
fn lines(label: &str, text: &str) -> String {
    if text.contains('\n') {
        return format!("{label}{text}");
    }
    let text = wrapped(label, text, &" ".repeat(label.len()));
    text.trim_end().to_owned()
}

/// Exit code 1 if there are errors, else 0.
pub fn exit_code(has_errors: bool) -> ExitCode {
    ExitCode::from(u8::from(has_errors))
}

/// Reports a configuration that cannot be loaded.
pub fn not_loaded(error: &LoadError) -> ExitCode {
    match error {
        LoadError::NotFound { looked_at } => {
            if Path::new("waypost.toml").is_file() {
                return could_not_run(
                    "--config is missing, and ./waypost.toml is not a default path",
                    Some("add --config waypost.toml"),
                );
            }
            let places: Vec<_> = looked_at.iter().map(|path| path.display().to_string()).collect();
            could_not_run(
                &format!("there is no configuration file\n  --> searched: {}", places.join(" and ")),
                Some(
                    "add --config FILE, or set $WAYPOST_CONFIG; the smallest configuration is a \
                     waypost.toml with\n\n    \
                     listen = [\"127.0.0.1:8080\"]\n    profiles = \"profiles\"\n\nand a folder \
                     `profiles` in the same folder",
                ),
            )
        }
        LoadError::Unreadable { path, source } => could_not_run(
            &format!("{} cannot be read: {source}", path.display()),
            Some(hint(source, "check the path in --config or $WAYPOST_CONFIG, and make the file readable")),
        ),
        LoadError::Problems(problems) => {
            print_problems(problems);
            let errors = problems.iter().filter(|problem| Problem::is_error(problem)).count();
            could_not_run(&format!("{error}: {}", count(errors, "error")), None)
        }
    }
}

/// Reports a domain that no profile serves, and suggests what was probably meant.
pub fn not_served(domain: &Domain, directory: &Directory) -> ExitCode {
    let hint = match nearest(domain.as_str(), directory.domains()) {
        _ if directory.has_names_below(domain) => {
            format!(
                "add \"{domain}\" to `domains` of the profile; *.{domain} matches only the names below it"
            )
        }
        Some(near) => format!("did you mean {near}?"),
        None if directory.sql().is_some() => {
            "add the domain to the database, or to `domains` or `domains_file` of a profile".to_owned()
        }
        None => "add the domain to `domains` or `domains_file` of a profile".to_owned(),
    };
    errors_found(&not_served_text(domain), Some(&hint))
}

/// The message about a domain that no profile serves.
pub fn not_served_text(domain: &Domain) -> String {
    format!("{domain} is not a domain of any profile")
}

/// `1 profile`, `2 profiles`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A text in a colour, followed by the code that ends it.
pub fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

pub fn severity_style(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    };
    color.on_default()
}
