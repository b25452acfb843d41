//! `GET /tls/allowed?domain=NAME`: whether a proxy may order a certificate for a host name.
//!
//! Caddy sends this request during a TLS handshake for a name without a certificate (`ask` of `on_demand_tls`). It orders
//! the certificate only after status 200. The answer comes from memory.

use axum::extract::State;
use axum::http::Uri;
use axum::response::{IntoResponse, Response};

use crate::address::Domain;
use crate::http::error::Error;
use crate::http::responses::{Answer, Kind};
use crate::http::{App, query};

/// 200 for a service host name of a listed domain and for the host of `public_url`, otherwise 404.
pub async fn tls_allowed(State(app): State<App>, uri: Uri) -> Result<Response, Error> {
    let name = requested_name(uri.query().unwrap_or_default()).ok_or(Error::NotServed(None))?;
    if app.current().served.is_service_name(&name) {
        Ok(Answer::new(Kind::Text, "allowed\n").into_response())
    } else {
        Err(Error::NotServed(None))
    }
}

/// The name in the query, if there is exactly one.
fn requested_name(query: &str) -> Option<Domain> {
    let mut values = query::pairs(query).filter(|(key, _)| key.eq_ignore_ascii_case("domain"));
    let (_, value) = values.next().filter(|_| values.next().is_none())?;
    let text = query::decode(value)?;
    text.parse().ok().filter(|name| is_canonical(&text, name))
}

/// Whether a text is the usual spelling of a name, in any letter case and with or without a trailing dot. UTS 46 maps
/// any number of other spellings to the same name, for example with soft hyphens. A proxy could order a certificate for
/// each of them.
fn is_canonical(text: &str, name: &Domain) -> bool {
    if text.is_ascii() {
        return true;
    }
    let (unicode, result) = idna::domain_to_unicode(name.as_str());
    result.is_ok() && unicode == text.strip_suffix('.').unwrap_or(text).to_lowercase()
}
