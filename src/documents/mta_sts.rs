//! The policy file of MTA-STS (RFC 8461 3.2), and the `id` of the DNS record that announces it.
//!
//! Sending mail servers read this file, not mail clients. A profile without a policy has no file.

use sha2::{Digest, Sha256};

use crate::profile::MtaSts;

/// The file. Order and line ends (CRLF) are those of the example in RFC 8461.
pub fn policy(policy: &MtaSts) -> String {
    let mx: String = policy
        .mx()
        .iter()
        .flat_map(|pattern| ["mx: ".to_owned(), pattern.to_string(), "\r\n".to_owned()])
        .collect();
    let (mode, max_age) = (policy.mode().into_str(), policy.max_age().seconds());
    format!("version: STSv1\r\nmode: {mode}\r\n{mx}max_age: {max_age}\r\n")
}

/// The record's `id`: 32 letters and digits that change with the policy (RFC 8461 3.1).
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
