//! Services other than mail: their types, OAuth2 and MTA-STS.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::Mode;

/// Sections whose `type` no program reads. They appear only in the whole document.
pub fn unknown_types(subject: Subject<'_>) -> Vec<Lint> {
    let services = &subject.profile.services;
    let sections = [
        ("calendar", "caldav", &services.calendars),
        ("addressbook", "carddav", &services.addressbooks),
        ("file_share", "webdav", &services.file_shares),
    ];
    let mut lints = Vec::new();
    for (key, known, services) in sections {
        for kind in services.iter().map(|service| service.kind.as_str()).filter(|kind| *kind != known) {
            let message = format!("type `{kind}` in [[{key}]], but programs look for {known}");
            lints.push(subject.warning(
                Cause::UnknownService,
                message,
                "no action needed if the type is correct",
            ));
        }
    }
    lints
}

/// Reference/autoconfig 2.1, `oAuth2`.
pub fn oauth2_client_id(subject: Subject<'_>) -> Option<Lint> {
    if subject.profile.services.oauth2.as_ref()?.client_id.is_some() {
        return None;
    }
    let message = "[oauth2] has no client_id: programs use their own, Parula uses `open`";
    let hint = "add the client_id that your authorization server accepts, if there is one";
    Some(subject.note(Cause::ClientId, message, hint))
}

/// RFC 8461 3.2 asks for weeks or more. A short policy hardly protects.
pub fn mta_sts_max_age(subject: Subject<'_>) -> Option<Lint> {
    const DAY: u32 = 24 * 60 * 60;

    let policy = subject.profile.mta_sts.as_ref()?;
    let seconds = policy.max_age().seconds();
    if policy.mode() == Mode::None || seconds >= DAY {
        return None;
    }
    let message = format!("sending servers forget the MTA-STS policy after {seconds} seconds");
    Some(subject.note(Cause::MtaSts, message, "set max_age_seconds = 604800 (a week) or more"))
}
