//! Writes the man pages and the shell completions from the program's own arguments:
//!
//! ```sh
//! cargo run --example manual -- target/manual
//! man -l target/manual/waypost-serve.1
//! ```
//!
//! It is an example, so that the program itself does not contain the generator.

mod pages;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("error: no folder is named\nhint: cargo run --example manual -- target/manual");
        return ExitCode::from(2);
    };
    match pages::write(&folder) {
        Ok(files) => {
            for file in files {
                println!("{}", file.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {} cannot be written: {error}", folder.display());
            ExitCode::from(2)
        }
    }
}
