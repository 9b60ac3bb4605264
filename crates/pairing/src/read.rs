//! From a listing to a [`Contract`].
//!
//! The question is read first (title, then what the subtitle adds), by tables and grammar; what remains stays as words.
//! Rules, event title and ticker never change what the question says: they confirm, date and qualify it. Reading cannot
//! fail; a text that makes no sense gives a contract that proves nothing.

mod condition;
mod family;
mod game;
mod question;
mod rules;
mod ticker;

use brier_types::Venue;

use crate::calendar::{self, When};
use crate::contract::{Certainty, Context, Contract, Facet, Family, Field, Role, Source, Span, Time, Word};
use crate::lexicon::{self, Lexicon};
use crate::listing::{Listing, StrikeKind};
use crate::range::{Range, RangeRelation};
use crate::text::{self, Kind, Token};
pub(crate) use condition::turned_round;
use question::Reading;
pub(crate) use rules::sources_in;

/// Reads a listing.
pub fn read(listing: Listing) -> Contract {
    let parts = ticker::parts(&listing);
    let title = text::tokens(&listing.title);
    let league = league(&listing, &title, &parts);
    let found_game = game::find(&listing, &title, &parts, league);
    let mut question =
        Reading::of(&title, Source::Title, league, |at| found_game.as_ref().is_none_or(|game| !game.covers(at)));
    let mut label = None;
    if !listing.subtitle.trim().is_empty() && found_game.is_none() {
        let subtitle = Reading::of(&text::tokens(&listing.subtitle), Source::Subtitle, league, |_| true);
        if is_kalshi(&listing) {
            join_subtitle(&mut question, subtitle, &listing);
        } else {
            // A Polymarket question is whole; what its site calls the market beside its siblings is a label.
            label = subtitle.range;
        }
    }
    let (clauses, rule_times, mut context) = rules::read(&listing, &parts, league);
    if let Some(word) = found_game.as_ref().and_then(|game| game.gender) {
        question.concepts.push(word);
    }
    let mut contract = Contract {
        family: Family::Generic,
        range: strike(&listing, question.range).or(question.range),
        concepts: question.concepts,
        words: question.words,
        districts: question.districts,
        teams: question.teams,
        times: question.times,
        negated: question.negated,
        rule_times,
        ticker_date: parts.date,
        game: None,
        event_day: None,
        clauses,
        context: Context::default(),
        inconsistent: None,
        listing,
    };
    thin_title(&mut contract, &parts, league);
    contract.game = found_game.map(|game| game.finish(&contract));
    if contract.game.is_none() {
        contract.game = game::single(&mut contract, league);
    }
    contract.event_day = game::event_day(&contract, &parts);
    context.words.sort_unstable();
    context.words.dedup_by(|later, earlier| later.0 == earlier.0);
    context.series = parts.series;
    contract.context = context;
    if contract.range.is_none() && contract.game.is_none() {
        contract.range = parts.strike.filter(|_| !contract.words.iter().any(|word| is_number(&word.value)));
    }
    contract.family = family::of(&contract);
    contract.inconsistent = inconsistency(&contract, question.range, label);
    contract
}

/// The big league a listing is about.
fn league(listing: &Listing, title: &[Token], parts: &ticker::Parts) -> Option<&'static str> {
    let of_tokens = |tokens: &[Token]| {
        (0..tokens.len()).find_map(|at| {
            let (concepts, _) = Lexicon::get().match_at(tokens, at)?;
            concepts.iter().filter(|one| one.facet == Facet::League).find_map(|one| lexicon::league_of_word(one.value))
        })
    };
    of_tokens(title).or(parts.league).or_else(|| {
        // The first words of the rules: "In the upcoming NBA game", "the 2026-27 Pro Football Playoffs".
        let head: String = listing.rules.chars().take(240).collect();
        if head.is_empty() { None } else { of_tokens(&text::tokens(&head)) }
    })
}

/// Adds what the subtitle says to the question.
///
/// A range always counts: Kalshi's titles round it ("15 executive orders" for "More than 15"). Names count when the
/// title leaves its subject open; otherwise the subtitle may be a remark, such as a party's candidate.
fn join_subtitle(question: &mut Reading, subtitle: Reading, listing: &Listing) {
    if subtitle.range.is_some() {
        question.range = subtitle.range;
        question.words.retain(|word| !is_number(&word.value));
    }
    // "On Nov 16, 2025" under an election says when it is held, not what is asked.
    if question.times.is_empty() {
        question.times.extend(subtitle.times.into_iter().filter(|time| !matches!(time.value.when, When::On(_))));
    }
    let title = listing.title.trim_start();
    let open = !title.to_ascii_lowercase().starts_with("will ")
        || title.contains("  ")
        || listing.title.to_ascii_lowercase().starts_with("will anyone");
    if !open || matches!(listing.subtitle.trim(), "Yes" | "No") {
        return;
    }
    let offset = question.words.len() as u16 + 100;
    for mut word in subtitle.words {
        if !question.words.iter().any(|one| one.value.text == word.value.text) {
            word.value.place += offset;
            question.words.push(word);
        }
    }
    for concept in subtitle.concepts {
        if !question.concepts.iter().any(|one| one.value == concept.value) {
            question.concepts.push(concept);
        }
    }
    question.teams.extend(subtitle.teams);
    question.districts.extend(subtitle.districts);
}

/// Whether a word is a number that no grammar took.
pub(crate) fn is_number(word: &Word) -> bool {
    word.text.starts_with(|letter: char| letter.is_ascii_digit())
        && word.text.bytes().all(|byte| !byte.is_ascii_alphabetic())
}

/// The strike fields as a range, in the unit of the words: the fields have none.
fn strike(listing: &Listing, words: Option<Field<Range>>) -> Option<Field<Range>> {
    let strike = listing.strike?;
    let range = match (strike.kind, strike.floor, strike.cap) {
        (StrikeKind::Greater, Some(floor), _) => Range::above(floor, false),
        (StrikeKind::GreaterOrEqual, Some(floor), _) => Range::above(floor, true),
        (StrikeKind::Less, _, Some(cap)) => Range::below(cap, false),
        (StrikeKind::LessOrEqual, _, Some(cap)) => Range::below(cap, true),
        (StrikeKind::Between, Some(floor), Some(cap)) => Range::between(floor, cap),
        (
            StrikeKind::Greater
            | StrikeKind::GreaterOrEqual
            | StrikeKind::Less
            | StrikeKind::LessOrEqual
            | StrikeKind::Between,
            _,
            _,
        ) => return None,
    };
    let range = range.of(words.and_then(|words| words.value.unit));
    Some(Field { value: range, span: Span::new(Source::Strike, 0, 0), certainty: Certainty::Stated })
}

/// Fills in the subject of a title that names none ("Pro Football Playoff Qualifiers"): from the sentence that says
/// when Yes pays, or from the team code that ends a Kalshi ticker.
fn thin_title(contract: &mut Contract, parts: &ticker::Parts, league: Option<&'static str>) {
    let named = contract.words.iter().any(|word| word.value.name)
        || !contract.teams.is_empty()
        || !contract.districts.is_empty()
        || contract.concepts.iter().any(|one| matches!(one.value.facet, Facet::Party | Facet::Asset));
    let Some(league) = league.filter(|_| !named) else { return };
    if let Some((start, end)) = rules::condition(&contract.listing.rules) {
        let tokens = text::tokens(&contract.listing.rules[start..end]);
        for one in lexicon::teams_in(&tokens, league, true) {
            let span = Span::new(Source::Rules, start + tokens[one.from].start, start + tokens[one.to - 1].end);
            let value = (one.team.league, one.team.code());
            contract.teams.push(Field { value, span, certainty: Certainty::Stated });
        }
        if contract.times.is_empty() {
            contract.times.extend(times(&tokens, Source::Rules, start, |_| true));
        }
    } else if let Some((code, span)) = parts.market_code(&contract.listing)
        && let Some(team) = lexicon::team_by_code(league, code)
    {
        contract.teams.push(Field { value: (team.league, team.code()), span, certainty: Certainty::Convention });
    }
}

/// The days on which the windows among `tokens` begin.
fn begins(tokens: &[Token], source: Source, offset: usize) -> Vec<Field<calendar::Day>> {
    let starts = calendar::find(tokens, |_| true).into_iter().filter(|one| one.start);
    starts
        .filter_map(|one| {
            let day = match one.when {
                When::On(day) | When::Until(day) | When::Days(day, _) => Some(day),
                When::Month(year, month) => calendar::Day::new(year, month, 1),
                When::Year(year) => calendar::Day::new(Some(year), 1, 1),
                When::Quarter(..) | When::Season(_) => None,
            }?;
            let span = Span::new(source, offset + tokens[one.from].start, offset + tokens[one.to - 1].end);
            Some(Field { value: day, span, certainty: Certainty::Stated })
        })
        .collect()
}

/// The times among `tokens`, starts left out.
pub(crate) fn times(tokens: &[Token], source: Source, offset: usize, free: impl Fn(usize) -> bool) -> Vec<Field<Time>> {
    calendar::find(tokens, free)
        .into_iter()
        .filter(|one| !one.start)
        .map(|one| Field {
            value: Time {
                when: one.when,
                whole: one.whole,
                start: false,
                clock: one.clock,
                zone: one.zone,
                hold: one.hold,
            },
            span: Span::new(source, offset + tokens[one.from].start, offset + tokens[one.to - 1].end),
            certainty: Certainty::Stated,
        })
        .collect()
}

/// A contradiction between the question and its own rules: another person, or another deadline; or between the values
/// that its `words` name and those of the strike fields, by which the venue may settle, or of its `label`.
fn inconsistency(
    contract: &Contract,
    words: Option<Field<Range>>,
    label: Option<Field<Range>>,
) -> Option<(Span, Span, &'static str)> {
    let fields = contract.range.filter(|range| range.span.source == Source::Strike);
    // Labels abbreviate ("<3%" for "between 0% and 3%"): only one that has the same bounds says whether they belong to
    // it.
    let bounds = |range: &Range| [range.low, range.high].map(|bound| bound.map(|bound| bound.value));
    let label = label.filter(|label| words.is_some_and(|words| bounds(&words.value) == bounds(&label.value)));
    let others = [
        (fields, "words and strike fields name different values"),
        (label, "question and label differ in whether a bound belongs to it"),
    ];
    for (other, why) in others {
        let (Some(words), Some(other)) = (words, other) else { continue };
        let step = crate::compare::step(contract, &words.value);
        if words.value.relation(&other.value, step) != RangeRelation::Equal {
            return Some((words.span, other.span, why));
        }
    }
    if contract.listing.rules.trim().is_empty() {
        return None;
    }
    let rules = Span::new(Source::Rules, 0, contract.listing.rules.len().min(160));
    if !contract.negated && rules::pays_when_not(contract) {
        return Some((contract.title_span(), rules, "the rules pay No when it happens"));
    }
    if let Some(found) = game::against_rules(contract).or_else(|| condition::against_question(contract, words)) {
        return Some(found);
    }
    // A person is the subject: at least one word of the name must stand in the rules.
    if contract.family == Family::Leaving {
        let agents: Vec<_> = contract.words.iter().filter(|word| word.value.name && !is_number(&word.value)).collect();
        let known = |word: &Word| contract.context.word(&word.text).is_some();
        if !agents.is_empty() && !agents.iter().any(|word| known(&word.value)) {
            return Some((agents[0].span, rules, "the rules do not name the person of the title"));
        }
    }
    for time in &contract.times {
        let When::Until(day) = time.value.when else { continue };
        if time.value.start {
            continue;
        }
        let mut stated = contract.rule_times.iter().filter_map(|one| match one.value.when {
            When::Until(day) => Some((day, one.span)),
            When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) | When::Year(_) | When::Season(_) => {
                None
            }
        });
        if let Some((_, span)) = stated.clone().next()
            && !stated.any(|(other, _)| other.agrees(day))
        {
            return Some((time.span, span, "title and rules name different deadlines"));
        }
    }
    None
}

/// Words and numbers that no table took, as fields.
fn word(token: &Token, source: Source, place: u16, role: Role) -> Field<Word> {
    let name =
        token.capital || !matches!(token.kind, Kind::Word) || token.text.starts_with(|c: char| c.is_ascii_digit());
    Field {
        value: Word { text: token.text.clone(), name, role, place },
        span: Span::new(source, token.start, token.end),
        certainty: Certainty::Stated,
    }
}

/// The venue whose tickers carry dates and codes.
fn is_kalshi(listing: &Listing) -> bool {
    listing.venue == Venue::Kalshi
}
