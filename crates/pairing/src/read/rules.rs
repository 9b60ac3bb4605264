//! What the rules texts add: when Yes pays, how the ordinary end is measured, and what happens otherwise.
//!
//! Clauses are found by the venues' standing phrases, sentence by sentence. A clause that is not found is unknown, not
//! absent: the comparison decides which unknowns matter.

use crate::contract::{Certainty, Clauses, Context, Contract, Facet, Field, Source, Span, Time};
use crate::forms::{self, Standing};
use crate::lexicon::Lexicon;
use crate::listing::Listing;
use crate::read::ticker::Parts;
use crate::text::{self, Kind, Token};

/// Reads both rules texts, and gathers what all texts beside the question mention.
pub(super) fn read(
    listing: &Listing,
    parts: &Parts,
    league: Option<&'static str>,
) -> (Clauses, Vec<Field<Time>>, Context) {
    let mut clauses = Clauses::default();
    let mut times = Vec::new();
    let mut context = Context::default();
    for (source, body) in [(Source::Rules, &listing.rules), (Source::MoreRules, &listing.more_rules)] {
        for (start, end) in sentences(body) {
            scan(body, source, start, end, &mut clauses);
            let tokens = text::tokens(&body[start..end]);
            let span = Span::new(source, start, end);
            match forms::standing(&tokens) {
                Some(Standing::Plain) => {
                    if text::fold(&body[start..end]).contains("scheduled for") {
                        clauses.pay_times.extend(super::times(&tokens, source, start, |_| true));
                    }
                }
                Some(Standing::Source) => clauses.sourced.push(span),
                None if is_condition(&body[start..end]) => {
                    clauses.pays.push(span);
                    clauses.begins.extend(super::begins(&tokens, source, start));
                    clauses.pay_times.extend(super::times(&tokens, source, start, |_| true));
                }
                None => clauses.unread.push(span),
            }
            if source == Source::Rules && times.is_empty() && pays_yes(&body[start..end]) {
                times = super::times(&tokens, source, start, |_| true);
            }
        }
        gather(body, source, &mut context);
    }
    gather(&listing.subtitle, Source::Subtitle, &mut context);
    gather(&listing.event_title, Source::EventTitle, &mut context);
    for (at, source) in listing.sources.iter().enumerate().take(8) {
        scan(source, Source::Settlement(at as u8), 0, source.len(), &mut clauses);
    }
    if let Some(league) = league {
        let concept = crate::contract::Concept { facet: Facet::League, value: league, implied: true };
        context.concepts.push((concept, Span::new(Source::Ticker, 0, parts.series.len())));
    }
    (clauses, times, context)
}

/// Whether a sentence says when Yes, or a named outcome, pays.
fn is_condition(sentence: &str) -> bool {
    let lower = text::fold(sentence);
    let no = lower.contains("to \"no\"") || lower.contains("to no.") || lower.contains("to no ");
    let pays = ["will resolve ", "resolves to ", "will settle ", "settles to "].iter().any(|verb| lower.contains(verb));
    let tells = pays_yes(sentence) || pays && !no;
    let other = lower.contains("to \"other\"") || lower.contains("to other");
    // What happens otherwise is no condition of Yes.
    tells && !other && !lower.trim_start().starts_with("otherwise")
}

/// Whether the first sentence that says what is paid says that No is, when the thing happens.
pub(super) fn pays_when_not(contract: &Contract) -> bool {
    let clauses = &contract.clauses;
    let tells = clauses.pays.iter().chain(&clauses.unread).filter(|span| span.source == Source::Rules);
    let all = tells.map(|span| (span.start, text::fold(contract.quote(*span)).replace('"', "")));
    let first = all.filter(|(_, sentence)| sentence.contains(" resolve") || sentence.contains(" settle")).min();
    first.is_some_and(|(_, sentence)| {
        // A whole word: "resolve to North Carolina" is no "resolve to No".
        let ends = |at: usize| !sentence[at..].starts_with(|letter: char| letter.is_alphanumeric());
        let at = |words: &[&str]| {
            let all =
                words.iter().flat_map(|word| sentence.match_indices(word).map(|(at, word)| (at, at + word.len())));
            all.filter(|(_, end)| ends(*end)).map(|(at, _)| at).min()
        };
        let no = at(&["resolve to no", "resolves to no", "settle to no", "settles to no"]);
        let yes = at(&["resolve to yes", "resolves to yes", "settle to yes", "settles to yes"]);
        no.is_some_and(|no| yes.is_none_or(|yes| no < yes))
    })
}

/// The sentences of a text as byte ranges. A point inside a number, an initial or "U.S." ends nothing.
fn sentences(body: &str) -> Vec<(usize, usize)> {
    let bytes = body.as_bytes();
    let mut out = Vec::new();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let ends = match byte {
            b'\n' => true,
            b'.' => {
                let blank = |at: usize| bytes.get(at).is_none_or(u8::is_ascii_whitespace);
                let space = bytes.get(at + 1).is_none_or(|next| !next.is_ascii())
                    || blank(at + 1)
                    || bytes[at + 1] == b'"' && blank(at + 2)
                    || bytes[at + 1] == b'<';
                let long = at >= 3
                    && bytes[at - 3..at].iter().all(|b| b.is_ascii_alphanumeric() || !b.is_ascii() || *b == b'"');
                // "11:59 PM ET." ends as well.
                let zone = at >= 3 && bytes[at - 3] == b' ' && bytes[at - 2..at].iter().all(u8::is_ascii_uppercase);
                space && (long || zone)
            }
            _ => false,
        };
        if ends {
            if body[start..=at].trim().len() > 3 {
                out.push((start, at + 1));
            }
            start = at + 1;
        }
    }
    if start < body.len() && body[start..].trim().len() > 3 {
        out.push((start, body.len()));
    }
    out
}

/// How texts name the sources that settle markets.
const SOURCES: &[(&str, &str)] = &[
    ("binance", "binance"),
    ("coinbase", "coinbase"),
    ("chainlink", "chainlink"),
    ("chain.link", "chainlink"),
    ("cf benchmarks", "cf_benchmarks"),
    ("cfbenchmarks", "cf_benchmarks"),
    ("brti", "cf_benchmarks"),
    ("pyth", "pyth"),
    ("kraken", "kraken"),
    ("tradingview", "tradingview"),
    ("wunderground", "wunderground"),
    ("weather underground", "wunderground"),
    ("national weather service", "nws"),
    ("climatological report", "nws"),
    ("forecast.weather.gov", "nws"),
    ("bureau of labor statistics", "bls"),
    ("bls.gov", "bls"),
    ("bureau of economic analysis", "bea"),
    ("federal reserve", "fed"),
];

/// The settlement sources that a sentence names.
pub(crate) fn sources_in(sentence: &str) -> Vec<&'static str> {
    let lower = text::fold(sentence);
    let mut found: Vec<&'static str> =
        SOURCES.iter().filter(|(words, _)| lower.contains(words)).map(|(_, name)| *name).collect();
    found.dedup();
    found
}

/// Whether a sentence says when Yes pays.
fn pays_yes(sentence: &str) -> bool {
    let lower = text::fold(sentence);
    let game = ["game", "match", "fight", "upcoming"].iter().any(|word| lower.contains(word));
    let yes = lower.contains("yes") || lower.contains("scheduled for") && game;
    yes && !lower.contains("postponed") && !lower.contains("canceled") && !lower.contains("cancelled")
}

/// The condition of "If ..., then the market resolves to Yes": the byte range between "If" and the comma before the
/// market is named.
pub(super) fn condition(rules: &str) -> Option<(usize, usize)> {
    let first = sentences(rules).into_iter().next()?;
    let sentence = &rules[first.0..first.1];
    let from = sentence.find("If ")? + 3;
    let to =
        [", then the market", ", this market", ", the market"].iter().filter_map(|mark| sentence.find(mark)).min()?;
    (from < to).then_some((first.0 + from, first.0 + to))
}

fn scan(body: &str, source: Source, start: usize, end: usize, clauses: &mut Clauses) {
    let Some(sentence) = body.get(start..end) else { return };
    let lower = text::fold(sentence);
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let span = Span::new(source, start, end);
    let set = |slot: &mut Option<Span>, yes: bool| {
        if yes && slot.is_none() {
            *slot = Some(span);
        }
    };
    let denied = has(&[
        "will not count",
        "does not count",
        "do not count",
        "will not qualify",
        "not constitute",
        "will not alone",
        "alone will not",
        "will not suffice",
        "not sufficient",
        "not be sufficient",
    ]);
    let departs = has(&[
        "resign",
        "step down",
        "steps down",
        "stepping down",
        "depart",
        "removal",
        "intention to leave",
        "will leave",
        "leaving",
        "engaged",
    ]);
    // What an announcement is said to mean does not say that one is enough.
    let meaning = has(&["announcement\" means", "announcement means", "announcement is defined"]);
    let stated = source == Source::Rules && !meaning;
    set(&mut clauses.announcement, !denied && stated && has(&["announce"]) && departs);
    set(&mut clauses.detention, !denied && has(&["detained", "detention"]));
    set(&mut clauses.incapacity, !denied && has(&["prevented from fulfilling", "unable to perform", "incapacitated"]));
    set(
        &mut clauses.death_excluded,
        has(&["death does not", "death will not"]) || (has(&["dies", "death"]) && has(&["to \"no\"", "to no"])),
    );
    set(&mut clauses.half, has(&["50-50", "50/50"]));
    set(
        &mut clauses.fair_price,
        has(&["fair market price", "fair price", "fair value", "last traded price", "last market price"]),
    );
    set(&mut clauses.postponed, has(&["postponed", "rescheduled", "delayed beyond"]));
    set(&mut clauses.canceled, has(&["canceled", "cancelled", "called off", "abandoned"]));
    set(
        &mut clauses.tie,
        has(&[
            "in the event of a tie",
            "in the case of a tie",
            "if the game ends in a tie",
            "ends in a draw",
            "multiple winners",
            "is a tie",
            "exactly equal",
        ]),
    );
    set(&mut clauses.other, has(&["resolve to \"other\"", "resolve to 'other'", "resolves to \"other\""]));
    set(
        &mut clauses.regular_time,
        has(&[
            "90 minutes",
            "regulation time only",
            "does not include extra time",
            "end of regulation",
            "overtime excluded",
            "excluding overtime",
            "overtime does not",
            "overtime is not",
            "not including overtime",
            "without overtime",
        ]),
    );
    set(
        &mut clauses.overtime,
        has(&["including any overtime", "overtime periods", "including overtime", "includes overtime"])
            && !has(&["not including overtime", "overtime excluded"]),
    );
    set(
        &mut clauses.by_seats,
        has(&["greatest number of seats", "most seats", "largest number of seats", "number of seats won"]),
    );
    set(&mut clauses.early_close, has(&["close and expire early", "immediately resolve", "resolve early"]));
    set(
        &mut clauses.conditions,
        has(&["both of the following", "both the following", "all of the following", "following conditions"]),
    );
    let defining = has(&[
        "for purposes of this",
        "for the purposes of this",
        "will be considered",
        "shall be considered",
        "is considered",
        "constitute",
        "will not qualify",
        "will not count",
        "do not count",
        "will qualify",
        "must be",
        "is required",
        "only if",
        "means",
        "both the following",
        "both of the following",
        "refers to",
    ]);
    if defining {
        clauses.definitions.push(span);
    }
    let other_price = lower.contains("not according to");
    for (words, name) in SOURCES {
        if !other_price && lower.contains(words) && !clauses.sources.iter().any(|one| one.value == *name) {
            clauses.sources.push(Field { value: name, span, certainty: Certainty::Stated });
        }
    }
    station(body, source, start, end, clauses);
}

/// The station of a weather sentence: the name before "Station", "Airport" or "Intl", or after "recorded at".
fn station(body: &str, source: Source, start: usize, end: usize, clauses: &mut Clauses) {
    let tokens = text::tokens(&body[start..end]);
    for (at, token) in tokens.iter().enumerate() {
        if !token.capital
            || !matches!(token.text.as_str(), "station" | "airport" | "intl" | "park" | "midway" | "hobby")
        {
            continue;
        }
        let mut from = at;
        while from > 0 && tokens[from - 1].capital && tokens[from - 1].kind == Kind::Word && at - from < 5 {
            from -= 1;
        }
        let words: Vec<&str> =
            tokens[from..=at].iter().map(|token| token.text.as_str()).filter(|word| !generic_place(word)).collect();
        if words.is_empty() {
            continue;
        }
        let value = words.join(" ");
        let span = Span::new(source, start + tokens[from].start, start + token.end);
        if !clauses.stations.iter().any(|one| one.value == value) {
            clauses.stations.push(Field { value, span, certainty: Certainty::Stated });
        }
    }
}

fn generic_place(word: &str) -> bool {
    matches!(
        word,
        "station" | "airport" | "intl" | "international" | "the" | "city" | "regional" | "national" | "weather"
    )
}

/// Adds what a text mentions to the context.
fn gather(body: &str, source: Source, context: &mut Context) {
    if body.trim().is_empty() {
        return;
    }
    let tokens = text::tokens(body);
    let lexicon = Lexicon::get();
    let mut at = 0;
    while at < tokens.len() {
        let token: &Token = &tokens[at];
        let span = Span::new(source, token.start, token.end);
        match token.kind {
            Kind::Word => context.words.push((token.text.clone(), span)),
            Kind::Number(number) => {
                context.words.push((number.value.to_string(), span));
                let year = number.value.to_whole().and_then(|year| u16::try_from(year).ok());
                if let Some(year) =
                    year.filter(|year| (1990..2100).contains(year) && token.text.len() == 4 && number.unit.is_none())
                {
                    context.years.push((year, span));
                }
            }
            Kind::Season(year) => context.years.extend([(year, span), (year + 1, span)]),
            Kind::IsoDate(year, ..) => context.years.push((year, span)),
            Kind::Clock(_) | Kind::District(_) | Kind::Mark(_) => {}
        }
        if let Some((concepts, length)) = lexicon.match_at(&tokens, at) {
            let whole = Span::new(source, token.start, tokens[at + length - 1].end);
            for concept in concepts.iter().filter(|one| !matches!(one.facet, Facet::Stop | Facet::Not)) {
                if concept.facet == Facet::Person {
                    context.words.push((concept.value.to_owned(), whole));
                }
                if !context.concepts.iter().any(|(one, _)| one.facet == concept.facet && one.value == concept.value) {
                    context.concepts.push((*concept, whole));
                }
            }
            for inner in &tokens[at + 1..at + length] {
                if inner.kind == Kind::Word {
                    context.words.push((inner.text.clone(), Span::new(source, inner.start, inner.end)));
                }
            }
            at += length;
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_ends_where_the_market_is_named() {
        let rules = "If the Rovers win the cup, this market will settle to Yes. Otherwise No.";
        let (from, to) = condition(rules).expect("a condition");
        assert_eq!(&rules[from..to], "the Rovers win the cup");
    }

    #[test]
    fn sentences_keep_initials_and_numbers_whole() {
        let body = "The U.S. rate is 4.25 percent. It was higher.\nThen it fell";
        assert_eq!(sentences(body).len(), 3);
    }
}
