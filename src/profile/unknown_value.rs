//! The error of every type whose values are a fixed list.

use strum::VariantNames;

/// A text that a key does not allow, with the list of allowed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of {}", .0.join(", "))]
pub struct UnknownValue(pub &'static [&'static str]);

impl UnknownValue {
    /// The error of `T`'s `FromStr`.
    pub(super) fn of<T: VariantNames>(_text: &str) -> Self {
        Self(T::VARIANTS)
    }
}
