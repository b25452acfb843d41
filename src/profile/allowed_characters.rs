//! Which characters a text from a file may contain.

use crate::address::is_plain_text;

/// For a display name: no markup.
pub(super) fn is_name_text(c: char) -> bool {
    is_configured_text(c) && !matches!(c, '<' | '>')
}

/// For a login name: nothing that has to be escaped, since some clients do not unescape it.
pub(super) fn is_login_text(c: char) -> bool {
    is_name_text(c) && !matches!(c, '&' | '"' | '\'')
}

/// For any text from a file: everything that a document may contain, except the private-use characters
/// that mark its slots.
pub(crate) fn is_configured_text(c: char) -> bool {
    is_plain_text(c) && !('\u{E000}'..='\u{F8FF}').contains(&c)
}
