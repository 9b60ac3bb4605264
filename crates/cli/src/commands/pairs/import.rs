//! `brier pairs import`: other people's lists of pairs, read as nominations and proved again.

use std::collections::BTreeMap;
use std::path::PathBuf;

use brier_pairing::nominate::{self, Answer, Nomination};
use brier_pairing::standing::Name;
use brier_pairing::{Verdict, read, verdict};
use brier_store::Lines;
use serde::Serialize;

use super::headline;
use super::sources::{Listings, Sources};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted};

/// Hold another program's list of pairs against the texts
///
/// A list is nominations and nothing more: every pair is judged anew, and how far the texts agree with its author is
/// told. Nothing is written; decide about what is worth it with `confirm`. Texts are those of the named recordings or
/// venues where they have the market, else the list's own, which nobody vouches for.
///
/// One JSON object a line, plain or zstd: `kalshi` and `polymarket` as objects with a `label`; or `kalshi_ticker`,
/// `kalshi_title`, `polymarket_id`, `polymarket_question` with `label` or `in_matching_set`; or `kalshi_event`,
/// `polymarket_event_id` and their titles with `same_question`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The list
    file: PathBuf,

    /// Show at most so many pairs of each answer
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,

    #[command(flatten)]
    sources: Sources,
}

#[derive(Serialize)]
struct Document {
    nominations: usize,
    answers: BTreeMap<&'static str, usize>,
    /// By the author's claim, and what the texts say.
    verdicts: BTreeMap<String, BTreeMap<&'static str, usize>>,
    pairs: Vec<Told>,
}

#[derive(Serialize)]
struct Told {
    /// In the list, from 1.
    #[serde(rename = "line")]
    at: usize,
    kalshi: String,
    polymarket: String,
    kalshi_title: String,
    polymarket_title: String,
    claim: String,
    answer: &'static str,
    verdict: &'static str,
    /// Whose texts were read: `venue`, `list`, or `mixed`.
    texts: &'static str,
    /// What contradicts, or is missing.
    reasons: Vec<String>,
}

/// Imports.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let listings = if args.sources.are_named() { args.sources.all()? } else { Listings::default() };
    let mut lines = Lines::open(&args.file)?;
    let mut pairs = Vec::new();
    while let Some(text) = lines.next_line()? {
        if text.trim().is_empty() {
            continue;
        }
        let text = text.to_owned();
        let at = usize::try_from(lines.line()).unwrap_or(usize::MAX);
        let nomination = nominate::parse(at, &text).map_err(|error| {
            CliError::failure(format!("{}: {error}", args.file.display()))
                .hint("`brier pairs import --help` names the forms that are read")
        })?;
        pairs.push(judge(nomination, &listings));
    }
    let mut document =
        Document { nominations: pairs.len(), answers: BTreeMap::new(), verdicts: BTreeMap::new(), pairs };
    for line in &document.pairs {
        *document.answers.entry(line.answer).or_default() += 1;
        *document.verdicts.entry(line.claim.clone()).or_default().entry(line.verdict).or_default() += 1;
    }
    output.either(&document, |output| text(args, &document, output))?;
    Ok(EXIT_OK)
}

fn judge(nomination: Nomination, listings: &Listings) -> Told {
    let Nomination { line, kalshi, polymarket, claim, outcome } = nomination;
    let ours = |listing| listings.named(&Name::of(listing)).cloned();
    let (first, second) = (ours(&kalshi), ours(&polymarket));
    let texts = match (&first, &second) {
        (Some(_), Some(_)) => "venue",
        (None, None) => "list",
        (Some(_), None) | (None, Some(_)) => "mixed",
    };
    let (first, second) = (first.unwrap_or_else(|| read(kalshi)), second.unwrap_or_else(|| read(polymarket)));
    let found = verdict(&first, &second);
    let answer = nominate::answer(claim, outcome.as_deref(), &found);
    Told {
        at: line,
        kalshi: first.listing.id.clone(),
        polymarket: second.listing.id.clone(),
        kalshi_title: headline(&first.listing),
        polymarket_title: headline(&second.listing),
        claim: claim.to_string(),
        answer: answer.word(),
        verdict: found.name(),
        texts,
        reasons: reasons(&found),
    }
}

fn reasons(found: &Verdict) -> Vec<String> {
    found.reasons().iter().map(ToString::to_string).collect()
}

fn text(args: &Args, document: &Document, output: &mut Output) -> Result<(), CliError> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    // What agrees needs nobody's eyes.
    for answer in [Answer::Contradicts, Answer::Unproven, Answer::Found] {
        let lines: Vec<&Told> = document.pairs.iter().filter(|line| line.answer == answer.word()).collect();
        for line in lines.iter().take(limit) {
            output.line(format_args!(
                "line {}: they say {}, the texts {} ({})\n  {}  {}\n  {}  {}",
                line.at,
                line.claim,
                line.verdict,
                line.answer,
                line.kalshi,
                line.kalshi_title,
                line.polymarket,
                line.polymarket_title
            ))?;
            for reason in &line.reasons {
                output.line(format_args!("    {reason}"))?;
            }
        }
        if lines.len() > limit {
            output.line(format_args!("... and {} more: {answer}", lines.len() - limit))?;
        }
    }
    output.line(counted(document.nominations as u64, "nomination", "nominations"))?;
    for (answer, count) in &document.answers {
        output.line(format_args!("  {answer:<12} {count}"))?;
    }
    let of_list = document.pairs.iter().filter(|line| line.texts != "venue").count();
    if of_list > 0 {
        output.line(format_args!("  {of_list} judged by texts of the list itself"))?;
    }
    Ok(())
}
