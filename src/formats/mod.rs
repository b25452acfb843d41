//! Profiles as files: our TOML, Mozilla's XML; reading, writing and importing them.

mod comments;
pub mod import;
pub mod parsed_profile;
pub mod profile_file;
mod toml_reader;
mod toml_services;
mod toml_writer;
pub mod translations;
mod values;
mod xml_provider;
mod xml_reader;
mod xml_services;

pub use self::parsed_profile::Origin;
