//! `brier doctor`: looks one by one at what a run needs, and says what to do where something is amiss.
//!
//! It changes nothing: no order, no credentials, no folder. Two probes leave a trace for a moment: a file whose writing is
//! measured, and reads of the account.

mod disk;
mod journal;
mod venues;

use std::path::Path;

use brier_runtime::config::{Config, Environment, Loaded};
use brier_runtime::{control, lock};
use serde::Serialize;

use super::config::ConfigArgs;
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::Output;
use crate::venue::block_on;

/// Check what a run needs: configuration, keys, clock, venues, disk, journal
///
/// Each line is ok, warn or fail. Exit status 1 if anything fails. Nothing is changed and no order is sent.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,

    /// Leave out what needs the network
    #[arg(long)]
    offline: bool,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line.
#[derive(Debug, Serialize)]
struct Check {
    verdict: Verdict,
    /// What was looked at.
    what: &'static str,
    /// What was found.
    found: String,
    /// What to do.
    next: Option<String>,
}

impl Check {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, what, found: found.into(), next: None }
    }

    fn warn(what: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, what, found: found.into(), next: Some(next.into()) }
    }

    fn fail(what: &'static str, found: impl Into<String>, next: Option<String>) -> Self {
        Self { verdict: Verdict::Fail, what, found: found.into(), next }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    verdict: Verdict,
    checks: &'a [Check],
}

/// Checks.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let loaded = args.config.load();
    let mut checks = configuration(&loaded);
    if let Ok(folder) = loaded.data_dir() {
        checks.extend(disk::checks(folder));
        if !is_a_file(folder) {
            checks.push(halted(folder));
            checks.push(process(folder));
        }
    }
    if let Some(config) = &loaded.config {
        if !is_a_file(&config.run.data_dir) {
            checks.push(journal::check(config));
        }
        checks.push(times(config));
        checks.extend(venues(config, &loaded.environment, args.offline)?);
    }
    let verdict = checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok);
    output.either(&Document { verdict, checks: &checks }, |output| {
        checks.iter().try_for_each(|check| print(check, output))
    })?;
    Ok(if verdict == Verdict::Fail { EXIT_FAILURE } else { EXIT_OK })
}

/// Nothing in it can be looked at then; the first check says so.
fn is_a_file(folder: &Path) -> bool {
    folder.exists() && !folder.is_dir()
}

fn print(check: &Check, output: &mut Output) -> Result<(), CliError> {
    let word = match check.verdict {
        Verdict::Ok => "ok  ",
        Verdict::Warn => "warn",
        Verdict::Fail => "FAIL",
    };
    output.line(format_args!("{word}  {:<20}  {}", check.what, check.found))?;
    check.next.as_ref().map_or(Ok(()), |next| output.line(format_args!("{:28}{next}", "")))
}

fn configuration(loaded: &Loaded) -> Vec<Check> {
    let told = loaded.problems.iter().map(|problem| {
        let bare = brier_runtime::config::Problem { hint: None, ..problem.clone() };
        Check::fail("configuration", bare.to_string(), problem.hint.clone())
    });
    let mut checks: Vec<Check> = told.collect();
    if let Some(config) = &loaded.config {
        let mode = match config.run.mode {
            brier_runtime::config::Mode::Paper => "play money",
            brier_runtime::config::Mode::Live => "REAL MONEY with `brier run --live`",
        };
        let strategies = config.strategies.iter().filter(|it| it.enabled).count() as u64;
        let strategies = crate::output::counted(strategies, "strategy", "strategies");
        checks.push(Check::ok("configuration", format!("run `{}`, {mode}, {strategies}", config.run.name)));
    }
    checks
}

fn halted(folder: &Path) -> Check {
    match control::halted(folder) {
        Ok(None) => Check::ok("kill switch", "up"),
        Ok(Some(halt)) => {
            let found = format!("down since {}: {}", halt.at, halt.reason);
            Check::warn("kill switch", found, "no run starts; lift it with `brier resume`")
        }
        Err(error) => Check::fail("kill switch", error.to_string(), Some("make the data folder readable".to_owned())),
    }
}

fn process(folder: &Path) -> Check {
    match lock::data_holder(folder) {
        Ok(None) => Check::ok("other process", "none on this data folder"),
        Ok(Some(holder)) => {
            let who = holder.pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
            Check::warn(
                "other process",
                format!("{who} runs on this data folder"),
                "no second one starts. Ctrl-C or SIGTERM ends it in peace; `brier halt` only stops its trading",
            )
        }
        Err(error) => Check::fail("other process", error.to_string(), Some("make the data folder readable".to_owned())),
    }
}

/// Times are UTC everywhere, so the machine's zone does not matter; its clock does.
fn times(config: &Config) -> Check {
    let begins = config.risk.day_starts_at.as_secs();
    let found = format!(
        "all times are UTC; the day of the loss limits begins at {:02}:{:02} UTC",
        begins / 3_600,
        begins / 60 % 60
    );
    let kept = [
        "/run/systemd/timesync/synchronized",
        "/run/chrony/chronyd.pid",
        "/run/chronyd.pid",
        "/run/ntpd.pid",
        "/var/run/ntpd.pid",
    ];
    if cfg!(target_os = "linux") && !kept.iter().any(|path| Path::new(path).exists()) {
        let next = "no time service was found; the clock is compared with the venues below. Install chrony, or enable systemd-timesyncd";
        return Check::warn("time", found, next);
    }
    Check::ok("time", found)
}

/// Whether feeds have their keys, and the settlement table can be read; nobody is asked.
fn feeds(config: &Config, environment: &Environment) -> Check {
    if let Some(unfed) = brier_runtime::config::unfed(config).into_iter().next()
        && config.remote.is_none()
    {
        return Check::warn(
            "feeds",
            unfed.to_string(),
            "add a `[[feed]]` with this `series`, or `[remote]` for a program that tells it",
        );
    }
    match brier_runtime::live::check_feeds(&config.feeds, environment) {
        Ok(count) => Check::ok(
            "feeds",
            format!("settlement table read, {count} feeds have what they need; `brier feeds check` asks the vendors"),
        ),
        Err(error) => Check::fail("feeds", error.to_string(), Some("correct `[feeds]` and its `[[feed]]`".to_owned())),
    }
}

/// Whether analysts have their keys and budgets; nobody is asked.
fn analysts(config: &Config, environment: &Environment) -> Check {
    const WHAT: &str = "analysts";
    match brier_runtime::analysts::check(&config.analysts, environment) {
        Ok((count, keyless)) if keyless.is_empty() => {
            Check::ok(WHAT, format!("{count} have what they need; `brier analyst ask` asks them"))
        }
        Ok((_, keyless)) => {
            let found = format!("no key for {}: without one there is no opinion", keyless.join(", "));
            Check::warn(WHAT, found, "name it in `[analyst.parameters]`: key = \"env:NAME\"")
        }
        Err(error) => Check::fail(WHAT, error.to_string(), Some("correct the `[[analyst]]` that is named".to_owned())),
    }
}

/// Whether remote strategies could knock.
fn door(listen: std::net::SocketAddr) -> Check {
    const WHAT: &str = "remote strategies";
    match std::net::TcpListener::bind(listen) {
        Ok(_free) => Check::ok(WHAT, format!("token found, will listen on {listen}")),
        Err(error) => {
            let next = "stop what listens there, this run itself perhaps, or set another `remote.listen`";
            Check::warn(WHAT, format!("{listen}: {error}"), next)
        }
    }
}

fn venues(config: &Config, environment: &Environment, offline: bool) -> Result<Vec<Check>, CliError> {
    let prefix = std::fs::read_to_string(config.run.data_dir.join("order-prefix")).ok();
    let prefix = prefix.as_deref().map(str::trim).filter(|prefix| !prefix.is_empty());
    block_on(async {
        let mut checks = Vec::new();
        if let Some(venue) = &config.kalshi {
            checks.extend(venues::kalshi(venue, environment, prefix, offline).await);
        }
        if let Some(venue) = &config.polymarket {
            checks.extend(venues::polymarket(venue, environment, offline).await);
        }
        if config.embeds() {
            checks.push(venues::catalog(config));
        }
        checks.push(feeds(config, environment));
        if !config.analysts.is_empty() {
            checks.push(analysts(config, environment));
        }
        if let Some(remote) = &config.remote {
            checks.push(match remote.token.read(environment) {
                Ok(_) => door(remote.listen),
                Err(error) => Check::fail("remote strategies", error.to_string(), None),
            });
        }
        Ok(checks)
    })
}
