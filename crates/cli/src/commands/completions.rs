//! `brier completions`: the script by which a shell completes `brier`'s commands and options.

use clap::CommandFactory as _;
use clap_complete::Shell;
use serde::Serialize;

use crate::cli::Cli;
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Print the completion script of a shell
///
/// For bash: `brier completions bash > ~/.local/share/bash-completion/completions/brier`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

#[derive(Serialize)]
struct Script {
    shell: String,
    script: String,
}

/// Prints the script.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "brier", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let document = Script { shell: args.shell.to_string(), script };
    output.either(&document, |output| output.line(document.script.trim_end()))?;
    Ok(EXIT_OK)
}
