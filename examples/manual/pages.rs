//! A man page for the program and for each command. clap has the arguments, the examples and the exit codes; `docs/man/`
//! has the rest.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use waypost::cli::Arguments;

use super::settings;

pub const NAME: &str = "waypost";
const TITLE: &str = concat!("Waypost ", env!("CARGO_PKG_VERSION"));

/// Writes all pages into a folder, and returns their paths.
pub fn write(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    let mut files = Vec::new();
    let commands = commands();
    for command in &commands {
        let file = folder.join(format!("{}.1", name(command)));
        fs::write(&file, page(command, &commands)?)?;
        files.push(file);
    }
    let file = folder.join("waypost.toml.5");
    fs::write(&file, settings::page()?)?;
    files.push(file);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        files.push(generate_to(shell, &mut program(), NAME, folder)?);
    }
    Ok(files)
}

fn program() -> Command {
    // `waypost help serve` prints the same as `waypost serve --help`.
    Arguments::command().disable_help_subcommand(true).subcommand_help_heading("COMMANDS")
}

/// The program and its commands.
pub fn commands() -> Vec<Command> {
    let mut program = program();
    program.build();
    let below: Vec<_> = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    [program].into_iter().chain(below).collect()
}

/// `waypost`, `waypost-serve`.
pub fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

fn page(command: &Command, all: &[Command]) -> io::Result<Vec<u8>> {
    let own = own_text(name(command))?;
    // The text before the first heading is the description.
    let heading = own.find(".SH").unwrap_or(own.len());
    let (description, sections) = own.split_at(heading);
    let man = Man::new(command.clone());
    let mut page = self::heading(name(command), 1);
    name_and_synopsis(command).to_writer(&mut page)?;
    page.extend(b".SH DESCRIPTION\n");
    page.extend(description.as_bytes());
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    page.extend(sections.as_bytes());
    after_help(command).to_writer(&mut page)?;
    environment(command, all).to_writer(&mut page)?;
    if command.has_subcommands() {
        page.extend(own_text("files")?.as_bytes());
    }
    see_also(name(command), all).to_writer(&mut page)?;
    Ok(page)
}

/// The title, without a date, so that one version always gives the same bytes. clap's own title cannot leave an argument empty.
/// Names of keys and options are not hyphenated, and lines are not filled with spaces.
pub fn heading(name: &str, section: u8) -> Vec<u8> {
    let name = name.to_uppercase();
    format!(".TH \"{name}\" \"{section}\" \"\" \"{TITLE}\" \"Waypost\"\n.nh\n.ad l\n").into_bytes()
}

/// The hand-written part, if there is one.
fn own_text(name: &str) -> io::Result<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man").join(format!("{name}.man"));
    match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read,
    }
}

fn name_and_synopsis(command: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    // The convention of man pages, and of `apropos`.
    let mut letters = about.chars();
    let about = letters.next().map_or_else(String::new, |c| c.to_lowercase().to_string() + letters.as_str());
    roff.text([roman(format!("{} - {about}", name(command)))]);
    roff.control("SH", ["SYNOPSIS"]);
    let mut line = vec![bold(command.get_bin_name().unwrap_or(NAME))];
    let (positional, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(|argument| !argument.is_hide_set()).partition(|a| a.is_positional());
    let is_builtin = |argument: &&Arg| ["help", "version"].contains(&argument.get_id().as_str());
    for argument in options.into_iter().filter(|argument| !is_builtin(argument)).chain(positional) {
        line.push(roman(" "));
        line.extend(usage(argument));
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND"), roman(" ["), italic("ARGUMENT"), roman("]...")]);
    }
    roff.text(line);
    roff
}

/// `[--format text|json]`, `[DOMAIN]...`
fn usage(argument: &Arg) -> Vec<Inline> {
    const MOST_VALUES: usize = 6;

    let name = argument.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let values = argument.get_possible_values();
    let value = match &values[..] {
        [] => italic(name.unwrap_or_default()),
        values if values.len() > MOST_VALUES => italic(name.unwrap_or_default()),
        values => roman(values.iter().map(PossibleValue::get_name).collect::<Vec<_>>().join("|")),
    };
    let mut inlines = Vec::new();
    if let Some(long) = argument.get_long() {
        inlines.push(bold(format!("--{long}")));
    }
    if argument.is_positional() {
        inlines.push(value);
    } else if argument.get_num_args().is_some_and(|number| number.takes_values()) {
        inlines.extend([roman(" "), value]);
    }
    if !argument.is_required_set() {
        inlines.insert(0, roman("["));
        inlines.push(roman("]"));
    }
    if matches!(argument.get_action(), ArgAction::Append) {
        inlines.push(roman("..."));
    }
    inlines
}

/// `Examples:`, `Exit codes:` and other lists after the options, as `--help` prints them.
fn after_help(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for block in text.split("\n\n").filter(|block| !block.is_empty()) {
        let (heading, lines) = block.split_once(":\n").expect("every block has a heading");
        let lines = lines.lines().map(|line| line.strip_prefix("  ").expect("the lines are indented"));
        match heading {
            "Examples" => {
                roff.control("SH", ["EXAMPLES"]);
                roff.control("RS", ["4"]).control("EX", []);
                for line in lines {
                    roff.text([roman(line)]);
                }
                roff.control("EE", []).control("RE", []);
            }
            "Exit codes" => {
                roff.control("SH", ["EXIT STATUS"]);
                for line in lines {
                    let (code, text) = line.split_once("  ").unwrap_or(("", line.trim_start()));
                    if !code.is_empty() {
                        roff.control("TP", []).text([bold(code)]);
                    }
                    roff.text([roman(text.trim_start())]);
                }
            }
            heading => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                for line in lines {
                    roff.text([roman(line)]);
                }
            }
        }
    }
    roff
}

/// The variables of the command's options. The page of the program has those of all commands.
fn environment(command: &Command, all: &[Command]) -> Roff {
    let commands = if command.has_subcommands() { all } else { std::slice::from_ref(command) };
    let mut variables: Vec<(&str, &str)> = Vec::new();
    for argument in commands.iter().flat_map(Command::get_arguments) {
        let variable = argument.get_env().and_then(|name| name.to_str()).zip(argument.get_long());
        variables.extend(variable.filter(|variable| !variables.contains(variable)));
    }
    let mut roff = Roff::new();
    if !variables.is_empty() {
        roff.control("SH", ["ENVIRONMENT"]);
    }
    for (name, option) in variables {
        roff.control("TP", []).text([bold(name)]);
        let mut line = vec![roman("The value of "), bold(format!("--{option}"))];
        let has_option = |command: &&Command| command.get_arguments().any(|a| a.get_long() == Some(option));
        // On the page of the program, an option of one command is named with its command.
        let owners: Vec<_> = commands.iter().filter(has_option).collect();
        if let ([owner], true) = (&owners[..], command.has_subcommands()) {
            line.extend([roman(" of "), bold(owner.get_bin_name().unwrap_or(NAME))]);
        }
        line.push(roman(" if the option is absent."));
        roff.text(line);
    }
    roff
}

fn see_also(own: &str, all: &[Command]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let others = all.iter().map(name).filter(|name| *name != own);
    let pages = others.map(|name| (name, "(1), ")).chain([("waypost.toml", "(5)")]);
    roff.text(pages.flat_map(|(name, section)| [bold(name), roman(section)]).collect::<Vec<_>>());
    roff
}
