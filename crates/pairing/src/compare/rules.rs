//! What the rules of both say about the ordinary end: grounds, measure, source.

use std::collections::BTreeSet;

use super::Bench;
use crate::contract::{Certainty, Contract, Facet, Family, Source, Span};
use crate::proof::{Finding, Topic};
use crate::read::conditions;
use crate::text::tokens;

/// Compares the clauses that matter for the family.
pub(super) fn compare(bench: &mut Bench<'_>) {
    let families = [bench.first.family, bench.second.family];
    if families.contains(&Family::Leaving) {
        leaving(bench);
    }
    if families.iter().any(|family| matches!(family, Family::Election | Family::ElectionCount)) {
        winning(bench);
    }
    if families.iter().any(|family| matches!(family, Family::Price | Family::UpOrDown)) {
        price_source(bench);
    }
    if families.contains(&Family::Weather) {
        stations(bench);
    }
    if families.iter().any(|family| matches!(family, Family::Game | Family::GameProp)) {
        overtime(bench);
    }
    // Leaving something that is no office ("leaves the party") is as open as any other act.
    let no_office = |one: &Contract| one.family == Family::Leaving && one.values(Facet::Office).next().is_none();
    if families == [Family::Generic; 2] || no_office(bench.first) && no_office(bench.second) {
        definitions(bench);
    }
    narrowing(bench);
}

/// Words of conditions that say nothing of when they hold, or what other comparisons read: forms of speech, days and their parts,
/// the names of sports, and the ways to leave an office.
const FORMS: &str = "the and for that this with has have had been was were are its their his her will then market markets resolve \
    resolves resolved yes otherwise either actually official officially originally scheduled upcoming between from time any period \
    length before after than until through during within who whom which whose all other both when where according reported report \
    reports published per accordance based following wins win won winner beat beats defeat defeats winning \
    january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct \
    nov dec monday tuesday wednesday thursday friday saturday sunday edt est utc gmt end year month week day date \
    professional game match basketball football baseball hockey soccer tennis nba nfl mlb nhl ncaa mls league \
    intention leave leaves left out cease ceases serving serve serves resign resigns resignation step steps down remove removed \
    removal position announce announces announced announcement becomes become officeholder no longer \
    nominee candidate elected election elections inaugurated sworn immediately once note suffice suffices sufficient regardless effect
    goes into resolution enough";

/// The word without its ending: `wins` and `winning` are `win`.
fn stem(word: &str) -> &str {
    let cut = ["'s", "ing", "ed", "es", "s"].into_iter().find_map(|end| word.strip_suffix(end));
    cut.filter(|rest| rest.len() >= 3).unwrap_or(word)
}

/// A word in the sentence that says when Yes pays, of which neither the market's own title nor anything of the other market speaks,
/// may narrow one of them: `by more than five points`, `for at least thirty days`, `and an election has been called`. Nobody here
/// understands it, so it is a gap.
fn narrowing(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    if !first.listing.has_rules() || !second.listing.has_rules() {
        return;
    }
    let event = &first.listing.event;
    if first.venue() == second.venue() && !event.is_empty() && *event == second.listing.event {
        return;
    }
    let (one, two) = (unread(first, second), unread(second, first));
    if one.is_none() && two.is_none() {
        return;
    }
    let said = |it: &Option<(Span, String)>| it.as_ref().map(|it| format!("`{}`", it.1));
    let words: Vec<String> = [said(&one), said(&two)].into_iter().flatten().collect();
    let note = format!("when it pays is said with words of which the other side says nothing: {}", words.join(", "));
    bench.add(Topic::Definitions, Finding::Missing, one.map(|it| it.0), two.map(|it| it.0), note);
}

/// The first word of a condition that nothing accounts for.
fn unread(one: &Contract, other: &Contract) -> Option<(Span, String)> {
    let forms: BTreeSet<&str> = FORMS.split_whitespace().map(stem).collect();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let (own, others) = (&one.listing, &other.listing);
    let own = [&own.title, &own.subtitle, &own.event_title].into_iter().chain(&own.outcomes);
    let others = [&others.title, &others.subtitle, &others.event_title, &others.rules, &others.more_rules]
        .into_iter()
        .chain(&others.outcomes);
    for text in own.chain(others) {
        known.extend(tokens(text).iter().map(|token| stem(&token.text).to_owned()));
    }
    let rules = &one.listing.rules;
    conditions(rules).into_iter().find_map(|(start, end)| {
        let unread = tokens(&rules[start..end]).into_iter().find(|token| {
            let word = stem(&token.text);
            let says = token.text.len() >= 3 && token.text.chars().all(|it| it.is_alphabetic() || it == '\'');
            says && !forms.contains(word) && !known.contains(word)
        })?;
        Some((Span::new(Source::Rules, start + unread.start, start + unread.end), unread.text))
    })
}

/// A clause on one side must stand on the other, where any rules are at hand; a ground that only one venue knows of
/// splits them in an ordinary way.
fn leaving(bench: &mut Bench<'_>) {
    type Pick = fn(&Contract) -> Option<Span>;
    let grounds: [(Topic, &str, Pick); 3] = [
        (Topic::Announcement, "an announcement is enough", |one| one.clauses.announcement),
        (Topic::Grounds, "detention is enough", |one| one.clauses.detention),
        (Topic::Grounds, "being prevented from the duties is enough", |one| one.clauses.incapacity),
    ];
    for (topic, what, pick) in grounds {
        let (one, two) = (pick(bench.first), pick(bench.second));
        match (one, two) {
            (Some(_), Some(_)) => bench.add(topic, Finding::Agrees, one, two, what),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => {
                bench.add(topic, Finding::Missing, one, two, format!("{what} on one side only"));
            }
        }
    }
}

/// Whether winning means seats: one side's rules or title say so and the other's do not.
fn winning(bench: &mut Bench<'_>) {
    let by_seats = |one: &Contract| one.clauses.by_seats.or_else(|| one.says(Facet::Measure, "most_seats"));
    let won = |one: &Contract| one.says(Facet::Act, "win").is_some() && one.says(Facet::Measure, "seats").is_none();
    if !won(bench.first) || !won(bench.second) {
        return;
    }
    let (one, two) = (by_seats(bench.first), by_seats(bench.second));
    if one.is_some() != two.is_some() {
        bench.add(
            Topic::Winning,
            Finding::Missing,
            one,
            two,
            "winning means seats on one side; the other does not say",
        );
    }
}

/// Two prices are one only from one source. Kalshi's crypto prices come from CF Benchmarks, Polymarket's from others,
/// so silence is no agreement.
fn price_source(bench: &mut Bench<'_>) {
    let source = |one: &Contract| {
        one.clauses.sources.iter().find(|source| !matches!(source.value, "nws" | "bls" | "bea" | "fed")).copied()
    };
    match (source(bench.first), source(bench.second)) {
        (Some(one), Some(two)) => {
            let finding = if one.value == two.value { Finding::Agrees } else { Finding::Contradicts };
            bench.add(
                Topic::Settlement,
                finding,
                Some(one.span),
                Some(two.span),
                format!("{} and {}", one.value, two.value),
            );
        }
        (one, two) => {
            let note = "the price source is not said on both sides, and the venues use different ones";
            bench.add(Topic::Settlement, Finding::Missing, one.map(|one| one.span), two.map(|two| two.span), note);
        }
    }
}

/// Two temperatures are one only at one station and from one report.
fn stations(bench: &mut Bench<'_>) {
    let (first, second) = (&bench.first.clauses, &bench.second.clauses);
    match (first.stations.first(), second.stations.first()) {
        (Some(one), Some(two)) => {
            let shared = first.stations.iter().find_map(|one| {
                let other = second.stations.iter().find(|two| words_shared(&one.value, &two.value))?;
                Some((one.span, other.span))
            });
            if let Some((one, two)) = shared {
                bench.add(Topic::Station, Finding::Agrees, Some(one), Some(two), "one station");
            } else {
                let note = format!("{} against {}", one.value, two.value);
                bench.add(Topic::Station, Finding::Contradicts, Some(one.span), Some(two.span), note);
            }
        }
        (one, two) => {
            let note = "the station is not said on both sides";
            bench.add(Topic::Station, Finding::Missing, one.map(|one| one.span), two.map(|two| two.span), note);
        }
    }
    let report = |clauses: &crate::contract::Clauses| {
        clauses.sources.iter().find(|one| matches!(one.value, "nws" | "wunderground")).copied()
    };
    if let (Some(one), Some(two)) = (report(first), report(second)) {
        let finding = if one.value == two.value { Finding::Agrees } else { Finding::Contradicts };
        bench.add(
            Topic::Settlement,
            finding,
            Some(one.span),
            Some(two.span),
            format!("{} and {}", one.value, two.value),
        );
    }
}

fn words_shared(one: &str, two: &str) -> bool {
    one.split(' ').any(|word| word.len() > 3 && two.split(' ').any(|other| other == word))
}

/// Regular time against overtime.
fn overtime(bench: &mut Bench<'_>) {
    let (first, second) = (&bench.first.clauses, &bench.second.clauses);
    for flipped in [false, true] {
        let (own, other) = if flipped { (second, first) } else { (first, second) };
        let Some(regular) = own.regular_time else { continue };
        if let Some(overtime) = other.overtime {
            let note = "regular time on one side, overtime on the other";
            bench.add_for(
                flipped,
                Topic::Overtime,
                Finding::Contradicts,
                (Some(regular), Some(overtime)),
                note,
                Certainty::Stated,
            );
        } else if other.regular_time.is_none() {
            let note = "regular time on one side; the other does not say";
            bench.add_for(flipped, Topic::Overtime, Finding::Missing, (Some(regular), None), note, Certainty::Stated);
        }
    }
}

/// In a question read word by word, what the rules say about its key words is not understood. With rules on both sides
/// that is a gap; with rules on one side it is one when they list conditions that the question does not.
fn definitions(bench: &mut Bench<'_>) {
    let (first, second) = (&bench.first.clauses, &bench.second.clauses);
    let (one, two) = (first.definitions.first().copied(), second.definitions.first().copied());
    let event = &bench.first.listing.event;
    if bench.first.venue() == bench.second.venue() && !event.is_empty() && *event == bench.second.listing.event {
        bench.add(Topic::Definitions, Finding::Assumed, one, two, "two markets of one event share its rules");
        return;
    }
    if bench.first.listing.has_rules() && bench.second.listing.has_rules() {
        if one.is_some() || two.is_some() {
            bench.add(
                Topic::Definitions,
                Finding::Missing,
                one,
                two,
                "what the rules say about the key words is not compared",
            );
        }
    } else if first.conditions.is_some() || second.conditions.is_some() {
        let note = "the rules of one side list several conditions";
        bench.add(Topic::Definitions, Finding::Missing, first.conditions, second.conditions, note);
    }
}
