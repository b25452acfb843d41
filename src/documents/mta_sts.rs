//! The policy file of MTA-STS (RFC 8461 3.2), and the `id` of the record that announces it.
//!
//! No client configuration, but served from the same kind of host by the same people. Off unless a
//! profile asks for it.

use sha2::{Digest, Sha256};

use crate::profile::MtaSts;

/// The file, in the order of RFC 8461's own example, its lines ended as there.
pub fn policy(policy: &MtaSts) -> String {
    let mut lines = vec!["version: STSv1".to_owned(), format!("mode: {}", policy.mode().word())];
    lines.extend(policy.mx().iter().map(|pattern| format!("mx: {pattern}")));
    lines.push(format!("max_age: {}", policy.max_age().seconds()));
    lines.into_iter().map(|line| line + "\r\n").collect()
}

/// The record's `id`, 32 letters and digits that are others when the policy is another (3.1).
pub fn id(policy: &MtaSts) -> String {
    let digest = Sha256::digest(self::policy(policy));
    let first: [u8; 16] = digest[..16].try_into().expect("a SHA-256 has 32 bytes");
    format!("{:032x}", u128::from_be_bytes(first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{MaxAge, Mode};

    #[test]
    fn writes_the_policy_and_names_it_after_its_content() {
        let make = |mode| {
            let mx = vec!["mx1.example.net".parse().unwrap(), "*.mx.example.net".parse().unwrap()];
            MtaSts::new(mode, mx, MaxAge::default()).unwrap()
        };
        let (enforce, testing) = (make(Mode::Enforce), make(Mode::Testing));
        assert_eq!(
            policy(&enforce),
            "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmx: *.mx.example.net\r\nmax_age: 604800\r\n"
        );
        assert_eq!(id(&enforce), id(&make(Mode::Enforce)));
        assert_ne!(id(&enforce), id(&testing));
        assert!(id(&testing).len() == 32 && id(&testing).bytes().all(|b| b.is_ascii_alphanumeric()));
        assert!(MtaSts::new(Mode::Enforce, Vec::new(), MaxAge::default()).is_err());
        assert!(MtaSts::new(Mode::Testing, Vec::new(), MaxAge::default()).is_err());
        assert!(MtaSts::new(Mode::None, Vec::new(), MaxAge::default()).is_ok());
    }
}
