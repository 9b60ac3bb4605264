//! What every feed of a run told last: for people who ask, and to say when one has grown quiet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brier_engine::Fact;
use brier_feeds::news::Article;
use brier_types::Timestamp;

use crate::control::FeedLine;

/// A feed that has told nothing for so long after the start is spoken of, and for twice its own pace.
const LEAST_PATIENCE: Duration = Duration::from_mins(1);

/// One feed.
#[derive(Debug)]
struct Row {
    name: String,
    vendor: String,
    series: String,
    /// From when on it is spoken of if it has told nothing.
    patience: Timestamp,
    last: Option<Told>,
    /// What it wrote last, of news.
    articles: Vec<Article>,
    trouble: Option<String>,
    /// Whether it was spoken of.
    is_quiet: bool,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    as_of: Timestamp,
    valid_for: Duration,
}

impl Told {
    fn is_fresh(self, now: Timestamp) -> bool {
        self.as_of.plus(self.valid_for) >= now
    }
}

/// A feed that has grown quiet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quiet {
    /// Which.
    pub name: String,
    /// How old what it told last is; `None` if it never told anything.
    pub age: Option<Duration>,
    /// What is known to be wrong with it.
    pub trouble: Option<String>,
}

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub(super) struct Board(Arc<Mutex<Vec<Row>>>);

impl Board {
    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a feed that is asked, or speaks, at this pace.
    pub(super) fn place(&self, name: &str, vendor: &str, series: &str, every: Duration, now: Timestamp) -> usize {
        let mut rows = self.rows();
        rows.push(Row {
            name: name.to_owned(),
            vendor: vendor.to_owned(),
            series: series.to_owned(),
            patience: now.plus(LEAST_PATIENCE.max(every * 2)),
            last: None,
            articles: Vec::new(),
            trouble: None,
            is_quiet: false,
        });
        rows.len() - 1
    }

    /// A feed has told something.
    pub(super) fn told(&self, place: usize, fact: &Fact) {
        let mut rows = self.rows();
        let row = &mut rows[place];
        row.last = Some(Told { as_of: fact.as_of, valid_for: fact.valid_for });
        row.trouble = None;
        if std::mem::take(&mut row.is_quiet) {
            tracing::info!(feed = row.name, "the feed tells again");
        }
    }

    /// A feed of news has written.
    pub(super) fn wrote(&self, place: usize, articles: Vec<Article>) {
        self.rows()[place].articles = articles;
    }

    /// What the feeds of these names wrote last.
    pub(super) fn articles(&self, names: &[String]) -> Vec<Article> {
        let rows = self.rows();
        rows.iter().filter(|row| names.contains(&row.name)).flat_map(|row| row.articles.iter().cloned()).collect()
    }

    /// Something is wrong with a feed; `None` when it is over.
    pub(super) fn trouble(&self, place: usize, what: Option<String>) {
        self.rows()[place].trouble = what;
    }

    /// Feeds that have grown quiet since it was asked last.
    pub(super) fn grown_quiet(&self, now: Timestamp) -> Vec<Quiet> {
        let mut rows = self.rows();
        let quiet = rows.iter_mut().filter(|row| !row.is_quiet).filter_map(|row| {
            let is_quiet = row.last.map_or(row.patience < now, |told| !told.is_fresh(now));
            row.is_quiet = is_quiet;
            let age = row.last.map(|told| now.since(told.as_of));
            is_quiet.then(|| Quiet { name: row.name.clone(), age, trouble: row.trouble.clone() })
        });
        quiet.collect()
    }

    /// Every feed, for people.
    pub(super) fn lines(&self, now: Timestamp) -> Vec<FeedLine> {
        let rows = self.rows();
        let line = |row: &Row| FeedLine {
            name: row.name.clone(),
            vendor: row.vendor.clone(),
            series: row.series.clone(),
            state: match row.last {
                None => "waiting",
                Some(told) if told.is_fresh(now) => "fresh",
                Some(_) => "stale",
            }
            .to_owned(),
            age_s: row.last.map(|told| now.since(told.as_of).as_secs()),
            max_age_s: row.last.map(|told| told.valid_for.as_secs()),
            trouble: row.trouble.clone(),
        };
        rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use brier_engine::FactValue;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds).unwrap()
    }

    fn fact(as_of: i64) -> Fact {
        let value = FactValue::Number(1.0);
        Fact { series: "s".to_owned(), value, as_of: at(as_of), valid_for: Duration::from_secs(10) }
    }

    /// A feed that went stale without an error was once told nowhere.
    #[test]
    fn a_feed_that_grows_quiet_is_told_once_until_it_speaks_again() {
        let board = Board::default();
        let place = board.place("f", "nws", "s", Duration::from_secs(2), at(0));
        assert_eq!((board.grown_quiet(at(59)), board.lines(at(59))[0].state.as_str()), (Vec::new(), "waiting"));
        board.trouble(place, Some("quota".to_owned()));
        let never = Quiet { name: "f".to_owned(), age: None, trouble: Some("quota".to_owned()) };
        assert_eq!(board.grown_quiet(at(61)), [never]);
        assert_eq!(board.grown_quiet(at(62)), []);
        board.told(place, &fact(70));
        let line = &board.lines(at(75))[0];
        assert_eq!(
            (line.state.as_str(), line.age_s, line.max_age_s, &line.trouble),
            ("fresh", Some(5), Some(10), &None)
        );
        assert_eq!(board.grown_quiet(at(80)), []);
        let stale = Quiet { name: "f".to_owned(), age: Some(Duration::from_secs(11)), trouble: None };
        assert_eq!(board.grown_quiet(at(81)), [stale]);
        assert_eq!((board.grown_quiet(at(99)), board.lines(at(99))[0].state.as_str()), (Vec::new(), "stale"));
        board.told(place, &fact(100));
        assert_eq!(board.grown_quiet(at(100)), []);
        assert_eq!(board.grown_quiet(at(111)).len(), 1);
    }
}
