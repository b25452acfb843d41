//! The types that every client model uses.

pub use super::account::{Account, Endpoint, Method, Outcome, Security};
pub use super::failure::Failure;
pub use super::response::{EncodingPolicy, Response};
pub use crate::address::EmailAddress;
pub use crate::profile::{Authentication, Placeholder, Protocol, SocketType};
pub use crate::xml::tree::{Element, Node, Tree};
