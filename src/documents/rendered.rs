//! A profile with its answers, made when the configuration is loaded.

use bytes::Bytes;

use super::mobileconfig::{Inexpressible, MobileConfig};
use super::slots::{AddressSlot, Document, DomainSlot};
use super::{autoconfig, autodiscover, mta_sts, pacc};
use crate::address::Domain;
use crate::page::Brand;
use crate::profile::Profile;

/// A profile, and every document that is served for it.
#[derive(Debug)]
pub struct RenderedProfile {
    pub profile: Profile,
    pub documents: Documents,
    /// What its setup page has of its own.
    pub brand: Brand,
}

/// What is served for a profile.
#[derive(Debug)]
pub struct Documents {
    /// The one that every client can read.
    pub autoconfig: Document<DomainSlot>,
    /// The one with everything that the profile has.
    pub all_servers: Document<DomainSlot>,
    pub autodiscover: Document<AddressSlot>,
    pub mobileconfig: Result<MobileConfig, Inexpressible>,
    /// None where nothing can be said in it.
    pub pacc: Option<Document<DomainSlot>>,
    /// None where it is not asked for.
    pub mta_sts: Option<Bytes>,
}

/// A document could not be prepared. That stops the start; it is never an answer.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the XML of profile `{id}` cannot be written")]
    Xml { id: Domain, source: quick_xml::SeError },
}

impl RenderedProfile {
    /// Renders every document of a profile.
    ///
    /// # Errors
    /// When one cannot be rendered.
    pub fn new(profile: Profile) -> Result<Self, RenderError> {
        let id = || profile.id.clone();
        let xml = |source| RenderError::Xml { id: id(), source };
        let documents = Documents {
            autoconfig: autoconfig::document(&profile).map_err(xml)?,
            all_servers: autoconfig::whole(&profile).map_err(xml)?,
            autodiscover: autodiscover::document(&profile).map_err(xml)?,
            mobileconfig: MobileConfig::new(&profile),
            pacc: pacc::document(&profile),
            mta_sts: profile.mta_sts.as_ref().map(|policy| mta_sts::policy(policy).into()),
        };
        let logo = profile.page.logo.as_ref().map(|logo| (logo.kind, logo.content.clone()));
        let brand = Brand::new(profile.page.color, logo);
        Ok(Self { profile, documents, brand })
    }
}
