//! Services other than mail: their types and URLs, OAuth2 and MTA-STS.

use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::{HttpUrl, Mode};

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
            let message = format!("the type in [[{key}]] is `{kind}`, but clients look for {known}");
            lints.push(subject.warning(
                Cause::UnknownService,
                message,
                "correct the type, unless your clients use it",
            ));
        }
    }
    lints
}

/// Apple's `CalDAVPrincipalURL` and `CardDAVPrincipalURL` name the principal, and the account finds its collections
/// from there (RFC 6764 6); a collection of one person gives everybody that person's calendar.
pub fn collections(subject: Subject<'_>) -> Vec<Lint> {
    let (services, locations) = (&subject.profile.services, &subject.origin.service_urls);
    let sections = [
        ("calendar", &services.calendars, &locations.calendars),
        ("addressbook", &services.addressbooks, &locations.addressbooks),
    ];
    let urls = sections.into_iter().flat_map(|(key, services, locations)| {
        services.iter().zip(locations).map(move |(service, location)| (key, &service.url, location))
    });
    urls.filter(|(_, url, _)| is_collection(url))
        .map(|(key, url, location)| {
            let message = format!("the URL in [[{key}]] is probably a collection: {url}");
            let hint = "write the URL of the server or of the principal: https://dav.example.com/ or \
                        https://dav.example.com/principals/%EMAILADDRESS%/";
            subject.at(Some(location)).note(Cause::Collection, message, hint)
        })
        .collect()
}

/// Whether a path has the name of a list of collections, as Nextcloud's `/remote.php/dav/calendars/jane/` or SOGo's
/// `/SOGo/dav/jane/Calendar/` have.
fn is_collection(url: &HttpUrl) -> bool {
    let is_list =
        |segment: &str| ["calendars", "addressbooks"].iter().any(|name| segment.eq_ignore_ascii_case(name));
    // As the first segment, these are also names of DAV roots.
    let is_one = |segment: &str| {
        ["calendar", "contacts", "addressbook"].iter().any(|name| segment.eq_ignore_ascii_case(name))
    };
    let segments = url.path().split('/').filter(|segment| !segment.is_empty());
    segments.enumerate().any(|(index, segment)| is_list(segment) || index > 0 && is_one(segment))
}

/// Reference/autoconfig 2.1, `oAuth2`.
pub fn oauth2_client_id(subject: Subject<'_>) -> Option<Lint> {
    if subject.profile.services.oauth2.as_ref()?.client_id.is_some() {
        return None;
    }
    let message = "[oauth2] has no client_id: clients use their own, and Parula uses `open`";
    let hint = "add a client_id, if your authorization server has one for mail programs";
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
    let message = format!("the MTA-STS policy expires on sending servers after {seconds} seconds");
    Some(subject.note(Cause::MtaSts, message, "set max_age_seconds = 604800 (one week) or more"))
}
