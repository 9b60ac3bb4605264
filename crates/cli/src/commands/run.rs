//! `brier run`: trade with a configuration, on paper unless asked twice.

use brier_runtime::run::{PrepareError, prepare};

use super::config::ConfigArgs;
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, counted};

/// Run strategies: play money unless both CONFIG and `--live` ask for real money
///
/// Ctrl-C and SIGTERM end it in peace: it stops quoting, takes back what rests, and waits for the venues' word. `brier halt`
/// stops it from any terminal and keeps it down. See docs/configuration.md for every key of CONFIG.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,

    /// Trade real money; CONFIG has to say `run.mode = "live"` as well
    #[arg(long)]
    live: bool,
}

/// Runs to the end.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let (config, environment) = args.config.demand()?;
    let prepared = prepare(config, environment, args.live).map_err(|error| unprepared(&error))?;
    brier_runtime::logging::start(&prepared.config.log).map_err(|error| CliError::failure(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| CliError::failure(format!("the runtime does not start: {error}")))?;
    let ended = runtime.block_on(brier_runtime::run::run(prepared));
    let ended = ended.map_err(|error| CliError::failure(error.to_string()))?;
    let left = counted(ended.left.into(), "order", "orders");
    let document = serde_json::json!({ "reason": ended.reason, "orders_left": ended.left });
    output.either(&document, |output| output.line(format_args!("ended  {}; {left} may still fill", ended.reason)))?;
    Ok(if ended.left == 0 { EXIT_OK } else { EXIT_FAILURE })
}

/// Why a run does not start, with what to do.
pub(crate) fn unprepared(error: &PrepareError) -> CliError {
    let told = CliError::failure(error.to_string());
    match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}
