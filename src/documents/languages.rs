//! Which of several languages somebody gets.

use crate::profile::Description;

/// Languages that somebody reads, the best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages(Vec<String>);

impl Languages {
    /// As an `Accept-Language` names them (RFC 9110 12.5.4); what of it makes no sense is passed over.
    pub fn accepted(header: &str) -> Self {
        let mut ranges: Vec<(u16, &str)> = header.split(',').filter_map(range).collect();
        // What is asked for alike stays in its order.
        ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        Self(ranges.into_iter().map(|(_, range)| range.to_owned()).collect())
    }

    /// The sentence in the best language that there is one in, else the first. `de-AT` finds `de`, as
    /// RFC 4647 3.4 looks languages up, and `de` finds `de-CH`, as 3.3.1 filters them.
    pub fn choose<'d>(&self, sentences: &'d [Description]) -> Option<&'d Description> {
        self.0.iter().find_map(|range| look_up(sentences, range)).or(sentences.first())
    }
}

/// A language range and its weight in thousandths (RFC 9110 12.4.2); none for a weight of 0.
fn range(text: &str) -> Option<(u16, &str)> {
    let (range, parameters) = text.split_once(';').unwrap_or((text, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(weight) => thousandths(weight.trim())?,
        None => 1000,
    };
    let range = range.trim();
    (weight > 0 && !range.is_empty()).then_some((weight, range))
}

fn thousandths(weight: &str) -> Option<u16> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: u16 = digits.parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" => Some(1000),
        _ => None,
    }
}

fn look_up<'d>(sentences: &'d [Description], range: &str) -> Option<&'d Description> {
    let mut range = range;
    loop {
        let found = sentences.iter().find(|sentence| sentence.lang.eq_ignore_ascii_case(range));
        let found = found.or_else(|| sentences.iter().find(|sentence| is_kind_of(&sentence.lang, range)));
        if found.is_some() {
            return found;
        }
        range = range.rsplit_once('-')?.0;
    }
}

/// Whether a tag is a range with subtags behind it.
fn is_kind_of(tag: &str, range: &str) -> bool {
    let start = tag.as_bytes().get(..range.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(range.as_bytes()))
        && tag.as_bytes().get(range.len()) == Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_language_that_is_asked_for_first() {
        let sentences: Vec<_> = ["en", "de", "pt-BR"]
            .map(|lang| Description { lang: lang.to_owned(), text: String::new() })
            .into();
        let lang = |header| Languages::accepted(header).choose(&sentences).map(|s| s.lang.as_str());
        assert_eq!(lang(""), Some("en"));
        assert_eq!(lang("de-AT,en;q=0.8"), Some("de"));
        assert_eq!(lang("fr, en;q=0.7, DE;q=0.85"), Some("de"));
        assert_eq!(lang("pt"), Some("pt-BR"));
        assert_eq!(lang("de;q=0, pt-PT;q=0.1"), Some("pt-BR"));
        assert_eq!(lang("pt-BR;q=0.123456"), Some("pt-BR"));
        assert_eq!(lang(";;q=x,,*"), Some("en"));
        assert_eq!(Languages::accepted("de").choose(&[]), None);
    }
}
