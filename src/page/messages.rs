//! What the pages say, in the languages there are.

use std::collections::HashMap;
use std::sync::Arc;

use crate::profile::Description;

/// The texts of one language. English has every key; another language falls back to it.
#[derive(Debug, Clone)]
pub struct Messages {
    /// BCP 47.
    pub tag: String,
    texts: HashMap<String, String>,
}

/// Every language, English first.
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
    /// English, to which everything falls back, and the others.
    pub fn new(english: Messages, others: Vec<Messages>) -> Self {
        Self(std::iter::once(english).chain(others).map(Arc::new).collect())
    }

    pub fn english(&self) -> &Arc<Messages> {
        &self.0[0]
    }

    pub fn all(&self) -> &[Arc<Messages>] {
        &self.0
    }

    /// Puts texts over those of a language, or beside all others; the language as it is then.
    pub fn extend(&mut self, tag: &str, texts: impl IntoIterator<Item = (String, String)>) -> &Messages {
        let at = self.0.iter().position(|messages| messages.tag.eq_ignore_ascii_case(tag));
        let at = at.unwrap_or_else(|| {
            self.0.push(Arc::new(Messages::new(tag.to_owned(), [])));
            self.0.len() - 1
        });
        let messages = Arc::make_mut(&mut self.0[at]);
        messages.texts.extend(texts);
        messages
    }

    pub fn find(&self, tag: &str) -> Option<&Arc<Messages>> {
        self.0.iter().find(|messages| messages.tag.eq_ignore_ascii_case(tag))
    }

    /// The language itself, or the one that it is a kind of: `de` for `de-AT`.
    pub fn find_nearest(&self, tag: &str) -> Option<&Arc<Messages>> {
        self.find(tag).or_else(|| self.find(tag.split_once('-')?.0))
    }

    /// A text in a language, or in English; its `{words}` filled in.
    pub fn say(&self, messages: &Messages, key: &str, values: &[(&str, &str)]) -> Option<String> {
        let text = messages.get(key).or_else(|| self.english().get(key))?;
        Some(fill(text, values))
    }

    /// Each language as a sentence, for [`crate::documents::languages::Languages::choose`].
    pub fn as_sentences(&self) -> Vec<Description> {
        self.0
            .iter()
            .map(|messages| Description { lang: messages.tag.clone(), text: String::new() })
            .collect()
    }
}

/// In one pass, so that a value that looks like a word in braces stays what it is.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        let word = rest[1..].find('}').map(|end| &rest[1..=end]);
        match word.and_then(|word| values.iter().find(|(name, _)| *name == word)) {
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

/// The `{words}` of a text, in the order of the alphabet.
pub fn words(text: &str) -> Vec<&str> {
    let after = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    let mut words: Vec<_> = after.map(|(word, _)| word).collect();
    words.sort_unstable();
    words.dedup();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_words_once() {
        let values = [("domain", "{address}"), ("address", "a@q.com")];
        assert_eq!(
            fill("To {domain} from {address}, {what} {", &values),
            "To {address} from a@q.com, {what} {"
        );
        assert_eq!(words("{b} {a} {b}"), ["a", "b"]);
    }
}
