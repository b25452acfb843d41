//! Explains syntax errors of TOML: which key the error is about, and what to write instead.
//!
//! The parser names the token that it expected. The usual mistakes are visible in the line of the error: missing
//! quotes, text after a value, a key that is there twice.

use super::problem::{Problem, Source};

/// The problem of a syntax error at a byte of the text. `message` is the parser's.
pub fn explain(source: &Source, offset: usize, message: &str) -> Problem {
    let offset = offset.min(source.text.len());
    let line = Line::at(&source.text, offset);
    if source.text.trim_start().starts_with('<') {
        let hint = "rename a file in Mozilla's format to *.xml";
        return Problem::error(source.location(offset), "this is XML, not TOML", hint);
    }
    if message.contains("escape") {
        let about = line.key().map_or_else(String::new, |key| format!(" of `{key}`"));
        let message = format!("a backslash in the value{about} does not begin a valid escape sequence");
        return Problem::error(
            source.location(offset),
            message,
            "write \\\\ for a backslash, or / in a path",
        );
    }
    if let Some((message, hint)) = duplicate(&line, message).or_else(|| line.explanation()) {
        return Problem::error(source.location(offset), message, hint);
    }
    // A list without its end is reported where the next line begins.
    let end = source.text[..offset].trim_end().len();
    let above = Line::at(&source.text, end);
    if let Some((message, hint)) = above.value().filter(|_| end < offset) {
        return Problem::error(source.location(end), message, hint);
    }
    let about = line.key().map_or_else(String::new, |key| format!(" at `{key}`"));
    let message = format!("not valid TOML{about}: {}", message.replace('\n', ", "));
    let hint = "correct the line; https://toml.io describes the syntax";
    Problem::error(source.location(offset), message, hint)
}

/// The line of an error.
struct Line<'t> {
    /// The text of the file before the line.
    before: &'t str,
    text: &'t str,
}

type Explanation = Option<(String, String)>;

impl<'t> Line<'t> {
    fn at(text: &'t str, offset: usize) -> Self {
        let begin = text[..offset].rfind('\n').map_or(0, |newline| newline + 1);
        Self { before: &text[..begin], text: text[begin..].lines().next().unwrap_or_default().trim() }
    }

    fn number(&self) -> usize {
        self.before.matches('\n').count() + 1
    }

    /// The key, if the line begins with one and `=`.
    fn key(&self) -> Option<&'t str> {
        key(self.text)
    }

    fn explanation(&self) -> Explanation {
        self.header().or_else(|| self.comment()).or_else(|| self.item()).or_else(|| self.value())
    }

    /// A header with a bracket too few or too many.
    fn header(&self) -> Explanation {
        let text = without_comment(self.text).trim_end();
        let name = text.strip_prefix('[')?.trim_matches(['[', ']', ' ']);
        if text == format!("[{name}]") || text == format!("[[{name}]]") {
            return None;
        }
        let is_name = !name.is_empty() && name.chars().all(|c| is_key_character(c) || c == '.');
        is_name.then(|| {
            (
                format!("the line `{}` is not a table header", self.text),
                format!("write [{name}], or [[{name}]] if the key is an array of tables"),
            )
        })
    }

    fn comment(&self) -> Explanation {
        let mark = ["//", ";", "--"].into_iter().find(|mark| self.text.starts_with(mark))?;
        Some((
            format!("a line begins with `{mark}`, which is not a comment in TOML"),
            "begin a comment with #".to_owned(),
        ))
    }

    /// A value in a list of several lines, after a value without a comma.
    fn item(&self) -> Explanation {
        let is_value = self.text.starts_with(['"', '\'']) && !self.text.contains('=');
        let is_after_value = self.before.trim_end().ends_with(['"', '\'']);
        (is_value && is_after_value).then(|| {
            let message = format!("a comma is missing before `{}`", self.text);
            (message, "put a comma after each value of a list".to_owned())
        })
    }

    /// A mistake in `key = value`.
    fn value(&self) -> Explanation {
        let Some(key) = self.key() else { return self.without_key() };
        let value = self.text.split_once('=')?.1.trim();
        let (first, rest) = first_value(value);
        if value.is_empty() {
            let example = if key.ends_with("port") || key.ends_with("_seconds") { "993" } else { "\"...\"" };
            return Some((format!("`{key}` has no value"), format!("write {key} = {example}")));
        }
        if first.is_empty() {
            let bare =
                without_comment(value).trim_matches(['"', '\'', '\u{201c}', '\u{201d}', '\u{201e}', ' ']);
            let lower = bare.to_ascii_lowercase();
            let word = match lower.as_str() {
                "true" | "yes" | "on" => Some("true"),
                "false" | "no" | "off" => Some("false"),
                _ => None,
            };
            if let Some(word) = word {
                let message = format!("the value of `{key}` is `{bare}`");
                return Some((message, format!("write {key} = {word}, in lower case and without quotes")));
            }
            if value.starts_with('[') {
                if has_bare_item(value) {
                    let message = format!("a value in the list of `{key}` is not in quotes");
                    return Some((message, format!("write {key} = [\"...\", \"...\"]")));
                }
                let message = format!("the list of `{key}` is incomplete, or a comma is missing in it");
                return Some((message, format!("write {key} = [\"...\", \"...\"]")));
            }
            let problem =
                if value.starts_with(['"', '\'']) { "has no closing quote" } else { "is not in quotes" };
            return Some((format!("the value of `{key}` {problem}"), format!("write {key} = \"{bare}\"")));
        }
        let rest = rest.trim();
        (!rest.is_empty() && !rest.starts_with('#')).then(|| {
            (
                format!("there is text after the value of `{key}`: `{rest}`"),
                "remove the text, or write # before it".to_owned(),
            )
        })
    }

    /// A line without `=`, or with a key of several words.
    fn without_key(&self) -> Explanation {
        if let Some((words, value)) = self.text.split_once('=') {
            let key = words.split_whitespace().collect::<Vec<_>>().join("_");
            let is_key = !key.is_empty() && key.chars().all(is_key_character);
            return is_key.then(|| {
                (
                    format!("`{}` is not a key: it has a space", words.trim()),
                    format!("write {key} = {}", value.trim()),
                )
            });
        }
        let end = self.text.find(|c: char| !is_key_character(c)).unwrap_or(self.text.len());
        let (key, value) = self.text.split_at(end);
        let value = value.trim_start_matches([':', ' ', '\t']);
        (!key.is_empty()).then(|| {
            let (first, _) = first_value(value);
            let value = match value {
                "" => "\"...\"".to_owned(),
                bare if first.is_empty() => format!("\"{}\"", without_comment(bare)),
                value => value.to_owned(),
            };
            (format!("there is no `=` after `{key}`"), format!("write {key} = {value}"))
        })
    }
}

/// A key or a table that is there twice. Both lines are named.
fn duplicate(line: &Line, message: &str) -> Explanation {
    if !message.contains("duplicate key") {
        return None;
    }
    if line.text.starts_with('[') {
        let first = line.before.lines().position(|other| other.trim() == line.text)? + 1;
        let message = format!("duplicate table {}: lines {first} and {}", line.text, line.number());
        return Some((
            message,
            "move all keys below the first header, and remove the second header".to_owned(),
        ));
    }
    let key = line.key()?;
    let lines: Vec<&str> = line.before.lines().collect();
    let header = lines.iter().rposition(|other| other.trim_start().starts_with('['));
    let begin = header.map_or(0, |header| header + 1);
    let first = begin + lines[begin..].iter().position(|other| self::key(other.trim()) == Some(key))? + 1;
    let table =
        header.map_or_else(String::new, |header| format!(" in {}", without_comment(lines[header]).trim()));
    Some((
        format!("duplicate key `{key}`{table}: lines {first} and {}", line.number()),
        "remove one of the two lines".to_owned(),
    ))
}

/// The key that a line begins with, if `=` follows.
fn key(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim();
    let bare = key.trim_matches(['"', '\'']);
    (!bare.is_empty() && bare.chars().all(|c| is_key_character(c) || c == '.')).then_some(bare)
}

fn is_key_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn without_comment(text: &str) -> &str {
    text.split(" #").next().unwrap_or_default()
}

/// Whether a list has a word outside quotes.
fn has_bare_item(list: &str) -> bool {
    let outside = list.split('"').step_by(2).flat_map(|text| text.split([',', '[', ']', ' ']));
    outside
        .into_iter()
        .any(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()) && !matches!(word, "true" | "false"))
}

/// The first value of a text and what follows it. The value is empty if it has no valid form.
fn first_value(text: &str) -> (&str, &str) {
    let length = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map(|end| end + 2),
        Some('[') => {
            let is_list = |end: &usize| has_commas(&text[1..*end]) && !has_bare_item(&text[..*end]);
            text.find(']').filter(is_list).map(|end| end + 1)
        }
        Some(c) if c.is_ascii_digit() || c == '-' => {
            text.find(|c: char| !c.is_ascii_alphanumeric() && !"-+_.:".contains(c)).or(Some(text.len()))
        }
        _ => ["true", "false"]
            .into_iter()
            .find(|word| text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_key_character)))
            .map(str::len),
    };
    text.split_at(length.unwrap_or(0))
}

/// Whether a comma stands between any two strings of a list.
fn has_commas(items: &str) -> bool {
    let outside = items.split('"').step_by(2);
    let count = outside.clone().count();
    let mut between = outside.skip(1).take(count.saturating_sub(2));
    between.all(|text| text.contains(','))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::problems::Problems;
    use super::super::table::{Table, Vocabulary};
    use super::*;

    fn explained(text: &str) -> String {
        let source = Source::new(Path::new("a.toml").into(), text.to_owned());
        let problems = Problems::default();
        let problem = Table::parse(&source, &problems, &Vocabulary::EMPTY).1.unwrap();
        format!("{}: {}; {}", problem.location.line, problem.message, problem.hint.unwrap_or_default())
    }

    #[test]
    fn names_the_key_and_the_remedy() {
        for (text, expected) in [
            ("type = imap\n", "1: the value of `type` is not in quotes; write type = \"imap\""),
            (
                "a = 1\nb = imap.example.com # ours\nc = 1\n",
                "2: the value of `b` is not in quotes; write b = \"imap.example.com\"",
            ),
            ("b = \u{201c}x\u{201d}\n", "1: the value of `b` is not in quotes; write b = \"x\""),
            ("a = \"x\nb = 1\n", "1: the value of `a` has no closing quote; write a = \"x\""),
            ("a = 'x\nb = 1\n", "1: the value of `a` has no closing quote; write a = \"x\""),
            ("a = True\n", "1: the value of `a` is `True`; write a = true, in lower case and without quotes"),
            ("a = no\n", "1: the value of `a` is `no`; write a = false, in lower case and without quotes"),
            ("a =\nb = 1\n", "1: `a` has no value; write a = \"...\""),
            (
                "a = 993 ssl\n",
                "1: there is text after the value of `a`: `ssl`; remove the text, or write # before it",
            ),
            (
                "a = \"x\" // y\n",
                "1: there is text after the value of `a`: `// y`; remove the text, or write # before it",
            ),
            (
                "a = [\"x\" \"y\"]\n",
                "1: the list of `a` is incomplete, or a comma is missing in it; write a = [\"...\", \"...\"]",
            ),
            (
                "a = [\"x\",\n\nb = 1\n",
                "1: the list of `a` is incomplete, or a comma is missing in it; write a = [\"...\", \"...\"]",
            ),
            (
                "a = [\n  \"x\"\n  \"y\"\n]\n",
                "3: a comma is missing before `\"y\"`; put a comma after each value of a list",
            ),
            (
                "a = [\"x.example\", y.example]\n",
                "1: a value in the list of `a` is not in quotes; write a = [\"...\", \"...\"]",
            ),
            ("port =\n", "1: `port` has no value; write port = 993"),
            ("host \"x\"\n", "1: there is no `=` after `host`; write host = \"x\""),
            (
                "a = 993;\n",
                "1: there is text after the value of `a`: `;`; remove the text, or write # before it",
            ),
            (
                "a = 993,\n",
                "1: there is text after the value of `a`: `,`; remove the text, or write # before it",
            ),
            (
                "a = \"C:\\tls\\key\"\n",
                "1: a backslash in the value of `a` does not begin a valid escape sequence; write \\\\ for a backslash, or / in a path",
            ),
            ("<clientConfig/>\n", "1: this is XML, not TOML; rename a file in Mozilla's format to *.xml"),
            ("id: a.example # x\n", "1: there is no `=` after `id`; write id = \"a.example\""),
            ("host: \"x\"\n", "1: there is no `=` after `host`; write host = \"x\""),
            (
                "display name = \"x\"\n",
                "1: `display name` is not a key: it has a space; write display_name = \"x\"",
            ),
            (
                "a = 1\n// a comment\n",
                "2: a line begins with `//`, which is not a comment in TOML; begin a comment with #",
            ),
            (
                "[[incoming]\na = 1\n",
                "1: the line `[[incoming]` is not a table header; write [incoming], or [[incoming]] if the key is an array of tables",
            ),
            (
                "a = [\"x\"\n[[t]]\nb = 1\n",
                "1: the list of `a` is incomplete, or a comma is missing in it; write a = [\"...\", \"...\"]",
            ),
            ("a = 1\nb = 2\na = 3\n", "3: duplicate key `a`: lines 1 and 3; remove one of the two lines"),
            (
                "a = 1\n[t]\na = 1 # x\nb = 2\na = 3\n",
                "5: duplicate key `a` in [t]: lines 3 and 5; remove one of the two lines",
            ),
            (
                "[t]\na = 1\n[t]\nb = 1\n",
                "3: duplicate table [t]: lines 1 and 3; move all keys below the first header, and remove the second header",
            ),
        ] {
            assert_eq!(explained(text), expected, "{text}");
        }
    }

    #[test]
    fn names_the_key_of_any_other_error() {
        let text = explained("a = 1.\n");
        assert!(text.starts_with("1: not valid TOML at `a`: "), "{text}");
    }
}
