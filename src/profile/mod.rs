//! A profile: what the standards call `emailProvider`. Names, servers, limits, services, help pages.
//!
//! Types only, and every value is valid. `formats` reads them from files, `documents` renders them.

mod allowed_characters;
mod authentication;
mod color;
mod description;
mod display_name;
mod http_url;
mod logo;
mod mechanism;
mod mta_sts;
mod placeholders;
mod provider;
mod server;
mod services;
mod size;
mod unknown_value;

pub(crate) use self::allowed_characters::is_configured_text;
pub use self::authentication::{Authentication, Authentications};
pub use self::color::{Color, ColorError};
pub use self::description::{Description, Documentation, MobileConfigTexts};
pub use self::display_name::{DisplayName, DisplayShortName, NameError};
pub(crate) use self::http_url::percent_encoded;
pub use self::http_url::{HttpUrl, HttpUrlError};
pub use self::logo::{Logo, LogoFormat};
pub use self::mechanism::{Mechanism, Token, TokenError};
pub use self::mta_sts::{MaxAge, Mode, MtaSts, MxPattern, NoMxPatterns};
pub use self::placeholders::{Hostname, HostnameError, Piece, Placeholder, Username, UsernameError};
pub use self::provider::{PageSettings, Profile, ProfileError};
pub use self::server::{Pop3Options, Protocol, Server, SocketType};
pub use self::services::{
    Enable, FieldName, LoginPageInfo, OAuth2, OtherKind, OtherServer, Services, Sieve, WebService, Webmail,
};
pub use self::size::{MailLimits, Size, SizeError};
pub use self::unknown_value::UnknownValue;
