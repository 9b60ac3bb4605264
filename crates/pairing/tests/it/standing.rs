//! What may be done with a pair: people's decisions, accepted tails, and what nobody can override.

use std::collections::BTreeSet;

use brier_pairing::decisions::{Change, Choice, Note, Refusal, Wish};
use brier_pairing::proof::Topic;
use brier_pairing::standing::{Grounds, Link, Need, PairName, Vouch};
use brier_pairing::variation::{self, Chance, Change as Changed};
use brier_pairing::{
    Basis, Contract, Decisions, Judged, Listing, Said, Seal, Standing, Strike, StrikeKind, TailKind, Verdict, read,
    standing,
};
use brier_types::{Outcome, Venue};
use proptest::prelude::*;

use super::{kalshi, polymarket};

/// Two contracts of both venues.
pub(super) struct Two(Contract, Contract);

impl Two {
    pub(super) fn new(first: Listing, second: Listing) -> Self {
        Self(read(first), read(second))
    }

    pub(super) fn judged(&self) -> Judged<'_> {
        Judged::new(&self.0, &self.1).expect("two names")
    }
}

const KALSHI_RULES: &str = "If Ada Quill is arrested before Jan 1, 2028, then the market resolves to Yes.";
const POLYMARKET_RULES: &str = "This market will resolve to \"Yes\" if Ada Quill is arrested by December 31, 2027, 11:59 PM \
                                ET. Otherwise, this market will resolve to \"No\".";

/// One question with the rules of both and no tails.
pub(super) fn plain() -> (Listing, Listing) {
    let first = kalshi("KXARREST-28-AQUI", "Will Ada Quill be arrested before Jan 1, 2028?");
    let second = polymarket("Will Ada Quill be arrested by December 31, 2027?");
    (Listing { rules: KALSHI_RULES.to_owned(), ..first }, Listing { rules: POLYMARKET_RULES.to_owned(), ..second })
}

/// One game with the rules of both: Polymarket's second outcome pays, and there are tails.
pub(super) fn game() -> (Listing, Listing) {
    let first = kalshi("KXNBAGAME-27FEB03BOSDEN-BOS", "Boston at Denver Winner?");
    let second = polymarket("Celtics vs. Nuggets");
    (
        Listing {
            subtitle: "Boston".to_owned(),
            rules: "If Boston wins the Boston at Denver professional basketball game originally scheduled for Feb 3, \
                    2027, then the market resolves to Yes. Overtime counts."
                .to_owned(),
            ..first
        },
        Listing {
            outcomes: vec!["Nuggets".to_owned(), "Celtics".to_owned()],
            rules: "In the upcoming NBA game, scheduled for February 3, 2027 at 9:00PM ET:\nOvertime periods count, \
                    including overtime.\nIf the game is canceled, this market resolves 50-50."
                .to_owned(),
            ..second
        },
    )
}

/// Perhaps the same question: one title names a place that nothing else does.
pub(super) fn unproven() -> (Listing, Listing) {
    let (first, second) = plain();
    let title = "Will Ada Quill be arrested in Ruritania by December 31, 2027?";
    let rules = POLYMARKET_RULES.replace("arrested by", "arrested in Ruritania by");
    (first, Listing { title: title.to_owned(), rules, ..second })
}

pub(super) fn note(by: &str) -> Note {
    Note { by: by.to_owned(), at: "2026-11-20T12:00:00Z".parse().expect("a time"), why: "read both rules".to_owned() }
}

fn none() -> BTreeSet<TailKind> {
    BTreeSet::new()
}

/// The standing with these decisions and nothing accepted for all.
fn stands(judged: &Judged<'_>, decisions: &Decisions) -> Standing {
    standing(judged, &decisions.said(judged), &none())
}

/// Everything that can be wished of a pair.
pub(super) fn everything(judged: &Judged<'_>) -> Wish {
    let can = judged.missing().filter(|line| line.topic != Topic::Consistency);
    Wish { vouched: can.map(|line| Vouch::of(line).key()).collect(), tails: judged.tail_kinds(), outcome: None }
}

#[test]
fn rules_of_both_without_tails_need_nobody() {
    let (first, second) = plain();
    let two = Two::new(first, second);
    let judged = two.judged();
    let Standing::Riskless(terms) = stands(&judged, &Decisions::default()) else { panic!("{}", judged.verdict) };
    assert_eq!((terms.link, terms.pays, terms.grounds), (Link::Same, Outcome::Yes, Grounds::Rules));
    assert_eq!(terms.outcome, "Yes");
}

#[test]
fn titles_are_never_riskless_and_never_confirmed() {
    let (first, second) = plain();
    for (first_rules, second_rules) in [(false, false), (true, false), (false, true)] {
        let bare = |listing: &Listing, keep: bool| {
            if keep { listing.clone() } else { Listing { rules: String::new(), ..listing.clone() } }
        };
        let two = Two::new(bare(&first, first_rules), bare(&second, second_rules));
        let judged = two.judged();
        assert!(judged.verdict.matched().is_some(), "{}", judged.verdict);
        let mut decisions = Decisions::default();
        let needs = stands(&judged, &decisions).needs().to_vec();
        assert_eq!(needs.len(), usize::from(!first_rules) + usize::from(!second_rules));
        assert!(needs.iter().all(|need| matches!(need, Need::Rules(_))));
        let refusal = decisions.confirm(&judged, &everything(&judged), note("ada")).unwrap_err();
        assert!(matches!(refusal, Refusal::NoRules { .. }), "{refusal}");
        assert!(decisions.is_empty());
    }
}

#[test]
fn tails_are_accepted_for_all_or_for_one_pair() {
    let (first, second) = game();
    let two = Two::new(first, second);
    let judged = two.judged();
    assert_eq!(
        (judged.link(), judged.outcome(), judged.basis),
        (Some(Link::Same), Some("Celtics"), Basis::RulesOfBoth)
    );
    let kinds = judged.tail_kinds();
    assert!(kinds.contains(&TailKind::Void) && kinds.len() > 1, "{}", judged.verdict);
    let mut decisions = Decisions::default();
    let needs = stands(&judged, &decisions).needs().to_vec();
    assert_eq!(needs, kinds.iter().map(|kind| Need::Tail(*kind)).collect::<Vec<_>>());

    let Standing::Riskless(terms) = standing(&judged, &Said::Nothing, &kinds) else { panic!("accepted by rule") };
    assert_eq!((terms.pays, terms.grounds), (Outcome::No, Grounds::Rules), "the second outcome is that book's NO");

    let some: BTreeSet<TailKind> = kinds.iter().copied().take(1).collect();
    decisions.confirm(&judged, &Wish { tails: some.clone(), ..Wish::default() }, note("ada")).unwrap();
    assert_eq!(stands(&judged, &decisions).needs().len(), kinds.len() - 1);
    let rest: BTreeSet<TailKind> = kinds.difference(&some).copied().collect();
    let Standing::Riskless(terms) = standing(&judged, &decisions.said(&judged), &rest) else { panic!("both together") };
    assert_eq!(terms.grounds, Grounds::Person);

    let foreign = Wish { tails: [TailKind::Death].into(), ..Wish::default() };
    let refusal = decisions.confirm(&judged, &foreign, note("ada")).unwrap_err();
    assert!(refusal.to_string().starts_with("the pair has no tail `death`; it has "), "{refusal}");
}

#[test]
fn a_person_vouches_for_exactly_the_missing_lines() {
    let (first, second) = unproven();
    let two = Two::new(first, second);
    let judged = two.judged();
    let missing: Vec<Vouch> = judged.missing().map(Vouch::of).collect();
    assert!(judged.verdict.name() == "unproven" && !missing.is_empty(), "{}", judged.verdict);
    let mut decisions = Decisions::default();
    decisions.confirm(&judged, &Wish::default(), note("ada")).unwrap();
    let needs = stands(&judged, &decisions).needs().to_vec();
    assert_eq!(needs, missing.iter().cloned().map(Need::Line).collect::<Vec<_>>(), "a bare yes adds nothing");

    let other = Wish { vouched: ["deadline-000000".to_owned()].into(), ..Wish::default() };
    let refusal = decisions.confirm(&judged, &other, note("ada")).unwrap_err();
    let keys: Vec<String> = missing.iter().map(Vouch::key).collect();
    let told = format!("no missing line of the proof is called `deadline-000000`; they are {}", keys.join(", "));
    assert_eq!(refusal.to_string(), told);

    decisions.confirm(&judged, &everything(&judged), note("ada")).unwrap();
    let Standing::Riskless(terms) = stands(&judged, &decisions) else { panic!("all lines are vouched for") };
    assert_eq!((terms.link, terms.grounds), (Link::Same, Grounds::Person));
}

#[test]
fn a_contradiction_is_refused_with_its_lines_and_stands_against_a_file() {
    let (first, second) = plain();
    let good = second.clone();
    let other = |text: &str| text.replace("2027", "2028").replace("arrested", "convicted");
    let two = Two::new(first.clone(), Listing { rules: other(&second.rules), title: other(&second.title), ..second });
    let judged = two.judged();
    assert_eq!(judged.verdict.name(), "different", "{}", judged.verdict);
    let mut decisions = Decisions::default();
    let refusal = decisions.confirm(&judged, &Wish::default(), note("ada")).unwrap_err();
    let Refusal::Contradicted { lines } = &refusal else { panic!("{refusal}") };
    assert!(!lines.is_empty() && refusal.to_string().contains("CONTRADICTS"), "{refusal}");
    // A file that was written by hand for these very texts does not get it through either.
    let fine = Two::new(first, good);
    let mut forged = Decisions::default();
    forged.confirm(&fine.judged(), &Wish::default(), note("eve")).unwrap();
    let mut text = forged.to_string();
    for (then, now) in fine.judged().seals().iter().zip(&judged.seals()) {
        text = text.replace(&then.to_string(), &now.to_string());
    }
    let forged = Decisions::parse(&text).unwrap();
    assert_eq!(stands(&judged, &forged), Standing::Contradicted);
    assert!(matches!(forged.said(&judged), Said::Stale { changes, .. } if changes == [Change::Reading]));
}

#[test]
fn a_listing_that_contradicts_itself_is_mended_by_nobody() {
    let (first, second) = plain();
    let first = Listing { other: false, ..first };
    let second = Listing { other: true, ..second };
    let two = Two::new(first, second);
    let judged = two.judged();
    let mut decisions = Decisions::default();
    let line = judged.missing().find(|line| line.topic == Topic::Consistency).expect("it stands for others");
    let wish = Wish { vouched: [Vouch::of(line).key()].into(), ..Wish::default() };
    let refusal = decisions.confirm(&judged, &wish, note("ada")).unwrap_err();
    assert!(matches!(refusal, Refusal::Inconsistent { .. }), "{refusal}");
    let refusal = decisions.confirm(&judged, &everything(&judged), note("ada")).unwrap_err();
    assert!(matches!(refusal, Refusal::Inconsistent { .. }), "also where nobody vouches for that line: {refusal}");
    assert!(matches!(stands(&judged, &decisions).needs(), [Need::Inconsistent(_)]));
}

#[test]
fn a_veto_wins_and_is_only_withdrawn() {
    let (first, second) = plain();
    let two = Two::new(first, second);
    let judged = two.judged();
    let mut decisions = Decisions::default();
    decisions.confirm(&judged, &Wish::default(), note("ada")).unwrap();
    decisions.veto(&judged, note("bob")).unwrap();
    assert_eq!(stands(&judged, &decisions), Standing::Vetoed);
    let refusal = decisions.confirm(&judged, &Wish::default(), note("ada")).unwrap_err();
    assert_eq!(refusal.to_string(), "vetoed by bob at 2026-11-20T12:00:00Z: read both rules");
    assert_eq!(decisions.withdraw(&judged.name).map(|one| one.choice), Some(Choice::Veto));
    assert!(matches!(stands(&judged, &decisions), Standing::Riskless(_)));
    assert_eq!(decisions.withdraw(&judged.name), None);
}

#[test]
fn a_changed_text_ends_a_confirmation_and_leaves_a_veto_to_be_looked_at() {
    let (first, second) = game();
    let edited = Listing { rules: second.rules.replace("9:00PM", "9:30PM"), ..second.clone() };
    let (then, now) = (Two::new(first.clone(), second), Two::new(first, edited));
    let (then, now) = (then.judged(), now.judged());
    let mut decisions = Decisions::default();
    decisions.confirm(&then, &everything(&then), note("ada")).unwrap();
    assert!(matches!(stands(&then, &decisions), Standing::Riskless(_)));
    let said = decisions.said(&now);
    let Said::Stale { changes, .. } = &said else { panic!("{said:?}") };
    assert_eq!(changes.as_slice(), [Change::Text(now.name.second().clone())]);
    assert_eq!(changes[0].to_string(), "the texts of polymarket:0x1 changed");
    assert!(stands(&now, &decisions).needs().iter().all(|need| matches!(need, Need::Tail(_))));

    decisions.veto(&then, note("bob")).unwrap();
    assert_eq!(stands(&then, &decisions), Standing::Vetoed);
    let all = now.tail_kinds();
    let Standing::Conditional(needs) = standing(&now, &decisions.said(&now), &all) else { panic!("a veto is no yes") };
    assert_eq!(needs, [Need::Review]);
    assert!(matches!(decisions.confirm(&now, &Wish::default(), note("ada")), Err(Refusal::Vetoed(_))));
}

#[test]
fn an_outcome_that_no_text_says_is_named_by_the_person() {
    let (first, second) = plain();
    let second = Listing { outcomes: vec!["Arrested".to_owned(), "At large".to_owned()], ..second };
    let two = Two::new(first, second);
    let judged = two.judged();
    assert_eq!((judged.link(), judged.outcome()), (Some(Link::Same), None), "{}", judged.verdict);
    let mut decisions = Decisions::default();
    let mut wish = everything(&judged);
    let refusal = decisions.confirm(&judged, &wish, note("ada")).unwrap_err();
    assert!(refusal.to_string().ends_with("name one of Arrested, At large"), "{refusal}");
    wish.outcome = Some("Yes".to_owned());
    assert!(matches!(decisions.confirm(&judged, &wish, note("ada")), Err(Refusal::OutcomeWrong { .. })));
    wish.outcome = Some("At large".to_owned());
    decisions.confirm(&judged, &wish, note("ada")).unwrap();
    let Standing::Riskless(terms) = stands(&judged, &decisions) else { panic!("everything is said") };
    assert_eq!((terms.outcome.as_str(), terms.pays), ("At large", Outcome::No));
}

#[test]
fn an_outcome_against_the_texts_is_refused() {
    let (first, second) = game();
    let two = Two::new(first, second);
    let judged = two.judged();
    let wish = Wish { outcome: Some("Nuggets".to_owned()), ..everything(&judged) };
    let refusal = Decisions::default().confirm(&judged, &wish, note("ada")).unwrap_err();
    assert_eq!(refusal.to_string(), "expected the outcome Celtics of polymarket:0x1, found `Nuggets`");
}

#[test]
fn an_implication_of_yes_and_no_stands_like_a_match() {
    let (first, second) = plain();
    let later = |listing: Listing| Listing {
        title: listing.title.replace("2027", "2028"),
        rules: listing.rules.replace("2027", "2028"),
        ..listing
    };
    let two = Two::new(first, later(second.clone()));
    let judged = two.judged();
    assert!(matches!(judged.verdict, Verdict::Implies { .. }), "{}", judged.verdict);
    let Standing::Riskless(terms) = stands(&judged, &Decisions::default()) else { panic!("{}", judged.verdict) };
    assert_eq!((terms.link, terms.pays), (Link::Implies, Outcome::Yes));
    let swapped = Judged::new(&two.1, &two.0).expect("two names");
    assert_eq!(swapped.link(), Some(Link::Implies), "the order is of the names, not of the arguments");
}

#[test]
fn outcomes_that_no_record_names_are_missing() {
    let (first, second) = plain();
    let two = Two::new(first, Listing { outcomes: Vec::new(), ..second });
    let judged = two.judged();
    assert!(matches!(stands(&judged, &Decisions::default()).needs(), [Need::Outcomes(_)]));
}

#[test]
fn who_and_why_are_one_line_each() {
    let (first, second) = plain();
    let two = Two::new(first, second);
    let judged = two.judged();
    for (by, why) in [("", "x"), ("a", ""), ("a\nb", "x"), ("a", " x"), ("a", &"x".repeat(501))] {
        let wrong = Note { by: by.to_owned(), why: why.to_owned(), ..note("") };
        let mut decisions = Decisions::default();
        assert!(matches!(decisions.veto(&judged, wrong.clone()), Err(Refusal::Note { .. })), "{by:?} {why:?}");
        assert!(matches!(decisions.confirm(&judged, &Wish::default(), wrong), Err(Refusal::Note { .. })));
    }
}

#[test]
fn names_are_in_order_and_two() {
    let (first, second) = plain();
    let (one, two) = (read(first), read(second));
    let name = |contract: &Contract| brier_pairing::standing::Name::of(&contract.listing);
    let pair = PairName::new(name(&two), name(&one)).unwrap();
    assert_eq!((pair.first().venue, pair.second().venue), (Venue::Kalshi, Venue::Polymarket));
    assert!(Judged::new(&one, &one).is_none());
    let nameless = read(Listing { id: String::new(), ..two.listing.clone() });
    assert!(Judged::new(&one, &nameless).is_none());
}

#[test]
fn a_seal_changes_with_every_text_and_with_nothing_else() {
    let (base, _) = plain();
    let seal = Seal::of(&base);
    let strike = |cap: i64| {
        let cap = Some(brier_pairing::Decimal::whole(cap));
        Some(Strike { kind: StrikeKind::Less, floor: None, cap })
    };
    let text = || "x".to_owned();
    let edits = [
        Listing { title: text(), ..base.clone() },
        Listing { subtitle: text(), ..base.clone() },
        Listing { rules: text(), ..base.clone() },
        Listing { more_rules: text(), ..base.clone() },
        Listing { event_title: text(), ..base.clone() },
        Listing { ends: text(), ..base.clone() },
        Listing { outcomes: vec![text()], ..base.clone() },
        Listing { outcomes: vec!["No".to_owned(), "Yes".to_owned()], ..base.clone() },
        Listing { outcomes: vec!["Yes".to_owned(), "No".to_owned()], ..base.clone() },
        Listing { sources: vec![text()], ..base.clone() },
        Listing { strike: strike(1), ..base.clone() },
        Listing { strike: strike(2), ..base.clone() },
        Listing { other: true, ..base.clone() },
        Listing { rules: base.rules.to_uppercase(), ..base.clone() },
    ];
    let seals: BTreeSet<Seal> = edits.iter().map(Seal::of).chain([seal]).collect();
    assert_eq!(seals.len(), edits.len() + 1);
    let spaced = Listing { rules: base.rules.replace(' ', "   ") + "\n", ..base.clone() };
    let broken = Listing { rules: base.rules.replacen(' ', "\n", 1), ..base.clone() };
    assert_ne!(Seal::of(&broken), seal, "a line break ends a sentence");
    let renamed = Listing { id: text(), event: text(), exclusive: true, ..base };
    assert_eq!((Seal::of(&spaced), Seal::of(&renamed)), (seal, seal));
    assert_eq!(seal.to_string().parse(), Ok(seal));
    for wrong in ["", "x", &"A".repeat(32), &"+".repeat(32), &"0".repeat(31)] {
        assert!(wrong.parse::<Seal>().is_err(), "{wrong}");
    }
}

/// The pair of a seed, with rules that repeat the titles on both sides.
pub(super) fn varied(seed: u64) -> (Listing, Listing, Changed) {
    let pair = variation::pair(&mut Chance::new(seed), seed);
    let first = Listing {
        rules: format!("If the answer to \"{}\" is yes, then the market resolves to Yes.", pair.kalshi.title),
        ..pair.kalshi
    };
    let second = Listing { rules: format!("Resolves to \"Yes\" if so: {}", pair.polymarket.title), ..pair.polymarket };
    (first, second, pair.change)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever people wish, two different questions stay contradicted, and a veto stays a no.
    #[test]
    fn nobody_overrides_a_contradiction_or_a_veto(seed in 0_u64..100_000, veto: bool) {
        let (first, second, change) = varied(seed);
        let two = Two::new(first, second);
        let judged = two.judged();
        let mut decisions = Decisions::default();
        let confirmed = decisions.confirm(&judged, &everything(&judged), note("ada")).is_ok();
        let accepted: BTreeSet<TailKind> = TailKind::ALL.into();
        if veto {
            decisions.veto(&judged, note("bob")).unwrap();
        }
        let stands = standing(&judged, &decisions.said(&judged), &accepted);
        match &judged.verdict {
            _ if veto => prop_assert_eq!(stands, Standing::Vetoed),
            Verdict::Different(_) => {
                prop_assert!(!confirmed);
                prop_assert_eq!(stands, Standing::Contradicted);
            }
            Verdict::Same(_) => prop_assert!(change == Changed::None && confirmed),
            _ => {}
        }
    }

    /// Any edit of any text ends what was confirmed.
    #[test]
    fn an_edit_ends_a_confirmation(seed in 0_u64..100_000, side: bool, part in 0_usize..4, at in 0_usize..400) {
        let (first, second, _) = varied(seed);
        let then = Two::new(first.clone(), second.clone());
        let mut decisions = Decisions::default();
        prop_assume!(decisions.confirm(&then.judged(), &everything(&then.judged()), note("ada")).is_ok());
        let edit = |mut listing: Listing| {
            let text = match part {
                0 => &mut listing.title,
                1 => &mut listing.rules,
                2 => &mut listing.more_rules,
                _ => &mut listing.event_title,
            };
            let at = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).nth(at % (text.len() + 1)).unwrap_or(0);
            text.insert(at, '#');
            listing
        };
        let now = if side { Two::new(edit(first), second) } else { Two::new(first, edit(second)) };
        let judged = now.judged();
        let said = decisions.said(&judged);
        let stale = matches!(said, Said::Stale { .. });
        prop_assert!(stale);
        prop_assert_eq!(standing(&judged, &said, &none()), standing(&judged, &Said::Nothing, &none()));
    }
}
