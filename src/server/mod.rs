//! Everything that knows sockets: listeners, TLS, connections, limits and shutdown.
//!
//! - `listeners`: binds sockets, or takes them over from systemd.
//! - `accept`: the accept loop; refusals; shutdown.
//! - `connection_limit`: admits a connection, or tells an idle one to close.
//! - `connection`: HTTP on one connection, and how it closes.
//! - `activity`: what a connection is doing, and its timeouts.

mod accept;
mod activity;
mod connection;
mod connection_limit;
mod listeners;

pub use self::accept::serve;
pub use self::listeners::{ADMIN_SOCKET_MODE, Inherited, PUBLIC_SOCKET_MODE, Socket, bind};
