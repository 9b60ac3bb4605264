//! Runs cargo and other programs, and the steps that are one cargo command each.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Context;
use crate::failure::Failure;

/// Root of the workspace: the folder above this crate.
pub(crate) fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

/// The cargo that started us, without what `cargo run` put into the environment: a build script that watches such a
/// variable would run again, and everything above it build again, each time the caller changes.
pub(crate) fn cargo(context: &Context) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(&context.root);
    for (name, _) in std::env::vars_os() {
        let own =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if own {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command with its output on our screen.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let shown = shown(command);
    println!("   {shown}");
    let status = command.stdin(Stdio::null()).status().map_err(|error| not_started(&shown, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{shown}` ended with {status}"))) }
}

/// Runs a command for its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let shown = shown(command);
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(&shown, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("`{shown}` ended with {}:\n{}", output.status, said.trim_end())));
    }
    String::from_utf8(output.stdout).map_err(|error| Failure::new(format!("`{shown}` wrote no UTF-8: {error}")))
}

fn not_started(shown: &str, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot start `{shown}`: {error}; install the program or put it on PATH"))
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once(program.to_string_lossy().into_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Formatting as rustfmt.toml says.
pub(crate) fn fmt(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args(["fmt", "--all", "--check"]))
}

/// Clippy on libraries, programs, tests and benches.
pub(crate) fn lint(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args(["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"]))
}

/// The exchange killed at random moments under load, many times; ordinary test runs do it a few times.
pub(crate) fn kill(context: &Context) -> Result<(), Failure> {
    kills(context, "brier-exchange", "kills_under_load")
}

/// A live run killed in the same way, behind a network that cuts connections.
pub(crate) fn kill_run(context: &Context) -> Result<(), Failure> {
    kills(context, "brier-cli", "run_kill")
}

fn kills(context: &Context, package: &str, test: &str) -> Result<(), Failure> {
    let mut command = cargo(context);
    command.env("BRIER_KILLS", context.args.first().map_or("100", String::as_str));
    if let Some(seed) = context.args.get(1) {
        command.env("BRIER_SEED", seed);
    }
    command.args(["test", "--locked", "--quiet", "--package", package, "--test", "it"]);
    run(command.args([test, "--", "--nocapture"]))
}

/// All tests: by nextest where it is installed, else by cargo's own runner, which is slower but finds the same.
pub(crate) fn test(context: &Context) -> Result<(), Failure> {
    let nextest = cargo(context).args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let mut command = cargo(context);
    if nextest.is_ok_and(|status| status.success()) {
        // A crate with no test yet is no failure; tidy and review see to it that there are tests.
        command.args(["nextest", "run", "--workspace", "--locked", "--no-tests", "pass"]);
    } else {
        println!("   cargo-nextest is not installed: falling back to `cargo test`");
        command.args(["test", "--workspace", "--all-targets", "--locked", "--quiet"]);
    }
    run(command.args(&context.args))
}

/// Examples in the documentation run and are right.
pub(crate) fn doctest(context: &Context) -> Result<(), Failure> {
    run(cargo(context).args(["test", "--doc", "--workspace", "--locked", "--quiet"]).args(&context.args))
}

/// Documentation builds without a broken link.
pub(crate) fn docs(context: &Context) -> Result<(), Failure> {
    run(cargo(context)
        .args(["doc", "--workspace", "--no-deps", "--locked", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings"))
}
