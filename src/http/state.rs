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
    /// By their names.
    pub assets: HashMap<String, Asset>,
    /// Of the configuration before: for pages that somebody has just loaded.
    pub older_assets: HashMap<String, Asset>,
    pub public_url: Option<PublicUrl>,
    /// None where configuration profiles are not to be signed.
    pub signatures: Option<Arc<Signatures>>,
    pub body_timeout: Duration,
}
