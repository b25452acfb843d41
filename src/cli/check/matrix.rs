//! The matrix: what each client configures, for each group of profiles with equal results.

use std::collections::HashMap;

use anstyle::{AnsiColor, Style};

use crate::check::{ClientResult, ProfileCheck, ProtocolResult};
use crate::cli::output::{count, styled};
use crate::cli::table::table;
use crate::diagnostics::wrapped;

/// How many profiles are listed by name.
const LISTED: usize = 5;

/// Writes one matrix for each group. Without `all_rows`, only the rows in which a client does not end with the preferred
/// servers.
pub fn write(examined: &[ProfileCheck], all_rows: bool) -> String {
    let mut text = String::new();
    for group in groups(examined) {
        text += &matrix(&group, all_rows);
        text.push('\n');
    }
    text
}

/// Profiles for which every client ends with the same result share a matrix.
fn groups<'e, 'c>(examined: &'e [ProfileCheck<'c>]) -> Vec<Vec<&'e ProfileCheck<'c>>> {
    let mut groups: Vec<Vec<&ProfileCheck>> = Vec::new();
    let mut indexes: HashMap<String, usize> = HashMap::new();
    for one in examined {
        // User names contain the domain; that is not a difference.
        let domain = one.address.domain().as_str();
        let result = |row: &ClientResult| match &row.outcome {
            Err(reason) => reason.to_string(),
            Ok(_) => row.protocols.each_ref().map(ToString::to_string).join("|"),
        };
        let key: String = one.results.iter().map(|row| result(row).replace(domain, "") + "\n").collect();
        let index = *indexes.entry(key).or_insert(groups.len());
        if index == groups.len() {
            groups.push(Vec::new());
        }
        groups[index].push(one);
    }
    groups
}

fn matrix(group: &[&ProfileCheck], all_rows: bool) -> String {
    let [first, ..] = group else { return String::new() };
    let mut text = title(group);
    let bold = |text: &str| styled(Style::new().bold(), text);
    let ok = |clients| format!("  {clients}: {}\n", styled(AnsiColor::Green.on_default(), "ok"));
    let is_shown = |row: &&ClientResult| all_rows || row.deviates_in(None);
    let rows: Vec<_> = first.results.iter().filter(is_shown).collect();
    if rows.is_empty() {
        return text + &ok("every client");
    }
    let [imap, pop3, smtp] = ClientResult::PROTOCOLS.map(|protocol| bold(&protocol.to_string()));
    let mut cells = vec![[String::new(), imap, pop3, smtp]];
    // The details of each line of the table.
    let mut details = vec![Vec::new()];
    let mut format = None;
    for row in &rows {
        if format.replace(row.client.format) != Some(row.client.format) {
            cells.push([bold(&row.client.format.to_string()), String::new(), String::new(), String::new()]);
            details.push(Vec::new());
        }
        let [imap, pop3, smtp] = words(row);
        cells.push([format!("  {}", row.client), imap, pop3, smtp]);
        details.push(self::details(row));
    }
    for (line, details) in table(&cells).lines().zip(details) {
        text += line;
        text.push('\n');
        for detail in details {
            text += &wrapped("      ", &detail, "        ");
        }
    }
    if rows.len() < first.results.len() {
        text += &ok("every other client");
    }
    text
}

/// The name of a profile and its preferred servers, or the names of a group.
fn title(group: &[&ProfileCheck]) -> String {
    if let [one] = group {
        let name = one.profile.display_name.as_str();
        let mut text =
            wrapped("", &format!("{name} ({}), checked with {}", one.profile.id, one.address), "  ");
        let mut rows = Vec::new();
        for protocol in ClientResult::PROTOCOLS {
            let Some(server) = one.profile.preferred(protocol) else { continue };
            let hostname = server.hostname.for_domain(one.address.domain());
            let security = server.socket_type.description();
            let settings = format!("{hostname}:{}, {security}, {}", server.port, server.username.as_str());
            rows.push([format!("  {protocol}"), settings]);
        }
        text += &table(&rows);
        return text;
    }
    let mut names: Vec<_> = group.iter().take(LISTED).map(|one| one.profile.id.to_string()).collect();
    if group.len() > LISTED {
        names.push(format!("{} more", group.len() - LISTED));
    }
    wrapped("", &format!("{}: {}", count(group.len(), "profile"), names.join(", ")), "  ")
}

/// The word for each protocol.
fn words(row: &ClientResult) -> [String; 3] {
    let red = AnsiColor::Red.on_default();
    if row.outcome.is_err() {
        return [styled(red, "gives up"), String::new(), String::new()];
    }
    std::array::from_fn(|i| match &row.protocols[i] {
        cell @ (ProtocolResult::Unused | ProtocolResult::Guessed) => cell.to_string(),
        cell @ ProtocolResult::Preferred => styled(AnsiColor::Green.on_default(), cell),
        ProtocolResult::Different(_) => styled(AnsiColor::Yellow.on_default(), "differs"),
        cell @ ProtocolResult::Missing => styled(red, cell),
    })
}

/// Why the client gives up, or what differs, one line for each protocol.
fn details(row: &ClientResult) -> Vec<String> {
    if let Err(reason) = &row.outcome {
        return vec![reason.to_string()];
    }
    let cells = ClientResult::PROTOCOLS.into_iter().zip(&row.protocols);
    let different = cells.filter(|(_, cell)| matches!(cell, ProtocolResult::Different(_)));
    different.map(|(protocol, cell)| format!("{protocol} {cell}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::check_profile;
    use crate::config::Config;
    use crate::diagnostics::WIDTH;

    #[test]
    fn colours_the_results() {
        let config = Config::load("config/waypost.toml".as_ref()).unwrap();
        let examined: Vec<_> = (0..2).filter_map(|index| check_profile(&config, index)).collect();
        let text = write(&examined, true);
        assert!(text.contains("  Thunderbird               \u{1b}[32mok\u{1b}[0m "), "{text}");
        assert!(text.contains("\u{1b}[31mgives up\u{1b}[0m\n      no IMAP server\n"), "{text}");
        assert!(
            text.lines().all(|line| anstream::adapter::strip_str(line).to_string().chars().count() <= WIDTH)
        );
    }
}
