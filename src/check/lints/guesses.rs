//! Servers that a client guesses although the document has one.

use super::affected_clients::AffectedClients;
use super::lint::{Cause, Lint};
use super::subject::Subject;
use crate::profile::Protocol;

/// Parula (227ae5a, `exchangeV1Config.ts`) skips the SMTP server in Autodiscover.
pub fn outgoing(subject: Subject<'_>) -> Option<Lint> {
    subject.profile.preferred(Protocol::Smtp)?;
    let mut affected = AffectedClients::default();
    affected.autodiscover(true, &["parula"]);
    let message = "Parula ignores the SMTP server in Autodiscover: it guesses port 465 or 587 on the host of the \
                   incoming server";
    let hint = "no action is needed: Parula reads autoconfig too";
    let subject = Subject { protocol: Some(Protocol::Smtp), ..subject.at(subject.origin.outgoing.first()) };
    Some(subject.note(Cause::Guess, message, hint).affecting(&affected).without_action())
}
