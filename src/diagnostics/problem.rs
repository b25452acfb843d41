//! Problems of a configuration: a message, a location, a hint.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::files::read::NotUtf8;

/// A message to the operator about the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    #[serde(flatten)]
    pub location: Location,
    /// The next step. None if there is nothing to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// From the worst to the least.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// The configuration cannot be used, or no client can connect.
    Error,
    /// Some clients end with worse settings, or with none.
    Warning,
    /// Information: the configuration may be as intended.
    Note,
}

/// A location in a file. Lines and columns count from 1, columns in characters. In a location that is the whole file
/// or folder, both are 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub file: Arc<Path>,
    #[serde(default, skip_serializing_if = "is_none")]
    pub line: usize,
    #[serde(default, skip_serializing_if = "is_none")]
    pub column: usize,
    /// Characters from there on that belong to it, on the same line; 0 if that is not known.
    #[serde(skip)]
    pub length: usize,
}

/// The text of a file, which converts byte offsets to locations.
#[derive(Debug)]
pub struct Source {
    pub file: Arc<Path>,
    pub text: String,
    line_starts: Vec<usize>,
}

/// A value and its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub location: Location,
}

/// Why a value is invalid, without its location.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    pub message: String,
    pub hint: Option<String>,
}

impl Problem {
    pub fn error(location: Location, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), location, hint: Some(hint.into()) }
    }

    pub fn warning(location: Location, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(location, message, hint) }
    }

    pub fn note(location: Location, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(location, message, hint) }
    }

    /// A note that needs no action. It has no hint.
    pub fn information(location: Location, message: impl Into<String>) -> Self {
        Self { hint: None, ..Self::note(location, message, "") }
    }

    /// An error about the invalid value at a location.
    pub fn at(location: Location, value: InvalidValue) -> Self {
        Self { severity: Severity::Error, message: value.message, location, hint: value.hint }
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  --> {}", self.severity, self.message, self.location)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl Location {
    /// A character of a file.
    pub fn new(file: Arc<Path>, line: usize, column: usize) -> Self {
        Self { file, line, column, length: 0 }
    }

    /// Where a file cannot be read: the first byte that is not UTF-8, else the file as a whole.
    pub fn of_error(file: &Path, error: &io::Error) -> Self {
        match error.get_ref().and_then(|cause| cause.downcast_ref::<NotUtf8>()) {
            Some(NotUtf8 { line, column }) => Self::new(file.into(), *line, *column),
            None => Self::whole(file),
        }
    }

    /// A file or folder as a whole.
    pub fn whole(file: &Path) -> Self {
        Self::new(file.into(), 0, 0)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

/// serde passes a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(number: &usize) -> bool {
    *number == 0
}

fn as_text<S: serde::Serializer>(file: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&file.display())
}

fn from_text<'d, D: serde::Deserializer<'d>>(deserializer: D) -> Result<Arc<Path>, D::Error> {
    Ok(PathBuf::deserialize(deserializer)?.into())
}

impl Source {
    pub fn new(file: Arc<Path>, text: String) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { file, text, line_starts }
    }

    /// The location of a byte of the text.
    pub fn location(&self, offset: usize) -> Location {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts[line - 1];
        let column = self.text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
        Location::new(self.file.clone(), line, column)
    }

    /// The location of bytes of the text, as far as they are on one line.
    pub fn location_of(&self, span: &Range<usize>) -> Location {
        let text = self.text.get(span.clone()).unwrap_or_default();
        let length = text.lines().next().map_or(0, |line| line.chars().count());
        Location { length, ..self.location(span.start) }
    }

    /// A line without its end, counted from 1.
    pub fn line(&self, number: usize) -> Option<&str> {
        let start = *self.line_starts.get(number.checked_sub(1)?)?;
        self.text.get(start..)?.lines().next()
    }
}

impl InvalidValue {
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

/// `did you mean ...`, or a list of the known words if none is near.
pub fn suggest(wrong: &str, known: &[&str]) -> String {
    // `idle_timeout` for `idle_timeout_seconds`.
    let longer =
        || known.iter().copied().find(|word| wrong.len() > 2 && word.starts_with(&format!("{wrong}_")));
    match nearest(wrong, known.iter().copied()).or_else(longer) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("write {}", list(known)),
    }
}

/// The known word that is nearest to a wrong one, if it is near enough for a typing error.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    // The distance is at least the difference of the lengths. There may be a million words.
    known
        .filter(|word| word.len().abs_diff(wrong.len()) <= 1 + word.len() / 5)
        .map(|word| (strsim::damerau_levenshtein(&wrong, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 5)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `a, b or c`, each in backticks.
pub fn list(words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_columns_from_one() {
        let source = Source::new(Path::new("a.toml").into(), "ab\nä=c\n".to_owned());
        assert_eq!(source.location(0).to_string(), "a.toml:1:1");
        assert_eq!(source.location(3).to_string(), "a.toml:2:1");
        assert_eq!(source.location(6).to_string(), "a.toml:2:3");
        assert_eq!(Location::whole(Path::new("a.toml")).to_string(), "a.toml");
    }

    #[test]
    fn displays_message_location_and_hint() {
        let location = Location::new(Path::new("p/a.toml").into(), 14, 3);
        assert_eq!(
            Problem::error(location, "the port is 0", "a port is 1 to 65535").to_string(),
            "error: the port is 0\n  --> p/a.toml:14:3\nhint: a port is 1 to 65535"
        );
    }

    #[test]
    fn suggests_a_near_word_or_lists_all() {
        assert_eq!(suggest("starttls", &["SSL", "STARTTLS", "plain"]), "did you mean `STARTTLS`?");
        assert_eq!(suggest("quantum", &["SSL", "plain"]), "write `SSL` or `plain`");
    }
}
