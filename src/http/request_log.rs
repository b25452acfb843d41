//! The access log. `logging::request_fields` decides which fields are logged.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Response};

use super::extractors::requested_host;
use super::responses::AnsweredDomain;
use super::router;
use crate::address::Domain;
use crate::logging::request_fields::RequestFields;
use crate::metrics::labels::{Family, Outcome};

/// A request that is logged when it has been answered.
#[derive(Debug)]
pub struct LoggedRequest {
    host: Option<String>,
    route: Option<&'static str>,
    method: Method,
    client: IpAddr,
    family: Family,
}

impl LoggedRequest {
    /// A request whose path is spelled as in the route table.
    pub fn new(request: &Request<Body>, client: IpAddr, family: Family) -> Self {
        Self {
            host: requested_host(request.uri(), request.headers()),
            route: router::pattern(request.uri().path()),
            method: request.method().clone(),
            client,
            family,
        }
    }

    pub fn log(&self, response: &Response<Body>, outcome: Outcome, latency: Duration) {
        let domain = response.extensions().get::<AnsweredDomain>();
        RequestFields {
            host: self.host.as_deref(),
            domain: domain.map(|AnsweredDomain(domain)| Domain::as_str(domain)),
            route: self.route,
            method: self.method.as_str(),
            client: self.client,
            family: self.family.into_str(),
            status: response.status().as_u16(),
            latency,
        }
        .log(outcome.describe());
    }
}
