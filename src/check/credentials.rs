//! What user names and methods of authentication mean for clients.

use super::lints::{Cause, Look, by_id, clients};
use crate::clients::Format;
use crate::config::{Place, Severity};
use crate::profile::{Authentication, Piece, Placeholder, Protocol, Server, Username};

impl Look<'_> {
    fn login(&self, username: &Username) -> String {
        username.login_name(self.person).to_string()
    }

    /// 2.3. What is lost is found by comparing with the log-in names that a client can make.
    pub fn username(&mut self, server: &Server, place: &Place) {
        let username = &server.username;
        let pieces = username.pieces();
        if matches!(pieces, [Piece::Placeholder(Placeholder::EmailAddress)]) {
            return;
        }
        let wanted = self.login(username);
        let is_address = wanted == self.person.to_string();
        let is_local_part = wanted == self.person.local_part();
        let is_single = pieces.len() == 1;
        let is_literal = username.is_literal();
        let has_domain = pieces.contains(&Piece::Placeholder(Placeholder::EmailDomain));
        let is_single_local = is_single && pieces.contains(&Piece::Placeholder(Placeholder::EmailLocalPart));
        let is_retyped = is_literal && is_retyped(username.as_str());
        let is_falsy = is_literal && (is_falsy(username.as_str()) || is_radix_number(username.as_str()));
        let looks_like_address =
            wanted.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
        let mut loses: Vec<(&str, Format)> = Vec::new();
        let mut lose = |condition: bool, autoconfig: &[&'static str], autodiscover: &[&'static str]| {
            if condition {
                loses.extend(autoconfig.iter().map(|id| (*id, Format::Autoconfig)));
                loses.extend(autodiscover.iter().map(|id| (*id, Format::Autodiscover)));
            }
        };
        let sends = server.protocol == Protocol::Smtp;
        let polls = server.protocol == Protocol::Pop3;
        // These take the address, whatever stands there.
        lose(!is_address && !polls, &["geary"], &["fairemail", "delta-chat"]);
        lose(!is_address, &["sailfish"], &[]);
        // Full address or local part, and nothing else.
        lose(!is_address && !is_single_local && !polls, &["mailspring", "email-lib"], &[]);
        lose(!is_local_part && !polls, &["snappymail"], &[]);
        lose(!is_local_part && !is_address && !polls, &[], &["snappymail"]);
        // A single placeholder, or the field stays empty.
        lose(!polls && (is_literal || !is_single), &["gnome"], &[]);
        // Only %EMAILADDRESS%; everything else is passed on as it stands.
        lose(!polls && !is_literal, &["aerc"], &[]);
        // %EMAILDOMAIN% is not filled, or filled with nothing.
        lose(has_domain, &["evolution", "horde"], &[]);
        // Takes it for nothing, and leaves the server out; one for POP3 is not missed beside IMAP.
        let fetches_by_imap = self.profile.preferred(Protocol::Imap).is_some();
        lose(is_falsy && !(polls && fetches_by_imap), &[], &["thunderbird"]);
        // Fills the first of each placeholder.
        let repeats = pieces
            .iter()
            .enumerate()
            .any(|(i, piece)| matches!(piece, Piece::Placeholder(_)) && pieces[..i].contains(piece));
        lose(repeats, &["parula"], &[]);
        // These have one log-in for all servers: FairEmail the last one's, Himalaya IMAP's,
        // enough_mail the first one's.
        lose(sends && !is_literal && !is_single_local, &["fairemail"], &[]);
        lose(server.protocol == Protocol::Imap && !is_address && !looks_like_address, &["himalaya"], &[]);
        let is_first = self.profile.defaults().next().is_some_and(|first| std::ptr::eq(first, server));
        lose(is_first && !is_address && !is_single_local, &["enough-mail"], &[]);
        let hint = "let people log in with the full address as well, and leave `username` out";
        if is_retyped {
            self.add(
                Cause::NumericLogin,
                Severity::Warning,
                place,
                format!("Thunderbird and Parula read the user name `{wanted}` as a number and write it anew"),
                hint,
                clients((&["thunderbird", "parula"], if is_falsy { &[] } else { &["thunderbird"] })),
            );
        }
        if is_single_local && !polls {
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
        let hurts = by_id(&loses);
        if !hurts.is_empty() {
            let message = format!("the user name `{}` is lost on some clients", username.as_str());
            self.add(Cause::Username, Severity::Warning, place, message, hint, hurts);
        }
    }

    /// Clients with one log-in for all servers.
    pub fn usernames_differ(&mut self) {
        let login = |protocol| self.profile.preferred(protocol).map(|server| self.login(&server.username));
        let (imap, smtp) = (login(Protocol::Imap), login(Protocol::Smtp));
        let Some(first) = self.profile.defaults().next().map(|server| self.login(&server.username)) else {
            return;
        };
        let mut names: Vec<(&str, Format)> = Vec::new();
        if imap.is_some() && imap != smtp {
            names.extend([("fairemail", Format::Autoconfig), ("himalaya", Format::Autoconfig)]);
        }
        if smtp.is_some_and(|smtp| smtp != first) {
            names.push(("enough-mail", Format::Autoconfig));
        }
        if names.is_empty() {
            return;
        }
        let place = self.origin.outgoing.first().unwrap_or(&self.origin.place).clone();
        self.add(
            Cause::UsernamesDiffer,
            Severity::Warning,
            &place,
            "the user name for sending is another one than for fetching",
            "let people log in with the same name to both",
            by_id(&names),
        );
    }

    /// 2.2; items 30 and 34.
    pub fn authentication(&mut self, server: &Server, place: &Place) {
        use Authentication::{
            ClientIpAddress, Gssapi, None as Nothing, Ntlm, OAuth2, PasswordCleartext, PasswordEncrypted,
            SmtpAfterPop, TlsClientCert,
        };

        let methods = server.authentication.as_slice();
        let written: Vec<_> = server.authentication.published().collect();
        if written.len() < methods.len() {
            let left_out: Vec<_> =
                methods.iter().filter(|method| !written.contains(method)).map(|m| m.word()).collect();
            self.add(
                Cause::MethodsLeftOut,
                Severity::Note,
                place,
                format!(
                    "{} left out of autoconfig: some clients drop a document with it",
                    left_out.join(", ")
                ),
                "nothing to do: the other methods are named",
                Vec::new(),
            );
        }
        let has = |method| written.contains(&method);
        let only = |known: &[Authentication]| written.iter().all(|method| known.contains(method));
        let polls = server.protocol == Protocol::Pop3;
        let sends = server.protocol == Protocol::Smtp;
        let mut names: Vec<(&str, Format)> = Vec::new();
        let mut hurt = |condition: bool, ids: &[&'static str], format: Format| {
            if condition {
                names.extend(ids.iter().map(|id| (*id, format)));
            }
        };
        let no_password = !has(PasswordCleartext) && !has(PasswordEncrypted);
        let by_network = [Nothing, ClientIpAddress, SmtpAfterPop];
        let sends_by_network = sends && by_network.into_iter().any(has);
        // OAuth2 counts where the provider is on their own list.
        let has_nothing_for_thunderbird = no_password && !has(Gssapi) && !has(Ntlm) && !sends_by_network;
        // A POP3 server that they cannot use is left out, and missed where there is no IMAP.
        let fetches_by_imap = self.profile.preferred(Protocol::Imap).is_some();
        let is_missed = !(polls && fetches_by_imap);
        hurt(has_nothing_for_thunderbird && is_missed, &["thunderbird"], Format::Autoconfig);
        hurt(no_password && !polls, &["thunderbird-android"], Format::Autoconfig);
        // Drops the document for these on any server, and knows no encrypted password.
        let drops = [Gssapi, Ntlm, TlsClientCert, Nothing].into_iter().any(has);
        let does_without = methods.iter().any(|method| method.needs_no_login());
        let is_encrypted_only =
            has(PasswordEncrypted) && !has(PasswordCleartext) && !has(OAuth2) && !does_without;
        hurt(drops || (is_encrypted_only && !polls), &["thunderbird-ios"], Format::Autoconfig);
        // What it does not know is a cleartext password.
        let unknown_to_kmail = [TlsClientCert, ClientIpAddress, SmtpAfterPop];
        hurt(!polls && only(&unknown_to_kmail), &["kmail"], Format::Autoconfig);
        hurt(no_password, &["evolution"], Format::Autoconfig);
        hurt(has(Gssapi) || has(SmtpAfterPop), &["himalaya"], Format::Autoconfig);
        hurt(has(Gssapi) || has(Nothing) || has(SmtpAfterPop), &["email-lib"], Format::Autoconfig);
        hurt(
            no_password && !has(OAuth2) && !has(Gssapi) && !has(Ntlm) && is_missed,
            &["parula"],
            Format::Autoconfig,
        );
        // These do not read it, and try a password.
        let is_passwordless = !methods
            .iter()
            .any(|method| matches!(method, PasswordCleartext | PasswordEncrypted) || method.needs_no_login());
        let tries_passwords = [
            "delta-chat",
            "fairemail",
            "gnome",
            "geary",
            "nextcloud",
            "mailspring",
            "aerc",
            "himalaya",
            "email-lib",
            "snappymail",
        ];
        hurt(is_passwordless && !polls, &tries_passwords, Format::Autoconfig);
        hurt(is_passwordless && polls, &["kmail"], Format::Autoconfig);
        hurt(is_passwordless, &["horde"], Format::Autoconfig);
        hurt(is_passwordless && is_missed, &["enough-mail"], Format::Autoconfig);
        hurt(is_passwordless && !has(OAuth2), &["sailfish"], Format::Autoconfig);
        hurt(is_passwordless && !polls, &["fairemail", "delta-chat", "snappymail"], Format::Autodiscover);
        // `SPA off` means a cleartext password; nothing else can be said.
        let has_no_cleartext = !methods.contains(&PasswordCleartext);
        hurt(has_no_cleartext, &["thunderbird"], Format::Autodiscover);
        hurt(has_no_cleartext && !sends, &["parula"], Format::Autodiscover);
        // `AuthRequired` can be off.
        let is_off = server.authentication.preferred().needs_no_login();
        hurt(
            has_no_cleartext && !is_off,
            &["outlook", "outlook-2007", "em-client", "exchangelib"],
            Format::Autodiscover,
        );
        let hurts = by_id(&names);
        if hurts.is_empty() {
            return;
        }
        let words: Vec<_> = methods.iter().map(|method| method.word()).collect();
        let (cause, message) = if methods == [OAuth2] {
            let message = "OAuth2 alone: clients use it only with providers they know".to_owned();
            (Cause::OAuth2Only, message)
        } else if methods.iter().all(|method| method.needs_no_login()) {
            let message = format!("some clients will not do without a log-in ({})", words.join(", "));
            (Cause::Authentication, message)
        } else {
            (Cause::Authentication, format!("some clients cannot log in by {}", words.join(", ")))
        };
        let hint = "add \"password-cleartext\" if the mail server takes passwords over TLS";
        self.add(cause, Severity::Warning, place, message, hint, hurts);
    }
}

/// Whether JavaScript makes a number or a boolean of it, and another text of that: only a number in
/// its shortest form stays itself.
fn is_retyped(text: &str) -> bool {
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
fn is_falsy(text: &str) -> bool {
    text.eq_ignore_ascii_case("false") || text.parse::<f64>().is_ok_and(|number| number == 0.0)
}

/// `0x10` and its like, of which `parseFloat` keeps the 0.
fn is_radix_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().any(|(prefix, radix)| {
        let digits = lower.strip_prefix(prefix).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix))
    })
}
