//! The labels of requests: route, outcome and client. Each is a closed set, so that nothing a client sends becomes a
//! label.

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use strum::{IntoStaticStr, VariantArray};

/// The kind of document that was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Route {
    Autoconfig,
    Autodiscover,
    AutodiscoverJson,
    #[strum(serialize = "mobileconfig")]
    MobileConfig,
    Pacc,
    /// Redirects to CalDAV, CardDAV and JMAP.
    WellKnown,
    MtaSts,
    /// The setup page, its JSON form and its QR code.
    Setup,
    /// The files of the pages, the icon, `robots.txt` and `security.txt`.
    Assets,
    /// Any other path.
    Other,
}

impl Route {
    /// Whether mail programs, devices and mail servers request it, and not people.
    pub fn is_of_mail_programs(self) -> bool {
        !matches!(self, Self::Setup | Self::Assets | Self::Other)
    }
}

/// The result of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Outcome {
    /// A document was sent.
    Answered,
    Redirected,
    /// The domain or path is not served.
    NotServed,
    /// The request is invalid, or the document does not exist for this profile.
    Refused,
    /// Refused by the rate limit or the length of the signing queue.
    Limited,
    /// A panic, or a failed signature.
    Failed,
}

/// The client, by its `User-Agent`. This is a hint: some clients send none, or the name of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Family {
    Thunderbird,
    /// Thunderbird for Android and other users of OkHttp.
    #[strum(serialize = "okhttp")]
    OkHttp,
    Evolution,
    GnomeOnlineAccounts,
    Geary,
    Nextcloud,
    Horde,
    Mailspring,
    Parula,
    Outlook,
    /// Microsoft's service behind the new Outlook and Outlook's apps.
    #[strum(serialize = "autodetect")]
    AutoDetect,
    /// Clients that look for an Exchange server.
    Exchange,
    Apple,
    /// enough_mail, among others.
    Dart,
    /// aerc, among others.
    Go,
    Curl,
    Browser,
    /// Delta Chat, Himalaya, among others.
    None,
    Other,
}

/// The beginning of a `User-Agent`. The first match counts.
const BEGINNINGS: [(&str, Family); 17] = [
    ("Thunderbird/", Family::Thunderbird),
    ("okhttp/", Family::OkHttp),
    ("Evolution/", Family::Evolution),
    ("gnome-online-accounts", Family::GnomeOnlineAccounts),
    ("Geary/", Family::Geary),
    ("Nextcloud", Family::Nextcloud),
    ("Horde", Family::Horde),
    ("Microsoft Office/", Family::Outlook),
    ("OutlookMobileCloudService", Family::AutoDetect),
    ("ExchangeServicesClient", Family::Exchange),
    ("exchangelib", Family::Exchange),
    ("Microsoft-Server-ActiveSync", Family::Exchange),
    ("macOS/", Family::Apple),
    ("iOS/", Family::Apple),
    ("Dart/", Family::Dart),
    ("Go-http-client", Family::Go),
    ("curl/", Family::Curl),
];

/// Names in the `User-Agent` of clients that are built on a browser.
const WITHIN: [(&str, Family); 3] =
    [("Thunderbird/", Family::Thunderbird), ("Mailspring/", Family::Mailspring), ("Parula/", Family::Parula)];

/// Marks a response with status 200 as a refusal, as in Autodiscover.
#[derive(Debug, Clone, Copy)]
pub struct RefusedInside;

impl Outcome {
    pub fn of(response: &Response) -> Self {
        match response.status() {
            StatusCode::NOT_FOUND => Self::NotServed,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Self::Limited,
            status if status.is_server_error() => Self::Failed,
            status if status.is_redirection() => Self::Redirected,
            status if status.is_success() => match response.extensions().get::<RefusedInside>() {
                Some(RefusedInside) => Self::Refused,
                None => Self::Answered,
            },
            _ => Self::Refused,
        }
    }

    /// The message of the request log.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Redirected => "redirected",
            Self::NotServed => "not served",
            Self::Refused => "refused",
            Self::Limited => "over a limit",
            Self::Failed => "failed",
        }
    }
}

impl Family {
    /// The client with this `User-Agent`.
    pub fn of(user_agent: Option<&HeaderValue>) -> Self {
        let Some(name) = user_agent.map(HeaderValue::as_bytes) else { return Self::None };
        // No known name is longer.
        let name = &name[..name.len().min(256)];
        if name.is_empty() {
            return Self::None;
        }
        if name.starts_with(b"Mozilla/") {
            let contains = |word: &str| name.windows(word.len()).any(|window| window == word.as_bytes());
            return WITHIN
                .iter()
                .find(|(word, _)| contains(word))
                .map_or(Self::Browser, |(_, family)| *family);
        }
        let known = BEGINNINGS.iter().find(|(word, _)| name.starts_with(word.as_bytes()));
        known.map_or(Self::Other, |(_, family)| *family)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names from recorded requests.
    #[test]
    fn recognizes_clients_by_their_user_agent() {
        for (name, family) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:156.0) Gecko/20100101 Thunderbird/156.0", "thunderbird"),
            ("Thunderbird/1 CFNetwork/1568.200.51 Darwin/24.1.0", "thunderbird"),
            ("okhttp/4.12.0", "okhttp"),
            ("Evolution/3.56.2", "evolution"),
            ("gnome-online-accounts/3.58.1", "gnome_online_accounts"),
            ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.11601; Pro)", "outlook"),
            ("OutlookMobileCloudService-Autodetect/1.0.0", "autodetect"),
            ("macOS/15.5 (24F74) accountsd/113", "apple"),
            ("Mozilla/5.0 (X11) AppleWebKit/537.36 Parula/1.0 Chrome/138.0.0.0 Electron/37.2.0", "parula"),
            ("Mozilla/5.0 (X11) AppleWebKit/537.36 Mailspring/1.23.0 Chrome/136.0.0.0", "mailspring"),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "browser"),
            ("jane@example.com", "other"),
            ("", "none"),
        ] {
            let value: HeaderValue = name.parse().unwrap();
            assert_eq!(Family::of(Some(&value)).into_str(), family, "{name}");
        }
        assert_eq!(Family::of(None), Family::None);
    }
}
