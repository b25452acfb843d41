//! One connection from its first request to its close.
//!
//! What hyper and hyper-util lack:
//! - `header_read_timeout` also runs between requests. A proxy keeps its connections open on purpose, so the two
//!   states need two timeouts (`activity`). There is none for HTTP/2.
//! - `graceful_shutdown` closes an idle connection at once. A request that is on its way is lost. Here it is
//!   answered with `Connection: close`.
//! - `graceful_shutdown` waits for a client that does not read without a limit.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep, timeout};
use tokio_util::io::InspectReader;

use super::activity::ActiveRequest;
use super::connection_limit::ConnectionSlot;
use crate::http::RequestService;

/// Request line and headers together, by HTTP/1.1. Mail programs send far less.
const MAX_HEADERS: usize = 32 * 1024;

/// The same by HTTP/2, and the bytes of a response that wait for the client.
const MAX_HTTP2_HEADERS: u32 = 16 * 1024;
const MAX_HTTP2_SEND_BUFFER: usize = 16 * 1024;
const MAX_HTTP2_STREAMS: u32 = 8;

/// For a request on its way to a connection that is closed for a new one, and for its client to close it.
const CLOSE_GRACE: Duration = Duration::from_millis(50);
/// The same when the server stops. It is longer since proxies do not repeat a POST.
const STOP_GRACE: Duration = Duration::from_millis(500);
/// For a response on a connection that is closed for a new one. It takes microseconds, unless the client does not
/// send the body.
const RESPONSE_GRACE: Duration = Duration::from_secs(1);

/// The output of a TLS handshake; `None` if the connection has to close first.
pub async fn unless_closed<T>(slot: &ConnectionSlot, handshake: impl Future<Output = T>) -> Option<T> {
    let closed = async {
        slot.activity.close.cancelled().await;
        sleep(grace(slot)).await;
    };
    tokio::select! {
        output = handshake => Some(output),
        () = closed => None,
    }
}

/// Serves the connection until the client closes it, a timeout passes, or it has to close. Its errors are the
/// client's.
pub async fn serve<S>(stream: S, service: RequestService, slot: ConnectionSlot)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = &slot.activity;
    let reader = Arc::clone(activity);
    let io = TokioIo::new(InspectReader::new(stream, move |bytes: &[u8]| reader.received(bytes)));
    let answer = service_fn(|request: hyper::Request<Incoming>| {
        let active = ActiveRequest::new(activity, request.version());
        let response = service.answer(request.map(Body::new));
        async move { Ok::<_, Infallible>(active.finish(response.await)) }
    });
    let builder = builder();
    let mut connection = pin!(builder.serve_connection(io, answer));
    tokio::select! {
        biased;
        _ = connection.as_mut() => return,
        () = activity.timed_out(|| service.limits()) => return,
        () = activity.close.cancelled() => {}
    }

    // A request may be on its way. Its response is the last one.
    let is_stopping = slot.is_stopping();
    if activity.is_in_headers() || is_stopping && !activity.is_busy() {
        let closed = timeout(grace(&slot), connection.as_mut()).await;
        if closed.is_ok() || activity.is_in_headers() {
            return;
        }
    }
    connection.as_mut().graceful_shutdown();
    let grace = if activity.is_busy() && !is_stopping { RESPONSE_GRACE } else { grace(&slot) };
    // When the server stops, `accept::serve` limits the time for requests in progress.
    while timeout(grace, connection.as_mut()).await.is_err() && is_stopping && activity.is_busy() {}
}

fn grace(slot: &ConnectionSlot) -> Duration {
    if slot.is_stopping() { STOP_GRACE } else { CLOSE_GRACE }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().half_close(true).max_buf_size(MAX_HEADERS);
    builder
        .http2()
        .max_header_list_size(MAX_HTTP2_HEADERS)
        .max_concurrent_streams(MAX_HTTP2_STREAMS)
        .max_send_buf_size(MAX_HTTP2_SEND_BUFFER);
    builder
}
