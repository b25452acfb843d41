//! Display names that are too long.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::{DisplayName, DisplayShortName};

/// draft-ietf-mailmaint-autoconfig 3.2.4.
pub fn long(subject: Subject<'_>) -> Vec<Lint> {
    let (profile, origin) = (subject.profile, subject.origin);
    let name = ("name", profile.display_name.as_str(), DisplayName::RECOMMENDED, &origin.display_name);
    let short_name = (
        "short name",
        profile.display_short_name.as_str(),
        DisplayShortName::RECOMMENDED,
        &origin.display_short_name,
    );
    [name, short_name]
        .into_iter()
        .filter(|(_, text, recommended, _)| text.chars().count() > *recommended)
        .map(|(what, _, recommended, location)| {
            let message =
                format!("the {what} is longer than {recommended} characters; some clients truncate it");
            subject.at(Some(location)).note(Cause::LongName, message, "shorten it if possible")
        })
        .collect()
}
