//! A provider's display names.

use std::str::FromStr;

use super::allowed_characters::is_name_text;
use super::placeholders::placeholder_like;

/// A provider's name: 1 to `LIMIT` characters, no placeholder, no `<` or `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<const LIMIT: usize, const RECOMMENDED: usize>(String);

/// draft-ietf-mailmaint-autoconfig 3.2.4: MUST NOT be longer than 60 characters, SHOULD NOT be longer
/// than 30.
pub type DisplayName = Name<60, 30>;

/// draft-ietf-mailmaint-autoconfig 3.2.4: MUST NOT be longer than 20 characters, SHOULD NOT be longer
/// than 12.
pub type DisplayShortName = Name<20, 12>;

/// Why a text is not a [`DisplayName`] or [`DisplayShortName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("has {length} characters; the limit is {limit} (autoconfig draft, 3.2.4)")]
    TooLong { length: usize, limit: usize },
    #[error("contains `{}`, which some mail programs remove or show incorrectly", .0.escape_default())]
    Character(char),
    #[error("contains the placeholder `{0}`, which most mail programs do not replace")]
    Placeholder(String),
}

impl<const LIMIT: usize, const RECOMMENDED: usize> Name<LIMIT, RECOMMENDED> {
    /// The greatest length that the draft recommends, in characters.
    pub const RECOMMENDED: usize = RECOMMENDED;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without `&`: `Rock and Roll`, `AT+T`. Of an escaped `&`, Thunderbird for iOS shows only
    /// what follows (reference/autoconfig 5, item 23).
    pub fn without_ampersand(&self) -> String {
        self.0.replace(" & ", " and ").replace('&', "+")
    }
}

impl<const LIMIT: usize, const RECOMMENDED: usize> FromStr for Name<LIMIT, RECOMMENDED> {
    type Err = NameError;

    /// Reference/autoconfig 5, items 23 and 32.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let length = text.chars().count();
        if length > LIMIT {
            return Err(NameError::TooLong { length, limit: LIMIT });
        }
        if let Some(c) = text.chars().find(|c| !is_name_text(*c)) {
            return Err(NameError::Character(c));
        }
        match text.match_indices('%').find_map(|(i, _)| placeholder_like(&text[i..])) {
            Some(placeholder) => Err(NameError::Placeholder(placeholder.to_owned())),
            None => Ok(Self(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_names_to_what_the_draft_allows() {
        assert!("x".repeat(60).parse::<DisplayName>().is_ok());
        assert_eq!("x".repeat(61).parse::<DisplayName>(), Err(NameError::TooLong { length: 61, limit: 60 }));
        assert!("x".repeat(21).parse::<DisplayShortName>().is_err());
        assert_eq!("A < B".parse::<DisplayName>(), Err(NameError::Character('<')));
        assert_eq!("Rock & Roll".parse::<DisplayName>().unwrap().without_ampersand(), "Rock and Roll");
        assert_eq!("AT&T".parse::<DisplayShortName>().unwrap().without_ampersand(), "AT+T");
        assert_eq!(
            "Mail at %EMAILDOMAIN%".parse::<DisplayName>(),
            Err(NameError::Placeholder("%EMAILDOMAIN%".into()))
        );
        assert_eq!("  ".parse::<DisplayName>(), Err(NameError::Empty));
        assert_eq!("50% off".parse::<DisplayName>().unwrap().as_str(), "50% off");
    }
}
