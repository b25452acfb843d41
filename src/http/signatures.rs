//! Signing configuration profiles while serving: with the newest files, away from the threads that
//! answer everybody else, and a few at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::Error;
use crate::config::{Inputs, Signing};
use crate::mobileconfig::signing::{SOON, Signer, SigningFiles};
use crate::time::days_left;

/// What signs, and how much of it may go on.
#[derive(Debug)]
pub struct Signatures {
    signing: Signing,
    state: Mutex<State>,
    /// A signature takes a core for a millisecond or so; half of them, if there are several, are left
    /// to others.
    at_work: Arc<Semaphore>,
    /// Those at work, and those that wait for them.
    in_line: Arc<Semaphore>,
}

#[derive(Debug)]
struct State {
    /// None when the files were not good when the server started, and it was to start without.
    signer: Option<Arc<Signer>>,
    /// How the files were when they were last looked into. None before that.
    seen: Option<Inputs>,
    /// When the files were last of no use, if they are.
    failed: Option<Instant>,
    warned: Instant,
    /// It was said that the certificate is of no use any more.
    has_expired: bool,
}

/// At a millisecond each, the last in line waits for less than a second.
const LONGEST_LINE: usize = 256;
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(60);
const BETWEEN_WARNINGS: Duration = Duration::from_secs(24 * 60 * 60);

impl Signatures {
    pub fn new(signing: Signing, signer: Option<Arc<Signer>>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let state = State { signer, seen: None, failed: None, warned: Instant::now(), has_expired: false };
        Self {
            signing,
            state: Mutex::new(state),
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
        let usable = |signer: &Arc<Signer>| !or_unsigned || signer.not_after() > now;
        let signed = self.signer().filter(usable).map(|signer| signer.sign(&profile, now));
        match signed {
            Some(Ok(signed)) => return Some(signed.into()),
            Some(Err(error)) => tracing::error!(%error, "a configuration profile cannot be signed"),
            None => {}
        }
        or_unsigned.then_some(profile)
    }

    /// What signs, if it is of these files.
    pub fn signer_of(&self, signing: &Signing) -> Option<Arc<Signer>> {
        (self.signing.files == signing.files).then(|| self.signer())?
    }

    /// When the certificate expires, if there is one.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.signer().map(|signer| signer.not_after())
    }

    /// The signer, with the newest files that are good.
    fn signer(&self) -> Option<Arc<Signer>> {
        // Nothing in here can be left half done.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refresh(&self.signing.files);
        state.warn_in_time();
        state.signer.clone()
    }
}

impl State {
    /// Reads the files anew if they are others than they were. Files that are no good change nothing:
    /// they may be half written.
    fn refresh(&mut self, files: &SigningFiles) {
        let is_same = self.seen.as_ref().is_some_and(Inputs::are_same);
        // What was wrong may have passed, a clock for instance, without a trace on the files.
        let is_again = self.failed.is_some_and(|failed| failed.elapsed() > BETWEEN_ATTEMPTS);
        if is_same && !is_again {
            return;
        }
        let seen = Inputs::default();
        files.all().for_each(|path| seen.watch(path));
        // The start has said what there is to say of the first ones.
        let is_news = self.seen.replace(seen).is_some();
        let loaded = Signer::load(files, SystemTime::now());
        self.failed = loaded.is_err().then(Instant::now);
        match loaded {
            Ok(signer) => {
                if is_news {
                    tracing::info!("new files for signing configuration profiles are in use");
                    signer.doubts().iter().for_each(|doubt| tracing::warn!("{doubt}"));
                }
                self.signer = Some(Arc::new(signer));
                self.has_expired = false;
            }
            Err(_) if is_same => {}
            Err(error) if self.signer.is_some() => {
                tracing::error!(%error, "the files for signing cannot be used; the certificate in use stays");
            }
            Err(error) if is_news => tracing::error!(%error, "configuration profiles stay unsigned"),
            Err(_) => {}
        }
    }

    /// Once a day, from two weeks before the end.
    fn warn_in_time(&mut self) {
        let Some(end) = self.signer.as_ref().map(|signer| signer.not_after()) else { return };
        let now = SystemTime::now();
        let has_expired = end < now;
        let is_news = has_expired && !std::mem::replace(&mut self.has_expired, has_expired);
        if end > now + SOON || (!is_news && self.warned.elapsed() < BETWEEN_WARNINGS) {
            return;
        }
        self.warned = Instant::now();
        if has_expired {
            tracing::error!(
                "the certificate for signing configuration profiles has expired; devices trust it no more"
            );
        } else {
            let days_left = days_left(end, now);
            tracing::warn!(days_left, "the certificate for signing configuration profiles expires");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;
    use crate::config::Place;

    /// Files that are not there, and leave to serve without.
    fn unsigned() -> Arc<Signatures> {
        let files = SigningFiles { certificate: "no.pem".into(), chain: None, key: "no.pem".into() };
        let signing = Signing { files, or_unsigned: true, place: Place::whole(Path::new("waypost.toml")) };
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
            let place = Place::whole(Path::new("waypost.toml"));
            let signatures = Signatures::new(Signing { files: files.clone(), or_unsigned, place }, None);
            let before = signatures.sign_at(profile.clone(), SystemTime::now()).unwrap();
            assert!(before.len() > profile.len());
            let after = signatures.sign_at(profile.clone(), end + Duration::from_secs(1)).unwrap();
            assert_eq!(after == profile, or_unsigned);
        }
    }

    /// A client that goes away frees no place: the signature takes its time all the same.
    #[tokio::test]
    async fn who_goes_away_leaves_the_work_behind() {
        let signatures = unsigned();
        let (at_work, in_line) =
            (signatures.at_work.available_permits(), signatures.in_line.available_permits());
        let busy = signatures.state.lock().unwrap();
        assert!(signatures.sign(Bytes::from_static(b"profile")).now_or_never().is_none());
        assert_eq!(signatures.at_work.available_permits(), at_work - 1);
        assert_eq!(signatures.in_line.available_permits(), in_line - 1);
        drop(busy);
        let all = u32::try_from(at_work).unwrap();
        assert!(signatures.at_work.acquire_many(all).await.is_ok());
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
