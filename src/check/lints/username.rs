//! What user names mean for clients: reference/autoconfig 2.3.

use super::{Cause, Hurt, Look};
use crate::clients::Client;
use crate::diagnostics::{Location, Severity};
use crate::profile::{Piece, Placeholder, Protocol, Server, Username};

impl Look<'_> {
    fn login(&self, username: &Username) -> String {
        username.login_name(self.person)
    }

    pub fn username(&mut self, server: &Server, place: &Location) {
        let username = &server.username;
        let hint = "let people log in with the full address as well, and leave `username` out";
        if is_retyped(username) {
            let mut hurt = Hurt::default();
            hurt.autoconfig(true, &["thunderbird", "parula"]);
            // What it takes for nothing, it does not write anew.
            hurt.autodiscover(!is_falsy(username), &["thunderbird"]);
            let name = username.as_str();
            self.add(
                Cause::NumericLogin,
                Severity::Warning,
                place,
                format!("Thunderbird and Parula read the user name `{name}` as a number and write it anew"),
                hint,
                hurt.clients(),
            );
        }
        if is_local_part(username) && server.protocol != Protocol::Pop3 {
            self.add(
                Cause::NumericLogin,
                Severity::Note,
                place,
                "a local part of digits (0012345) is written anew (12345) by Thunderbird when it reads \
                 Autodiscover",
                "nothing to do if no mailbox is named like that",
                Vec::new(),
            );
        }
        let hurts = self.lost_by(server);
        if !hurts.is_empty() {
            let message = format!("the user name `{}` is lost on some clients", username.as_str());
            self.add(Cause::Username, Severity::Warning, place, message, hint, hurts);
        }
    }

    /// Who makes another log-in name of it, found by comparing with those that a client can make.
    fn lost_by(&self, server: &Server) -> Vec<Client> {
        let username = &server.username;
        let pieces = username.pieces();
        let mut hurt = Hurt::default();
        if matches!(pieces, [Piece::Placeholder(Placeholder::EmailAddress)]) {
            return Vec::new();
        }
        let wanted = self.login(username);
        let is_address = wanted == self.person.to_string();
        let is_single = pieces.len() == 1;
        let is_literal = username.is_literal();
        let is_single_local = is_local_part(username);
        let sends = server.protocol == Protocol::Smtp;
        let polls = server.protocol == Protocol::Pop3;
        // These take the address, whatever stands there.
        hurt.autoconfig(!is_address, &["sailfish"]);
        if !polls {
            hurt.autoconfig(!is_address, &["geary"]);
            hurt.autodiscover(!is_address, &["fairemail", "delta-chat"]);
            // Full address or local part, and nothing else.
            hurt.autoconfig(!is_address && !is_single_local, &["mailspring", "email-lib"]);
            let is_local = wanted == self.person.local_part();
            hurt.autoconfig(!is_local, &["snappymail"]);
            hurt.autodiscover(!is_local && !is_address, &["snappymail"]);
            // A single placeholder, or the field stays empty.
            hurt.autoconfig(is_literal || !is_single, &["gnome"]);
            // Only %EMAILADDRESS%; everything else is passed on as it stands.
            hurt.autoconfig(!is_literal, &["aerc"]);
        }
        // %EMAILDOMAIN% is not filled, or filled with nothing.
        let has_domain = pieces.contains(&Piece::Placeholder(Placeholder::EmailDomain));
        hurt.autoconfig(has_domain, &["evolution", "horde"]);
        // Takes it for nothing, and leaves the server out; one for POP3 is not missed beside IMAP.
        let is_missed = !(polls && self.profile.preferred(Protocol::Imap).is_some());
        hurt.autodiscover(is_falsy(username) && is_missed, &["thunderbird"]);
        // Fills the first of each placeholder.
        let repeats = |(i, piece): (usize, &Piece)| {
            matches!(piece, Piece::Placeholder(_)) && pieces[..i].contains(piece)
        };
        hurt.autoconfig(pieces.iter().enumerate().any(repeats), &["parula"]);
        // These have one log-in for all servers: FairEmail the last one's, Himalaya IMAP's,
        // enough_mail the first one's.
        hurt.autoconfig(sends && !is_literal && !is_single_local, &["fairemail"]);
        let looks_like_address =
            wanted.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        let is_imaps = server.protocol == Protocol::Imap;
        hurt.autoconfig(is_imaps && !is_address && !looks_like_address, &["himalaya"]);
        let is_first = self.profile.defaults().next().is_some_and(|first| std::ptr::eq(first, server));
        hurt.autoconfig(is_first && !is_address && !is_single_local, &["enough-mail"]);
        hurt.clients()
    }

    /// Clients with one log-in for all servers.
    pub fn usernames_differ(&mut self) {
        let login = |protocol| self.profile.preferred(protocol).map(|server| self.login(&server.username));
        let (imap, smtp) = (login(Protocol::Imap), login(Protocol::Smtp));
        let Some(first) = self.profile.defaults().next().map(|server| self.login(&server.username)) else {
            return;
        };
        let mut hurt = Hurt::default();
        hurt.autoconfig(imap.is_some() && imap != smtp, &["fairemail", "himalaya"]);
        hurt.autoconfig(smtp.is_some_and(|smtp| smtp != first), &["enough-mail"]);
        let hurts = hurt.clients();
        if hurts.is_empty() {
            return;
        }
        let place = self.origin.outgoing.first().unwrap_or(&self.origin.place).clone();
        self.add(
            Cause::UsernamesDiffer,
            Severity::Warning,
            &place,
            "the user name for sending is another one than for fetching",
            "let people log in with the same name to both",
            hurts,
        );
    }
}

/// %EMAILLOCALPART%, and nothing else.
fn is_local_part(username: &Username) -> bool {
    matches!(username.pieces(), [Piece::Placeholder(Placeholder::EmailLocalPart)])
}

/// Whether JavaScript makes a number or a boolean of it, and another text of that: only a number in
/// its shortest form stays itself.
fn is_retyped(username: &Username) -> bool {
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

/// Whether JavaScript takes it for nothing once it has a type.
fn is_falsy(username: &Username) -> bool {
    let text = username.as_str();
    let is_zero = text.parse::<f64>().is_ok_and(|number| number == 0.0) || is_radix_number(text);
    username.is_literal() && (is_zero || text.eq_ignore_ascii_case("false"))
}

/// `0x10` and its like, of which `parseFloat` keeps the 0.
fn is_radix_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().any(|(prefix, radix)| {
        let digits = lower.strip_prefix(prefix).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
    })
}
