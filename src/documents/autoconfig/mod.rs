//! Mozilla's autoconfig: the default document, which every client accepts, and the document with all servers.
//!
//! Order, spelling and values follow reference/autoconfig 2.6 and section 5, items 20 to 38.

mod conversion;
mod elements;

pub use self::elements::{
    AuthenticationElement, CheckInterval, ClientConfig, Descr, DocumentationElement, DomainElement,
    EmailProvider, EnableElement, FieldElement, LoginPageInfoElement, OAuth2Element, PageElement,
    Pop3Element, ServerElement, ServiceElement, WebMailElement,
};

use quick_xml::SeError;

use super::response_template::{DomainVariable, ResponseTemplate};
use crate::profile::Profile;
use crate::xml;

/// Renders a profile's default document.
///
/// # Errors
/// If the XML writer rejects a value. Values of a valid profile are never rejected.
pub fn template(profile: &Profile) -> Result<ResponseTemplate<DomainVariable>, SeError> {
    Ok(ResponseTemplate::new(&ClientConfig::from(profile).to_xml()?))
}

/// Renders a document with every server, method and section of a profile. Some clients reject it. It is for people and
/// for other configuration servers.
///
/// # Errors
/// As [`template`].
pub fn all_servers_template(profile: &Profile) -> Result<ResponseTemplate<DomainVariable>, SeError> {
    Ok(ResponseTemplate::new(&ClientConfig::with_all_servers(profile).to_xml()?))
}

impl ClientConfig {
    /// The whole document: the declaration first (item 20), indented by two spaces.
    ///
    /// # Errors
    /// If XML cannot contain a value.
    pub fn to_xml(&self) -> Result<String, SeError> {
        xml::write("UTF-8", self)
    }
}
