//! Everything that knows sockets: listeners, TLS, connections, limits and shutdown.

mod accept;
mod activity;
mod connection;
mod connection_limit;
mod listeners;

pub use self::accept::serve;
pub use self::listeners::{FOR_ALL, FOR_US, Inherited, Socket, bind};
