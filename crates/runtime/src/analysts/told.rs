//! An opinion in words of JSON: what `analyst.jsonl` of a run holds, a line each, and what `brier analyst ask --json` prints.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use brier_analyst::{Driver, Evidence, Opinion, Sign};
use brier_engine::FairValue;
use brier_types::{Price, Timestamp};
use serde::Serialize;

use super::Silence;
use crate::config::MarketName;

/// Name of the file in a run's data folder.
pub const LOG_FILE: &str = "analyst.jsonl";
/// What the file before is called.
const OLD_FILE: &str = "analyst.1.jsonl";
/// From this length on another file is begun, and the one before the last is gone.
const MOST_BYTES: u64 = 16 << 20;

/// An opinion with everything behind it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpinionLine {
    /// The market: `kalshi:TICKER`.
    pub market: String,
    /// Whose it is.
    pub analyst: String,
    /// When it was formed.
    pub at: String,
    /// The chance of YES.
    pub probability: f64,
    /// Where the true chance is thought to lie.
    pub interval: IntervalLine,
    /// Where reasons start from; none of a language model.
    pub baseline: Option<f64>,
    /// Why, the heaviest first.
    pub drivers: Vec<DriverLine>,
    /// What would change it.
    pub changes: Vec<ChangeLine>,
    /// What was read.
    pub sources: Vec<SourceLine>,
    /// As old as it is told to be: as its oldest number.
    pub as_of: String,
    /// How long after that it may decide, seconds.
    pub valid_for_s: f64,
    /// What others bid and ask, looked at after the opinion was formed; none where nobody does, or nobody looked.
    pub market_quote: Option<QuoteLine>,
}

/// Why there is no opinion, from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SilenceLine {
    /// The market: `kalshi:TICKER`.
    pub market: String,
    /// Who is silent.
    pub analyst: String,
    /// Since when.
    pub at: String,
    /// The kind of the reason, in a word.
    pub no_opinion: &'static str,
    /// The reason.
    pub why: String,
    /// What would help.
    pub would_help: &'static str,
}

/// An interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct IntervalLine {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// With what chance it is meant to hold the truth.
    pub level: f64,
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriverLine {
    /// What it is.
    pub name: String,
    /// `up` toward YES, `down` toward NO.
    pub sign: &'static str,
    /// How much it counts: of a model, the probability that it moves.
    pub weight: f64,
    /// What it rests on.
    pub evidence: Vec<EvidenceLine>,
}

/// What a reason rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EvidenceLine {
    /// A number of a feed.
    Fact {
        /// Its series.
        series: String,
        /// The number as the model took it.
        value: f64,
        /// When it was so.
        as_of: String,
    },
    /// A number of the configuration.
    Stated {
        /// The number.
        value: f64,
    },
    /// Words of a source.
    Quote {
        /// Which source.
        source: String,
        /// The words.
        text: String,
    },
}

/// What would change an opinion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeLine {
    /// What would have to happen.
    pub what: String,
    /// The chance that would then be stated, where it is known.
    pub probability: Option<f64>,
}

/// A source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceLine {
    /// What evidence calls it.
    pub id: String,
    /// What it is.
    pub title: String,
    /// When it was true; none for what has no date.
    pub as_of: Option<String>,
    /// How old it was, seconds.
    pub age_s: Option<f64>,
}

/// The best of a book, in dollars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuoteLine {
    /// The best bid.
    pub bid: Option<String>,
    /// The best ask.
    pub ask: Option<String>,
    /// The middle, where both are.
    pub mid: Option<String>,
}

impl QuoteLine {
    /// The best of a book; `None` where it is empty.
    pub fn new(bid: Option<Price>, ask: Option<Price>) -> Option<Self> {
        // Half of a pip is 0.00005 dollars.
        let middle = |(bid, ask): (Price, Price)| {
            let halves = u32::from(bid.pips()) + u32::from(ask.pips());
            format!("{}.{:05}", halves / 20_000, halves % 20_000 * 5)
        };
        let text = |price: Option<Price>| price.map(|price| price.to_string());
        (bid.is_some() || ask.is_some()).then(|| Self { bid: text(bid), ask: text(ask), mid: bid.zip(ask).map(middle) })
    }
}

impl SilenceLine {
    /// A reason that begins at this time.
    pub fn new(analyst: &str, market: &MarketName, why: &Silence, at: Timestamp) -> Self {
        Self {
            market: market.to_string(),
            analyst: analyst.to_owned(),
            at: at.to_string(),
            no_opinion: why.class(),
            why: plain(&why.to_string()),
            would_help: why.hint(),
        }
    }
}

impl OpinionLine {
    /// An opinion and how it is told to the engine. Texts of others lose what a terminal would obey.
    pub fn new(opinion: &Opinion, fair: &FairValue) -> Self {
        let (low, high, level) = (opinion.interval.low(), opinion.interval.high(), opinion.interval.level());
        Self {
            market: format!("{}:{}", fair.venue, fair.market),
            analyst: opinion.analyst.clone(),
            at: opinion.at.to_string(),
            probability: opinion.prob.get(),
            interval: IntervalLine { low: low.get(), high: high.get(), level: level.get() },
            baseline: opinion.baseline.map(brier_types::Prob::get),
            drivers: opinion.drivers.iter().map(driver).collect(),
            changes: (opinion.changes.iter())
                .map(|it| ChangeLine { what: plain(&it.what), probability: it.prob.map(brier_types::Prob::get) })
                .collect(),
            sources: (opinion.sources.iter())
                .map(|it| SourceLine {
                    id: plain(&it.id),
                    title: plain(&it.title),
                    as_of: it.as_of.map(|as_of| as_of.to_string()),
                    age_s: it.age.map(|age| age.as_secs_f64()),
                })
                .collect(),
            as_of: fair.as_of.to_string(),
            valid_for_s: fair.valid_for.as_secs_f64(),
            market_quote: None,
        }
    }

    /// The view in it, without times: what a next line must differ in to be one.
    pub(crate) fn view(&self) -> String {
        let drivers: Vec<_> = self.drivers.iter().map(|it| (&it.name, it.sign, format!("{:.6}", it.weight))).collect();
        format!("{:.6} {:.6} {:.6} {drivers:?}", self.probability, self.interval.low, self.interval.high)
    }
}

fn driver(it: &Driver) -> DriverLine {
    let evidence = it.evidence.iter().map(|evidence| match evidence {
        Evidence::Fact { series, value, as_of } => {
            EvidenceLine::Fact { series: plain(series), value: *value, as_of: as_of.to_string() }
        }
        Evidence::Stated { value } => EvidenceLine::Stated { value: *value },
        Evidence::Quote { source, text } => EvidenceLine::Quote { source: plain(source), text: plain(text) },
    });
    let sign = if it.sign == Sign::Up { "up" } else { "down" };
    DriverLine { name: plain(&it.name), sign, weight: it.weight, evidence: evidence.collect() }
}

/// A text without control characters: a terminal obeys some of them.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The opinions of a run, in a file that is bounded: when it is full, it is put aside in the place of the one before.
#[derive(Debug)]
pub(crate) struct OpinionLog {
    folder: PathBuf,
    most: u64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    file: Option<File>,
    bytes: u64,
    /// The last view of each analyst on each market.
    views: BTreeMap<(String, MarketName), String>,
}

impl OpinionLog {
    /// A log in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), most: MOST_BYTES, kept: Mutex::default() }
    }

    /// Its file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(LOG_FILE)
    }

    /// Adds a line of an analyst on a market unless its view is that of the last one. Whether it did.
    ///
    /// # Errors
    /// What the system said; the line is not there, and the next one is tried again.
    pub(crate) fn append(&self, of: (&str, &MarketName), view: String, line: &impl Serialize) -> io::Result<bool> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (of.0.to_owned(), of.1.clone());
        if kept.views.get(&key) == Some(&view) {
            return Ok(false);
        }
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        if kept.bytes >= self.most {
            kept.file = None;
            std::fs::rename(self.path(), self.folder.join(OLD_FILE))?;
        }
        if kept.file.is_none() {
            let mut options = OpenOptions::new();
            options.create(true).append(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let file = options.open(self.path())?;
            kept.bytes = file.metadata()?.len();
            kept.file = Some(file);
        }
        // One write, so that a process that dies leaves whole lines.
        kept.file.as_mut().expect("it was just opened").write_all(text.as_bytes())?;
        kept.bytes += text.len() as u64;
        kept.views.insert(key, view);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use brier_analyst::{Change, Interval, SourceAge};
    use brier_types::{Prob, Venue};
    use expect_test::expect;

    use super::*;

    fn prob(chance: f64) -> Prob {
        Prob::new(chance).unwrap()
    }

    fn line(chance: f64, at: i64) -> OpinionLine {
        let at = Timestamp::from_secs(at).unwrap();
        let opinion = Opinion {
            analyst: "a".to_owned(),
            at,
            prob: prob(chance),
            interval: Interval::new(prob(0.25), prob(0.75), prob(0.9)),
            baseline: None,
            drivers: vec![Driver {
                name: "warm \u{1b}[2J air".to_owned(),
                sign: Sign::Down,
                weight: 0.5,
                evidence: vec![
                    Evidence::Quote { source: "R1".to_owned(), text: "It\nrains.".to_owned() },
                    Evidence::Fact { series: "s".to_owned(), value: 1.5, as_of: at },
                    Evidence::Stated { value: 2.0 },
                ],
            }],
            changes: vec![Change { what: "wind".to_owned(), prob: None }],
            sources: vec![SourceAge { id: "R1".to_owned(), title: "rules".to_owned(), as_of: None, age: None }],
        };
        let (venue, market) = (Venue::Kalshi, "KXA-1".parse().unwrap());
        let fair = FairValue { venue, market, prob: opinion.prob, as_of: at, valid_for: Duration::from_mins(1) };
        OpinionLine::new(&opinion, &fair)
    }

    #[test]
    fn a_line_says_everything_and_no_terminal_obeys_it() {
        let mut line = line(0.5, 0);
        line.market_quote = QuoteLine::new(Price::new(5_400), Price::new(5_601));
        expect![[r#"{"market":"kalshi:KXA-1","analyst":"a","at":"1970-01-01T00:00:00Z","probability":0.5,"interval":{"low":0.25,"high":0.75,"level":0.9},"baseline":null,"drivers":[{"name":"warm  [2J air","sign":"down","weight":0.5,"evidence":[{"kind":"quote","source":"R1","text":"It rains."},{"kind":"fact","series":"s","value":1.5,"as_of":"1970-01-01T00:00:00Z"},{"kind":"stated","value":2.0}]}],"changes":[{"what":"wind","probability":null}],"sources":[{"id":"R1","title":"rules","as_of":null,"age_s":null}],"as_of":"1970-01-01T00:00:00Z","valid_for_s":60.0,"market_quote":{"bid":"0.5400","ask":"0.5601","mid":"0.55005"}}"#]]
            .assert_eq(&serde_json::to_string(&line).unwrap());
    }

    #[test]
    fn a_quote_has_a_middle_where_both_sides_have_a_price() {
        assert_eq!(QuoteLine::new(None, None), None);
        assert_eq!(QuoteLine::new(Price::new(100), None).unwrap().mid, None);
        assert_eq!(QuoteLine::new(Price::new(9_999), Price::new(10_000)).unwrap().mid.unwrap(), "0.99995");
    }

    #[test]
    fn the_log_has_what_changed_and_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let log = OpinionLog { most: 1_000, ..OpinionLog::new(folder.path()) };
        let market = MarketName::parse("kalshi:KXA-1").unwrap();
        let append = |log: &OpinionLog, line: &OpinionLine| log.append(("a", &market), line.view(), line).unwrap();
        let lines = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default().lines().count();
        assert!(append(&log, &line(0.5, 0)) && !append(&log, &line(0.5, 60)));
        assert!(append(&log, &line(0.6, 120)) && append(&log, &line(0.5, 180)));
        assert_eq!((lines(LOG_FILE), lines(OLD_FILE)), (1, 2), "the file was full");
        drop(log);
        let again = OpinionLog::new(folder.path());
        assert!(append(&again, &line(0.5, 240)));
        assert_eq!(lines(LOG_FILE), 2, "a next run goes on behind");
        let why = Silence::from(brier_analyst::NoOpinion::MissingFact { series: "s".to_owned() });
        let silence = SilenceLine::new("a", &market, &why, Timestamp::EPOCH);
        assert!(again.append(("a", &market), "silent".to_owned(), &silence).unwrap());
        assert!(append(&again, &line(0.5, 300)), "after a silence the same view is one again");
        let text = std::fs::read_to_string(again.path()).unwrap();
        expect![[r#"{"market":"kalshi:KXA-1","analyst":"a","at":"1970-01-01T00:00:00Z","no_opinion":"missing_fact","why":"series `s` is missing; the feed that brings it may be down","would_help":"a feed that tells this series, or a program that does"}"#]]
            .assert_eq(text.lines().nth(2).unwrap());
    }
}
