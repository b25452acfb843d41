//! Display names that are too long, and a missing short name.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::{DisplayName, DisplayShortName};

/// draft-ietf-mailmaint-autoconfig 3.2.4.
pub fn long(subject: Subject<'_>) -> Vec<Lint> {
    let (profile, origin) = (subject.profile, subject.origin);
    let (name, short_name) = (profile.display_name.as_str(), profile.display_short_name.as_str());
    let is_long = |text: &str, recommended| text.chars().count() > recommended;
    let mut lints = Vec::new();
    if is_long(name, DisplayName::RECOMMENDED) {
        let message = format!(
            "the name is longer than {} characters; some clients truncate it",
            DisplayName::RECOMMENDED
        );
        let lint = subject.at(Some(&origin.display_name));
        lints.push(lint.note(Cause::LongName, message, "shorten it if possible"));
    }
    let recommended = DisplayShortName::RECOMMENDED;
    match &origin.display_short_name {
        Some(location) if is_long(short_name, recommended) => {
            let message =
                format!("the short name is longer than {recommended} characters; some clients truncate it");
            let lint = subject.at(Some(location));
            lints.push(lint.note(Cause::LongName, message, "shorten it if possible"));
        }
        // A name that is short enough serves as both.
        None if is_long(name, recommended) => {
            let message = format!(
                "`display_short_name` is missing, and the name is longer than {recommended} characters; clients \
                 show `{short_name}` where space is short"
            );
            let hint = "add display_short_name = \"...\", at most 12 characters (in XML: <displayShortName>)";
            lints.push(subject.at(Some(&origin.display_name)).note(Cause::LongName, message, hint));
        }
        _ => {}
    }
    lints
}
