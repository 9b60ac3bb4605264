//! A market read into typed fields, each with the text it came from.
//!
//! Invariant: a field that no text supports does not exist. What a reader could not place stays in
//! [`Contract::words`], so that two contracts are the same only when every word of both is accounted for.

use std::fmt;

use brier_types::Venue;

use crate::calendar::{Day, Hold, When, Zone};
pub use crate::lexicon::{Concept, Facet};
use crate::listing::Listing;
use crate::range::Range;

/// Which text of a listing a reading came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The title or question.
    Title,
    /// The subtitle of Yes.
    Subtitle,
    /// The first rules text.
    Rules,
    /// The second rules text.
    MoreRules,
    /// The event's title.
    EventTitle,
    /// The venue's name of the market.
    Ticker,
    /// One outcome name.
    Outcome(u8),
    /// Close or end time.
    Ends,
    /// The strike fields.
    Strike,
    /// One settlement source.
    Settlement(u8),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Title => "title",
            Self::Subtitle => "subtitle",
            Self::Rules => "rules",
            Self::MoreRules => "more rules",
            Self::EventTitle => "event title",
            Self::Ticker => "ticker",
            Self::Outcome(_) => "outcome",
            Self::Ends => "end time",
            Self::Strike => "strike",
            Self::Settlement(_) => "settlement source",
        })
    }
}

/// A place in one text of a listing, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: Source,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A place in `source`.
    pub const fn new(source: Source, start: usize, end: usize) -> Self {
        Self { source, start: start as u32, end: end as u32 }
    }
}

/// How sure a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The text says it.
    Stated,
    /// The venue's habits say it: a ticker's date, a code, a default zone.
    Convention,
}

/// A reading with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<T> {
    /// What was read.
    pub value: T,
    /// Where.
    pub span: Span,
    /// How surely.
    pub certainty: Certainty,
}

/// Where a word stands to the verb of a sentence whose two sides differ ("A endorses B").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who does it.
    Agent,
    /// To whom it is done.
    Patient,
    /// The verb has no sides, or the text does not say.
    Free,
}

/// A word that no table knows: part of a name, or of something this crate does not understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    pub text: String,
    /// Written with a capital or a digit: taken for a name.
    pub name: bool,
    /// Its side of the verb.
    pub role: Role,
    /// Its place among the words of its text, to see which stand together.
    pub place: u16,
}

/// Which questions a contract belongs to; decides which rules are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// A measured temperature, rain or snow at a station.
    Weather,
    /// A price or index level at a time, or touched within a window.
    Price,
    /// Whether a price ends above where it began.
    UpOrDown,
    /// A central bank's decision or target.
    Rates,
    /// A published statistic: inflation, jobs, growth.
    Statistic,
    /// Who or which party wins an election or nomination.
    Election,
    /// A count of seats or a share of votes.
    ElectionCount,
    /// Someone leaves, or stays in, an office.
    Leaving,
    /// One game.
    Game,
    /// A spread, a total, a part or a player of one game.
    GameProp,
    /// A season's champion, or another outright.
    Outright,
    /// A prize given by a jury or a vote.
    Award,
    /// Anything else, read word by word.
    Generic,
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Weather => "weather",
            Self::Price => "price",
            Self::UpOrDown => "up or down",
            Self::Rates => "rates",
            Self::Statistic => "statistic",
            Self::Election => "election",
            Self::ElectionCount => "election count",
            Self::Leaving => "leaving office",
            Self::Game => "game",
            Self::GameProp => "part of a game",
            Self::Outright => "outright",
            Self::Award => "award",
            Self::Generic => "generic",
        })
    }
}

/// A time a contract names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Deadline, day, month, edition.
    pub when: When,
    /// "in 2026": the whole year, which can be a deadline.
    pub whole: bool,
    /// "after the March meeting": a start, no end.
    pub start: bool,
    /// Minutes after midnight, when written.
    pub clock: Option<u16>,
    /// The zone, when written.
    pub zone: Option<Zone>,
    /// Whether it happens somewhere in the window, lasts through it, or is looked at its end.
    pub hold: Hold,
}

/// One of two sides of a game, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Competitor {
    /// League and code of a known team.
    pub team: Option<(&'static str, &'static str)>,
    /// Folded words of the name as written, without "the" and the like.
    pub words: Vec<String>,
    /// Where it is named.
    pub span: Span,
}

/// A game between two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    /// Both sides in the order of the text.
    pub sides: Vec<Competitor>,
    /// The side whose win pays Yes; none on a market with two named outcomes, where each pays its own.
    pub winner: Option<Competitor>,
    /// The day in New York.
    pub day: Option<Field<Day>>,
}

/// What rules texts say about ends that are not ordinary, and about how the ordinary end is measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clauses {
    /// An announcement is enough.
    pub announcement: Option<Span>,
    /// Detention is enough.
    pub detention: Option<Span>,
    /// Being prevented from the duties is enough.
    pub incapacity: Option<Span>,
    /// Death does not count.
    pub death_excluded: Option<Span>,
    /// Equal payout on both outcomes in some case.
    pub half: Option<Span>,
    /// A last fair price in some case.
    pub fair_price: Option<Span>,
    /// What happens when the contest is put off.
    pub postponed: Option<Span>,
    /// What happens when it is called off.
    pub canceled: Option<Span>,
    /// A tie rule.
    pub tie: Option<Span>,
    /// Resolves to "Other" in some case.
    pub other: Option<Span>,
    /// Only regular time counts.
    pub regular_time: Option<Span>,
    /// Overtime counts.
    pub overtime: Option<Span>,
    /// Winning means most seats.
    pub by_seats: Option<Span>,
    /// The market may end as soon as the event happens.
    pub early_close: Option<Span>,
    /// Sentences that widen or narrow a key word ("will be considered", "does not constitute").
    pub definitions: Vec<Span>,
    /// Several conditions that must hold together.
    pub conditions: Option<Span>,
    /// Sentences that say when Yes, or a named outcome, pays.
    pub pays: Vec<Span>,
    /// The times that [`Self::pays`] name, starts left out.
    pub pay_times: Vec<Field<Time>>,
    /// Days on which the windows of [`Self::pays`] begin ("between November 5, 2025, and"). Venues write the day of listing
    /// there; one that is still to come narrows the market.
    pub begins: Vec<Field<Day>>,
    /// Sentences that say where the result comes from.
    pub sourced: Vec<Span>,
    /// Sentences of which nothing here knows what they mean: neither a standing form nor one of [`Self::pays`].
    pub unread: Vec<Span>,
    /// Named sources of the result.
    pub sources: Vec<Field<&'static str>>,
    /// Stations named for weather.
    pub stations: Vec<Field<String>>,
}

/// One market, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What was read.
    pub listing: Listing,
    /// Which rules of comparison apply.
    pub family: Family,
    /// What title and subtitle say, by the tables.
    pub concepts: Vec<Field<Concept>>,
    /// What no table knows.
    pub words: Vec<Field<Word>>,
    /// Seats such as TX-10: state and number, 0 for a state's only one.
    pub districts: Vec<Field<(&'static str, u8)>>,
    /// Known teams of the big leagues.
    pub teams: Vec<Field<(&'static str, &'static str)>>,
    /// Which values pay.
    pub range: Option<Field<Range>>,
    /// Times of title and subtitle.
    pub times: Vec<Field<Time>>,
    /// Times of the rules sentence that says when Yes pays.
    pub rule_times: Vec<Field<Time>>,
    /// The date in a Kalshi ticker: year, and month and day where it has them.
    pub ticker_date: Option<Field<TickerDate>>,
    /// The game, when it is about one.
    pub game: Option<Game>,
    /// The day of the game behind a market whose title names none: from a ticker with competitors' codes, or from the
    /// rules sentence that schedules a game.
    pub event_day: Option<Field<Day>>,
    /// Whether Yes pays when the thing does not happen ("remain" for "leave").
    pub negated: bool,
    /// What the rules add.
    pub clauses: Clauses,
    /// What else the listing mentions, to confirm what only the other side spells out.
    pub context: Context,
    /// A contradiction inside the listing itself, such as rules that name another person.
    pub inconsistent: Option<(Span, Span, &'static str)>,
}

/// The date written into a Kalshi event ticker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickerDate {
    /// Four digits.
    pub year: u16,
    /// Month, when the ticker has one.
    pub month: Option<u8>,
    /// Day, when the ticker has one.
    pub day: Option<u8>,
}

impl TickerDate {
    /// The day it names.
    pub fn day(self) -> Option<Day> {
        Day::new(Some(self.year), self.month?, self.day?)
    }
}

/// Words and concepts of the texts that are not the question itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Folded words with one place each, in order of the alphabet.
    pub words: Vec<(String, Span)>,
    /// Concepts with one place each.
    pub concepts: Vec<(Concept, Span)>,
    /// Years mentioned.
    pub years: Vec<(u16, Span)>,
    /// The series part of a Kalshi ticker without its KX, in capitals.
    pub series: String,
}

impl Context {
    /// Where a word is mentioned.
    pub fn word(&self, word: &str) -> Option<Span> {
        self.words.binary_search_by(|(one, _)| one.as_str().cmp(word)).ok().map(|at| self.words[at].1)
    }

    /// Where a concept is mentioned.
    pub fn concept(&self, facet: Facet, value: &str) -> Option<Span> {
        self.concepts.iter().find(|(one, _)| one.facet == facet && one.value == value).map(|(_, span)| *span)
    }
}

impl Contract {
    /// The venue.
    pub const fn venue(&self) -> Venue {
        self.listing.venue
    }

    /// The whole text a span points into.
    pub fn text(&self, source: Source) -> &str {
        let listing = &self.listing;
        match source {
            Source::Title => &listing.title,
            Source::Subtitle => &listing.subtitle,
            Source::Rules => &listing.rules,
            Source::MoreRules => &listing.more_rules,
            Source::EventTitle => &listing.event_title,
            Source::Ticker => &listing.id,
            Source::Outcome(at) => listing.outcomes.get(usize::from(at)).map_or("", String::as_str),
            Source::Ends => &listing.ends,
            Source::Strike => "",
            Source::Settlement(at) => listing.sources.get(usize::from(at)).map_or("", String::as_str),
        }
    }

    /// The quoted text of a span; empty when the span points nowhere.
    pub fn quote(&self, span: Span) -> &str {
        self.text(span.source).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The values that title and subtitle assert for a facet.
    pub fn values(&self, facet: Facet) -> impl Iterator<Item = &Field<Concept>> {
        self.concepts.iter().filter(move |field| field.value.facet == facet && !field.value.implied)
    }

    /// Whether title and subtitle assert, or imply, this.
    pub fn says(&self, facet: Facet, value: &str) -> Option<Span> {
        self.concepts
            .iter()
            .find(|field| field.value.facet == facet && field.value.value == value)
            .map(|field| field.span)
    }

    /// The day on which its window begins, where that is after `today`: what happens before does not pay.
    pub fn begins_after(&self, today: Day) -> Option<Field<Day>> {
        let later =
            |day: Day| day.year.is_some() && (day.year, day.month, day.day) > (today.year, today.month, today.day);
        self.clauses.begins.iter().copied().find(|begin| later(begin.value))
    }

    /// The span of the whole title.
    pub fn title_span(&self) -> Span {
        Span::new(Source::Title, 0, self.listing.title.len())
    }
}
