//! What the pages are made of beside words: named after their content, so that browsers may keep them
//! for ever.

use bytes::Bytes;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use sha2::{Digest, Sha256};

use crate::profile::{Color, LogoKind};

/// A file that never changes under its name.
#[derive(Debug, Clone)]
pub struct Asset {
    name: String,
    pub content_type: &'static str,
    pub content: Bytes,
}

/// What every page has.
#[derive(Debug, Clone)]
pub struct Assets {
    pub style: Asset,
    pub script: Asset,
    pub icon: Asset,
}

impl Default for Assets {
    fn default() -> Self {
        let bytes = Bytes::from_static;
        Self {
            style: Asset::style(bytes(include_bytes!("../../templates/page.css"))),
            script: Asset::script(bytes(include_bytes!("../../templates/page.js"))),
            icon: Asset::icon(bytes(include_bytes!("../../templates/icon.svg"))),
        }
    }
}

impl Assets {
    /// The names of the files that an operator can put in place of ours.
    pub const NAMES: [&str; 3] = ["page.css", "page.js", "icon.svg"];

    /// Puts a file in the place of one of [`Self::NAMES`].
    pub fn replace(&mut self, name: &str, content: Bytes) {
        match name {
            "page.css" => self.style = Asset::style(content),
            "page.js" => self.script = Asset::script(content),
            _ => self.icon = Asset::icon(content),
        }
    }

    pub fn all(&self) -> [&Asset; 3] {
        [&self.style, &self.script, &self.icon]
    }
}

/// What an operator's pages have of their own.
#[derive(Debug, Clone, Default)]
pub struct Brand {
    /// The colours.
    pub style: Option<Asset>,
    pub logo: Option<Asset>,
}

impl Brand {
    /// From a colour, and a logo with its file name's extension.
    pub fn new(color: Option<Color>, logo: Option<(LogoKind, Bytes)>) -> Self {
        let style = color.map(|color| {
            // The grounds of page.css.
            let on = |ground: &str| ground.parse().map_or(color, |ground| color.readable_on(ground));
            let (light, dark) = (on("#ffffff"), on("#18181b"));
            let css = format!(
                ":root{{--accent:{light};--on-accent:{}}}@media (prefers-color-scheme:dark){{:root{{--accent:{dark};\
                 --on-accent:{}}}}}",
                light.text(),
                dark.text()
            );
            Asset::new("brand", "css", "text/css; charset=utf-8", css.into())
        });
        let logo =
            logo.map(|(kind, content)| Asset::new("logo", kind.extension(), kind.content_type(), content));
        Self { style, logo }
    }

    /// Its files, to be served.
    pub fn assets(&self) -> impl Iterator<Item = &Asset> {
        self.style.iter().chain(&self.logo)
    }
}

impl Asset {
    fn style(content: Bytes) -> Self {
        Self::new("page", "css", "text/css; charset=utf-8", content)
    }

    fn script(content: Bytes) -> Self {
        Self::new("page", "js", "text/javascript; charset=utf-8", content)
    }

    fn icon(content: Bytes) -> Self {
        Self::new("icon", "svg", "image/svg+xml", content)
    }

    fn new(stem: &str, extension: &str, content_type: &'static str, content: Bytes) -> Self {
        let digest = Sha256::digest(&content);
        let first: [u8; 8] = digest[..8].try_into().expect("a SHA-256 has 32 bytes");
        let name = format!("{stem}.{:016x}.{extension}", u64::from_be_bytes(first));
        Self { name, content_type, content }
    }

    pub fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A picture of a URL, for a phone's camera. None for one that is too long.
pub fn qr_code(url: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::M).ok()?;
    Some(code.render::<svg::Color>().min_dimensions(192, 192).build())
}
