//! The forms that leave and enter: decisions, exports, and what others nominate.

use brier_pairing::decisions::{Note, Wish};
use brier_pairing::export::{self, Exported, Permission};
use brier_pairing::nominate::{self, Answer, Claim};
use brier_pairing::standing::{Grounds, Link};
use brier_pairing::{Decisions, Judged, Listing, TailKind, Verdict, read, standing, verdict};
use brier_types::Outcome;
use expect_test::expect;
use proptest::prelude::*;

use super::standing::{Two, everything, game, note, plain, unproven, varied};

/// Three decisions about three pairs.
fn three() -> Decisions {
    let mut decisions = Decisions::default();
    let pairs = [game(), unproven(), plain()].map(|(first, second)| Two::new(first, second));
    let [game, vouched, _] = &pairs;
    decisions.confirm(&game.judged(), &everything(&game.judged()), note("ada")).expect("nothing against it");
    decisions.confirm(&vouched.judged(), &everything(&vouched.judged()), note("ada")).expect("nothing against it");
    let (first, second) = plain();
    let other = Two::new(first, Listing { id: "0x2".to_owned(), ..second });
    decisions.veto(&other.judged(), note("bob")).expect("nothing against it");
    decisions
}

#[test]
fn the_file_of_decisions_reads_well_and_is_stable() {
    let decisions = three();
    let text = decisions.to_string();
    expect![[r#"
        {"format":"brier-pair-decisions","version":1}
        {"first":"kalshi:KXARREST-28-AQUI","second":"polymarket:0x1","decision":"confirm","link":"same","outcome":"Yes","vouch":[{"topic":"subject","line":"\"ruritania\" is said on one side only | title \"Ruritania\""}],"titles":["Will Ada Quill be arrested before Jan 1, 2028?","Will Ada Quill be arrested in Ruritania by December 31, 2027?"],"texts":["68bcd2bab5f294176564d323b559dfb7","e19fdfc8594bed6491806f83ece1d005"],"by":"ada","at":"2026-11-20T12:00:00Z","why":"read both rules"}
        {"first":"kalshi:KXARREST-28-AQUI","second":"polymarket:0x2","decision":"veto","titles":["Will Ada Quill be arrested before Jan 1, 2028?","Will Ada Quill be arrested by December 31, 2027?"],"texts":["68bcd2bab5f294176564d323b559dfb7","3aa0955cb416f2d0f1f419098253b978"],"by":"bob","at":"2026-11-20T12:00:00Z","why":"read both rules"}
        {"first":"kalshi:KXNBAGAME-27FEB03BOSDEN-BOS","second":"polymarket:0x1","decision":"confirm","link":"same","outcome":"Celtics","accept_tails":["void","cancellation","overtime"],"titles":["Boston at Denver Winner?","Celtics vs. Nuggets"],"texts":["07d6685ca9a887f7995dc0cb4bad1bd6","41e055d0b89646575116205a0013c43e"],"by":"ada","at":"2026-11-20T12:00:00Z","why":"read both rules"}
    "#]]
    .assert_eq(&text);
    let again = Decisions::parse(&text).unwrap();
    assert_eq!((again.to_string(), &again), (text.clone(), &decisions));
    // Lines in another order, with blank lines between them, are the same file.
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    assert_eq!(Decisions::parse(&lines.join("\n\n")), Ok(decisions));
    assert_eq!(Decisions::parse("{\"format\":\"brier-pair-decisions\",\"version\":1}"), Ok(Decisions::default()));
}

#[test]
fn a_file_that_is_wrong_is_told_with_line_and_way_out() {
    let text = three().to_string();
    let told = |text: &str| Decisions::parse(text).unwrap_err().to_string();
    let swapped = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        told(&text.replacen(from, to, 1))
    };
    let line = text.lines().nth(1).unwrap();
    for (found, wanted) in [
        (told(""), "line 1: expected the head of a file of decisions, {\"format\":"),
        (told("{}"), "line 1: expected the head of a file of decisions, {\"format\":"),
        (
            swapped("brier-pair-decisions", "brier-pairs"),
            "line 1: expected the format brier-pair-decisions, found `brier-pairs`",
        ),
        (
            swapped("\"version\":1", "\"version\":2"),
            "line 1: expected version 1, found 2: it was written by another version",
        ),
        (told(&format!("{text}\n{line}\n")), "keep one, and if either is a veto, the veto"),
        (told(&format!("{text}nonsense")), "line 5: expected a decision, one JSON object a line"),
        (
            swapped("\"decision\":\"confirm\"", "\"decision\":\"yes\""),
            "line 2: decision: expected confirm or veto, found `yes`",
        ),
        (swapped("\"by\":\"ada\",", ""), "missing field `by`"),
        (swapped("\"by\":\"ada\"", "\"by\":\"\""), "line 2: by: expected one line of 1 to 80 characters"),
        (swapped("\"by\":\"ada\"", "\"by\":\"ada\",\"trust\":true"), "unknown field `trust`"),
        (
            swapped("\"link\":\"same\"", "\"link\":\"alike\""),
            "link: expected one of same, inverse, implies, implied-by, excludes",
        ),
        (swapped("\"outcome\":\"Yes\"", "\"outcome\":\"\""), "outcome: expected a name"),
        (swapped("2026-11-20T12:00:00Z", "yesterday"), "at: time: expected RFC 3339"),
        (swapped("\"topic\":\"subject\"", "\"topic\":\"mood\""), "vouch: expected a topic of a proof, found `mood`"),
        (swapped("\"cancellation\"", "\"draw\""), "accept_tails: expected a kind of tail (void, fair-price, tie,"),
        (swapped("kalshi:KXA", "nyse:KXA"), "first: expected kalshi:TICKER or polymarket:CONDITION, found `nyse:KXA"),
        (swapped("\"texts\":[\"", "\"texts\":[\"g"), "texts: expected 32 hex digits"),
    ] {
        assert!(found.contains(wanted), "{found}\nis not\n{wanted}");
    }
    let veto = text.lines().find(|line| line.contains("\"veto\"")).unwrap();
    let trusting = text.replace(veto, &veto.replace("\"veto\"", "\"veto\",\"link\":\"same\""));
    assert!(told(&trusting).contains("a veto has no link, outcome, accept_tails or vouch"));
    let turned =
        line.replace("\"first\"", "\"other\"").replace("\"second\"", "\"first\"").replace("\"other\"", "\"second\"");
    assert!(told(&text.replace(line, &turned)).contains("which comes before"));
}

fn exported(judged: &Judged<'_>, decisions: &Decisions) -> Exported {
    let said = decisions.said(judged);
    Exported::of(judged, &said, &standing(judged, &said, &[].into()))
}

#[test]
fn an_export_says_what_a_trade_rests_on() {
    let pairs = [game(), unproven(), plain()].map(|(first, second)| Two::new(first, second));
    let mut decisions = Decisions::default();
    let judged = pairs[0].judged();
    decisions.confirm(&judged, &Wish { tails: judged.tail_kinds(), ..Wish::default() }, note("ada")).unwrap();
    let all: Vec<Exported> = pairs.iter().map(|two| exported(&two.judged(), &decisions)).collect();
    let riskless = Permission::Riskless { link: Link::Same, pays: Outcome::No, grounds: Grounds::Person };
    assert_eq!((all[0].permission, all[0].outcome.as_deref()), (riskless, Some("Celtics")));
    assert_eq!(all[0].decided.as_ref().map(|decided| decided.by.as_str()), Some("ada"));
    assert!(all[0].tails.iter().any(|tail| tail.kind == TailKind::Void));
    assert_eq!((all[1].permission, all[1].needs.len(), all[1].link), (Permission::Conditional, 1, Some(Link::Same)));
    let text = export::print(&all);
    assert_eq!(export::parse(&text), Ok(all));
    expect![[r#"{"first":{"venue":"kalshi","id":"KXNBAGAME-27FEB03BOSDEN-BOS","event":"","title":"Boston at Denver Winner?","texts":"07d6685ca9a887f7995dc0cb4bad1bd6"},"second":{"venue":"polymarket","id":"0x1","event":"","title":"Celtics vs. Nuggets","texts":"41e055d0b89646575116205a0013c43e"},"standing":"riskless","link":"same","outcome":"Celtics","pays":"no","basis":"rules of both","grounds":"person","tails":[{"kind":"void","venue":"polymarket"},{"kind":"cancellation","venue":"polymarket"},{"kind":"overtime","venue":"polymarket"}],"needs":[],"decided":{"decision":"confirm","by":"ada","at":"2026-11-20T12:00:00Z","why":"read both rules"}}"#]]
    .assert_eq(text.lines().nth(1).unwrap());
}

#[test]
fn an_export_that_claims_more_than_it_shows_is_refused() {
    let two = Two::new(plain().0, plain().1);
    let text = export::print(&[exported(&two.judged(), &Decisions::default())]);
    let told = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}\n{text}");
        export::parse(&text.replacen(from, to, 1)).unwrap_err().to_string()
    };
    for (found, wanted) in [
        (told("brier-pairs", "pairs"), "line 1: expected {\"format\":\"brier-pairs\",\"version\":1}"),
        (told("rules of both", "titles only"), "line 2: a riskless pair rests on rules of both"),
        (told("rules of both", "a hunch"), "basis: expected what a verdict rests on, found `a hunch`"),
        (told("\"needs\":[]", "\"needs\":[\"more\"]"), "a riskless pair rests on rules of both"),
        (told("\"pays\":\"yes\"", "\"pays\":null"), "a riskless pair: expected pays, yes or no, found `nothing`"),
        (told("\"grounds\":\"rules\"", "\"grounds\":\"trust\""), "expected grounds, rules or person, found `trust`"),
        (told("\"link\":\"same\"", "\"link\":null"), "expected link, found `nothing`"),
        (told("\"standing\":\"riskless\"", "\"standing\":\"safe\""), "standing: expected riskless, conditional"),
        (told("\"venue\":\"kalshi\"", "\"venue\":\"nyse\""), "first: expected kalshi or polymarket, found `nyse`"),
        (
            told("\"venue\":\"polymarket\",\"id\":\"0x1\"", "\"venue\":\"kalshi\",\"id\":\"A\""),
            "expected two listings in order",
        ),
        (told("\"texts\":\"", "\"texts\":\"x"), "first: texts: expected 32 hex digits"),
        (told("{\"first\"", "{\"last\""), "line 2: expected a pair"),
    ] {
        assert!(found.contains(wanted), "{found}\nis not\n{wanted}");
    }
    assert!(export::parse("").is_err());
}

#[test]
fn lists_of_others_are_read_in_their_forms() {
    let read = |text: &str| nominate::parse(1, text).unwrap();
    let objects = read(
        r#"{"label":"equivalent","polarity":"inverse","polymarket_outcome":"No","kalshi":{"ticker":"KXA","title":"A?","rules_primary":"R"},"polymarket":{"market_id":"7","question":"B?"}}"#,
    );
    assert_eq!(
        (objects.claim, objects.outcome.as_deref(), objects.polymarket.id.as_str()),
        (Claim::Inverse, Some("No"), "7")
    );
    assert!(objects.kalshi.has_rules());
    let flat = read(
        r#"{"kalshi_ticker":"KXA","kalshi_title":"A?","polymarket_id":"0x1","polymarket_question":"B?","polymarket_rules":"R","label":"true_match","polarity":"aligned"}"#,
    );
    assert_eq!((flat.claim, flat.kalshi.id.as_str(), flat.polymarket.rules.as_str()), (Claim::Same, "KXA", "R"));
    let set = |word: &str| {
        read(&format!(
            r#"{{"kalshi_ticker":"KXA","kalshi_title":"A?","kalshi_yes_sub_title":"S","polymarket_id":528922,"polymarket_question":"B?","in_matching_set":{word}}}"#
        ))
        .claim
    };
    assert_eq!((set("true"), set("false")), (Claim::Same, Claim::Different));
    let event = |word: &str| {
        read(&format!(
            r#"{{"kalshi_event":"KXA","kalshi_title":"A?","polymarket_event_id":"1","polymarket_title":"B?","same_question":"{word}"}}"#
        ))
        .claim
    };
    assert_eq!((event("TRUE"), event("FALSE"), event("UNCLEAR")), (Claim::Same, Claim::Different, Claim::Open));
    let told = |text: &str| nominate::parse(4, text).unwrap_err().to_string();
    assert!(told("[]").starts_with("line 4: expected a JSON object"));
    assert!(told("{").starts_with("line 4: expected a JSON object"));
    assert!(told(r#"{"a":1,"b":2}"#).ends_with("found a, b"));
    assert!(told(r#"{"label":"perhaps"}"#).contains("at `label`, found `perhaps`"));
    assert!(told(r#"{"in_matching_set":3}"#).contains("at `in_matching_set`, found `3`"));
    assert!(told(r#"{"same_question":"SURE"}"#).contains("at `same_question`, found `SURE`"));
    assert!(
        told(r#"{"kalshi":{"ticker":"KXA","market_type":"scalar"},"polymarket":{}}"#).contains("pays all or nothing")
    );
}

#[test]
fn a_claim_is_held_against_the_texts() {
    let judge = |(first, second): (Listing, Listing)| verdict(&read(first), &read(second));
    let (same, missing) = (judge(plain()), judge(unproven()));
    let (first, second) = plain();
    let turned = Listing { title: second.title.replace("Ada", "Ida").replace("Quill", "Pen"), ..second.clone() };
    let other = judge((first.clone(), turned));
    let later =
        Listing { title: second.title.replace("2027", "2028"), rules: second.rules.replace("2027", "2028"), ..second };
    let implies = judge((first, later));
    assert_eq!([&same, &missing, &other, &implies].map(Verdict::name), ["same", "unproven", "different", "implies"]);
    let answer = |claim| [&same, &missing, &other, &implies].map(|verdict| nominate::answer(claim, None, verdict));
    let (yes, no, open) = (Answer::Agrees, Answer::Contradicts, Answer::Unproven);
    assert_eq!(answer(Claim::Same), [yes, open, no, no]);
    assert_eq!(answer(Claim::Inverse), [no, open, no, no]);
    assert_eq!(answer(Claim::Different), [no, open, yes, yes]);
    assert_eq!(answer(Claim::Conditional), [no, open, yes, yes]);
    assert_eq!(answer(Claim::Open), [Answer::Found, open, Answer::Rejected, Answer::Found]);
    assert_eq!(nominate::answer(Claim::Same, Some("yes"), &same), yes);
    assert_eq!(nominate::answer(Claim::Same, Some("No"), &same), no);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Whatever was decided, the file gives it back, and printing it again gives the same text.
    #[test]
    fn decisions_survive_their_file(
        seeds in proptest::collection::vec((0_u64..100_000, any::<bool>(), any::<bool>()), 0..6),
        by in "\\PC{1,60}",
        why in "\\PC{1,200}",
        nanos in any::<i64>(),
    ) {
        let note = Note { by: by.trim().to_owned(), at: brier_types::Timestamp::from_nanos(nanos), why: why.trim().to_owned() };
        let mut decisions = Decisions::default();
        let mut exports = Vec::new();
        for (seed, veto, bare) in seeds {
            let (first, second, _) = varied(seed);
            let two = Two::new(first, second);
            let judged = two.judged();
            let wish = if bare { Wish::default() } else { everything(&judged) };
            let taken = if veto {
                decisions.veto(&judged, note.clone()).is_ok()
            } else {
                decisions.confirm(&judged, &wish, note.clone()).is_ok()
            };
            prop_assert!(taken || !veto || note.by.is_empty() || note.why.is_empty());
            exports.push(exported(&judged, &decisions));
        }
        let text = decisions.to_string();
        let again = Decisions::parse(&text).unwrap();
        prop_assert_eq!(again.to_string(), text);
        prop_assert_eq!(again, decisions);
        prop_assert_eq!(export::parse(&export::print(&exports)), Ok(exports));
    }

    /// Arbitrary texts are read as files, or refused with a line, and never panic.
    #[test]
    fn arbitrary_texts_are_no_files(text in "\\PC{0,200}", cut in 0_usize..2_000) {
        prop_assert!(Decisions::parse(&text).is_err() && export::parse(&text).is_err());
        prop_assert!(nominate::parse(1, &text).is_err());
        let whole = three().to_string();
        let cut = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        if let Ok(found) = Decisions::parse(&whole[..cut]) {
            let all = three();
            prop_assert!(found.iter().all(|one| all.get(&one.pair) == Some(one)), "a file that is cut off adds nothing");
        }
    }
}
