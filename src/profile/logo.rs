//! A provider's logo.

use bytes::Bytes;
use strum::{EnumString, IntoStaticStr};

/// A picture that is kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    pub format: LogoFormat,
    pub content: Bytes,
}

/// Image formats that every browser shows, named by the file's extension in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum LogoFormat {
    Svg,
    Png,
    Webp,
    #[strum(to_string = "jpg", serialize = "jpeg")]
    Jpeg,
}

impl LogoFormat {
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }
}
