//! The documents that Waypost serves: one file or folder for each format.

pub mod accept_language;
mod asset;
pub mod autoconfig;
pub mod autodiscover;
mod brand;
pub mod mobileconfig;
pub mod mta_sts;
mod omission;
pub mod pacc;
mod rendered_profile;
mod response_template;

pub use self::asset::Asset;
pub use self::brand::Brand;
pub use self::omission::Omission;
pub use self::rendered_profile::{Documents, RenderError, RenderedProfile};
pub use self::response_template::{AddressVariable, DomainVariable, ResponseTemplate, escape};
