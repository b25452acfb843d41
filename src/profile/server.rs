//! A mail server, its protocol and its encryption.

use std::fmt;
use std::num::NonZeroU16;

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::authentication::Authentications;
use super::placeholders::{Hostname, Username};
use super::unknown_value::UnknownValue;

/// One mail server. The first of a protocol is preferred, further ones are alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    pub protocol: Protocol,
    pub hostname: Hostname,
    pub port: NonZeroU16,
    pub socket_type: SocketType,
    pub authentication: Authentications,
    pub username: Username,
    pub pop3: Pop3Options,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Protocol {
    Imap,
    Pop3,
    Smtp,
}

/// How a connection is encrypted: the autoconfig draft's `socketType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(const_into_str, parse_err_ty = UnknownValue, parse_err_fn = UnknownValue::of::<SocketType>)]
pub enum SocketType {
    /// TLS from the first byte.
    #[strum(serialize = "SSL")]
    Ssl,
    /// Cleartext that is upgraded by the protocol's STARTTLS (STLS for POP3).
    #[strum(serialize = "STARTTLS")]
    StartTls,
    /// Cleartext throughout. Two mail programs drop a document that contains it.
    #[strum(serialize = "plain")]
    Plain,
}

/// What Thunderbird does with fetched mail. The defaults are Thunderbird's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pop3Options {
    pub leave_messages_on_server: bool,
    pub days_to_leave_messages_on_server: u32,
    pub download_on_biff: bool,
    /// No client reads it.
    pub check_interval_minutes: Option<u32>,
}

impl Protocol {
    /// IANA's port for the protocol. Without TLS from the first byte, SMTP's is the submission port, not
    /// the delivery port (RFC 8314 3.2, 3.3; RFC 6409 3.1).
    pub const fn registered_port(self, socket_type: SocketType) -> u16 {
        match (self, socket_type) {
            (Self::Imap, SocketType::Ssl) => 993,
            (Self::Imap, _) => 143,
            (Self::Pop3, SocketType::Ssl) => 995,
            (Self::Pop3, _) => 110,
            (Self::Smtp, SocketType::Ssl) => 465,
            (Self::Smtp, _) => 587,
        }
    }

    pub fn incoming(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "imap" => Ok(Self::Imap),
            "pop3" => Ok(Self::Pop3),
            _ => Err(UnknownValue(&["imap", "pop3"])),
        }
    }

    pub fn outgoing(text: &str) -> Result<Self, UnknownValue> {
        match text {
            "smtp" => Ok(Self::Smtp),
            _ => Err(UnknownValue(&["smtp"])),
        }
    }
}

impl fmt::Display for Protocol {
    /// The name in upper case: `IMAP`, `POP3`, `SMTP`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.into_str().to_ascii_uppercase())
    }
}

impl SocketType {
    /// The name in the account dialogs of mail programs.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ssl => "SSL/TLS",
            Self::StartTls => "STARTTLS",
            Self::Plain => "none",
        }
    }

    /// As [`Self::label`], but clear without a heading.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Plain => "no encryption",
            other => other.label(),
        }
    }
}

impl Default for Pop3Options {
    /// Thunderbird's `AccountConfig`: leave on the server for 14 days, fetch on biff.
    fn default() -> Self {
        Self {
            leave_messages_on_server: true,
            days_to_leave_messages_on_server: 14,
            download_on_biff: true,
            check_interval_minutes: None,
        }
    }
}
