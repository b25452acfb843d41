//! The page a person sees who opens a served host in a browser: what the host is for, and the
//! settings of its domain.
//!
//! The words are `templates/index.html`, shipped inside the program; an operator's own file of that
//! name in the `templates` folder takes its place.

use std::fs;
use std::io;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use crate::document::{Document, DomainSlot, domain_mark, marked};
use crate::profile::{Piece, Placeholder, Profile, Protocol, Server, Username};

/// The page's template, compiled.
#[derive(Debug)]
pub struct Page {
    environment: Environment<'static>,
}

/// The template is not there, or not right.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("its folder cannot be read: {0}")]
    Folder(#[source] io::Error),
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("{}", describe(.0))]
    Template(#[from] minijinja::Error),
}

const NAME: &str = "index.html";
const BUILT_IN: &str = include_str!("../templates/index.html");

/// What the template may say.
#[derive(Serialize)]
struct View<'a> {
    domain: String,
    display_name: &'a str,
    incoming: Vec<ServerView>,
    outgoing: Vec<ServerView>,
    documentation: Vec<Link<'a>>,
    mailbox_limit: Option<String>,
    message_limit: Option<String>,
}

#[derive(Serialize)]
struct ServerView {
    protocol: String,
    hostname: String,
    port: u16,
    security: &'static str,
    username: String,
    leave_messages_on_server: bool,
    /// Another server of its protocol is preferred.
    is_alternative: bool,
}

#[derive(Serialize)]
struct Link<'a> {
    url: &'a str,
    text: &'a str,
    lang: &'a str,
}

impl Page {
    /// Reads the operator's template from a folder, or else takes the built-in one.
    ///
    /// # Errors
    /// When the operator's file cannot be read or is not a template.
    pub fn load(templates: Option<&Path>) -> Result<Self, PageError> {
        let own = match templates {
            None => None,
            Some(folder) => {
                fs::read_dir(folder).map_err(PageError::Folder)?;
                match fs::read_to_string(folder.join(NAME)) {
                    Ok(text) => Some(text),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
        environment.set_syntax(syntax.build().expect("the delimiters are Jinja's own"));
        match own {
            Some(text) => environment.add_template_owned(NAME, text)?,
            None => environment.add_template(NAME, BUILT_IN)?,
        }
        Ok(Self { environment })
    }

    /// The file name of the template, in the operator's folder.
    pub const fn file_name() -> &'static str {
        NAME
    }

    /// Renders the page for a profile, its domain still open.
    ///
    /// # Errors
    /// When the template asks for something that is not there.
    pub fn document(&self, profile: &Profile) -> Result<Document<DomainSlot>, PageError> {
        let template = self.environment.get_template(NAME)?;
        Ok(Document::prepare(&template.render(Serde(View::from(profile)))?))
    }
}

impl PageError {
    /// Where in the template, counted from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Folder(_) | Self::Unreadable(_) => None,
            Self::Template(error) => error.line(),
        }
    }
}

/// minijinja's `Display` repeats the place, which stands elsewhere in our messages.
fn describe(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

impl<'a> From<&'a Profile> for View<'a> {
    fn from(profile: &'a Profile) -> Self {
        Self {
            domain: domain_mark(),
            display_name: profile.display_name.as_str(),
            incoming: views(profile.incoming()),
            outgoing: views(profile.outgoing()),
            documentation: profile
                .documentation
                .iter()
                .flat_map(|page| {
                    page.descr.iter().map(|descr| Link {
                        url: page.url.as_str(),
                        text: &descr.text,
                        lang: &descr.lang,
                    })
                })
                .collect(),
            mailbox_limit: profile.limits.mailbox.map(|size| size.to_string()),
            message_limit: profile.limits.message.map(|size| size.to_string()),
        }
    }
}

fn views(servers: &[Server]) -> Vec<ServerView> {
    let is_alternative = |at: usize| servers[..at].iter().any(|other| other.protocol == servers[at].protocol);
    (0..servers.len()).map(|at| ServerView::new(&servers[at], is_alternative(at))).collect()
}

impl ServerView {
    fn new(server: &Server, is_alternative: bool) -> Self {
        Self {
            protocol: server.protocol.to_string(),
            hostname: marked(server.hostname.pieces()),
            port: server.port.get(),
            security: server.socket_type.for_people(),
            username: username_for_people(&server.username),
            leave_messages_on_server: server.protocol == Protocol::Pop3
                && server.pop3.leave_messages_on_server,
            is_alternative,
        }
    }
}

/// A username for somebody whose address is not known.
fn username_for_people(username: &Username) -> String {
    match username.pieces() {
        [Piece::Placeholder(Placeholder::EmailAddress)] => "your full e-mail address".to_owned(),
        [Piece::Placeholder(Placeholder::EmailLocalPart)] => {
            "the part of your address before the @".to_owned()
        }
        pieces => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(literal) => literal.clone(),
                Piece::Placeholder(Placeholder::EmailDomain) => domain_mark(),
                Piece::Placeholder(Placeholder::EmailLocalPart) => "you".to_owned(),
                Piece::Placeholder(Placeholder::EmailAddress) => format!("you@{}", domain_mark()),
            })
            .collect(),
    }
}
