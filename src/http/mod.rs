//! The network's side: one route table, thin handlers, and what stands before them.
//!
//! A request comes through `sockets` and `server` (who is let in), `connection` (time-outs), `door` (what is dropped,
//! whom we believe, how often), the route table of the configuration that is served (`current`), and a handler, which
//! extracts, asks the directory, and answers.

pub(crate) mod app;
mod body;
pub(crate) mod error;
mod extractors;
mod forwarded;
pub(crate) mod handlers;
mod middleware;
mod query;
mod rate_limit;
pub(crate) mod request_log;
pub(crate) mod responses;
mod router;
pub(crate) mod served_config;
mod setup_page;
mod signing_queue;
mod state;

pub(crate) use self::app::Attempt;
pub use self::app::{ADMIN_CONNECTIONS, App, Replaced};
pub use self::middleware::RequestService;
