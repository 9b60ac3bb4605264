//! `brier arb watch`: the same as `brier arb scan` again and again, and an alert when a set appears.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_runtime::scan::Watcher;
use brier_types::Money;
use serde::Serialize;

use super::scan::{Document, LookArgs, SetLine, TITLES, embedded, failed, shown};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table, tell};
use crate::venue::block_on;

/// Look again and again, and tell when a set appears that gains at least so much
///
/// Books are read anew every few seconds by the venues' public reads. A set that appears is told once, and again only after it was
/// gone; alerts go to the log of CONFIG, as those of a run do, and to standard output. Ctrl-C ends it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    looked: LookArgs,

    /// Seconds between two looks
    #[arg(long, default_value_t = 5.0, value_name = "SECONDS", value_parser = seconds)]
    every: f64,

    /// Tell of sets whose worst profit is at least this
    #[arg(long, default_value = "1", value_name = "DOLLARS", value_parser = dollars)]
    alert: Money,

    /// Look so many times and end [default: until Ctrl-C]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    looks: Option<u64>,
}

fn seconds(text: &str) -> Result<f64, String> {
    let every: f64 = text.parse().map_err(|_| format!("expected seconds, found `{text}`"))?;
    if (0.1..=86_400.0).contains(&every) { Ok(every) } else { Err("expected 0.1 to 86400 seconds".to_owned()) }
}

fn dollars(text: &str) -> Result<Money, String> {
    let amount: Money = text.parse().map_err(|_| format!("expected dollars such as 1.50, found `{text}`"))?;
    if amount >= Money::ZERO { Ok(amount) } else { Err(format!("expected no less than nothing, found `{text}`")) }
}

/// What is told as it happens: a line of JSON each.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    /// A set gains at least the threshold now, and did not before.
    Appeared {
        at: String,
        #[serde(flatten)]
        set: &'a SetLine,
    },
    /// It does no more.
    Gone { at: String, set: &'a str, shape: &'a str },
    /// A venue could not be read: nothing is known to stand until it can.
    Unread { at: String, why: String },
}

/// Sets that stand above a threshold, each told once.
#[derive(Default)]
struct Told {
    standing: BTreeMap<String, SetLine>,
}

/// What a set is known by from one look to the next.
fn key(it: &SetLine) -> String {
    format!("{} {}", it.shape, it.markets.join(" "))
}

impl Told {
    /// What appeared and what is gone since the last look.
    fn take(&mut self, found: &[SetLine], least: Money) -> (Vec<SetLine>, Vec<SetLine>) {
        let now: BTreeMap<String, SetLine> =
            found.iter().filter(|it| it.profit >= least).map(|it| (key(it), it.clone())).collect();
        let appeared = now.iter().filter(|(key, _)| !self.standing.contains_key(*key)).map(|(_, it)| it.clone());
        let appeared: Vec<SetLine> = appeared.collect();
        let gone = self.standing.iter().filter(|(key, _)| !now.contains_key(*key)).map(|(_, it)| it.clone()).collect();
        self.standing = now;
        (appeared, gone)
    }
}

/// Watches.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let (config, _environment) = args.looked.config.demand()?;
    brier_runtime::logging::start(&config.log).map_err(|error| CliError::failure(error.to_string()))?;
    let (embedded, settings) = (embedded(&config)?, args.looked.settings()?);
    block_on(async {
        let opened = Box::pin(Watcher::open(&config, embedded, settings)).await;
        watch(args, opened.map_err(|error| failed(&error))?, output).await
    })?;
    Ok(EXIT_OK)
}

async fn watch(args: &Args, mut watcher: Watcher, output: &mut Output) -> Result<(), CliError> {
    let mut told = Told::default();
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(args.every));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let (mut looks, mut away) = (0, false);
    loop {
        let look = async {
            ticks.tick().await;
            watcher.look().await
        };
        let read = tokio::select! {
            read = look => read,
            ended = &mut interrupted => return ended.map_err(CliError::from),
        };
        looks += 1;
        let document = Document::of(&watcher, &args.looked);
        let at = watcher.at().to_string();
        if looks == 1 && !output.json() {
            output.line(shown(&document))?;
            document.tell()?;
        }
        if let Err(error) = &read {
            // A venue that is away for a moment is no reason to stop watching; one that never answered is.
            if looks == 1 {
                return Err(failed(error));
            }
            if !away {
                tracing::warn!(%error, "nothing could be read");
                say(output, &Event::Unread { at: at.clone(), why: error.to_string() }, &[])?;
            }
        }
        away = read.is_err();
        let (appeared, gone) = told.take(&document.riskless, args.alert);
        for it in &gone {
            tracing::info!(alert = "arbitrage", set = it.set, shape = it.shape, "gone");
            say(output, &Event::Gone { at: at.clone(), set: &it.set, shape: it.shape }, &[])?;
        }
        for it in &appeared {
            tracing::warn!(
                alert = "arbitrage",
                set = it.set,
                shape = it.shape,
                worst_profit_dollars = it.worst_profit_dollars,
                annual_return = it.annual(),
                "appeared"
            );
            say(output, &Event::Appeared { at: at.clone(), set: it }, std::slice::from_ref(it))?;
        }
        output.flush()?;
        if args.looks.is_some_and(|most| looks >= most) {
            return tell(counted(looks, "look", "looks"));
        }
    }
}

fn say(output: &mut Output, event: &Event<'_>, sets: &[SetLine]) -> Result<(), CliError> {
    output.either(event, |output| match event {
        Event::Appeared { at, .. } => {
            output.line(format_args!("\n{at}  appeared"))?;
            output.line(table(TITLES, sets.iter().map(SetLine::row)))
        }
        Event::Gone { at, set, shape } => output.line(format_args!("{at}  gone: {set} ({shape})")),
        Event::Unread { at, why } => output.line(format_args!("{at}  not read: {why}")),
    })
}
