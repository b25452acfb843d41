//! A profile in Mozilla's format: a provider file as it stands in their database.
//!
//! Everything that the format has a meaning for is read; what it has and a profile has not is passed
//! over and can be asked for (`passed_over`), since an import keeps it in comments. What the format
//! does not know is passed over with a note, as the draft (3.9) asks.

use strum::VariantNames as _;

use super::parsed_profile::{Hints, ParsedProfile, ProfileFields};
use super::values::{Days, Minutes};
use super::xml_provider::{Known, Port, Provider, Purpose, boolean, tree};
use super::xml_services as services_xml;
use crate::address::Domain;
use crate::diagnostics::Problem;
use crate::diagnostics::problem::{InvalidValue, Located, Source, suggest};
use crate::diagnostics::toml_table::{FromText, Written};
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Authentications, Documentation, MailLimits, MobileConfigTexts, OtherKind, OtherServer,
    PageSettings, Pop3Options, Protocol, Server, UnknownValue, Username,
};
use crate::xml::tree::{Element, Tree};

const HINTS: Hints = Hints {
    short_name: "add <displayShortName>, at most 20 characters",
    domains: "add <domain>example.com</domain>",
    incoming: "add an <incomingServer> of type imap or pop3",
    outgoing: "add an <outgoingServer> of type smtp",
};

const ROOT: Known = (
    &[
        "emailProvider",
        "webMail",
        "enable",
        "oAuth2",
        "addressbook",
        // What early drafts called it.
        "addressBook",
        "calendar",
        "fileShare",
    ],
    &["clientConfigUpdate", "chatServer", "videoConference", "setupServer"],
);
const PROVIDER: Known = (
    &[
        "domain",
        "displayName",
        "displayShortName",
        "incomingServer",
        "outgoingServer",
        "documentation",
        "instruction",
        "enable",
    ],
    &["inputField", "identity"],
);
const SERVER: Known = (
    &["hostname", "port", "socketType", "authentication", "username", "pop3"],
    &["password", "restriction", "addThisServer", "useGlobalPreferredServer"],
);
const OTHER_SERVER: Known = (
    &[
        "hostname",
        "port",
        "socketType",
        "authentication",
        "username",
        "url",
        "owaURL",
        "ewsURL",
        "easURL",
        "useGlobalPreferredServer",
    ],
    &["password"],
);
const POP3: Known =
    (&["leaveMessagesOnServer", "daysToLeaveMessagesOnServer", "downloadOnBiff", "checkInterval"], &[]);

/// Reads a provider file, and what is wrong with it.
pub fn read(source: &Source) -> (ParsedProfile, Vec<Problem>) {
    let tree = match tree(source) {
        Ok(tree) => tree,
        Err(problem) => return (ParsedProfile::unreadable(source), vec![problem]),
    };
    let mut provider = Provider::new(source, Purpose::Serve);
    let parts = provider.parts(&tree);
    let mut problems = provider.problems;
    let draft = match parts {
        Some(parts) => ParsedProfile::new(parts, &HINTS, &mut problems),
        None => ParsedProfile::unreadable(source),
    };
    (draft, problems)
}

impl Provider<'_> {
    /// Reads every part, as far as it is right. None when it is no provider file at all.
    pub fn parts(&mut self, tree: &Tree) -> Option<ProfileFields> {
        let root = tree.root();
        if root.name() != "clientConfig" {
            let message = format!("not a provider file: <{}> where <clientConfig> should be", root.name());
            self.complain(root, InvalidValue::new(message, "the only root is <clientConfig>"));
            return None;
        }
        self.known(root, ROOT);
        let provider = match self.single(root, "emailProvider") {
            Written::Right(provider) => provider.value,
            Written::Wrong => return None,
            Written::Absent => {
                let message = "not a provider file: <emailProvider> is missing";
                self.complain(root, InvalidValue::new(message, "it holds everything else"));
                return None;
            }
        };
        self.known(provider, PROVIDER);
        let id = match provider.attribute("id") {
            None | Some("") => {
                let complaint = InvalidValue::new("<emailProvider> has no id", "add id=\"example.com\"");
                self.complain(provider, complaint);
                None
            }
            Some(id) => self.read(provider, "the id", id, Domain::from_text),
        };
        let so_far = self.problems.len();
        let (mut domain_patterns, mut mx_hosts) = (Vec::new(), Vec::new());
        for domain in provider.children("domain") {
            let text = domain.text();
            if !self.attributes(domain) {
                continue;
            }
            match (domain.attribute("purpose"), self.purpose) {
                (Some("mx"), _) => {
                    mx_hosts.extend(self.read(domain, "<domain>", &text, Domain::from_text));
                }
                (Some(other), Purpose::Import) => {
                    let message = format!("<domain> has the unknown purpose `{other}`, and is left out");
                    self.complain(domain, InvalidValue::new(message, "mx is the one that the draft has"));
                }
                _ => domain_patterns.extend(self.read(domain, "<domain>", &text, DomainPattern::from_text)),
            }
        }
        let has_wrong_names = self.problems.len() > so_far;
        let display_name = self.required(provider, "displayName");
        let display_short_name = self.written(provider, "displayShortName", FromText::from_text);
        let (incoming, others) = self.servers(provider, "incomingServer", Protocol::incoming);
        let (outgoing, _) = self.servers(provider, "outgoingServer", Protocol::outgoing);
        let documentation = self.documentation(provider);
        let so_far = self.problems.len();
        let services = services_xml::read(self, root, provider);
        if self.purpose == Purpose::Serve {
            // Nothing of it is served to mail programs.
            self.forgive(so_far);
        }
        Some(ProfileFields {
            place: self.place(provider),
            id,
            display_name,
            display_short_name,
            domain_patterns,
            mx_hosts,
            has_wrong_names,
            incoming,
            outgoing,
            others,
            documentation,
            // The format has none.
            limits: MailLimits::default(),
            services,
            mobileconfig: MobileConfigTexts::default(),
            page: PageSettings::default(),
            mta_sts: None,
        })
    }

    /// Servers in their order; none for one with a mistake. Those of other protocols are apart.
    fn servers(
        &mut self,
        provider: Element,
        tag: &str,
        direction: fn(&str) -> Result<Protocol, UnknownValue>,
    ) -> (Vec<Option<Located<Server>>>, Vec<Located<OtherServer>>) {
        let (mut servers, mut others) = (Vec::new(), Vec::new());
        for element in provider.elements().filter(|element| element.name() == tag) {
            let kind = element.attribute("type").unwrap_or_default();
            match (direction(kind), kind.parse()) {
                (Ok(protocol), _) => {
                    servers.push(self.whole(element, |provider| {
                        provider.known(element, SERVER);
                        provider.server(element, protocol)
                    }));
                }
                // The format has no such thing.
                (Err(_), Ok(_)) if tag == "outgoingServer" => self.pass_over(provider, element),
                (Err(_), Ok(kind)) => {
                    let so_far = self.problems.len();
                    let server = self.whole(element, |provider| {
                        provider.known(element, OTHER_SERVER);
                        Some(services_xml::other_server(provider, element, kind, servers.len()))
                    });
                    if self.purpose == Purpose::Serve {
                        self.forgive(so_far);
                    }
                    let place = self.place(element);
                    others.extend(server.map(|value| Located { value, place }));
                }
                (Err(UnknownValue(words)), Err(_)) => {
                    let message = match kind {
                        "" => format!("<{tag}> has no type"),
                        other => format!("<{tag}> has the unknown type `{other}`"),
                    };
                    let known: Vec<_> = match tag {
                        "incomingServer" => [words, OtherKind::VARIANTS].concat(),
                        _ => words.to_vec(),
                    };
                    self.complain(element, InvalidValue::new(message, suggest(kind, &known)));
                    servers.push(None);
                }
            }
        }
        (servers, others)
    }

    /// Reads every element before it gives up on any.
    fn server(&mut self, element: Element, protocol: Protocol) -> Option<Located<Server>> {
        let hostname = self.required(element, "hostname");
        let port = self.required::<Port>(element, "port");
        // v1.1 allows several, the preferred one first.
        let mut socket_types = element.children("socketType");
        let socket_type = match socket_types.next() {
            Some(first) => self.read(first, "<socketType>", &first.text(), FromText::from_text),
            None => self.required(element, "socketType"),
        };
        for further in socket_types {
            self.pass_over(element, further);
        }
        let username = self.written(element, "username", Username::from_text).or(Some(Username::default()));
        let (mut methods, mut wrong) = (Vec::new(), 0);
        for method in element.children("authentication") {
            // A SASL mechanism of the draft (3.7.4.1), which a generic method has to follow.
            if method.attribute("system").is_some() {
                self.pass_over(element, method);
                continue;
            }
            match self.read(method, "<authentication>", &method.text(), authentication) {
                Some(method) => methods.push(method.value),
                None => wrong += 1,
            }
        }
        // Those that are right will do.
        if !methods.is_empty() {
            self.minor += wrong;
            wrong = 0;
        }
        let pop3 = match protocol {
            Protocol::Pop3 => self.pop3(element),
            Protocol::Imap | Protocol::Smtp => {
                for pop3 in element.children("pop3") {
                    self.pass_over(element, pop3);
                }
                Pop3Options::default()
            }
        };
        if wrong > 0 {
            return None;
        }
        let value = Server {
            protocol,
            hostname: hostname?.value,
            port: port?.value.0,
            socket_type: socket_type?.value,
            authentication: Authentications::new(methods).unwrap_or_default(),
            username: username?,
            pop3,
        };
        Some(Located { value, place: self.place(element) })
    }

    /// An option with a mistake is as if it were not there.
    fn pop3(&mut self, server: Element) -> Pop3Options {
        let default = Pop3Options::default();
        let before = self.major();
        let Some(pop3) = self.single(server, "pop3").or(None) else {
            self.minor += self.major() - before;
            return default;
        };
        self.known(pop3, POP3);
        let leave = self.written(pop3, "leaveMessagesOnServer", boolean);
        let days = self.written(pop3, "daysToLeaveMessagesOnServer", Days::from_text);
        let biff = self.written(pop3, "downloadOnBiff", boolean);
        let check = self.single(pop3, "checkInterval").or(None).and_then(|element| {
            let minutes = element.attribute("minutes").unwrap_or_default();
            self.read(element, "the minutes of <checkInterval>", minutes, Minutes::from_text)
        });
        self.minor += self.major() - before;
        Pop3Options {
            leave_messages_on_server: leave.or(None).unwrap_or(default.leave_messages_on_server),
            days_to_leave_messages_on_server: days
                .or(None)
                .map_or(default.days_to_leave_messages_on_server, |days| days.0),
            download_on_biff: biff.or(None).unwrap_or(default.download_on_biff),
            check_interval_minutes: check.map(|minutes| minutes.value.0),
        }
    }

    /// Help pages; `instruction` is what early drafts called them.
    fn documentation(&mut self, provider: Element) -> Vec<Located<Documentation>> {
        let mut pages = Vec::new();
        for element in provider.elements().filter(|e| matches!(e.name(), "documentation" | "instruction")) {
            let so_far = self.problems.len();
            let page = self.whole(element, |provider| {
                provider.known(element, (&["descr"], &[]));
                let url = provider.address(element, "url");
                let descr = provider.languages(element, "descr");
                Some(Documentation { url: url?, descr })
            });
            // The early name was never served.
            if self.purpose == Purpose::Serve && element.name() == "instruction" {
                self.forgive(so_far);
            }
            let place = self.place(element);
            pages.extend(page.map(|value| Located { value, place }));
        }
        pages
    }
}

/// Files of the early format have `plain` and `secure` (reference/autoconfig 2.2).
fn authentication(text: &str) -> Result<Authentication, InvalidValue> {
    match text {
        "plain" => Ok(Authentication::PasswordCleartext),
        "secure" => Ok(Authentication::PasswordEncrypted),
        _ => Authentication::from_text(text),
    }
}
