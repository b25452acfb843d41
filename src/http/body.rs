//! Request bodies: small, and read whole.

use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::FromRequest;
use axum::http::Request;
use http_body_util::BodyExt;
use tokio::time::timeout;

use super::error::Error;
use super::state::Snapshot;
use crate::documents::autodiscover;

/// A body in XML, whatever its `Content-Type` says: FairEmail names a form, others nothing
/// (reference/autodiscover 2.7).
#[derive(Debug)]
pub struct Xml<T>(pub T);

/// Ten times the largest request any client sends.
const LIMIT: usize = 16 * 1024;
/// What is read and thrown away of a body over the limit, so that the connection can be used
/// again; beyond this it is closed.
const DRAINED: usize = 4 * 1024 * 1024;

impl FromRequest<Arc<Snapshot>> for Xml<autodiscover::Request> {
    type Rejection = Error;

    async fn from_request(request: Request<Body>, served: &Arc<Snapshot>) -> Result<Self, Error> {
        let body = timeout(served.body_timeout, read(request.into_body()));
        let body = body.await.map_err(|_| Error::BodyTooSlow)??;
        Ok(Self(autodiscover::Request::read(&body)?))
    }
}

async fn read(mut body: Body) -> Result<Bytes, Error> {
    if body.size_hint().lower() > DRAINED as u64 {
        return Err(Error::BodyTooLarge { is_drained: false });
    }
    // Nearly always there is one piece, which needs no copy.
    let mut first = Bytes::new();
    let mut whole = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Error::BodyBroken)?.into_data() else { continue };
        length += data.len();
        if length > DRAINED {
            return Err(Error::BodyTooLarge { is_drained: false });
        }
        if length > LIMIT {
            continue;
        }
        if first.is_empty() {
            first = data;
            continue;
        }
        if whole.is_empty() {
            whole.extend_from_slice(&first);
        }
        whole.extend_from_slice(&data);
    }
    if length > LIMIT {
        return Err(Error::BodyTooLarge { is_drained: true });
    }
    Ok(if whole.is_empty() { first } else { whole.into() })
}
