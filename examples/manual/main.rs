//! Writes the man pages, the shell completions and the installed form of the documents:
//!
//! ```sh
//! cargo run --example manual -- target/manual
//! man -l target/manual/waypost-serve.1
//! ```
//!
//! It is an example, so that the program itself does not contain the generator.

mod documents;
mod pages;
mod settings;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!(
            "error: the name of a folder is missing\nhint: cargo run --example manual -- target/manual"
        );
        return ExitCode::from(2);
    };
    let written = pages::write(&folder).and_then(|mut files| {
        files.extend(documents::write(&folder.join("doc"))?);
        Ok(files)
    });
    match written {
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
