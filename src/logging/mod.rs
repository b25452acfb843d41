//! The log.

pub mod subscriber;
