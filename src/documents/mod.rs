//! What is sent: one file or folder for each answer format.

pub mod autoconfig;
pub mod autodiscover;
pub mod languages;
pub mod mobileconfig;
pub mod mta_sts;
pub mod pacc;
pub(crate) mod plist;
pub mod rendered;
pub mod slots;
