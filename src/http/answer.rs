//! Answers with a document in them.

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::log;
use crate::address::Domain;

/// A document, and what kind it is.
#[derive(Debug)]
pub struct Answer {
    kind: Kind,
    status: StatusCode,
    body: Bytes,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Autoconfig,
    Autodiscover,
    Json,
    Page,
}

/// Thunderbird compares the beginning, in lower case; davmail the whole (reference/autoconfig 5,
/// item 15; reference/autodiscover 2.5).
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Short, so that a move is noticed; private, so that no shared cache keys on addresses.
const SHORT: HeaderValue = HeaderValue::from_static("private, max-age=600");
const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

impl Answer {
    pub fn autoconfig(body: Bytes) -> Self {
        Self::new(Kind::Autoconfig, body)
    }

    pub fn autodiscover(body: Bytes) -> Self {
        Self::new(Kind::Autodiscover, body)
    }

    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Json, body.into())
    }

    pub fn page(body: Bytes) -> Self {
        Self::new(Kind::Page, body)
    }

    fn new(kind: Kind, body: Bytes) -> Self {
        Self { kind, status: StatusCode::OK, body }
    }

    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The response, with the domain it is about for the log.
    pub fn about(self, domain: &Domain) -> Response {
        log::about(self.into_response(), domain)
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let (content_type, cache_control) = match self.kind {
            Kind::Autoconfig => (XML, SHORT),
            Kind::Autodiscover => (XML, NO_STORE),
            Kind::Json => (JSON, NO_STORE),
            Kind::Page => (HTML, SHORT),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, cache_control);
        if matches!(self.kind, Kind::Page | Kind::Json) {
            // These two a browser might open.
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers.insert(
                CONTENT_SECURITY_POLICY,
                HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:"),
            );
        }
        response
    }
}
