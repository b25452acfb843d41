//! The style sheet, script and icon of all pages.

use bytes::Bytes;

use crate::documents::Asset;

/// The assets of all pages, in the order of [`PageAssets::NAMES`].
#[derive(Debug, Clone)]
pub struct PageAssets([Asset; 3]);

const CONTENT_TYPES: [&str; 3] =
    ["text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/svg+xml"];

impl Default for PageAssets {
    fn default() -> Self {
        let asset = |i, content| Asset::new(Self::NAMES[i], CONTENT_TYPES[i], Bytes::from_static(content));
        Self([
            asset(0, include_bytes!("../../templates/page.css")),
            asset(1, include_bytes!("../../templates/page.js")),
            asset(2, include_bytes!("../../templates/icon.svg")),
        ])
    }
}

impl PageAssets {
    /// The files that an operator can replace.
    pub const NAMES: [&str; 3] = ["page.css", "page.js", "icon.svg"];

    /// Replaces one of [`Self::NAMES`].
    pub fn replace(&mut self, name: &str, content: Bytes) {
        if let Some(i) = Self::NAMES.iter().position(|known| *known == name) {
            self.0[i] = Asset::new(name, CONTENT_TYPES[i], content);
        }
    }

    pub fn icon(&self) -> &Asset {
        &self.0[2]
    }

    pub fn all(&self) -> &[Asset; 3] {
        &self.0
    }
}
