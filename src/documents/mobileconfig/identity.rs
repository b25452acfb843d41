//! Stable identifiers and UUIDs for Apple profiles and their accounts.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::address::{Domain, EmailAddress};

/// Must never change: a device would install every account a second time.
const NAMESPACE: Uuid = Uuid::from_u128(0x38af_68cd_5c7a_437d_9126_eb64_4a34_4a9b);

/// The identity of an address, a set of addresses, or a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    uuid: Uuid,
    /// Labels from the top-level domain down.
    reversed_domain: String,
}

impl Identity {
    pub fn of_address(address: &EmailAddress) -> Self {
        Self::new(&address.folded(), address.domain())
    }

    /// Does not depend on the order of the addresses.
    pub fn of_addresses<'a>(one: &'a EmailAddress, more: impl Iterator<Item = &'a EmailAddress>) -> Self {
        let all = std::iter::once(one).chain(more);
        let all: BTreeMap<_, _> = all.map(|address| (address.folded(), address.domain())).collect();
        let names: Vec<_> = all.keys().map(String::as_str).collect();
        let domain = all.values().next().map_or(one.domain(), |first| *first);
        // An address cannot contain a line break.
        Self::new(&names.join("\n"), domain)
    }

    pub fn of_domain(domain: &Domain) -> Self {
        Self::new(domain.as_str(), domain)
    }

    fn new(name: &str, domain: &Domain) -> Self {
        let labels: Vec<_> = domain.as_str().rsplit('.').collect();
        Self { uuid: Uuid::new_v5(&NAMESPACE, name.as_bytes()), reversed_domain: labels.join(".") }
    }

    /// A reverse-DNS name. It does not contain the local part of the address.
    pub fn identifier(&self) -> String {
        format!("{}.waypost.{}", self.reversed_domain, self.uuid.simple())
    }

    /// The UUID of a part of the profile, in upper case as Apple writes it.
    pub fn uuid(&self, part: &str) -> String {
        let uuid = Uuid::new_v5(&self.uuid, part.as_bytes());
        uuid.hyphenated().encode_upper(&mut Uuid::encode_buffer()).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_same_for_the_same_addresses() {
        let address = |text: &str| text.parse::<EmailAddress>().unwrap();
        let (a, b) = (address("Jane@q.com"), address("joe@qwest.net"));
        assert_eq!(Identity::of_address(&a), Identity::of_address(&address("jane@Q.com")));
        assert_ne!(Identity::of_address(&a), Identity::of_domain(a.domain()));
        let both = Identity::of_addresses(&a, [&b].into_iter());
        assert_eq!(both, Identity::of_addresses(&b, [&a, &b].into_iter()));
        assert_eq!(Identity::of_addresses(&a, std::iter::empty()), Identity::of_address(&a));
    }

    /// Profiles with these identifiers are installed on devices.
    #[test]
    fn does_not_change_between_versions() {
        let jane = Identity::of_address(&"jane@q.com".parse().unwrap());
        assert_eq!(jane.identifier(), "com.q.waypost.574ab5fe15db5b8786d9a4e2b790fb22");
        assert_eq!(jane.uuid("mail"), "14BBCF4D-D9C8-583A-A2BE-AA9AA7C36D76");
    }
}
