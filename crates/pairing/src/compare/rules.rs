//! What the rules of both say about the ordinary end: grounds, measure, source.

use std::collections::BTreeSet;

use super::Bench;
use super::stem;
use super::times::moments_agree;
use crate::calendar;
use crate::contract::{Certainty, Concept, Contract, Facet, Family, Source, Span};
use crate::forms;
use crate::lexicon::{Lexicon, teams_in};
use crate::proof::{Finding, Topic};
use crate::range::{self, RangeRelation};
use crate::read::{is_number, sources_in, times, turned_round};
use crate::text::{Kind, Token, fold, tokens};

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
    sentences(bench);
}

/// Words of conditions that say nothing of when they hold: forms of speech, and what stands beside hours. None of
/// [`forms::turns`] is among them.
const FORMS: &str = "the and for that this with has have had been was were are its their his her him will then market markets \
    resolve resolves resolved otherwise either actually who whom which whose \
    when where per accordance based edt est et pt am pm may note regardless resolution";

/// The same where somebody leaves an office: [`ways`] compares how.
const LEAVING: &str = "leave leaves left out cease ceases serving serve serves resign resigns resignation step steps down \
    remove removed removal position announce announces announced announcement officeholder immediately";

/// The same where somebody is elected.
const ELECTION: &str = "representative elected election elections contest congressional district \
    representatives midterm midterms";

/// The same where a station measures; stations and sources are compared.
const WEATHER: &str = "climatological report daily station degrees fahrenheit temperature recorded";

/// The same where a price is published; sources are compared.
const PRICE: &str = "brti benchmarks index real price prices";

/// The same where a game is played.
const GAME: &str =
    "professional game match basketball football baseball hockey soccer tennis nba nfl mlb nhl ncaa mls league";

/// The same where somebody wins.
const WINNING: &str = "win wins won winner winning award season";

/// The words of conditions that say nothing in markets like this one.
fn plain(contract: &Contract) -> BTreeSet<&'static str> {
    let wins = contract.says(Facet::Act, "win").is_some() || contract.game.is_some();
    let election = matches!(contract.family, Family::Election | Family::ElectionCount);
    let lists = [
        (true, FORMS),
        (contract.family == Family::Leaving, LEAVING),
        (election, ELECTION),
        (contract.game.is_some(), GAME),
        (wins, WINNING),
        (contract.family == Family::Award, "regular"),
        (contract.family == Family::Weather, WEATHER),
        (matches!(contract.family, Family::Price | Family::UpOrDown), PRICE),
    ];
    lists.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, list)| list.split_whitespace()).map(stem).collect()
}

/// Every sentence of both rules must be accounted for: by a standing form, or as one that says when Yes pays and then word
/// by word. `By more than five points`, `for at least thirty days`, `and an election has been called` narrow one side;
/// nobody here understands them, so each is a gap, and its quote is what a person has to read.
fn sentences(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    if !first.listing.has_rules() || !second.listing.has_rules() || one_event(bench) || bench.is_hopeless() {
        return;
    }
    sourced(bench);
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        if own.clauses.pays.is_empty() && own.rule_times.is_empty() {
            let span = Span::new(Source::Rules, 0, own.listing.rules.len().min(160));
            let note = "the rules do not say when it pays";
            bench.add_for(flipped, Topic::Definitions, Finding::Missing, (Some(span), None), note, Certainty::Stated);
        }
        for span in &own.clauses.unread {
            let note = "nothing here knows what this sentence does to the payoff";
            bench.add_for(flipped, Topic::Definitions, Finding::Missing, (Some(*span), None), note, Certainty::Stated);
        }
        if let Some(span) = turned_round(own) {
            let note = "who does it, and to whom, is turned round between title and rules";
            bench.add_for(flipped, Topic::Roles, Finding::Missing, (Some(span), None), note, Certainty::Stated);
        }
        if let Some((ruled, note)) = against_title(own) {
            bench.add_for(flipped, Topic::Roles, Finding::Missing, (Some(ruled), None), note, Certainty::Stated);
        }
        if let Some((span, word)) = labelled(own, other) {
            let note = format!("its label says `{word}`, of which neither its title nor the other side speaks");
            bench.add_for(flipped, Topic::Subject, Finding::Missing, (Some(span), None), note, Certainty::Stated);
        }
        for (span, word) in unaccounted(own, other) {
            let note = format!("when it pays is said with words of which the other side says nothing: `{word}`");
            bench.add_for(flipped, Topic::Definitions, Finding::Missing, (Some(span), None), note, Certainty::Stated);
        }
    }
}

/// Whether both are markets of one event of one venue, which share their rules.
pub(super) fn one_event(bench: &Bench<'_>) -> bool {
    let event = &bench.first.listing.event;
    bench.first.venue() == bench.second.venue() && !event.is_empty() && *event == bench.second.listing.event
}

/// What is measured is measured by somebody: every source that one side names must be named by the other, and a sentence
/// that names one nobody here knows is a gap.
fn sourced(bench: &mut Bench<'_>) {
    let measured = |family: Family| {
        matches!(family, Family::Weather | Family::Price | Family::UpOrDown | Family::Statistic | Family::Rates)
    };
    if !measured(bench.first.family) && !measured(bench.second.family) {
        // Elsewhere a source is who tells; two that share no name may tell different things.
        let names = |contract: &Contract| -> BTreeSet<String> {
            let said = contract.clauses.sourced.iter().flat_map(|span| tokens(contract.quote(*span)));
            said.filter(|token| token.capital && token.start > 0).map(|token| token.text).collect()
        };
        let (one, two) = (names(bench.first), names(bench.second));
        if !one.is_empty() && !two.is_empty() && one.is_disjoint(&two) {
            let (first, second) = (bench.first.clauses.sourced.first(), bench.second.clauses.sourced.first());
            let note = "the sources share no name";
            bench.add(Topic::Settlement, Finding::Missing, first.copied(), second.copied(), note);
        }
        return;
    }
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        for source in &own.clauses.sources {
            if !other.clauses.sources.iter().any(|one| one.value == source.value) {
                let note = format!("{} is named as a source on one side only", source.value);
                let (topic, finding) = (Topic::Settlement, Finding::Missing);
                bench.add_for(flipped, topic, finding, (Some(source.span), None), note, Certainty::Stated);
            }
        }
        // "U-3" and "U-6" are two series of one bureau.
        let numbers = |contract: &Contract| -> BTreeSet<String> {
            let said = contract.clauses.sourced.iter().flat_map(|span| tokens(contract.quote(*span)));
            said.filter(|token| token.number().is_some()).map(|token| name_of(&token)).collect()
        };
        if !flipped && numbers(own) != numbers(other) {
            let (first, second) = (own.clauses.sourced.first(), other.clauses.sourced.first());
            let note = "the sources are named with different numbers";
            bench.add(Topic::Settlement, Finding::Missing, first.copied(), second.copied(), note);
        }
        for span in own.clauses.sourced.iter().filter(|span| sources_in(own.quote(**span)).is_empty()) {
            let note = "a source that is not known here";
            bench.add_for(flipped, Topic::Settlement, Finding::Missing, (Some(*span), None), note, Certainty::Stated);
        }
    }
}

/// The sentences that say when Yes pays, each with every word and number of it that neither a phrase of every market, nor
/// the market's own title, nor title and conditions of the other account for.
fn unaccounted(one: &Contract, other: &Contract) -> Vec<(Span, String)> {
    if one.clauses.pays.is_empty() {
        return Vec::new();
    }
    let plain = plain(one);
    let mut known: BTreeSet<String> = BTreeSet::new();
    // Of a label only names count: what else it says narrows the market for whoever reads the title.
    let question = |contract: &Contract| {
        let listing = &contract.listing;
        let label = undated(&listing.subtitle).into_iter().filter(|token| token.capital || token.kind != Kind::Word);
        let all = std::iter::once(&listing.title).chain(&listing.outcomes);
        all.flat_map(|text| undated(text)).chain(label).collect::<Vec<_>>()
    };
    let conditions = other.clauses.pays.iter().flat_map(|span| undated(other.quote(*span)));
    for token in question(one).into_iter().chain(question(other)).chain(conditions) {
        known.insert(name_of(&token));
    }
    let mut found = Vec::new();
    for span in &one.clauses.pays {
        let words = tokens(one.quote(*span));
        let mut dated = vec![false; words.len()];
        let times = calendar::find(&words, |_| true);
        for time in &times {
            dated[time.from..time.to].fill(true);
        }
        // "After June 30" begins where the question ends.
        if let Some(begun) = times.iter().find(|time| time.start).filter(|_| times.iter().all(|time| time.start)) {
            let start = span.start as usize;
            let (from, to) = (words[begun.from].start, words[begun.to - 1].end);
            found.push((Span::new(span.source, start + from, start + to), one.quote(*span)[from..to].to_owned()));
            continue;
        }
        let mut read = dated;
        for (from, to) in understood(&words, one, other) {
            read[from..to].fill(true);
        }
        let open = forms::outside_phrases(&words, one.family == Family::Leaving, |at| read[at])
            .into_iter()
            .map(|at| &words[at])
            .filter(|token| {
                let name = name_of(token);
                // "If" opens a condition; a second one bounds it.
                let opens = token.is_word("if")
                    && words.iter().position(|word| word.is_word("if"))
                        == words.iter().position(|word| word.start == token.start);
                let says = !opens
                    && match token.kind {
                        Kind::Word => {
                            forms::turns(&token.text)
                                || token.is_word("or")
                                || (token.text.len() >= 3 || token.capital && token.start > 0)
                                    && !plain.contains(name.as_str())
                        }
                        Kind::Number(_) => true,
                        // "TX-11" in the rules of TX-10.
                        Kind::District(seat) => {
                            let state = crate::lexicon::state_of_code(&token.text);
                            !one.districts.iter().any(|own| Some(own.value.0) == state && own.value.1 == seat)
                        }
                        Kind::Season(_) | Kind::Clock(_) | Kind::IsoDate(..) | Kind::Mark(_) => false,
                    };
                says && (matches!(token.kind, Kind::District(_)) || !known.contains(&name))
            });
        let mut open: Vec<&str> = open.map(|token| token.text.as_str()).collect();
        open.dedup();
        if !open.is_empty() {
            found.push((*span, open.join("`, `")));
        }
    }
    found
}

/// The tokens of a text that belong to no date: "before" and "by" of one say nothing of another.
fn undated(text: &str) -> Vec<Token> {
    let words = tokens(text);
    let times = calendar::find(&words, |_| true);
    let inside = |at: usize| times.iter().any(|time| (time.from..time.to).contains(&at));
    words.iter().enumerate().filter(|(at, _)| !inside(*at)).map(|(_, token)| token.clone()).collect()
}

/// The tokens of a sentence that say what the tables read out of one of both questions, in whatever words: "gubernatorial" for
/// the governor, "American League" for AL; the teams of a question; and the setting of a game whose sides and day are
/// compared.
fn understood(words: &[Token], one: &Contract, other: &Contract) -> Vec<(usize, usize)> {
    let lexicon = Lexicon::get();
    let elected = |contract: &Contract| matches!(contract.family, Family::Election | Family::ElectionCount);
    let known = |concept: &Concept| {
        let said = |contract: &Contract| {
            contract.concepts.iter().any(|one| one.value.facet == concept.facet && one.value.value == concept.value)
        };
        let home = concept.facet == Facet::Place && concept.value == "us" && elected(one) && elected(other);
        said(one) || said(other) || home
    };
    let mut found = Vec::new();
    // "86 or higher" where the question says "86+"; other values contradict it elsewhere.
    for range in range::find(words, |_| true) {
        let same = |contract: &Contract| {
            let step = super::step(contract, &range.range);
            contract.range.is_some_and(|own| own.value.relation(&range.range, step) == RangeRelation::Equal)
        };
        if same(one) || same(other) {
            found.push((range.from, range.to));
        }
    }
    let mut at = 0;
    while at < words.len() {
        let next = lexicon.match_at(words, at).filter(|(concepts, length)| {
            let turns = words[at..at + length].iter().any(|word| forms::turns(&word.text) || word.is_word("or"));
            let mut said =
                concepts.iter().filter(|concept| concept.facet != Facet::Stop && !concept.implied).peekable();
            // Two words for one act are near, not equal: "nominate" and "formally nominate", "charge" and "indict".
            let acts = concepts.iter().any(|concept| concept.facet == Facet::Act);
            !turns && !acts && said.peek().is_some() && said.all(known)
        });
        let length = next.map_or(1, |(_, length)| length);
        if next.is_some() {
            found.push((at, at + length));
        }
        at += length;
    }
    if let Some((league, _)) = one.teams.first().or(other.teams.first()).map(|team| team.value) {
        for team in teams_in(words, league, true) {
            let code = (team.team.league, team.team.code());
            if [one, other].iter().any(|side| side.teams.iter().any(|own| own.value == code)) {
                found.push((team.from, team.to));
            }
        }
    }
    if one.game.is_some() && other.game.is_some() {
        let place = |wanted: &[&str]| words.iter().position(|word| wanted.contains(&word.text.as_str()));
        if let (Some(from), Some(to)) = (place(&["upcoming"]), place(&["game", "match"])) {
            const PARTS: &[&str] =
                &["quarter", "half", "period", "inning", "innings", "set", "map", "round", "leg", "overtime"];
            let setting = |word: &Token| {
                let part = PARTS.contains(&word.text.as_str()) || forms::turns(&word.text) || word.text.contains("men");
                word.capital && word.kind == Kind::Word && !part
            };
            found.extend((from + 1..to).filter(|at| setting(&words[*at])).map(|at| (at, at + 1)));
        }
    }
    found
}

/// The first name or number of a Kalshi market's label that neither its title nor the other side's question and conditions
/// have: "Will Trump pardon someone?" is about the one whom the label names.
fn labelled(one: &Contract, other: &Contract) -> Option<(Span, String)> {
    let label = one.listing.subtitle.as_str();
    if one.venue() != brier_types::Venue::Kalshi || matches!(label.trim(), "" | "Yes" | "No") {
        return None;
    }
    let others = [&other.listing.title, &other.listing.event_title].into_iter().chain(&other.listing.outcomes);
    let conditions = other.clauses.pays.iter().map(|span| other.quote(*span));
    let known: BTreeSet<String> = std::iter::once(one.listing.title.as_str())
        .chain(others.map(String::as_str))
        .chain(conditions)
        .flat_map(tokens)
        .map(|token| name_of(&token))
        .collect();
    // Whose win pays was compared with the game.
    let teams = |token: &Token| one.game.as_ref().is_some_and(|game| game.winner.is_some()) && token.kind == Kind::Word;
    let plain = plain(one);
    let words = tokens(label);
    let dates = times(&words, Source::Subtitle, 0, |_| true);
    if let Some(date) = dates.iter().find(|date| !one.times.iter().any(|own| moments_agree(own.value, date.value))) {
        return Some((date.span, one.quote(date.span).to_owned()));
    }
    let dated = |token: &Token| {
        dates.iter().any(|date| (date.span.start as usize..date.span.end as usize).contains(&token.start))
    };
    let open = words.into_iter().filter(|token| !dated(token)).find(|token| {
        let says = token.capital && token.kind == Kind::Word || matches!(token.kind, Kind::Number(_));
        says && !plain.contains(name_of(token).as_str()) && !teams(token) && !known.contains(&name_of(token))
    })?;
    Some((Span::new(Source::Subtitle, open.start, open.end), open.text))
}

/// Where the first sentence that says when Yes pays turns the names of its own title round, or leaves one out.
fn against_title(contract: &Contract) -> Option<(Span, &'static str)> {
    if !matches!(contract.family, Family::Generic | Family::Price | Family::UpOrDown) {
        return None;
    }
    let span = *contract.clauses.pays.iter().find(|span| span.source == Source::Rules)?;
    let said = tokens(contract.quote(span));
    let lexicon = Lexicon::get();
    let place = |concept: Concept| {
        (0..said.len()).find(|at| {
            let found = lexicon.match_at(&said, *at);
            found.is_some_and(|(all, _)| all.iter().any(|one| one.facet == concept.facet && one.value == concept.value))
        })
    };
    let word = |text: &str| said.iter().position(|token| stem(&token.text) == stem(text));
    let mut names: Vec<(Span, Option<usize>)> = Vec::new();
    for field in contract.words.iter().filter(|field| field.value.name && !is_number(&field.value)) {
        names.push((field.span, word(&field.value.text)));
    }
    for facet in [Facet::Place, Facet::Office, Facet::Party, Facet::Asset] {
        names.extend(contract.values(facet).map(|field| (field.span, place(field.value))));
    }
    names.retain(|(span, _)| span.source == Source::Title);
    names.sort_unstable();
    if names.iter().any(|(_, at)| at.is_none()) {
        return Some((span, "a name of the title is not in the sentence that says when Yes pays"));
    }
    let turned = names.windows(2).any(|pair| pair[0].1 > pair[1].1);
    turned.then_some((span, "the names stand in another order than in the title"))
}

/// The stem of a word, or the value of a number.
fn name_of(token: &Token) -> String {
    token.number().map_or_else(|| stem(&token.text).to_owned(), |number| number.value.to_string())
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
    if let (Some((one, first)), Some((two, second))) = (ways(bench.first), ways(bench.second))
        && one != two
    {
        let shown = |ways: &[&str]| if ways.is_empty() { "any way".to_owned() } else { ways.join(" or ") };
        let note = format!("{} counts on one side, {} on the other", shown(&one), shown(&two));
        bench.add(Topic::Grounds, Finding::Missing, Some(first), Some(second), note);
    }
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

/// What a person's going must be to count, as the sentences that say when Yes pays put it.
fn ways(contract: &Contract) -> Option<(Vec<&'static str>, Span)> {
    const ANY: &[&str] = &["cease", "no longer", " left ", "leaves", "departs", "otherwise step"];
    const WAYS: &[(&str, &str)] = &[
        ("resign", "resignation"),
        ("remov", "removal"),
        ("step down", "resignation"),
        ("steps down", "resignation"),
        ("oust", "removal"),
        ("announce", "an announcement"),
    ];
    let span = *contract.clauses.pays.first()?;
    let said = contract.clauses.pays.iter().map(|span| fold(contract.quote(*span))).collect::<Vec<_>>().join(" ");
    if ANY.iter().any(|way| said.contains(way)) {
        return Some((Vec::new(), span));
    }
    let mut found: Vec<&str> = WAYS.iter().filter(|(word, _)| said.contains(word)).map(|(_, way)| *way).collect();
    found.sort_unstable();
    found.dedup();
    (!found.is_empty()).then_some((found, span))
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
            // One name must hold the other, with more than the city's: Midway and O'Hare are both of Chicago.
            let found = |wanted: Stations| {
                first.stations.iter().find_map(|one| {
                    let other = second.stations.iter().find(|two| stations_of(&one.value, &two.value) == wanted)?;
                    Some((one.span, other.span))
                })
            };
            if let Some((one, two)) = found(Stations::Same) {
                bench.add(Topic::Station, Finding::Agrees, Some(one), Some(two), "one station");
            } else if let Some((one, two)) = found(Stations::Perhaps) {
                let note = "one side names no more than the city";
                bench.add(Topic::Station, Finding::Missing, Some(one), Some(two), note);
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

/// What two names of stations say about each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stations {
    Same,
    /// One is only the city that the other lies in.
    Perhaps,
    Different,
}

fn stations_of(one: &str, two: &str) -> Stations {
    let (one, two): (BTreeSet<&str>, BTreeSet<&str>) = (one.split(' ').collect(), two.split(' ').collect());
    if one == two {
        return Stations::Same;
    }
    let (less, more) = if one.len() < two.len() { (&one, &two) } else { (&two, &one) };
    if !less.is_subset(more) {
        return Stations::Different;
    }
    let city = |words: &BTreeSet<&str>| {
        let text = words.iter().copied().collect::<Vec<_>>().join(" ");
        let tokens = tokens(&text);
        words.iter().all(|word| {
            tokens.iter().position(|token| token.text == *word).is_some_and(|at| {
                (0..=at).any(|from| {
                    Lexicon::get().match_at(&tokens, from).is_some_and(|(all, length)| {
                        from + length > at && all.iter().any(|one| one.facet == Facet::Place)
                    })
                })
            })
        })
    };
    if city(less) { Stations::Perhaps } else { Stations::Same }
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

/// In a question read word by word, what the rules of one side say about its key words is not understood: a gap when they
/// list conditions that the question does not.
fn definitions(bench: &mut Bench<'_>) {
    let (first, second) = (&bench.first.clauses, &bench.second.clauses);
    let (one, two) = (first.definitions.first().copied(), second.definitions.first().copied());
    let event = &bench.first.listing.event;
    if bench.first.venue() == bench.second.venue() && !event.is_empty() && *event == bench.second.listing.event {
        bench.add(Topic::Definitions, Finding::Assumed, one, two, "two markets of one event share its rules");
        return;
    }
    // With rules on both sides every sentence is accounted for on its own.
    let both = bench.first.listing.has_rules() && bench.second.listing.has_rules();
    if !both && (first.conditions.is_some() || second.conditions.is_some()) {
        let note = "the rules of one side list several conditions";
        bench.add(Topic::Definitions, Finding::Missing, first.conditions, second.conditions, note);
    }
}
