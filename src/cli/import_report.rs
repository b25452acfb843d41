//! The report of `import`: errors one by one, notes by their kind, and the summary of a dry run.

use std::fmt::Write as _;

use super::output::{count, message, print_problems};
use crate::diagnostics::{Problem, Severity};
use crate::formats::import::Imported;

/// Prints errors and warnings, each with its source line, and one line for each kind of note.
pub fn print_grouped(problems: &[Problem]) {
    let (notes, others): (Vec<_>, Vec<_>) =
        problems.iter().cloned().partition(|problem| problem.severity == Severity::Note);
    print_problems(&others);
    for kind in note_kinds(&notes) {
        message(kind);
    }
}

/// One line for each kind of note: its text, how many there are, and the place of the first.
fn note_kinds(notes: &[Problem]) -> Vec<String> {
    let mut kinds: Vec<(String, &Problem, usize)> = Vec::new();
    for note in notes {
        let kind = without_values(&note.message);
        match kinds.iter_mut().find(|(other, ..)| *other == kind) {
            Some((.., number)) => *number += 1,
            None => kinds.push((kind, note, 1)),
        }
    }
    let line = |(_, first, number): (String, &Problem, usize)| {
        let place = if number == 1 { "at" } else { "first" };
        format!("note: {} ({number}, {place} {})", first.message, first.location)
    };
    kinds.into_iter().map(line).collect()
}

/// A message without the parts in backticks.
fn without_values(message: &str) -> String {
    message.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// One line for each profile that would be written, and for each file that is not imported.
pub fn dry_run(imported: &[Imported]) -> String {
    let mut text = String::new();
    for Imported { file, problems, profile } in imported {
        let _ = write!(text, "{}: ", file.display());
        let _ = match profile {
            Some(new) => {
                let domains = count(new.domain_count, "domain");
                write!(text, "{}, id {}, {domains}", new.path.display(), new.id)
            }
            None => write!(text, "not imported"),
        };
        let errors = problems.iter().filter(|problem| problem.is_error()).count();
        if errors > 0 {
            let _ = write!(text, ", {}", count(errors, "error"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::diagnostics::Location;

    #[test]
    fn counts_notes_by_their_kind() {
        let note = |message: &str, file: &str| Problem::note(Location::whole(Path::new(file)), message, "");
        let notes = [note("`a` is odd", "a"), note("<b> is even", "b"), note("`c` is odd", "c")];
        assert_eq!(note_kinds(&notes), ["note: `a` is odd (2, first a)", "note: <b> is even (1, at b)"]);
    }
}
