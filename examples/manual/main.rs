//! Writes the manual and the shells' completions, as the program's own arguments have them:
//!
//! ```sh
//! cargo run --example manual -- target/manual
//! man -l target/manual/waypost-serve.1
//! ```
//!
//! An example, so that the program itself need not carry what writes them.

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
