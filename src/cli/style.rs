//! Colour, where a person looks at a terminal and has not asked for none.

use std::io::{self, IsTerminal};

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    is_coloured: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Paint {
    Bold,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Style {
    /// As standard output wants it. `NO_COLOR`: <https://no-color.org>.
    pub fn of_stdout() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { is_coloured: io::stdout().is_terminal() && !is_unwanted && !is_dumb }
    }

    #[cfg(test)]
    pub const fn coloured() -> Self {
        Self { is_coloured: true }
    }

    #[cfg(test)]
    pub const fn plain() -> Self {
        Self { is_coloured: false }
    }

    pub fn paint(self, paint: Paint, text: &str) -> String {
        if !self.is_coloured || text.is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Bold => 1,
            Paint::Red => 31,
            Paint::Green => 32,
            Paint::Yellow => 33,
            Paint::Cyan => 36,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
