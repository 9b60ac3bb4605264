//! The bot: the engine that trades real money elsewhere, with strategies of its own, in the demo's time.
//!
//! What is so outside comes as facts, through the same door as in a run; what a market is worth is the strategy's word.

use std::time::Duration;

use anyhow::Context as _;
use brier_book::BookView;
use brier_engine::risk::Limits;
use brier_engine::{Engine, EngineConfig, Fact, FairValue, Input, Instrument, MarketId, Operator, Strategy};
use brier_runtime::core::{Core, Unwritten};
use brier_runtime::driver::Routes;
use brier_runtime::live::venues::Reached;
use brier_runtime::live::{Assembled, assemble};
use brier_runtime::lockstep::{BeforeOrder, Lockstep};
use brier_runtime::node::Node;
use brier_types::{MarketTicker, Money, Price, Prob, Qty, SignedQty, Timestamp, Venue};

use super::strategies::CAP;
use super::versus;

/// What may be at risk, or lost, at most.
pub(crate) const STAKE: Money = Money::from_micros(1_000_000_000);

/// What the engine's own books say of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) position: SignedQty,
    pub(crate) fills: usize,
    pub(crate) contracts: Qty,
    pub(crate) fees: Money,
    /// Dollars received less dollars paid, fees and payouts included.
    pub(crate) flow: Money,
}

/// The bot, at one venue or at both with one engine.
#[derive(Debug)]
pub(crate) struct Trader {
    shell: Lockstep<Unwritten>,
}

impl Trader {
    /// Connects, and is ready to trade by these strategies when it returns.
    pub(crate) async fn open(
        reached: Vec<Reached>,
        strategies: Vec<Box<dyn Strategy>>,
        limits: Limits,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let (node, routes, instruments) = make(reached, strategies, limits)?;
        let shell = Lockstep::start(node, routes, instruments, now).await?;
        Ok(Self { shell })
    }

    /// Asks before every new order.
    pub(crate) fn before_order(&mut self, ask: BeforeOrder) {
        self.shell.before_order(ask);
    }

    /// New orders sent so far.
    pub(crate) const fn orders(&self) -> u64 {
        self.shell.orders()
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        self.shell.engine()
    }

    /// Where a market is in the engine.
    pub(crate) fn find(&self, venue: Venue, market: &MarketTicker) -> anyhow::Result<MarketId> {
        let found = self.engine().state().universe.find(venue, market.as_str());
        found.with_context(|| format!("the bot does not know {market}"))
    }

    /// A market's book, while it can be believed.
    pub(crate) fn book(&self, market: MarketId) -> Option<BookView<'_>> {
        self.engine().state().books.view(market).ok()
    }

    /// Goes to this time, and hears what was said until then.
    pub(crate) async fn set_time(&mut self, now: Timestamp) -> anyhow::Result<()> {
        Ok(self.shell.set_time(now).await?)
    }

    /// Hears everything that was said, and does what it wants.
    pub(crate) async fn hear(&mut self) -> anyhow::Result<()> {
        Ok(self.shell.hear().await?)
    }

    /// Hears everything that was said; what it wants to do waits until the next [`Trader::hear`].
    pub(crate) async fn listen(&mut self) -> anyhow::Result<()> {
        Ok(self.shell.listen().await?)
    }

    /// Goes to this time and hears what was said until then; what it wants to do waits until the next [`Trader::hear`].
    pub(crate) async fn listen_at(&mut self, now: Timestamp) -> anyhow::Result<()> {
        Ok(self.shell.listen_at(now).await?)
    }

    /// Is told what is so outside, and does what it wants.
    pub(crate) async fn tell(&mut self, facts: Vec<Fact>) -> anyhow::Result<()> {
        Ok(self.shell.tell_all(facts.into_iter().map(Input::Fact)).await?)
    }

    /// What its strategy thinks that a market is worth: the newest opinion, however old.
    pub(crate) fn opinion(&self, market: MarketId) -> Option<&FairValue> {
        self.engine().state().fairs.get(market.index())?.as_ref()
    }

    /// That opinion, while it may decide.
    pub(crate) fn fair(&self, market: MarketId, now: Timestamp) -> Option<Prob> {
        self.opinion(market).filter(|fair| fair.is_fresh(now)).map(|fair| fair.prob)
    }

    /// The middle of a market's book, while it can be believed.
    pub(crate) fn mid(&self, market: MarketId) -> Option<Prob> {
        self.book(market).as_ref().and_then(versus::mid)
    }

    /// The newest number of a series that it was told.
    pub(crate) fn told(&self, series: &str) -> Option<f64> {
        self.engine().state().facts.iter().find(|fact| fact.series == series)?.value.number()
    }

    /// Compares its picture of the account with a venue's.
    pub(crate) async fn reconcile(&mut self, venue: Venue) -> anyhow::Result<()> {
        Ok(self.shell.tell(Input::Operator(Operator::Reconcile { venue })).await?)
    }

    /// What its own books say it has in dollars at a venue.
    pub(crate) fn cash(&self, venue: Venue) -> Money {
        self.engine().state().portfolio.cash(venue, 0)
    }

    /// What its own books say of a market.
    pub(crate) fn figures(&self, market: MarketId) -> anyhow::Result<Figures> {
        let portfolio = &self.engine().state().portfolio;
        let position = portfolio.account(market);
        let mut figures = Figures {
            position: position.net(),
            fills: 0,
            contracts: Qty::ZERO,
            fees: position.fees,
            flow: position.flow,
        };
        for fill in portfolio.fills().filter(|fill| fill.market == market) {
            figures.fills += 1;
            figures.contracts = figures.contracts.checked_add(fill.qty).context("contracts out of range")?;
        }
        Ok(figures)
    }

    /// Fills whose match failed.
    pub(crate) fn failed(&self) -> usize {
        self.engine().state().portfolio.failed().count()
    }

    /// Profit in a market so far if a YES contract is worth `value`.
    pub(crate) fn profit(&self, market: MarketId, value: Price) -> anyhow::Result<Money> {
        let position = self.engine().state().portfolio.account(market);
        position.flow.checked_add(position.worth(value)).context("profit out of range")
    }
}

type Made = (Box<Node<Unwritten>>, Routes, Vec<Instrument>);

/// What it may do in markets of a few minutes.
pub(crate) fn limits() -> anyhow::Result<Limits> {
    Ok(Limits {
        max_position: Qty::from_contracts(CAP).context("contracts out of range")?,
        max_event_loss: STAKE,
        max_venue_exposure: [STAKE; 2],
        max_exposure: STAKE,
        max_day_loss: STAKE,
        max_drawdown: STAKE,
        no_new_before_close: Duration::from_secs(10),
        ..Limits::default()
    })
}

/// An engine with its strategies and its venues, before anything happened.
fn make(reached: Vec<Reached>, strategies: Vec<Box<dyn Strategy>>, limits: Limits) -> anyhow::Result<Made> {
    let mut config = EngineConfig::new("demo", limits);
    for habits in &mut config.habits {
        // The exchange is in this process, and its reads are never behind.
        habits.read_lag = Duration::from_millis(1);
        habits.requests_per_second = 1_000;
        habits.burst = 1_000;
    }
    let mut engine = Engine::new(config);
    for (number, strategy) in (1..).zip(strategies) {
        let name = format!("{}-{number}", strategy.name());
        engine.seat(&name, strategy);
    }
    let Assembled { wiring, routes, instruments, .. } = assemble(reached)?;
    let node = Box::new(Node::new(Core::new(engine, Unwritten), wiring));
    Ok((node, routes, instruments))
}
