//! `brier run`: trade with a configuration, on paper unless asked twice.

use brier_runtime::live::{Failed, Started};
use brier_runtime::run::{PrepareError, prepare};
use serde::Serialize;

use super::config::ConfigArgs;
use super::exchange;
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, counted, tell};

/// Run strategies: play money unless both CONFIG and `--live` ask for real money
///
/// Ctrl-C and SIGTERM end it in peace: it stops quoting, takes back what rests, and waits for the venues' word; a second one
/// waits no longer. `brier halt` stops it from any terminal and keeps it down. See docs/configuration.md for every key of
/// CONFIG.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,

    /// Trade real money; CONFIG has to say `run.mode = "live"` as well
    #[arg(long)]
    live: bool,
}

/// What is said when it trades.
#[derive(Serialize)]
struct Document<'a> {
    run: u32,
    replayed: u64,
    markets: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    halted: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kalshi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    polymarket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<String>,
}

/// Runs to the end.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let (config, environment) = args.config.demand()?;
    let prepared = prepare(config, environment, args.live).map_err(|error| unprepared(&error))?;
    brier_runtime::logging::start(&prepared.config.log).map_err(|error| CliError::failure(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::failure(format!("the runtime does not start: {error}")))?;
    let exchange_dir = prepared.config.paper.data_dir.clone();
    let mut told = Ok(());
    let ended = runtime.block_on(brier_runtime::live::run(prepared, |started| {
        told = announce(started, &exchange_dir, output);
    }));
    drop(std::fs::remove_file(crate::venue::ready_file(&exchange_dir)));
    let ended = ended.map_err(|error| failed(&error))?;
    told?;
    let left = counted(ended.left.into(), "order", "orders");
    let document = serde_json::json!({ "reason": ended.reason, "orders_left": ended.left });
    output.either(&document, |output| output.line(format_args!("ended  {}; {left} may still fill", ended.reason)))?;
    Ok(if ended.left == 0 { EXIT_OK } else { EXIT_FAILURE })
}

/// Says that it trades, and where the embedded exchange can be reached.
fn announce(started: &Started<'_>, exchange_dir: &std::path::Path, output: &mut Output) -> Result<(), CliError> {
    let ready = match started.exchange {
        Some(server) => Some(exchange::write_ready(exchange_dir, server)?),
        None => None,
    };
    let document = Document {
        run: started.run,
        replayed: started.replayed,
        markets: started.markets,
        halted: started.halted.as_deref(),
        kalshi: started.exchange.map(brier_exchange::RunningServer::rest_url),
        polymarket: started.exchange.and_then(|it| it.polymarket()).map(|it| it.clob.clone()),
        ready_file: ready.map(|path| path.display().to_string()),
        remote: started.remote.map(|addr| format!("ws://{addr}")),
    };
    if output.json() {
        output.document(&document)?;
        return output.flush();
    }
    let markets = counted(document.markets as u64, "market", "markets");
    tell(format_args!("run {} trades {markets}; {} inputs of the last run replayed", document.run, document.replayed))?;
    if let Some(halted) = document.halted {
        tell(format_args!("halted  {halted}; lift it with `brier resume`"))?;
    }
    if let (Some(kalshi), Some(polymarket)) = (&document.kalshi, &document.polymarket) {
        tell(format_args!("paper exchange  {kalshi} and {polymarket}"))?;
    }
    if let Some(ready) = &document.ready_file {
        tell(format_args!("trade against it  brier order … --ready-file {ready}"))?;
    }
    if let Some(remote) = &document.remote {
        tell(format_args!("remote strategies  {remote}"))?;
    }
    Ok(())
}

/// Why a run ended otherwise than in peace, with what to do.
fn failed(error: &Failed) -> CliError {
    let told = CliError::failure(error.to_string());
    match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

/// Why a run does not start, with what to do.
pub(crate) fn unprepared(error: &PrepareError) -> CliError {
    let told = CliError::failure(error.to_string());
    match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}
