//! `brier pairs export`: what may be traded, for strategies and other programs.

use std::path::PathBuf;

use brier_pairing::export::{self, Exported};
use brier_pairing::{Judged, Said, Standing, standing};
use serde::Serialize;
use serde_json::{Map, Value};

use super::file::{DecisionsArgs, TailsArgs, write_whole};
use super::list::{Filter, Search, StandingWord};
use super::sources::Sources;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, tell};

/// Write the riskless pairs and the decided ones as JSON lines
///
/// A head with format and version comes first. A line has both listings with the hash of their texts, how their payoffs
/// hang together, which side of the second's book pays with the first's YES, what that rests on, its tails, and what a
/// person decided. Only `"standing":"riskless"` may be traded, and only while the venues' texts have these hashes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also every other pair that passes: conditional ones, with what is missing
    #[arg(long)]
    all: bool,

    /// Write to this file, whole or not at all, instead of to stdout
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    decisions: DecisionsArgs,

    #[command(flatten)]
    tails: TailsArgs,
}

#[derive(Serialize)]
struct Document {
    pairs: Vec<Value>,
}

/// Exports.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let decisions = args.decisions.load_named()?;
    let listings = args.sources.all()?;
    let accepted = args.tails.accepted();
    let filter = if args.all { Filter::default() } else { Filter::standings(&[StandingWord::Riskless]) };
    let search = Search::new(&listings, &[], &filter, &decisions, &accepted);
    let mut judged: Vec<Judged<'_>> = search.found.iter().filter_map(|found| search.judged(found)).collect();
    // What people decided is exported whether or not the search would have found it.
    for decision in decisions.iter() {
        let sides = (listings.named(decision.pair.first()), listings.named(decision.pair.second()));
        if let (Some(first), Some(second)) = sides {
            judged.extend(Judged::new(first, second));
        } else {
            tracing::warn!(pair = %decision.pair, "a decided pair is not among the listings and is left out");
        }
    }
    judged.sort_by(|one, two| one.name.cmp(&two.name));
    judged.dedup_by(|later, earlier| later.name == earlier.name);
    let pairs: Vec<Exported> = judged
        .iter()
        .map(|judged| {
            let said = decisions.said(judged);
            Exported::of(judged, &said, &standing(judged, &said, &accepted))
        })
        .collect();
    let text = export::print(&pairs);
    let count = counted(pairs.len() as u64, "pair", "pairs");
    if let Some(path) = &args.to {
        write_whole(path, &text).map_err(|error| {
            CliError::failure(format!("{}: {error}", path.display())).hint("name a file in a folder that exists")
        })?;
        tell(format_args!("{count} written to {}", path.display()))?;
    }
    if output.json() {
        let pairs = pairs.iter().map(|pair| Ok(serde_json::from_str(&pair.to_string())?));
        output.document(&Document { pairs: pairs.collect::<Result<_, CliError>>()? })?;
    } else if args.to.is_none() {
        output.line(text.trim_end())?;
        tell(count)?;
    }
    Ok(EXIT_OK)
}

/// A pair as the export has it, with the verdict and whatever a person said that no longer applies.
pub(super) fn document(
    judged: &Judged<'_>,
    said: &Said<'_>,
    stands: &Standing,
) -> Result<Map<String, Value>, CliError> {
    let mut document: Map<String, Value> = serde_json::from_str(&Exported::of(judged, said, stands).to_string())?;
    document.insert("verdict".to_owned(), judged.verdict.name().into());
    let stale = match said {
        Said::Stale { decision, changes } => serde_json::json!({
            "decision": super::choice_word(decision),
            "by": decision.note.by,
            "at": decision.note.at.to_string(),
            "why": decision.note.why,
            "changes": changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }),
        Said::Nothing | Said::Applies(_) => Value::Null,
    };
    document.insert("stale".to_owned(), stale);
    Ok(document)
}
