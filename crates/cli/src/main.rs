//! The `brier` program: reads the command line, runs one command, and turns what came of it into output and an exit
//! status.
//!
//! stdout is data, stderr is talk; errors are an `error:` line and, where there is one, a `hint:` line. Each command is
//! one file under `commands`; what it computes stands in pure modules beside it and is tested without a process.

mod cli;
mod commands;
mod demo;
mod error;
mod output;
mod venue;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::error::{CliError, EXIT_USAGE};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // Before any client exists: with `rustls-no-provider` the first one would panic. An error means it is installed.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    // Whatever goes on for long has a log of its own, as its configuration says.
    let own_log = match &cli.command {
        cli::Command::Run(_) => true,
        cli::Command::Arb(args) => args.has_own_log(),
        _ => false,
    };
    if !own_log {
        talk(cli.verbose);
    }
    let mut output = Output::stdout(cli.json);
    let ended = commands::run(cli.command, &mut output);
    let told = match &ended {
        Err(error) if !error.is_broken_pipe() => output.failure(error),
        _ => Ok(()),
    };
    // What was found goes out before the error that judges it.
    let written = told.and(output.finish());
    match ended.and_then(|code| written.map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Whoever read us has seen enough.
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            error.print(&mut std::io::stderr().lock());
            ExitCode::from(error.code)
        }
    }
}

/// Help and version are data; anything else is a mistake of usage.
fn usage(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    // Nothing was parsed, so the wish for JSON is looked up by hand.
    if !asked && std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json") {
        let mut output = Output::stdout(true);
        // The exit status tells it to whoever does not read.
        drop(output.failure(&CliError::from(error)).and(output.finish()));
    }
    match error.print() {
        Ok(()) if !asked => ExitCode::from(EXIT_USAGE),
        Ok(()) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Sends the log to stderr: warnings, more with `-v`, or what `RUST_LOG` says.
fn talk(verbose: u8) {
    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    if log.try_init().is_err() {
        CliError::failure("the log is already set up").print(&mut std::io::stderr().lock());
    }
}
