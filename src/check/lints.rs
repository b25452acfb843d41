//! What a profile itself tells: who will be hurt by it, why, and what mends it.
//!
//! These are statements about settings, made without looking at a document or a model. The clients
//! that a rule names, and how the rule touches them, are in reference/autoconfig 2 and 3 and
//! reference/autodiscover 1 and 2.4.

use crate::address::{Domain, EmailAddress};
use crate::clients::{ALL, Client, Format};
use crate::config::{Origin, Place, Severity};
use crate::directory::Directory;
use crate::profile::{
    Authentication, DisplayName, DisplayShortName, Piece, Placeholder, Profile, Protocol, Server, SocketType,
    Username,
};

/// Something about a profile that an operator should know.
#[derive(Debug, Clone, PartialEq)]
pub struct Lint {
    pub cause: Cause,
    pub severity: Severity,
    pub message: String,
    pub hint: &'static str,
    pub place: Place,
    /// Who ends with less for it.
    pub hurts: Vec<Client>,
}

/// What a finding is about; its name in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    UnreachableHost,
    /// Whatever the reasons are.
    Nobody,
    Plaintext,
    PopOnly,
    #[serde(rename = "oauth2-only")]
    OAuth2Only,
    Authentication,
    NumericLogin,
    Username,
    UsernamesDiffer,
    UnusualPort,
    #[serde(rename = "outlook-2007")]
    Outlook2007,
    MethodsLeftOut,
    ForeignHost,
    AlternativesDiffer,
    LongName,
    /// What no rule here foresaw.
    Unexplained,
}

/// One profile, being looked at.
struct Look<'p> {
    profile: &'p Profile,
    origin: &'p Origin,
    person: &'p EmailAddress,
    lints: Vec<Lint>,
}

/// The ids of clients that read autoconfig, and of those that read Autodiscover.
type Names = (&'static [&'static str], &'static [&'static str]);

pub fn of(profile: &Profile, origin: &Origin, person: &EmailAddress, directory: &Directory) -> Vec<Lint> {
    let mut look = Look { profile, origin, person, lints: Vec::new() };
    look.pop_only();
    look.usernames_differ();
    let mut preferred = Vec::new();
    for (server, place) in look.placed() {
        look.host(server, &place, directory);
        match preferred.iter().find(|(other, _): &&(&Server, Place)| other.protocol == server.protocol) {
            // No client gets to see an alternative.
            Some((first, _)) => look.alternative(server, first, &place),
            None => {
                look.plaintext(server, &place);
                look.username(server, &place);
                look.authentication(server, &place);
                look.port(server, &place);
                preferred.push((server, place));
            }
        }
    }
    look.names();
    look.lints
}

impl<'p> Look<'p> {
    /// Every server with its place, in the order of the file.
    fn placed(&self) -> Vec<(&'p Server, Place)> {
        let places = self.origin.incoming.iter().chain(&self.origin.outgoing).cloned();
        self.profile.servers().zip(places).collect()
    }

    fn add(
        &mut self,
        cause: Cause,
        severity: Severity,
        place: &Place,
        message: impl Into<String>,
        hint: &'static str,
        hurts: Vec<Client>,
    ) {
        self.lints.push(Lint { cause, severity, message: message.into(), hint, place: place.clone(), hurts });
    }

    fn login(&self, username: &Username) -> String {
        username.login_name(self.person).to_string()
    }

    /// reference/autoconfig 5, item 38; 3.2, 13.
    fn pop_only(&mut self) {
        if self.profile.preferred(Protocol::Imap).is_some() {
            return;
        }
        let hurts = ALL.into_iter().filter(|client| !client.protocols.contains(&Protocol::Pop3)).collect();
        let place = self.origin.incoming.first().unwrap_or(&self.origin.place).clone();
        self.add(
            Cause::PopOnly,
            Severity::Warning,
            &place,
            "POP3 only: clients that know IMAP alone find nothing to fetch mail from",
            "add an imap server if there is one",
            hurts,
        );
    }

    /// 2.1, `socketType`; item 29. Clients that never talk in clear make something else of it.
    fn plaintext(&mut self, server: &Server, place: &Place) {
        if server.socket_type != SocketType::Plain {
            return;
        }
        let hurts: Names = match (server.protocol, server.port.get()) {
            (Protocol::Imap, port) => (
                // KMail sets the port again with the encryption.
                if port == 143 {
                    &["thunderbird-android", "thunderbird-ios", "fairemail", "gnome", "horde"]
                } else {
                    &["thunderbird-android", "thunderbird-ios", "fairemail", "gnome", "horde", "kmail"]
                },
                if matches!(port, 993 | 995) { &["fairemail", "parula"] } else { &["fairemail"] },
            ),
            (Protocol::Pop3, port) => {
                (&["thunderbird-ios", "horde"], if matches!(port, 993 | 995) { &["parula"] } else { &[] })
            }
            (Protocol::Smtp, port) => (
                &["thunderbird-android", "thunderbird-ios", "fairemail", "gnome", "horde"],
                if port == 587 { &["fairemail", "snappymail"] } else { &["fairemail"] },
            ),
        };
        self.add(
            Cause::Plaintext,
            Severity::Warning,
            place,
            format!(
                "{} without encryption: whoever listens reads passwords and mail, and some clients will not \
                 connect that way",
                server.protocol
            ),
            "set socket_type to \"SSL\" or \"STARTTLS\" with the port for it, if the mail server can",
            clients(hurts),
        );
    }

    /// 2.3. What is lost is found by comparing with the log-in names that a client can make.
    fn username(&mut self, server: &Server, place: &Place) {
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
                clients((&["thunderbird", "parula"], &["thunderbird"])),
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
    fn usernames_differ(&mut self) {
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
    fn authentication(&mut self, server: &Server, place: &Place) {
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
        let thunderbird = no_password && !has(Gssapi) && !has(Ntlm) && !sends_by_network;
        hurt(thunderbird, &["thunderbird"], Format::Autoconfig);
        hurt(no_password && !polls, &["thunderbird-android"], Format::Autoconfig);
        // Drops the document for these on any server, and knows no encrypted password.
        let drops = [Gssapi, Ntlm, TlsClientCert, Nothing].into_iter().any(has);
        let is_encrypted_only = has(PasswordEncrypted) && !has(PasswordCleartext) && !has(OAuth2);
        hurt(drops || is_encrypted_only && !polls, &["thunderbird-ios"], Format::Autoconfig);
        // What it does not know is a cleartext password.
        let kmail = [TlsClientCert, ClientIpAddress, SmtpAfterPop];
        hurt(!polls && only(&kmail), &["kmail"], Format::Autoconfig);
        hurt(no_password, &["evolution"], Format::Autoconfig);
        hurt(has(Gssapi) || has(SmtpAfterPop), &["himalaya"], Format::Autoconfig);
        hurt(has(Gssapi) || has(Nothing) || has(SmtpAfterPop), &["email-lib"], Format::Autoconfig);
        hurt(no_password && !has(OAuth2) && !has(Gssapi) && !has(Ntlm), &["parula"], Format::Autoconfig);
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
        let fetches_by_imap = self.profile.preferred(Protocol::Imap).is_some();
        hurt(is_passwordless && !(polls && fetches_by_imap), &["enough-mail"], Format::Autoconfig);
        hurt(is_passwordless && !has(OAuth2), &["sailfish"], Format::Autoconfig);
        hurt(is_passwordless && !polls, &["fairemail", "delta-chat", "snappymail"], Format::Autodiscover);
        // `SPA off` means a cleartext password; nothing else can be said.
        let autodiscover = !methods.contains(&PasswordCleartext);
        hurt(autodiscover, &["thunderbird"], Format::Autodiscover);
        hurt(autodiscover && !sends, &["parula"], Format::Autodiscover);
        // `AuthRequired` can be off.
        let is_off = server.authentication.preferred().needs_no_login();
        hurt(
            autodiscover && !is_off,
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

    /// Clients that go by the usual ports; reference/autodiscover 2.4.
    fn port(&mut self, server: &Server, place: &Place) {
        let port = server.port.get();
        let usual: &[u16] = match (server.protocol, server.socket_type) {
            (Protocol::Imap, SocketType::Ssl) => &[993],
            (Protocol::Imap, _) => &[143],
            (Protocol::Pop3, SocketType::Ssl) => &[995],
            (Protocol::Pop3, _) => &[110],
            (Protocol::Smtp, SocketType::Ssl) => &[465],
            (Protocol::Smtp, _) => &[587],
        };
        if server.socket_type == SocketType::StartTls {
            let protocol = server.protocol;
            self.add(
                Cause::Outlook2007,
                Severity::Note,
                place,
                format!("Outlook 2007 tries TLS on {protocol} port {port}: STARTTLS cannot be told to it"),
                "nothing to do, unless people still use it",
                clients((&[], &["outlook-2007"])),
            );
        }
        if usual.contains(&port) || server.socket_type == SocketType::Plain {
            return;
        }
        let mut names: Vec<(&str, Format)> = Vec::new();
        let is_starttls = server.socket_type == SocketType::StartTls;
        let mut hurt = |condition: bool, id: &'static str, format: Format| {
            if condition {
                names.push((id, format));
            }
        };
        let polls = server.protocol == Protocol::Pop3;
        let sends = server.protocol == Protocol::Smtp;
        // Takes the usual port.
        hurt(!polls, "gnome", Format::Autoconfig);
        hurt(server.protocol == Protocol::Imap && is_starttls, "kmail", Format::Autoconfig);
        // These tell the encryption by the port.
        let guesses_starttls = |known: &[u16]| known.contains(&port) != is_starttls;
        hurt(guesses_starttls(&[143, 110, 25, 587]), "thunderbird", Format::Autodiscover);
        hurt(!polls && guesses_starttls(&[143, 587]), "fairemail", Format::Autodiscover);
        hurt(!sends && guesses_starttls(&[143, 110]), "parula", Format::Autodiscover);
        let snappymail = match server.protocol {
            Protocol::Imap => (port != 993) != is_starttls,
            Protocol::Pop3 => false,
            Protocol::Smtp => (port == 587) != is_starttls,
        };
        hurt(snappymail, "snappymail", Format::Autodiscover);
        let hurts = by_id(&names);
        if hurts.is_empty() {
            return;
        }
        let (protocol, security) = (server.protocol, server.socket_type.for_people());
        let hint = match protocol {
            Protocol::Imap => {
                "put a server on 993 (SSL) or 143 (STARTTLS) first: clients hear of the first only"
            }
            Protocol::Pop3 => {
                "put a server on 995 (SSL) or 110 (STARTTLS) first: clients hear of the first only"
            }
            Protocol::Smtp => {
                "put a server on 465 (SSL) or 587 (STARTTLS) first: clients hear of the first only"
            }
        };
        self.add(
            Cause::UnusualPort,
            Severity::Warning,
            place,
            format!("{protocol} with {security} on port {port}: some clients go by the usual ports"),
            hint,
            hurts,
        );
    }

    /// Names that nobody else can resolve, and names that look like a slip.
    fn host(&mut self, server: &Server, place: &Place, directory: &Directory) {
        let name = server.hostname.for_domain(self.person.domain());
        let Ok(host) = name.parse::<Domain>() else { return };
        // RFC 6761, 6762, 8375 and ICANN's `internal`: never in the public DNS, like a single label.
        // `lan` and `localdomain` are what routers and installers write.
        let suffixes = ["localhost", "invalid", "local", "internal", "home.arpa", "lan", "localdomain"];
        let is_private = |suffix: &&str| name.strip_suffix(*suffix).is_some_and(|rest| rest.ends_with('.'));
        if !name.contains('.') || suffixes.iter().any(|suffix| is_private(suffix)) {
            self.add(
                Cause::UnreachableHost,
                Severity::Error,
                place,
                format!("nobody can connect to {name}: it has no meaning outside your own network"),
                "write the name that is in the public DNS",
                Vec::new(),
            );
            return;
        }
        if !is_own(self.profile, &host, directory) {
            self.add(
                Cause::ForeignHost,
                Severity::Note,
                place,
                format!("{name} is in none of the profile's domains"),
                "nothing to do if that is meant; a misspelt host looks like this",
                Vec::new(),
            );
        }
    }

    fn alternative(&mut self, server: &Server, preferred: &Server, place: &Place) {
        let mut what = Vec::new();
        if server.username != preferred.username {
            what.push("user name");
        }
        if server.authentication != preferred.authentication {
            what.push("authentication");
        }
        if server.socket_type == SocketType::Plain && preferred.socket_type != SocketType::Plain {
            what.push("encryption, of which it has none");
        }
        if what.is_empty() {
            return;
        }
        self.add(
            Cause::AlternativesDiffer,
            Severity::Note,
            place,
            format!(
                "this alternative for {} differs from the preferred server in more than host and port: {}",
                server.protocol,
                what.join(", ")
            ),
            "nothing to do if that is so; people see it, clients do not",
            Vec::new(),
        );
    }

    /// Draft 3.2.4.
    fn names(&mut self) {
        let name = self.profile.display_name.as_str();
        let short = self.profile.display_short_name.as_str();
        let names = [
            ("name", name, DisplayName::ADVISED, &self.origin.display_name),
            ("short name", short, DisplayShortName::ADVISED, &self.origin.display_short_name),
        ];
        for (what, text, advised, place) in names {
            if text.chars().count() > advised {
                let message = format!("the {what} is longer than {advised} characters; some clients cut it");
                self.add(
                    Cause::LongName,
                    Severity::Note,
                    place,
                    message,
                    "shorten it if you can",
                    Vec::new(),
                );
            }
        }
    }
}

/// Whether a host is below one of the profile's domains, or shares the registered part with its id.
fn is_own(profile: &Profile, host: &Domain, directory: &Directory) -> bool {
    let leads_here = |name: &str| {
        let found = name.parse().ok().and_then(|name| directory.profile_of(&name));
        found.is_some_and(|id| directory.entries()[id.index()].profile.id == profile.id)
    };
    host.registrable() == profile.id.registrable()
        || leads_here(host.as_str())
        || host.parents().any(leads_here)
}

/// Whether JavaScript makes a number or a boolean of it, and another text of that.
fn is_retyped(text: &str) -> bool {
    let is_numeric =
        text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    let is_boolean = text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false");
    match text.parse::<f64>() {
        Ok(number) if is_numeric && number.is_finite() => number.to_string() != text,
        _ => is_boolean && text.bytes().any(|b| b.is_ascii_uppercase()),
    }
}

fn clients((autoconfig, autodiscover): Names) -> Vec<Client> {
    let is_meant = |client: &Client| match client.format {
        Format::Autoconfig => autoconfig.contains(&client.id),
        Format::Autodiscover => autodiscover.contains(&client.id),
    };
    ALL.into_iter().filter(is_meant).collect()
}

fn by_id(names: &[(&str, Format)]) -> Vec<Client> {
    ALL.into_iter().filter(|client| names.contains(&(client.id, client.format))).collect()
}
