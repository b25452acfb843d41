//! Answers with a document in them.

use axum::body::{Body, Bytes};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::address::Domain;
use crate::documents::Asset;
use crate::logging::request_fields;

/// The domain that a response is about, for the log.
#[derive(Debug, Clone)]
pub struct AnsweredDomain(pub Domain);

/// A document, and what kind it is.
#[derive(Debug)]
pub struct Answer {
    kind: Kind,
    status: StatusCode,
    body: Bytes,
    /// As which file a browser keeps it.
    file_name: Option<HeaderValue>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Autoconfig,
    Autodiscover,
    Json,
    Pacc,
    MobileConfig,
    Text,
    /// MTA-STS's.
    Policy,
    Page,
    Picture,
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
const POLICY: HeaderValue = HeaderValue::from_static("text/plain");
const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
/// A page has its style, its script and its pictures from here, and sends its form here.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'",
);
const NOTHING_ELSE: HeaderValue = HeaderValue::from_static("default-src 'none'");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Short, so that a move is noticed; private, so that no shared cache keys on addresses.
pub(super) const SHORT: HeaderValue = HeaderValue::from_static("private, max-age=600");
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
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

    pub fn pacc(body: Bytes) -> Self {
        Self::new(Kind::Pacc, body)
    }

    /// A configuration profile, named after what the operator calls the provider.
    pub fn mobileconfig(body: Bytes, id: &Domain) -> Self {
        let file_name = HeaderValue::try_from(format!("attachment; filename=\"{id}.mobileconfig\""));
        Self { file_name: file_name.ok(), ..Self::new(Kind::MobileConfig, body) }
    }

    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Text, body.into())
    }

    pub fn policy(body: Bytes) -> Self {
        Self::new(Kind::Policy, body)
    }

    pub fn page(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Page, body.into())
    }

    pub fn picture(body: impl Into<Bytes>) -> Self {
        Self::new(Kind::Picture, body.into())
    }

    pub fn asset(asset: &Asset) -> Self {
        Self::new(Kind::Asset(asset.content_type), asset.content.clone())
    }

    fn new(kind: Kind, body: Bytes) -> Self {
        Self { kind, status: StatusCode::OK, body, file_name: None }
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
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let (content_type, cache_control) = match self.kind {
            Kind::Autoconfig => (XML, SHORT),
            Kind::Autodiscover => (XML, NO_STORE),
            Kind::Json => (JSON, NO_STORE),
            Kind::Pacc => (PACC, SHORT),
            Kind::MobileConfig => (MOBILECONFIG, NO_STORE),
            Kind::Text => (TEXT, NO_STORE),
            Kind::Policy => (POLICY, SHORT),
            Kind::Page => (HTML, NO_STORE),
            Kind::Picture => (SVG, NO_STORE),
            Kind::Asset(content_type) => (HeaderValue::from_static(content_type), FOR_EVER),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CACHE_CONTROL, cache_control);
        if let Some(file_name) = self.file_name {
            headers.insert(CONTENT_DISPOSITION, file_name);
        }
        // These a browser might open.
        let policy = match self.kind {
            Kind::Page => Some(PAGE_POLICY),
            Kind::Json | Kind::MobileConfig | Kind::Text | Kind::Picture | Kind::Asset(_) => {
                Some(NOTHING_ELSE)
            }
            Kind::Autoconfig | Kind::Autodiscover | Kind::Pacc | Kind::Policy => None,
        };
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
