//! Signing configuration profiles while serving: away from the threads that answer everybody else, and
//! a few at a time.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::Error;
use crate::config::Signing;
use crate::documents::mobileconfig::signing::Signer;

/// What signs, and how much of it may go on.
#[derive(Debug)]
pub struct Signatures {
    signing: Signing,
    /// None when the files are not good, and the operator would rather serve without.
    signer: Option<Arc<Signer>>,
    /// A signature takes a core for a millisecond or so; half of them, if there are several, are left
    /// to others.
    at_work: Arc<Semaphore>,
    /// Those at work, and those that wait for them.
    in_line: Arc<Semaphore>,
}

/// At a millisecond each, the last in line waits for less than a second.
const LONGEST_LINE: usize = 256;

impl Signatures {
    pub fn new(signing: Signing, signer: Option<Arc<Signer>>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            signing,
            signer,
            at_work: Arc::new(Semaphore::new(cores.div_ceil(2))),
            in_line: Arc::new(Semaphore::new(LONGEST_LINE)),
        }
    }

    /// The profile with its signature; without one if that is what the operator rather has.
    pub async fn sign(self: &Arc<Self>, profile: Bytes) -> Result<Bytes, Error> {
        let place = Arc::clone(&self.in_line).try_acquire_owned().map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.at_work).acquire_owned().await.map_err(|_| Error::Busy)?;
        let this = Arc::clone(self);
        // Who has gone away meanwhile takes the time all the same, so the permits go with the work.
        let signed = spawn_blocking(move || {
            let _while_at_it = (place, turn);
            this.sign_at(profile, SystemTime::now())
        });
        signed.await.ok().flatten().ok_or(Error::Failed)
    }

    fn sign_at(&self, profile: Bytes, now: SystemTime) -> Option<Bytes> {
        let or_unsigned = self.signing.or_unsigned;
        let usable = |signer: &&Arc<Signer>| !or_unsigned || signer.not_after() > now;
        let signed = self.signer.as_ref().filter(usable).map(|signer| signer.sign(&profile, now));
        match signed {
            Some(Ok(signed)) => return Some(signed.into()),
            Some(Err(error)) => tracing::error!(%error, "a configuration profile cannot be signed"),
            None => {}
        }
        or_unsigned.then_some(profile)
    }

    /// What signs, if it is of these files.
    pub fn signer_of(&self, signing: &Signing) -> Option<Arc<Signer>> {
        self.signer.clone().filter(|_| self.signing.files == signing.files)
    }

    /// When the certificate expires, if there is one.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.signer.as_ref().map(|signer| signer.not_after())
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

    /// Files that are not there, and leave to serve without.
    fn unsigned() -> Arc<Signatures> {
        let files = SigningFiles { certificate: "no.pem".into(), chain: None, key: "no.pem".into() };
        let signing =
            Signing { files, or_unsigned: true, location: Location::whole(Path::new("waypost.toml")) };
        Arc::new(Signatures::new(signing, None))
    }

    /// A certificate that was good at the start expires in the end: profiles go on, with a signature
    /// that is worth nothing or, where the operator would rather, without.
    #[test]
    fn an_expired_certificate_keeps_nobody_from_a_profile() {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let end = SystemTime::now() + Duration::from_secs(60);
        params.not_after = end.into();
        fs::write(folder.path().join("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(folder.path().join("key.pem"), key.serialize_pem()).unwrap();
        let path = |name| folder.path().join(name);
        let files = SigningFiles { certificate: path("cert.pem"), chain: None, key: path("key.pem") };
        let profile = Bytes::from_static(b"profile");
        for or_unsigned in [false, true] {
            let place = Location::whole(Path::new("waypost.toml"));
            let signer = Signer::load(&files, SystemTime::now()).unwrap();
            let signing = Signing { files: files.clone(), or_unsigned, location: place };
            let signatures = Signatures::new(signing, Some(Arc::new(signer)));
            let before = signatures.sign_at(profile.clone(), SystemTime::now()).unwrap();
            assert!(before.len() > profile.len());
            let after = signatures.sign_at(profile.clone(), end + Duration::from_secs(1)).unwrap();
            assert_eq!(after == profile, or_unsigned);
        }
    }

    /// A client that goes away frees no place: the signature takes its time all the same.
    #[test]
    fn who_goes_away_leaves_the_work_behind() {
        let signatures = unsigned();
        let (at_work, in_line) =
            (signatures.at_work.available_permits(), signatures.in_line.available_permits());
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let (busy, until_dropped) = channel::<()>();
            drop(spawn_blocking(move || until_dropped.recv()));
            assert!(signatures.sign(Bytes::from_static(b"profile")).now_or_never().is_none());
            assert_eq!(signatures.at_work.available_permits(), at_work - 1);
            assert_eq!(signatures.in_line.available_permits(), in_line - 1);
            drop(busy);
            let all = u32::try_from(at_work).unwrap();
            assert!(signatures.at_work.acquire_many(all).await.is_ok());
        });
    }

    #[tokio::test]
    async fn few_are_at_work_and_who_finds_a_long_line_is_sent_away() {
        let signatures = unsigned();
        let cores = available_parallelism().map_or(1, usize::from);
        assert_eq!(signatures.at_work.available_permits(), cores.div_ceil(2));
        let nobody_works = u32::try_from(cores.div_ceil(2)).unwrap();
        let busy = signatures.at_work.acquire_many(nobody_works).await.unwrap();
        let sign = || signatures.sign(Bytes::from_static(b"profile")).boxed();
        let mut line: Vec<_> = (0..LONGEST_LINE).map(|_| sign()).collect();
        assert!(line.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        assert!(matches!(sign().await, Err(Error::Busy)));
        drop(busy);
        let signed = join_all(line).await;
        assert!(signed.iter().all(|profile| profile.as_ref().is_ok_and(|bytes| bytes == "profile")));
        assert!(sign().await.is_ok());
    }
}
