//! `POST /reload`: asks the server to reload its configuration, waits, and reports the result.

use std::sync::mpsc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::diagnostics::Problem;
use crate::http::error::Error;
use crate::http::handlers;
use crate::http::responses::{Answer, Kind};

/// A request for a reload; the result goes to the sender, if there is one.
pub type ReloadRequest = Option<oneshot::Sender<ReloadReport>>;

/// The result of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reloaded {
    /// The new configuration is served.
    Done,
    Unchanged,
    /// The new configuration has errors, and the old one is still served.
    Failed,
}

/// The body of the response, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadReport {
    pub result: Reloaded,
    /// Of the configuration that is served now.
    pub profiles: usize,
    pub domains: usize,
    /// The keys that have changed and take effect after a restart.
    pub needs_restart: Vec<String>,
    /// The problems of the configuration that was read.
    pub problems: Vec<Problem>,
}

/// The route. The reload thread receives the requests.
pub fn router(requests: mpsc::Sender<ReloadRequest>) -> Router {
    Router::new()
        .route("/reload", post(reload))
        .method_not_allowed_fallback(handlers::method_not_allowed)
        .with_state(requests)
}

/// 200 if the files are served now, 422 if they have errors.
async fn reload(State(requests): State<mpsc::Sender<ReloadRequest>>) -> Result<Response, Error> {
    let (sender, report) = oneshot::channel();
    requests.send(Some(sender)).map_err(|_| Error::Internal)?;
    let report = report.await.map_err(|_| Error::Internal)?;
    let status = match report.result {
        Reloaded::Done | Reloaded::Unchanged => StatusCode::OK,
        Reloaded::Failed => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let body = serde_json::to_string_pretty(&report).map_err(|_| Error::Internal)? + "\n";
    Ok(Answer::new(Kind::Json, body).with_status(status).into_response())
}
