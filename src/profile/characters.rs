//! Which characters a text from a file may have.

use crate::address::is_plain_text;

/// A name's: what looks like markup is none.
pub(super) fn is_name_text(c: char) -> bool {
    is_configured_text(c) && !matches!(c, '<' | '>')
}

/// A log-in name's: nothing that has to be escaped, for not every parser puts it back.
pub(super) fn is_literal_text(c: char) -> bool {
    is_name_text(c) && !matches!(c, '&' | '"' | '\'')
}

/// Text from a file: what a document may hold, less the private-use characters that mark slots.
pub(crate) fn is_configured_text(c: char) -> bool {
    is_plain_text(c) && !('\u{E000}'..='\u{F8FF}').contains(&c)
}
