//! `brier resume`: lifts what `brier halt` did.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use brier_runtime::control::{self, AskError, ControlAnswer, ControlRequest, HALT_FILE};
use brier_runtime::lock;
use serde::Serialize;

use super::halt::FolderArgs;
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// How long the process may take: it looks at its books and its last comparison, and asks nobody.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lift the kill switch of a run
///
/// Takes the halt file away and tells the process, which goes on once its books and its picture of the account are good.
/// Without a process, the next `brier run` starts again.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    /// Why, for the log
    #[arg(long, default_value = "brier resume", value_name = "TEXT")]
    reason: String,

    /// Do not ask back
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Document {
    data_dir: PathBuf,
    /// Why it was halted by the file, if it was.
    was_halted: Option<String>,
    /// What the process said; null when none runs.
    process: Option<String>,
}

/// Resumes.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let folder = args.folder.find()?;
    let unknown = |error: std::io::Error| CliError::failure(format!("{}: {error}", folder.join(HALT_FILE).display()));
    let halt = control::halted(&folder).map_err(unknown)?;
    let holder = lock::data_holder(&folder).map_err(unknown)?;
    if halt.is_none() && holder.is_none() {
        return Err(CliError::failure(format!("{} is not halted, and no process runs there", folder.display())));
    }
    if !args.yes {
        let why = halt
            .as_ref()
            .map_or_else(String::new, |halt| format!(" It was halted since {}: {}.", halt.at, halt.reason));
        confirm(&format!("Trading in {} will go on.{why} Go on?", folder.display()))?;
    }
    control::clear(&folder).map_err(unknown)?;
    let process = match control::ask(&folder, &ControlRequest::Resume { reason: args.reason.clone() }, PATIENCE) {
        Ok(ControlAnswer::Done { text }) => Some(text),
        Ok(ControlAnswer::Refused { reason }) => {
            return Err(CliError::failure(format!(
                "the file {HALT_FILE} is gone, and the process stays halted: {reason}"
            ))
            .hint("run `brier resume` again when that is mended"));
        }
        Ok(_other) => Some("answered something else: see `brier doctor`".to_owned()),
        Err(AskError::Nobody { .. }) if holder.is_none() => {
            control::allow(&folder, &args.reason).map_err(unknown)?;
            None
        }
        Err(error) => {
            return Err(CliError::failure(format!(
                "the file {HALT_FILE} is gone, and the process was not told: {error}"
            ))
            .hint("run `brier resume` again, or end the process and start it anew"));
        }
    };
    let document = Document { data_dir: folder, was_halted: halt.map(|halt| halt.reason), process };
    output.either(&document, |output| {
        output.line(format_args!("resumed  {}", document.data_dir.display()))?;
        match &document.process {
            Some(text) => output.line(format_args!("process  {text}")),
            None => output.line("process  none runs: start it with `brier run`"),
        }
    })?;
    Ok(EXIT_OK)
}

/// Asks the person at the terminal.
fn confirm(question: &str) -> Result<(), CliError> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::usage(
            "standard input is no terminal, so nobody can be asked whether trading shall go on; it stays down",
        )
        .hint("say `brier resume CONFIG --yes`"));
    }
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{question} [yes/no] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.read_line(&mut answer)?;
    match answer.trim() {
        "yes" | "y" => Ok(()),
        _ => Err(CliError::failure("it stays halted")),
    }
}
