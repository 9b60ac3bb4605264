//! Whether markets that a strategy takes for tied are: their texts are read again at every start, and what they do not prove is not
//! traded.
//!
//! Invariant: a tie is traded only while the rules of both markets as the venues publish them now prove it, or prove it but for
//! lines and tails that a person or the configuration accepted, and no person has vetoed it in any strategy's decisions; with money at
//! stake a person has confirmed it by these very texts; and the run's journal says which ties those were.

use std::collections::BTreeSet;
use std::path::Path;

use brier_connect::clock::Clock;
use brier_pairing::calendar::Day;
use brier_pairing::decisions::{Change, Choice};
use brier_pairing::standing::{Judged, Link, Need, Standing, standing};
use brier_pairing::verdict::TailKind;
use brier_pairing::{Contract, Decision, Decisions, Listing, Said, read};
use brier_strategies::Tie;
use brier_types::Outcome;

use crate::config::{Config, MarketName, Mode, StrategyConfig, TieName};

/// Ties cannot be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// What people decided cannot be read.
    #[error("decisions {path} of strategy `{strategy}`: {problem}")]
    Decisions {
        /// Whose.
        strategy: String,
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        problem: String,
    },
}

/// A tie that is not traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unproved {
    /// Whose.
    pub(super) strategy: String,
    /// Which.
    pub(super) tie: TieName,
    /// Why not.
    pub(super) why: Refused,
}

/// Why a tie is not traded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// A person said no: who, when and why.
    #[error("{0}")]
    Vetoed(String),
    /// What the texts lack, or prove instead.
    #[error("{0}")]
    Unproved(String),
    /// The texts prove it, and no person has confirmed it by them, as money needs.
    #[error("{0}")]
    Unconfirmed(String),
}

/// Takes the ties out of a configuration that the texts do not prove, or that a person vetoed, and says so.
///
/// # Errors
/// [`ProofError`]: nothing is to be traded.
pub(super) fn prove(config: &mut Config, texts: &[Listing]) -> Result<(), ProofError> {
    for it in unproved(&config.strategies, texts, config.run.mode == Mode::Live)? {
        let Unproved { strategy, tie, why } = &it;
        match why {
            Refused::Vetoed(_) => tracing::warn!(strategy, %tie, %why, "a person vetoed this tie: it is not traded"),
            Refused::Unproved(_) => {
                tracing::error!(strategy, %tie, %why, "its rules do not prove this tie: it is not traded");
            }
            Refused::Unconfirmed(_) => {
                tracing::error!(strategy, %tie, %why, "nobody confirmed this tie by its rules of now: it is not traded");
            }
        }
        config.untie(strategy, tie);
    }
    Ok(())
}

/// The ties that may not be traded, by the files of decisions as they stand.
///
/// # Errors
/// [`ProofError`]: none may.
pub(super) fn unproved(
    strategies: &[StrategyConfig],
    texts: &[Listing],
    is_live: bool,
) -> Result<Vec<Unproved>, ProofError> {
    let mut decided = Vec::new();
    for it in strategies.iter().filter(|it| it.enabled) {
        decided.push(match it.decisions() {
            Some(path) => decisions(&path).map_err(|problem| {
                let strategy = it.name.clone();
                ProofError::Decisions { strategy, path, problem }
            })?,
            None => Decisions::default(),
        });
    }
    let mut unproved = Vec::new();
    for (it, own) in strategies.iter().filter(|it| it.enabled).zip(&decided) {
        let accepted = it.accepted_tails();
        let heard = Heard { vetoes: &decided, confirmations: std::slice::from_ref(own) };
        for tie in it.ties() {
            let proved = check(&tie, texts, heard, &accepted).and_then(|confirmed| match confirmed {
                Confirmed::ByNobody if is_live => Err(Refused::Unconfirmed(UNCONFIRMED.to_owned())),
                Confirmed::Before(said) if is_live => Err(Refused::Unconfirmed(said)),
                Confirmed::ByNobody | Confirmed::Before(_) | Confirmed::ByAPerson => Ok(()),
            });
            if let Err(why) = proved {
                unproved.push(Unproved { strategy: it.name.clone(), tie, why });
            }
        }
    }
    Ok(unproved)
}

/// What people decided about pairs, from a file.
pub(crate) fn decisions(path: &Path) -> Result<Decisions, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    Decisions::parse(&text).map_err(|error| error.to_string())
}

/// Why a tie that the texts prove is not traded with money.
const UNCONFIRMED: &str =
    "money follows a proof only after a person has read both rules: `brier pairs review` keeps the confirmation";

/// Whose decisions are heard about a pair. A veto counts wherever it was given; a confirmation where it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'d> {
    /// Every file there is.
    pub(crate) vetoes: &'d [Decisions],
    /// Those whose confirmations count.
    pub(crate) confirmations: &'d [Decisions],
}

impl<'d> Heard<'d> {
    /// What people said about a pair: a veto before a confirmation, and what holds of today's texts before what held of others.
    pub(crate) fn said(&self, judged: &Judged<'_>) -> Said<'d> {
        let rank = |said: &Said<'_>| match said {
            Said::Applies(Decision { choice: Choice::Veto, .. }) => 0,
            Said::Stale { decision: Decision { choice: Choice::Veto, .. }, .. } => 1,
            Said::Applies(Decision { choice: Choice::Confirm(_), .. }) => 2,
            Said::Stale { decision: Decision { choice: Choice::Confirm(_), .. }, .. } => 3,
            Said::Nothing => 4,
        };
        let vetoes = self.vetoes.iter().map(|it| it.said(judged)).filter(|said| rank(said) < 2);
        let all = vetoes.chain(self.confirmations.iter().map(|it| it.said(judged)));
        all.min_by_key(rank).unwrap_or(Said::Nothing)
    }
}

/// What a person said that keeps a pair from being traded, or no longer lets it: who, when and why.
pub(crate) fn told(said: &Said<'_>) -> Option<String> {
    let by = |it: &Decision| {
        let at = it.note.at.to_string();
        let day = at.split_once('T').map_or(at.as_str(), |(day, _)| day);
        format!("{} on {day}", it.note.by)
    };
    match said {
        Said::Nothing | Said::Applies(Decision { choice: Choice::Confirm(_), .. }) => None,
        Said::Applies(it) => Some(format!("vetoed by {}: {}", by(it), it.note.why)),
        Said::Stale { decision, changes } => {
            let texts = |it: &Change| match it {
                Change::Text(name) => Some(name.to_string()),
                Change::Reading => None,
            };
            let names: Vec<String> = changes.iter().filter_map(texts).collect();
            let since = match names.as_slice() {
                [] => "its texts are read otherwise since".to_owned(),
                names => format!("the texts of {} changed since", names.join(" and ")),
            };
            Some(match decision.choice {
                Choice::Veto => format!("vetoed by {}, {since}: withdraw or repeat it", by(decision)),
                Choice::Confirm(_) => format!("confirmed by {}, {since}: review again", by(decision)),
            })
        }
    }
}

/// Why a pair is not riskless, with what a person said about it; nothing where it is.
pub(crate) fn why_not(judged: &Judged<'_>, said: &Said<'_>, standing: &Standing) -> Option<String> {
    let reasons: Vec<String> = match standing {
        Standing::Riskless(_) => return None,
        Standing::Vetoed => return Some(told(said).unwrap_or_else(|| standing.to_string())),
        // What was said of other texts is told with its date.
        Standing::Conditional(needs) => {
            needs.iter().filter(|need| **need != Need::Review).map(ToString::to_string).collect()
        }
        Standing::Contradicted => judged.verdict.reasons().iter().map(ToString::to_string).collect(),
    };
    let all: Vec<String> = told(said).into_iter().chain(reasons).collect();
    Some(format!("{standing}: {}", all.join("; ")))
}

/// Whether a person has confirmed a tie by the texts of now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// Only the texts speak for it. A reader of rules may miss a condition that narrows one of them.
    ByNobody,
    /// Somebody did, by other texts than those of now: who, when, and what has changed.
    Before(String),
    /// Somebody has read them.
    ByAPerson,
}

/// The day in UTC: a window that begins tomorrow in New York may be a few hours longer refused, never shorter.
fn today() -> Option<Day> {
    let now = Clock::local_now().to_string();
    let part = |range: std::ops::Range<usize>| now.get(range)?.parse().ok();
    Day::new(Some(part(0..4)?), u8::try_from(part(5..7)?).ok()?, u8::try_from(part(8..10)?).ok()?)
}

/// Whether the texts prove a tie, and whether a person has confirmed it. Why it is not traded, if they do not.
pub(crate) fn check(
    tie: &TieName,
    texts: &[Listing],
    heard: Heard<'_>,
    accepted: &BTreeSet<TailKind>,
) -> Result<Confirmed, Refused> {
    let contract = |name: &MarketName| -> Result<Contract, Refused> {
        let same = |text: &&Listing| text.venue == name.venue && text.id == name.market.as_str();
        let found = texts.iter().find(same).map(|text| read(text.clone()));
        found.ok_or_else(|| Refused::Unproved(format!("the texts of {name} are not at hand")))
    };
    let (first, second) = (contract(&tie.first)?, contract(&tie.second)?);
    let judged = Judged::new(&first, &second).ok_or_else(|| Refused::Unproved("both are one market".to_owned()))?;
    let turned = judged.name.first().id != tie.first.market.as_str();
    let said = heard.said(&judged);
    let standing = standing(&judged, &said, accepted);
    let Standing::Riskless(terms) = &standing else {
        let why = why_not(&judged, &said, &standing).unwrap_or_default();
        return Err(if standing == Standing::Vetoed { Refused::Vetoed(why) } else { Refused::Unproved(why) });
    };
    let proved = match (terms.link, terms.pays) {
        (Link::Same | Link::Inverse, Outcome::Yes) => Some(Tie::Same),
        (Link::Same | Link::Inverse, Outcome::No) => Some(Tie::Inverse),
        (Link::Excludes, _) => Some(Tie::Excludes),
        (Link::Implies, _) => (!turned).then_some(Tie::Implies),
        (Link::ImpliedBy, _) => turned.then_some(Tie::Implies),
    };
    // What both venues write there is the day of listing; one that is still to come leaves a time in which one pays alone.
    for contract in [&first, &second] {
        if let Some(begin) = today().and_then(|today| contract.begins_after(today)) {
            let why = format!("{} pays only what happens from {} on", contract.listing.id, begin.value);
            return Err(Refused::Unproved(why));
        }
    }
    if proved == Some(tie.tie) {
        return Ok(match (&said, told(&said)) {
            (Said::Applies(_), _) => Confirmed::ByAPerson,
            (Said::Nothing | Said::Stale { .. }, Some(before)) => Confirmed::Before(before),
            (Said::Nothing | Said::Stale { .. }, None) => Confirmed::ByNobody,
        });
    }
    let found =
        proved.map_or_else(|| "that the second implies the first".to_owned(), |tie| format!("`{}`", tie.word()));
    Err(Refused::Unproved(format!("expected `{}`, and the texts prove {found}", tie.tie.word())))
}

#[cfg(test)]
mod tests {
    use brier_types::Venue;

    use super::*;

    const CONDITION: &str = "0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

    /// One question with the rules of both, as each venue writes it.
    fn texts() -> [Listing; 2] {
        let kalshi = Listing::new(Venue::Kalshi, "KXARREST-28-AQUI", "Will Ada Quill be arrested before Jan 1, 2028?");
        let polymarket = Listing::new(Venue::Polymarket, CONDITION, "Will Ada Quill be arrested by December 31, 2027?");
        let rules = "This market will resolve to \"Yes\" if Ada Quill is arrested by December 31, 2027, 11:59 PM ET. \
                     Otherwise, this market will resolve to \"No\".";
        [
            Listing {
                rules: "If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.".to_owned(),
                ..kalshi
            },
            Listing { rules: rules.to_owned(), outcomes: vec!["Yes".to_owned(), "No".to_owned()], ..polymarket },
        ]
    }

    fn judge(tie: &str, texts: &[Listing], decisions: &Decisions) -> Result<(), String> {
        let words: Vec<&str> = tie.split(' ').collect();
        let tie = TieName {
            first: MarketName::parse(words[0]).unwrap(),
            tie: Tie::ALL.into_iter().find(|tie| tie.word() == words[1]).unwrap(),
            second: MarketName::parse(words[2]).unwrap(),
        };
        let all = std::slice::from_ref(decisions);
        let heard = Heard { vetoes: all, confirmations: all };
        check(&tie, texts, heard, &BTreeSet::new()).map(drop).map_err(|why| why.to_string())
    }

    /// Venues write the day of listing as the beginning of a window; one that is still to come leaves a time in which one pays alone.
    #[test]
    fn a_window_that_is_still_to_begin_is_not_traded() {
        let tie = format!("kalshi:KXARREST-28-AQUI same polymarket:{CONDITION}");
        let from = |year: u16| {
            texts().map(|text| {
                let rules = text
                    .rules
                    .replace("by December 31, 2027", &format!("between July 1, {year}, and December 31, 2027"));
                Listing { rules, ..text }
            })
        };
        assert_eq!(judge(&tie, &from(2020), &Decisions::default()), Ok(()));
        let why = judge(&tie, &from(2090), &Decisions::default()).unwrap_err();
        assert!(why.ends_with("pays only what happens from 2090-07-01 on"), "{why}");
    }

    #[test]
    fn only_what_the_rules_of_both_prove_is_traded() {
        let (texts, none) = (texts(), Decisions::default());
        let (kalshi, polymarket) = ("kalshi:KXARREST-28-AQUI", format!("polymarket:{CONDITION}"));
        assert_eq!(judge(&format!("{kalshi} same {polymarket}"), &texts, &none), Ok(()));
        assert_eq!(judge(&format!("{polymarket} same {kalshi}"), &texts, &none), Ok(()));
        let inverse = judge(&format!("{kalshi} inverse {polymarket}"), &texts, &none).unwrap_err();
        assert_eq!(inverse, "expected `inverse`, and the texts prove `same`");
        let unread = judge(&format!("{kalshi} same kalshi:KXOTHER-1"), &texts, &none).unwrap_err();
        assert!(unread.contains("not at hand"), "{unread}");

        let mut titles = texts.clone();
        titles[1].rules.clear();
        let unruled = judge(&format!("{kalshi} same {polymarket}"), &titles, &none).unwrap_err();
        assert!(unruled.starts_with("conditional: the rules of polymarket:"), "{unruled}");
        let mut later = texts.clone();
        later[1].title = later[1].title.replace("2027", "2028");
        later[1].rules = later[1].rules.replace("2027", "2028");
        let implied = judge(&format!("{kalshi} same {polymarket}"), &later, &none).unwrap_err();
        assert_eq!(implied, "expected `same`, and the texts prove `implies`");
        assert_eq!(judge(&format!("{kalshi} implies {polymarket}"), &later, &none), Ok(()));
        let turned = judge(&format!("{polymarket} implies {kalshi}"), &later, &none).unwrap_err();
        assert!(turned.contains("the second implies the first"), "{turned}");
        let mut other = texts;
        other[1].title = other[1].title.replace("Ada Quill", "Bob Quill");
        other[1].rules = other[1].rules.replace("Ada Quill", "Bob Quill");
        let different = judge(&format!("{kalshi} same {polymarket}"), &other, &none).unwrap_err();
        assert!(different.starts_with("contradicted: "), "{different}");
    }

    const TIE: &str =
        "kalshi:KXARREST-28-AQUI same polymarket:0x0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

    fn note() -> brier_pairing::decisions::Note {
        brier_pairing::decisions::Note {
            by: "ada".to_owned(),
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            why: "not these".to_owned(),
        }
    }

    fn vetoed(texts: &[Listing; 2]) -> Decisions {
        let [one, two] = texts.clone().map(read);
        let mut decisions = Decisions::default();
        decisions.veto(&Judged::new(&one, &two).unwrap(), note()).unwrap();
        decisions
    }

    fn confirmed(texts: &[Listing; 2]) -> Decisions {
        let [one, two] = texts.clone().map(read);
        let mut decisions = Decisions::default();
        let wish = brier_pairing::decisions::Wish::default();
        decisions.confirm(&Judged::new(&one, &two).unwrap(), &wish, note()).unwrap();
        decisions
    }

    /// The same question in other words.
    fn edited(texts: &[Listing; 2]) -> [Listing; 2] {
        let mut edited = texts.clone();
        edited[1].rules.push('\n');
        edited[1].rules.push_str(&texts[1].rules);
        edited
    }

    #[test]
    fn a_veto_wins_and_says_whose_it_is() {
        let texts = texts();
        assert_eq!(judge(TIE, &texts, &vetoed(&texts)).unwrap_err(), "vetoed by ada on 2026-11-20: not these");
        let stale = judge(TIE, &edited(&texts), &vetoed(&texts)).unwrap_err();
        let changed = format!("the texts of polymarket:{CONDITION} changed since: withdraw or repeat it");
        assert_eq!(stale, format!("conditional: vetoed by ada on 2026-11-20, {changed}"));
    }

    #[test]
    fn a_veto_of_any_file_is_heard_and_a_confirmation_only_of_the_own_one() {
        let texts = texts();
        let [one, two] = texts.clone().map(read);
        let judged = Judged::new(&one, &two).unwrap();
        let both = [confirmed(&texts), vetoed(&texts)];
        let own = Heard { vetoes: &both, confirmations: &both[..1] }.said(&judged);
        assert_eq!(told(&own).unwrap(), "vetoed by ada on 2026-11-20: not these");
        let others = Heard { vetoes: &both[..1], confirmations: &[] }.said(&judged);
        assert_eq!(others, Said::Nothing);
    }

    #[test]
    fn a_confirmation_of_other_texts_is_told_with_what_changed() {
        let texts = texts();
        let decisions = [confirmed(&texts)];
        let heard = Heard { vetoes: &decisions, confirmations: &decisions };
        let words: Vec<&str> = TIE.split(' ').collect();
        let tie = TieName {
            first: MarketName::parse(words[0]).unwrap(),
            tie: Tie::Same,
            second: MarketName::parse(words[2]).unwrap(),
        };
        assert_eq!(check(&tie, &texts, heard, &BTreeSet::new()), Ok(Confirmed::ByAPerson));
        let said =
            format!("confirmed by ada on 2026-11-20, the texts of polymarket:{CONDITION} changed since: review again");
        assert_eq!(check(&tie, &edited(&texts), heard, &BTreeSet::new()), Ok(Confirmed::Before(said)));
    }

    #[test]
    fn a_run_hears_the_vetoes_of_every_strategy_and_confirmations_of_its_own() {
        let texts = texts();
        let folder = tempfile::tempdir().unwrap();
        let of = |first: &Decisions, second: &Decisions, is_live: bool| -> Vec<String> {
            let strategy = |name: &str, decisions: &Decisions| {
                let file = folder.path().join(format!("{name}.jsonl"));
                std::fs::write(&file, decisions.to_string()).unwrap();
                format!(
                    "[[strategy]]\nname = \"{name}\"\nkind = \"arbitrage\"\n[strategy.parameters]\n\
                     decisions = \"{}\"\npairs = [\"{TIE}\"]\n",
                    file.display()
                )
            };
            let config = crate::config::read_back(&(strategy("one", first) + &strategy("two", second))).unwrap();
            let found = unproved(&config.strategies, &texts, is_live).unwrap();
            found.iter().map(|it| format!("{}: {}", it.strategy, it.why)).collect()
        };
        let none = Decisions::default();
        assert_eq!(of(&none, &none, false), Vec::<String>::new());
        let no = |name: &str| format!("{name}: vetoed by ada on 2026-11-20: not these");
        assert_eq!(of(&none, &vetoed(&texts), false), [no("one"), no("two")]);
        assert_eq!(of(&confirmed(&texts), &vetoed(&texts), true), [no("one"), no("two")]);
        assert_eq!(of(&confirmed(&texts), &none, true), [format!("two: {UNCONFIRMED}")]);
        let before = confirmed(&edited(&texts));
        let changed = format!("the texts of polymarket:{CONDITION} changed since: review again");
        assert_eq!(
            of(&confirmed(&texts), &before, true),
            [format!("two: confirmed by ada on 2026-11-20, {changed}")],
            "money waits for a person where a venue has edited its rules"
        );
    }
}
