//! The one place that turns an error into a status.

use std::any::Any;
use std::time::SystemTime;

use axum::http::header::{ALLOW, CACHE_CONTROL};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::answer::Answer;
use super::log;
use crate::address::Domain;
use crate::autodiscover::json::Refusal;
use crate::autodiscover::{ErrorCode, ErrorResponse, RequestError};

/// Why a request has no document for an answer.
#[derive(Debug)]
pub enum Error {
    /// Not a domain or path of ours: 404 with nothing in it. GNOME's and aerc's clients read an
    /// error's body as if it were a configuration (reference/autoconfig 3.2, 2).
    NotOurs(Option<Domain>),
    /// Autodiscover's error for a domain that is not ours: 404, so that Outlook asks elsewhere.
    AddressNotOurs(Domain),
    /// Autodiscover's errors for whoever else asked: 200, as Microsoft answers.
    Autodiscover(ErrorCode),
    /// Autodiscover's JSON form does not take the question.
    Refused(Refusal),
    /// Autodiscover is asked by POST.
    PostOnly,
    BodyTooLarge,
    BodyTooSlow,
    /// The body ended before its length, or its chunks make no sense.
    BodyBroken,
}

impl From<RequestError> for Error {
    fn from(error: RequestError) -> Self {
        Self::Autodiscover(match error {
            RequestError::Malformed | RequestError::Address => ErrorCode::InvalidRequest,
            RequestError::LegacyDnOnly => ErrorCode::AddressNotFound,
        })
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::NotOurs(domain) => {
                let response = empty(StatusCode::NOT_FOUND);
                domain.iter().fold(response, log::about)
            }
            Self::AddressNotOurs(domain) => {
                log::about(autodiscover(ErrorCode::AddressNotFound, StatusCode::NOT_FOUND), &domain)
            }
            Self::Autodiscover(code) => autodiscover(code, StatusCode::OK),
            Self::Refused(refusal) => {
                Answer::json(refusal.to_json()).with_status(StatusCode::BAD_REQUEST).into_response()
            }
            Self::PostOnly => {
                let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
                response
            }
            Self::BodyTooLarge => empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTooSlow => empty(StatusCode::REQUEST_TIMEOUT),
            Self::BodyBroken => empty(StatusCode::BAD_REQUEST),
        }
    }
}

fn autodiscover(code: ErrorCode, status: StatusCode) -> Response {
    Answer::autodiscover(ErrorResponse::document(code, SystemTime::now())).with_status(status).into_response()
}

/// No body, and no cache that would remember it after the domain has become ours.
fn empty(status: StatusCode) -> Response {
    let mut response = status.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A panic is a bug: the client gets a 500, the log the reason, everybody else their answers.
pub fn after_panic(panic: &(dyn Any + Send)) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = message, "a request met a bug; please report it");
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}
