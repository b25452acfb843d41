//! A profile's own colours and logo on the setup page.

use super::asset::Asset;
use crate::profile::{Color, Logo};

/// The assets of one profile.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// The colours.
    pub style: Option<Asset>,
    pub logo: Option<Asset>,
}

impl Brand {
    pub fn new(color: Option<Color>, logo: Option<&Logo>) -> Self {
        let style = color.map(|color| Asset::new("brand.css", "text/css; charset=utf-8", css(color).into()));
        let logo = logo.map(|Logo { format, content }| {
            Asset::new(&format!("logo.{}", format.into_str()), format.content_type(), content.clone())
        });
        Self { style, logo }
    }

    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.style.iter().chain(&self.logo)
    }
}

/// The colour for light and dark mode, adapted until it is readable.
fn css(color: Color) -> String {
    // The background colours of page.css.
    let on = |background: &str| background.parse().map_or(color, |background| color.readable_on(background));
    let (light, dark) = (on("#ffffff"), on("#18181b"));
    format!(
        ":root{{--accent:{light};--on-accent:{}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark};\
         --on-accent:{}}}}}",
        light.text(),
        dark.text()
    )
}
