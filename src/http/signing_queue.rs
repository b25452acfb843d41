//! Signs configuration profiles: on threads of their own, with a limit, so that other requests do not wait.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::Error;
use crate::config::Signing;
use crate::documents::mobileconfig::signing::Signer;

/// The signer and its queue.
#[derive(Debug)]
pub struct Signatures {
    signing: Signing,
    /// None if the files are invalid and the operator allows profiles without a signature.
    signer: Option<Arc<Signer>>,
    /// For the signatures at work. A signature takes about a millisecond of a core; of several cores, half are left to
    /// other requests.
    active: Arc<Semaphore>,
    /// For all signatures, at work or waiting.
    queue: Arc<Semaphore>,
}

/// At a millisecond each, the last one waits for less than a second.
const QUEUE_LENGTH: usize = 256;

impl Signatures {
    pub fn new(signing: Signing, signer: Option<Arc<Signer>>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            signing,
            signer,
            active: Arc::new(Semaphore::new(cores.div_ceil(2))),
            queue: Arc::new(Semaphore::new(QUEUE_LENGTH)),
        }
    }

    /// The profile with its signature, or without one if there is no signer.
    pub async fn sign(self: &Arc<Self>, profile: Bytes) -> Result<Bytes, Error> {
        let queued = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| Error::QueueFull)?;
        let permit = Arc::clone(&self.active).acquire_owned().await.map_err(|_| Error::QueueFull)?;
        let this = Arc::clone(self);
        // The work goes on if the client disconnects, so the permits belong to the work.
        let signed = spawn_blocking(move || {
            let _permits = (queued, permit);
            this.sign_at(profile, SystemTime::now())
        });
        signed.await.ok().flatten().ok_or(Error::Internal)
    }

    fn sign_at(&self, profile: Bytes, now: SystemTime) -> Option<Bytes> {
        let or_unsigned = self.signing.or_unsigned;
        let usable = |signer: &&Arc<Signer>| !or_unsigned || signer.not_after > now;
        let signed = self.signer.as_ref().filter(usable).map(|signer| signer.sign(&profile, now));
        match signed {
            Some(Ok(signed)) => return Some(signed.into()),
            Some(Err(error)) => tracing::error!(%error, "an Apple profile cannot be signed"),
            None => {}
        }
        or_unsigned.then_some(profile)
    }

    /// The signer, if it was loaded from these files.
    pub fn signer_of(&self, signing: &Signing) -> Option<Arc<Signer>> {
        self.signer.clone().filter(|_| self.signing.files == signing.files)
    }

    /// When the certificate expires, if there is a signer.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.signer.as_ref().map(|signer| signer.not_after)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;
    use crate::diagnostics::Location;
    use crate::documents::mobileconfig::SigningFiles;

    /// A signer without files, and permission to serve without it.
    fn unsigned() -> Arc<Signatures> {
        let files = SigningFiles { certificate: "no.pem".into(), chain: None, key: "no.pem".into() };
        let signing =
            Signing { files, or_unsigned: true, location: Location::whole(Path::new("waypost.toml")) };
        Arc::new(Signatures::new(signing, None))
    }

    /// A certificate expires while the server runs: profiles are still served, with a signature that no device accepts,
    /// or without one if the operator allows that.
    #[test]
    fn serves_profiles_after_the_certificate_has_expired() {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let end = SystemTime::now() + Duration::from_mins(1);
        params.not_after = end.into();
        fs::write(folder.path().join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        let path = |name| folder.path().join(name);
        let files = SigningFiles { certificate: path("cert.pem"), chain: None, key: path("key.pem") };
        let profile = Bytes::from_static(b"profile");
        for or_unsigned in [false, true] {
            let location = Location::whole(Path::new("waypost.toml"));
            let signer = Signer::load(&files, SystemTime::now()).unwrap();
            let signing = Signing { files: files.clone(), or_unsigned, location };
            let signatures = Signatures::new(signing, Some(Arc::new(signer)));
            let before = signatures.sign_at(profile.clone(), SystemTime::now()).unwrap();
            assert!(before.len() > profile.len());
            let after = signatures.sign_at(profile.clone(), end + Duration::from_secs(1)).unwrap();
            assert_eq!(after == profile, or_unsigned);
        }
    }

    /// A client that disconnects frees no permit before its signature is done.
    #[test]
    fn keeps_the_permits_of_a_disconnected_client() {
        let signatures = unsigned();
        let (active, queued) = (signatures.active.available_permits(), signatures.queue.available_permits());
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (busy, until_dropped) = channel::<()>();
            drop(spawn_blocking(move || until_dropped.recv()));
            assert!(signatures.sign(Bytes::from_static(b"profile")).now_or_never().is_none());
            assert_eq!(signatures.active.available_permits(), active - 1);
            assert_eq!(signatures.queue.available_permits(), queued - 1);
            drop(busy);
            let all = u32::try_from(active).unwrap();
            assert!(signatures.active.acquire_many(all).await.is_ok());
        });
    }

    #[tokio::test]
    async fn limits_the_signatures_at_work_and_in_the_queue() {
        let signatures = unsigned();
        let cores = available_parallelism().map_or(1, usize::from);
        assert_eq!(signatures.active.available_permits(), cores.div_ceil(2));
        let all = u32::try_from(cores.div_ceil(2)).unwrap();
        let held = signatures.active.acquire_many(all).await.unwrap();
        let sign = || signatures.sign(Bytes::from_static(b"profile")).boxed();
        let mut waiting: Vec<_> = (0..QUEUE_LENGTH).map(|_| sign()).collect();
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        assert!(matches!(sign().await, Err(Error::QueueFull)));
        drop(held);
        let signed = join_all(waiting).await;
        assert!(signed.iter().all(|profile| profile.as_ref().is_ok_and(|bytes| bytes == "profile")));
        assert!(sign().await.is_ok());
    }
}
