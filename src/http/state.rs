//! The state that all handlers share: the immutable result of one load.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::signing_queue::Signatures;
use crate::config::PublicUrl;
use crate::directory::Directory;
use crate::documents::Asset;
use crate::page::Pages;

/// What the handlers share.
#[derive(Debug)]
pub struct Snapshot {
    pub directory: Directory,
    pub pages: Pages,
    /// By name.
    pub assets: HashMap<String, Asset>,
    /// The assets of the former configuration, for pages that were loaded before the reload.
    pub older_assets: HashMap<String, Asset>,
    pub public_url: Option<PublicUrl>,
    /// None if Apple profiles are not signed.
    pub signatures: Option<Arc<Signatures>>,
    pub body_timeout: Duration,
}
