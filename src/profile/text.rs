//! Texts for people: names and sizes. Each is checked once, where it is read.

use std::fmt;
use std::str::FromStr;

use super::characters::is_name_text;
use super::placeholders::placeholder_like;

/// A provider's name: 1 to 60 characters, no placeholder, no `<` or `>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);

/// A provider's name where room is short: 1 to 20 characters, by the rules of [`DisplayName`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayShortName(String);

/// A number of octets, written with a unit: `700 MB`, `1 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

/// Why a text is not a [`DisplayName`] or [`DisplayShortName`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("has {length} characters, more than the {limit} that the autoconfig draft (3.2.4) allows")]
    TooLong { length: usize, limit: usize },
    #[error("holds `{}`, which a mail program shows wrong or drops", .0.escape_default())]
    Character(char),
    #[error("holds the placeholder `{0}`, which most mail programs show as it stands")]
    Placeholder(String),
}

/// A text is not a [`Size`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a number and a unit")]
pub struct SizeError;

impl DisplayName {
    /// draft-ietf-mailmaint-autoconfig 3.2.4: MUST NOT be longer than 60 characters.
    pub const LIMIT: usize = 60;
    /// draft-ietf-mailmaint-autoconfig 3.2.4: SHOULD NOT be longer than 30 characters.
    pub const ADVISED: usize = 30;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the document that every client reads.
    pub fn without_ampersand(&self) -> String {
        without_ampersand(&self.0)
    }
}

impl DisplayShortName {
    /// draft-ietf-mailmaint-autoconfig 3.2.4: MUST NOT be longer than 20 characters.
    pub const LIMIT: usize = 20;
    /// draft-ietf-mailmaint-autoconfig 3.2.4: SHOULD NOT be longer than 12 characters.
    pub const ADVISED: usize = 12;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the document that every client reads.
    pub fn without_ampersand(&self) -> String {
        without_ampersand(&self.0)
    }
}

/// The name without `&`, of whose escaped form Thunderbird for iOS shows only what follows
/// (reference/autoconfig 5, item 23): `Rock and Roll`, `AT+T`.
fn without_ampersand(name: &str) -> String {
    name.replace(" & ", " and ").replace('&', "+")
}

impl FromStr for DisplayName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        name(text, Self::LIMIT).map(Self)
    }
}

impl FromStr for DisplayShortName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        name(text, Self::LIMIT).map(Self)
    }
}

/// Reference/autoconfig 5, items 23 and 32.
fn name(text: &str, limit: usize) -> Result<String, NameError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    let length = text.chars().count();
    if length > limit {
        return Err(NameError::TooLong { length, limit });
    }
    if let Some(c) = text.chars().find(|c| !is_name_text(*c)) {
        return Err(NameError::Character(c));
    }
    let placeholder =
        text.char_indices().filter(|(_, c)| *c == '%').find_map(|(i, _)| placeholder_like(&text[i..]));
    match placeholder {
        Some(word) => Err(NameError::Placeholder(word.to_owned())),
        None => Ok(text.to_owned()),
    }
}

impl Size {
    const UNITS: [(&'static str, u64); 7] = [
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("kB", 1_000),
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
    ];
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| SizeError)?;
        let (_, factor) = Self::UNITS
            .into_iter()
            .find(|(unit, _)| unit.eq_ignore_ascii_case(text[digits..].trim()))
            .ok_or(SizeError)?;
        number.checked_mul(factor).filter(|octets| *octets > 0).map(Self).ok_or(SizeError)
    }
}

impl fmt::Display for Size {
    /// The largest unit that leaves no fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, factor) =
            Self::UNITS.into_iter().find(|(_, factor)| self.0.is_multiple_of(*factor)).unwrap_or(("B", 1));
        write!(f, "{} {unit}", self.0 / factor)
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

    #[test]
    fn reads_and_writes_sizes() {
        let size = |text: &str| text.parse::<Size>().map(|size| size.to_string());
        assert_eq!(size("700 MB").as_deref(), Ok("700 MB"));
        assert_eq!(size("1GiB").as_deref(), Ok("1 GiB"));
        assert_eq!(size("2000 MB").as_deref(), Ok("2 GB"));
        assert_eq!(size("many"), Err(SizeError));
        assert_eq!(size("0 MB"), Err(SizeError));
        assert_eq!(size("99999999999999 GB"), Err(SizeError));
    }
}
