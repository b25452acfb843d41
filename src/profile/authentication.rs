//! How a client proves its identity to a mail server.

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::unknown_value::UnknownValue;

/// The autoconfig draft's `authentication`, and v1.1's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "kebab-case", const_into_str)]
#[strum(parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<Authentication>)]
pub enum Authentication {
    PasswordCleartext,
    PasswordEncrypted,
    #[strum(serialize = "OAuth2")]
    OAuth2,
    #[strum(serialize = "GSSAPI")]
    Gssapi,
    #[strum(serialize = "NTLM")]
    Ntlm,
    #[strum(serialize = "TLS-client-cert")]
    TlsClientCert,
    #[strum(serialize = "client-IP-address")]
    ClientIpAddress,
    SmtpAfterPop,
    None,
}

/// At least one [`Authentication`], preferred first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentications(Vec<Authentication>);

impl Authentication {
    /// Whether the server identifies the person by other means than a login.
    pub const fn needs_no_login(self) -> bool {
        matches!(self, Self::None | Self::ClientIpAddress | Self::SmtpAfterPop)
    }
}

impl Authentications {
    /// None if the list is empty.
    pub fn new(methods: Vec<Authentication>) -> Option<Self> {
        (!methods.is_empty()).then_some(Self(methods))
    }

    pub fn as_slice(&self) -> &[Authentication] {
        &self.0
    }

    pub fn preferred(&self) -> Authentication {
        self.0[0]
    }

    /// Whether one of the methods uses the person's password, in any form.
    pub fn takes_password(&self) -> bool {
        use Authentication::{Ntlm, PasswordCleartext, PasswordEncrypted};
        self.0.iter().any(|method| matches!(method, PasswordCleartext | PasswordEncrypted | Ntlm))
    }

    /// The methods in the default document (reference/autoconfig 5, item 30): `OAuth2` first,
    /// `password-cleartext` last, since Evolution and KMail take the last password method. Methods that
    /// make a client drop the document appear only if the server has no other.
    pub fn published(&self) -> impl Iterator<Item = Authentication> {
        use Authentication::{OAuth2, PasswordCleartext, PasswordEncrypted};
        let harmless: Vec<_> = [OAuth2, PasswordEncrypted, PasswordCleartext]
            .into_iter()
            .filter(|method| self.0.contains(method))
            .collect();
        if harmless.is_empty() { self.0.clone() } else { harmless }.into_iter()
    }
}

impl Default for Authentications {
    fn default() -> Self {
        Self(vec![Authentication::PasswordCleartext])
    }
}
