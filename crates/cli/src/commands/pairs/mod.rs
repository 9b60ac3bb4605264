//! `brier pairs`: which contracts of two venues are the same, how sure that is, and what people decided about it.

mod decide;
mod eval;
mod export;
pub(crate) mod file;
mod import;
mod list;
mod review;
mod show;
mod sources;

use brier_pairing::standing::Name;
use brier_pairing::{Judged, Listing, Said};

use crate::error::CliError;
use crate::output::Output;

/// Pair contracts of both venues by what their rules say
///
/// Only what the rules of both venues prove, with every tail accepted, is riskless and may be traded as such. The rest
/// is shown. A person can confirm what the texts leave open, and can veto; nobody can override a contradiction.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(show::Args),
    Review(review::Args),
    Confirm(decide::ConfirmArgs),
    Veto(decide::VetoArgs),
    Withdraw(decide::WithdrawArgs),
    Decisions(decide::ListArgs),
    Import(import::Args),
    Export(export::Args),
    Eval(eval::Args),
}

/// Runs one of its commands.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    match &args.command {
        Command::List(args) => list::run(args, output),
        Command::Show(args) => show::run(args, output),
        Command::Review(args) => review::run(args, output),
        Command::Confirm(args) => decide::confirm(args, output),
        Command::Veto(args) => decide::veto(args, output),
        Command::Withdraw(args) => decide::withdraw(args, output),
        Command::Decisions(args) => decide::list(args, output),
        Command::Import(args) => import::run(args, output),
        Command::Export(args) => export::run(args, output),
        Command::Eval(args) => eval::run(args, output),
    }
}

/// What a person said about a pair, in a few words; empty when nothing.
fn said_words(said: &Said<'_>) -> String {
    match said {
        Said::Nothing => String::new(),
        Said::Applies(decision) => format!("{} by {}", choice_word(decision), decision.note.by),
        Said::Stale { decision, .. } => format!("{} by {}, stale", choice_word(decision), decision.note.by),
    }
}

fn choice_word(decision: &brier_pairing::Decision) -> &'static str {
    match decision.choice {
        brier_pairing::decisions::Choice::Veto => "veto",
        brier_pairing::decisions::Choice::Confirm(_) => "confirmed",
    }
}

/// The kinds of a pair's tails, in one cell.
fn tail_words(judged: &Judged<'_>) -> String {
    let kinds: Vec<String> = judged.tail_kinds().iter().map(ToString::to_string).collect();
    if kinds.is_empty() { "-".to_owned() } else { kinds.join(",") }
}

/// A name that people can give back and that fits into a table: condition ids are cut to a beginning that tells them
/// apart.
fn short(name: &Name) -> String {
    match name.id.strip_prefix("0x") {
        Some(digits) if digits.len() == 64 => format!("0x{}", &digits[..12]),
        Some(_) | None => name.id.clone(),
    }
}

/// What a listing asks, cut to a line.
fn headline(listing: &Listing) -> String {
    let subtitle = listing.subtitle.trim();
    let whole = if subtitle.is_empty() || matches!(subtitle, "Yes" | "No") || listing.title.contains(subtitle) {
        listing.title.trim().to_owned()
    } else {
        format!("{} [{subtitle}]", listing.title.trim())
    };
    let mut cut: String = whole.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(90).collect();
    if cut.len() < whole.len() {
        cut.push('…');
    }
    cut
}
