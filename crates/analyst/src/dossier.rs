//! What an analyst may read of one question.
//!
//! Invariants: no field can hold the price of the market ([`History`] takes records and keeps everything but their prices;
//! facts whose series is named after a venue's price are refused); every fact and document has the time at which it was true
//! and an age limit, and what is over it cannot be read; what is dated after the dossier is refused, so that no backtest knows
//! the future.
//!
//! It deliberately fetches nothing: facts and documents are brought by the feeds. Prose may still mention what traders pay;
//! [`crate::language::text::without_market_talk`] leaves such sentences out of what a language model reads.

use std::time::Duration;

use brier_engine::Fact;
use brier_types::{Price, Qty, Timestamp};

/// The longest text of a question, rules or document, in bytes. More than any venue's rules; a longer one is an error.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;
/// The most facts, and the most documents.
pub const MAX_ITEMS: usize = 256;

/// How far a date may lie after the dossier's own time: clocks differ a little. What is later was not known then.
pub const MAX_AHEAD: Duration = Duration::from_mins(1);

/// First words of series that would tell the price of a market, up to the first `:`, in lower case.
const PRICE_SERIES: &[&str] = &["kalshi", "polymarket", "market", "book", "mid", "bid", "ask", "fair"];

/// Something to read: a report, an article, an announcement. Whoever wrote it is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name for people: a headline, a report's title.
    pub title: String,
    /// Where it is from: an address or the name of a feed.
    pub origin: String,
    /// What it says.
    pub text: String,
    /// When it was written, by its source.
    pub as_of: Timestamp,
    /// How long after that it may still be read.
    pub valid_for: Duration,
}

impl Document {
    /// Whether it may be read at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.as_of) <= self.valid_for
    }
}

/// A stretch of a market's trading as a venue reports it, price included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketRecord {
    /// End of the stretch.
    pub at: Timestamp,
    /// Last or middle price; [`History`] drops it.
    pub price: Option<Price>,
    /// What was traded in it.
    pub volume: Qty,
    /// What was open at its end.
    pub open_interest: Qty,
}

/// How much was traded, without what was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// End of the stretch.
    pub at: Timestamp,
    /// What was traded in it.
    pub volume: Qty,
    /// What was open at its end.
    pub open_interest: Qty,
}

/// How an earlier question of the same series ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Precedent {
    /// The question.
    pub question: String,
    /// Whether it resolved to YES.
    pub yes: bool,
    /// When.
    pub resolved_at: Timestamp,
}

/// What is known of the market's past, prices left out.
///
/// ```
/// use brier_analyst::dossier::{History, MarketRecord};
/// use brier_types::{Price, Qty, Timestamp};
/// let record = |pips| MarketRecord {
///     at: Timestamp::EPOCH,
///     price: Price::new(pips),
///     volume: Qty::ZERO,
///     open_interest: Qty::ZERO,
/// };
/// assert_eq!(History::new(&[record(1_000)], Vec::new()), History::new(&[record(9_000)], Vec::new()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    activity: Vec<Activity>,
    precedents: Vec<Precedent>,
}

impl History {
    /// The history of these records, without their prices, and how earlier questions of the series ended.
    pub fn new(records: &[MarketRecord], precedents: Vec<Precedent>) -> Self {
        let activity = records
            .iter()
            .map(|record| Activity { at: record.at, volume: record.volume, open_interest: record.open_interest })
            .collect();
        Self { activity, precedents }
    }

    /// How much was traded, in the records' order.
    pub fn activity(&self) -> &[Activity] {
        &self.activity
    }

    /// How earlier questions ended, in the caller's order.
    pub fn precedents(&self) -> &[Precedent] {
        &self.precedents
    }
}

/// What a dossier is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// Ticker or id of the market, as its venue writes it.
    pub market: String,
    /// The question in words.
    pub question: String,
    /// The venue's rules text.
    pub rules: String,
    /// Where the result is read: the agency, the report, the index.
    pub resolution_source: String,
    /// When trading ends.
    pub closes_at: Timestamp,
    /// The time of the dossier: ages count from here.
    pub now: Timestamp,
    /// Facts, one a series.
    pub facts: Vec<Fact>,
    /// Things to read.
    pub documents: Vec<Document>,
    /// The market's past.
    pub history: History,
}

/// Contents that make no dossier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DossierError {
    /// There is no market or no question.
    #[error("dossier: expected a market and a question, found an empty {what}; fill it in from the venue's listing")]
    Empty {
        /// Which.
        what: &'static str,
    },
    /// A text is longer than anything that venues and feeds send.
    #[error("dossier: expected at most {MAX_TEXT_BYTES} bytes of {what}, found {bytes}; cut it before")]
    TooLong {
        /// Which.
        what: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// There are too many facts or documents.
    #[error("dossier: expected at most {MAX_ITEMS} {what}, found {count}; bring the newest ones only")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// A fact has no name, or a number that is none.
    #[error("dossier: fact `{series}` has no name or a number that is not finite; the feed must drop it")]
    UnsoundFact {
        /// Its series, cut to 64 characters.
        series: String,
    },
    /// Something is dated after the dossier's time.
    #[error(
        "dossier: {what} is dated {as_of}, after the dossier's own time {now}; check the clock, or what was joined"
    )]
    FromTheFuture {
        /// What.
        what: &'static str,
        /// Its date.
        as_of: Timestamp,
        /// The dossier's.
        now: Timestamp,
    },
    /// Two facts are of one series.
    #[error("dossier: series `{series}` is there twice; bring the newest fact of each")]
    TwoOfOneSeries {
        /// Which.
        series: String,
    },
    /// A fact is named after a market's price.
    #[error("dossier: series `{series}` is named after a market's price, which no analyst may see; leave it out")]
    MarketPrice {
        /// Which.
        series: String,
    },
}

/// Everything that an analyst sees of one question at one time. There is no price of the market in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dossier(Contents);

impl Dossier {
    /// Checks contents at the door.
    ///
    /// # Errors
    /// [`DossierError`] names what is wrong with them, and what to do.
    pub fn new(contents: Contents) -> Result<Self, DossierError> {
        let texts = [
            ("market", &contents.market, true),
            ("question", &contents.question, true),
            ("rules", &contents.rules, false),
            ("resolution source", &contents.resolution_source, false),
        ];
        for (what, text, needed) in texts {
            if needed && text.trim().is_empty() {
                return Err(DossierError::Empty { what });
            }
            within(what, text)?;
        }
        for (what, count) in [
            ("facts", contents.facts.len()),
            ("documents", contents.documents.len()),
            ("precedents", contents.history.precedents.len()),
        ] {
            if count > MAX_ITEMS {
                return Err(DossierError::TooMany { what, count });
            }
        }
        for document in &contents.documents {
            within("a document", &document.text)?;
            within("a document's title", &document.title)?;
            within("a document's origin", &document.origin)?;
        }
        for precedent in &contents.history.precedents {
            within("a precedent", &precedent.question)?;
        }
        check_facts(&contents.facts)?;
        check_dates(&contents)?;
        Ok(Self(contents))
    }

    /// Ticker or id of the market.
    pub fn market(&self) -> &str {
        &self.0.market
    }

    /// The question in words.
    pub fn question(&self) -> &str {
        &self.0.question
    }

    /// The venue's rules text.
    pub fn rules(&self) -> &str {
        &self.0.rules
    }

    /// Where the result is read.
    pub fn resolution_source(&self) -> &str {
        &self.0.resolution_source
    }

    /// When trading ends.
    pub const fn closes_at(&self) -> Timestamp {
        self.0.closes_at
    }

    /// The time of the dossier.
    pub const fn now(&self) -> Timestamp {
        self.0.now
    }

    /// Whether trading has ended.
    pub fn is_closed(&self) -> bool {
        self.0.closes_at <= self.0.now
    }

    /// The fact of a series, fresh or not: for saying why it is not used.
    pub fn any_fact(&self, series: &str) -> Option<&Fact> {
        self.0.facts.iter().find(|fact| fact.series == series)
    }

    /// The facts that may decide, in the caller's order.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.0.facts.iter().filter(|fact| fact.is_fresh(self.0.now))
    }

    /// The documents that may be read, in the caller's order.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.0.documents.iter().filter(|document| document.is_fresh(self.0.now))
    }

    /// The market's past.
    pub const fn history(&self) -> &History {
        &self.0.history
    }
}

fn within(what: &'static str, text: &str) -> Result<(), DossierError> {
    if text.len() <= MAX_TEXT_BYTES { Ok(()) } else { Err(DossierError::TooLong { what, bytes: text.len() }) }
}

fn check_dates(contents: &Contents) -> Result<(), DossierError> {
    let history = &contents.history;
    let facts = contents.facts.iter().map(|fact| ("a fact", fact.as_of));
    let documents = contents.documents.iter().map(|document| ("a document", document.as_of));
    let activity = history.activity.iter().map(|activity| ("a stretch of trading", activity.at));
    let precedents = history.precedents.iter().map(|precedent| ("a precedent", precedent.resolved_at));
    let latest = contents.now.plus(MAX_AHEAD);
    match facts.chain(documents).chain(activity).chain(precedents).find(|(_, as_of)| *as_of > latest) {
        Some((what, as_of)) => Err(DossierError::FromTheFuture { what, as_of, now: contents.now }),
        None => Ok(()),
    }
}

/// Whether a series is named after the price of a market, which no dossier takes.
///
/// ```
/// use brier_analyst::dossier::tells_a_price;
/// assert!(tells_a_price("kalshi:KXHIGHNY-26NOV29-T52") && tells_a_price("feed:mid:KXHIGHNY-26NOV29-T52"));
/// assert!(!tells_a_price("forecast:KNYC:high"));
/// ```
pub fn tells_a_price(series: &str) -> bool {
    let mut parts = series.split(':').map(|part| part.trim().to_ascii_lowercase());
    parts.any(|part| PRICE_SERIES.contains(&part.as_str()))
}

fn check_facts(facts: &[Fact]) -> Result<(), DossierError> {
    for (index, fact) in facts.iter().enumerate() {
        let series = || fact.series.chars().take(64).collect::<String>();
        if !fact.is_sound() {
            return Err(DossierError::UnsoundFact { series: series() });
        }
        if tells_a_price(&fact.series) {
            return Err(DossierError::MarketPrice { series: series() });
        }
        if facts[..index].iter().any(|other| other.series == fact.series) {
            return Err(DossierError::TwoOfOneSeries { series: series() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_engine::FactValue;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds).unwrap()
    }

    fn fact(series: &str, number: f64, as_of: Timestamp) -> Fact {
        let valid_for = Duration::from_mins(10);
        Fact { series: series.to_owned(), value: FactValue::Number(number), as_of, valid_for }
    }

    fn contents() -> Contents {
        Contents {
            market: "M".to_owned(),
            question: "Q?".to_owned(),
            rules: String::new(),
            resolution_source: String::new(),
            closes_at: at(60),
            now: at(0),
            facts: vec![fact("a", 1.0, at(-5)), fact("b", 2.0, at(-700))],
            documents: Vec::new(),
            history: History::default(),
        }
    }

    fn refused(change: impl FnOnce(&mut Contents)) -> String {
        let mut contents = contents();
        change(&mut contents);
        Dossier::new(contents).unwrap_err().to_string()
    }

    fn document(text: String, as_of: Timestamp) -> Document {
        Document { title: String::new(), origin: String::new(), text, as_of, valid_for: Duration::from_mins(1) }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(refused(|contents| contents.question = " ".to_owned()).contains("an empty question"));
        assert!(refused(|contents| contents.rules = "x".repeat(MAX_TEXT_BYTES + 1)).contains("of rules"));
        assert!(refused(|contents| contents.facts = vec![fact("a", 1.0, at(0)); 257]).contains("at most 256 facts"));
        assert!(refused(|contents| contents.facts[1].series = "a".to_owned()).contains("`a` is there twice"));
        assert!(refused(|contents| contents.facts[0].value = FactValue::Number(f64::NAN)).contains("not finite"));
        assert!(refused(|contents| contents.facts[0].series = " Mid:M".to_owned()).contains("no analyst may see"));
    }

    #[test]
    fn nothing_comes_from_the_future() {
        assert!(refused(|contents| contents.facts[0].as_of = at(61)).contains("a fact is dated"));
        assert!(refused(|contents| contents.documents = vec![document(String::new(), at(61))]).contains("a document"));
        let record = MarketRecord { at: at(61), price: None, volume: Qty::ZERO, open_interest: Qty::ZERO };
        assert!(refused(|contents| contents.history = History::new(&[record], Vec::new())).contains("trading"));
        let precedent = Precedent { question: String::new(), yes: true, resolved_at: at(90) };
        assert!(refused(|contents| contents.history = History::new(&[], vec![precedent])).contains("a precedent"));
        let mut ahead = contents();
        ahead.facts[0].as_of = at(60);
        assert!(Dossier::new(ahead).is_ok(), "clocks differ a little");
    }

    #[test]
    fn what_is_stale_cannot_be_read_but_can_be_named() {
        let mut contents = contents();
        contents.documents = vec![document("old".to_owned(), at(-61)), document("new".to_owned(), at(-60))];
        let dossier = Dossier::new(contents).unwrap();
        assert_eq!(dossier.facts().map(|fact| fact.series.as_str()).collect::<Vec<_>>(), ["a"]);
        assert!(dossier.any_fact("b").is_some());
        assert_eq!(dossier.documents().map(|one| one.text.as_str()).collect::<Vec<_>>(), ["new"]);
    }
}
