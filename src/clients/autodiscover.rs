//! What clients of Autodiscover do alike.

use super::{Account, GivesUp, Verdict};
use crate::profile::{Authentication, Protocol};
use crate::xml::tree::{Element, Tree};

/// `Autodiscover`, `Response`, `Account`, by their exact names.
pub fn account<'a>(tree: &'a Tree<'_>) -> Result<Element<'a>, GivesUp> {
    let root = super::reading::root(tree, "Autodiscover")?;
    let response = root.child("Response").ok_or_else(|| GivesUp::because("no Response"))?;
    if let Some(error) = response.child("Error") {
        let code = error.child("ErrorCode").map(Element::text).unwrap_or_default();
        return Err(GivesUp::because(format!("error {code}")));
    }
    response.child("Account").ok_or_else(|| GivesUp::because("no Account"))
}

/// The text of a child, if there is one.
pub fn text<'a>(protocol: Element<'a>, name: &str) -> Option<std::borrow::Cow<'a, str>> {
    protocol.child(name).map(Element::text)
}

/// What `AuthRequired` and `SPA` mean. Secure Password Authentication: NTLM or Kerberos.
pub fn method(is_required: bool, is_secure: bool) -> Authentication {
    match (is_required, is_secure) {
        (false, _) => Authentication::None,
        (true, true) => Authentication::Ntlm,
        (true, false) => Authentication::PasswordCleartext,
    }
}

/// An account that has everything its client insists on.
pub fn require(account: Account, protocols: &[Protocol]) -> Verdict {
    match protocols.iter().find(|protocol| account.get(**protocol).is_none()) {
        Some(missing) => Err(GivesUp::because(format!("no {missing} server"))),
        None => Ok(account),
    }
}
