//! Which characters a text from a file may have.

use crate::address::is_plain_text;

/// Quotes are harmless in an element's text; `&`, `<` and `>` are not to every parser.
pub(super) fn is_name_text(c: char) -> bool {
    is_configured_text(c) && !matches!(c, '&' | '<' | '>')
}

/// A name's text without quotes, for what clients put into attributes and log-in dialogues.
pub(super) fn is_literal_text(c: char) -> bool {
    is_name_text(c) && !matches!(c, '"' | '\'')
}

/// Text from a file: what a document may hold, less the private-use characters that mark slots.
pub(crate) fn is_configured_text(c: char) -> bool {
    is_plain_text(c) && !('\u{E000}'..='\u{F8FF}').contains(&c)
}
