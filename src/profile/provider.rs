//! The profile as a whole.

use super::color::Color;
use super::description::{Documentation, MobileConfigTexts};
use super::display_name::{DisplayName, DisplayShortName};
use super::logo::Logo;
use super::mta_sts::MtaSts;
use super::server::{Protocol, Server, SocketType};
use super::services::Services;
use super::size::MailLimits;
use crate::address::Domain;

/// One provider's settings, the same for every domain that is mapped to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub id: Domain,
    pub display_name: DisplayName,
    pub display_short_name: DisplayShortName,
    incoming: Vec<Server>,
    outgoing: Vec<Server>,
    pub documentation: Vec<Documentation>,
    pub limits: MailLimits,
    pub services: Services,
    /// Texts of Apple's configuration profile.
    pub mobileconfig: MobileConfigTexts,
    pub page: PageSettings,
    /// Optional: it is about mail on its way to the domain.
    pub mta_sts: Option<MtaSts>,
}

/// How the setup page looks for this provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageSettings {
    pub color: Option<Color>,
    pub logo: Option<Logo>,
    /// The domains that people may choose from, in the order of the file. Empty if the list may not be
    /// shown.
    pub domains: Vec<Domain>,
}

/// Why a list of servers does not make a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("the profile has no incoming server")]
    NoIncoming,
    #[error("the profile has no outgoing server")]
    NoOutgoing,
}

impl Profile {
    /// Joins names and servers. `incoming` has the servers for IMAP and POP3, `outgoing` those for SMTP.
    ///
    /// # Errors
    /// If there is no incoming or no outgoing server.
    pub fn new(
        id: Domain,
        display_name: DisplayName,
        display_short_name: DisplayShortName,
        incoming: Vec<Server>,
        outgoing: Vec<Server>,
    ) -> Result<Self, ProfileError> {
        if incoming.is_empty() {
            return Err(ProfileError::NoIncoming);
        }
        if outgoing.is_empty() {
            return Err(ProfileError::NoOutgoing);
        }
        Ok(Self {
            id,
            display_name,
            display_short_name,
            incoming,
            outgoing,
            documentation: Vec::new(),
            limits: MailLimits::default(),
            services: Services::default(),
            mobileconfig: MobileConfigTexts::default(),
            page: PageSettings::default(),
            mta_sts: None,
        })
    }

    /// IMAP and POP3 servers, in the order of the file.
    pub fn incoming(&self) -> &[Server] {
        &self.incoming
    }

    /// SMTP submission servers, in the order of the file.
    pub fn outgoing(&self) -> &[Server] {
        &self.outgoing
    }

    /// Every server, incoming first.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.incoming.iter().chain(&self.outgoing)
    }

    /// The preferred server of a protocol.
    pub fn preferred(&self, protocol: Protocol) -> Option<&Server> {
        self.servers().find(|server| server.protocol == protocol)
    }

    /// The servers of a protocol with one kind of encryption, preferred first.
    pub fn secured(&self, protocol: Protocol, socket_type: SocketType) -> impl Iterator<Item = &Server> {
        self.servers().filter(move |server| (server.protocol, server.socket_type) == (protocol, socket_type))
    }

    /// Whether one of this profile's servers is the preferred one of its protocol.
    pub fn prefers(&self, server: &Server) -> bool {
        self.preferred(server.protocol).is_some_and(|preferred| std::ptr::eq(preferred, server))
    }

    /// The preferred server of each protocol, in the order of the file, incoming first.
    pub fn preferred_servers(&self) -> impl Iterator<Item = &Server> {
        self.servers().filter(|server| self.prefers(server))
    }

    /// The preferred server of each protocol, IMAP first, so that every client of autoconfig makes
    /// the same choice (reference/autoconfig 5, items 25 and 26).
    pub fn defaults(&self) -> impl Iterator<Item = &Server> {
        [Protocol::Imap, Protocol::Pop3, Protocol::Smtp]
            .into_iter()
            .filter_map(|protocol| self.preferred(protocol))
    }
}
