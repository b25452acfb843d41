//! Sentences for people, one for each language.

use crate::diagnostics::Problem;
use crate::diagnostics::toml_table::Table;
use crate::profile::Description;

/// A sentence in each language; the table may be missing, but not empty.
pub fn languages(
    table: &mut Table,
    key: &'static str,
    title: &'static str,
    problems: &mut Vec<Problem>,
) -> Vec<Description> {
    let so_far = problems.len();
    let mut sentences = Vec::new();
    let hint = format!("write {key} = {{ en = \"A sentence in English\" }}");
    let Some(value) = table.take(key) else { return sentences };
    if value.is_text() {
        let message = format!("`{key}` is a string, and not one for each language");
        problems.push(Problem::error(value.place(), message, hint));
        return sentences;
    }
    let Some(languages) = value.table(key, title, problems) else { return sentences };
    let place = languages.place();
    for (lang, value) in languages.into_entries() {
        let text_place = value.place();
        let Some(text) = value.read::<String>(key, problems) else { continue };
        let is_again = sentences.iter().any(|other: &Description| other.lang.eq_ignore_ascii_case(&lang));
        match description(lang, &text.value) {
            Some(description) if is_again => {
                let message = format!("`{key}` has the language `{}` twice", description.lang);
                problems.push(Problem::error(text_place, message, "remove one of them"));
            }
            Some(description) => sentences.push(description),
            None => {
                let message = "this sentence is empty, or its key is not a language";
                problems.push(Problem::error(text_place, message, hint.clone()));
            }
        }
    }
    if sentences.is_empty() && problems.len() == so_far {
        problems.push(Problem::error(place, format!("`{key}` is empty"), hint));
    }
    sentences
}

/// A description that is not empty, in a language that looks like a BCP 47 tag.
pub fn description(lang: String, text: &str) -> Option<Description> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_tag = is_tag(&lang);
    let is_text = !text.is_empty() && text.chars().all(crate::profile::is_configured_text);
    (is_tag && is_text).then_some(Description { lang, text })
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
