//! `brier pairs confirm`, `veto`, `withdraw` and `decisions`: one person's word about one pair.

use std::collections::BTreeSet;

use brier_pairing::decisions::{Choice, Refusal, Wish};
use brier_pairing::standing::PairName;
use brier_pairing::{Decision, Judged, Standing, TailKind, standing};
use serde::Serialize;

use super::choice_word;
use super::file::{DecisionsArgs, TailsArgs, WhoArgs};
use super::show::{one_listing, standing_words};
use super::sources::Sources;
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, table};

/// Confirm a pair: vouch for what its texts leave open, accept its tails
///
/// A confirmation says exactly which missing lines of the proof you vouch for and which tails you accept; what it does
/// not name stays missing. It holds while no text of either listing changes. It needs the rules of both, and is refused
/// where the texts contradict each other, where a listing contradicts itself, and where somebody vetoed.
#[derive(Debug, clap::Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    pair: PairArgs,

    /// Missing lines that you vouch for, by the names in brackets of `brier pairs show`, with commas between them
    #[arg(long, value_name = "LINES", value_delimiter = ',')]
    vouch: Vec<String>,

    /// Tails that you accept for this pair, with commas between them
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    accept_tail: Vec<TailKind>,

    /// The second listing's outcome that pays when the first's Yes pays; needed where the texts do not say it
    #[arg(long, value_name = "NAME")]
    outcome: Option<String>,

    #[command(flatten)]
    tails: TailsArgs,
}

/// Veto a pair: it is never traded, whatever its texts prove
///
/// When a text changes, the veto waits for a person to look again; until then the pair is not riskless. Only `withdraw`
/// takes a veto back.
#[derive(Debug, clap::Args)]
pub(super) struct VetoArgs {
    #[command(flatten)]
    pair: PairArgs,
}

/// Take a decision back
#[derive(Debug, clap::Args)]
pub(super) struct WithdrawArgs {
    /// One listing, as the file of decisions names it; its beginning is enough where no other has it
    #[arg(value_name = "LISTING")]
    one: String,

    /// The other
    #[arg(value_name = "LISTING")]
    two: String,

    #[command(flatten)]
    decisions: DecisionsArgs,
}

/// List what was decided, by whom and why
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    decisions: DecisionsArgs,
}

#[derive(Debug, clap::Args)]
struct PairArgs {
    /// One listing: a Kalshi market ticker, or a Polymarket slug, condition id or its beginning
    #[arg(value_name = "LISTING")]
    one: String,

    /// The other
    #[arg(value_name = "LISTING")]
    two: String,

    /// The reason, in one line
    #[arg(long, value_name = "TEXT")]
    why: String,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    decisions: DecisionsArgs,
}

#[derive(Serialize)]
struct Done {
    decision: &'static str,
    first: String,
    second: String,
    /// What may be done with the pair now.
    standing: &'static str,
    /// What keeps it from being riskless.
    needs: Vec<String>,
    file: String,
}

/// Confirms.
pub(super) fn confirm(args: &ConfirmArgs, output: &mut Output) -> Result<u8, CliError> {
    let wish = Wish {
        vouched: args.vouch.iter().cloned().collect(),
        tails: args.accept_tail.iter().copied().collect(),
        outcome: args.outcome.clone(),
    };
    let accepted = args.tails.accepted();
    decide(&args.pair, &accepted, output, |decisions, judged, note| decisions.confirm(judged, &wish, note).cloned())
}

/// Vetoes.
pub(super) fn veto(args: &VetoArgs, output: &mut Output) -> Result<u8, CliError> {
    decide(&args.pair, &BTreeSet::new(), output, |decisions, judged, note| decisions.veto(judged, note).cloned())
}

fn decide(
    args: &PairArgs,
    accepted: &BTreeSet<TailKind>,
    output: &mut Output,
    take: impl FnOnce(
        &mut brier_pairing::Decisions,
        &Judged<'_>,
        brier_pairing::decisions::Note,
    ) -> Result<Decision, Refusal>,
) -> Result<u8, CliError> {
    let note = args.who.note(&args.why)?;
    // A file that cannot be read is told before anybody waits for a venue.
    args.decisions.load()?;
    let (one, two) = args.sources.two(&args.one, &args.two)?;
    let judged = Judged::new(&one, &two).ok_or_else(one_listing)?;
    let (decision, stands) = args.decisions.change(|decisions| {
        let decision = take(decisions, &judged, note).map_err(|error| refused(&error))?;
        let stands = standing(&judged, &decisions.said(&judged), accepted);
        Ok((decision, stands))
    })?;
    let done = Done {
        decision: choice_word(&decision),
        first: decision.pair.first().to_string(),
        second: decision.pair.second().to_string(),
        standing: stands.word(),
        needs: stands.needs().iter().map(ToString::to_string).collect(),
        file: args.decisions.path()?.display().to_string(),
    };
    output.either(&done, |output| output.line(told(&decision, &stands)))?;
    Ok(EXIT_OK)
}

/// One decision and what came of it.
pub(super) fn told(decision: &Decision, stands: &Standing) -> String {
    let Decision { pair, choice, .. } = decision;
    let added = match choice {
        Choice::Veto => String::new(),
        Choice::Confirm(confirmed) => {
            let lines = confirmed.vouched.iter().map(|vouch| format!("\n  vouched for: {vouch}"));
            let tails = confirmed.tails.iter().map(|kind| format!("\n  accepted tail: {kind}"));
            lines.chain(tails).collect()
        }
    };
    format!("{pair}: {}{added}\nstanding: {}", choice_word(decision), standing_words(stands))
}

/// Why a decision is not taken, and what to do.
pub(super) fn refused(error: &Refusal) -> CliError {
    let hint = match error {
        Refusal::Contradicted { .. } => {
            "nobody's word changes what the texts say; if they are read wrongly, that is a bug to report"
        }
        Refusal::NoRules { .. } => "read the listings with their rules: from the venue, or a recording that has them",
        Refusal::Vetoed(_) => "`brier pairs withdraw` takes the veto back, if it is to go",
        Refusal::NoLine { .. } => "`brier pairs show` names the missing lines; a name changes with its line",
        Refusal::Inconsistent { .. } => "the pair stays conditional until the venue corrects its text",
        Refusal::NoTail { .. } => "`brier pairs show` lists the tails",
        Refusal::OutcomeUnknown { .. } | Refusal::OutcomeWrong { .. } => "give `--outcome` as the venue writes it",
        Refusal::Note { .. } => "give `--by` and `--why` in one line each",
    };
    CliError::failure(error.to_string()).hint(hint)
}

/// Withdraws. The venues are not asked: a market that is gone can be cleaned up too.
pub(super) fn withdraw(args: &WithdrawArgs, output: &mut Output) -> Result<u8, CliError> {
    let decision = args.decisions.change(|decisions| {
        let called = |pair: &PairName, name: &str| {
            [pair.first(), pair.second()].iter().any(|one| one.id.starts_with(name) || one.to_string() == name)
        };
        let found: Vec<PairName> = decisions
            .iter()
            .map(|decision| decision.pair.clone())
            .filter(|pair| called(pair, &args.one) && called(pair, &args.two))
            .collect();
        match found.as_slice() {
            [pair] => decisions.withdraw(pair).ok_or_else(|| CliError::failure("the decision is gone")),
            [] => Err(CliError::failure(format!("the file has no decision about {} and {}", args.one, args.two))
                .hint("`brier pairs decisions` lists those it has; a slug is not in the file, the first digits of a condition id are")),
            [one, two, ..] => Err(CliError::failure(format!("{one} and {two} both fit")).hint("give whole names")),
        }
    })?;
    let done = Withdrawn {
        decision: choice_word(&decision),
        first: decision.pair.first().to_string(),
        second: decision.pair.second().to_string(),
    };
    output.either(&done, |output| output.line(format_args!("{}: {} withdrawn", decision.pair, done.decision)))?;
    Ok(EXIT_OK)
}

#[derive(Serialize)]
struct Withdrawn {
    decision: &'static str,
    first: String,
    second: String,
}

#[derive(Serialize)]
struct ListDocument {
    decisions: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    decision: &'static str,
    first: String,
    second: String,
    titles: [String; 2],
    vouched: Vec<String>,
    accepted_tails: Vec<String>,
    by: String,
    at: String,
    why: String,
}

impl From<&Decision> for Line {
    fn from(decision: &Decision) -> Self {
        let confirmed = match &decision.choice {
            Choice::Veto => None,
            Choice::Confirm(confirmed) => Some(confirmed),
        };
        Self {
            decision: choice_word(decision),
            first: decision.pair.first().to_string(),
            second: decision.pair.second().to_string(),
            titles: decision.titles.clone(),
            vouched: confirmed.iter().flat_map(|one| &one.vouched).map(ToString::to_string).collect(),
            accepted_tails: confirmed.iter().flat_map(|one| &one.tails).map(ToString::to_string).collect(),
            by: decision.note.by.clone(),
            at: decision.note.at.to_string(),
            why: decision.note.why.clone(),
        }
    }
}

/// Lists the decisions.
pub(super) fn list(args: &ListArgs, output: &mut Output) -> Result<u8, CliError> {
    let decisions = args.decisions.load()?;
    let document = ListDocument { decisions: decisions.iter().map(Line::from).collect() };
    output.either(&document, |output| {
        let rows = decisions.iter().zip(&document.decisions).map(|(decision, line)| {
            [
                line.decision.to_owned(),
                super::short(decision.pair.first()),
                super::short(decision.pair.second()),
                line.vouched.len().to_string(),
                if line.accepted_tails.is_empty() { "-".to_owned() } else { line.accepted_tails.join(",") },
                line.by.clone(),
                line.at.clone(),
                line.why.clone(),
            ]
        });
        output.line(table(["decision", "kalshi", "polymarket", "vouched>", "tails", "by", "at", "why"], rows))
    })?;
    Ok(EXIT_OK)
}
