//! `brier halt`: the kill switch, from any terminal.

use std::path::{Path, PathBuf};
use std::time::Duration;

use brier_runtime::config::{Config, Environment};
use brier_runtime::control::{self, AskError, ControlAnswer, ControlRequest, HALT_FILE, Halt, OrderLine, PositionLine};
use brier_runtime::lock;
use brier_runtime::run::{PrepareError, kalshi, polymarket};
use brier_runtime::take_back::{self, TakenBack};
use serde::Serialize;

use super::config::{ConfigArgs, wrong};
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, counted, table, tell};
use crate::venue::{block_on, seed};

/// Stop a run: cancel everything, everywhere, and stay down until `brier resume`
///
/// A file is put into the run's data folder, which halts the run also where it does not answer, and keeps the next one from
/// starting. If the process answers, it is waited for until the venues have said that everything is canceled, and what is
/// left is printed. Exit status 0 means that nothing of this run can fill any more; 1 that something may.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    /// Why, for the log and for whoever resumes
    #[arg(long, default_value = "brier halt", value_name = "TEXT")]
    reason: String,

    /// How long to wait for the process's word, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    wait: u64,

    /// Also cancel every order of the account at the venues from here, with CONFIG's keys: for a process that is stuck or
    /// gone. Orders of other programs on the same account go too
    #[arg(long, requires = "config")]
    cancel_all: bool,
}

/// Which run is meant.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct FolderArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,

    /// The run's data folder, in place of what CONFIG says
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl FolderArgs {
    /// The data folder, which has to be there. Other mistakes of the configuration are no obstacle.
    pub(crate) fn find(&self) -> Result<PathBuf, CliError> {
        let folder = if let Some(folder) = &self.data_dir {
            folder.clone()
        } else {
            let loaded = self.config.load();
            let folder = loaded.data_dir().map(Path::to_owned);
            folder.map_err(|problems| {
                let told = wrong(&problems, self.config.config.as_deref());
                CliError::failure(told.to_string()).hint("name the run's data folder: `--data-dir FOLDER`")
            })?
        };
        if folder.is_dir() {
            return Ok(folder);
        }
        Err(CliError::failure(format!("data folder {}: expected the folder of a run, found none", folder.display()))
            .hint("name the run by its CONFIG or its `--data-dir`"))
    }
}

/// What was done and what is left.
#[derive(Serialize)]
struct Document {
    data_dir: PathBuf,
    reason: String,
    halted_at: String,
    /// The process that has the folder, if its lock file tells.
    pid: Option<u32>,
    /// Whether a process runs, and whether it said what became of its orders.
    process: Process,
    /// Orders that the process canceled.
    canceled: u32,
    /// Orders that may still fill, by the process's word.
    left: Vec<OrderLine>,
    /// What the process's account still owns: halting closes no position.
    positions: Vec<PositionLine>,
    /// What `--cancel-all` did, by venue.
    venues: Vec<VenueDone>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Process {
    None,
    Answered,
    Silent,
}

#[derive(Serialize)]
struct VenueDone {
    venue: String,
    done: bool,
    text: String,
}

/// Halts.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let folder = args.folder.find()?;
    let halt = control::put(&folder, &args.reason).map_err(|error| {
        CliError::failure(format!("{}: {error}", folder.join(HALT_FILE).display()))
            .hint("nothing was halted: make the folder writable, or end the process by its number")
    })?;
    let mut document = Document::new(folder, halt);
    document.ask(&args.reason, Duration::from_secs(args.wait))?;
    let mut asked_venues = Ok(false);
    if args.cancel_all {
        asked_venues = args.folder.config.demand().and_then(|(config, environment)| {
            document.venues = block_on(cancel_all(&config, &environment))?;
            Ok(true)
        });
    }
    // What was done is told first, also where the venues could not be asked.
    output.either(&document, |output| document.print(output))?;
    document.verdict(asked_venues?)
}

impl Document {
    fn new(data_dir: PathBuf, halt: Halt) -> Self {
        Self {
            data_dir,
            reason: halt.reason,
            halted_at: halt.at,
            pid: None,
            process: Process::None,
            canceled: 0,
            left: Vec::new(),
            positions: Vec::new(),
            venues: Vec::new(),
        }
    }

    /// Asks the process, if there is one.
    fn ask(&mut self, reason: &str, patience: Duration) -> Result<(), CliError> {
        let holder = lock::data_holder(&self.data_dir).map_err(|error| CliError::failure(error.to_string()))?;
        self.pid = holder.and_then(|holder| holder.pid);
        if holder.is_some() {
            tell("halted; waiting for the process to say that everything is canceled")?;
        }
        let request = ControlRequest::Halt { reason: reason.to_owned() };
        self.process = match control::ask(&self.data_dir, &request, patience) {
            Ok(ControlAnswer::Halted { canceled, left }) => {
                (self.canceled, self.left) = (canceled, left);
                if let Ok(ControlAnswer::Status(status)) =
                    control::ask(&self.data_dir, &ControlRequest::Status, patience)
                {
                    self.positions = status.positions;
                }
                Process::Answered
            }
            Ok(ControlAnswer::Done { text } | ControlAnswer::Refused { reason: text }) => {
                tell(format_args!("the process says: {text}"))?;
                Process::Silent
            }
            Ok(ControlAnswer::Status(_)) => Process::Silent,
            Err(AskError::Nobody { .. }) if holder.is_none() => Process::None,
            Err(error) => {
                tell(error)?;
                Process::Silent
            }
        };
        Ok(())
    }

    fn print(&self, output: &mut Output) -> Result<(), CliError> {
        output.line(format_args!(
            "halted      {} since {}: {}",
            self.data_dir.display(),
            self.halted_at,
            self.reason
        ))?;
        match self.process {
            Process::Answered => {
                output.line(format_args!("canceled    {}", counted(self.canceled.into(), "order", "orders")))?;
            }
            Process::None => output.line("canceled    nothing: no process runs on this folder")?,
            Process::Silent => output.line("canceled    unknown: the process did not say")?,
        }
        for venue in &self.venues {
            output.line(format_args!("{:<10}  {}", venue.venue, venue.text))?;
        }
        if !self.left.is_empty() {
            let rows = self.left.iter().map(|order| {
                let at = format!("{}:{}", order.venue, order.market);
                [
                    order.order.clone(),
                    at,
                    order.side.clone(),
                    order.price.clone(),
                    order.contracts.clone(),
                    order.state.clone(),
                ]
            });
            output.line(table(["may still fill", "market", "side", "price $>", "contracts>", "state"], rows))?;
        }
        self.print_positions(output)
    }

    /// What is still owned.
    fn print_positions(&self, output: &mut Output) -> Result<(), CliError> {
        if self.positions.is_empty() {
            return Ok(());
        }
        let rows = self.positions.iter().map(|position| {
            let at = format!("{}:{}", position.venue, position.market);
            [at, position.contracts.clone(), position.average_cost.clone()]
        });
        output
            .line(table(["still owned; halting closes no position", "contracts (YES +, NO -)>", "cost $ each>"], rows))
    }

    /// Whether nothing can fill any more, or what to do.
    fn verdict(&self, asked_venues: bool) -> Result<u8, CliError> {
        if asked_venues && self.venues.iter().any(|venue| !venue.done) {
            return Err(CliError::failure("a venue did not confirm that everything is canceled")
                .hint("run the command again, or cancel on the venue's site"));
        }
        let other_way = "`brier halt CONFIG --cancel-all` cancels at the venues from here";
        match self.process {
            Process::Answered if self.left.is_empty() => Ok(EXIT_OK),
            Process::None if asked_venues => Ok(EXIT_OK),
            Process::Silent if asked_venues => {
                let pid = self.pid.map_or_else(|| "the process".to_owned(), |pid| format!("process {pid}"));
                Err(CliError::failure(format!("every order is canceled, and {pid} still runs and does not answer"))
                    .hint("end it, and then run the command again: it may have placed orders since"))
            }
            Process::Answered if asked_venues => Ok(EXIT_FAILURE),
            Process::Answered => {
                let left = counted(self.left.len() as u64, "order", "orders");
                Err(CliError::failure(format!("{left} may still fill"))
                    .hint(format!("the process goes on trying; {other_way}")))
            }
            Process::None => Err(CliError::failure("no process runs on this folder, so nothing was canceled")
                .hint(format!("its next run is refused until `brier resume`; {other_way}"))),
            Process::Silent => {
                let who = self.pid.map_or_else(String::new, |pid| format!(" {pid}"));
                Err(CliError::failure(format!("process{who} did not say that everything is canceled"))
                    .hint(format!("the file {HALT_FILE} halts it as soon as it looks; {other_way}")))
            }
        }
    }
}

/// Takes back every order of the accounts, at every venue that is traded, whatever happens at the others.
async fn cancel_all(config: &Config, environment: &Environment) -> Result<Vec<VenueDone>, CliError> {
    let mut done = Vec::new();
    if let Some(venue) = &config.kalshi {
        done.push(match kalshi(venue, environment) {
            Ok(access) => take_back::kalshi(access, true, seed()).await.into(),
            Err(error) => VenueDone::unasked("kalshi", &error),
        });
    }
    if let Some(venue) = &config.polymarket {
        done.push(match polymarket(venue, environment) {
            Ok(access) => take_back::polymarket(access, &venue.credentials_path, true, seed()).await.into(),
            Err(error) => VenueDone::unasked("polymarket", &error),
        });
    }
    Ok(done)
}

impl From<TakenBack> for VenueDone {
    fn from(taken: TakenBack) -> Self {
        let (venue, done) = (taken.venue.to_string(), taken.said.is_ok());
        let text = taken.said.unwrap_or_else(|problem| format!("not canceled: {problem}"));
        Self { venue, done, text }
    }
}

impl VenueDone {
    fn unasked(venue: &str, error: &PrepareError) -> Self {
        Self { venue: venue.to_owned(), done: false, text: format!("not canceled: {error}") }
    }
}
