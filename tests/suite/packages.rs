//! The files that are shipped with the program: man pages, shell completions, and the units and examples in `deploy/`.
//! `.ci/packages` and `.ci/container` test them with the programs that read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Command, CommandFactory};
use clap_mangen::roff::Roff;
use tempfile::TempDir;
use waypost::cli::Arguments;
use waypost::config::{Address, Config, Limits};

use crate::common::Files;

#[path = "../../examples/manual/documents.rs"]
mod documents;
#[path = "../../examples/manual/pages.rs"]
mod pages;
#[path = "../../examples/manual/settings.rs"]
mod settings;

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn manual() -> (TempDir, Vec<PathBuf>) {
    let folder = TempDir::new().unwrap();
    let files = pages::write(folder.path()).unwrap();
    (folder, files)
}

/// The text of a man page.
fn plain(page: &Path) -> String {
    let mut text = fs::read_to_string(page).unwrap();
    for (roff, plain) in
        [("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\*(Aq", "'"), ("\\(aq", "'")]
    {
        text = text.replace(roff, plain);
    }
    text
}

/// The program and its commands, without `help`.
fn commands() -> Vec<Command> {
    let program = Arguments::command().disable_help_subcommand(true);
    [program.clone()].into_iter().chain(program.get_subcommands().cloned()).collect()
}

fn long_options(command: &Command) -> Vec<&str> {
    command.get_arguments().filter_map(clap::Arg::get_long).collect()
}

#[test]
fn every_command_and_option_is_in_the_manual() {
    let (folder, files) = manual();
    let program = plain(&folder.path().join("waypost.1"));
    let commands = commands();
    assert!(commands.len() >= 6);
    for command in &commands {
        let name = match command.get_name() {
            "waypost" => "waypost".to_owned(),
            name => format!("waypost-{name}"),
        };
        let file = folder.path().join(format!("{name}.1"));
        assert!(files.contains(&file), "{name}");
        let page = plain(&file);
        assert!(page.contains(&format!(".SH NAME\n{name} - ")), "{page}");
        assert!(name == "waypost" || program.contains(&format!("{name}(1)")), "{program}");
        for option in long_options(command) {
            assert!(page.contains(&format!("\n--{option}")), "--{option} in\n{page}");
        }
        for heading in ["SYNOPSIS", "OPTIONS", "EXIT STATUS", "SEE ALSO"] {
            let page = page.replace('"', "");
            assert!(page.contains(&format!(".SH {heading}\n")), "{heading} in\n{page}");
        }
    }
    let serve = plain(&folder.path().join("waypost-serve.1"));
    for word in ["SIGHUP", "SIGTERM", "SIGINT", "WAYPOST_CONFIG", "WAYPOST_LOG", "/etc/waypost/waypost.toml"]
    {
        assert!(serve.contains(word), "{word}");
    }
}

#[test]
fn every_command_and_option_is_in_the_completions() {
    let (folder, _) = manual();
    for (file, dashes) in [("waypost.bash", "--"), ("_waypost", "--"), ("waypost.fish", "-l ")] {
        let completions = fs::read_to_string(folder.path().join(file)).unwrap();
        for command in commands() {
            assert!(completions.contains(command.get_name()), "{} in {file}", command.get_name());
            for option in long_options(&command) {
                assert!(completions.contains(&format!("{dashes}{option}")), "{dashes}{option} in {file}");
            }
        }
    }
}

/// `waypost.toml(5)` is generated from the comments of the shipped files. This is a simpler reader of them.
#[test]
fn every_key_of_the_shipped_configuration_is_in_the_manual() {
    let (folder, _) = manual();
    let page = plain(&folder.path().join("waypost.toml.5"));
    for (file, at_least) in [("config/waypost.toml", 15), ("config/profiles/centurylink.toml", 50)] {
        let text = fs::read_to_string(file).unwrap();
        let (_, text) = text.split_once("\n\n").unwrap();
        let mut found = 0;
        for line in text.lines() {
            let line = line.strip_prefix("# ").unwrap_or(line);
            let word = |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || b"_[]".contains(&c));
            let (key, rest) = line.split_once(" = ").unwrap_or((line, ""));
            if line.starts_with('[') {
                assert!(page.contains(line), "{line} in\n{page}");
            } else if !rest.is_empty() && word(key) {
                let tag = |name: &str| page.contains(&format!(".{name}\n{key} = "));
                assert!(tag("TP") || tag("TQ"), "{key} in\n{page}");
            } else {
                continue;
            }
            found += 1;
        }
        assert!(found >= at_least, "{found} of {file}");
        // And its description.
        for prose in text.lines().filter(|line| line.starts_with("# ") && line.ends_with('.')) {
            assert!(page.contains(&prose[2..]), "{prose} in\n{page}");
        }
    }
}

/// A description can be above its key, or after it and on the following lines.
#[test]
fn comments_above_and_after_a_key_are_equal_in_the_manual() {
    let page = |text: &str| {
        let mut roff = Roff::new();
        settings::explain_keys(text, &mut roff);
        roff.render().replace('\n', " ")
    };
    let above = page("# Networks without a limit: monitors.\n# Default: none.\n# unlimited = []");
    let after =
        page("# unlimited = []   # Networks without a limit: monitors.\n#                  # Default: none.");
    assert!(above.contains("Networks without a limit: monitors. Default: none."), "{above}");
    assert_eq!(above, after);
    let active =
        page("unlimited = [] # Networks without a limit: monitors.\n               # Default: none.");
    assert_eq!(above, active);
}

#[test]
fn synopsis_shows_the_values() {
    let (folder, _) = manual();
    let synopsis = |name: &str| {
        let page = plain(&folder.path().join(name));
        let (_, rest) = page.split_once(".SH SYNOPSIS\n").unwrap();
        rest.lines().next().unwrap().to_owned()
    };
    assert_eq!(synopsis("waypost.1"), "waypost COMMAND [ARGUMENT]...");
    assert_eq!(
        synopsis("waypost-check.1"),
        "waypost check [--config FILE] [--format text|json] [--deny warnings|notes]... [--matrix all] [--offline] \
         [--online] [--verbose] [DOMAIN]..."
    );
    assert_eq!(
        synopsis("waypost-import.1"),
        "waypost import --into DIR [--domain DOMAIN]... [--domains-file FILE] [--force] [--dry-run] PATH..."
    );
}

/// `--help` and the manual have the same examples and exit codes.
#[test]
fn manual_has_the_lists_of_the_help() {
    let (folder, _) = manual();
    for command in pages::commands() {
        let page = plain(&folder.path().join(format!("{}.1", pages::name(&command))));
        let help = command.get_after_help().unwrap().to_string();
        let lines: Vec<_> = help.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        assert!(lines.len() > 2, "{help}");
        for line in lines {
            let text = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
            assert!(page.contains(text), "{text} in\n{page}");
        }
    }
}

/// `.ci/packages` tests the links of the built package.
#[test]
fn links_of_installed_documents_lead_to_installed_files() {
    let installed = documents::installed().unwrap();
    let links =
        |text: &str, document: &str| documents::with_installed_links(text, Path::new(document), &installed);
    for (link, in_readme) in [
        ("[a](docs/operations.md#limits)", "[a](docs/operations.md#limits)"),
        ("[a](config/waypost.toml)", "[a](examples/centurylink/waypost.toml)"),
        ("[a](deploy/nginx.conf)", "[a](examples/nginx.conf)"),
        ("[a](LICENSE-MIT)", "[a](copyright)"),
        ("[`src/`](src/lib.rs)", "`src/`"),
        ("[a](https://example.com/)", "[a](https://example.com/)"),
        ("```toml\n[a](src/lib.rs)\n```", "```toml\n[a](src/lib.rs)\n```"),
    ] {
        assert_eq!(links(link, "README.md"), in_readme);
    }
    assert_eq!(links("[a](clients.md) [b](#c)", "docs/fuzzing.md"), "[a](clients.md) [b](#c)");
    let line = "[a](../templates) [b](../deploy/Caddyfile) [c](../README.md)";
    let expected = "[a](../examples/templates) [b](../examples/Caddyfile) [c](../README.md)";
    assert_eq!(links(line, "docs/clients.md"), expected);
    let folder = TempDir::new().unwrap();
    let files = documents::write(folder.path()).unwrap();
    for name in ["README.md", "SECURITY.md", "docs/operations.md"] {
        assert!(files.contains(&folder.path().join(name)), "{name}");
    }
}

/// The text of a block scalar of a YAML file: `key: |`.
fn block(yaml: &str, key: &str) -> String {
    let begin = format!("  {key}: |\n");
    let at = yaml.find(&begin).unwrap_or_else(|| panic!("{key} is in the file")) + begin.len();
    yaml[at..]
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("    "))
        .map(|line| format!("{}\n", line.strip_prefix("    ").unwrap_or(line)))
        .collect()
}

#[test]
fn the_kubernetes_configuration_loads() {
    let yaml = fs::read_to_string("deploy/kubernetes.yaml").unwrap();
    let folder = TempDir::new().unwrap();
    let (configuration, profiles) = (folder.path().join("waypost"), folder.path().join("waypost-profiles"));
    fs::create_dir(&configuration).unwrap();
    fs::create_dir(&profiles).unwrap();
    fs::write(configuration.join("waypost.toml"), block(&yaml, "waypost.toml")).unwrap();
    fs::write(profiles.join("example.toml"), block(&yaml, "example.toml")).unwrap();
    for folder in ["waypost", "waypost-profiles"] {
        assert!(yaml.contains(&format!("mountPath: /etc/{folder}\n")), "{folder}");
    }
    let config = Config::load(&configuration.join("waypost.toml")).unwrap();
    assert_eq!(config.notes, []);
    let ports = |name: &str| format!("- name: {name}\n              containerPort: ");
    let admin = config.settings.admin.listen.as_ref().unwrap();
    for (name, listener) in [("http", &config.settings.listen[0]), ("admin", admin)] {
        let Address::Tcp(address) = listener.address else { panic!("{name} has a port") };
        assert!(address.ip().is_unspecified(), "{name}");
        assert!(yaml.contains(&format!("{}{}\n", ports(name), address.port())), "{name}");
    }
    assert!(yaml.contains(&format!("/waypost:{VERSION}\n")));
    assert!(number_after(&yaml, "terminationGracePeriodSeconds: ") > shutdown_timeout());
}

/// The configuration of the Debian package, after the first step of its README.Debian.
#[test]
fn the_debian_configuration_loads() {
    let settings = fs::read_to_string("deploy/debian/waypost.toml").unwrap();
    let profile = fs::read_to_string("deploy/example.toml").unwrap();
    let files = Files::new(&settings, &[("example.toml", &profile)]);
    files.write("profiles/README", &fs::read_to_string("deploy/debian/profiles-README").unwrap());
    let config = files.load();
    assert_eq!(config.notes, []);
    assert_eq!(config.directory.domain_count(), 1);
    // The keys that are commented out are valid too.
    let settings: String = settings
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.contains(" = ") || key.starts_with('[') => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let config = Files::new(&settings, &[("example.toml", &profile)]).load();
    assert!(config.settings.admin.listen.is_some() && config.settings.public_url.is_some());
}

/// The files of `deploy/hosting/` are valid and fit together.
#[test]
#[cfg(feature = "sql")]
fn the_configuration_of_a_hosting_company_loads() {
    let read = |name: &str| fs::read_to_string(format!("deploy/hosting/{name}")).unwrap();
    let (caddy, unit, text) = (read("Caddyfile"), read("waypost-hosting.conf"), read("waypost.toml"));
    let names = ["mail.example.net.toml", "mail2.example.net.toml"];
    let profiles = names.map(|name| read(&format!("profiles/{name}")));
    let profiles: Vec<_> = names.into_iter().zip(profiles.iter().map(String::as_str)).collect();
    let config = Files::new(&text, &profiles).load();
    assert_eq!(config.notes, []);
    let settings = &config.settings;
    let admin = settings.admin.listen.as_ref().unwrap();
    assert!(caddy.contains(&format!("\task http://{admin}/tls/allowed\n")), "{admin}");
    assert!(caddy.contains(&format!("\treverse_proxy {} {{\n", settings.listen[0])));
    let state = settings.state_dir.as_ref().unwrap().strip_prefix("/var/lib").unwrap();
    let packaged = fs::read_to_string("deploy/waypost.service").unwrap();
    assert!(packaged.contains(&format!("\nStateDirectory={}\n", state.display())), "{packaged}");
    let password = settings.sql.as_ref().unwrap().password_file.as_ref().unwrap();
    let password = password.strip_prefix("/run/credentials/waypost.service").unwrap();
    assert!(unit.contains(&format!("\nLoadCredential={}:/", password.display())), "{unit}");
    // The guide publishes the records for this host.
    let guide = fs::read_to_string("docs/hosting.md").unwrap();
    let host = settings.public_url.as_ref().unwrap().host();
    assert!(guide.contains(&format!("\nautoconfig.D.         IN CNAME {host}.\n")), "{host}");

    // The query for several mail servers, in place of `panel` and `profile`.
    let (settings, query) = text.split_once("panel = \"postfixadmin\"\n").unwrap();
    let query: String = query
        .lines()
        .skip_while(|line| !line.starts_with("# query = "))
        .map(|line| format!("{}\n", line.trim_start_matches("# ")))
        .collect();
    let config = Files::new(&format!("{settings}{query}"), &profiles).load();
    assert_eq!(config.notes, []);
    let sql = config.settings.sql.unwrap();
    assert!(sql.query.contains("s.server_name FROM mail_domain d") && sql.profile.is_none(), "{}", sql.query);
}

#[test]
fn shipped_files_agree_with_the_program() {
    let changelog = fs::read_to_string("deploy/debian/changelog").unwrap();
    assert!(changelog.starts_with(&format!("waypost ({VERSION}-1) ")), "{changelog}");
    let dockerfile = fs::read_to_string("Dockerfile").unwrap();
    assert!(dockerfile.contains(&format!("image.version=\"{VERSION}\"\n")), "{dockerfile}");
    let service = fs::read_to_string("deploy/waypost.service").unwrap();
    assert!(number_after(&service, "TimeoutStopSec=") > shutdown_timeout());
    let open_files = number_after(&service, "LimitNOFILE=");
    assert!(open_files > Limits::default().max_connections as u64 * 2);
    // The server rejects a socket that its configuration does not list.
    let socket = fs::read_to_string("deploy/waypost.socket").unwrap();
    let listen = fs::read_to_string("deploy/debian/waypost.toml").unwrap();
    let address = socket.lines().find_map(|line| line.strip_prefix("ListenStream=")).unwrap();
    assert!(listen.contains(&format!("\nlisten = [\"{address}\"]\n")), "{address}");
}

fn shutdown_timeout() -> u64 {
    // With some time for the rest of the shutdown.
    (Limits::default().shutdown_timeout + Duration::from_secs(5)).as_secs()
}

/// The number after a key.
fn number_after(text: &str, key: &str) -> u64 {
    let (_, rest) = text.split_once(key).unwrap();
    rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}
