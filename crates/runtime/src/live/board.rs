//! What every feed of a run told last: for people who ask, and to say when one has grown quiet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use brier_engine::Fact;
use brier_feeds::news::Article;
use brier_feeds::vendor::Vendor;
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
    /// How often it is asked; nothing of a stream.
    every: Duration,
    /// From when on it is spoken of if it has told nothing.
    patience: Timestamp,
    /// Whether it brings news: most of the time there are none.
    is_news: bool,
    /// Whether its vendor has answered, or failed to.
    has_answered: bool,
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
    /// When it was told.
    at: Timestamp,
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

/// What a feed is called, and of whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    pub name: &'a str,
    pub vendor: Vendor,
    pub series: &'a str,
}

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub(super) struct Board(Arc<Mutex<Vec<Row>>>);

impl Board {
    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a feed that is asked, or speaks, at this pace.
    pub(super) fn place(&self, feed: Named<'_>, every: Duration, now: Timestamp) -> usize {
        let mut rows = self.rows();
        rows.push(Row {
            name: feed.name.to_owned(),
            vendor: feed.vendor.name().to_owned(),
            series: feed.series.to_owned(),
            every,
            patience: now.plus(LEAST_PATIENCE.max(every * 2)),
            is_news: feed.vendor.is_news(),
            has_answered: false,
            last: None,
            articles: Vec::new(),
            trouble: None,
            is_quiet: false,
        });
        rows.len() - 1
    }

    /// A feed has told something.
    pub(super) fn told(&self, place: usize, fact: &Fact, now: Timestamp) {
        let mut rows = self.rows();
        let row = &mut rows[place];
        row.last = Some(Told { as_of: fact.as_of, valid_for: fact.valid_for, at: now });
        (row.trouble, row.has_answered) = (None, true);
        if std::mem::take(&mut row.is_quiet) {
            tracing::info!(feed = row.name, "the feed tells again");
        }
    }

    /// What a feed says is too old to be told.
    pub(super) fn too_old(&self, place: usize, as_of: Timestamp, valid_for: Duration) {
        let mut rows = self.rows();
        let row = &mut rows[place];
        row.has_answered = true;
        // What was told before it may still be young.
        if row.last.is_none_or(|told| told.as_of <= as_of) {
            row.last = Some(Told { as_of, valid_for, at: as_of });
        }
    }

    /// A feed of news has written.
    pub(super) fn wrote(&self, place: usize, articles: Vec<Article>) {
        let mut rows = self.rows();
        (rows[place].articles, rows[place].has_answered) = (articles, true);
    }

    /// Whether every feed of these names has answered once, or failed to.
    pub(super) fn have_answered(&self, names: &[String]) -> bool {
        let rows = self.rows();
        names.iter().all(|name| rows.iter().any(|row| row.name == *name && row.has_answered))
    }

    /// What the feeds of these names wrote last.
    pub(super) fn articles(&self, names: &[String]) -> Vec<Article> {
        let rows = self.rows();
        rows.iter().filter(|row| names.contains(&row.name)).flat_map(|row| row.articles.iter().cloned()).collect()
    }

    /// Something is wrong with a feed; `None` when it is over.
    pub(super) fn trouble(&self, place: usize, what: Option<String>) {
        let mut rows = self.rows();
        (rows[place].trouble, rows[place].has_answered) = (what, true);
    }

    /// Feeds that have grown quiet since it was asked last.
    pub(super) fn grown_quiet(&self, now: Timestamp) -> Vec<Quiet> {
        let mut rows = self.rows();
        let quiet = rows.iter_mut().filter(|row| !row.is_quiet && !row.is_news).filter_map(|row| {
            // One that is asked seldom is stale in between by design.
            let overdue = |told: Told| !told.is_fresh(now) && told.at.plus(row.every * 2) < now;
            let is_quiet = row.last.map_or(row.patience < now, overdue);
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
                None if row.is_news && row.has_answered => "no news",
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
        let feed = Named { name: "f", vendor: Vendor::Nws, series: "s" };
        let place = board.place(feed, Duration::from_secs(2), at(0));
        assert_eq!((board.grown_quiet(at(59)), board.lines(at(59))[0].state.as_str()), (Vec::new(), "waiting"));
        board.trouble(place, Some("quota".to_owned()));
        let never = Quiet { name: "f".to_owned(), age: None, trouble: Some("quota".to_owned()) };
        assert_eq!(board.grown_quiet(at(61)), [never]);
        assert_eq!(board.grown_quiet(at(62)), []);
        board.told(place, &fact(70), at(75));
        let line = &board.lines(at(75))[0];
        assert_eq!(
            (line.state.as_str(), line.age_s, line.max_age_s, &line.trouble),
            ("fresh", Some(5), Some(10), &None)
        );
        assert_eq!(board.grown_quiet(at(80)), []);
        let stale = Quiet { name: "f".to_owned(), age: Some(Duration::from_secs(11)), trouble: None };
        assert_eq!(board.grown_quiet(at(81)), [stale]);
        assert_eq!((board.grown_quiet(at(99)), board.lines(at(99))[0].state.as_str()), (Vec::new(), "stale"));
        board.told(place, &fact(100), at(100));
        assert_eq!(board.grown_quiet(at(100)), []);
        assert_eq!(board.grown_quiet(at(111)).len(), 1);
        // What is too old from the start is seen at once.
        let old = board.place(Named { name: "old", ..feed }, Duration::from_mins(10), at(0));
        board.too_old(old, at(-500), Duration::from_secs(10));
        let quiet = board.grown_quiet(at(701));
        assert_eq!((quiet.len(), board.lines(at(5))[1].state.as_str()), (1, "stale"));
        // One that is asked every ten minutes may be stale in between.
        board.told(old, &fact(800), at(800));
        assert_eq!((board.grown_quiet(at(1_900)), board.grown_quiet(at(2_001)).len()), (Vec::new(), 1));
    }
}
