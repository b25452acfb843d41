//! Writes a profile as a person would: only the keys that differ from their defaults, in the order of the commented
//! example, with comments.

use std::fmt::{Display, Write as _};

use toml_writer::ToTomlValue;

use super::comments::{Anchor, Comments};
use super::parsed_profile::{AnyServer, ProfileFields};
use crate::diagnostics::Location;
use crate::diagnostics::problem::Located;
use crate::directory::DomainPattern;
use crate::profile::{
    Authentication, Authentications, Description, Documentation, Enable, FieldName, Hostname, LoginPageInfo,
    Mechanism, OAuth2, OtherServer, Pop3Options, Protocol, Server, Username, WebService, Webmail,
};

/// The text of the file. `domains` has the domains that `is_listed`; the others are in `domains_file`.
pub fn write(
    parts: &ProfileFields,
    comments: Comments,
    is_listed: impl Fn(&Located<DomainPattern>) -> bool,
    domains_file: Option<&str>,
) -> String {
    let mut writer = Writer { text: String::new(), comments };
    writer.above(&Anchor::Top);
    writer.names(parts);
    let listed: Vec<_> = parts.domain_patterns.iter().filter(|pattern| is_listed(pattern)).collect();
    let names = listed.iter().map(|pattern| (&pattern.location, pattern.value.to_string()));
    writer.names_of("domains", names);
    writer.optional("domains_file", domains_file);
    let hosts = parts.mx_hosts.iter();
    writer.names_of("mx_hosts", hosts.map(|host| (&host.location, host.value.to_string())));
    for (header, servers) in [("[[incoming]]", &parts.incoming), ("[[outgoing]]", &parts.outgoing)] {
        servers.valid.iter().for_each(|server| writer.server(header, server));
    }
    for page in &parts.documentation {
        writer.documentation(page);
    }
    let services = &parts.services;
    writer.section("enable", &services.enable, "[[enable]]", Writer::enable);
    writer.section("calendar", &services.calendars, "[[calendar]]", Writer::web_service);
    writer.section("addressbook", &services.addressbooks, "[[addressbook]]", Writer::web_service);
    writer.section("fileShare", &services.file_shares, "[[file_share]]", Writer::web_service);
    writer.section("oAuth2", services.oauth2.as_slice(), "[oauth2]", Writer::oauth2);
    writer.section("webMail", services.webmail.as_slice(), "[webmail]", Writer::webmail);
    let Writer { mut text, comments } = writer;
    for (i, comment) in comments.rest().enumerate() {
        if i == 0 {
            text.push('\n');
        }
        self::comment(&mut text, "", &comment);
    }
    text
}

struct Writer {
    text: String,
    comments: Comments,
}

/// A string in TOML.
fn quoted(text: &str) -> String {
    text.to_toml_value()
}

/// `["a", "b"]`.
fn list<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<_> = items.into_iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// `{ en = "a", de = "b" }`.
fn languages(sentences: &[Description]) -> String {
    let pairs: Vec<_> =
        sentences.iter().map(|sentence| format!("{} = {}", sentence.lang, quoted(&sentence.text))).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn comment(text: &mut String, indent: &str, comment: &str) {
    for line in comment.trim().lines() {
        // TOML does not allow control characters in comments.
        let line = line.trim().replace(char::is_control, " ");
        let _ = writeln!(text, "{}", format!("{indent}# {line}").trim_end());
    }
}

impl Writer {
    fn comments(&mut self, comments: Vec<String>, indent: &str) {
        for text in comments {
            comment(&mut self.text, indent, &text);
        }
    }

    fn above(&mut self, anchor: &Anchor) {
        let comments = self.comments.take(anchor);
        self.comments(comments, "");
    }

    /// The comments on what was read at a location.
    fn about(&mut self, location: &Location) {
        let comments = self.comments.take_all(location);
        self.comments(comments, "");
    }

    fn key(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn text(&mut self, key: &str, value: impl Display) {
        self.key(key, quoted(&value.to_string()));
    }

    fn optional(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn header(&mut self, header: &str) {
        let _ = writeln!(self.text, "\n{header}");
    }

    fn names(&mut self, parts: &ProfileFields) {
        if let Some(id) = &parts.id {
            self.above(&Anchor::Section("emailProvider".to_owned()));
            self.about(&id.location);
            self.text("id", &id.value);
        }
        if let Some(name) = &parts.display_name {
            self.about(&name.location);
            self.text("display_name", name.value.as_str());
        }
        if let Some(name) = &parts.display_short_name {
            self.about(&name.location);
            self.text("display_short_name", name.value.as_str());
        }
    }

    /// A list of names: on one line if it is short and has no comments, else one name per line.
    fn names_of<'a>(&mut self, key: &str, names: impl Iterator<Item = (&'a Location, String)>) {
        let names: Vec<_> = names.map(|(location, name)| (self.comments.take_all(location), name)).collect();
        let is_short = names.len() <= 3 && names.iter().all(|(comments, _)| comments.is_empty());
        if names.is_empty() {
            return;
        }
        if is_short {
            self.key(key, list(names.iter().map(|(_, name)| name)));
            return;
        }
        let _ = writeln!(self.text, "{key} = [");
        for (comments, name) in names {
            self.comments(comments, "    ");
            let _ = writeln!(self.text, "    {},", quoted(&name));
        }
        self.text.push_str("]\n");
    }

    fn server(&mut self, header: &str, server: &Located<AnyServer>) {
        self.header(header);
        self.about(&server.location);
        match &server.value {
            AnyServer::Mail(server) => self.mail_server(server),
            AnyServer::Other(server) => self.other_server(server),
        }
    }

    fn mail_server(&mut self, server: &Server) {
        self.text("type", server.protocol.into_str());
        self.text("hostname", server.hostname.as_str());
        self.key("port", server.port);
        self.text("socket_type", server.socket_type.into_str());
        if server.authentication != Authentications::default() {
            self.key(
                "authentication",
                list(server.authentication.as_slice().iter().map(Authentication::into_str)),
            );
        }
        self.username(&server.username);
        if server.protocol == Protocol::Pop3 {
            self.pop3(server.pop3);
        }
    }

    fn username(&mut self, username: &Username) {
        if *username != Username::default() {
            self.text("username", username.as_str());
        }
        if !username.needs_address() {
            self.key("shared_mailbox", true);
        }
    }

    fn pop3(&mut self, options: Pop3Options) {
        let default = Pop3Options::default();
        if options.leave_messages_on_server != default.leave_messages_on_server {
            self.key("leave_messages_on_server", options.leave_messages_on_server);
        }
        if options.days_to_leave_messages_on_server != default.days_to_leave_messages_on_server {
            self.key("days_to_leave_messages_on_server", options.days_to_leave_messages_on_server);
        }
        if options.download_on_biff != default.download_on_biff {
            self.key("download_on_biff", options.download_on_biff);
        }
        if let Some(minutes) = options.check_interval_minutes {
            self.key("check_interval_minutes", minutes);
        }
    }

    fn mechanisms(&mut self, mechanisms: &[Mechanism]) {
        if !mechanisms.is_empty() {
            self.key("authentication", list(mechanisms));
        }
    }

    fn other_server(&mut self, server: &OtherServer) {
        self.text("type", server.kind.into_str());
        self.optional("url", server.url.as_ref());
        self.optional("hostname", server.hostname.as_ref().map(Hostname::as_str));
        if let Some(port) = server.port {
            self.key("port", port);
        }
        self.optional("socket_type", server.socket_type.map(|socket_type| socket_type.into_str()));
        self.mechanisms(&server.authentication);
        self.username(&server.username);
        self.optional("owa_url", server.owa_url.as_ref());
        self.optional("ews_url", server.ews_url.as_ref());
        self.optional("eas_url", server.eas_url.as_ref());
        if let Some(switch) = server.use_global_preferred_server {
            self.key("use_global_preferred_server", switch);
        }
    }

    fn documentation(&mut self, page: &Located<Documentation>) {
        self.header("[[documentation]]");
        self.about(&page.location);
        self.text("url", &page.value.url);
        if !page.value.descr.is_empty() {
            self.key("descr", languages(&page.value.descr));
        }
    }

    /// Every table of a kind. The comments on the element are above the first.
    fn section<T>(&mut self, element: &str, items: &[T], header: &str, write: impl Fn(&mut Self, &T)) {
        for (i, item) in items.iter().enumerate() {
            self.header(header);
            if i == 0 {
                self.above(&Anchor::Section(element.to_owned()));
            }
            write(self, item);
        }
    }

    fn enable(&mut self, enable: &Enable) {
        self.text("url", &enable.url);
        if !enable.instruction.is_empty() {
            self.key("instruction", languages(&enable.instruction));
        }
    }

    fn web_service(&mut self, service: &WebService) {
        self.text("type", service.kind.as_str());
        self.text("url", &service.url);
        self.mechanisms(&service.authentication);
        self.username(&service.username);
    }

    fn oauth2(&mut self, oauth2: &OAuth2) {
        self.text("issuer", &oauth2.issuer);
        self.text("scope", &oauth2.scope);
        self.text("auth_url", &oauth2.auth_url);
        self.text("token_url", &oauth2.token_url);
        self.optional("client_id", oauth2.client_id.as_ref());
        self.optional("client_secret", oauth2.client_secret.as_ref());
    }

    fn webmail(&mut self, webmail: &Webmail) {
        self.optional("login_page", webmail.login_page.as_ref());
        if let Some(info) = &webmail.login_page_info {
            self.header("[webmail.login_page_info]");
            self.login_page_info(info);
        }
    }

    fn login_page_info(&mut self, info: &LoginPageInfo) {
        self.text("url", &info.url);
        self.username(&info.username);
        let fields = [
            ("username_field", &info.username_field),
            ("password_field", &info.password_field),
            ("login_button", &info.login_button),
        ];
        for (key, field) in fields {
            if let Some(field) = field {
                self.key(key, field_name(field));
            }
        }
        self.optional("wait_for_redirection_url_prefix", info.wait_for_redirection_url_prefix.as_ref());
    }
}

fn field_name(field: &FieldName) -> String {
    let pairs: Vec<_> = [("id", &field.id), ("name", &field.name)]
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}", quoted(value.as_ref()?))))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}
