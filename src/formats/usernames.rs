//! Reads the user name of a server or service.

use crate::address::EmailAddress;
use crate::diagnostics::problem::Located;
use crate::diagnostics::table::Table;
use crate::profile::Username;

/// `username`, by default the address. A user name that is the same for every person is an error, unless
/// `shared_mailbox = true` declares that it is meant.
pub fn username(table: &mut Table) -> Username {
    let label = table.label("username");
    let is_shared = table.optional("shared_mailbox").unwrap_or(false);
    let Some(Located { value, location }) = table.located::<Username>("username") else {
        return Username::default();
    };
    if !value.needs_address() && !is_shared {
        let what = match value.as_str().parse::<EmailAddress>() {
            Ok(_) => ", the address of one mailbox",
            Err(_) => "",
        };
        let message = format!("{label} is `{}`{what}: every user gets the same user name", value.as_str());
        let hint = "write \"%EMAILADDRESS%\" or \"%EMAILLOCALPART%\"; if all users share one mailbox, add \
                    shared_mailbox = true (in TOML only)";
        table.problems().error(location, message, hint);
    }
    value
}
