//! `brier feeds`: data from outside the venues, and an emulator of who gives it.

use std::net::SocketAddr;

use brier_feeds::check::{self, FeedReport};
use brier_feeds::client::{Client, ClientOptions};
use brier_feeds::emulator::{self, Handle, Script};
use brier_feeds::secret::{Keys, Secret};
use brier_feeds::vendor::{KeyNeed, Vendor};
use serde::Serialize;

use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, table, tell};
use crate::venue::block_on;

/// Ask who gives data from outside, or stand in for them
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(CheckArgs),
    Emulate(EmulateArgs),
}

/// Ask every vendor one small question: what is reachable, how old its data is, how far from its quota
///
/// Keys come from the environment: `BRIER_KEY_FRED` for `fred`, and so on. Exit status 1 unless every vendor asked is good.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Ask these only; all unless named
    #[arg(value_name = "VENDOR")]
    vendors: Vec<String>,

    /// Ask the emulator at this address instead of the vendors
    #[arg(long, value_name = "URL")]
    emulator: Option<String>,

    /// Whom a vendor can write to about our requests; the National Weather Service wants one
    #[arg(long, value_name = "EMAIL")]
    contact: Option<String>,
}

/// Play all vendors on this machine, by path: `http://ADDRESS/VENDOR/…`
///
/// The days are generated from the seed. Faults on demand: `curl -X POST 'http://ADDRESS/admin/fault?vendor=fred&fault=quota'`;
/// `http://ADDRESS/admin/script` shows them.
#[derive(Debug, clap::Args)]
struct EmulateArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8790", value_name = "ADDRESS")]
    listen: SocketAddr,

    /// Where the days begin
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
}

#[derive(Serialize)]
struct Document {
    feeds: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    vendor: &'static str,
    state: &'static str,
    /// What it said, or why it said nothing.
    said: String,
    age_seconds: Option<f64>,
    max_age_seconds: f64,
    quota_left: Option<String>,
    milliseconds: u128,
    licence: Option<&'static str>,
}

impl From<&FeedReport> for Line {
    fn from(report: &FeedReport) -> Self {
        let counted = report.left.map(|(allowance, left)| {
            format!("{left} of {} in {} s by our count", allowance.requests, allowance.per.as_secs())
        });
        Self {
            vendor: report.vendor.name(),
            state: report.word(),
            said: match &report.outcome {
                Ok(seen) => seen.what.clone(),
                Err(error) if report.word() == "not set up" && report.vendor.key_need() == KeyNeed::Required => {
                    format!("{error}; here, `{}`", variable(report.vendor))
                }
                Err(error) => error.to_string(),
            },
            age_seconds: report.age.map(|age| age.as_secs_f64()),
            max_age_seconds: report.max_age.as_secs_f64(),
            quota_left: report.quota.left.map(|left| format!("{left} by its word")).or(counted),
            milliseconds: report.took.as_millis(),
            licence: report.licence,
        }
    }
}

/// Asks or plays.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::Check(args) => check(args, output),
        Command::Emulate(args) => emulate(args),
    }
}

fn keys(emulated: bool) -> Keys {
    let mut keys = Keys::default();
    for vendor in Vendor::ALL {
        if emulated {
            // The emulator takes any key, and no real one shall go there.
            keys.insert(vendor, Secret::new("emulated:emulated".to_owned().into()));
        } else if let Ok(key) = std::env::var(variable(vendor)) {
            keys.insert(vendor, Secret::new(key.into()));
        }
    }
    keys
}

/// Where a vendor's key is looked for.
fn variable(vendor: Vendor) -> String {
    format!("BRIER_KEY_{}", vendor.name().to_uppercase().replace('-', "_"))
}

fn check(args: &CheckArgs, output: &mut Output) -> Result<u8, CliError> {
    let named: Result<Vec<Vendor>, _> = args.vendors.iter().map(|name| name.parse::<Vendor>()).collect();
    let mut vendors = named.map_err(|error| CliError::usage(error.to_string()))?;
    if vendors.is_empty() {
        vendors.extend(Vendor::ALL);
    }
    let emulated = args.emulator.is_some();
    let contact = args.contact.clone().or_else(|| emulated.then(|| "nobody@example.invalid".to_owned()));
    let mut options = ClientOptions { keys: keys(emulated), contact, attempts: 1, ..ClientOptions::default() };
    if let Some(origin) = &args.emulator {
        options = options.emulated(origin);
    }
    let client = Client::new(options).map_err(|error| CliError::failure(error.to_string()))?;
    let reports = block_on(async { Ok(check::run(&client, &vendors).await) })?;
    let document = Document { feeds: reports.iter().map(Line::from).collect() };
    output.either(&document, |output| {
        let titles = ["vendor", "state", "age s>", "at most s>", "quota left", "ms>", "said"];
        let rows = document.feeds.iter().map(|line| {
            [
                line.vendor.to_owned(),
                line.state.to_owned(),
                line.age_seconds.map_or_else(|| "-".to_owned(), |age| format!("{age:.1}")),
                format!("{:.0}", line.max_age_seconds),
                line.quota_left.clone().unwrap_or_else(|| "-".to_owned()),
                line.milliseconds.to_string(),
                line.said.clone(),
            ]
        });
        output.line(table(titles, rows))
    })?;
    Ok(if reports.iter().all(FeedReport::is_good) { EXIT_OK } else { EXIT_FAILURE })
}

fn emulate(args: &EmulateArgs) -> Result<u8, CliError> {
    let (listen, seed) = (args.listen, args.seed);
    block_on(async move {
        let failed = |error: std::io::Error| {
            CliError::failure(format!("{listen}: {error}")).hint("choose another address with `--listen`")
        };
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        tell(format_args!("all vendors at http://{address}/VENDOR/…; Ctrl-C ends it"))?;
        tokio::select! {
            ended = emulator::serve(listener, Handle::new(Script::new(seed))) => ended.map_err(failed)?,
            signal = tokio::signal::ctrl_c() => signal.map_err(failed)?,
        }
        Ok(EXIT_OK)
    })
}
