//! Elements of an Autodiscover response that several clients read in the same way.

use super::prelude::*;
use super::values::root;

/// `Autodiscover/Response/Account`, by the exact names.
pub fn account<'a>(tree: &'a Tree<'_>) -> Result<Element<'a>, Failure> {
    let response = root(tree, "Autodiscover")?.child("Response").ok_or("no Response")?;
    if let Some(error) = response.child("Error") {
        return Err(format!(
            "the response is Autodiscover error {}",
            error.child_text("ErrorCode").unwrap_or_default()
        )
        .into());
    }
    response.child("Account").ok_or("no Account".into())
}

/// The protocol that `Type` names, if the client knows it.
pub fn protocol_type(protocol: Element, known: &[Protocol]) -> Option<Protocol> {
    let name = protocol.child_text("Type")?;
    known.iter().copied().find(|protocol| protocol.to_string() == name)
}

/// The meaning of `AuthRequired` and `SPA` (Secure Password Authentication: NTLM or Kerberos).
pub fn method(is_required: bool, is_secure: bool) -> Authentication {
    match (is_required, is_secure) {
        (false, _) => Authentication::None,
        (true, true) => Authentication::Ntlm,
        (true, false) => Authentication::PasswordCleartext,
    }
}
