//! Problems as text for people: the message, the source line with a caret below the location, the hint.
//!
//! The source is read again when a problem is printed, so a loaded configuration keeps no text of its files.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use annotate_snippets::renderer::AnsiColor;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::problem::{Location, Problem, Severity, Source};
use super::wrap::{WIDTH, wrapped};
use crate::files::read::{LARGEST_LIST, read};
use crate::xml;

/// The longest mark below a source line. With a longer one, the renderer would not cut the line to the width.
const LONGEST_MARK: usize = 40;

/// Renders problems, with or without colours.
#[derive(Debug)]
pub struct ProblemRenderer {
    renderer: Renderer,
    /// The file that was read last: the problems of a file follow each other.
    source: Source,
}

impl ProblemRenderer {
    /// Without colours.
    pub fn plain() -> Self {
        let source = Source::new(Path::new("").into(), String::new());
        Self { renderer: Renderer::plain().term_width(WIDTH), source }
    }

    /// With the codes that colour text on a terminal.
    pub fn styled() -> Self {
        let renderer = Renderer::styled()
            .error(AnsiColor::Red.on_default())
            .warning(AnsiColor::Yellow.on_default())
            .note(AnsiColor::Cyan.on_default())
            .hyperlink(false)
            .term_width(WIDTH);
        Self { renderer, ..Self::plain() }
    }

    /// The problem, in lines without an end of the last one. If the file does not have the location any more, its
    /// source line is left out.
    pub fn render(&mut self, problem: &Problem) -> String {
        let label = problem.severity.to_string().len() + 2;
        let title = level(problem.severity).primary_title(lines(&problem.message, label));
        let line = self.source_line(&problem.location);
        let hint = problem.hint.as_deref().map(|hint| lines(hint, "hint: ".len()));
        let hint = hint.map(|hint| Group::with_title(Level::HELP.with_name("hint").secondary_title(hint)));
        let problem_group = Group::with_title(title);
        if let Some(line) = line {
            let problem_group = with_line(problem_group, &problem.location, line);
            return self.renderer.render(&[problem_group].into_iter().chain(hint).collect::<Vec<_>>());
        }
        // With a location and no source line, the renderer would draw an empty frame.
        let mut text = self.renderer.render(&[problem_group]) + "\n" + &without_line(&problem.location);
        if let Some(hint) = hint {
            text.extend(["\n", &self.renderer.render(&[hint])]);
        }
        text
    }

    /// A location for a message above it, with its source line if that is wanted. A location without a length is a file as
    /// a whole, and has no such line.
    pub fn render_location(&mut self, severity: Severity, location: &Location, has_line: bool) -> String {
        let line = if has_line && location.length > 0 { self.source_line(location) } else { None };
        match line {
            None => without_line(location),
            Some(line) => {
                self.renderer.render(&[with_line(Group::with_level(level(severity)), location, line)])
            }
        }
    }

    /// The line of a location, and the bytes of it that the location stands for.
    fn source_line(&mut self, location: &Location) -> Option<(String, Range<usize>)> {
        if self.source.file != location.file {
            let content = read(&location.file, LARGEST_LIST).unwrap_or_default();
            // XML files may be in UTF-16. Other files have no declaration.
            let text = xml::decode(&content)
                .map_or_else(|_| String::from_utf8_lossy(&content).into_owned(), Cow::into_owned);
            self.source = Source::new(Arc::clone(&location.file), text);
        }
        let line = without_passwords(&printable(self.source.line(location.line)?));
        let ends = || line.char_indices().map(|(at, _)| at).chain([line.len()]);
        let start = ends().nth(location.column.checked_sub(1)?)?;
        let end =
            ends().nth(location.column - 1 + location.length.clamp(1, LONGEST_MARK)).unwrap_or(line.len());
        Some((line, start..end))
    }
}

/// Adds the source line of a location, with the bytes to mark.
fn with_line<'a>(group: Group<'a>, location: &Location, (text, span): (String, Range<usize>)) -> Group<'a> {
    group.element(
        Snippet::source(text)
            .line_start(location.line)
            .path(printable(&location.file.display().to_string()))
            .annotation(AnnotationKind::Primary.span(span)),
    )
}

fn without_line(location: &Location) -> String {
    format!("  --> {}", printable(&location.to_string()))
}

const fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The text in lines that leave room for a label. The renderer aligns further lines with the first one.
fn lines(text: &str, label: usize) -> String {
    let indent = " ".repeat(label);
    let text = wrapped(&indent, &printable(text), &indent);
    text.lines().map(|line| line.get(label..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The text with a replacement for each character that would control the terminal or change the direction of text.
fn printable(text: &str) -> String {
    let is_unsafe = |c: char| {
        c.is_control() && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(is_unsafe, "\u{fffd}")
}

/// The line with `*` for each character of a password: in `scheme://user:password@host`, after the parameter `password=`
/// of a URL, and after a key `password`. The columns stay.
fn without_passwords(line: &str) -> String {
    let mut secrets: Vec<Range<usize>> = Vec::new();
    for (at, separator) in line.match_indices("://") {
        let begin = at + separator.len();
        let quote = line[..at].rfind(['"', '\'']).map(|at| &line[at..=at]);
        // A quote in the URL has a backslash before it.
        let is_end = |end: &usize| !line[..*end].ends_with('\\');
        let mut ends = quote.into_iter().flat_map(|quote| line[begin..].match_indices(quote));
        let end = ends.find_map(|(at, _)| Some(begin + at).filter(is_end)).unwrap_or(line.len());
        let url = &line[begin..end];
        secrets.extend(url.rfind('@').and_then(|at| Some(begin + url[..at].find(':')? + 1..begin + at)));
    }
    for (at, word) in line.match_indices("password") {
        let after = line[at + word.len()..].trim_start();
        let Some(value) = after.strip_prefix('=') else { continue };
        let begin = line.len() - value.len();
        let is_parameter = value.starts_with(|c: char| !c.is_whitespace() && !matches!(c, '"' | '\''));
        let end = value.find(['&', '"', '\'']).filter(|_| is_parameter).unwrap_or(value.len());
        secrets.push(begin..begin + end);
    }
    let is_secret = |at: usize| secrets.iter().any(|secret| secret.contains(&at));
    let masked = line.char_indices().map(|(at, c)| if is_secret(at) && !c.is_whitespace() { '*' } else { c });
    masked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, location: impl FnOnce(&Source) -> Location, hint: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.toml");
        std::fs::write(&file, text).unwrap();
        let source = Source::new(file.as_path().into(), text.to_owned());
        let problem = Problem::error(location(&source), "it is wrong", hint);
        ProblemRenderer::plain().render(&problem).replace(&*folder.path().to_string_lossy(), "folder")
    }

    #[test]
    fn points_at_the_value_in_its_line() {
        let text = "# one\nid = \"a.example\"\ndomains = [\"example.com\"]\n";
        assert_eq!(
            rendered(text, |source| source.location_of(&(34..47)), "remove it"),
            "error: it is wrong
 --> folder/a.toml:3:12
  |
3 | domains = [\"example.com\"]
  |            ^^^^^^^^^^^^^
  |
hint: remove it"
        );
        let far_below = "\n".repeat(120) + "\tä = [";
        assert_eq!(
            rendered(&far_below, |source| source.location(far_below.len()), "write ]"),
            "error: it is wrong
   --> folder/a.toml:121:7
    |
121 |     ä = [
    |          ^
    |
hint: write ]"
        );
    }

    #[test]
    fn names_only_the_file_if_there_is_no_such_line() {
        let whole = rendered("", |source| Location::whole(&source.file), "remove it");
        assert_eq!(whole, "error: it is wrong\n  --> folder/a.toml\nhint: remove it");
        for (line, column) in [(20, 3), (1, 30)] {
            let lost = rendered("a = 1\n", |source| Location::new(source.file.clone(), line, column), "look");
            assert_eq!(lost, format!("error: it is wrong\n  --> folder/a.toml:{line}:{column}\nhint: look"));
        }
    }

    #[test]
    fn trims_a_long_line() {
        let text = format!("a = [{}\"here\", {}]", "1, ".repeat(200), "1, ".repeat(200));
        assert_eq!(
            rendered(&text, |source| source.location_of(&(605..611)), "write a number"),
            "error: it is wrong
 --> folder/a.toml:1:606
  |
1 | ..., 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, \"here\", 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, ...
  |                                    ^^^^^^
  |
hint: write a number"
        );
    }

    #[test]
    fn cuts_a_line_whose_mark_is_long() {
        let text = format!("a = \"{}\"", "x".repeat(300));
        let rendered = rendered(&text, |source| source.location_of(&(4..306)), "write less");
        assert!(rendered.lines().all(|line| line.chars().count() <= WIDTH), "{rendered}");
        assert!(rendered.contains(&format!("{}\n", "^".repeat(LONGEST_MARK))), "{rendered}");
    }

    #[test]
    fn passes_no_control_character_on() {
        let text = "a = \"\u{1b}[31m\u{9b}\u{202e}x\" ?\r\n";
        assert_eq!(
            rendered(text, |source| source.location(text.len() - 3), "remove\u{9b}\n it"),
            "error: it is wrong
 --> folder/a.toml:1:16
  |
1 | a = \"\u{fffd}[31m\u{fffd}\u{fffd}x\" ?
  |                ^
  |
hint: remove\u{fffd}\u{fffd} it"
        );
    }

    #[test]
    fn colours_the_severity_and_the_caret() {
        let problem = Problem::warning(Location::whole(Path::new("a.toml")), "it is odd", "look");
        assert_eq!(
            ProblemRenderer::styled().render(&problem),
            "\u{1b}[33mwarning\u{1b}[0m\u{1b}[1m: it is odd\u{1b}[0m\n  --> a.toml\n\u{1b}[1m\u{1b}[96mhint\u{1b}[0m: look"
        );
    }

    #[test]
    fn hides_the_password_of_a_url() {
        for (line, expected) in [
            ("url = \"postgresql://user:s3cr/t@db/x\" # a", "url = \"postgresql://user:******@db/x\" # a"),
            ("url = 'mysql://h/x?password=s3cret&a=b'", "url = 'mysql://h/x?password=******&a=b'"),
            ("public_url = \"https://a.example:8443\"", "public_url = \"https://a.example:8443\""),
            ("url = \"postgresql://user@db/x\"", "url = \"postgresql://user@db/x\""),
            ("// no URL", "// no URL"),
            ("password = \"s3cret\"", "password = ********"),
            ("password_file = \"sql.password\"", "password_file = \"sql.password\""),
            ("url = \"postgresql://u:it's3cret@db/x\"", "url = \"postgresql://u:*********@db/x\""),
            ("url = \"postgresql://u:a\\\"b@db/x\"", "url = \"postgresql://u:****@db/x\""),
            ("a = 'https://x', url = 'mysql://u:s3cret@h'", "a = 'https://x', url = 'mysql://u:******@h'"),
        ] {
            assert_eq!(without_passwords(line), expected);
        }
    }
}
