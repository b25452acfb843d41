//! The server as a service of its machine: start, signals, systemd, reload.

mod error;
mod former_configs;
mod load_report;
mod reload;
mod run;
mod signals;
mod sql_freshness;
mod sql_poll;
mod systemd;
mod watch;

pub use self::error::Error;
pub use self::reload::Reloader;
pub use self::run::run;
pub use crate::admin::Reloaded;
