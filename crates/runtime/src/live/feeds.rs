//! Data from outside for a run: every feed is asked or listened to by a task of its own, and what it reads becomes a fact.
//!
//! Invariants: what is older than its limit when it comes is not told; a feed that fails is asked again and never guessed; a
//! stream tells at most five facts a second, the newest, so that a busy market's trades do not fill the journal.

use std::time::Duration;

use brier_connect::clock::Clock;
use brier_engine::{Fact, FactValue, Input};
use brier_feeds::client::{Client, ClientOptions};
use brier_feeds::error::FeedError;
use brier_feeds::news::Article;
use brier_feeds::secret::{Keys, Secret};
use brier_feeds::settlement::Table;
use brier_feeds::source::{Answered, Reading, Source};
use brier_feeds::stream::driver::StreamItem;
use brier_feeds::vendor::Vendor;
use brier_types::Timestamp;
use tokio::time::Instant;

use super::board::{Board, Named, Quiet};
use crate::config::{Environment, FeedsConfig};
use crate::driver::Word;
use crate::mailbox::Teller;
use crate::secrets::SecretError;

/// How long to wait after trouble whose end nobody names.
const AFTER_TROUBLE: Duration = Duration::from_secs(30);
/// No vendor is asked faster than this after trouble.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// How long to wait before a stream that has ended, and has nothing beside it, is opened again.
const REDIAL_AFTER: Duration = Duration::from_mins(2);
/// How often it is looked whether a feed has grown quiet.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Least time between two facts of one stream.
pub const LEAST_GAP: Duration = Duration::from_millis(200);

/// The feeds of a run cannot be begun.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedsError {
    /// A key.
    #[error("feed `{feed}`: {problem}")]
    Key {
        /// Which.
        feed: String,
        /// Why it cannot be read.
        problem: SecretError,
    },
    /// What is asked for is none, by the run's own settlement table.
    #[error("feed `{feed}`: {problem}")]
    Spec {
        /// Which.
        feed: String,
        /// Why.
        problem: brier_feeds::source::SpecError,
    },
    /// The settlement table.
    #[error("feeds.settlement: {path}: {problem}")]
    Table {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// HTTP.
    #[error("feeds: {0}")]
    Http(#[from] brier_connect::ConnectError),
}

/// A feed that can be followed.
#[derive(Debug)]
pub(crate) struct Feed {
    name: String,
    source: Source,
    every: Duration,
}

/// The settlement table of a run.
///
/// # Errors
/// [`FeedsError::Table`].
pub(crate) fn table(config: &FeedsConfig) -> Result<Table, FeedsError> {
    let Some(path) = &config.settlement else { return Ok(Table::embedded().clone()) };
    let failed = |problem: String| FeedsError::Table { path: path.clone(), problem };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    Table::parse(&text).map_err(|error| failed(error.to_string()))
}

/// Whether a run's feeds and its settlement table can be begun with, asking nobody. How many feeds there are.
///
/// # Errors
/// [`FeedsError`].
pub fn check(config: &FeedsConfig, environment: &Environment) -> Result<usize, FeedsError> {
    let table = table(config)?;
    Ok(open(config, &table, environment, 0)?.map_or(0, |(_, feeds)| feeds.len()))
}

/// The feeds of a run with their client; `None` without feeds.
///
/// # Errors
/// [`FeedsError`]: nothing was asked.
pub(crate) fn open(
    config: &FeedsConfig,
    table: &Table,
    environment: &Environment,
    seed: u64,
) -> Result<Option<(Client, Vec<Feed>)>, FeedsError> {
    if config.list.is_empty() {
        return Ok(None);
    }
    let (mut keys, mut feeds) = (Keys::default(), Vec::new());
    for it in &config.list {
        if let Some(reference) = &it.key {
            let key = reference.read(environment);
            let key = key.map_err(|problem| FeedsError::Key { feed: it.name.clone(), problem })?;
            keys.insert(it.spec.vendor, Secret::new(key));
        }
        let source = Source::new(it.spec.clone(), table);
        let source = source.map_err(|problem| FeedsError::Spec { feed: it.name.clone(), problem })?;
        let every = it.every.unwrap_or_else(|| source.default_interval());
        feeds.push(Feed { name: it.name.clone(), source, every });
    }
    if config.emulator.is_some() {
        for vendor in Vendor::ALL.into_iter().filter(|vendor| !keys.has(*vendor)).collect::<Vec<_>>() {
            keys.insert(vendor, Secret::new("emulated".to_owned().into()));
        }
    }
    let mut options = ClientOptions { contact: config.contact.clone(), keys, seed, ..ClientOptions::default() };
    if let Some(origin) = &config.emulator {
        options = options.emulated(origin);
    }
    Ok(Some((Client::new(options)?, feeds)))
}

/// Says of every feed that has grown quiet that it has.
pub(super) async fn watch(board: Board) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        for Quiet { name: feed, age, trouble } in board.grown_quiet(Clock::local_now()) {
            let trouble = trouble.unwrap_or_else(|| "none is known".to_owned());
            if let Some(age) = age {
                let age_s = age.as_secs();
                tracing::warn!(feed, age_s, trouble, "the feed has gone stale: whoever needs it says nothing");
            } else {
                tracing::warn!(feed, trouble, "the feed has told nothing yet: whoever needs it says nothing");
            }
        }
    }
}

/// Follows a feed until the run ends.
pub(super) async fn follow(feed: Feed, client: Client, words: Teller, board: Board) {
    let named = Named { name: &feed.name, vendor: feed.source.vendor(), series: feed.source.series() };
    let every = if feed.source.streams() { Duration::ZERO } else { feed.every };
    let place = board.place(named, every, Clock::local_now());
    let words = Mouth { words, board, place };
    while let Some(stream) = feed.source.open(client.options()) {
        match stream {
            Ok(stream) => {
                if feed.listen(stream, &words).await.is_none() {
                    return;
                }
            }
            Err(error) => {
                tracing::error!(feed = feed.name, %error, "the feed does not stream");
                words.board.trouble(words.place, Some(error.to_string()));
            }
        }
        if feed.source.vendor() != Vendor::Rtds {
            break;
        }
        // There is nothing to ask instead, and a refusal may pass.
        tokio::time::sleep(REDIAL_AFTER).await;
    }
    feed.poll(&client, &words).await;
}

/// Where a feed's facts go, and what is said of it.
struct Mouth {
    words: Teller,
    board: Board,
    place: usize,
}

impl Feed {
    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Asks it once: what it says that may decide now, and what it wrote.
    ///
    /// # Errors
    /// Those of the vendor.
    pub(crate) async fn read_once(&self, client: &Client) -> Result<(Vec<Fact>, Vec<Article>), FeedError> {
        let Answered { readings, articles } = self.source.ask(client).await?;
        Ok((readings.into_iter().filter_map(fact).collect(), articles))
    }

    /// Tells what a stream says. `None` when the run has ended; else the stream has, for good.
    async fn listen(&self, mut stream: brier_feeds::stream::driver::PriceStream, words: &Mouth) -> Option<()> {
        let (mut waiting, mut next): (Option<Reading>, Instant) = (None, Instant::now());
        let mut troubled = false;
        loop {
            let item = tokio::select! {
                item = stream.next() => item,
                () = tokio::time::sleep_until(next), if waiting.is_some() => {
                    next = Instant::now() + LEAST_GAP;
                    if let Some(reading) = waiting.take() {
                        self.tell(reading, words)?;
                    }
                    continue;
                }
            };
            match item {
                None => return Some(()),
                Some(StreamItem::Connected) => tracing::info!(feed = self.name, "the feed's stream is open"),
                Some(StreamItem::Lost(reason)) => {
                    words.board.trouble(words.place, Some(format!("the stream is gone: {reason}")));
                    tracing::warn!(feed = self.name, reason, "the feed's stream is gone; it comes again");
                }
                // Said once until a price comes: a vendor that sends nothing else must not fill the log.
                Some(StreamItem::Problem(error)) => {
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(feed = self.name, %error, "the feed said something else");
                    }
                }
                Some(StreamItem::Ended(error)) => {
                    words.board.trouble(words.place, Some(error.to_string()));
                    tracing::error!(feed = self.name, %error, "the feed's stream has ended");
                    return Some(());
                }
                Some(item @ StreamItem::Tick(..)) => {
                    troubled = false;
                    waiting = self.source.heard(item).or(waiting);
                }
            }
        }
    }

    /// Asks again and again, until the run ends.
    async fn poll(&self, client: &Client, words: &Mouth) {
        let mut failing: Option<&'static str> = None;
        loop {
            let mut wait = self.every;
            match self.source.ask(client).await {
                Ok(Answered { readings, articles }) => {
                    if self.source.vendor().is_news() {
                        words.board.wrote(words.place, articles);
                    }
                    words.board.trouble(words.place, None);
                    if failing.take().is_some() {
                        tracing::info!(feed = self.name, "the feed answers again");
                    }
                    for reading in readings {
                        if self.tell(reading, words).is_none() {
                            return;
                        }
                    }
                }
                Err(error) => {
                    self.complain(&error, &mut failing);
                    words.board.trouble(words.place, Some(error.to_string()));
                    wait = self.wait_after(&error, client.now());
                }
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait after trouble: as long as the vendor, or our own count of its allowance, says; no longer than usual.
    fn wait_after(&self, error: &FeedError, now: Timestamp) -> Duration {
        error.retry_after(now).unwrap_or(AFTER_TROUBLE).clamp(SHORTEST_WAIT, self.every.max(SHORTEST_WAIT))
    }

    /// Each kind of trouble is said once, until it is over.
    fn complain(&self, error: &FeedError, failing: &mut Option<&'static str>) {
        let kind = error.class();
        if *failing == Some(kind) {
            tracing::debug!(feed = self.name, %error, "the feed still fails");
        } else {
            tracing::warn!(feed = self.name, %error, "the feed fails; what it said last goes stale by itself");
        }
        *failing = Some(kind);
    }

    /// `None` when nobody listens any more.
    fn tell(&self, reading: Reading, words: &Mouth) -> Option<()> {
        let numbers = &reading.numbers;
        let (as_of, max_age) = (numbers.counts_from(), numbers.max_age());
        let Some(fact) = fact(reading) else {
            words.board.too_old(words.place, as_of, max_age);
            tracing::debug!(feed = self.name, "what the feed says is older than it may be");
            return Some(());
        };
        words.board.told(words.place, &fact, Clock::local_now());
        words.words.send(Word::Input(Input::Fact(fact))).ok()
    }
}

/// A reading as a fact, by our own clock.
fn fact(reading: Reading) -> Option<Fact> {
    fact_at(reading, Clock::local_now())
}

/// A reading as a fact at a moment; `None` where it is too old already.
pub fn fact_at(reading: Reading, now: Timestamp) -> Option<Fact> {
    let Reading { series, numbers } = reading;
    // A stream's clock may be a little ahead of ours.
    let now = now.max(numbers.received_at());
    let values = numbers.get(now).ok()?;
    let value = match values.as_slice() {
        [] => return None,
        [one] => FactValue::Number(*one),
        several => FactValue::Numbers(several.to_vec()),
    };
    let fact = Fact { series, value, as_of: numbers.counts_from(), valid_for: numbers.max_age() };
    fact.is_sound().then_some(fact)
}

#[cfg(test)]
mod tests {
    use brier_feeds::fresh::FreshValue;

    use super::*;

    /// Several stations at one vendor once spent its allowance at the start of a run, and the last had no forecast for ten minutes.
    #[test]
    fn a_feed_that_was_refused_is_asked_again_when_it_may_be() {
        let spec = brier_feeds::source::Spec {
            vendor: Vendor::Nws,
            of: "KNYC".to_owned(),
            series: "f:{date}".to_owned(),
            extreme: brier_feeds::source::Extreme::High,
            mean: 0,
            direction: 1,
            max_age: None,
        };
        let source = Source::new(spec, Table::embedded()).unwrap();
        let feed = Feed { name: "f".to_owned(), source, every: Duration::from_mins(10) };
        let quota = |seconds| {
            let after = brier_feeds::error::RetryAfter::After(Duration::from_secs(seconds));
            FeedError::quota(Vendor::Nws, "/points", "spent", Some(after))
        };
        let wait = |error| feed.wait_after(&error, Timestamp::default()).as_secs();
        assert_eq!((wait(quota(7)), wait(quota(0)), wait(quota(86_400))), (7, 1, 600));
        assert_eq!(wait(FeedError::no_data(Vendor::Nws, "/points", "nothing")), 30);
    }

    #[test]
    fn a_reading_is_as_old_as_its_source_says() {
        let now = Clock::local_now();
        let reading = |numbers: Vec<f64>, age: u64| {
            let observed = now.minus(Duration::from_secs(age));
            Reading {
                series: "spot:BTC".to_owned(),
                numbers: FreshValue::observed(numbers, observed, now, Duration::from_mins(1)),
            }
        };
        let told = fact(reading(vec![98_765.5], 30)).unwrap();
        assert_eq!((told.as_of, told.valid_for), (now.minus(Duration::from_secs(30)), Duration::from_mins(1)));
        assert_eq!(told.value, FactValue::Number(98_765.5));
        assert_eq!(fact(reading(vec![1.0, 2.0], 0)).unwrap().value, FactValue::Numbers(vec![1.0, 2.0]));
        assert_eq!(fact(reading(vec![98_765.5], 90)), None, "stale data is no fact");
        assert_eq!(fact(reading(vec![f64::NAN], 0)), None);
        assert_eq!(fact(reading(Vec::new(), 0)), None);
    }
}
