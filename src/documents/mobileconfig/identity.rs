//! Who a configuration profile is for, as names that stay the same.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::address::{Domain, EmailAddress};

/// Changing this would make every installed account a second one.
const NAMESPACE: Uuid = Uuid::from_u128(0x38af_68cd_5c7a_437d_9126_eb64_4a34_4a9b);

/// An address, a set of addresses, or a domain.
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

    /// The same for the same addresses in another order.
    pub fn of_addresses<'a>(one: &'a EmailAddress, more: impl Iterator<Item = &'a EmailAddress>) -> Self {
        let all = std::iter::once(one).chain(more);
        let all: BTreeMap<_, _> = all.map(|address| (address.folded(), address.domain())).collect();
        let names: Vec<_> = all.keys().map(String::as_str).collect();
        let domain = all.values().next().map_or(one.domain(), |first| *first);
        // No address has a line break in it.
        Self::new(&names.join("\n"), domain)
    }

    /// Whoever it is.
    pub fn of_domain(domain: &Domain) -> Self {
        Self::new(domain.as_str(), domain)
    }

    fn new(name: &str, domain: &Domain) -> Self {
        let labels: Vec<_> = domain.as_str().rsplit('.').collect();
        Self { uuid: Uuid::new_v5(&NAMESPACE, name.as_bytes()), reversed_domain: labels.join(".") }
    }

    /// A name in reverse-DNS style, with nothing of the address's local part in it.
    pub fn identifier(&self) -> String {
        format!("{}.waypost.{}", self.reversed_domain, self.uuid.simple())
    }

    /// The UUID of something that belongs to it, in capitals as Apple writes it.
    pub fn uuid(&self, what: &str) -> String {
        let uuid = Uuid::new_v5(&self.uuid, what.as_bytes());
        uuid.hyphenated().encode_upper(&mut Uuid::encode_buffer()).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_the_same_for_the_same_addresses() {
        let address = |text: &str| text.parse::<EmailAddress>().unwrap();
        let (a, b) = (address("Jane@q.com"), address("joe@qwest.net"));
        assert_eq!(Identity::of_address(&a), Identity::of_address(&address("jane@Q.com")));
        assert_ne!(Identity::of_address(&a), Identity::of_domain(a.domain()));
        let both = Identity::of_addresses(&a, [&b].into_iter());
        assert_eq!(both, Identity::of_addresses(&b, [&a, &b].into_iter()));
        assert_eq!(Identity::of_addresses(&a, std::iter::empty()), Identity::of_address(&a));
    }

    /// What is installed on people's devices was named so.
    #[test]
    fn never_changes() {
        let jane = Identity::of_address(&"jane@q.com".parse().unwrap());
        assert_eq!(jane.identifier(), "com.q.waypost.574ab5fe15db5b8786d9a4e2b790fb22");
        assert_eq!(jane.uuid("mail"), "14BBCF4D-D9C8-583A-A2BE-AA9AA7C36D76");
    }
}
