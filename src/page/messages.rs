//! The texts of the pages, in all available languages.
//!
//! Fluent has plurals and a file format of its own. These texts need neither, and an operator's files are TOML like all
//! other configuration.

use std::collections::HashMap;
use std::sync::Arc;

use crate::profile::Description;

/// The language that has every text, and the default language of the pages.
pub const ENGLISH: &str = "en";

/// The built-in texts: language tag and TOML file, English first.
pub const MESSAGES: [(&str, &str); 4] = [
    (ENGLISH, include_str!("../../templates/en.toml")),
    ("de", include_str!("../../templates/de.toml")),
    ("es", include_str!("../../templates/es.toml")),
    ("fr", include_str!("../../templates/fr.toml")),
];

/// The texts of one language. English has every key; the other languages fall back to it.
#[derive(Debug, Clone)]
pub struct Messages {
    /// The language tag (BCP 47).
    pub tag: String,
    texts: HashMap<String, String>,
}

/// All languages, English first.
#[derive(Debug, Clone)]
pub struct Catalogue(Vec<Arc<Messages>>);

impl Messages {
    pub fn new(tag: String, texts: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { tag, texts: texts.into_iter().collect() }
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }
}

impl Catalogue {
    pub fn new(english: Messages, others: Vec<Messages>) -> Self {
        Self(std::iter::once(english).chain(others).map(Arc::new).collect())
    }

    pub fn english(&self) -> &Arc<Messages> {
        &self.0[0]
    }

    pub fn all(&self) -> &[Arc<Messages>] {
        &self.0
    }

    /// Replaces or adds texts of a language, and returns all its texts.
    pub fn extend(&mut self, tag: &str, texts: impl IntoIterator<Item = (String, String)>) -> &Messages {
        let index = self.0.iter().position(|messages| messages.tag.eq_ignore_ascii_case(tag));
        let index = index.unwrap_or_else(|| {
            self.0.push(Arc::new(Messages::new(tag.to_owned(), [])));
            self.0.len() - 1
        });
        let messages = Arc::make_mut(&mut self.0[index]);
        messages.texts.extend(texts);
        messages
    }

    pub fn find(&self, tag: &str) -> Option<&Arc<Messages>> {
        self.0.iter().find(|messages| messages.tag.eq_ignore_ascii_case(tag))
    }

    /// The language with this tag, or with its first subtag: `de` for `de-AT`.
    pub fn find_nearest(&self, tag: &str) -> Option<&Arc<Messages>> {
        self.find(tag).or_else(|| self.find(tag.split_once('-')?.0))
    }

    /// A text with values in place of its `{placeholders}`; in English if the language does not have it.
    pub fn format(&self, messages: &Messages, key: &str, values: &[(&str, &str)]) -> Option<String> {
        let text = messages.get(key).or_else(|| self.english().get(key))?;
        Some(fill(text, values))
    }

    /// The languages in the form that [`crate::documents::accept_language::Languages::choose`] needs, the default first.
    pub fn languages(&self, default: &str) -> Vec<Description> {
        let language =
            |messages: &Arc<Messages>| Description { lang: messages.tag.clone(), text: String::new() };
        let mut languages: Vec<_> = self.0.iter().map(language).collect();
        languages.sort_by_key(|language| language.lang != default);
        languages
    }
}

/// One pass, so that placeholders in a value are not replaced.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        let placeholder = rest[1..].find('}').map(|end| &rest[1..=end]);
        match values.iter().find(|(name, _)| Some(*name) == placeholder) {
            Some((name, value)) => {
                filled.push_str(value);
                rest = &rest[name.len() + 2..];
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// The names of a text's `{placeholders}`, sorted.
pub fn placeholders(text: &str) -> Vec<&str> {
    let names = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_placeholders_once() {
        let values = [("domain", "{address}"), ("address", "a@q.com")];
        assert_eq!(
            fill("To {domain} from {address}, {what} {", &values),
            "To {address} from a@q.com, {what} {"
        );
        assert_eq!(placeholders("{b} {a} {b}"), ["a", "b"]);
    }
}
