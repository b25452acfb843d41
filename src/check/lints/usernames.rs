//! User names that clients change: reference/autoconfig 2.3.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::{Piece, Placeholder, Protocol, Server, Username};

const HINT: &str = "allow logins with the full address, and remove `username`";

pub fn numeric(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let username = &server.username;
    if !is_converted(username) {
        return None;
    }
    let mut affected = AffectedClients::default();
    affected.autoconfig(true, &["thunderbird", "parula"]);
    // Thunderbird ignores a false value.
    affected.autodiscover(!is_falsy(username), &["thunderbird"]);
    let name = username.as_str();
    let message =
        format!("Thunderbird and Parula change the user name `{name}`, because they convert it to a number");
    Some(subject.warning(Cause::NumericLogin, message, HINT).affecting(&affected))
}

pub fn numeric_local_part(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let message = "with Autodiscover, Thunderbird removes leading zeros from a numeric user name (0012345 \
                   becomes 12345)";
    let hint = "avoid numeric mailbox names with leading zeros";
    (is_local_part(&server.username) && server.protocol != Protocol::Pop3)
        .then(|| subject.note(Cause::NumericLogin, message, hint))
}

/// Compares the login name with those that each client can make.
pub fn lost(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let username = &server.username;
    let pieces = username.pieces();
    if matches!(pieces, [Piece::Placeholder(Placeholder::EmailAddress)]) {
        return None;
    }
    let login = username.login_name(subject.address);
    let is_address = login == subject.address.to_string();
    let is_literal = username.is_literal();
    let is_single_local = is_local_part(username);
    let is_pop3 = server.protocol == Protocol::Pop3;
    let mut affected = AffectedClients::default();
    // These clients use the address for every user name.
    affected.autoconfig(!is_address, &["sailfish"]);
    if !is_pop3 {
        affected.autoconfig(!is_address, &["geary"]);
        affected.autodiscover(!is_address, &["fairemail", "delta-chat"]);
        // These use the address or the local part.
        affected.autoconfig(!is_address && !is_single_local, &["mailspring", "email-lib"]);
        let is_local = login == subject.address.local_part();
        affected.autoconfig(!is_local, &["snappymail"]);
        affected.autodiscover(!is_local && !is_address, &["snappymail"]);
        // GNOME fills in a single placeholder, or leaves the field empty.
        affected.autoconfig(is_literal || pieces.len() != 1, &["gnome"]);
        // aerc fills %EMAILADDRESS% only and uses all other placeholders literally.
        affected.autoconfig(!is_literal, &["aerc"]);
    }
    // These do not fill %EMAILDOMAIN%, or replace it by nothing.
    let has_domain = pieces.contains(&Piece::Placeholder(Placeholder::EmailDomain));
    affected.autoconfig(has_domain, &["evolution", "horde"]);
    // Thunderbird drops a server with a false value. With IMAP a person needs no POP3.
    let is_needed = !is_pop3 || subject.profile.preferred(Protocol::Imap).is_none();
    affected.autodiscover(is_falsy(username) && is_needed, &["thunderbird"]);
    // Parula fills the first occurrence of each placeholder.
    let repeats =
        |(i, piece): (usize, &Piece)| matches!(piece, Piece::Placeholder(_)) && pieces[..i].contains(piece);
    affected.autoconfig(pieces.iter().enumerate().any(repeats), &["parula"]);
    let message = format!("some clients cannot use the user name `{}`", username.as_str());
    subject.warning(Cause::Username, message, HINT).if_affecting(&affected)
}

/// Clients that use the login of one server for all servers, and cannot use this one: FairEmail takes the
/// last server's, Himalaya IMAP's, enough_mail the first server's.
pub fn single_login(subject: Subject<'_>, server: &Server) -> Option<Lint> {
    let username = &server.username;
    if matches!(username.pieces(), [Piece::Placeholder(Placeholder::EmailAddress)]) {
        return None;
    }
    let login = username.login_name(subject.address);
    let is_address = login == subject.address.to_string();
    let is_single_local = is_local_part(username);
    let mut affected = AffectedClients::default();
    let is_smtp = server.protocol == Protocol::Smtp;
    affected.autoconfig(is_smtp && !username.is_literal() && !is_single_local, &["fairemail"]);
    let looks_like_address =
        login.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let is_imap = server.protocol == Protocol::Imap;
    affected.autoconfig(is_imap && !is_address && !looks_like_address, &["himalaya"]);
    let is_first = subject.profile.defaults().next().is_some_and(|first| std::ptr::eq(first, server));
    affected.autoconfig(is_first && !is_address && !is_single_local, &["enough-mail"]);
    let name = username.as_str();
    let message = format!("clients with one user name for all servers cannot use the user name `{name}`");
    let subject = Subject { protocol: None, ..subject };
    subject.warning(Cause::Username, message, HINT).if_affecting(&affected)
}

/// The same clients, if the user names differ.
pub fn differ(subject: Subject<'_>) -> Option<Lint> {
    let login = |server: &Server| server.username.login_name(subject.address);
    let imap = subject.profile.preferred(Protocol::Imap).map(login);
    let smtp = subject.profile.preferred(Protocol::Smtp).map(login);
    let first = subject.profile.defaults().next().map(login);
    let mut affected = AffectedClients::default();
    affected.autoconfig(imap.is_some() && imap != smtp, &["fairemail", "himalaya"]);
    affected.autoconfig(smtp.is_some() && smtp != first, &["enough-mail"]);
    let message = "the user names for incoming and outgoing mail differ";
    let hint = "allow logins to both servers with the same user name";
    let subject = subject.at(subject.origin.outgoing.first());
    subject.warning(Cause::UsernamesDiffer, message, hint).if_affecting(&affected)
}

/// Whether it is `%EMAILLOCALPART%` alone.
fn is_local_part(username: &Username) -> bool {
    matches!(username.pieces(), [Piece::Placeholder(Placeholder::EmailLocalPart)])
}

/// Whether JavaScript converts the text to a number or a boolean, and that to a different text. Only a
/// number in its shortest form keeps its text.
fn is_converted(username: &Username) -> bool {
    if !username.is_literal() {
        return false;
    }
    let text = username.as_str();
    let lower = text.to_ascii_lowercase();
    if lower == "true" || lower == "false" {
        return text != lower;
    }
    if is_radix_number(text) {
        return true;
    }
    let is_numeric =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    let Some(number) = text.parse::<f64>().ok().filter(|number| is_numeric && number.is_finite()) else {
        return false;
    };
    let is_plain = number == 0.0 || (1e-6..1e21).contains(&number.abs());
    !is_plain || text == "-0" || number.to_string() != text
}

/// Whether JavaScript treats the converted value as false.
fn is_falsy(username: &Username) -> bool {
    let text = username.as_str();
    let is_zero = text.parse::<f64>().is_ok_and(|number| number == 0.0) || is_radix_number(text);
    username.is_literal() && (is_zero || text.eq_ignore_ascii_case("false"))
}

/// `0x10`, `0o7`, `0b1`: `parseFloat` reads them as 0.
fn is_radix_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().any(|(prefix, radix)| {
        let digits = lower.strip_prefix(prefix).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
    })
}
