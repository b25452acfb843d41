//! The style sheet, script and icon of all pages.

use bytes::Bytes;

use crate::documents::Asset;

/// The assets of all pages.
#[derive(Debug, Clone)]
pub struct PageAssets {
    pub style: Asset,
    pub script: Asset,
    pub icon: Asset,
}

impl Default for PageAssets {
    fn default() -> Self {
        let bytes = Bytes::from_static;
        Self {
            style: style(bytes(include_bytes!("../../templates/page.css"))),
            script: script(bytes(include_bytes!("../../templates/page.js"))),
            icon: icon(bytes(include_bytes!("../../templates/icon.svg"))),
        }
    }
}

impl PageAssets {
    /// The files that an operator can replace.
    pub const NAMES: [&str; 3] = ["page.css", "page.js", "icon.svg"];

    /// Replaces one of [`Self::NAMES`].
    pub fn replace(&mut self, name: &str, content: Bytes) {
        match name {
            "page.css" => self.style = style(content),
            "page.js" => self.script = script(content),
            _ => self.icon = icon(content),
        }
    }

    pub fn all(&self) -> [&Asset; 3] {
        [&self.style, &self.script, &self.icon]
    }
}

fn style(content: Bytes) -> Asset {
    Asset::new("page.css", "text/css; charset=utf-8", content)
}

fn script(content: Bytes) -> Asset {
    Asset::new("page.js", "text/javascript; charset=utf-8", content)
}

fn icon(content: Bytes) -> Asset {
    Asset::new("icon.svg", "image/svg+xml", content)
}
