//! Whether markets that a strategy takes for tied are: their texts are read again at every start, and what they do not prove is not
//! traded.
//!
//! Invariant: a tie is traded only while the rules of both markets as the venues publish them now prove it, or prove it but for
//! lines and tails that a person or the configuration accepted; with money at stake a person has confirmed it by these very texts; and
//! the run's journal says which ties those were.

use std::collections::BTreeSet;
use std::path::Path;

use brier_pairing::decisions::Choice;
use brier_pairing::standing::{Judged, Link, Standing, standing};
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
    pub(super) why: String,
}

/// Takes the ties out of a configuration that the texts do not prove, and says so.
///
/// # Errors
/// [`ProofError`]: nothing is to be traded.
pub(super) fn prove(config: &mut Config, texts: &[Listing]) -> Result<(), ProofError> {
    for it in unproved(&config.strategies, texts, config.run.mode == Mode::Live)? {
        let Unproved { strategy, tie, why } = &it;
        tracing::error!(strategy, %tie, why, "its rules do not prove this tie: it is not traded");
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
    let mut unproved = Vec::new();
    for it in strategies.iter().filter(|it| it.enabled && !it.ties().is_empty()) {
        let accepted = it.accepted_tails();
        let decisions = match it.parameters.maybe_path("decisions") {
            Some(path) => decisions(&path).map_err(|problem| {
                let strategy = it.name.clone();
                ProofError::Decisions { strategy, path, problem }
            })?,
            None => Decisions::default(),
        };
        for tie in it.ties() {
            let proved = check(&tie, texts, &decisions, &accepted).and_then(|confirmed| match confirmed {
                Confirmed::ByNobody if is_live => Err(UNCONFIRMED.to_owned()),
                Confirmed::ByNobody | Confirmed::ByAPerson => Ok(()),
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

/// Whether a person has confirmed a tie by the texts of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// Only the texts speak for it. A reader of rules may miss a condition that narrows one of them.
    ByNobody,
    /// Somebody has read them.
    ByAPerson,
}

/// Whether the texts prove a tie, and whether a person has confirmed it. Why not, if they do not.
pub(crate) fn check(
    tie: &TieName,
    texts: &[Listing],
    decisions: &Decisions,
    accepted: &BTreeSet<TailKind>,
) -> Result<Confirmed, String> {
    let contract = |name: &MarketName| -> Result<Contract, String> {
        let same = |text: &&Listing| text.venue == name.venue && text.id == name.market.as_str();
        texts
            .iter()
            .find(same)
            .map(|text| read(text.clone()))
            .ok_or_else(|| format!("the texts of {name} are not at hand"))
    };
    let (first, second) = (contract(&tie.first)?, contract(&tie.second)?);
    let judged = Judged::new(&first, &second).ok_or("both are one market")?;
    let turned = judged.name.first().id != tie.first.market.as_str();
    let standing = standing(&judged, &decisions.said(&judged), accepted);
    let Standing::Riskless(terms) = &standing else {
        let needs: Vec<String> = standing.needs().iter().map(ToString::to_string).collect();
        let reasons: Vec<String> = judged.verdict.reasons().iter().map(ToString::to_string).collect();
        let why = if needs.is_empty() { reasons } else { needs };
        return Err(format!("{standing}: {}", why.join("; ")));
    };
    let proved = match (terms.link, terms.pays) {
        (Link::Same | Link::Inverse, Outcome::Yes) => Some(Tie::Same),
        (Link::Same | Link::Inverse, Outcome::No) => Some(Tie::Inverse),
        (Link::Excludes, _) => Some(Tie::Excludes),
        (Link::Implies, _) => (!turned).then_some(Tie::Implies),
        (Link::ImpliedBy, _) => turned.then_some(Tie::Implies),
    };
    if proved == Some(tie.tie) {
        let is_confirmed =
            matches!(decisions.said(&judged), Said::Applies(Decision { choice: Choice::Confirm(_), .. }));
        return Ok(if is_confirmed { Confirmed::ByAPerson } else { Confirmed::ByNobody });
    }
    let found =
        proved.map_or_else(|| "that the second implies the first".to_owned(), |tie| format!("`{}`", tie.word()));
    Err(format!("expected `{}`, and the texts prove {found}", tie.tie.word()))
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
        check(&tie, texts, decisions, &BTreeSet::new()).map(drop)
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

    #[test]
    fn a_veto_wins() {
        let texts = texts();
        let [one, two] = texts.clone().map(read);
        let judged = Judged::new(&one, &two).unwrap();
        let mut decisions = Decisions::default();
        let note = brier_pairing::decisions::Note {
            by: "ada".to_owned(),
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            why: "not these".to_owned(),
        };
        decisions.veto(&judged, note).unwrap();
        let vetoed = judge(&format!("kalshi:KXARREST-28-AQUI same polymarket:{CONDITION}"), &texts, &decisions);
        assert!(vetoed.unwrap_err().starts_with("vetoed"), "a person's no stands");
    }
}
