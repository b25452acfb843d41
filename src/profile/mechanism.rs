//! Authentication methods of services other than mail.

use std::fmt;
use std::str::FromStr;

/// An authentication method that is passed on unchanged: `Basic` of the system `http`, or one of
/// autoconfig's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mechanism {
    pub system: Option<Token>,
    pub method: Token,
}

/// A keyword of a format: ASCII letters, digits, `-`, `_`, `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

/// A text is not a [`Token`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a single word")]
pub struct TokenError;

impl Mechanism {
    /// Authentication schemes of HTTP, as their specifications spell them: IANA's registry as of 2026, and Microsoft's
    /// `NTLM`. Their letter case does not matter (RFC 9110 11.1).
    pub const HTTP_SCHEMES: &[&str] = &[
        "Basic",
        "Bearer",
        "Concealed",
        "Digest",
        "DPoP",
        "GNAP",
        "HOBA",
        "Mutual",
        "Negotiate",
        "NTLM",
        "OAuth",
        "PrivateToken",
        "SCRAM-SHA-1",
        "SCRAM-SHA-256",
        "vapid",
    ];

    /// Whether a service accepts a password. If no method is listed, the server names its own.
    pub fn take_password(all: &[Self]) -> bool {
        let is_password = |mechanism: &Self| {
            matches!(
                mechanism.method.as_str(),
                "Basic" | "Digest" | "password-cleartext" | "password-encrypted"
            )
        };
        all.is_empty() || all.iter().any(is_password)
    }

    /// Whether a service accepts an access token: autoconfig's `OAuth2`, or HTTP's `Bearer` (RFC 6750).
    pub fn take_token(all: &[Self]) -> bool {
        all.iter().any(|mechanism| matches!(mechanism.method.as_str(), "OAuth2" | "Bearer"))
    }
}

impl Token {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let is_token = !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if is_token { Ok(Self(text.to_owned())) } else { Err(TokenError) }
    }
}

impl fmt::Display for Mechanism {
    /// `http:Basic`, `OAuth2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.system {
            Some(system) => write!(f, "{}:{}", system.0, self.method.0),
            None => f.write_str(&self.method.0),
        }
    }
}

impl FromStr for Mechanism {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let (system, method) = match text.split_once(':') {
            Some((system, method)) => (Some(system.parse::<Token>()?), method),
            None => (None, text),
        };
        // RFC 9110, 11.1: the names of schemes are case-insensitive. Programs compare the usual spelling.
        let is_http = system.as_ref().is_none_or(|system| system.as_str() == "http");
        let scheme = Self::HTTP_SCHEMES.iter().find(|scheme| is_http && scheme.eq_ignore_ascii_case(method));
        Ok(Self { system, method: scheme.copied().unwrap_or(method).parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_http_schemes_in_any_letter_case() {
        for (text, read) in [
            ("http:basic", "http:Basic"),
            ("http:NEGOTIATE", "http:Negotiate"),
            ("bearer", "Bearer"),
            ("sasl:digest", "sasl:digest"),
            ("http:Unknown", "http:Unknown"),
        ] {
            let mechanism: Mechanism = text.parse().unwrap();
            assert_eq!(mechanism.to_string(), read);
        }
        let takes_password = |text: &str| Mechanism::take_password(&[text.parse().unwrap()]);
        assert!(takes_password("http:BASIC") && takes_password("digest") && !takes_password("http:bearer"));
        assert!(Mechanism::take_token(&["http:bearer".parse().unwrap()]));
    }
}
