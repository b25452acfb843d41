//! The one place that turns an error into a status.

use std::time::{Duration, SystemTime};

use axum::http::header::{ALLOW, CACHE_CONTROL, CONNECTION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::responses::{self, Answer};
use crate::address::Domain;
use crate::documents::autodiscover::json::Refusal;
use crate::documents::autodiscover::{ErrorCode, ErrorResponse, RequestError};
use crate::documents::mobileconfig::UnsupportedProfile;
use crate::metrics::labels::RefusedInside;

/// The number of addresses in one Apple profile.
pub const MAX_ADDRESSES: usize = 10;

/// Why a request has no document for an answer.
#[derive(Debug)]
pub enum Error {
    /// A domain or path that is not served: 404 without a body. GNOME's and aerc's clients read an
    /// error's body as if it were a configuration (reference/autoconfig 3.2, 2).
    NotOurs(Option<Domain>),
    /// Autodiscover's error for a domain that is not served: 404, so that Outlook tries its next URL.
    AddressNotOurs(Domain),
    /// Autodiscover's other errors, and the domain if it is known: 200, as
    /// Microsoft answers.
    Autodiscover(ErrorCode, Option<Domain>),
    /// Autodiscover's JSON form does not take the question.
    Refused(Refusal, Option<Domain>),
    /// What is asked as an e-mail address is none.
    NoAddress,
    TooManyAddresses,
    /// Apple's devices cannot be told the settings of this provider, or of one of several.
    Inexpressible(UnsupportedProfile, Domain),
    /// More signatures are wanted than can be made.
    Busy,
    /// We could not do it; the log has the reason.
    Failed,
    /// Autodiscover is asked by POST.
    PostOnly,
    /// The router adds what is allowed.
    MethodNotAllowed,
    /// Not drained, it still comes in, and the connection can serve no other request.
    BodyTooLarge {
        is_drained: bool,
    },
    BodyTooSlow,
    /// The body ended before its length, or its chunks make no sense.
    BodyBroken,
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
            Self::NotOurs(domain) => about(empty(StatusCode::NOT_FOUND), domain.as_ref()),
            Self::AddressNotOurs(domain) => {
                about(autodiscover(ErrorCode::AddressNotFound, StatusCode::NOT_FOUND), Some(&domain))
            }
            Self::Autodiscover(code, domain) => about(autodiscover(code, StatusCode::OK), domain.as_ref()),
            Self::Refused(refusal, domain) => {
                let answer = Answer::json(refusal.to_json()).with_status(StatusCode::BAD_REQUEST);
                about(answer.into_response(), domain.as_ref())
            }
            Self::NoAddress => {
                sentence(StatusCode::BAD_REQUEST, "What follows emailaddress= is not an e-mail address.")
            }
            Self::TooManyAddresses => {
                let most = MAX_ADDRESSES;
                sentence(StatusCode::BAD_REQUEST, &format!("At most {most} addresses fit into one profile."))
            }
            Self::Inexpressible(reason, domain) => {
                let text = format!("There is no configuration profile for addresses at {domain}: {reason}.");
                about(sentence(StatusCode::UNPROCESSABLE_ENTITY, &text), Some(&domain))
            }
            Self::Busy => with(
                sentence(StatusCode::SERVICE_UNAVAILABLE, "Too many profiles are asked for; try again."),
                RETRY_AFTER,
                "1",
            ),
            Self::Failed => empty(StatusCode::INTERNAL_SERVER_ERROR),
            Self::PostOnly => with(empty(StatusCode::METHOD_NOT_ALLOWED), ALLOW, "POST"),
            Self::MethodNotAllowed => empty(StatusCode::METHOD_NOT_ALLOWED),
            Self::BodyTooLarge { is_drained: true } => empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::BodyTooLarge { is_drained: false } => {
                with(empty(StatusCode::PAYLOAD_TOO_LARGE), CONNECTION, "close")
            }
            Self::BodyTooSlow => with(empty(StatusCode::REQUEST_TIMEOUT), CONNECTION, "close"),
            Self::BodyBroken => empty(StatusCode::BAD_REQUEST),
        }
    }
}

fn about(response: Response, domain: Option<&Domain>) -> Response {
    domain.into_iter().fold(response, responses::about)
}

fn with(mut response: Response, name: HeaderName, value: &'static str) -> Response {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn autodiscover(code: ErrorCode, status: StatusCode) -> Response {
    let document = ErrorResponse::document(code, SystemTime::now());
    let mut response = Answer::autodiscover(document).with_status(status).into_response();
    response.extensions_mut().insert(RefusedInside);
    response
}

/// For a person's eyes.
fn sentence(status: StatusCode, text: &str) -> Response {
    Answer::text(format!("{text}\n")).with_status(status).into_response()
}

/// No body, and not cacheable: the domain may be served later.
fn empty(status: StatusCode) -> Response {
    with(status.into_response(), CACHE_CONTROL, "no-store")
}

/// A client asks more often than it may: when it may again, in whole seconds (RFC 6585 4).
pub fn too_often(wait: Duration) -> Response {
    let mut response = empty(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    response
}

/// Two hosts are none (RFC 9112 3.2).
pub fn two_hosts() -> Response {
    with(empty(StatusCode::BAD_REQUEST), CONNECTION, "close")
}

/// A panic is a bug: the client gets a 500, everybody else their answers. The log has the place
/// from the panic hook; the message might quote what was sent.
pub fn after_panic() -> Response {
    empty(StatusCode::INTERNAL_SERVER_ERROR)
}
