//! Request bodies: read as a whole, decoded, up to a small size.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::FromRequest;
use axum::http::Request;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::error::Error;
use super::state::Snapshot;
use crate::documents::autodiscover::{self, RequestError};
use crate::xml;

/// A body in XML. `Content-Type` is ignored: FairEmail sends that of a form, others send none
/// (reference/autodiscover 2.7).
#[derive(Debug)]
pub struct Xml<T>(pub T);

/// The size limit of a decoded body: ten times the largest request any client sends.
const LIMIT: usize = 16 * 1024;
/// A text within the limit has at most twice as many bytes in UTF-16, and a byte order mark.
const LIMIT_AS_SENT: usize = 2 * LIMIT + 2;
/// A body over the limit is read to its end and discarded, so that the connection can be used again. A body over this
/// size closes the connection.
const DRAINED: usize = 4 * 1024 * 1024;

impl FromRequest<Arc<Snapshot>> for Xml<autodiscover::Request> {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, served: &Arc<Snapshot>) -> Result<Self, Error> {
        let body = timeout(served.body_timeout, read(request.into_body()));
        let body = body.await.map_err(|_| Error::BodyTimeout)??;
        let text = xml::decode(&body);
        if text.as_ref().map_or(body.len(), |text| text.len()) > LIMIT {
            return Err(Error::BodyTooLarge { is_drained: true });
        }
        let text = text.map_err(|_| RequestError::Malformed)?;
        Ok(Self(autodiscover::Request::parse(&text)?))
    }
}

async fn read(mut body: Body) -> Result<Vec<u8>, Error> {
    if body.size_hint().lower() > DRAINED as u64 {
        return Err(Error::BodyTooLarge { is_drained: false });
    }
    let mut content = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Error::BodyMalformed)?.into_data() else { continue };
        length += data.len();
        if length > DRAINED {
            return Err(Error::BodyTooLarge { is_drained: false });
        }
        if length <= LIMIT_AS_SENT {
            content.extend_from_slice(&data);
        }
    }
    if length > LIMIT_AS_SENT {
        return Err(Error::BodyTooLarge { is_drained: true });
    }
    Ok(content)
}
