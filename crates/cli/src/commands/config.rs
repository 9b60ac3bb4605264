//! `brier config`: what a run would use and who said so, and everything that is wrong with it.

use std::path::{Path, PathBuf};

use brier_runtime::config::{Config, Environment, Loaded, Origin, Problem, Problems, Setting, Sources, as_file, load};
use serde::Serialize;

use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, counted};

/// Show what a run would use, and check it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print every value that counts and who said it, as a file that could be used in its place
    Show(ConfigArgs),
    /// Tell everything that is wrong; exit status 1 if anything is
    Check(ConfigArgs),
}

/// Options of every command that reads a configuration.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConfigArgs {
    /// The configuration, in TOML; without one, the user's own and the defaults
    #[arg(value_name = "CONFIG")]
    pub(crate) config: Option<PathBuf>,

    /// Use another value than the files and the environment say; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
}

impl ConfigArgs {
    /// Reads all layers.
    pub(crate) fn load(&self) -> Loaded {
        load(Sources {
            project: self.config.clone(),
            user: None,
            flags: self.set.clone(),
            environment: Environment::of_process(),
        })
    }

    /// The configuration, which has to be right.
    pub(crate) fn demand(&self) -> Result<(Config, Environment), CliError> {
        self.load().into_config().map_err(|problems| wrong(&problems, self.config.as_deref()))
    }
}

/// The first of what is wrong, and where to see the rest.
pub(crate) fn wrong(problems: &Problems, config: Option<&Path>) -> CliError {
    let Some((first, rest)) = problems.0.split_first() else { return CliError::failure("the configuration is wrong") };
    let bare = Problem { hint: None, ..first.clone() };
    let more = match rest.len() {
        0 => String::new(),
        more => format!(" (and {})", counted(more as u64, "other problem", "other problems")),
    };
    let error = CliError::failure(format!("{bare}{more}"));
    let check = || match config {
        Some(path) => format!("`brier config check {}` tells them all", path.display()),
        None => "`brier config check` tells them all".to_owned(),
    };
    match &first.hint {
        Some(hint) if rest.is_empty() => error.hint(hint),
        Some(hint) => error.hint(format!("{hint}; {}", check())),
        None if rest.is_empty() => error,
        None => error.hint(check()),
    }
}

#[derive(Serialize)]
struct ShowDocument {
    settings: Vec<ShownSetting>,
    problems: Vec<ShownProblem>,
}

#[derive(Serialize)]
struct CheckDocument {
    ok: bool,
    problems: Vec<ShownProblem>,
    /// What is not wrong as it is written, and may keep the run from trading.
    notes: Vec<String>,
}

#[derive(Serialize)]
struct ShownSetting {
    key: String,
    /// As a file would write it; null when it is unset.
    value: Option<String>,
    origin: String,
}

/// One thing that is wrong.
#[derive(Serialize)]
struct ShownProblem {
    origin: Option<String>,
    key: String,
    text: String,
    hint: Option<String>,
}

impl ShownProblem {
    fn new(problem: &Problem) -> Self {
        Self {
            origin: (problem.origin != Origin::Default).then(|| problem.origin.to_string()),
            key: problem.key.clone(),
            text: problem.text.clone(),
            hint: problem.hint.clone(),
        }
    }
}

/// Shows or checks.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::Show(args) => show(args, output),
        Command::Check(args) => check(args, output),
    }
}

fn check(args: &ConfigArgs, output: &mut Output) -> Result<u8, CliError> {
    let loaded = args.load();
    let problems = loaded.problems;
    let document = CheckDocument {
        ok: problems.is_empty(),
        problems: problems.iter().map(ShownProblem::new).collect(),
        notes: loaded.config.as_ref().map_or_else(Vec::new, notes),
    };
    output.either(&document, |output| {
        for problem in &problems {
            output.line(problem)?;
        }
        document.notes.iter().try_for_each(|note| output.line(format_args!("note: {note}")))?;
        match problems.len() {
            0 => output.line("ok"),
            count => output.line(format_args!("\n{}", counted(count as u64, "problem", "problems"))),
        }
    })?;
    Ok(if problems.is_empty() { EXIT_OK } else { EXIT_FAILURE })
}

/// What is known of feeds without asking anybody.
fn notes(config: &Config) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    if config.remote.is_none() {
        notes.extend(brier_runtime::config::unfed(config).iter().map(ToString::to_string));
    }
    let feeds = brier_runtime::live::check_feeds(&config.feeds, &Environment::of_process());
    notes.extend(feeds.err().map(|error| format!("{error}; a run does not start")));
    notes
}

fn show(args: &ConfigArgs, output: &mut Output) -> Result<u8, CliError> {
    let loaded = args.load();
    let setting = |setting: &Setting| ShownSetting {
        key: setting.key.clone(),
        value: setting.value.as_ref().map(ToString::to_string),
        origin: setting.origin.to_string(),
    };
    let document = ShowDocument {
        settings: loaded.settings.iter().map(setting).collect(),
        problems: loaded.problems.iter().map(ShownProblem::new).collect(),
    };
    output.either(&document, |output| output.line(as_file(&loaded.settings, true).trim_end()))?;
    if loaded.problems.is_empty() {
        return Ok(EXIT_OK);
    }
    Err(wrong(&Problems(loaded.problems), args.config.as_deref()))
}
