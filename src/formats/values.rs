//! Reads the values of a configuration, and describes invalid ones, for TOML and for Mozilla's XML.

use std::fmt;
use std::net::IpAddr;
use std::num::{NonZeroU16, NonZeroU32};

use strum::VariantNames as _;

use super::foreign_words;
use super::foreign_words::ForeignWords;
use crate::address::{Domain, DomainError, PublicSuffix};
use crate::diagnostics::nearest;
use crate::diagnostics::problem::{InvalidValue, suggest};
use crate::diagnostics::table::{Content, FromText, FromValue, number};
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Color, DisplayName, DisplayShortName, Hostname, HostnameError, HttpUrl, HttpUrlError,
    MaxAge, Mechanism, Mode, MxPattern, NameError, Placeholder, Size, SocketType, Token, UnknownValue,
    Username, UsernameError, is_configured_text,
};

/// Parses with a type's `FromStr`, and turns its error into a message and a hint.
macro_rules! from_text {
    ($($type:ty => $describe:expr;)*) => {
        $(impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, InvalidValue> {
                text.parse().map_err(|error| $describe(text, error))
            }
        })*
    };
}

from_text! {
    Domain => host_name;
    Hostname => hostname;
    SocketType => |text, error| unknown_word(text, error, &foreign_words::SOCKET_TYPES);
    Authentication => |text, error| unknown_word(text, error, &foreign_words::AUTHENTICATIONS);
    Mode => |text, UnknownValue(words)| described(text, "is not a mode of MTA-STS", &suggest(text, words));
    MxPattern => host_name;
    Color => |text, error| described(text, error, "write it like \"#004b87\"");
    DisplayName => |text, error| display_name(text, &error, "shorten it");
    DisplayShortName => |text, error| display_name(text, &error, "write one word or an abbreviation");
    HttpUrl => web_address;
    Size => |text, error| described(text, error, "write it like \"700 MB\"; the units are B, kB, MB, GB, \
                                                  KiB, MiB and GiB");
    IpAddr => |text, _| described(text, "is not an IP address", "write it like \"192.0.2.1\" or \"2001:db8::1\"");
    Token => |text, error| described(text, error, "write letters and digits, without spaces");
}

fn described(text: &str, what: impl fmt::Display, hint: &str) -> InvalidValue {
    InvalidValue::new(format!("`{text}` {what}"), hint)
}

impl FromText for Mechanism {
    /// A misspelt word would remove the service from every document that needs to know whether it takes a password.
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        const COMMON: [&str; 5] =
            ["http:Basic", "http:Digest", "http:Bearer", "password-cleartext", "OAuth2"];

        let mechanism: Self = text.parse().map_err(|error| {
            described(text, error, "write a method, or a system and a method: \"http:Basic\"")
        })?;
        let method = mechanism.method.as_str();
        let is_http = Mechanism::HTTP_SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(method));
        let is_known = match mechanism.system.as_ref().map(Token::as_str) {
            None => is_http || Authentication::VARIANTS.contains(&method),
            Some(system) if system.eq_ignore_ascii_case("http") => is_http,
            // The draft has `sasl`, and a later one may add systems.
            Some(_) => true,
        };
        if is_known {
            return Ok(mechanism);
        }
        let known = || COMMON.iter().chain(Mechanism::HTTP_SCHEMES).chain(Authentication::VARIANTS).copied();
        let hint = match nearest(text, known()) {
            Some(word) => format!("did you mean `{word}`?"),
            None => foreign_words::AUTHENTICATIONS.hint(text, &COMMON),
        };
        Err(described(text, "is not an authentication method", &hint))
    }
}

/// A line of text that is passed on unchanged.
pub struct Line(pub String);

impl FromText for Line {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        // In XML, a long line may be broken.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            return Err(InvalidValue::new("is empty", "remove it, or write a text"));
        }
        match text.chars().find(|c| !is_configured_text(*c)) {
            Some(c) => {
                Err(InvalidValue::new(format!("contains `{}`", c.escape_default()), "remove the character"))
            }
            None => Ok(Self(text)),
        }
    }
}

/// A number of days.
pub struct Days(pub u32);

impl FromValue for Days {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        let hint = "write a number of days: 0 or more";
        number(value, |text| InvalidValue::new(format!("is `{text}`"), hint)).map(Self)
    }
}

/// A number of minutes, at least one.
pub struct Minutes(pub u32);

impl FromValue for Minutes {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        let hint = "write a number of minutes: 1 or more";
        let minutes: NonZeroU32 = number(value, |text| InvalidValue::new(format!("is `{text}`"), hint))?;
        Ok(Self(minutes.get()))
    }
}

impl FromValue for NonZeroU16 {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        number(value, |text| {
            let hint = "write a number from 1 to 65535";
            InvalidValue::new(format!("is {text}, which is not a port"), hint)
        })
    }
}

impl FromValue for MaxAge {
    fn from_value(value: &Content<'_>) -> Result<Self, InvalidValue> {
        let longest = Self::LONGEST;
        let hint = format!("write a number of seconds up to {longest} (one year); 604800 is one week");
        let invalid = |text: &str| InvalidValue::new(format!("is {text}"), hint.as_str());
        let seconds: u32 = number(value, invalid)?;
        Self::new(seconds).ok_or_else(|| invalid(&seconds.to_string()))
    }
}

fn host_name(text: &str, error: DomainError) -> InvalidValue {
    if let Some(host) = foreign_words::host_in(text) {
        let hint = format!("write only the host name: \"{host}\"");
        return InvalidValue::new(format!("`{text}` is not a host name: {error}"), hint);
    }
    let hint = match error {
        DomainError::Numeric => "write the host name; certificates are issued for host names",
        DomainError::Empty => "write the full host name, for example mail.example.net",
        _ => "write letters, digits, hyphens and dots only, for example mail.example.net",
    };
    InvalidValue::new(format!("`{text}` is not a host name: {error}"), hint)
}

/// A domain of a profile. A server that answers for a public suffix would receive the passwords of strangers
/// (reference/autodiscover 5, 2).
impl FromText for DomainPattern {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        if Placeholder::VARIANTS.contains(&text) {
            let hint = "list the domains, or convert the file with `waypost import --domain`";
            return Err(described(text, "is a placeholder, not a domain", hint));
        }
        let pattern: Self = text.parse().map_err(|error| match foreign_words::domain_in(text) {
            Some(domain) => described(text, "is not a domain", &format!("did you mean \"{domain}\"?")),
            None => host_name(text, error),
        })?;
        let (what, hint) = match (pattern.domain().public_suffix(), &pattern) {
            // The owner of a private suffix may have mail there. Names below it have other owners.
            (None, _) | (Some(PublicSuffix::Private), Self::Exact(_)) => return Ok(pattern),
            (Some(PublicSuffix::Private), Self::Subdomains(_)) => (
                "matches names below a public suffix, which have different owners",
                "list the domains one by one",
            ),
            (Some(PublicSuffix::Registry), _) => (
                "is a public suffix: any person can register names under it",
                "list your own mail domains, for example example.com",
            ),
        };
        Err(described(text, what, hint))
    }
}

fn web_address(text: &str, error: HttpUrlError) -> InvalidValue {
    match error {
        HttpUrlError::Placeholder => {
            described(text, error, &format!("write one of {}", Placeholder::VARIANTS.join(", ")))
        }
        _ => described(text, error, "write the complete URL, beginning with https://"),
    }
}

fn hostname(text: &str, error: HostnameError) -> InvalidValue {
    match error {
        HostnameError::Domain(error) => host_name(text, error),
        HostnameError::Placeholder(_) => {
            described(text, error, "write the host name of the server, with or without %EMAILDOMAIN%")
        }
    }
}

fn unknown_word(text: &str, UnknownValue(words): UnknownValue, foreign: &ForeignWords) -> InvalidValue {
    let message = format!("has the unknown value `{text}`");
    InvalidValue::new(message, foreign.hint(text, words))
}

impl FromText for Username {
    fn from_text(text: &str) -> Result<Self, InvalidValue> {
        if let Some((meant, used)) = foreign_words::dovecot(text) {
            let pairs: Vec<_> =
                used.iter().map(|(variable, placeholder)| format!("{variable} is {placeholder}")).collect();
            return Err(described(
                text,
                "contains Dovecot variables, which mail programs do not replace",
                &format!("write \"{meant}\": {}", pairs.join(", ")),
            ));
        }
        text.parse().map_err(|error| username(text, &error))
    }
}

fn username(text: &str, error: &UsernameError) -> InvalidValue {
    let hint = match error {
        UsernameError::UnknownPlaceholder(word) if word == "%REALNAME%" => {
            "write %EMAILADDRESS%; only Thunderbird replaces %REALNAME%".to_owned()
        }
        UsernameError::UnknownPlaceholder(word) => match nearest(word, Placeholder::VARIANTS.iter().copied())
        {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("write one of {}", Placeholder::VARIANTS.join(", ")),
        },
        UsernameError::Empty => "remove the key: the default is the full address, %EMAILADDRESS%".to_owned(),
        UsernameError::Character(_) => {
            "remove the character; mail programs cut a user name at spaces, quotes, &, < and >".to_owned()
        }
    };
    InvalidValue::new(format!("is `{text}`: {error}"), hint)
}

fn display_name(text: &str, error: &NameError, shorten: &str) -> InvalidValue {
    let hint = match error {
        NameError::Empty => "write the name of the provider".to_owned(),
        NameError::TooLong { .. } => shorten.to_owned(),
        NameError::Character(_) => "remove the character".to_owned(),
        NameError::Placeholder(_) => "write the provider's name without placeholders".to_owned(),
    };
    InvalidValue::new(format!("`{text}` {error}"), hint)
}
