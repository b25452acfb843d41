//! What is allowed but makes some people worse off: told as notes, never in the way of a start.
//!
//! The clients and their rules stand in reference/autoconfig, sections 2 and 3.

use super::problem::{Place, Placed, Problem};
use crate::profile::{
    Authentication, DisplayName, DisplayShortName, Piece, Placeholder, Profile, Protocol, Server, SocketType,
};

/// Names that the draft (3.2.4) would rather have shorter.
pub fn names(
    name: Option<&Placed<DisplayName>>,
    short_name: Option<&Placed<DisplayShortName>>,
    problems: &mut Vec<Problem>,
) {
    let name = name.map(|n| ("display_name", n.value.as_str(), DisplayName::ADVISED, &n.place));
    let short =
        short_name.map(|n| ("display_short_name", n.value.as_str(), DisplayShortName::ADVISED, &n.place));
    for (key, text, advised, place) in [name, short].into_iter().flatten() {
        if text.chars().count() > advised {
            problems.push(Problem::note(
                place.clone(),
                format!("`{key}` is longer than {advised} characters; some mail programs cut it"),
                "shorten it if you can",
            ));
        }
    }
}

/// What one server means for clients.
pub fn server(server: &Server, place: &Place, problems: &mut Vec<Problem>) {
    let mut note = |message: String, hint: &str| {
        problems.push(Problem::note(place.clone(), message, hint));
    };
    if server.socket_type == SocketType::Plain {
        let dropped = match server.protocol {
            // Item 29: both drop the document for a plain imap or smtp server.
            Protocol::Imap | Protocol::Smtp => {
                "; Thunderbird for Android and for iOS drop the whole document"
            }
            Protocol::Pop3 => "",
        };
        note(
            format!(
                "{} without encryption: passwords and mail can be read on the way{dropped}",
                server.protocol
            ),
            "offer SSL or STARTTLS if the mail server can",
        );
    }
    match server.username.pieces() {
        [Piece::Placeholder(Placeholder::EmailAddress)] => {}
        [Piece::Placeholder(Placeholder::EmailLocalPart)] => note(
            "aerc and Geary cannot use a user name of only the local part".to_owned(),
            "let people log in with the full address as well, and publish that",
        ),
        [Piece::Literal(name)] if name.bytes().all(|b| b.is_ascii_digit()) => note(
            format!("Thunderbird reads the log-in name `{name}` as a number and loses leading zeros"),
            "let people log in with the full address, and publish that",
        ),
        [Piece::Literal(_)] => note(
            "GNOME Online Accounts, Mailspring, Geary and SnappyMail lose a fixed log-in name".to_owned(),
            "let people log in with the full address, and publish that",
        ),
        _ => note(
            "FairEmail, GNOME Online Accounts, Mailspring, aerc, Geary and SnappyMail cannot fill this user \
             name"
                .to_owned(),
            "let people log in with the full address, and publish that",
        ),
    }
    let passwordless = |method: &Authentication| {
        !matches!(
            method,
            Authentication::PasswordCleartext | Authentication::PasswordEncrypted | Authentication::OAuth2
        )
    };
    let methods = server.authentication.as_slice();
    let password = "offer password-cleartext over SSL or STARTTLS if the mail server can";
    if methods.iter().all(passwordless) {
        let message = "few mail programs can use these authentication methods; some drop the document";
        note(message.to_owned(), password);
    } else if let Some(method) = methods.iter().find(|method| passwordless(method)) {
        // Item 30: the default document names what hurts nobody.
        note(
            format!("{} is left out of autoconfig: two mail programs would drop the document", method.word()),
            "nothing to do: the other methods are named",
        );
    }
    if methods == [Authentication::OAuth2] {
        note(
            "OAuth2 alone: Thunderbird uses it only with providers it knows, and Thunderbird for Android drops \
             the document"
                .to_owned(),
            password,
        );
    }
}

/// What a profile as a whole means for clients.
pub fn profile(profile: &Profile, place: &Place, problems: &mut Vec<Problem>) {
    if profile.preferred(Protocol::Imap).is_none() {
        // Item 38; reference/autoconfig 3.2, 13.
        problems.push(Problem::note(
            place.clone(),
            "no IMAP server: Thunderbird for Android, FairEmail, Geary and aerc find nothing; Delta Chat, \
             Nextcloud, Mailspring and GNOME Online Accounts find only where to send",
            "nothing to do if the provider has POP3 only",
        ));
    }
}
