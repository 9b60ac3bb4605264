//! `brier score`: how good models and the market's own prices have been on recorded, settled markets.

use std::path::PathBuf;

use brier_backtest::history::{self, Set};
use brier_backtest::plot;
use brier_backtest::score::{self, Comparison, Report};
use brier_runtime::standing::{self, Line};
use serde::Serialize;

use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table, tell};

/// Score models and the market's mid on recorded markets that have settled
///
/// Reads the sets of DATA that it knows, and takes each market at fixed times before its close. Where nothing was recorded
/// that a model could have known then, only the market is scored. Lower scores are better; intervals are at 95 % and
/// resample whole events. No model beats the market on fewer than 100 markets of 20 events here, whatever its score.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder that holds the recorded sets, each a folder
    #[arg(value_name = "DATA")]
    data: PathBuf,

    /// Write reliability curves there, one SVG a set
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,

    /// Write records of scored markets there, one file a set, as `record` of a strategy takes them
    #[arg(long, value_name = "FOLDER")]
    records: Option<PathBuf>,

    /// Where the resampling starts
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    seed: u64,
}

#[derive(Serialize)]
struct Document {
    sets: Vec<Report>,
    plots: Vec<PathBuf>,
    records: Vec<PathBuf>,
}

/// Scores.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let failed = |error: &anyhow::Error| CliError::failure(format!("{error:#}"));
    let sets = history::sets(&args.data).map_err(|error| failed(&error))?;
    if sets.is_empty() {
        return Err(CliError::failure(format!("{}: expected recorded sets, found none", args.data.display()))
            .hint("name the folder that holds kalshi_ws_btc15m, kalshi_weather and so on"));
    }
    let mut document = Document { sets: Vec::new(), plots: Vec::new(), records: Vec::new() };
    for set in &sets {
        tell(format_args!("{}: {}", set.name, counted(set.quotes.len() as u64, "quote", "quotes")))?;
        document.sets.push(score::report(set, args.seed));
        if let Some(folder) = &args.records {
            document.records.extend(recorded(set, folder)?);
        }
        if let Some(folder) = &args.plots {
            document.plots.extend(plotted(set, folder)?);
        }
    }
    output.either(&document, |output| {
        for report in &document.sets {
            output.line(shown(report))?;
        }
        document.records.iter().try_for_each(|path| output.line(format_args!("record  {}", path.display())))?;
        document.plots.iter().try_for_each(|path| output.line(format_args!("curve  {}", path.display())))
    })?;
    Ok(EXIT_OK)
}

fn recorded(set: &Set, folder: &std::path::Path) -> Result<Option<PathBuf>, CliError> {
    let quotes = score::contested(set);
    let Some(kind) = set.kind.filter(|_| !quotes.is_empty()) else { return Ok(None) };
    let path = standing::path_in(folder, set.name);
    let mut text = Vec::new();
    let written = quotes.iter().try_for_each(|quote| {
        let model = quote.model.map_or(quote.mid.get(), brier_types::Prob::get);
        let (event, market, happened) = (quote.event.clone(), quote.mid.get(), quote.yes);
        let (kind, series) = (kind.to_owned(), series_of(&quote.market));
        standing::write_line(
            &mut text,
            &Line { kind, series, ticker: quote.market.clone(), event, model, market, happened },
        )
    });
    let written = written.and_then(|()| std::fs::create_dir_all(folder)).and_then(|()| std::fs::write(&path, &text));
    written.map_err(|error| CliError::failure(format!("{}: {error}", path.display())))?;
    Ok(Some(path))
}

/// Kalshi's series.
fn series_of(market: &str) -> String {
    market.split('-').next().unwrap_or_default().to_owned()
}

fn plotted(set: &Set, folder: &std::path::Path) -> Result<Option<PathBuf>, CliError> {
    let Some(svg) = plot::reliability(set).map_err(|error| CliError::failure(format!("{error:#}")))? else {
        return Ok(None);
    };
    let path = folder.join(format!("{}.svg", set.name));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, svg));
    written.map_err(|error| CliError::failure(format!("{}: {error}", path.display())))?;
    Ok(Some(path))
}

fn shown(report: &Report) -> String {
    let model = match (report.model, report.not_scorable) {
        (Some(model), _) => format!("model: {model}"),
        (None, why) => format!("not scorable: {}; the market alone", why.unwrap_or_default()),
    };
    let head = format!("\n{}: {}\n{model}\n", report.set, report.what);
    if report.rows.is_empty() {
        return format!("{head}no quote of a settled market");
    }
    let titles = [
        "before close>",
        "n>",
        "events>",
        "market Brier>",
        "log>",
        "ECE>",
        "Z>",
        "model Brier>",
        "log>",
        "ECE>",
        "n>",
        "Brier difference>",
        "log difference>",
    ];
    let rows = table(
        titles,
        report.rows.iter().map(|row| {
            let (market, with) = (&row.market, row.comparison.as_ref());
            let of = |text: fn(&Comparison) -> String| with.map_or_else(|| "-".to_owned(), text);
            [
                time(row.seconds_before_close),
                row.quotes.to_string(),
                row.events.to_string(),
                format!("{:.4}", market.brier),
                format!("{:.4}", market.log_score),
                format!("{:.3}", market.calibration_error),
                market.spiegelhalter_z.map_or_else(|| "-".to_owned(), |z| format!("{z:.1}")),
                of(|it| format!("{:.4}", it.model.brier)),
                of(|it| format!("{:.4}", it.model.log_score)),
                of(|it| format!("{:.3}", it.model.calibration_error)),
                of(|it| it.quotes.to_string()),
                of(|it| difference(it.brier_difference, it.brier_interval)),
                of(|it| difference(it.log_difference, it.log_interval)),
            ]
        }),
    );
    let standing = report.standing.as_ref().map_or_else(String::new, |standing| format!("\nstanding: {standing}"));
    format!("{head}{rows}{standing}")
}

/// Model less market, with where it lies.
fn difference(value: f64, interval: Option<(f64, f64)>) -> String {
    match interval {
        Some((low, high)) => format!("{value:+.4} [{low:+.4}, {high:+.4}]"),
        None => format!("{value:+.4} (too few events)"),
    }
}

fn time(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} d", seconds / 86_400),
    }
}
