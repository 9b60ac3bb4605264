//! `brier pairs list`: candidates by what they share, each with its verdict and standing.

use std::collections::BTreeMap;

use brier_pairing::index::Scratch;
use brier_pairing::{Basis, Contract, Decisions, Index, Judged, Standing, TailKind, Verdict, standing};
use serde::Serialize;
use serde_json::{Map, Value};

use super::file::{DecisionsArgs, TailsArgs};
use super::sources::{Listings, Sources};
use super::{headline, said_words, short, tail_words};
use crate::error::{CliError, EXIT_OK};
use crate::output::{Output, counted, table, tell};

/// How many candidates of each Kalshi market are judged.
const MOST_CANDIDATES: usize = 8;

/// List pairs: verdict, what it rests on, tails, and what may be done with them
///
/// Candidates are those that share rare names, numbers and dates; each is judged by its texts. Pairs of different
/// questions are counted and not shown, unless asked for. The best are first: riskless, then the fewest things missing.
#[derive(Debug, clap::Args)]
#[command(alias = "candidates")]
pub(super) struct Args {
    /// Only pairs of which both titles have these words
    #[arg(value_name = "WORD")]
    words: Vec<String>,

    #[command(flatten)]
    filter: Filter,

    /// Show at most so many
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    decisions: DecisionsArgs,

    #[command(flatten)]
    tails: TailsArgs,
}

/// Which pairs are shown.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Filter {
    /// Only these verdicts: same, inverse, implies, excludes, unproven, different
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',')]
    verdict: Vec<VerdictWord>,

    /// Only these standings: riskless, conditional, contradicted, vetoed
    #[arg(long, value_name = "STANDINGS", value_delimiter = ',')]
    standing: Vec<StandingWord>,

    /// Only pairs with the rules of both at hand
    #[arg(long)]
    rules: bool,
}

/// A verdict, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum VerdictWord {
    Same,
    Inverse,
    Implies,
    Excludes,
    Unproven,
    Different,
}

/// A standing, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum StandingWord {
    Riskless,
    Conditional,
    Contradicted,
    Vetoed,
}

impl VerdictWord {
    const fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Same(_) => Self::Same,
            Verdict::Inverse(_) => Self::Inverse,
            Verdict::Implies { .. } => Self::Implies,
            Verdict::Excludes(_) => Self::Excludes,
            Verdict::Unproven(_) => Self::Unproven,
            Verdict::Different(_) => Self::Different,
        }
    }
}

impl StandingWord {
    const fn of(standing: &Standing) -> Self {
        match standing {
            Standing::Riskless(_) => Self::Riskless,
            Standing::Conditional(_) => Self::Conditional,
            Standing::Contradicted => Self::Contradicted,
            Standing::Vetoed => Self::Vetoed,
        }
    }
}

impl Filter {
    /// Those of some standings.
    pub(super) fn standings(words: &[StandingWord]) -> Self {
        Self { standing: words.to_vec(), ..Self::default() }
    }

    fn takes(&self, judged: &Judged<'_>, standing: &Standing) -> bool {
        let verdict = VerdictWord::of(&judged.verdict);
        let stands = StandingWord::of(standing);
        let rules = judged.basis == Basis::RulesOfBoth;
        // What asks another question is shown to whoever asks for it by name.
        let asked =
            self.verdict.contains(&VerdictWord::Different) || self.standing.contains(&StandingWord::Contradicted);
        (self.verdict.is_empty() || self.verdict.contains(&verdict))
            && (self.standing.is_empty() || self.standing.contains(&stands))
            && (rules || !self.rules)
            && (verdict != VerdictWord::Different || asked || stands == StandingWord::Vetoed)
    }
}

/// A pair that was found, by the places of its listings. Its proof is made again for those that are shown: catalogs
/// have more candidates than memory has room for proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// Smaller is better: standing, whether rules are missing, kind of verdict, how much is missing.
    rank: (u8, bool, u8, usize),
    /// Larger is better, so it is turned round.
    score: std::cmp::Reverse<u32>,
    kalshi: usize,
    polymarket: usize,
}

/// What was found in all.
#[derive(Debug, Default, Serialize)]
pub(super) struct Counts {
    kalshi_listings: usize,
    polymarket_listings: usize,
    /// Markets of either venue that are no bet on yes or no.
    not_compared: usize,
    candidates: usize,
    verdicts: BTreeMap<&'static str, usize>,
    standings: BTreeMap<&'static str, usize>,
}

/// The pairs of a search.
pub(super) struct Search<'a> {
    listings: &'a Listings,
    pub(super) found: Vec<Found>,
    pub(super) counts: Counts,
}

impl<'a> Search<'a> {
    /// Judges the candidates of every Kalshi listing, and keeps those that pass.
    pub(super) fn new(
        listings: &'a Listings,
        words: &[String],
        filter: &Filter,
        decisions: &Decisions,
        accepted: &std::collections::BTreeSet<TailKind>,
    ) -> Self {
        let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let has_words = |contract: &Contract| {
            let text = format!("{} {}", contract.listing.title, contract.listing.subtitle).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        let (first, second) = (&listings.kalshi.contracts, &listings.polymarket.contracts);
        let slots: Vec<usize> = (0..second.len()).filter(|at| has_words(&second[*at])).collect();
        let mut index = Index::new();
        for at in &slots {
            index.add(&second[*at]);
        }
        let wanted: Vec<usize> = (0..first.len()).filter(|at| has_words(&first[*at])).collect();
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let size = wanted.len().div_ceil(threads).max(1);
        let parts: Vec<Vec<usize>> = wanted.chunks(size).map(<[usize]>::to_vec).collect();
        let results = super::sources::on_threads(parts, |part| {
            let mut scratch = Scratch::default();
            let (mut found, mut counts) = (Vec::new(), Counts::default());
            for at in part {
                for candidate in index.candidates_with(&first[at], MOST_CANDIDATES, &mut scratch) {
                    let slot = slots[candidate.slot as usize];
                    let Some(judged) = Judged::new(&first[at], &second[slot]) else { continue };
                    let stands = standing(&judged, &decisions.said(&judged), accepted);
                    counts.candidates += 1;
                    *counts.verdicts.entry(judged.verdict.name()).or_default() += 1;
                    *counts.standings.entry(stands.word()).or_default() += 1;
                    if filter.takes(&judged, &stands) {
                        let rank = rank(&judged, &stands);
                        let score = std::cmp::Reverse(candidate.score);
                        found.push(Found { rank, score, kalshi: at, polymarket: slot });
                    }
                }
            }
            (found, counts)
        });
        let mut found = Vec::new();
        let refused = listings.kalshi.refused.len() + listings.polymarket.refused.len();
        let mut counts = Counts {
            kalshi_listings: first.len(),
            polymarket_listings: second.len(),
            not_compared: refused,
            ..Counts::default()
        };
        for (part, own) in results {
            found.extend(part);
            counts.candidates += own.candidates;
            for (name, count) in own.verdicts {
                *counts.verdicts.entry(name).or_default() += count;
            }
            for (name, count) in own.standings {
                *counts.standings.entry(name).or_default() += count;
            }
        }
        found.sort_unstable();
        Self { listings, found, counts }
    }

    /// The pair once more, with its proof.
    pub(super) fn judged(&self, found: &Found) -> Option<Judged<'a>> {
        Judged::new(
            &self.listings.kalshi.contracts[found.kalshi],
            &self.listings.polymarket.contracts[found.polymarket],
        )
    }
}

fn rank(judged: &Judged<'_>, stands: &Standing) -> (u8, bool, u8, usize) {
    let standing = match stands {
        Standing::Riskless(_) => 0,
        Standing::Conditional(_) => 1,
        Standing::Vetoed => 2,
        Standing::Contradicted => 3,
    };
    let verdict = match judged.verdict {
        Verdict::Same(_) | Verdict::Inverse(_) => 0,
        Verdict::Implies { .. } => 1,
        Verdict::Unproven(_) => 2,
        Verdict::Excludes(_) => 3,
        Verdict::Different(_) => 4,
    };
    (standing, judged.basis != Basis::RulesOfBoth, verdict, stands.needs().len())
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    counts: &'a Counts,
    /// Whether there are more than the limit.
    more: bool,
    pairs: Vec<Map<String, Value>>,
    /// Markets that were not compared, and why.
    refused: Vec<String>,
}

/// Lists.
pub(super) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let decisions = args.decisions.load()?;
    let listings = args.sources.all()?;
    let accepted = args.tails.accepted();
    let search = Search::new(&listings, &args.words, &args.filter, &decisions, &accepted);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let more = search.found.len() > limit;
    let shown: Vec<Judged<'_>> = search.found.iter().take(limit).filter_map(|found| search.judged(found)).collect();
    let stands = |judged: &Judged<'_>| standing(judged, &decisions.said(judged), &accepted);
    if output.json() {
        let refused = listings.kalshi.refused.iter().chain(&listings.polymarket.refused);
        let document = Document {
            counts: &search.counts,
            more,
            pairs: shown
                .iter()
                .map(|judged| super::export::document(judged, &decisions.said(judged), &stands(judged)))
                .collect::<Result<_, _>>()?,
            refused: refused.map(ToString::to_string).collect(),
        };
        output.document(&document)?;
        return Ok(EXIT_OK);
    }
    let rows = shown.iter().map(|judged| row(judged, &stands(judged), &said_words(&decisions.said(judged))));
    output.line(table(
        ["standing", "verdict", "pays", "rests on", "missing>", "tails", "said", "kalshi", "polymarket", "question"],
        rows,
    ))?;
    let Counts { kalshi_listings, polymarket_listings, candidates, verdicts, .. } = &search.counts;
    let parts: Vec<String> = verdicts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    tell(format_args!(
        "{kalshi_listings} Kalshi and {polymarket_listings} Polymarket listings, {} judged: {}",
        counted(*candidates as u64, "candidate", "candidates"),
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    ))?;
    listings.tell_refused()?;
    if more {
        tracing::warn!(limit, found = search.found.len(), "there are more pairs; raise --limit to see them");
    }
    Ok(EXIT_OK)
}

fn row(judged: &Judged<'_>, stands: &Standing, said: &str) -> [String; 10] {
    let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    [
        stands.word().to_owned(),
        judged.verdict.name().to_owned(),
        or_none(judged.outcome().unwrap_or_default()),
        judged.basis.to_string(),
        stands.needs().len().to_string(),
        tail_words(judged),
        or_none(said),
        short(judged.name.first()),
        short(judged.name.second()),
        headline(&judged.first.listing),
    ]
}
