//! `brier pairs review`: the open pairs one after the other, each with its proof and a person's answer.
//!
//! The conversation is on stderr and stdin, a line at a time, so that it can be piped; what was decided is on stdout.
//! Each decision is in the file before the next pair is shown. The end of the input ends the review; what was half
//! asked then is not decided.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use brier_pairing::decisions::Wish;
use brier_pairing::proof::Line;
use brier_pairing::standing::{Link, Vouch, can_vouch, side};
use brier_pairing::{Basis, Decision, Judged, Said, Standing, TailKind, standing};
use serde::Serialize;

use super::choice_word;
use super::decide::{refused, told};
use super::file::{DecisionsArgs, TailsArgs, WhoArgs};
use super::list::{Filter, Search, StandingWord};
use super::show::{proof, texts};
use super::sources::Sources;
use crate::error::{CliError, EXIT_OK};
use crate::output::Output;

/// Review open pairs one by one: see the proof, then confirm, veto or skip
///
/// Shown are pairs that a person can settle: the rules of both are at hand, nothing contradicts, and nobody has decided
/// about their texts of now. Money follows none that no person has confirmed, so those that the texts prove come too.
/// Answers are single letters, a line each; a confirmation asks for each missing line and each tail, and for a reason.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only pairs of which both titles have these words
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    /// Show at most so many
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    /// At most so many missing lines: pairs with more of them are rarely one question
    #[arg(long, value_name = "COUNT", default_value_t = 12)]
    missing: usize,

    #[command(flatten)]
    who: WhoArgs,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    decisions: DecisionsArgs,

    #[command(flatten)]
    tails: TailsArgs,
}

#[derive(Default, Serialize)]
struct Document {
    shown: usize,
    skipped: usize,
    decided: Vec<Taken>,
}

/// One decision that was taken.
#[derive(Serialize)]
struct Taken {
    decision: &'static str,
    first: String,
    second: String,
    standing: &'static str,
}

/// Reviews.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    // Who decides is asked before anything is shown.
    args.who.note("")?;
    let decisions = args.decisions.load()?;
    let listings = args.sources.all()?;
    let accepted = args.tails.accepted();
    let filter = Filter::standings(&[StandingWord::Riskless, StandingWord::Conditional]);
    let search = Search::new(&listings, &args.words, &filter, &decisions, &accepted);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let open: Vec<Judged<'_>> = search
        .found
        .iter()
        .filter_map(|found| search.judged(found))
        .filter(|judged| {
            let decided = matches!(decisions.said(judged), Said::Applies(_));
            is_open(judged) && judged.missing().count() <= args.missing && !decided
        })
        .take(limit)
        .collect();
    let mut talk = Talk { input: &mut std::io::stdin().lock(), out: &mut std::io::stderr().lock() };
    let mut document = Document::default();
    let all = open.len();
    for (at, judged) in open.iter().enumerate() {
        let said = decisions.said(judged);
        let stands = standing(judged, &said, &accepted);
        talk.say(format_args!("\n--- {} of {all} ---\n{}", at + 1, proof(judged, &said, &stands)))?;
        document.shown += 1;
        let Some(answer) = talk.answer(judged, &said, &accepted)? else {
            talk.say(format_args!("nothing is decided about {}", judged.name))?;
            break;
        };
        let (decision, stands) = match answer {
            Answer::Skip => {
                document.skipped += 1;
                continue;
            }
            Answer::Confirm(wish, why) => take(args, judged, &accepted, &why, Some(&wish)),
            Answer::Veto(why) => take(args, judged, &accepted, &why, None),
        }?;
        talk.say(told(&decision, &stands))?;
        let line = Taken {
            decision: choice_word(&decision),
            first: decision.pair.first().to_string(),
            second: decision.pair.second().to_string(),
            standing: stands.word(),
        };
        if !output.json() {
            output.line(format_args!("{} {}: {}, {}", line.first, line.second, line.decision, line.standing))?;
            output.flush()?;
        }
        document.decided.push(line);
    }
    talk.say(format_args!(
        "{} shown, {} decided, {} skipped",
        document.shown,
        document.decided.len(),
        document.skipped
    ))?;
    if output.json() {
        output.document(&document)?;
    }
    Ok(EXIT_OK)
}

/// Whether a person can settle it.
fn is_open(judged: &Judged<'_>) -> bool {
    judged.basis == Basis::RulesOfBoth && judged.missing().all(can_vouch)
}

/// Takes a decision into the file.
fn take(
    args: &Args,
    judged: &Judged<'_>,
    accepted: &BTreeSet<TailKind>,
    why: &str,
    wish: Option<&Wish>,
) -> Result<(Decision, Standing), CliError> {
    let note = args.who.note(why)?;
    args.decisions.change(|decisions| {
        let decision = match wish {
            Some(wish) => decisions.confirm(judged, wish, note),
            None => decisions.veto(judged, note),
        };
        let decision = decision.map_err(|error| refused(&error))?.clone();
        Ok((decision, standing(judged, &decisions.said(judged), accepted)))
    })
}

/// What a person answered about one pair.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Confirm(Wish, String),
    Veto(String),
    Skip,
}

/// The conversation.
struct Talk<'a> {
    input: &'a mut dyn BufRead,
    out: &'a mut dyn Write,
}

impl Talk<'_> {
    fn say(&mut self, line: impl std::fmt::Display) -> Result<(), CliError> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// The next line of input; `None` at its end.
    fn ask(&mut self, prompt: &str) -> Result<Option<String>, CliError> {
        write!(self.out, "{prompt} > ")?;
        self.out.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            self.say("")?;
            return Ok(None);
        }
        Ok(Some(line.trim().to_owned()))
    }

    /// One of some letters; asked again until it is one.
    fn letter(&mut self, prompt: &str, letters: &str) -> Result<Option<char>, CliError> {
        loop {
            let Some(line) = self.ask(prompt)? else { return Ok(None) };
            let mut typed = line.chars().map(|letter| letter.to_ascii_lowercase());
            match (typed.next(), typed.next()) {
                (Some(letter), None) if letters.contains(letter) => return Ok(Some(letter)),
                _ => self.say(format_args!("expected one letter of {letters}, found `{line}`"))?,
            }
        }
    }

    /// A reason; asked again while it is empty.
    fn why(&mut self) -> Result<Option<String>, CliError> {
        loop {
            match self.ask("why")? {
                Some(line) if line.is_empty() => self.say("a decision needs a reason that others can read")?,
                answer => return Ok(answer),
            }
        }
    }

    /// What is to be done with a pair; `None` when the review ends here.
    fn answer(
        &mut self,
        judged: &Judged<'_>,
        said: &Said<'_>,
        accepted: &BTreeSet<TailKind>,
    ) -> Result<Option<Answer>, CliError> {
        let vetoed = matches!(said, Said::Stale { decision, .. } if choice_word(decision) == "veto");
        loop {
            let prompt = "y confirm, n veto, s skip, t texts, q quit";
            match self.letter(prompt, "ynstq")? {
                None | Some('q') => return Ok(None),
                Some('s') => return Ok(Some(Answer::Skip)),
                Some('t') => self.say(texts(judged).trim_end())?,
                Some('n') => return Ok(self.why()?.map(Answer::Veto)),
                Some(_) if vetoed => {
                    self.say("a veto stands from earlier texts: `brier pairs withdraw` takes it back, n repeats it")?;
                }
                Some(_) => {
                    let Some(wish) = self.wish(judged, accepted)? else { return Ok(None) };
                    return Ok(self.why()?.map(|why| Answer::Confirm(wish, why)));
                }
            }
        }
    }

    /// What a confirmation adds, asked piece by piece.
    fn wish(&mut self, judged: &Judged<'_>, accepted: &BTreeSet<TailKind>) -> Result<Option<Wish>, CliError> {
        let mut wish = Wish::default();
        for line in judged.missing() {
            let Some(letter) = self.letter(&format!("vouch for: {}? y/n", plain(line)), "yn")? else { return Ok(None) };
            if letter == 'y' {
                wish.vouched.insert(Vouch::of(line).key());
            }
        }
        if judged.outcome().is_none() && matches!(judged.link(), Some(Link::Same | Link::Inverse)) {
            let outcomes = &judged.second.listing.outcomes;
            let names = if outcomes.is_empty() { "Yes, No".to_owned() } else { outcomes.join(", ") };
            let prompt = format!(
                "which outcome of {} pays when Yes of {} pays ({names})?",
                judged.name.second(),
                judged.name.first()
            );
            while wish.outcome.is_none() {
                let Some(named) = self.ask(&prompt)? else { return Ok(None) };
                wish.outcome = Some(named).filter(|named| side(&judged.second.listing, named).is_some());
            }
        }
        for kind in judged.tail_kinds().difference(accepted) {
            let quotes: Vec<String> = judged
                .tails
                .iter()
                .filter(|tail| tail.kind == *kind)
                .map(|tail| format!("{}: {}", tail.venue, tail.quote))
                .collect();
            let prompt = format!("accept tail {kind} ({})? y/n", quotes.join("; "));
            let Some(letter) = self.letter(&prompt, "yn")? else { return Ok(None) };
            if letter == 'y' {
                wish.tails.insert(*kind);
            }
        }
        Ok(Some(wish))
    }
}

fn plain(line: &Line) -> String {
    format!("{} {}", line.topic, line.wording())
}
