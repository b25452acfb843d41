//! How mail clients interpret an autoconfig or Autodiscover response, one file per client.
//!
//! A model takes the bytes of a response, like its client, so that it can interpret the response of
//! any server. It returns the account that the client would set up, or why the client finds none.
//! The rules come from the clients' sources: each file names the version, and reference/autoconfig
//! (1.3, 2, 3) and reference/autodiscover (1.7 to 1.11, 2.4) name the places. A model does not
//! cover which URLs a client requests, and in which order. It does not cover the tables of providers
//! that some clients consult before they request a document.

mod account;
mod autodiscover_response;
mod client;
mod failure;
mod jxon;
pub mod oauth2_hosts;
mod prelude;
mod response;
mod values;

mod aerc;
mod delta_chat;
mod em_client;
mod enough_mail;
mod evolution;
mod exchangelib;
mod fairemail;
mod geary;
mod gnome;
mod himalaya;
mod horde;
mod kmail;
mod mailspring;
mod nextcloud;
mod outlook;
mod parula;
mod sailfish;
mod snappymail;
mod thunderbird;
mod thunderbird_android;
mod thunderbird_ios;

pub use self::account::{Account, Endpoint, Method, Outcome, Security};
pub use self::client::{Client, Format};
pub use self::failure::Failure;
pub use self::response::Response;

use crate::profile::Protocol;

const ALL_PROTOCOLS: &[Protocol] = &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp];
const IMAP_SMTP: &[Protocol] = &[Protocol::Imap, Protocol::Smtp];
const IMAP_POP3: &[Protocol] = &[Protocol::Imap, Protocol::Pop3];

/// Every client, in the order of the reference.
pub const ALL: [Client; 28] = [
    Client::autoconfig("thunderbird", "Thunderbird", ALL_PROTOCOLS, thunderbird::autoconfig),
    Client::autoconfig(
        "thunderbird-android",
        "Thunderbird for Android",
        IMAP_SMTP,
        thunderbird_android::autoconfig,
    ),
    Client::autoconfig("thunderbird-ios", "Thunderbird for iOS", IMAP_SMTP, thunderbird_ios::autoconfig),
    Client::autoconfig("delta-chat", "Delta Chat", IMAP_SMTP, delta_chat::autoconfig),
    Client::autoconfig("fairemail", "FairEmail", IMAP_SMTP, fairemail::autoconfig),
    Client::autoconfig("evolution", "Evolution", ALL_PROTOCOLS, evolution::autoconfig),
    Client::autoconfig("kmail", "KMail", ALL_PROTOCOLS, kmail::autoconfig),
    Client::autoconfig("gnome", "GNOME Online Accounts", IMAP_SMTP, gnome::autoconfig),
    Client::autoconfig("geary", "Geary", IMAP_SMTP, geary::autoconfig),
    Client::autoconfig("nextcloud", "Nextcloud Mail", IMAP_SMTP, nextcloud::autoconfig),
    Client::autoconfig("mailspring", "Mailspring", IMAP_SMTP, mailspring::autoconfig),
    Client::autoconfig("aerc", "aerc", IMAP_SMTP, aerc::autoconfig),
    Client::autoconfig("himalaya", "Himalaya", IMAP_SMTP, himalaya::autoconfig),
    Client::autoconfig("email-lib", "email-lib (Himalaya 1.x)", IMAP_SMTP, himalaya::email_lib_autoconfig),
    Client::autoconfig("parula", "Parula", ALL_PROTOCOLS, parula::autoconfig),
    Client::autoconfig("snappymail", "SnappyMail", IMAP_SMTP, snappymail::autoconfig),
    Client::autoconfig("sailfish", "Sailfish OS", ALL_PROTOCOLS, sailfish::autoconfig),
    Client::autoconfig("enough-mail", "enough_mail (Maily)", ALL_PROTOCOLS, enough_mail::autoconfig),
    Client::autoconfig("horde", "Horde", ALL_PROTOCOLS, horde::autoconfig),
    Client::autodiscover("outlook", "Outlook 2010 and later", ALL_PROTOCOLS, outlook::autodiscover),
    Client::autodiscover("outlook-2007", "Outlook 2007", ALL_PROTOCOLS, outlook::autodiscover_2007),
    Client::autodiscover("thunderbird", "Thunderbird", ALL_PROTOCOLS, thunderbird::autodiscover),
    Client::autodiscover("fairemail", "FairEmail", IMAP_SMTP, fairemail::autodiscover),
    Client::autodiscover("delta-chat", "Delta Chat", IMAP_SMTP, delta_chat::autodiscover),
    Client::autodiscover("snappymail", "SnappyMail", IMAP_SMTP, snappymail::autodiscover)
        .requesting(snappymail::LOCAL_PART),
    Client::autodiscover("parula", "Parula", IMAP_POP3, parula::autodiscover),
    Client::autodiscover("em-client", "eM Client", ALL_PROTOCOLS, em_client::autodiscover),
    Client::autodiscover("exchangelib", "exchangelib", ALL_PROTOCOLS, exchangelib::autodiscover),
];
