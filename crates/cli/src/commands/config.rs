//! `brier config`: what a run would use and who said so, and everything that is wrong with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use brier_feeds::vendor::Vendor;
use brier_runtime::config::{
    Config, Environment, FeedConfig, Loaded, Mode, Origin, Problem, Problems, Setting, Sources, as_file, load,
};
use brier_runtime::standing;
use brier_types::Venue;
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
    /// What is not wrong as it is written, and keeps a run from starting.
    blockers: Vec<String>,
    /// What may keep it from trading.
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
    let blockers = loaded.config.as_ref().map_or_else(Vec::new, blockers);
    let is_ok = problems.is_empty() && blockers.is_empty();
    let document = CheckDocument {
        ok: is_ok,
        blockers,
        problems: problems.iter().map(ShownProblem::new).collect(),
        notes: loaded.config.as_ref().map_or_else(Vec::new, notes),
    };
    output.either(&document, |output| {
        for problem in &problems {
            output.line(problem)?;
        }
        document.blockers.iter().try_for_each(|it| output.line(format_args!("a run would not start: {it}")))?;
        document.notes.iter().try_for_each(|note| output.line(format_args!("note: {note}")))?;
        match problems.len() {
            0 if is_ok => output.line("ok"),
            0 => Ok(()),
            count => output.line(format_args!("\n{}", counted(count as u64, "problem", "problems"))),
        }
    })?;
    Ok(if is_ok { EXIT_OK } else { EXIT_FAILURE })
}

/// What is known of feeds without asking anybody.
fn notes(config: &Config) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    if config.remote.is_none() {
        notes.extend(brier_runtime::config::unfed(config).iter().map(ToString::to_string));
    }
    let nws = |feed: &&FeedConfig| feed.spec.vendor == Vendor::Nws;
    if config.feeds.contact.is_none() && config.feeds.list.iter().any(|feed| nws(&feed)) {
        notes.push(
            "`feeds.contact` is unset, and the National Weather Service wants to know whom to write to".to_owned(),
        );
    }
    notes.extend(not_in_catalog(config));
    notes
}

/// Markets of the exchange inside the run that its catalog does not list.
fn not_in_catalog(config: &Config) -> Vec<String> {
    let embedded = config.kalshi.as_ref().is_some_and(|venue| venue.at.is_none());
    let Some(path) = config.paper.catalog.as_ref().filter(|_| embedded) else { return Vec::new() };
    let catalog = std::fs::read(path).ok().and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok());
    let Some(catalog) = catalog else { return Vec::new() };
    let none = Vec::new();
    let listed = catalog["markets"].as_array().unwrap_or(&none);
    let strategies = config.strategies.iter().filter(|it| it.enabled).flat_map(|it| &it.markets);
    let analysts = config.analysts.iter().filter(|it| it.enabled).flat_map(|it| &it.markets);
    let named: BTreeSet<(Venue, &str)> = strategies.chain(analysts).map(|it| (it.venue, it.market.as_str())).collect();
    let nested = catalog["events"].as_array().into_iter().flatten().filter_map(|it| it["markets"].as_array()).flatten();
    let tickers: BTreeSet<&str> = listed.iter().chain(nested).filter_map(|it| it["ticker"].as_str()).collect();
    let conditions = conditions(&catalog["polymarket"]);
    let is_missing = |&(venue, market): &(Venue, &str)| match venue {
        Venue::Kalshi => !tickers.contains(market),
        Venue::Polymarket => conditions.as_ref().is_some_and(|known| !known.contains(market)),
    };
    let missing = named.into_iter().filter(is_missing);
    missing.map(|(_, market)| format!("{market} is not in `paper.catalog` ({}): a run stops at its start unless its exchange lists it already", path.display())).collect()
}

/// The condition ids of the Polymarket markets of a catalog; none where one of them gets its id from the exchange.
fn conditions(catalog: &serde_json::Value) -> Option<BTreeSet<&str>> {
    fn list(value: &serde_json::Value) -> &[serde_json::Value] {
        value.as_array().map_or(&[], Vec::as_slice)
    }
    let within = list(&catalog["events"]).iter().flat_map(|event| list(&event["markets"]));
    let mut known = BTreeSet::new();
    for market in list(&catalog["markets"]).iter().chain(within) {
        let raw = &market["raw"];
        let id = [market, raw].into_iter().find_map(|it| it["conditionId"].as_str().or(it["condition_id"].as_str()));
        known.insert(id?);
    }
    Some(known)
}

/// What the files and keys that it names keep from starting, without asking anybody.
fn blockers(config: &Config) -> Vec<String> {
    let feeds = brier_runtime::live::check_feeds(&config.feeds, &Environment::of_process());
    let mut blockers: Vec<String> = feeds.err().map(|error| error.to_string()).into_iter().collect();
    if let Some(catalog) = config.paper.catalog.as_ref().filter(|path| !path.is_file()) {
        blockers.push(format!("paper.catalog: {}: there is no such file", catalog.display()));
    }
    if config.run.mode == Mode::Live {
        let strategies = config.strategies.iter().filter(|it| it.enabled).map(standing::check);
        let analysts = config.analysts.iter().filter(|it| it.enabled).map(standing::check_analyst);
        let records = strategies.chain(analysts).chain([standing::check_told(config)]);
        blockers.extend(records.filter_map(Result::err).map(|error| error.to_string()));
    }
    blockers
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
