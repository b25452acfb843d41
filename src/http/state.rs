//! The state that all handlers share: the immutable result of one load.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::signing_queue::Signatures;
use crate::address::Domain;
use crate::config::{PublicUrl, SecurityContact};
use crate::directory::{Directory, ProfileMatch};
use crate::documents::Asset;
use crate::page::Pages;

/// What the handlers share. A clone shares the parts that are large.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub directory: Directory,
    pub pages: Arc<Pages>,
    /// By name.
    pub assets: Arc<HashMap<String, Asset>>,
    /// The assets of the former configuration, for pages that were loaded before the reload.
    pub older_assets: Arc<HashMap<String, Asset>>,
    pub public_url: Option<PublicUrl>,
    pub security_contact: Option<SecurityContact>,
    /// None if Apple profiles are not signed.
    pub signatures: Option<Arc<Signatures>>,
    pub body_timeout: Duration,
}

impl Snapshot {
    /// The profile for one address.
    pub fn by_address<'a>(
        &'a self,
        domain: &'a Domain,
        host: Option<&'a Domain>,
    ) -> Result<ProfileMatch<'a>, Error> {
        self.directory.find_address(domain, host).ok_or_else(|| Error::NotServed(Some(domain.clone())))
    }

    /// The profile for a Host alone.
    pub fn by_host<'a>(&'a self, host: Option<&'a Domain>) -> Result<ProfileMatch<'a>, Error> {
        self.directory.find(None, || host).ok_or_else(|| Error::NotServed(host.cloned()))
    }

    /// Whether a host name may have a certificate: it is the host of `public_url`, or a service host name of a listed
    /// domain. There is a limited number of these names.
    pub fn is_service_name(&self, host: &Domain) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.host() == host) || self.directory.is_service_name(host)
    }
}
