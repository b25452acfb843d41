//! eM Client: its source is closed, and no document says how it reads a `Protocol`
//! (reference/autodiscover 1.10 has what is known). It sends Outlook's schema; the model assumes
//! that it reads like Outlook.

pub use super::outlook::autodiscover;
