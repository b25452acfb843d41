//! Texts for people, one for each language.

use crate::diagnostics::table::Table;
use crate::profile::Description;

/// A text in each language. The table may be missing, but not empty.
pub fn languages(table: &mut Table, key: &'static str, title: &'static str) -> Vec<Description> {
    let (problems, label) = (table.problems(), table.label(key));
    let hint = format!("write {key} = {{ en = \"A sentence in English\" }}");
    let Some(value) = table.take(key) else { return Vec::new() };
    if value.is_text() {
        problems.error(
            value.location(),
            format!("{label} is a string, not a table with one text for each language"),
            hint,
        );
        return Vec::new();
    }
    let texts = value.section(title, |languages| {
        let mark = problems.mark();
        let mut texts: Vec<Description> = Vec::new();
        for (lang, value) in languages.take_entries() {
            let Some(text) = value.read::<String>() else { continue };
            let is_again = texts.iter().any(|other| other.lang.eq_ignore_ascii_case(&lang));
            match description(&lang, &text.value) {
                Some(_) if is_again => {
                    let message = format!("{label} has the language `{lang}` twice");
                    problems.error(text.location, message, "remove one of them");
                }
                Some(description) => texts.push(description),
                None if is_tag(&lang) => {
                    let message = format!("{label} has an empty or invalid text for `{lang}`");
                    problems.error(
                        text.location,
                        message,
                        "write a text; control characters are not allowed",
                    );
                }
                None => {
                    let message = format!("`{lang}` in {label} is not a language tag");
                    problems.error(text.location, message, "write a language tag like en or pt-BR");
                }
            }
        }
        if texts.is_empty() && !problems.has_errors_since(mark) {
            problems.error(languages.location(), format!("{label} is empty"), hint);
        }
        Some(texts)
    });
    texts.unwrap_or_default()
}

/// A description that is not empty, in a language that looks like a BCP 47 tag.
fn description(lang: &str, text: &str) -> Option<Description> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_text = !text.is_empty() && text.chars().all(crate::profile::is_configured_text);
    (is_tag(lang) && is_text).then(|| Description { lang: lang.to_owned(), text })
}

/// Whether it looks like a tag of BCP 47: a language of two or three letters (or a private `x`), and
/// subtags of up to eight. `default` is none.
pub fn is_tag(lang: &str) -> bool {
    let mut subtags = lang.split('-');
    let is_language = |tag: &str| {
        let is_private = tag.eq_ignore_ascii_case("x") || tag.eq_ignore_ascii_case("i");
        is_private || (matches!(tag.len(), 2..=3) && tag.bytes().all(|b| b.is_ascii_alphabetic()))
    };
    subtags.next().is_some_and(is_language)
        && subtags.all(|tag| matches!(tag.len(), 1..=8) && tag.bytes().all(|b| b.is_ascii_alphanumeric()))
}
