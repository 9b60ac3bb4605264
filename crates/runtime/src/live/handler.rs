//! What the control socket is answered: requests become inputs of the engine, and what came of them is looked up in it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use brier_connect::clock::Clock;
use brier_engine::halts::{Cause, Halt};
use brier_engine::portfolio::Stage;
use brier_engine::{Engine, Input, MarketId, Operator, Order, OrderKey, OrderState, Scope};
use brier_types::{MarketStatus, Money, Rounding, Venue};
use tokio::sync::{mpsc, oneshot};

use super::board::Board;
use crate::control::{
    self, ControlAnswer, ControlHandler, ControlRequest, OrderLine, PositionLine, Status, StrategyLine, VenueLine,
};
use crate::driver::{Word, look};
use crate::ledger::AttemptLine;
use crate::mailbox::Teller;

/// How often it is looked whether the venues have answered.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long a halt is waited for at most: then what is left is told.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many of the last combos a status shows.
const COMBOS_SHOWN: usize = 20;

/// Answers for one run.
#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub(super) words: Teller,
    pub(super) stop: mpsc::Sender<String>,
    pub(super) name: String,
    pub(super) mode: &'static str,
    pub(super) run: u32,
    pub(super) folder: PathBuf,
    /// Strategies that the configuration has switched off.
    pub(super) off: Vec<String>,
    pub(super) venues: Vec<Venue>,
    pub(super) feeds: Board,
}

fn done(text: impl Into<String>) -> ControlAnswer {
    ControlAnswer::Done { text: text.into() }
}

fn refused(reason: impl Into<String>) -> ControlAnswer {
    ControlAnswer::Refused { reason: reason.into() }
}

fn ended() -> ControlAnswer {
    refused("the run ends")
}

impl ControlHandler for Handler {
    async fn handle(&self, request: ControlRequest) -> ControlAnswer {
        // Whoever watches asks often.
        if matches!(request, ControlRequest::Status) {
            tracing::debug!(?request, "control");
        } else {
            tracing::info!(?request, "control");
        }
        match request {
            ControlRequest::Status => self.status().await,
            ControlRequest::Halt { reason } => self.halt(&reason).await,
            ControlRequest::Resume { reason } => self.resume(reason).await,
            ControlRequest::Cancel { order } => self.cancel(order).await,
            ControlRequest::Reconcile { venue } => self.reconcile(venue.as_deref()),
            ControlRequest::Pause { strategy } => self.of_strategy(strategy, true).await,
            ControlRequest::Unpause { strategy } => self.of_strategy(strategy, false).await,
            ControlRequest::Flush => self.flush().await,
            ControlRequest::Shutdown => match self.stop.try_send("the control socket".to_owned()) {
                Ok(()) => done("an orderly end has begun"),
                Err(_under_way) => ended(),
            },
        }
    }
}

impl Handler {
    fn tell(&self, operator: Operator) -> bool {
        self.words.send(Word::Input(Input::Operator(operator))).is_ok()
    }

    /// Pulls the kill switch: the file first, so that it holds whatever happens to this process.
    pub(super) fn kill(&self, reason: &str) -> std::io::Result<()> {
        let put = control::put(&self.folder, reason);
        self.tell(Operator::Halt { reason: reason.to_owned() });
        put.map(drop)
    }

    async fn halt(&self, reason: &str) -> ControlAnswer {
        let live = |engine: &Engine| engine.state().orders.iter_live().map(|order| order.key).collect();
        let Some(before): Option<BTreeSet<OrderKey>> = look(&self.words, live).await else { return ended() };
        if let Err(error) = self.kill(reason) {
            tracing::error!(%error, "the halt file could not be written: a next run would start");
        }
        let begun = Instant::now();
        loop {
            // Between two looks the engine has taken the halt: words are taken in order.
            let left = look(&self.words, |engine| {
                let killed = engine.is_killed();
                let live = engine.state().orders.iter_live();
                (killed, live.map(|order| (order.key, order_line(engine, order))).collect::<Vec<_>>())
            });
            let Some((killed, left)) = left.await else { return ended() };
            // Of an order in doubt nothing more is known soon: the person is told rather than kept waiting.
            let unclear = |(_, line): &(OrderKey, OrderLine)| matches!(line.state.as_str(), "in_doubt" | "vanished");
            if killed && left.iter().all(unclear) || begun.elapsed() > PATIENCE {
                let still = left.iter().filter(|(key, _)| before.contains(key)).count();
                let canceled = u32::try_from(before.len().saturating_sub(still)).unwrap_or(u32::MAX);
                return ControlAnswer::Halted { canceled, left: left.into_iter().map(|(_, line)| line).collect() };
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn resume(&self, reason: String) -> ControlAnswer {
        match control::halted(&self.folder) {
            Ok(None) => {}
            Ok(Some(_)) => return refused(format!("the file {} is still there", control::HALT_FILE)),
            Err(error) => return refused(format!("the file {}: {error}", control::HALT_FILE)),
        }
        let venues = self.venues.clone();
        match look(&self.words, move |engine| what_is_not_good(engine, &venues)).await {
            Some(Some(problem)) => refused(problem),
            Some(None) if self.tell(Operator::Resume { reason }) => done("it goes on"),
            Some(None) | None => ended(),
        }
    }

    async fn cancel(&self, order: String) -> ControlAnswer {
        let name = order.clone();
        let found = look(&self.words, move |engine| {
            let orders = &engine.state().orders;
            let key = orders.by_client_id(&name).or_else(|| orders.by_venue_id(&name))?;
            Some((key, orders.get(key).is_some_and(Order::is_live)))
        });
        match found.await {
            Some(None) => refused(format!("no order of this run is called `{order:.80}`")),
            Some(Some((_, false))) => refused("it cannot fill any more"),
            Some(Some((key, true))) if self.tell(Operator::Cancel { order: key }) => done("it is being taken back"),
            Some(Some(_)) | None => ended(),
        }
    }

    fn reconcile(&self, venue: Option<&str>) -> ControlAnswer {
        let venues: Vec<Venue> = match venue {
            None => self.venues.clone(),
            Some(word) => self.venues.iter().copied().filter(|venue| venue.to_string() == word).collect(),
        };
        if venues.is_empty() {
            let known: Vec<String> = self.venues.iter().map(ToString::to_string).collect();
            return refused(format!(
                "expected one of {}, found `{:.40}`",
                known.join(", "),
                venue.unwrap_or("nothing")
            ));
        }
        if venues.into_iter().all(|venue| self.tell(Operator::Reconcile { venue })) {
            done("the account is being compared")
        } else {
            ended()
        }
    }

    /// Whether a strategy is paused; nothing when the run is over or has none of the name.
    pub(super) async fn is_paused(&self, strategy: String) -> Option<bool> {
        let paused = look(&self.words, move |engine| {
            let (id, _) = engine.strategy_names().find(|(_, known)| *known == strategy)?;
            let halts = &engine.state().halts;
            Some(halts.iter().any(|halt| halt.scope == Scope::Strategy(id) && halt.cause == Cause::Operator))
        });
        paused.await.flatten()
    }

    /// Pauses a strategy.
    pub(super) async fn pause(&self, strategy: String) -> ControlAnswer {
        self.of_strategy(strategy, true).await
    }

    async fn of_strategy(&self, name: String, pause: bool) -> ControlAnswer {
        let wanted = name.clone();
        let found = look(&self.words, move |engine| {
            engine.strategy_names().find(|(_, known)| *known == wanted).map(|(strategy, _)| strategy)
        });
        let strategy = match found.await {
            None => return ended(),
            Some(None) => return refused(format!("no strategy is called `{name:.40}`")),
            Some(Some(strategy)) => strategy,
        };
        let operator = if pause { Operator::Pause { strategy } } else { Operator::Unpause { strategy } };
        match (self.tell(operator), pause) {
            (false, _) => ended(),
            (true, true) => done("paused; its orders are being taken back"),
            (true, false) => done("it goes on"),
        }
    }

    async fn flush(&self) -> ControlAnswer {
        let (sender, receiver) = oneshot::channel();
        if self.words.send(Word::Flush(sender)).is_err() || receiver.await.is_err() {
            return ended();
        }
        done("the journal is on the disk")
    }

    async fn status(&self) -> ControlAnswer {
        let mut status = Status {
            name: self.name.clone(),
            pid: std::process::id(),
            mode: self.mode.to_owned(),
            run: self.run,
            feeds: self.feeds.lines(Clock::local_now()),
            ..Status::default()
        };
        let (venues, off) = (self.venues.clone(), self.off.clone());
        let filled = look(&self.words, move |engine| {
            fill(engine, &venues, &mut status);
            for it in &mut status.strategies {
                it.running &= !off.contains(&it.name);
            }
            status
        });
        filled.await.map_or_else(ended, |status| ControlAnswer::Status(Box::new(status)))
    }
}

/// Why it is too early to go on, if it is.
fn what_is_not_good(engine: &Engine, venues: &[Venue]) -> Option<String> {
    let state = engine.state();
    let traded = |scope| !matches!(scope, Scope::Venue(venue) if !venues.contains(&venue));
    let unclear = state
        .halts
        .iter()
        .find(|halt| matches!(halt.cause, Cause::Unreconciled | Cause::Discrepancy) && traded(halt.scope));
    if let Some(halt) = unclear {
        return Some(format!("{}: {}: {}", scope(engine, halt.scope), halt.cause, halt.reason));
    }
    state.universe.iter().find_map(|(market, instrument)| {
        let untrusted = state.books.view(market).err()?;
        (instrument.market.status == MarketStatus::Active).then(|| {
            format!("the book of {}:{} is not good: {untrusted}", instrument.venue(), instrument.market.ticker)
        })
    })
}

pub(super) fn scope(engine: &Engine, scope: Scope) -> String {
    match scope {
        Scope::All => "everything".to_owned(),
        Scope::Venue(venue) => venue.to_string(),
        Scope::Market(market) => {
            let instrument = engine.state().universe.get(market);
            format!("{}:{}", instrument.venue(), instrument.market.ticker)
        }
        Scope::Strategy(strategy) => {
            let name = engine.strategy_names().find(|(known, _)| *known == strategy);
            name.map_or_else(|| "by hand".to_owned(), |(_, name)| name.to_owned())
        }
    }
}

/// The one less the other; out of range it stays at the end.
const fn less(from: Money, what: Money) -> Money {
    Money::from_micros(from.micros().saturating_sub(what.micros()))
}

fn fill(engine: &Engine, venues: &[Venue], status: &mut Status) {
    let state = engine.state();
    // A venue that is not traded waits for a word that nobody asks for.
    let traded = |halt: &&Halt| !matches!(halt.scope, Scope::Venue(venue) if !venues.contains(&venue));
    for halt in state.halts.iter().filter(traded) {
        let text = format!("{}: {}: {}", scope(engine, halt.scope), halt.cause, halt.reason);
        if halt.scope == Scope::All {
            status.halted.get_or_insert_with(|| format!("{}: {}", halt.cause, halt.reason));
        }
        status.halts.push(text);
    }
    // What has a result is worth that, also while it waits for its payment: a token that lost is kept until it is redeemed.
    let mark = |market: MarketId| match state.portfolio.stage(market) {
        Stage::Resolved(result) | Stage::Paid(result) => Some(result.yes_payout()),
        Stage::Disputed(_) | Stage::Trading => state.mark(market),
    };
    status.venues = venues
        .iter()
        .map(|venue| {
            let halted = |cause| state.halts.iter().any(|it| it.scope == Scope::Venue(*venue) && it.cause == cause);
            let shards: BTreeSet<u16> =
                state.universe.iter().filter(|(_, it)| it.venue() == *venue).map(|(_, it)| it.shard).collect();
            let cash = shards
                .iter()
                .fold(Money::ZERO, |sum, shard| sum.checked_add(state.portfolio.cash(*venue, *shard)).unwrap_or(sum));
            VenueLine {
                venue: venue.to_string(),
                connected: state
                    .universe
                    .iter()
                    .any(|(market, it)| it.venue() == *venue && state.books.view(market).is_ok()),
                reconciled: !halted(Cause::Unreconciled) && !halted(Cause::Discrepancy),
                cash: cash.to_string(),
            }
        })
        .collect();
    status.strategies = engine
        .strategy_names()
        .map(|(strategy, name)| StrategyLine {
            name: name.to_owned(),
            running: !state.halts.iter().any(|halt| halt.scope == Scope::Strategy(strategy)),
            realized: less(state.portfolio.realized(Some(strategy)), state.portfolio.fees(Some(strategy))).to_string(),
            unrealized: state.portfolio.unrealized(Some(strategy), &mark).to_string(),
        })
        .collect();
    status.combos_under_way = engine.combos_under_way();
    status.open_legs = engine.open_legs().to_string();
    status.combos = engine.attempts().rev().take(COMBOS_SHOWN).map(|it| AttemptLine::of(engine, it)).collect();
    status.orders = state.orders.iter_live().map(|order| order_line(engine, order)).collect();
    status.positions = state
        .portfolio
        .markets_with_position()
        .map(|market| {
            let (instrument, position) = (state.universe.get(market), state.portfolio.account(market));
            let lot = if position.net().micros() < 0 { &position.no } else { &position.yes };
            PositionLine {
                venue: instrument.venue().to_string(),
                market: instrument.market.ticker.to_string(),
                contracts: position.net().to_string(),
                average_cost: lot.average(Rounding::Floor).map_or_else(String::new, |cost| cost.to_string()),
            }
        })
        .collect();
}

fn order_line(engine: &Engine, order: &Order) -> OrderLine {
    let instrument = engine.state().universe.get(order.market);
    OrderLine {
        venue: order.venue.to_string(),
        market: instrument.market.ticker.to_string(),
        order: order.client_order_id.to_string(),
        venue_id: order.venue_id.as_ref().map(ToString::to_string),
        side: order.side.to_string(),
        price: order.price.to_string(),
        contracts: order.worst_open().to_string(),
        state: word(order.state).to_owned(),
    }
}

const fn word(state: OrderState) -> &'static str {
    match state {
        OrderState::Submitting => "submitting",
        OrderState::InDoubt { .. } => "in_doubt",
        OrderState::Resting => "resting",
        OrderState::Amending { .. } => "amending",
        OrderState::AmendInDoubt { .. } => "amend_in_doubt",
        OrderState::Canceling => "canceling",
        OrderState::Vanished { .. } => "vanished",
        OrderState::Done { .. } => "done",
    }
}
