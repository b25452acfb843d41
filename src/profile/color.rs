//! The provider's colour, with enough contrast for text (WCAG 2.2, 1.4.3).
//!
//! `palette` computes the contrast too, but it is a large dependency, accepts other notations, and leaves
//! the search for a readable colour to its caller. `csscolorparser` computes no contrast.

use std::fmt;
use std::str::FromStr;

/// An sRGB colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// A text is not a color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a color")]
pub struct ColorError;

/// The minimum contrast ratio of text (WCAG 2.2, 1.4.3).
const MINIMUM_CONTRAST: f64 = 4.5;

impl Color {
    const BLACK: Self = Self([0; 3]);
    const WHITE: Self = Self([255; 3]);

    /// The readable colour on a background that is nearest to this one.
    #[must_use]
    pub fn readable_on(self, background: Self) -> Self {
        let towards = if background.luminance() > 0.5 { Self::BLACK } else { Self::WHITE };
        (0..=20)
            .map(|step| self.mixed(towards, f64::from(step) / 20.0))
            .find(|color| color.contrast(background) >= MINIMUM_CONTRAST)
            .unwrap_or(towards)
    }

    /// Black or white text on this colour, whichever has more contrast.
    #[must_use]
    pub fn text(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// This colour with a share of another, 0 to 1.
    fn mixed(self, other: Self, share: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 255")]
        let mix = |own: f64, other: f64| (own * (1.0 - share) + other * share).round() as u8;
        Self(std::array::from_fn(|i| mix(self.0[i].into(), other.0[i].into())))
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
        let digits = text.strip_prefix('#').filter(is_hexadecimal).ok_or(ColorError)?;
        let [_, rgb @ ..] = u32::from_str_radix(digits, 16).map_err(|_| ColorError)?.to_be_bytes();
        Ok(Self(rgb))
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
    fn makes_every_colour_readable() {
        let color = |text: &str| text.parse::<Color>().unwrap();
        for text in ["#000000", "#ffffff", "#ffee00", "#004b87", "#808080", "#ff0000"] {
            for background in ["#ffffff", "#18181b"] {
                let readable = color(text).readable_on(color(background));
                assert!(
                    readable.contrast(color(background)) >= MINIMUM_CONTRAST,
                    "{text} on {background}: {readable}"
                );
            }
            assert!(color(text).contrast(color(text).text()) >= MINIMUM_CONTRAST);
        }
        assert_eq!(color("#004B87").readable_on(color("#ffffff")).to_string(), "#004b87");
        assert_eq!("004b87".parse::<Color>(), Err(ColorError));
        assert_eq!("#00g000".parse::<Color>(), Err(ColorError));
        assert_eq!("#+1+1+1".parse::<Color>(), Err(ColorError));
    }
}
