//! Two contracts, field by field.
//!
//! Every comparison adds lines; none removes one. The order of comparisons is fixed, each is written to give the same
//! lines with first and second swapped, and whatever no comparison accounts for becomes a missing line.

mod concepts;
mod games;
mod rules;
mod times;
mod words;

pub(crate) use words::stem;

use brier_types::Venue;

use crate::calendar::{Hold, When};
use crate::contract::{Certainty, Contract, Facet, Family, Field, Source, Span};
use crate::proof::{Finding, Line, Proof, Quote, Topic};
use crate::range::{Range, RangeRelation};
use crate::text::{Decimal, Unit};

/// What a comparison came to.
pub(crate) struct Comparison {
    pub(crate) proof: Proof,
    pub(crate) range: Option<RangeRelation>,
    /// When only deadlines differ: whether the first is the earlier.
    pub(crate) earlier: Option<bool>,
    /// Whether one pays when the other does not.
    pub(crate) inverse: bool,
    /// The outcome of the second (of Polymarket across venues) that pays.
    pub(crate) outcome: Option<String>,
}

/// The lines so far, and both contracts.
pub(crate) struct Bench<'a> {
    pub(crate) first: &'a Contract,
    pub(crate) second: &'a Contract,
    lines: Vec<Line>,
    earlier: Option<bool>,
}

/// One side of a line.
pub(crate) type Evidence = Option<Span>;

impl<'a> Bench<'a> {
    pub(crate) fn add(
        &mut self,
        topic: Topic,
        finding: Finding,
        first: Evidence,
        second: Evidence,
        note: impl Into<String>,
    ) {
        self.line(topic, finding, first, second, note.into(), Certainty::Stated);
    }

    fn line(
        &mut self,
        topic: Topic,
        finding: Finding,
        first: Evidence,
        second: Evidence,
        note: String,
        certainty: Certainty,
    ) {
        let first = first.map(|span| Quote::of(self.first, span));
        let second = second.map(|span| Quote::of(self.second, span));
        self.lines.push(Line { topic, finding, first, second, note, certainty });
    }

    /// Whether what was found contradicts itself in a way that no reading of rules can make a relation of.
    pub(crate) fn is_hopeless(&self) -> bool {
        let contest = matches!(self.first.family, Family::Election | Family::Outright);
        let mut against = self.lines.iter().filter(|line| line.finding == Finding::Contradicts);
        against.any(|line| match line.topic {
            Topic::Threshold | Topic::Deadline => false,
            Topic::Subject => !contest,
            _ => true,
        })
    }

    /// Both contracts, the one named first; `flipped` turns them round.
    pub(crate) const fn sides(&self, flipped: bool) -> (&'a Contract, &'a Contract) {
        if flipped { (self.second, self.first) } else { (self.first, self.second) }
    }

    /// Adds a line whose evidence is given in the order of [`Self::sides`].
    pub(crate) fn add_for(
        &mut self,
        flipped: bool,
        topic: Topic,
        finding: Finding,
        (own, other): (Evidence, Evidence),
        note: impl Into<String>,
        certainty: Certainty,
    ) {
        let (first, second) = if flipped { (other, own) } else { (own, other) };
        self.line(topic, finding, first, second, note.into(), certainty);
    }
}

impl Comparison {
    pub(crate) fn of(first: &Contract, second: &Contract) -> Self {
        let mut bench = Bench { first, second, lines: Vec::new(), earlier: None };
        consistency(&mut bench);
        let games = games::compare(&mut bench);
        concepts::compare(&mut bench);
        words::compare(&mut bench);
        let (range, complement) = thresholds(&mut bench);
        times::compare(&mut bench);
        rules::compare(&mut bench);
        let inverse = (first.negated != second.negated) != complement;
        let outcome = outcome(&mut bench, inverse, &games);
        Self { proof: Proof { lines: bench.lines }, range, earlier: bench.earlier, inverse, outcome }
    }
}

fn consistency(bench: &mut Bench<'_>) {
    // "Out" of a match, "leave" the White House for a day: without an office the words for it are no synonyms.
    let placed = |one: &Contract| one.values(Facet::Office).next().is_some() || one.listing.has_rules();
    let (first, second) = (bench.first, bench.second);
    if [first, second].iter().all(|one| one.family == Family::Leaving && !placed(one)) {
        let said =
            |one: &Contract| one.says(Facet::Act, "leave").map(|span| (span, crate::text::fold(one.quote(span))));
        if let (Some((one, left)), Some((two, right))) = (said(first), said(second))
            && words::stem(&left) != words::stem(&right)
        {
            let note = "no office is named, so these are no two words for one thing";
            bench.add(Topic::Act, Finding::Missing, Some(one), Some(two), note);
        }
    }
    for flipped in [false, true] {
        let own = bench.sides(flipped).0;
        if let Some(span) = unclear_denial(own, first.negated != second.negated) {
            let note = "what is denied is not clear: that it is said, or what is said";
            bench.add_for(flipped, Topic::Act, Finding::Missing, (Some(span), None), note, Certainty::Stated);
        }
    }
    for flipped in [false, true] {
        if let Some((span, _, why)) = bench.sides(flipped).0.inconsistent {
            bench.add_for(flipped, Topic::Consistency, Finding::Missing, (Some(span), None), why, Certainty::Stated);
        }
        if bench.sides(flipped).0.listing.other {
            let span = Some(bench.sides(flipped).0.title_span());
            let note = "it stands for whatever is not listed yet, and so changes its meaning";
            bench.add_for(flipped, Topic::Consistency, Finding::Missing, (span, None), note, Certainty::Stated);
        }
    }
}

/// A "not" that is not the question's own: one of two or, where only one side denies (`alone`), one behind another verb
/// ("say he will not", "rule it is not").
fn unclear_denial(contract: &Contract, alone: bool) -> Option<Span> {
    const SAYING: &[&str] = &[
        "say",
        "says",
        "announce",
        "announces",
        "rule",
        "rules",
        "find",
        "finds",
        "decide",
        "decides",
        "promise",
        "promises",
        "declare",
        "declares",
        "confirm",
        "confirms",
        "agree",
        "agrees",
        "vote",
        "votes",
        "claim",
        "claims",
        "state",
        "states",
        "pledge",
        "pledges",
        "vow",
        "vows",
        "report",
        "reports",
        "determine",
        "determines",
        "choose",
        "chooses",
    ];
    let tokens = crate::text::tokens(&contract.listing.title);
    let lexicon = crate::lexicon::Lexicon::get();
    let denials: Vec<usize> = (0..tokens.len())
        .filter(|at| {
            let found = lexicon.match_at(&tokens, *at);
            found.is_some_and(|(all, _)| all.iter().any(|one| one.facet == Facet::Not))
        })
        .collect();
    let said = |at: usize| tokens[..at].iter().any(|token| SAYING.contains(&token.text.as_str()));
    let at = denials.iter().copied().find(|at| denials.len() > 1 || alone && said(*at))?;
    Some(Span::new(Source::Title, tokens[at].start, tokens[at].end))
}

/// The step in which values of a contract come, when what is measured has one.
///
/// Counts are whole. Kalshi's Rotten Tomatoes and Metacritic scores are whole percents. NWS reports whole degrees
/// Fahrenheit. Inflation and unemployment are published to a tenth. Prices in dollars come in cents, which both venues'
/// strikes assume (T1629.99 is "1630 or above").
pub(crate) fn step(contract: &Contract, range: &Range) -> Option<Decimal> {
    let measures = |values: &[&str]| values.iter().any(|value| contract.says(Facet::Measure, value).is_some());
    if measures(&["rotten_tomatoes", "metacritic", "seats", "executive_orders"]) {
        return Some(Decimal::whole(1));
    }
    if measures(&["cpi", "core_cpi", "pce", "core_pce", "unemployment", "gdp"]) {
        return Decimal::parse("0.1");
    }
    match range.unit {
        // Gas is published in tenths of a cent.
        Some(Unit::Dollars) if contract.words.iter().any(|word| word.value.text == "gas") => Decimal::parse("0.001"),
        Some(Unit::Dollars) => Decimal::parse("0.01"),
        Some(Unit::Fahrenheit) => Some(Decimal::whole(1)),
        Some(Unit::Degrees) | None if measures(&["high_temperature", "low_temperature"]) => Some(Decimal::whole(1)),
        // A share of votes or a margin has as many digits as the counting gives it; Hong Kong reports tenths of a degree.
        Some(Unit::Percent | Unit::Celsius | Unit::Degrees | Unit::BasisPoints) => None,
        None => counted(contract).then(|| Decimal::whole(1)),
    }
}

/// Whether a bare number counts things that come one by one.
fn counted(contract: &Contract) -> bool {
    const COUNTED: &[&str] = &[
        "goal",
        "goals",
        "assists",
        "points",
        "rebounds",
        "votes",
        "senators",
        "times",
        "tweets",
        "posts",
        "wins",
        "games",
        "launches",
        "strikeouts",
        "touchdowns",
        "nominations",
        "people",
        "pardons",
        "runs",
        "hits",
        "corners",
        "medals",
    ];
    contract.words.iter().any(|word| COUNTED.contains(&word.value.text.as_str()))
}

fn thresholds(bench: &mut Bench<'_>) -> (Option<RangeRelation>, bool) {
    let (first, second) = (bench.first, bench.second);
    match (first.range, second.range) {
        (None, None) => (None, false),
        (Some(one), Some(two)) => {
            let spans = (Some(one.span), Some(two.span));
            if units_differ(&one.value, &two.value) {
                bench.add(Topic::Threshold, Finding::Contradicts, spans.0, spans.1, "the units differ");
                return (None, false);
            }
            let step = step(first, &one.value).or_else(|| step(second, &two.value));
            let relation = one.value.relation(&two.value, step);
            let habit = one.certainty.max(two.certainty);
            let shown = format!("{} and {}", one.value, two.value);
            match relation {
                RangeRelation::Equal => {
                    bench.line(Topic::Threshold, Finding::Agrees, spans.0, spans.1, shown, habit);
                    (Some(relation), false)
                }
                RangeRelation::Complement if touched(first) || touched(second) => {
                    let note = format!("{shown}: both can happen within the window, or neither");
                    bench.line(Topic::Threshold, Finding::Missing, spans.0, spans.1, note, habit);
                    (None, false)
                }
                RangeRelation::Complement => {
                    bench.line(
                        Topic::Threshold,
                        Finding::Agrees,
                        spans.0,
                        spans.1,
                        format!("{shown}: exactly one holds"),
                        habit,
                    );
                    (Some(relation), true)
                }
                // A value that is watched over a window may lie in one range and later in the other.
                RangeRelation::Disjoint if touched(first) || touched(second) => {
                    let note = format!("{shown}: both can happen within the window");
                    bench.line(Topic::Threshold, Finding::Contradicts, spans.0, spans.1, note, habit);
                    (None, false)
                }
                RangeRelation::Inside
                | RangeRelation::Around
                | RangeRelation::Disjoint
                | RangeRelation::Overlapping => {
                    bench.line(Topic::Threshold, Finding::Contradicts, spans.0, spans.1, shown, habit);
                    (Some(relation), false)
                }
            }
        }
        (Some(_), None) | (None, Some(_)) => {
            let flipped = first.range.is_none();
            let range = bench.sides(flipped).0.range;
            one_sided_threshold(bench, flipped, range);
            (None, false)
        }
    }
}

/// Whether a value is watched over a window rather than looked at once: "by June 30", "at any time in 2026".
fn touched(contract: &Contract) -> bool {
    let until = contract
        .times
        .iter()
        .any(|time| matches!(time.value.when, When::Until(_)) && time.value.hold == Hold::Anywhere);
    let texts = contract.clauses.pays.iter().map(|span| contract.quote(*span));
    let any = |text: &str| {
        let lower = crate::text::fold(text);
        lower.contains("any time") || lower.contains("any point")
    };
    until || any(&contract.listing.title) || texts.into_iter().any(any)
}

/// A range on one side only: equal to a bare count on the other, or missing.
fn one_sided_threshold(bench: &mut Bench<'_>, flipped: bool, range: Option<Field<Range>>) {
    let Some(range) = range else { return };
    let (_, other) = bench.sides(flipped);
    let bare = other.words.iter().find(|word| crate::read::is_number(&word.value));
    let exact = bare.and_then(|word| Decimal::parse(&word.value.text)).map(Range::exactly);
    let (finding, note) = match exact {
        Some(exact) if exact.relation(&range.value, Some(Decimal::whole(1))) == RangeRelation::Equal => {
            (Finding::Agrees, format!("{} is the number itself", range.value))
        }
        Some(exact) => (Finding::Contradicts, format!("{} against {exact}", range.value)),
        None => (Finding::Missing, format!("one pays on {}; the other names no threshold", range.value)),
    };
    let other = bare.map(|word| word.span);
    bench.add_for(flipped, Topic::Threshold, finding, (Some(range.span), other), note, range.certainty);
}

/// Whether two ranges are of different units as far as both name one.
pub(crate) fn units_differ(one: &Range, two: &Range) -> bool {
    match (one.unit, two.unit) {
        (Some(one), Some(two)) => {
            let degrees = |unit: Unit| matches!(unit, Unit::Degrees | Unit::Fahrenheit | Unit::Celsius);
            one != two && !(degrees(one) && degrees(two) && (one == Unit::Degrees || two == Unit::Degrees))
        }
        (Some(_), None) | (None, Some(_) | None) => false,
    }
}

/// The outcome of Polymarket, or of the second contract, that pays when the other's Yes pays.
fn outcome(bench: &mut Bench<'_>, inverse: bool, games: &games::Compared) -> Option<String> {
    let (first, second) = (bench.first, bench.second);
    let flipped = first.venue() == Venue::Polymarket && second.venue() == Venue::Kalshi;
    let (own, other) = bench.sides(flipped);
    let names = &other.listing.outcomes;
    let yes_no = names.is_empty()
        || names.len() == 2 && names[0].eq_ignore_ascii_case("yes") && names[1].eq_ignore_ascii_case("no");
    if yes_no {
        let at = usize::from(inverse);
        return Some(names.get(at).cloned().unwrap_or_else(|| if inverse { "No" } else { "Yes" }.to_owned()));
    }
    // Two markets of one venue with the same named outcomes pay alike, name by name.
    if first.venue() == second.venue() && first.listing.outcomes == second.listing.outcomes && !inverse {
        return names.first().cloned();
    }
    let found = if inverse {
        None
    } else if let Some(at) = games.outcome {
        names.get(at).cloned()
    } else {
        named_range(own, other)
    };
    if found.is_none() {
        let note = format!("which of the outcomes {} pays is not proved", names.join(", "));
        bench.add(Topic::Outcome, Finding::Missing, None, None, note);
    }
    found
}

/// "Over" or "Under" when a range of one lies on that side of the other's line.
fn named_range(own: &Contract, other: &Contract) -> Option<String> {
    let range = own.range?.value;
    let wanted = match (range.low, range.high) {
        (Some(_), None) => ["over", "above"],
        (None, Some(_)) => ["under", "below"],
        (Some(_), Some(_)) | (None, None) => return None,
    };
    let line = other.words.iter().find(|word| crate::read::is_number(&word.value))?;
    let line = Decimal::parse(&line.value.text)?;
    let bound = range.low.or(range.high)?.value;
    if line != bound {
        return None;
    }
    other.listing.outcomes.iter().find(|name| wanted.iter().any(|word| name.eq_ignore_ascii_case(word))).cloned()
}

/// Whether the family is one whose contest has exactly one winner.
pub(crate) fn is_contest(family: Family) -> bool {
    matches!(family, Family::Election | Family::Outright | Family::Award)
}
