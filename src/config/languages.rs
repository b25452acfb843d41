//! Sentences for people, one for each language.

use super::problem::Problem;
use super::table::Table;
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
    let Some(languages) = table.table(key, title, problems) else { return sentences };
    let place = languages.place();
    let hint = format!("write {key} = {{ en = \"How to set up your mail program\" }}");
    for (lang, value) in languages.into_entries() {
        let text_place = value.place();
        let Some(text) = value.read::<String>(key, problems) else { continue };
        match description(lang, &text.value) {
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
    let is_tag = !lang.is_empty() && lang.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_text = !text.is_empty() && text.chars().all(crate::profile::is_configured_text);
    (is_tag && is_text).then_some(Description { lang, text })
}
