//! A profile with its rendered documents. Everything is rendered when the configuration is loaded.

use bytes::Bytes;

use super::brand::Brand;
use super::mobileconfig::{MobileConfig, UnsupportedProfile};
use super::response_template::{AddressVariable, DomainVariable, ResponseTemplate};
use super::{autoconfig, autodiscover, mta_sts, pacc};
use crate::address::{Domain, MTA_STS_LABEL, SERVICE_LABELS};
use crate::profile::Profile;

/// A profile, its documents, and its own assets on the setup page.
#[derive(Debug)]
pub struct RenderedProfile {
    pub profile: Profile,
    pub documents: Documents,
    pub brand: Brand,
}

/// The documents of a profile.
#[derive(Debug)]
pub struct Documents {
    /// The autoconfig document that every client accepts.
    pub autoconfig: ResponseTemplate<DomainVariable>,
    /// The autoconfig document with all servers and sections of the profile.
    pub all_servers: ResponseTemplate<DomainVariable>,
    pub autodiscover: ResponseTemplate<AddressVariable>,
    pub mobileconfig: Result<MobileConfig, UnsupportedProfile>,
    /// None if PACC can express none of the profile's services.
    pub pacc: Option<ResponseTemplate<DomainVariable>>,
    /// None if the profile has no MTA-STS policy.
    pub mta_sts: Option<Bytes>,
}

/// A document cannot be rendered. The configuration is rejected when it is loaded.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the XML of profile `{id}` cannot be written")]
    Xml { id: Domain, source: quick_xml::SeError },
}

impl RenderedProfile {
    /// Renders every document of a profile, with its texts in the default language unless a request has another one.
    pub fn new(profile: Profile, default_language: &str) -> Result<Self, RenderError> {
        let xml = |source| RenderError::Xml { id: profile.id.clone(), source };
        let documents = Documents {
            autoconfig: autoconfig::template(&profile).map_err(xml)?,
            all_servers: autoconfig::all_servers_template(&profile).map_err(xml)?,
            autodiscover: autodiscover::template(&profile).map_err(xml)?,
            mobileconfig: MobileConfig::new(&profile, default_language),
            pacc: pacc::template(&profile),
            mta_sts: profile.mta_sts.as_ref().map(|policy| mta_sts::policy(policy).into()),
        };
        let brand = Brand::new(profile.page.color, profile.page.logo.as_ref());
        Ok(Self { profile, documents, brand })
    }

    /// The labels of the host names under which each domain of the profile is served.
    pub fn service_labels(&self) -> impl Iterator<Item = &'static str> {
        let [autoconfig, autodiscover, pacc] = SERVICE_LABELS;
        [
            Some(autoconfig),
            Some(autodiscover),
            self.documents.pacc.as_ref().map(|_| pacc),
            self.documents.mta_sts.as_ref().map(|_| MTA_STS_LABEL),
        ]
        .into_iter()
        .flatten()
    }
}
