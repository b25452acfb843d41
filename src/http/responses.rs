//! Responses with a document.

use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::address::Domain;
use crate::logging::request_fields;

/// The domain that a response is about, for the log.
#[derive(Debug, Clone)]
pub struct AnsweredDomain(pub Domain);

/// A document and its kind.
#[derive(Debug)]
pub struct Answer {
    kind: Kind,
    status: StatusCode,
    body: Bytes,
    /// The name under which a browser saves it.
    file_name: Option<HeaderValue>,
}

/// The kind of a document, which decides the headers.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Autoconfig,
    Autodiscover,
    Json,
    Pacc,
    MobileConfig,
    Text,
    MtaSts,
    Page,
    QrCode,
    /// `robots.txt` and `security.txt`.
    SiteText,
    Icon,
    /// Its content type.
    Asset(&'static str),
}

/// Thunderbird compares the beginning, in lower case; davmail the whole (reference/autoconfig 5,
/// item 15; reference/autodiscover 2.5).
const XML: HeaderValue = HeaderValue::from_static("text/xml; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// The draft names no parameter.
const PACC: HeaderValue = HeaderValue::from_static("application/json");
const MOBILECONFIG: HeaderValue = HeaderValue::from_static("application/x-apple-aspen-config");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// RFC 8461 3.2 names no parameter.
const MTA_STS: HeaderValue = HeaderValue::from_static("text/plain");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
/// A page loads style, script and pictures from its own host, and sends its form there.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);
/// For documents that load nothing.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Short, so that a change of servers is noticed; private, because the query may contain an address.
pub(super) const SHORT: HeaderValue = HeaderValue::from_static("private, max-age=600");
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_STORE: HeaderValue = HeaderValue::from_static("private, no-store");

impl Kind {
    /// `Content-Type`, `Cache-Control`, and the `Content-Security-Policy` of what a browser might open.
    const fn headers(self) -> (HeaderValue, HeaderValue, Option<HeaderValue>) {
        match self {
            Self::Autoconfig => (XML, SHORT, None),
            Self::Autodiscover => (XML, NO_STORE, None),
            Self::Json => (JSON, NO_STORE, Some(NOTHING)),
            Self::Pacc => (PACC, SHORT, None),
            Self::MobileConfig => (MOBILECONFIG, NO_STORE, Some(NOTHING)),
            Self::Text => (TEXT, NO_STORE, Some(NOTHING)),
            Self::MtaSts => (MTA_STS, SHORT, None),
            Self::Page => (HTML, NO_STORE, Some(PAGE_POLICY)),
            Self::QrCode => (SVG, NO_STORE, Some(NOTHING)),
            Self::SiteText => (TEXT, SHORT, Some(NOTHING)),
            Self::Icon => (SVG, SHORT, Some(NOTHING)),
            Self::Asset(content_type) => (HeaderValue::from_static(content_type), IMMUTABLE, Some(NOTHING)),
        }
    }
}

impl Answer {
    pub fn new(kind: Kind, body: impl Into<Bytes>) -> Self {
        Self { kind, status: StatusCode::OK, body: body.into(), file_name: None }
    }

    /// Names the file after the provider's id.
    pub fn with_file_name(self, id: &Domain) -> Self {
        let file_name = HeaderValue::try_from(format!("attachment; filename=\"{id}.mobileconfig\""));
        Self { file_name: file_name.ok(), ..self }
    }

    pub fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The response, with the domain it is about for the log.
    pub fn about(self, domain: &Domain) -> Response {
        about(self.into_response(), domain)
    }
}

/// Records the domain that a response is about, if requests are logged.
pub fn about(mut response: Response, domain: &Domain) -> Response {
    if request_fields::is_enabled() {
        response.extensions_mut().insert(AnsweredDomain(domain.clone()));
    }
    response
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (content_type, cache_control, policy) = self.kind.headers();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, cache_control);
        if let Some(file_name) = self.file_name {
            headers.insert(CONTENT_DISPOSITION, file_name);
        }
        if let Some(policy) = policy {
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        if matches!(self.kind, Kind::Page) {
            headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            headers.insert(VARY, HeaderValue::from_static("accept, accept-language"));
        }
        response
    }
}
