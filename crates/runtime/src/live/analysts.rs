//! Analysts in a run: each has a task of its own that looks at its facts, asks when they have changed or time has passed, and tells
//! what comes of it as a fair value.
//!
//! Invariants: an opinion is an input like any other, so the journal has it and a replay asks nobody; no price of a market goes
//! to an analyst, and the market's quote is looked up once the opinion stands; what is not thought is not told, and what was told
//! ends by itself; nothing waits for an analyst.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use brier_analyst::History;
use brier_connect::clock::Clock;
use brier_engine::{Fact, Input};
use brier_types::{BookSide, MarketStatus, Timestamp, Venue};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior};

use super::board::Board;
use crate::analysts::terms::MarketTerms;
use crate::analysts::told::{OpinionLine, OpinionLog, QuoteLine, SilenceLine};
use crate::analysts::{Formed, Seat, Silence, activity};
use crate::config::MarketName;
use crate::driver::{Word, look};
use crate::mailbox::Teller;

/// How often an analyst's facts are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// An analyst at its desk.
pub(super) struct Desk {
    seat: Arc<Seat>,
    terms: Vec<MarketTerms>,
    /// Who tells how much was traded.
    kalshi: Option<brier_kalshi::Client>,
    /// Who tells what news say.
    board: Board,
    log: Arc<OpinionLog>,
    /// The last reason for silence of each market.
    silent: BTreeMap<MarketName, (&'static str, String)>,
    /// Whether the log could be written the last time.
    logs: bool,
    /// Whether money follows what it tells.
    is_live: bool,
}

/// How long the first question waits for the first answers of the feeds whose news it reads.
const NEWS_PATIENCE: Duration = Duration::from_secs(30);

/// How a round of questions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Every opinion was formed, or cannot be.
    Done,
    /// Some opinion may be had soon: an endpoint failed, a budget was short.
    Failed,
    /// Nobody was asked: every market waits for a number, or is closed.
    Waits,
}

/// What the engine knows that an analyst wants to.
struct Known {
    facts: Vec<Fact>,
    /// When each market closes by now; those that do not trade are left out.
    open: Vec<(MarketName, Timestamp)>,
}

impl Desk {
    /// A desk with the terms of the analyst's markets. Those that the run does not list are told and left out.
    pub(super) fn new(
        seat: Seat,
        all: &[MarketTerms],
        kalshi: Option<brier_kalshi::Client>,
        board: Board,
        (log, is_live): (Arc<OpinionLog>, bool),
    ) -> Self {
        if let Some(why) = seat.keyless() {
            tracing::warn!(analyst = seat.config().name, %why, "without a key it has no opinion");
        }
        let mut terms = Vec::new();
        for name in &seat.config().markets {
            let known = all.iter().find(|it| it.rules.venue == name.venue && it.rules.market == name.market);
            if let Some(known) = known {
                terms.push(known.clone());
            } else {
                let analyst = seat.config().name.as_str();
                tracing::warn!(analyst, market = %name, "the run does not list this market; it is not assessed");
            }
        }
        Self { seat: Arc::new(seat), terms, kalshi, board, log, silent: BTreeMap::new(), logs: true, is_live }
    }

    /// Assesses until the run ends.
    pub(super) async fn follow(mut self, words: Teller) {
        let (every, pause) = (self.seat.config().every, self.seat.config().pause);
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen: Option<Vec<Fact>> = None;
        let mut asked: Option<(Instant, Round)> = None;
        let (begun, mut read) = (Instant::now(), Vec::new());
        loop {
            ticks.tick().await;
            if asked.is_some_and(|(at, _)| at.elapsed() < pause) {
                continue;
            }
            let news = self.seat.config().news();
            if begun.elapsed() < NEWS_PATIENCE && !self.board.have_answered(news) {
                continue;
            }
            let articles: Vec<String> = self.board.articles(news).into_iter().map(|article| article.id).collect();
            let Some(known) = self.look(&words).await else { return };
            let changed = seen.as_ref() != Some(&known.facts) || articles != read;
            let due = asked.is_none_or(|(at, round)| round == Round::Failed || at.elapsed() >= every);
            if !changed && !due {
                continue;
            }
            let Some(round) = self.ask_all(&known, &words).await else { return };
            // Whoever waits for a number shall not wait longer when it comes.
            if round != Round::Waits {
                asked = Some((Instant::now(), round));
            }
            (seen, read) = (Some(known.facts), articles);
        }
    }

    async fn look(&self, words: &Teller) -> Option<Known> {
        let series: Vec<String> = self.seat.config().series().into_iter().map(str::to_owned).collect();
        let markets: Vec<MarketName> = self.seat.config().markets.clone();
        look(words, move |engine| {
            let state = engine.state();
            let facts = state.facts.iter().filter(|fact| series.contains(&fact.series)).cloned().collect();
            let close = |name: &MarketName| {
                let market = state.universe.find(name.venue, name.market.as_str())?;
                let market = &state.universe.get(market).market;
                (market.status == MarketStatus::Active).then_some(market.close_time)
            };
            let open = markets.into_iter().filter_map(|name| close(&name).map(|close| (name, close))).collect();
            Known { facts, open }
        })
        .await
    }

    /// Asks about every market that trades. `None` when the run has ended.
    async fn ask_all(&mut self, known: &Known, words: &Teller) -> Option<Round> {
        let mut whole = Round::Waits;
        for at in 0..self.terms.len() {
            let name = self.terms[at].name();
            let Some((_, closes_at)) = known.open.iter().find(|(open, _)| *open == name) else { continue };
            // A venue may move it.
            self.terms[at].closes_at = *closes_at;
            let history = self.history(&self.terms[at]).await;
            let articles = self.board.articles(self.seat.config().news());
            let answer = self.seat.assess(&self.terms[at], &known.facts, &articles, history, Clock::local_now()).await;
            let round = match answer {
                Ok(formed) => {
                    self.silent.remove(&name);
                    self.tell(&name, formed, words).await?;
                    Round::Done
                }
                Err(why) => self.complain(&name, &why).await,
            };
            whole = match (whole, round) {
                (Round::Failed, _) | (_, Round::Failed) => Round::Failed,
                (Round::Done, _) | (_, Round::Done) => Round::Done,
                (Round::Waits, Round::Waits) => Round::Waits,
            };
        }
        Some(whole)
    }

    async fn history(&self, terms: &MarketTerms) -> History {
        match &self.kalshi {
            Some(client) if self.seat.reads() && terms.rules.venue == Venue::Kalshi => {
                activity(client, &terms.rules.market, Clock::local_now()).await
            }
            _ => History::default(),
        }
    }

    /// Each reason is said once, until there is an opinion or another reason.
    async fn complain(&mut self, name: &MarketName, why: &Silence) -> Round {
        let (analyst, reason) = (self.seat.config().name.as_str(), why.reason());
        if self.silent.get(name) == Some(&reason) {
            tracing::debug!(analyst, market = %name, %why, "still no opinion");
        } else {
            tracing::warn!(analyst, market = %name, %why, would_help = why.hint(), "no opinion; what was told before ends by itself");
            let line = SilenceLine::new(analyst, name, why, Clock::local_now());
            let view = format!("silent: {} {}", reason.0, reason.1);
            self.silent.insert(name.clone(), reason);
            self.write(name, view, line).await;
        }
        if why.waits() {
            Round::Waits
        } else if matches!(why.class(), "endpoint" | "over_budget" | "ledger") {
            Round::Failed
        } else {
            Round::Done
        }
    }

    /// Writes down why, and tells the engine. `None` when the run has ended.
    async fn tell(&mut self, name: &MarketName, formed: Formed, words: &Teller) -> Option<()> {
        let Formed { opinion, fair } = formed;
        let mut line = OpinionLine::new(&opinion, &fair);
        tracing::debug!(analyst = opinion.analyst, market = %name, %opinion, "an opinion");
        let (venue, ticker) = (name.venue, name.market.clone());
        let best = look(words, move |engine| {
            let market = engine.state().universe.find(venue, ticker.as_str())?;
            let book = engine.state().books.view(market).ok()?;
            let best = |side| book.best(side).map(|level| level.price);
            QuoteLine::new(best(BookSide::Bid), best(BookSide::Ask))
        });
        line.market_quote = best.await?;
        let is_written = self.write(name, line.view(), line).await;
        // Money follows no opinion whose reasons are lost.
        if self.seat.config().tells && (is_written || !self.is_live) {
            words.send(Word::Input(Input::Fair(fair))).ok()?;
        }
        Some(())
    }

    /// Writes a line down, where the disk may be waited for. Whether it is there.
    async fn write(&mut self, name: &MarketName, view: String, line: impl Serialize + Send + 'static) -> bool {
        let (log, analyst, market) = (Arc::clone(&self.log), self.seat.config().name.clone(), name.clone());
        let work = move || log.append((&analyst, &market), view, &line);
        match tokio::task::spawn_blocking(work).await {
            Ok(Err(error)) if self.logs => {
                let (path, then) = (self.log.path(), if self.is_live { "not told" } else { "told all the same" });
                tracing::error!(path = %path.display(), %error, then, "opinions cannot be written down");
                self.logs = false;
                false
            }
            Ok(Ok(_)) => {
                self.logs = true;
                true
            }
            Ok(Err(_)) | Err(_) => false,
        }
    }
}
