//! What the tables read out of both questions.

use super::Bench;
use crate::contract::{Certainty, Concept, Contract, Facet, Field, Source, Span};
use crate::proof::{Finding, Topic};

const FACETS: &[(Facet, Topic)] = &[
    (Facet::Act, Topic::Act),
    (Facet::Competition, Topic::Contest),
    (Facet::Award, Topic::Contest),
    (Facet::League, Topic::Contest),
    (Facet::Division, Topic::Contest),
    (Facet::Office, Topic::Office),
    (Facet::Stage, Topic::Stage),
    (Facet::Party, Topic::Party),
    (Facet::Place, Topic::Place),
    (Facet::Rank, Topic::Rank),
    (Facet::Part, Topic::Part),
    (Facet::Measure, Topic::Measure),
    (Facet::Asset, Topic::Asset),
    (Facet::Word, Topic::Wording),
];

/// Compares facet by facet, then districts and teams.
pub(super) fn compare(bench: &mut Bench<'_>) {
    for (facet, topic) in FACETS {
        compare_facet(bench, *facet, *topic);
    }
    districts(bench);
    teams(bench);
}

fn compare_facet(bench: &mut Bench<'_>, facet: Facet, topic: Topic) {
    let (first, second) = (bench.first, bench.second);
    for one in first.values(facet) {
        if let Some(other) = second.says(facet, one.value.value) {
            bench.add(topic, Finding::Agrees, Some(one.span), Some(other), shown(one));
        }
    }
    // Said by the second, only implied by the first.
    for other in second.values(facet) {
        let implied = first.concepts.iter().find(|one| one.value.implied && same(one.value, other.value));
        if let Some(one) = implied.filter(|_| !first.values(facet).any(|one| same(one.value, other.value))) {
            bench.add(topic, Finding::Follows, Some(one.span), Some(other.span), shown(other));
        }
    }
    let mut only_first = unsaid(first, second, facet);
    let mut only_second = unsaid(second, first, facet);
    // Both name something, and differently: nothing elsewhere may explain that away, except a wider word.
    if let (Some(one), Some(other)) = (only_first.first().copied(), only_second.first().copied()) {
        let ranked = first.values(Facet::Rank).next().is_some() && second.values(Facet::Rank).next().is_some();
        let finding = clash(facet, one.value, other.value, ranked);
        let note = format!("{} against {}", one.value.value, other.value.value);
        bench.add(topic, finding, Some(one.span), Some(other.span), note);
        return;
    }
    for (flipped, only) in [(false, &mut only_first), (true, &mut only_second)] {
        for field in only.drain(..) {
            one_sided(bench, flipped, topic, &field);
        }
    }
}

fn shown(field: &Field<Concept>) -> String {
    field.value.value.replace('_', " ")
}

fn same(one: Concept, two: Concept) -> bool {
    one.facet == two.facet && one.value == two.value
}

/// What `own` asserts and `other` neither asserts nor implies.
fn unsaid(own: &Contract, other: &Contract, facet: Facet) -> Vec<Field<Concept>> {
    own.values(facet).filter(|one| other.says(facet, one.value.value).is_none()).copied().collect()
}

/// What two different values of one facet mean.
fn clash(facet: Facet, one: Concept, two: Concept, ranked: bool) -> Finding {
    let pair = |a: &str, b: &str| (one.value == a && two.value == b) || (one.value == b && two.value == a);
    match facet {
        // A head of a state can be called its leader; which one is, in Iran or Germany, no table says.
        Facet::Office
            if pair("leader", "president") || pair("leader", "prime_minister") || pair("leader", "supreme_leader") =>
        {
            Finding::Missing
        }
        // Second place is won or finished in.
        Facet::Act if ranked && pair("win", "finish") => Finding::Agrees,
        // The winner of a primary is nearly always the nominee; nearly.
        Facet::Stage if pair("nominee", "primary") => Finding::Missing,
        // "Win" and "leave" cannot be one act, but "appoint" and "confirm" may lead to one office.
        Facet::Act if pair("nominate", "appoint") || pair("nominate", "confirm") || pair("appoint", "confirm") => {
            Finding::Missing
        }
        Facet::Word => Finding::Missing,
        Facet::Act
        | Facet::Competition
        | Facet::Award
        | Facet::League
        | Facet::Office
        | Facet::Stage
        | Facet::Party
        | Facet::Place
        | Facet::Rank
        | Facet::Part
        | Facet::Measure
        | Facet::Asset
        | Facet::Division
        | Facet::Person
        | Facet::Not
        | Facet::Stop => Finding::Contradicts,
    }
}

/// A thing that one question says and the other leaves out.
fn one_sided(bench: &mut Bench<'_>, flipped: bool, topic: Topic, field: &Field<Concept>) {
    let (own, other) = bench.sides(flipped);
    let value = shown(field);
    if let Some((span, certainty)) = confirmed(other, field.value) {
        let note = format!("{value}: the other's texts name it too");
        bench.add_for(flipped, topic, Finding::Follows, (Some(field.span), Some(span)), note, certainty);
        return;
    }
    if super::games::setting(own, other, field.span)
        && matches!(field.value.facet, Facet::Competition | Facet::Place | Facet::Word)
    {
        let note = format!("{value}: the setting of a game whose sides and day are compared");
        bench.add_for(flipped, topic, Finding::Follows, (Some(field.span), None), note, Certainty::Stated);
        return;
    }
    if let Some((finding, why)) = implied(own, other, field.value) {
        let note = format!("{value}: {why}");
        bench.add_for(flipped, topic, finding, (Some(field.span), None), note, Certainty::Stated);
        return;
    }
    let note = format!("{value} is said on one side only");
    bench.add_for(flipped, topic, Finding::Missing, (Some(field.span), None), note, Certainty::Stated);
}

/// Where the other listing mentions what its question leaves out. Only for what narrows the setting: a rule text that
/// mentions a stage, a party or an act may do so to exclude it.
fn confirmed(other: &Contract, concept: Concept) -> Option<(Span, Certainty)> {
    let setting = matches!(
        concept.facet,
        Facet::Place | Facet::Office | Facet::League | Facet::Competition | Facet::Award | Facet::Division
    );
    if !setting {
        return None;
    }
    if let Some(span) = other.context.concept(concept.facet, concept.value) {
        return Some((span, Certainty::Stated));
    }
    ticker_names(other, concept).map(|span| (span, Certainty::Convention))
}

/// Whether the series of a ticker begins with a place: CAN of KXCANLIBSEATS, NYC of KXNYCMAYOR, or names a league.
fn ticker_names(other: &Contract, concept: Concept) -> Option<Span> {
    let series = other.context.series.to_ascii_lowercase();
    if series.is_empty() {
        return None;
    }
    let whole = Span::new(Source::Ticker, 0, other.listing.id.find('-').unwrap_or(other.listing.id.len()));
    let starts = |prefix: &str| prefix.len() >= 3 && series.starts_with(prefix);
    let named = match concept.facet {
        Facet::Place => {
            let flat = concept.value.replace('_', "");
            starts(&flat)
                || flat.len() > 3 && flat.is_char_boundary(3) && starts(&flat[..3])
                || concept.value == "new_york" && starts("nyc")
        }
        Facet::League | Facet::Competition => starts(&concept.value.replace('_', "")),
        Facet::Act
        | Facet::Award
        | Facet::Office
        | Facet::Stage
        | Facet::Party
        | Facet::Rank
        | Facet::Part
        | Facet::Measure
        | Facet::Asset
        | Facet::Division
        | Facet::Word
        | Facet::Person
        | Facet::Not
        | Facet::Stop => false,
    };
    named.then_some(whole)
}

/// Why a thing that only one side says changes nothing, or is taken to change nothing.
fn implied(own: &Contract, other: &Contract, concept: Concept) -> Option<(Finding, &'static str)> {
    let both = |facet: Facet, value: &str| own.says(facet, value).is_some() && other.says(facet, value).is_some();
    let ranked = own.values(Facet::Rank).next().is_some() && other.values(Facet::Rank).next().is_some();
    let game = own.game.is_some() && other.game.is_some();
    let why = match (concept.facet, concept.value) {
        (Facet::Act, "win" | "finish") if ranked => "a rank is won by reaching it",
        (Facet::Division, "men") if both(Facet::Competition, "world_cup") => {
            "the World Cup without a word more is the men's"
        }
        (Facet::Word, "draw") if game && super::games::pays_draw(other) => "the other pays on a tie",
        (Facet::Act, "win") if game => "a game is about its winner",
        // An American office is American whether or not a text says so, unless the other names another country.
        (Facet::Place, "us")
            if american_office(own)
                && own.values(Facet::Place).count() == 1
                && other.values(Facet::Place).next().is_none() =>
        {
            "the other names no country"
        }
        (Facet::Office, "parliament") if both(Facet::Measure, "seats") => "seats are a parliament's",
        (Facet::Office, "parliament")
            if own.says(Facet::Measure, "ranked_by_seats").is_some()
                && other.values(Facet::Office).next().is_none() =>
        {
            "a general election fills the parliament"
        }
        (Facet::Measure, "ranked_by_seats") if ranked => {
            return Some((Finding::Assumed, "a rank in a general election is one of seats"));
        }
        (Facet::Office, "president") if both(Facet::Competition, "inauguration") => "an inauguration is a president's",
        // Whoever wins a first round has the most votes in it; winning outright is another word.
        (Facet::Word, "most_votes") if both(Facet::Stage, "first_round") && both(Facet::Act, "win") => {
            return Some((Finding::Assumed, "a first round is won with the most votes"));
        }
        (Facet::League, league) if own.teams.iter().any(|team| team.value.0 == league) && teams_agree(own, other) => {
            "the team plays there"
        }
        (Facet::League, _) if game => "the game names both sides",
        _ => return None,
    };
    Some((Finding::Follows, why))
}

/// Whether a country is said of an office or an election, where it can go without saying; of a side in a contest, or of
/// whoever acts, it cannot.
fn american_office(contract: &Contract) -> bool {
    contract.values(Facet::Office).next().is_some() && contract.words.iter().any(|word| word.value.name)
        || contract.values(Facet::Party).next().is_some()
}

fn teams_agree(own: &Contract, other: &Contract) -> bool {
    own.teams.iter().any(|one| other.teams.iter().any(|two| one.value == two.value))
}

fn districts(bench: &mut Bench<'_>) {
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        for one in &own.districts {
            if let Some(two) = other.districts.iter().find(|two| two.value == one.value) {
                if !flipped {
                    let note = format!("seat {} of {}", one.value.1, one.value.0);
                    bench.add(Topic::Office, Finding::Agrees, Some(one.span), Some(two.span), note);
                }
            } else if let Some(two) = other.districts.first() {
                if !flipped {
                    let note = "different seats".to_owned();
                    bench.add(Topic::Office, Finding::Contradicts, Some(one.span), Some(two.span), note);
                }
            } else {
                let note = "a seat on one side only";
                bench.add_for(
                    flipped,
                    Topic::Office,
                    Finding::Missing,
                    (Some(one.span), None),
                    note,
                    Certainty::Stated,
                );
            }
        }
    }
}

fn teams(bench: &mut Bench<'_>) {
    if bench.first.game.is_some() && bench.second.game.is_some() {
        return;
    }
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        for one in &own.teams {
            let note = format!("{} {}", one.value.0, one.value.1);
            if let Some(two) = other.teams.iter().find(|two| two.value == one.value) {
                if !flipped {
                    bench.add(Topic::Subject, Finding::Agrees, Some(one.span), Some(two.span), note);
                }
            } else if let Some(two) = other.teams.first() {
                if !flipped {
                    let note = format!("{note} against {} {}", two.value.0, two.value.1);
                    bench.add(Topic::Subject, Finding::Contradicts, Some(one.span), Some(two.span), note);
                }
            } else {
                let note = format!("{note} on one side only");
                bench.add_for(
                    flipped,
                    Topic::Subject,
                    Finding::Missing,
                    (Some(one.span), None),
                    note,
                    Certainty::Stated,
                );
            }
        }
    }
}
