//! The setup page: the settings of an address for people, in HTML and in JSON.
//!
//! `messages` holds the texts and `settings` the values that a template can use. Templates and texts are built in. A file
//! in the operator's `templates` folder replaces the built-in file of the same name; if it fails, the built-in file is
//! used.

mod assets;
mod messages;
mod pages;
mod qr_code;
mod settings;

pub use self::assets::PageAssets;
pub use self::messages::{Catalogue, ENGLISH, MESSAGES, Messages, placeholders};
pub use self::pages::{PROGRAMS, PageRequest, Pages, StartPage, TEMPLATES, TemplateError};
pub use self::qr_code::qr_code;
pub use self::settings::{Link, ServerSettings, Settings, SetupTarget};
