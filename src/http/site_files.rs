//! The files that browsers, crawlers and security researchers request on every web site.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use super::error::Error;
use super::extractors::PageHost;
use super::responses::{Answer, Kind};
use super::state::Snapshot;
use crate::certificates::time::Time;

type Shared = State<Arc<Snapshot>>;

/// RFC 9309 2.2: no crawler needs the pages.
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";
const DAY: Duration = Duration::from_hours(24);
/// RFC 9116 2.5.5 recommends less than a year.
const VALIDITY: u32 = 180;

/// `/robots.txt`
pub async fn robots(State(served): Shared, host: PageHost) -> Result<Response, Error> {
    respond(&served, &host, Kind::SiteText, ROBOTS)
}

/// `/favicon.ico`: the icon of the pages. Browsers request it for documents that name no icon.
pub async fn icon(State(served): Shared, host: PageHost) -> Result<Response, Error> {
    respond(&served, &host, Kind::Icon, served.pages.assets.icon().content.clone())
}

/// `/.well-known/security.txt` (RFC 9116), if the operator has configured a contact.
pub async fn security(State(served): Shared, host: PageHost) -> Result<Response, Error> {
    let contact = served.security_contact.as_ref().ok_or_else(|| Error::NotServed(host.name.clone()))?;
    let expires = Time(midnight(SystemTime::now()) + DAY * VALIDITY);
    respond(&served, &host, Kind::SiteText, format!("Contact: {contact}\nExpires: {expires}\n"))
}

/// The file, on the hosts that have pages.
fn respond(
    served: &Snapshot,
    host: &PageHost,
    kind: Kind,
    body: impl Into<axum::body::Bytes>,
) -> Result<Response, Error> {
    let answer = Answer::new(kind, body);
    match host.find(served) {
        Some(found) => Ok(answer.about(found.domain)),
        None if host.is_unnamed => Ok(answer.into_response()),
        None => Err(Error::NotServed(host.name.clone())),
    }
}

/// The beginning of the day in UTC, so that all requests of a day get the same file.
fn midnight(now: SystemTime) -> SystemTime {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(since_epoch - since_epoch % DAY.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_a_day_at_midnight() {
        let noon = UNIX_EPOCH + DAY * 20_000 + Duration::from_millis(43_200_001);
        assert_eq!(midnight(noon), UNIX_EPOCH + DAY * 20_000);
        assert_eq!(midnight(UNIX_EPOCH - Duration::from_secs(1)), UNIX_EPOCH);
    }
}
