//! Provider names in published files. A name may be empty, contain a placeholder, or be the address of the person who
//! requested the file.

use strum::VariantNames as _;

use crate::address::{Domain, EmailAddress};
use crate::profile::Placeholder;
use crate::xml::tree::Element;

/// The names that can replace an unusable one.
#[derive(Debug)]
pub struct StandIns {
    id: Option<Domain>,
    /// The first domain, else the id.
    domain: Option<Domain>,
}

/// The name in a provider file.
#[derive(Debug, PartialEq, Eq)]
pub enum Name {
    Kept,
    Empty,
    Replaced {
        text: String,
        reason: &'static str,
    },
    /// Nothing can replace it yet.
    Unusable,
}

impl StandIns {
    pub fn of(provider: Element) -> Self {
        let id: Option<Domain> = provider.attribute("id").and_then(|id| id.trim().parse().ok());
        let mut domains = provider.children("domain").filter(|domain| domain.attribute("purpose").is_none());
        let domain = domains.find_map(|domain| domain.text().trim().parse().ok()).or_else(|| id.clone());
        Self { id, domain }
    }

    /// The first domain, else the id.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_ref().map(Domain::as_str)
    }

    /// Only Thunderbird fills placeholders in names (reference/autoconfig 2.2). Stalwart writes the address of the
    /// request into `<displayName>`.
    pub fn name(&self, text: &str) -> Name {
        let text = text.trim();
        if text.is_empty() {
            return Name::Empty;
        }
        let is_address = |text: &str| text.parse::<EmailAddress>().is_ok();
        let (text, reason) = if has_placeholder(text) {
            let Some(id) = &self.id else { return Name::Unusable };
            let filled = Placeholder::VARIANTS
                .iter()
                .fold(text.to_owned(), |text, placeholder| text.replace(placeholder, id.as_str()));
            let text = if is_address(&filled) { id.to_string() } else { filled };
            (text, "has a placeholder; the id is used instead")
        } else if is_address(text) {
            let Some(domain) = self.domain() else { return Name::Unusable };
            (domain.to_owned(), "is an address; the domain is used instead")
        } else {
            return Name::Kept;
        };
        Name::Replaced { text, reason }
    }
}

pub fn has_placeholder(text: &str) -> bool {
    Placeholder::VARIANTS.iter().any(|placeholder| text.contains(placeholder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::tree::Tree;

    fn name(provider: &str, text: &str) -> Name {
        let tree = Tree::parse(provider.to_owned()).unwrap();
        StandIns::of(tree.root()).name(text)
    }

    fn replaced(provider: &str, text: &str) -> String {
        match name(provider, text) {
            Name::Replaced { text, .. } => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn replaces_placeholders_by_the_id_and_addresses_by_the_domain() {
        let provider = "<emailProvider id=\"id.example\"><domain purpose=\"mx\">mx.example</domain>\
                        <domain>%EMAILDOMAIN%</domain><domain>a.example</domain></emailProvider>";
        assert_eq!(name(provider, " Mail "), Name::Kept);
        assert_eq!(name(provider, " \n "), Name::Empty);
        assert_eq!(replaced(provider, "%EMAILDOMAIN% Mail"), "id.example Mail");
        assert_eq!(replaced(provider, "%EMAILLOCALPART%@%EMAILDOMAIN%"), "id.example");
        assert_eq!(replaced(provider, "jane@a.example"), "a.example");
        let without_domain = "<emailProvider id=\"id.example\"/>";
        assert_eq!(replaced(without_domain, "jane@a.example"), "id.example");
        let without_id = "<emailProvider id=\"%EMAILDOMAIN%\"/>";
        assert_eq!(name(without_id, "%EMAILDOMAIN%"), Name::Unusable);
        assert_eq!(name(without_id, "jane@a.example"), Name::Unusable);
    }
}
