//! One run of the demo: one process, one clock, two venues in turn, and what came of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use brier_exchange::{ClockConfig, RunningServer, Server, ServerConfig};
use brier_types::Timestamp;

use super::screen::{Row, Screen};
use super::session::{self, Session};
use super::summary::{MarketSummary, PairSummary, Summary, VenueSummary};
use super::{kalshi, pair, polymarket};

/// How time passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Market time between two decisions.
    pub(crate) step: Duration,
    /// Market seconds per second; 0 is as fast as possible.
    pub(crate) speed: f64,
}

impl Pace {
    /// Waits until `passed` of market time may have passed since `began`.
    pub(crate) async fn wait(self, began: Instant, passed: Duration) {
        if self.speed > 0.0 {
            let due = began + passed.div_f64(self.speed);
            tokio::time::sleep_until(due.into()).await;
        }
    }
}

/// What a run does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) pace: Pace,
    pub(crate) with_bot: bool,
    /// Whether the connector's book is compared with REST at every step.
    pub(crate) verify: bool,
}

/// What is replayed.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    pub(crate) kalshi: Vec<Session>,
    pub(crate) polymarket: Option<polymarket::Recording>,
    /// One event on both venues.
    pub(crate) pair: Option<pair::Recording>,
}

impl Recordings {
    /// Everything kept in the program.
    pub(crate) fn kept() -> anyhow::Result<Self> {
        Ok(Self { kalshi: session::kept()?, polymarket: Some(polymarket::kept()?), pair: Some(pair::kept()?) })
    }

    fn start(&self) -> Option<Timestamp> {
        let polymarket = self.polymarket.as_ref().and_then(polymarket::Recording::start);
        let pair = self.pair.as_ref().and_then(pair::Recording::start);
        self.kalshi.first().map(Session::start).into_iter().chain(polymarket).chain(pair).min()
    }

    fn duration(&self) -> Duration {
        let polymarket = self.polymarket.as_ref().map(polymarket::Recording::duration);
        let pair = self.pair.as_ref().map(pair::Recording::duration);
        kalshi::duration(&self.kalshi) + polymarket.unwrap_or_default() + pair.unwrap_or_default()
    }

    /// The rows of all markets: Kalshi's, Polymarket's, and those of the event on both.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let polymarket = self.polymarket.iter().flat_map(polymarket::Recording::waiting_rows);
        let pair = self.pair.iter().flat_map(|_pair| pair::Recording::waiting_rows());
        kalshi::waiting_rows(&self.kalshi).into_iter().chain(polymarket).chain(pair).collect()
    }
}

/// The screen with the rows of all markets, and how far the run is.
pub(crate) struct Stage {
    screen: Screen,
    rows: Vec<Row>,
    total: Duration,
    /// Market time of the markets that are over.
    passed: Duration,
    now: Timestamp,
    /// What stands below the table.
    detail: String,
}

impl Stage {
    fn new(screen: Screen, rows: Vec<Row>, total: Duration) -> Self {
        Self { screen, rows, total, passed: Duration::ZERO, now: Timestamp::EPOCH, detail: String::new() }
    }

    /// Shows what became of a row, `elapsed` into its market.
    pub(crate) fn show(&mut self, row: usize, now_shown: Row, now: Timestamp, elapsed: Duration) {
        self.rows[row] = now_shown;
        self.now = now;
        let progress = (self.passed + elapsed).as_secs_f64() / self.total.as_secs_f64().max(1.0);
        self.detail.clone_from(&self.rows[row].detail);
        self.screen.paint(&self.rows, &self.detail, now, progress, false);
    }

    /// Changes a row that is not the one that trades.
    pub(crate) fn set(&mut self, row: usize, shown: Row) {
        self.rows[row] = shown;
    }

    /// A market is over.
    pub(crate) fn pass(&mut self, length: Duration) {
        self.passed += length;
    }

    /// Tells how a market went, where no table is painted.
    pub(crate) fn tell(&self, market: &MarketSummary) {
        self.screen.tell(&format!(
            "{}: {} fills, resolved {}, P&L ${}",
            market.market, market.fills, market.result, market.profit
        ));
    }

    /// Tells how the event on both venues went, where no table is painted.
    pub(crate) fn tell_pair(&self, pair: &PairSummary) {
        let (tries, what) = (&pair.tries, if pair.strategy.is_some() { "" } else { "; shown and not traded" });
        self.screen.tell(&format!(
            "{}: {}, {} of {} tries filled on both legs, resolved {}, P&L ${}{what}",
            pair.question,
            pair.verdict,
            tries.whole + tries.part,
            tries.sent,
            pair.result,
            pair.profit()
        ));
    }

    fn finish(&mut self) {
        self.screen.paint(&self.rows, &self.detail, self.now, 1.0, true);
    }
}

/// Trades everything that was recorded, one part after the other: the recordings are weeks apart.
pub(crate) async fn run(recordings: &Recordings, plan: Plan, screen: Screen) -> anyhow::Result<Summary> {
    let started = Instant::now();
    let start = recordings.start().context("no session")?;
    let config = ServerConfig {
        clock: ClockConfig::Simulated { start: Some(start) },
        polymarket_listen: (recordings.polymarket.is_some() || recordings.pair.is_some())
            .then(|| SocketAddr::from(([127, 0, 0, 1], 0))),
        ..ServerConfig::default()
    };
    let server = Server::start(config).await.context("the embedded exchange did not start")?;
    let mut stage = Stage::new(screen, recordings.rows(), recordings.duration());
    let parts = Box::pin(trade(recordings, plan, &server, &mut stage)).await;
    stage.finish();
    server.shutdown().await;
    let (venues, pair) = parts?;
    Ok(Summary { seed: plan.seed, venues, pair, elapsed_seconds: started.elapsed().as_secs_f64() })
}

async fn trade(
    recordings: &Recordings,
    plan: Plan,
    server: &RunningServer,
    stage: &mut Stage,
) -> anyhow::Result<(Vec<VenueSummary>, Option<PairSummary>)> {
    let (admin, mut venues, first_row) = (server.admin(), Vec::new(), recordings.kalshi.len());
    let kalshi_env = brier_kalshi::Env::local(&server.rest_url())?;
    let polymarket_env =
        server.polymarket().map(|addresses| brier_polymarket::Env::local(&addresses.clob)).transpose()?;
    // Listed from the start, so that both venues' markets stand beside each other.
    let polymarket = match (&recordings.polymarket, &polymarket_env) {
        (Some(recording), Some(env)) => {
            Some(polymarket::Demo::open(admin, env, recording, plan, stage, first_row).await?)
        }
        _ => None,
    };
    if !recordings.kalshi.is_empty() {
        venues.push(kalshi::trade(&recordings.kalshi, admin, &kalshi_env, plan, stage).await?);
    }
    let mut shown = None;
    if let (Some(recording), Some(env)) = (&recordings.pair, &polymarket_env) {
        let before = recordings.polymarket.as_ref().map_or(0, |recording| recording.waiting_rows().len());
        let demo = Box::pin(pair::Demo::open(admin, &kalshi_env, env, recording, plan)).await;
        let demo = demo.context("the event on both venues")?;
        shown = Some(Box::pin(demo.show(stage, first_row + before)).await.context("the event on both venues")?);
    }
    if let Some(demo) = polymarket {
        venues.push(Box::pin(demo.trade(stage, first_row)).await?);
    }
    Ok((venues, shown))
}

/// Chance from a seed (splitmix64), so that a run can be repeated.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}
