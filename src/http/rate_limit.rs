//! The rate limit of a client's network.
//!
//! The generic cell rate algorithm (ITU-T I.371): for each network a time is stored. A request moves it forward by the
//! reciprocal of the rate. A request that would move it further than a burst ahead of the present is refused. The times
//! are in a table of fixed size, so that many addresses cost no memory. If too many networks share a part of the table,
//! some are not counted: a client may get too many answers, but is never refused because of another's requests.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use derive_more::Debug;

use crate::config::Rate;

/// The times of all networks.
#[derive(Debug)]
pub struct RateLimiter {
    /// Each has a network's tag and its time.
    #[debug(skip)]
    slots: Box<[AtomicU64]>,
    hasher: RandomState,
    start: Instant,
}

/// 1 MiB of slots.
const SLOTS: usize = 1 << 17;
/// The number of slots that a network can be in.
const WAYS: usize = 4;
const TAG_BITS: u32 = 20;
/// The bits of the time, in microseconds since the start. After half a year it begins at 0 again, and a network may once
/// have one burst too many.
const TIME: u64 = u64::MAX >> TAG_BITS;

impl RateLimiter {
    pub fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            start: Instant::now(),
        }
    }

    /// Counts a request. None if it is permitted, else the time until the next one is.
    pub fn check(&self, client: IpAddr, rate: Rate, now: Instant) -> Option<Duration> {
        self.check_at(client, rate, now.saturating_duration_since(self.start))
    }

    fn check_at(&self, client: IpAddr, rate: Rate, since_start: Duration) -> Option<Duration> {
        let now = u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX) & TIME;
        // At least one microsecond.
        let share = (1_000_000 / u64::from(rate.per_second.get())).max(1);
        let burst = share * u64::from(rate.burst.get());
        let hash = self.hasher.hash_one(network(client));
        let tag = hash >> (u64::BITS - TAG_BITS);
        let first = usize::try_from(hash).unwrap_or_default() % SLOTS / WAYS * WAYS;
        let slots = &self.slots[first..first + WAYS];
        let is_tagged = |seen: u64| seen >> (u64::BITS - TAG_BITS) == tag;
        // A time further ahead than any burst was stored before the clock began at 0 again.
        let is_past = |seen: u64| seen & TIME <= now || seen & TIME > now + burst + share;
        // First the slot that has this network, then the others.
        let own = slots.iter().filter(|slot| is_tagged(slot.load(Relaxed)));
        for slot in own.chain(slots) {
            let mut seen = slot.load(Relaxed);
            while is_tagged(seen) || is_past(seen) {
                let next = if is_past(seen) { now } else { seen & TIME } + share;
                if next > now + burst {
                    return Some(Duration::from_micros(next - now - burst));
                }
                let new = tag << (u64::BITS - TAG_BITS) | (next & TIME);
                match slot.compare_exchange_weak(seen, new, Relaxed, Relaxed) {
                    Ok(_) => return None,
                    Err(other) => seen = other,
                }
            }
        }
        None
    }
}

/// The network of an address. An IPv4 /24 is the smallest network that is routed by itself, and an IPv6 /48 the largest
/// that a site gets (RFC 6177).
fn network(client: IpAddr) -> u64 {
    match client {
        IpAddr::V4(address) => u64::from(address.to_bits() >> 8),
        // 64:ff9b::/96, an IPv4 address behind a translator (RFC 6052 2.1).
        IpAddr::V6(address) if address.to_bits() >> 32 == 0x0064_ff9b << 64 => {
            u64::from(((address.to_bits() & 0xffff_ffff) as u32) >> 8)
        }
        // Distinct from every IPv4 network, which has 24 bits.
        IpAddr::V6(address) => 1 << 48 | u64::try_from(address.to_bits() >> 80).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const RATE: Rate = rate(10, 3);

    const fn rate(per_second: u32, burst: u32) -> Rate {
        Rate { per_second: NonZeroU32::new(per_second).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn allows_a_burst_and_then_the_rate() {
        let limiter = RateLimiter::new();
        let client = "192.0.2.1".parse().unwrap();
        let ask = |at: f64| limiter.check_at(client, RATE, seconds(at));
        assert_eq!([ask(5.0), ask(5.0), ask(5.0)], [None; 3]);
        assert_eq!(ask(5.0), Some(Duration::from_millis(100)));
        assert_eq!(ask(5.05), Some(Duration::from_millis(50)));
        assert_eq!(ask(5.1), None);
        assert!(ask(5.1).is_some());
        // A pause brings the burst back, and no more than that.
        assert_eq!([ask(60.0), ask(60.0), ask(60.0)], [None; 3]);
        assert!(ask(60.0).is_some());
    }

    #[test]
    fn counts_networks_and_not_addresses() {
        let limiter = RateLimiter::new();
        let ask = |client: &str| limiter.check_at(client.parse().unwrap(), RATE, seconds(1.0)).is_none();
        assert!(ask("192.0.2.1") && ask("192.0.2.2") && ask("192.0.2.3"));
        assert!(!ask("192.0.2.4"));
        assert!(ask("192.0.3.4"));
        assert!(ask("2001:db8:1::1") && ask("2001:db8:1:2::2") && ask("2001:db8:1:3::3"));
        assert!(!ask("2001:db8:1:4::"));
        assert!(ask("2001:db8:2::"));
        assert!(!ask("64:ff9b::192.0.2.5"), "the same network, behind a translator");
        assert!(ask("64:ff9b::192.0.4.5") && ask("64:ff9b:0:0:1::192.0.2.5"));
    }

    /// With a million networks the table does not grow, and almost no client is refused because of others.
    #[test]
    fn a_flood_of_networks_does_not_refuse_other_clients() {
        let limiter = RateLimiter::new();
        let rate = rate(1, 1);
        let refused = (0..1_000_000_u32)
            .filter(|n| limiter.check_at(IpAddr::V4((n << 8).into()), rate, seconds(1.0)).is_some())
            .count();
        // Four are expected: two networks may have one tag.
        assert!(refused < 40, "{refused}");
    }

    /// A place that falls free before the one that a network has is no second one for it.
    #[test]
    fn stores_a_network_in_one_slot() {
        let limiter = RateLimiter::new();
        let rate = rate(100, 500);
        let ask =
            |n: u32, at: f64| limiter.check_at(IpAddr::V4((n << 8).into()), rate, seconds(at)).is_none();
        // Enough that most share their places with others, whose first requests are soon paid for.
        (0..150_000).for_each(|n| assert!(ask(n, 1.0)));
        for n in 200_000..200_100 {
            let asked = [1.0, 1.02].map(|at| (0..600).filter(|_| ask(n, at)).count());
            // Who found no place at first has one then; who had one, has it still.
            assert!(asked[0] == 600 || (500..=502).contains(&asked[0]) && asked[1] <= 3, "{asked:?}");
        }
    }

    /// Half a year later the clock begins again.
    #[test]
    fn permits_requests_after_the_clock_wraps() {
        let limiter = RateLimiter::new();
        let client = "192.0.2.1".parse().unwrap();
        let end = Duration::from_micros(TIME);
        for at in [end, end + seconds(1.0), end + seconds(2.0)] {
            assert_eq!(limiter.check_at(client, RATE, at), None, "{at:?}");
        }
    }
}
