//! Microsoft's Autodiscover: requests, the settings document, errors and the JSON form.

mod error;
pub mod json;
mod request;
mod response;

pub use self::error::{ErrorCode, ErrorElement, ErrorResponse};
pub use self::request::{Request, RequestError, Schema};
pub use self::response::{
    Account, Autodiscover, Encryption, ProtocolElement, SettingsResponse, Switch, User,
};

use super::response_template::{AddressVariable, ResponseTemplate};
use crate::profile::Profile;

/// Renders a profile's settings document.
///
/// # Errors
/// If the XML writer rejects a value. Values of a valid profile are never rejected.
pub fn template(profile: &Profile) -> Result<ResponseTemplate<AddressVariable>, quick_xml::SeError> {
    Ok(ResponseTemplate::new(&Autodiscover::<SettingsResponse>::from(profile).to_xml()?))
}
