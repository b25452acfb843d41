//! The `Autodiscover` document with an error (reference/autodiscover 2.6).

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::response::Autodiscover;

/// Why there are no settings (MS-OXDSCLI 2.2.4.2 and reference/autodiscover 2.6).
///
/// The codes 501, 602 and 603 are never needed: a profile without servers, or with a document that cannot be rendered,
/// is rejected when it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 500: the domain of the address is not served.
    AddressNotFound,
    /// 600: the request is malformed or has no valid address.
    InvalidRequest,
    /// 601: the request is for settings of another kind, like ActiveSync.
    ProviderNotAvailable,
}

/// A `Response` with an `Error`. exchangelib expects it in the root's namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorResponse {
    pub error: ErrorElement,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorElement {
    #[serde(rename = "@Time")]
    pub time: String,
    #[serde(rename = "@Id")]
    pub id: u32,
    pub error_code: u16,
    pub message: String,
    pub debug_data: String,
}

/// Exchange sends a hash of its host name. A constant reveals nothing about the machine.
const SERVER_ID: u32 = 4_130_155_072;

impl ErrorCode {
    /// exchangelib 4.9 recognises the first text as `ErrorNonExistentMailbox`.
    const fn number_and_message(self) -> (u16, &'static str) {
        match self {
            Self::AddressNotFound => (500, "The email address can't be found."),
            Self::InvalidRequest => (600, "Invalid Request"),
            Self::ProviderNotAvailable => (601, "Provider is not available"),
        }
    }
}

impl ErrorResponse {
    /// The whole document with the time of day.
    pub fn document(code: ErrorCode, now: SystemTime) -> Bytes {
        let (error_code, message) = code.number_and_message();
        let error = ErrorElement {
            time: time_of_day(now),
            id: SERVER_ID,
            error_code,
            message: message.to_owned(),
            debug_data: String::new(),
        };
        let xml = Autodiscover::new(Self { error }).to_xml();
        Bytes::from(xml.expect("XML can contain digits and fixed sentences"))
    }
}

/// `HH:MM:SS.fffffff` in UTC, as Exchange writes it.
fn time_of_day(now: SystemTime) -> String {
    let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let second = since_epoch.as_secs() % 86_400;
    let tenths_of_microseconds = since_epoch.subsec_nanos() / 100;
    format!("{:02}:{:02}:{:02}.{tenths_of_microseconds:07}", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_the_time_in_the_format_of_exchange() {
        let moment = UNIX_EPOCH + Duration::new(86_400 * 3 + 21 * 3600 + 25 * 60 + 4, 889_708_300);
        assert_eq!(time_of_day(moment), "21:25:04.8897083");
        assert_eq!(time_of_day(UNIX_EPOCH), "00:00:00.0000000");
        assert_eq!(time_of_day(UNIX_EPOCH - Duration::from_secs(1)), "00:00:00.0000000");
    }
}
