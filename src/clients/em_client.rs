//! eM Client: closed, and how it reads a `Protocol` is documented nowhere (reference/autodiscover
//! 1.10 has what is known). It asks with Outlook's schema and is taken to read like Outlook.

use super::{Client, Format, outlook};
use crate::profile::Protocol;

pub const CLIENT: Client = Client {
    name: "eM Client",
    id: "em-client",
    format: Format::Autodiscover,
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    asks_as: None,
    judge: |answer, address| outlook::judge(answer, address, true),
};
