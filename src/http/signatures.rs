//! Signing configuration profiles while serving: with the newest files, away from the threads that
//! answer everybody else, and a few at a time.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::Error;
use crate::config::Signing;
use crate::mobileconfig::signing::{SOON, Signer, SigningFiles};

/// What signs, and how much of it may go on.
#[derive(Debug)]
pub struct Signatures {
    signing: Signing,
    state: Mutex<State>,
    /// A signature takes a core for a millisecond or so; half of them are left to others.
    at_work: Semaphore,
    /// Those at work, and those that wait for them.
    in_line: Semaphore,
}

#[derive(Debug)]
struct State {
    /// None when the files were not good when the server started, and it was to start without.
    signer: Option<Arc<Signer>>,
    /// How the files were when they were last looked into. None before that.
    seen: Option<Vec<Seen>>,
    warned: Instant,
}

/// Enough of a file to know it from its successor.
type Seen = Option<(u64, u64, i64, i64)>;

/// At a millisecond each, the last in line waits for less than a second.
const LONGEST_LINE: usize = 256;
const BETWEEN_WARNINGS: Duration = Duration::from_secs(24 * 60 * 60);

impl Signatures {
    pub fn new(signing: Signing, signer: Option<Signer>) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let state = State { signer: signer.map(Arc::new), seen: None, warned: Instant::now() };
        Self {
            signing,
            state: Mutex::new(state),
            at_work: Semaphore::new(cores.div_ceil(2)),
            in_line: Semaphore::new(LONGEST_LINE),
        }
    }

    /// The profile with its signature; without one if that is what the operator rather has.
    pub async fn sign(self: &Arc<Self>, profile: Bytes) -> Result<Bytes, Error> {
        let _place = self.in_line.try_acquire().map_err(|_| Error::Busy)?;
        let _turn = self.at_work.acquire().await.map_err(|_| Error::Busy)?;
        let this = Arc::clone(self);
        let signed = spawn_blocking(move || this.sign_now(&profile)).await;
        signed.ok().flatten().ok_or(Error::Unsigned)
    }

    fn sign_now(&self, profile: &Bytes) -> Option<Bytes> {
        let now = SystemTime::now();
        let usable = |signer: &Arc<Signer>| !self.signing.or_unsigned || signer.not_after() > now;
        match self.signer().filter(usable) {
            Some(signer) => signer.sign(profile, now).map(Bytes::from),
            None => self.signing.or_unsigned.then(|| profile.clone()),
        }
    }

    /// When the certificate expires, if there is one.
    pub fn not_after(&self) -> Option<SystemTime> {
        self.signer().map(|signer| signer.not_after())
    }

    /// The signer, read anew if its files are others than they were. Files that are no good change
    /// nothing: they may be half written.
    fn signer(&self) -> Option<Arc<Signer>> {
        let seen = Some(seen(&self.signing.files));
        let mut state = self.state();
        if seen != state.seen {
            let is_first = state.seen.is_none();
            state.seen = seen;
            match Signer::load(&self.signing.files, SystemTime::now()) {
                Ok(signer) => {
                    if !is_first {
                        tracing::info!("new files for signing configuration profiles are in use");
                    }
                    state.signer = Some(Arc::new(signer));
                }
                Err(error) if state.signer.is_some() => {
                    tracing::error!(%error, "the files for signing cannot be used; the certificate in use stays");
                }
                Err(error) => tracing::error!(%error, "configuration profiles are served unsigned"),
            }
        }
        let end = state.signer.as_ref().map(|signer| signer.not_after());
        if let Some(end) = end.filter(|end| *end < SystemTime::now() + SOON)
            && state.warned.elapsed() > BETWEEN_WARNINGS
        {
            state.warned = Instant::now();
            let days_left = days_left(end);
            tracing::warn!(days_left, "the certificate for signing configuration profiles expires");
        }
        state.signer.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here can be left half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn seen(files: &SigningFiles) -> Vec<Seen> {
    let all = [Some(&files.certificate), files.chain.as_ref(), Some(&files.key)];
    let seen = |path| {
        let file = fs::metadata(path).ok()?;
        Some((file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
    };
    all.into_iter().flatten().map(seen).collect()
}

/// Whole days; 0 when it has expired.
fn days_left(end: SystemTime) -> u64 {
    end.duration_since(SystemTime::now()).map_or(0, |left| left.as_secs() / (24 * 60 * 60))
}

#[cfg(test)]
mod tests {
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
