//! The languages of a request, from its `Accept-Language` header.

use crate::profile::Description;

/// The languages that a person prefers, best first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Languages(Vec<String>);

impl Languages {
    /// Reads an `Accept-Language` header (RFC 9110 12.5.4). Malformed items are skipped.
    pub fn from_header(header: &str) -> Self {
        let mut ranges: Vec<_> = accepted(header).collect();
        // The sort is stable: ranges of the same weight keep their order.
        ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        Self(ranges.into_iter().map(|(range, _)| range.to_owned()).collect())
    }

    /// The text in the best available language, else the first text. `de-AT` finds `de` (lookup, RFC 4647 3.4),
    /// and `de` finds `de-CH` (filtering, RFC 4647 3.3.1).
    pub fn choose<'d>(&self, texts: &'d [Description]) -> Option<&'d Description> {
        self.0.iter().find_map(|range| look_up(texts, range)).or(texts.first())
    }
}

/// The items of an `Accept` or `Accept-Language` header with their weights in thousandths (RFC 9110 12.4.2). Items
/// with weight 0 and malformed items are left out.
pub fn accepted(header: &str) -> impl Iterator<Item = (&str, u16)> {
    header.split(',').filter_map(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("q="));
        let weight = weight.map_or(Some(1000), |weight| thousandths(weight.trim()))?;
        let name = name.trim();
        (weight > 0 && !name.is_empty()).then_some((name, weight))
    })
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

/// Removes subtags from the end of the range until it matches a text.
fn look_up<'d>(texts: &'d [Description], mut range: &str) -> Option<&'d Description> {
    loop {
        let exact = texts.iter().find(|text| text.lang.eq_ignore_ascii_case(range));
        let found = exact.or_else(|| texts.iter().find(|text| has_prefix(&text.lang, range)));
        if found.is_some() {
            return found;
        }
        range = range.rsplit_once('-')?.0;
    }
}

/// Whether a language tag consists of the range and more subtags.
fn has_prefix(tag: &str, range: &str) -> bool {
    let prefix = tag.get(..range.len()).filter(|_| tag.as_bytes().get(range.len()) == Some(&b'-'));
    prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_the_preferred_language() {
        let texts: Vec<_> = ["en", "de", "pt-BR"]
            .map(|lang| Description { lang: lang.to_owned(), text: String::new() })
            .into();
        let lang = |header| Languages::from_header(header).choose(&texts).map(|text| text.lang.as_str());
        assert_eq!(lang(""), Some("en"));
        assert_eq!(lang("de-AT,en;q=0.8"), Some("de"));
        assert_eq!(lang("fr, en;q=0.7, DE;q=0.85"), Some("de"));
        assert_eq!(lang("pt"), Some("pt-BR"));
        assert_eq!(lang("de;q=0, pt-PT;q=0.1"), Some("pt-BR"));
        assert_eq!(lang("pt-BR;q=0.123456"), Some("pt-BR"));
        assert_eq!(lang(";;q=x,,*"), Some("en"));
        assert_eq!(Languages::from_header("de").choose(&[]), None);
    }

    #[test]
    fn reads_the_weight_among_other_parameters() {
        let items: Vec<_> =
            accepted("text/html;level=1;q=0.5, text/plain;q=0.000, application/json").collect();
        assert_eq!(items, [("text/html", 500), ("application/json", 1000)]);
    }
}
