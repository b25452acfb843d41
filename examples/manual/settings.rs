//! The man page of the configuration. It is generated from the comments of the shipped files.

use std::fs;
use std::io;
use std::path::Path;

use clap_mangen::roff::{Roff, bold, roman};

use super::pages;

/// `waypost.toml(5)`.
pub fn page() -> io::Result<Vec<u8>> {
    let mut page = pages::heading("waypost.toml", 5);
    page.extend(read("docs/man/waypost.toml.man")?);
    for (heading, about, file) in [
        (
            "SETTINGS",
            "The keys of waypost.toml. The value of each key is the default or an example. The text names the default.",
            "config/waypost.toml",
        ),
        (
            "PROFILES",
            "The keys of a profile. The value of each key is an example or the default. The text names the default.",
            "config/profiles/centurylink.toml",
        ),
    ] {
        let mut roff = Roff::new();
        roff.control("SH", [heading]);
        roff.text([roman(about)]);
        let text = String::from_utf8_lossy(&read(file)?).into_owned();
        // The first comment describes the file, not a key; the manual has its own introduction.
        let (_, keys) = text.split_once("\n\n").unwrap_or_default();
        explain_keys(keys, &mut roff);
        roff.to_writer(&mut page)?;
    }
    page.extend(read("docs/man/waypost.toml.see-also.man")?);
    Ok(page)
}

/// Explains the keys of a commented file. The description of a key is the comment above it, or the comment after it, which
/// can continue on the following lines.
pub fn explain_keys(text: &str, roff: &mut Roff) {
    for paragraph in text.split("\n\n") {
        explain(&lines(paragraph), roff);
    }
}

fn read(file: &str) -> io::Result<Vec<u8>> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
}

/// The kinds of lines in a commented file.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Prose(String),
    /// `[limits]`, `[[incoming]]`
    Section(String),
    Key {
        key: String,
        value: String,
        comment: String,
    },
}

fn lines(paragraph: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut rest = paragraph.lines().filter(|line| !["", "#"].contains(line));
    while let Some(line) = rest.next() {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        // The comment after a key continues.
        if let Some(Line::Key { comment, .. }) = lines.last_mut()
            && let Some(more) = bare.trim_start().strip_prefix("# ")
            && !comment.is_empty()
            && bare.starts_with(' ')
        {
            comment.extend([" ", more.trim()]);
            continue;
        }
        let (code, comment) = bare.split_once(" # ").unwrap_or((bare, ""));
        match code.split_once(" = ") {
            _ if bare.starts_with('[') => lines.push(Line::Section(code.trim().to_owned())),
            Some((key, value)) if key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_') => {
                let mut value = value.trim().to_owned();
                if value == "[" {
                    let items: Vec<_> =
                        rest.by_ref().take_while(|line| *line != "]").map(str::trim).collect();
                    // One example shows the syntax.
                    value = format!("[{}]", items.first().map_or("", |item| item.trim_end_matches(',')));
                }
                let comment = comment.trim().to_owned();
                lines.push(Line::Key { key: key.to_owned(), value, comment });
            }
            _ => lines.push(Line::Prose(bare.trim().to_owned())),
        }
    }
    lines
}

fn explain(lines: &[Line], roff: &mut Roff) {
    // The shipped file explains a section before its name; a manual names it first.
    let first = lines.iter().find(|line| !matches!(line, Line::Prose(_)));
    if let Some(Line::Section(section)) = first {
        roff.control("SS", [section.as_str()]);
    }
    // One key and its description.
    if let [prose @ .., Line::Key { key, value, comment }] = lines
        && !prose.is_empty()
        && prose.iter().all(|line| matches!(line, Line::Prose(_)))
    {
        tag("TP", key, value, roff);
        for line in prose {
            if let Line::Prose(text) = line {
                roff.text([roman(text.as_str())]);
            }
        }
        if !comment.is_empty() {
            roff.text([roman(comment.as_str())]);
        }
        return;
    }
    let mut named = first;
    // A heading needs no paragraph mark after it.
    let mut was_prose = matches!(first, Some(Line::Section(_)));
    let mut was_bare_key = false;
    for line in lines {
        match line {
            Line::Prose(text) => {
                if !was_prose {
                    roff.control("PP", []);
                }
                roff.text([roman(text.as_str())]);
            }
            Line::Section(section) if named != Some(line) => {
                roff.control("PP", []);
                roff.text([bold(section.as_str())]);
            }
            // This line is the heading.
            Line::Section(_) => {
                named = None;
                continue;
            }
            Line::Key { key, value, comment } => {
                // Keys without a description are a list without blank lines.
                let macro_name = if was_bare_key && comment.is_empty() { "TQ" } else { "TP" };
                tag(macro_name, key, value, roff);
                if !comment.is_empty() {
                    roff.text([roman(comment.as_str())]);
                }
            }
        }
        was_prose = matches!(line, Line::Prose(_));
        was_bare_key = matches!(line, Line::Key { comment, .. } if comment.is_empty());
    }
}

fn tag(macro_name: &str, key: &str, value: &str, roff: &mut Roff) {
    roff.control(macro_name, []);
    roff.text([bold(key), roman(format!(" = {value}"))]);
}
