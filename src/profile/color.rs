//! An operator's colour, kept readable: WCAG 2.2, 1.4.3.

use std::fmt;
use std::str::FromStr;

/// A colour on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// A text is not a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a colour")]
pub struct ColorError;

/// What text needs to be read by nearly everybody.
const ENOUGH: f64 = 4.5;

impl Color {
    const BLACK: Self = Self([0; 3]);
    const WHITE: Self = Self([255; 3]);

    /// As near to this colour as can be read on another.
    #[must_use]
    pub fn readable_on(self, ground: Self) -> Self {
        let towards = if ground.luminance() > 0.5 { Self::BLACK } else { Self::WHITE };
        (0..=20)
            .map(|step| self.mixed(towards, f64::from(step) / 20.0))
            .find(|color| color.contrast(ground) >= ENOUGH)
            .unwrap_or(towards)
    }

    /// Black or white, whichever is better to read on this colour.
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    fn mixed(self, other: Self, share: f64) -> Self {
        let mut mixed = self.0;
        for (own, other) in mixed.iter_mut().zip(other.0) {
            let value = f64::from(*own) * (1.0 - share) + f64::from(other) * share;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
            {
                *own = value.round() as u8;
            }
        }
        Self(mixed)
    }

    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Color {
    type Err = ColorError;

    fn from_str(text: &str) -> Result<Self, ColorError> {
        let is_hexadecimal =
            |digits: &&str| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = text.strip_prefix('#').filter(is_hexadecimal);
        let digits = digits.ok_or(ColorError)?;
        let mut color = [0; 3];
        for (value, at) in color.iter_mut().zip([0, 2, 4]) {
            *value = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| ColorError)?;
        }
        Ok(Self(color))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_colour_becomes_readable() {
        let color = |text: &str| text.parse::<Color>().unwrap();
        for text in ["#000000", "#ffffff", "#ffee00", "#004b87", "#808080", "#ff0000"] {
            for ground in ["#ffffff", "#18181b"] {
                let readable = color(text).readable_on(color(ground));
                assert!(readable.contrast(color(ground)) >= ENOUGH, "{text} on {ground}: {readable}");
            }
            assert!(color(text).contrast(color(text).text()) >= ENOUGH);
        }
        assert_eq!(color("#004B87").readable_on(color("#ffffff")).to_string(), "#004b87");
        assert_eq!("004b87".parse::<Color>(), Err(ColorError));
        assert_eq!("#00g000".parse::<Color>(), Err(ColorError));
        assert_eq!("#+1+1+1".parse::<Color>(), Err(ColorError));
    }
}
