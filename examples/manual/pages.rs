//! A man page for the program and for each command: clap's description of the arguments, then the text from `docs/man/`,
//! then the part that is the same for all.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
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
    Arguments::command().disable_help_subcommand(true)
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
    let man = Man::new(command.clone());
    let mut page = heading(name(command), 1);
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    page.extend(own_words(name(command))?);
    page.extend(own_words("exit-status")?);
    if command.has_subcommands() || command.get_arguments().any(|argument| argument.get_id() == "config") {
        page.extend(own_words("configuration")?);
    }
    see_also(name(command), all).to_writer(&mut page)?;
    Ok(page)
}

/// The title, without a date, so that one version always gives the same bytes. clap's own title cannot leave an argument empty.
pub fn heading(name: &str, section: u8) -> Vec<u8> {
    let name = name.to_uppercase();
    format!(".TH \"{name}\" \"{section}\" \"\" \"{TITLE}\" \"Waypost\"\n").into_bytes()
}

/// The hand-written part, if there is one.
fn own_words(name: &str) -> io::Result<Vec<u8>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/man").join(format!("{name}.man"));
    match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

fn see_also(own: &str, all: &[Command]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SEE ALSO"]);
    let others = all.iter().map(name).filter(|name| *name != own);
    let pages = others.map(|name| (name, "(1), ")).chain([("waypost.toml", "(5)")]);
    roff.text(pages.flat_map(|(name, section)| [bold(name), roman(section)]).collect::<Vec<_>>());
    roff
}
