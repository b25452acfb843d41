//! Profiles as files: our TOML, Mozilla's XML; reading, writing and importing them.

mod comments;
pub mod domain_list;
mod domain_patterns;
mod foreign_words;
pub mod import;
pub mod parsed_profile;
pub mod profile_file;
mod profile_reader;
mod service_reader;
mod toml_writer;
pub mod translations;
mod usernames;
mod values;
mod xml_elements;
mod xml_labels;
mod xml_names;
mod xml_source;
mod xml_table;

pub use self::domain_patterns::DomainPatterns;
pub use self::parsed_profile::Origin;
