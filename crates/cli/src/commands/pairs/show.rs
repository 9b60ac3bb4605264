//! `brier pairs show`: the proof of one pair, field by field, with the texts it rests on.

use brier_pairing::proof::{Finding, Line, Quote};
use brier_pairing::standing::{Grounds, Link, Need, Vouch, can_vouch};
use brier_pairing::{Contract, Fingerprint, Judged, Said, Standing, Verdict, standing};
use serde_json::{Value, json};

use super::file::{DecisionsArgs, TailsArgs};
use super::headline;
use super::sources::Sources;
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Show the proof of one pair, field by field, with both rules texts
///
/// Each line names what was compared, what came of it, and the words that it rests on. A missing line has a name in
/// brackets, by which `brier pairs confirm --vouch` takes it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One listing: a Kalshi market ticker, or a Polymarket slug, condition id or its beginning
    #[arg(value_name = "LISTING")]
    one: String,

    /// The other
    #[arg(value_name = "LISTING")]
    two: String,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    decisions: DecisionsArgs,

    #[command(flatten)]
    tails: TailsArgs,
}

/// Shows.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let decisions = args.decisions.load()?;
    let (one, two) = args.sources.two(&args.one, &args.two)?;
    let judged = Judged::new(&one, &two).ok_or_else(one_listing)?;
    let said = decisions.said(&judged);
    let stands = standing(&judged, &said, &args.tails.accepted());
    if output.json() {
        let mut document = super::export::document(&judged, &said, &stands)?;
        document.insert("proof".to_owned(), judged.verdict.proof().lines.iter().map(line_document).collect());
        let tails = judged.tails.iter().map(|tail| {
            json!({"kind": tail.kind.word(), "venue": tail.venue.to_string(), "text": quote_document(&tail.quote)})
        });
        document.insert("tails".to_owned(), tails.collect());
        document
            .insert("rules".to_owned(), judged.sides().iter().map(|(_, contract)| texts_document(contract)).collect());
        output.document(&document)?;
    } else {
        output.line(proof(&judged, &said, &stands).trim_end())?;
        output.line("")?;
        output.line(texts(&judged).trim_end())?;
    }
    Ok(EXIT_OK)
}

/// Two names of one listing make no pair.
pub(super) fn one_listing() -> CliError {
    CliError::usage("expected two listings with names of their own, found one").hint("name one listing of each side")
}

fn line_document(line: &Line) -> Value {
    json!({
        "topic": line.topic.word(),
        "finding": line.finding.to_string().to_lowercase(),
        "note": line.note,
        "first": line.first.as_ref().map(quote_document),
        "second": line.second.as_ref().map(quote_document),
        "by_habit": line.certainty == brier_pairing::contract::Certainty::Convention,
        "vouch": (line.finding == Finding::Missing && can_vouch(line)).then(|| Vouch::of(line).key()),
    })
}

fn quote_document(quote: &Quote) -> Value {
    json!({"source": quote.source.to_string(), "text": quote.text})
}

fn texts_document(contract: &Contract) -> Value {
    let listing = &contract.listing;
    json!({
        "title": listing.title, "subtitle": listing.subtitle, "rules": listing.rules, "more_rules": listing.more_rules,
        "outcomes": listing.outcomes, "ends": listing.ends, "sources": listing.sources,
    })
}

/// Verdict, proof, tails and standing, in lines.
pub(super) fn proof(judged: &Judged<'_>, said: &Said<'_>, stands: &Standing) -> String {
    let mut out = String::new();
    for (name, contract) in judged.sides() {
        put(&mut out, format_args!("{name}  {}", headline(&contract.listing)));
    }
    let pays = match (judged.outcome(), &judged.verdict) {
        (Some(outcome), Verdict::Unproven(_)) => format!(", would pay with {outcome}"),
        (Some(outcome), _) => format!(", pays with {outcome}"),
        (None, _) => String::new(),
    };
    let link = match judged.link().filter(|_| !matches!(judged.verdict, Verdict::Unproven(_))) {
        Some(Link::Implies) => ", whenever the first pays Yes, so does the second",
        Some(Link::ImpliedBy) => ", whenever the second pays Yes, so does the first",
        Some(Link::Excludes) => ", never both pay Yes",
        Some(Link::Same | Link::Inverse) | None => "",
    };
    put(&mut out, format_args!("\nverdict: {}{link}{pays}, on {}", judged.verdict.name(), judged.basis));
    for line in &judged.verdict.proof().lines {
        let key = match line.finding {
            Finding::Missing if can_vouch(line) => format!(" [{}]", Vouch::of(line).key()),
            Finding::Missing | Finding::Agrees | Finding::Follows | Finding::Assumed | Finding::Contradicts => {
                String::new()
            }
        };
        put(&mut out, format_args!("  {line}{key}"));
    }
    for tail in &judged.tails {
        put(&mut out, format_args!("  {:<12} {:<11} {}: {}", "tail", tail.kind, tail.venue, tail.quote));
    }
    match said {
        Said::Nothing => {}
        Said::Applies(decision) => {
            let note = &decision.note;
            put(&mut out, format_args!("{} by {} at {}: {}", super::choice_word(decision), note.by, note.at, note.why));
        }
        Said::Stale { decision, changes } => {
            let (note, word) = (&decision.note, super::choice_word(decision));
            let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
            let since = changes.join(", ");
            put(&mut out, format_args!("{word} by {} at {}, stale: {since}: {}", note.by, note.at, note.why));
        }
    }
    put(&mut out, format_args!("standing: {}", standing_words(stands)));
    out
}

/// A standing with what keeps it from being riskless.
pub(super) fn standing_words(stands: &Standing) -> String {
    match stands {
        Standing::Riskless(terms) => {
            let grounds = match terms.grounds {
                Grounds::Rules => "by the rules",
                Grounds::Person => "by the rules and a person's word",
            };
            format!("riskless, {grounds}")
        }
        Standing::Conditional(needs) => {
            let needs: Vec<String> = needs.iter().map(need_words).collect();
            format!("conditional, missing:\n  - {}", needs.join("\n  - "))
        }
        Standing::Contradicted => "contradicted: the texts ask different questions".to_owned(),
        Standing::Vetoed => "vetoed".to_owned(),
    }
}

fn need_words(need: &Need) -> String {
    match need {
        Need::Line(vouch) => format!("{need} [{}]", vouch.key()),
        Need::Review | Need::Rules(_) | Need::Outcomes(_) | Need::Inconsistent(_) | Need::Paying | Need::Tail(_) => {
            need.to_string()
        }
    }
}

/// Both listings' texts, and in which points their rules differ in form.
pub(super) fn texts(judged: &Judged<'_>) -> String {
    let mut out = String::new();
    for (name, contract) in judged.sides() {
        let listing = &contract.listing;
        put(&mut out, format_args!("{name}"));
        let outcomes = listing.outcomes.join(", ");
        let sources = listing.sources.join(", ");
        let parts = [
            ("title", &listing.title),
            ("subtitle", &listing.subtitle),
            ("event", &listing.event_title),
            ("outcomes", &outcomes),
            ("ends", &listing.ends),
            ("sources", &sources),
            ("rules", &listing.rules),
            ("more", &listing.more_rules),
        ];
        for (part, text) in parts {
            let mut lines = text.trim().lines().filter(|line| !line.trim().is_empty());
            if let Some(first) = lines.next() {
                put(&mut out, format_args!("  {part:<9} {}", first.trim()));
                lines.for_each(|line| put(&mut out, format_args!("  {:<9} {}", "", line.trim())));
            }
        }
        if !listing.has_rules() {
            put(&mut out, format_args!("  {:<9} not at hand", "rules"));
        }
        out.push('\n');
    }
    let [first, second] = judged.sides().map(|(_, contract)| Fingerprint::of(contract));
    let differences = first.differences(&second);
    if !differences.is_empty() {
        put(&mut out, format_args!("where the two rules say something else, or only one says it"));
        for (what, one, two) in differences {
            let cut = |text: Option<&str>| -> String {
                let text = text.unwrap_or("-").replace('\n', " ");
                let short: String = text.chars().take(100).collect();
                if short.len() < text.len() { format!("{short}…") } else { short }
            };
            put(&mut out, format_args!("  {what:<13} {} | {}", cut(one), cut(two)));
        }
    }
    out
}

fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    out.push_str(&line.to_string());
    out.push('\n');
}
