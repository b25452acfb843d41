//! The log.

mod rate_limit;
pub mod request_fields;
pub mod subscriber;

pub use self::rate_limit::LogRateLimit;
