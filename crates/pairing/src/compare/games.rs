//! Two games: the same sides on the same day, and the outcome that pays.

use brier_types::Venue;

use super::Bench;
use crate::calendar::Day;
use crate::contract::{Certainty, Competitor, Contract, Field, Game, Source, Span};
use crate::proof::{Finding, Topic};

/// What comparing games adds to the verdict.
#[derive(Default)]
pub(super) struct Compared {
    /// The place of the Polymarket outcome that pays.
    pub(super) outcome: Option<usize>,
}

/// Compares the games of both contracts.
pub(super) fn compare(bench: &mut Bench<'_>) -> Compared {
    let (first, second) = (bench.first, bench.second);
    let (Some(one), Some(two)) = (&first.game, &second.game) else {
        if first.game.is_none() && second.game.is_none() {
            event_day(bench);
        } else {
            one_sided(bench, first.game.is_none());
        }
        return Compared::default();
    };
    if one.sides.len() != 2 || two.sides.len() != 2 {
        return single(bench, one, two);
    }
    let fits = |a: usize, b: usize| side_fits(&one.sides[a], &two.sides[b]);
    let straight = fits(0, 0) && fits(1, 1);
    let crossed = fits(0, 1) && fits(1, 0);
    let spans = (Some(whole(one)), Some(whole(two)));
    match (straight, crossed) {
        (true, false) | (false, true) => {
            bench.add(Topic::Game, Finding::Agrees, spans.0, spans.1, "the same two sides");
        }
        (true, true) => bench.add(Topic::Game, Finding::Missing, spans.0, spans.1, "the sides cannot be told apart"),
        (false, false) => {
            let some = fits(0, 0) || fits(0, 1) || fits(1, 0) || fits(1, 1);
            let note = if some { "only one side is the same" } else { "other sides" };
            bench.add(Topic::Game, Finding::Contradicts, spans.0, spans.1, note);
        }
    }
    days(bench, one.day, two.day);
    winners(bench)
}

/// From the first name to the last.
fn whole(game: &Game) -> Span {
    let spans = game.sides.iter().map(|side| side.span);
    let start = spans.clone().map(|span| span.start).min().unwrap_or(0);
    Span { source: Source::Title, start, end: spans.map(|span| span.end).max().unwrap_or(start) }
}

/// A market on one side's win on a day, against another such market or a game of two: one side meets one other a day,
/// so the day and the winner decide.
fn single(bench: &mut Bench<'_>, one: &Game, two: &Game) -> Compared {
    let spans = (Some(whole(one)), Some(whole(two)));
    let (Some(first), Some(second)) = (&one.winner, &two.winner) else {
        bench.add(Topic::Game, Finding::Missing, spans.0, spans.1, "a game of two sides on one side only");
        return Compared::default();
    };
    // Without both sides to hold it, a name must be the same name: "Marino" is not "San Marino".
    let same = match (first.team, second.team) {
        (Some(first), Some(second)) => first == second,
        (Some(_), None) | (None, Some(_) | None) => first.words == second.words,
    };
    let finding = match (same, side_fits(first, second)) {
        (true, _) => Finding::Agrees,
        (false, true) => Finding::Missing,
        (false, false) => Finding::Contradicts,
    };
    bench.add(Topic::Outcome, finding, Some(first.span), Some(second.span), "whose win pays");
    days(bench, one.day, two.day);
    Compared { outcome: Some(0) }
}

/// Words that make another market of a game, wherever they stand in its title.
const OTHER_MARKETS: &[&str] = &[
    "toss", "score", "exact", "set", "map", "game", "total", "spread", "handicap", "half", "quarter", "first", "most",
    "corner", "odd", "even", "margin", "method", "distance", "rounds", "winner", "advance", "series", "sixes", "goal",
    "halftime", "overtime", "inning", "kill", "women", "u20", "(w)",
];

/// Whether a place of a game's title only sets the scene: a tournament before the names and a colon, or a bracket
/// after them. Titles with words that make another market of a game set no scene.
pub(super) fn setting(own: &Contract, other: &Contract, span: Span) -> bool {
    let (Some(game), Some(_)) = (&own.game, &other.game) else { return false };
    if span.source != Source::Title || game.sides.len() != 2 {
        return false;
    }
    let text = &own.listing.title;
    let names = whole(game);
    let (Some(lead), Some(tail), Some(rest)) =
        (text.get(..names.start as usize), text.get(names.end as usize..), text.get(span.end as usize..))
    else {
        return false;
    };
    let before = span.end <= names.start && lead.trim_end().ends_with(':');
    let after = span.start >= names.end && tail.trim_start().starts_with('(') && rest.contains(')');
    let around = crate::text::fold(&format!("{lead} {tail}"));
    (before || after) && !OTHER_MARKETS.iter().any(|word| around.contains(word)) && sport_is_shared(own, other, span)
}

/// Sports whose teams bear the names of other sports' teams, and how tickers write them.
const SPORTS: &[(&str, &[&str])] = &[
    ("lol", &["LOL", "LEAGUEOFLEGENDS"]),
    ("legends", &["LOL", "LEAGUEOFLEGENDS"]),
    ("valorant", &["VALORANT", "VCT"]),
    ("cs2", &["CS2", "CSGO"]),
    ("counter", &["CS2", "CSGO"]),
    ("dota", &["DOTA"]),
    ("overwatch", &["OVERWATCH", "OW"]),
    ("hockey", &["HOCKEY", "NHL", "IIHF", "KHL", "AHL"]),
    ("cricket", &["CRICKET", "IPL", "T20", "ODI", "BBL"]),
    ("rugby", &["RUGBY", "NRL"]),
    ("volleyball", &["VOLLEY"]),
    ("handball", &["HANDBALL"]),
];

/// Whether a word of the setting that names a sport is named by the other side too, in its texts or its ticker.
fn sport_is_shared(own: &Contract, other: &Contract, span: Span) -> bool {
    let word = crate::text::fold(own.quote(span));
    let Some((name, codes)) = SPORTS.iter().find(|(name, _)| word.split(' ').any(|word| word.starts_with(name))) else {
        return true;
    };
    let said = crate::text::fold(&other.listing.title).contains(name) || other.context.word(name).is_some();
    said || codes.iter().any(|code| other.context.series.contains(code))
}

/// Whether a contract pays on a tie of its game.
pub(super) fn pays_draw(contract: &Contract) -> bool {
    let winner = contract.game.as_ref().and_then(|game| game.winner.as_ref());
    winner.is_some_and(|winner| matches!(winner.words.as_slice(), [word] if word == "tie" || word == "draw"))
}

fn days(bench: &mut Bench<'_>, one: Option<Field<Day>>, two: Option<Field<Day>>) {
    match (one, two) {
        (Some(one), Some(two)) => {
            let finding = if one.value.agrees(two.value) { Finding::Agrees } else { Finding::Contradicts };
            let note = format!("{} and {}", one.value, two.value);
            bench.add(Topic::Window, finding, Some(one.span), Some(two.span), note);
        }
        (one, two) => {
            let note = "the day of the game is not said on both sides";
            bench.add(Topic::Window, Finding::Missing, one.map(|one| one.span), two.map(|two| two.span), note);
        }
    }
}

/// A market on part of a game whose title names no game ("Pedri: 1+ goals"): its day stands in the ticker or in the
/// sentence that schedules the game, and two such markets are one only on one day.
fn event_day(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    if first.event_day.is_some() || second.event_day.is_some() {
        days(bench, first.event_day, second.event_day);
    }
}

/// A market on one side of a game ("Will Berkane win on 2026-01-26?") against a game of two.
fn one_sided(bench: &mut Bench<'_>, flipped: bool) {
    let (own, _) = bench.sides(flipped);
    let Some(game) = &own.game else { return };
    let note = "a game of two sides on one side only";
    bench.add_for(flipped, Topic::Game, Finding::Missing, (Some(whole(game)), None), note, Certainty::Stated);
}

/// Whose win pays on Kalshi, and which Polymarket outcome that is.
fn winners(bench: &mut Bench<'_>) -> Compared {
    let flipped = bench.first.venue() == Venue::Polymarket && bench.second.venue() == Venue::Kalshi;
    let (own, other) = bench.sides(flipped);
    let (Some(game), Some(_)) = (&own.game, &other.game) else { return Compared::default() };
    let names = &other.listing.outcomes;
    let Some(winner) = &game.winner else {
        if own.venue() != other.venue() {
            let note = "whose win pays Yes is not said";
            bench.add_for(
                flipped,
                Topic::Outcome,
                Finding::Missing,
                (Some(whole(game)), None),
                note,
                Certainty::Stated,
            );
        }
        return Compared::default();
    };
    if pays_draw(own) {
        let span = other.says(crate::contract::Facet::Word, "draw");
        let finding = if span.is_some() { Finding::Agrees } else { Finding::Missing };
        bench.add_for(flipped, Topic::Outcome, finding, (Some(winner.span), span), "pays on a tie", Certainty::Stated);
        return Compared { outcome: span.map(|_| 0) };
    }
    let of_same_side = |at: &usize| outcome_is(other, *at, winner);
    let mut fitting = (0..names.len()).filter(of_same_side);
    if let (Some(at), None) = (fitting.next(), fitting.next()) {
        let span = Span::new(Source::Outcome(at as u8), 0, names[at].len());
        let note = format!("pays with {}", names[at]);
        bench.add_for(
            flipped,
            Topic::Outcome,
            Finding::Agrees,
            (Some(winner.span), Some(span)),
            note,
            Certainty::Stated,
        );
        return Compared { outcome: Some(at) };
    }
    let note = format!("none of {} is proved to be the side that pays", names.join(", "));
    bench.add_for(flipped, Topic::Outcome, Finding::Missing, (Some(winner.span), None), note, Certainty::Stated);
    Compared::default()
}

/// Whether outcome `at` of a market is the win of `winner`: through the side of its own game that it names.
fn outcome_is(other: &Contract, at: usize, winner: &Competitor) -> bool {
    let words: Vec<String> = crate::text::tokens(&other.listing.outcomes[at])
        .into_iter()
        .filter(|token| !matches!(token.kind, crate::text::Kind::Mark(_)))
        .map(|token| token.text)
        .collect();
    let Some(game) = &other.game else { return false };
    let named = Competitor { team: None, words, span: winner.span };
    let mut sides = game.sides.iter().filter(|side| side_fits(side, &named));
    match (sides.next(), sides.next()) {
        (Some(side), None) => side_fits(side, winner),
        _ => false,
    }
}

/// Whether two names can be one side: the same known team, or the same words, or one the other with a nickname added.
fn side_fits(one: &Competitor, two: &Competitor) -> bool {
    if let (Some(one), Some(two)) = (one.team, two.team) {
        return one == two;
    }
    let (short, long) =
        if one.words.len() <= two.words.len() { (&one.words, &two.words) } else { (&two.words, &one.words) };
    if short.is_empty() {
        return false;
    }
    let alike =
        |a: &String, b: &String| a == b || matches!((a.as_str(), b.as_str()), ("st", "state") | ("state", "st"));
    if short.len() == long.len() {
        return short.iter().zip(long).all(|(a, b)| alike(a, b));
    }
    // A school or town with its nickname; never one school as the beginning of another ("Michigan State"), and a
    // surname for the whole name.
    let begins = short.iter().zip(long).all(|(a, b)| alike(a, b));
    let next = &long[short.len()];
    let another = matches!(
        next.as_str(),
        "state"
            | "st"
            | "tech"
            | "city"
            | "united"
            | "a&m"
            | "southern"
            | "northern"
            | "eastern"
            | "western"
            | "central"
            | "christian"
            | "international"
            | "women"
            | "u20"
            | "u21"
            | "ii"
            | "b"
            | "reserves"
            | "new"
    );
    let ends = short.len() == 1 && long.last().is_some_and(|last| alike(&short[0], last));
    begins && !another || ends
}
