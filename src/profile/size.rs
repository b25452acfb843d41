//! Sizes of mailboxes and messages.

use std::fmt;
use std::str::FromStr;

/// A number of octets, written with a unit: `700 MB`, `1 GiB`.
///
/// `bytesize` and `humansize` round to a unit, and neither rejects a number without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(u64);

/// The provider's limits. They are shown to people; no client reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailLimits {
    pub mailbox: Option<Size>,
    pub message: Option<Size>,
}

/// A text is not a [`Size`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a number with a unit")]
pub struct SizeError;

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
