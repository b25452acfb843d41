//! Printed text fits 80 columns, except paths and host names.

use crate::cli::{code, out, waypost};
use crate::common::{Files, domains, profile};
use crate::grid::grid;

/// Whether a line fits. Words with a dot, a slash or an `@` are paths, host names and addresses, which are not cut.
fn fits(line: &str) -> bool {
    const COLUMNS: usize = 80;

    let is_name = |word: &&str| word.contains(['.', '/', '@', '%']);
    let width = line.chars().count();
    let names: usize = line.split(' ').filter(is_name).map(|word| word.chars().count()).sum();
    // The data of a TXT record is one word.
    width <= COLUMNS || width - names <= COLUMNS / 2 || line.contains(" TXT ")
}

fn assert_fits(text: &str, what: &str) {
    let long: Vec<_> = text.lines().filter(|line| !fits(line)).collect();
    assert!(long.is_empty(), "{what}:\n{}", long.join("\n"));
}

#[test]
fn help_texts_fit_and_have_examples() {
    for command in ["", "serve", "reload", "health", "check", "show", "import", "dns"] {
        for option in ["--help", "-h"] {
            let arguments: Vec<_> =
                [command, option].into_iter().filter(|argument| !argument.is_empty()).collect();
            let output = waypost(".", &arguments);
            assert_eq!(code(&output), 0);
            for line in out(&output).lines() {
                assert!(line.chars().count() <= 80, "{command} {option}: {line}");
            }
            let examples = out(&output).matches(&format!("\n  waypost {command} ")).count()
                + out(&output).matches(&format!("\n  waypost {command}\n")).count();
            assert!(
                command.is_empty() || (2..=6).contains(&examples),
                "{command} {option}: {examples} examples"
            );
        }
    }
}

/// As many profiles as Mozilla's database had in 2026, of all kinds that the grid has.
#[test]
fn check_and_dns_fit_on_158_profiles() {
    let mut servers = Vec::new();
    grid(|text| servers.push(text));
    let step = servers.len() / 158;
    let files = Files::new("[dns]\ntarget = \"config.example.net\"\n", &[]);
    for (i, servers) in servers.iter().step_by(step).take(158).enumerate() {
        let id = format!("p{i}.example.com");
        files.write(&format!("profiles/{i:03}.toml"), &profile(&id, &domains(&[&id]), servers));
    }
    for arguments in [
        &["check"][..],
        &["check", "--verbose", "--matrix", "all"],
        &["check", "p7.example.com"],
        &["dns", "--all"],
        &["dns", "--all", "--format", "table"],
    ] {
        let output = waypost(files.path("."), &[arguments, &["--config", "waypost.toml"]].concat());
        assert!(code(&output) < 2 && out(&output).lines().count() > 20, "{arguments:?}");
        assert_fits(out(&output), &arguments.join(" "));
        assert_fits(std::str::from_utf8(&output.stderr).unwrap(), &arguments.join(" "));
    }
}
