//! What requests are counted by: the route, what came of it, and which program asked. Closed sets all
//! of them, so that nothing a client sends becomes a label.

use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

/// A closed set with a word for each of its members, in the order of their numbers.
macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident => $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

labels! {
    /// Which kind of answer was asked for.
    Route {
        Autoconfig => "autoconfig",
        Autodiscover => "autodiscover",
        AutodiscoverJson => "autodiscover_json",
        MobileConfig => "mobileconfig",
        Pacc => "pacc",
        /// CalDAV, CardDAV and JMAP, which are sent on.
        WellKnown => "well_known",
        MtaSts => "mta_sts",
        /// For people: the page, its twin and its picture.
        Setup => "setup",
        Assets => "assets",
        /// No path of ours.
        Other => "other",
    }
}

labels! {
    /// What came of a request.
    Outcome {
        /// With a document.
        Answered => "answered",
        Redirected => "redirected",
        /// Not a domain or path of ours.
        NotOurs => "not_ours",
        /// The request is wrong, or what it asks for cannot be had.
        Refused => "refused",
        /// More was asked than is allowed, or than can be done.
        Limited => "limited",
        /// A bug, or a signature that could not be made.
        Failed => "failed",
    }
}

labels! {
    /// Which program asked, as far as its `User-Agent` says so: a hint, since several name none, or
    /// that of a library.
    Family {
        Thunderbird => "thunderbird",
        /// Thunderbird for Android and other users of OkHttp.
        OkHttp => "okhttp",
        Evolution => "evolution",
        Gnome => "gnome_online_accounts",
        Geary => "geary",
        Nextcloud => "nextcloud",
        Horde => "horde",
        Mailspring => "mailspring",
        Parula => "parula",
        Outlook => "outlook",
        /// Microsoft's service behind the new Outlook and Outlook's apps.
        AutoDetect => "autodetect",
        /// Programs that look for an Exchange server.
        Exchange => "exchange",
        Apple => "apple",
        /// enough_mail, among others.
        Dart => "dart",
        /// aerc, among others.
        Go => "go",
        Curl => "curl",
        Browser => "browser",
        /// Delta Chat, Himalaya, among others.
        None => "none",
        Other => "other",
    }
}

/// How a `User-Agent` begins. The first that fits counts.
const BEGINNINGS: [(&str, Family); 17] = [
    ("Thunderbird/", Family::Thunderbird),
    ("okhttp/", Family::OkHttp),
    ("Evolution/", Family::Evolution),
    ("gnome-online-accounts", Family::Gnome),
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

/// What programs that are made of a browser say of themselves besides.
const WITHIN: [(&str, Family); 3] =
    [("Thunderbird/", Family::Thunderbird), ("Mailspring/", Family::Mailspring), ("Parula/", Family::Parula)];

/// A refusal with the status of an answer, as Autodiscover has it.
#[derive(Debug, Clone, Copy)]
pub struct RefusedInside;

impl Route {
    /// The route of a path, as the route table has it.
    pub fn of(path: &str) -> Self {
        match path {
            "/mail/config-v1.1.xml"
            | "/.well-known/autoconfig/mail/config-v1.1.xml"
            | "/.well-known/mail-v1.xml" => Self::Autoconfig,
            "/autodiscover/autodiscover.xml" => Self::Autodiscover,
            "/mobileconfig" | "/email.mobileconfig" => Self::MobileConfig,
            "/.well-known/user-agent-configuration.json" => Self::Pacc,
            "/.well-known/mta-sts.txt" => Self::MtaSts,
            "/" | "/setup" | "/setup.json" | "/setup.svg" => Self::Setup,
            path if path.starts_with("/v1.1/") => Self::Autoconfig,
            path if path.starts_with("/autodiscover/autodiscover.json") => Self::AutodiscoverJson,
            path if path.starts_with("/assets/") => Self::Assets,
            path => match path.strip_prefix("/.well-known/").map(|name| name.trim_end_matches('/')) {
                Some("caldav" | "carddav" | "jmap") => Self::WellKnown,
                _ => Self::Other,
            },
        }
    }
}

impl Outcome {
    pub fn of(response: &Response) -> Self {
        match response.status() {
            StatusCode::NOT_FOUND => Self::NotOurs,
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
}

impl Family {
    /// By the value of a `User-Agent`.
    pub fn of(user_agent: Option<&HeaderValue>) -> Self {
        let Some(name) = user_agent.map(HeaderValue::as_bytes) else { return Self::None };
        // Nobody's own name is longer; what is, is not searched.
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

    /// The README's table has every route; none of them may be counted as something else.
    #[test]
    fn knows_every_path_of_the_readme() {
        let readme = std::fs::read_to_string("README.md").unwrap();
        let rows = readme.lines().filter(|line| line.starts_with("| `/"));
        let cells = rows.filter_map(|row| row.split('|').nth(1));
        let paths: Vec<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        assert!(paths.len() > 15, "{paths:?}");
        for path in paths {
            assert_ne!(Route::of(path), Route::Other, "{path}");
        }
    }

    /// The names that recorded requests have.
    #[test]
    fn knows_the_programs_that_say_who_they_are() {
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
            assert_eq!(Family::of(Some(&value)).word(), family, "{name}");
        }
        assert_eq!(Family::of(None), Family::None);
    }
}
