//! Why a client finds no account in a response.

use crate::xml::tree::{TreeError, excerpt};

/// Why a client finds no account in a response, in words for an operator. May quote the response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl From<&str> for Failure {
    fn from(reason: &str) -> Self {
        Self(excerpt(reason, 120))
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        reason.as_str().into()
    }
}

impl From<TreeError> for Failure {
    fn from(error: TreeError) -> Self {
        format!("not well-formed: {error}").into()
    }
}
