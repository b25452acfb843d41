//! The configuration: `waypost.toml`, the profiles and every other file that they name.
//!
//! [`Config::load`] returns a valid configuration or every problem. The rules for single values and files are checked
//! while a file is read (`settings`, and `formats` for profiles), the rules about several profiles in `conflicts` and
//! `mx_hosts`.

mod certificate_names;
mod certificates;
mod conflicts;
mod domain_index;
mod ip_network;
mod limits;
mod listener;
mod load;
mod mx_hosts;
mod page_templates;
mod path_name;
mod public_url;
mod security_contact;
mod settings;
mod sql;
mod unread_files;

pub use self::ip_network::Network;
pub use self::limits::{Limits, Rate};
pub use self::listener::{Address, Listener, ListenerError};
pub use self::load::{Config, LoadError, PACKAGED_CONFIG};
pub use self::public_url::{PublicUrl, PublicUrlError};
pub use self::security_contact::SecurityContact;
pub use self::settings::{Admin, Dns, Page, Settings, Signing, Tls};
