//! Errors, and the response to each.

use std::time::{Duration, SystemTime};

use axum::http::header::{ALLOW, CACHE_CONTROL, CONNECTION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::responses::{self, Answer, Kind};
use crate::address::Domain;
use crate::documents::autodiscover::json::Refusal;
use crate::documents::autodiscover::{ErrorCode, ErrorResponse, RequestError};
use crate::documents::mobileconfig::UnsupportedProfile;
use crate::metrics::labels::RefusedInside;

/// The number of addresses in one Apple profile.
pub const MAX_ADDRESSES: usize = 10;

/// Why a request is not answered with a document.
#[derive(Debug)]
pub enum Error {
    /// The domain or path is not served: 404 without a body. GNOME's and aerc's clients read the body of an
    /// error as if it were a configuration (reference/autoconfig 3.2, 2).
    NotServed(Option<Domain>),
    /// Autodiscover's error for a domain that is not served: 404, so that Outlook tries its next URL.
    AddressNotServed(Domain),
    /// Autodiscover's other errors, with the domain if it is known: 200, as Microsoft answers.
    Autodiscover(ErrorCode, Option<Domain>),
    /// A request for Autodiscover's JSON that cannot be answered.
    Refused(Refusal, Option<Domain>),
    /// The parameter is not an email address.
    InvalidAddress,
    TooManyAddresses,
    /// Apple's schema cannot express the settings of this domain's provider.
    UnsupportedProfile(UnsupportedProfile, Domain),
    /// The queue of signatures is full.
    QueueFull,
    /// The server's own failure; the log has the reason.
    Internal,
    /// Autodiscover accepts POST only.
    PostOnly,
    /// The router adds the allowed methods.
    MethodNotAllowed,
    /// If the body was not drained, the connection cannot serve another request.
    BodyTooLarge {
        is_drained: bool,
    },
    BodyTimeout,
    /// The body ended before its length, or its chunks are malformed.
    BodyMalformed,
    /// The client is over the rate limit for this time (RFC 6585 4).
    RateLimited(Duration),
    /// More than one `Host` (RFC 9112 3.2).
    SeveralHosts,
    /// The client of the admin listener is not in `[admin] allow`.
    NotAllowed,
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        let code = match error {
            RequestError::Malformed | RequestError::Address => ErrorCode::InvalidRequest,
            RequestError::LegacyDnOnly => ErrorCode::AddressNotFound,
        };
        Self::Autodiscover(code, None)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotServed(domain) => about(empty(StatusCode::NOT_FOUND), domain.as_ref()),
            Self::AddressNotServed(domain) => {
                about(autodiscover(ErrorCode::AddressNotFound, StatusCode::NOT_FOUND), Some(&domain))
            }
            Self::Autodiscover(code, domain) => about(autodiscover(code, StatusCode::OK), domain.as_ref()),
            Self::Refused(refusal, domain) => {
                let answer = Answer::new(Kind::Json, refusal.to_json()).with_status(StatusCode::BAD_REQUEST);
                about(answer.into_response(), domain.as_ref())
            }
            Self::InvalidAddress => {
                text(StatusCode::BAD_REQUEST, "The value of emailaddress is not an email address.")
            }
            Self::TooManyAddresses => {
                let message = format!("A configuration profile can have at most {MAX_ADDRESSES} addresses.");
                text(StatusCode::BAD_REQUEST, &message)
            }
            Self::UnsupportedProfile(reason, domain) => {
                let message =
                    format!("There is no configuration profile for addresses at {domain}: {reason}.");
                about(text(StatusCode::UNPROCESSABLE_ENTITY, &message), Some(&domain))
            }
            Self::QueueFull => {
                let response =
                    text(StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Try again in a few seconds.");
                with(response, RETRY_AFTER, HeaderValue::from_static("1"))
            }
            Self::Internal => empty(StatusCode::INTERNAL_SERVER_ERROR),
            Self::PostOnly => {
                with(empty(StatusCode::METHOD_NOT_ALLOWED), ALLOW, HeaderValue::from_static("POST"))
            }
            Self::MethodNotAllowed => empty(StatusCode::METHOD_NOT_ALLOWED),
            Self::BodyTooLarge { is_drained: true } => empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTooLarge { is_drained: false } => last(StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTimeout => last(StatusCode::REQUEST_TIMEOUT),
            Self::BodyMalformed => empty(StatusCode::BAD_REQUEST),
            // In whole seconds.
            Self::RateLimited(wait) => {
                with(empty(StatusCode::TOO_MANY_REQUESTS), RETRY_AFTER, (wait.as_secs() + 1).into())
            }
            Self::NotAllowed => text(
                StatusCode::FORBIDDEN,
                "The IP address of this connection is not in `allow` of [admin] in waypost.toml.",
            ),
            Self::SeveralHosts => last(StatusCode::BAD_REQUEST),
        }
    }
}

fn about(response: Response, domain: Option<&Domain>) -> Response {
    domain.into_iter().fold(response, responses::about)
}

fn with(mut response: Response, name: HeaderName, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

fn autodiscover(code: ErrorCode, status: StatusCode) -> Response {
    let document = ErrorResponse::document(code, SystemTime::now());
    let mut response = Answer::new(Kind::Autodiscover, document).with_status(status).into_response();
    response.extensions_mut().insert(RefusedInside);
    response
}

/// A message for a person.
fn text(status: StatusCode, message: &str) -> Response {
    Answer::new(Kind::Text, format!("{message}\n")).with_status(status).into_response()
}

/// No body, and not cacheable: the domain may be served later.
fn empty(status: StatusCode) -> Response {
    with(status.into_response(), CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// As [`empty`], and the connection serves no other request.
fn last(status: StatusCode) -> Response {
    with(empty(status), CONNECTION, HeaderValue::from_static("close"))
}
