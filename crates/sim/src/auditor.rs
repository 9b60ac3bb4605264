//! The auditor: what must hold, checked from outside of the program after every step and at the end.
//!
//! It believes the venues' own ledgers and the journal's bytes. The engine is asked what it thinks, and that is held against
//! both; none of the engine's own checks is used as an argument, except that they must not fail.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use brier_engine::codec::Record;
use brier_engine::portfolio::{Account, Stage};
use brier_engine::{Command, Engine, Input, MarketId, Operator, PlaceOrder, Request};
use brier_polymarket_protocol::tick::TickSize;
use brier_types::{BookSide, Venue};

use crate::legs::LegsAudit;
use crate::plan::{Fault, Plan};
use crate::venues::{Truth, Venues};

/// By how many millionths of a dollar Kalshi's rounding may move a balance at a payout.
const ROUNDING_PER_PAYOUT: usize = 100;
/// The same of a fill of tokens: its price and quantity are told with fewer digits than its amounts have.
const ROUNDING_PER_TOKEN_FILL: usize = 100;

/// Something that must never happen, and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant.
    pub invariant: &'static str,
    /// How it was broken.
    pub what: String,
}

impl Violation {
    /// A broken invariant.
    pub fn new(invariant: &'static str, what: impl Into<String>) -> Self {
        Self { invariant, what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.invariant, self.what)
    }
}

/// What the auditor knows.
#[derive(Debug)]
pub struct Auditor {
    max_position: i64,
    may_open_no: bool,
    /// Orders and changes that the program had sent when the kill switch was pulled.
    sent_when_killed: Option<u64>,
    /// The same after the last step.
    sent: u64,
    steps: u64,
    /// What had happened at the venues when open legs were last looked at.
    touches: u64,
    /// Whether single messages of a stream are lost, doubled or exchanged.
    tampered: bool,
    /// In a world of legs.
    legs: Option<LegsAudit>,
}

impl Auditor {
    /// An auditor of one run.
    pub fn new(plan: &Plan) -> Self {
        Self {
            max_position: i64::try_from(plan.max_position * 1_000_000).unwrap_or(i64::MAX),
            may_open_no: plan.may_open_no,
            sent_when_killed: None,
            sent: 0,
            steps: 0,
            touches: 0,
            tampered: [Fault::FrameLost, Fault::FrameTwice, Fault::FrameSwapped].iter().any(|it| plan.faults.has(*it)),
            legs: plan.legs.map(|legs| LegsAudit::new(legs, plan)),
        }
    }

    /// The most that legs had open at any moment, in percent of their bound.
    pub fn most_open_percent(&self) -> u64 {
        self.legs.as_ref().map_or(0, LegsAudit::most_open_percent)
    }

    /// After every step of the program.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn after_step(&mut self, engine: &Engine, venues: &Venues, killed: bool) -> Result<(), Violation> {
        self.steps += 1;
        self.check_kill(engine, killed)?;
        for order in engine.state().orders.iter_open() {
            // While a change is under way the order has its old total or the new one.
            let total = order.worst_total();
            if order.booked > total && !order.is_in_doubt() {
                let (id, booked, state) = (&order.client_order_id, order.booked, order.state);
                let what = format!("{id} has {booked} of {total} filled and is {state:?}");
                return Err(Violation::new("filled never exceeds ordered", what));
            }
        }
        engine.state().portfolio.check().map_err(|what| Violation::new("the books add up", what))?;
        // The venues' own truth costs more than a step: it is looked at now and then, and whenever it may have moved.
        let looks = self.steps.is_multiple_of(8);
        if looks {
            self.check_limits(venues)?;
        }
        if let Some(legs) = &mut self.legs {
            legs.check_orders(engine)?;
            // What is open may be too much for one moment only. Without a fill it does not grow: a match that ends is sure, or
            // takes its contracts with it, and both were counted.
            if looks || venues.touches() != self.touches {
                self.touches = venues.touches();
                legs.check_open(engine, venues)?;
            }
        }
        Ok(())
    }

    /// A fill that Kalshi's stream told of an order that we know is booked at once, whatever became of the order.
    ///
    /// # Errors
    /// When it is not.
    pub fn after_frame(engine: &Engine, text: &str) -> Result<(), Violation> {
        if !text.starts_with(r#"{"type":"fill""#) {
            return Ok(());
        }
        let frame: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let word = |name: &str| frame["msg"][name].as_str().unwrap_or_default();
        let (Ok(trade), Ok(order)) = (word("trade_id").parse(), word("order_id").parse()) else { return Ok(()) };
        let state = engine.state();
        let is_known = state.orders.by_venue_id(word("order_id")).is_some()
            || state.orders.by_client_id(word("client_order_id")).is_some();
        if is_known && !state.portfolio.has_fill(&trade, &order) {
            let what = format!("fill {trade} of order {order} was told and is not booked");
            return Err(Violation::new("every fill is booked once", what));
        }
        Ok(())
    }

    /// After a pulled kill switch nothing is placed until a person lifts it, whatever else happens.
    fn check_kill(&mut self, engine: &Engine, killed: bool) -> Result<(), Violation> {
        let before = std::mem::replace(&mut self.sent, sent(engine));
        if !killed {
            self.sent_when_killed = None;
            return Ok(());
        }
        // The step that pulls it may send nothing either.
        let before = *self.sent_when_killed.get_or_insert(before);
        if self.sent > before {
            let what = format!("{} orders were sent while the kill switch was down", self.sent - before);
            return Err(Violation::new("the kill switch stays down", what));
        }
        Ok(())
    }

    /// What rests and is owned at the venues stays within the limits, whatever fills.
    fn check_limits(&self, venues: &Venues) -> Result<(), Violation> {
        for market in 0..venues.market_count() as u32 {
            let truth = venues.truth(MarketId(market));
            let (most, least) = truth.extremes();
            if most > self.max_position || least < -self.max_position {
                let what = format!(
                    "{}: from {least} to {most} millionths of a contract are possible, {} are allowed; {truth:?}",
                    MarketId(market),
                    self.max_position
                );
                return Err(Violation::new("positions stay within their limit", what));
            }
            if !self.may_open_no && truth.net < 0 {
                let what = format!("{}: {} millionths of a contract", MarketId(market), truth.net);
                return Err(Violation::new("no short that nobody intended", what));
            }
        }
        Ok(())
    }

    /// What a new life of the program begins with.
    pub fn after_recovery(&mut self, engine: &Engine) {
        self.sent_when_killed = None;
        self.sent = sent(engine);
    }

    /// What a new life of the program must know once it has begun.
    ///
    /// # Errors
    /// When the kill switch was forgotten.
    pub fn after_start(&self, engine: &Engine, killed: bool) -> Result<(), Violation> {
        if killed && !engine.is_killed() {
            return Err(Violation::new("the kill switch stays down", "a restart has lifted it"));
        }
        Ok(())
    }

    /// Whether the journal says that the kill switch is pulled.
    pub fn killed_by_journal(records: &[Vec<u8>]) -> bool {
        let mut killed = false;
        for record in records {
            match Record::decode(record) {
                Ok(Record::Input { input: Input::Operator(Operator::Halt { .. }), .. }) => killed = true,
                Ok(Record::Input { input: Input::Operator(Operator::Resume { .. }), .. }) => killed = false,
                _ => {}
            }
        }
        killed
    }

    /// Whether program and venues think the same: everything has come to rest then.
    pub fn agrees(engine: &Engine, venues: &Venues) -> bool {
        compare(engine, venues).is_ok()
    }

    /// Everything has not come to rest in time: says what hangs.
    pub fn not_at_rest(engine: Option<&Engine>, venues: &Venues) -> Violation {
        let Some(engine) = engine else {
            return Violation::new("progress", "the program does not run at the end");
        };
        if let Err(violation) = compare(engine, venues) {
            return violation;
        }
        let open: Vec<String> = engine
            .state()
            .orders
            .iter_open()
            .map(|order| format!("{} {:?}", order.client_order_id, order.state))
            .collect();
        let halts: Vec<String> = engine.state().halts.iter().map(|halt| format!("{halt:?}")).collect();
        Violation::new("nothing stays in doubt", format!("open: {open:?}, halts: {halts:?}"))
    }

    /// When all has come to rest. `last_came` says that the last change of Kalshi's books was not lost: its loss is no gap
    /// while nothing follows it.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn at_the_end(&mut self, engine: &Engine, venues: &Venues, last_came: bool) -> Result<(), Violation> {
        compare(engine, venues)?;
        self.check_limits(venues)?;
        check_fills(engine, venues)?;
        check_adjustments(engine, venues)?;
        if let Some(legs) = &mut self.legs {
            legs.check_open(engine, venues)?;
            legs.check_end(engine, venues)?;
        }
        venues.check_ledgers().map_err(|what| Violation::new("the venues' ledgers add up", what))?;
        let books = engine.state();
        for market in (0..venues.market_count() as u32).map(MarketId) {
            // Polymarket numbers no messages: a book whose messages were tampered with cannot be known to be wrong.
            let is_knowable = match venues.venue_of(market) {
                Venue::Kalshi => last_came,
                Venue::Polymarket => !self.tampered,
            };
            if !is_knowable {
                continue;
            }
            let Ok(book) = books.books.view(market) else { continue };
            for side in [BookSide::Bid, BookSide::Ask] {
                let ours: Vec<_> = book.levels(side).map(|level| (level.price, level.qty)).collect();
                let theirs = venues.levels(market, side);
                if ours != theirs {
                    let what = format!("{market} {side}: ours is {ours:?}, the venue's {theirs:?}");
                    return Err(Violation::new("a book that is believed is the venue's", what));
                }
            }
        }
        Ok(())
    }

    /// The journal, replayed, gives the same engine and the same commands.
    ///
    /// # Errors
    /// The first broken invariant.
    pub fn replay(records: &[Vec<u8>], engine: &Engine, venues: &Venues) -> Result<(), Violation> {
        let replayed = venues.replay(records).map_err(|what| Violation::new("the journal replays", what))?;
        if replayed == engine.state_sum() {
            Ok(())
        } else {
            Err(Violation::new("the journal replays", "to another state than the program's"))
        }
    }

    /// Every order that a venue has ever seen stands in what is durable of the journals of all runs.
    ///
    /// # Errors
    /// The first order that does not.
    pub fn check_intents(durable: &[Vec<u8>], venues: &Venues) -> Result<(), Violation> {
        let intents: Vec<PlaceOrder> = venues
            .all_records(durable)
            .iter()
            .filter_map(|record| match Record::decode(record) {
                Ok(Record::Command(Command::Send { body: Request::Place(place), .. })) => Some(place.into_inner()),
                _ => None,
            })
            .collect();
        let names: BTreeSet<&str> = intents.iter().map(|place| place.new.client_order_id.as_str()).collect();
        let mut missing: BTreeSet<String> = venues.orders_ever().into_iter().collect();
        missing.retain(|id| !names.contains(id.as_str()));
        // The other venue knows an order by its hash alone, which hangs on the price step of the time.
        let mut hashes: BTreeSet<String> = venues.hashes_ever().into_iter().collect();
        for tick in TickSize::ALL.into_iter().rev() {
            if hashes.is_empty() {
                break;
            }
            for place in intents.iter().filter(|place| venues.venue_of(place.market_id) == Venue::Polymarket) {
                if let Some(hash) = venues.hash_of(place, tick) {
                    hashes.remove(&hash);
                }
            }
        }
        match missing.first().or_else(|| hashes.first()) {
            None => Ok(()),
            Some(id) => {
                let what = format!("order {id} is at the venue and not in the journal");
                Err(Violation::new("no order without a journaled intent", what))
            }
        }
    }
}

/// Orders and changes that the program has sent.
const fn sent(engine: &Engine) -> u64 {
    let counts = engine.counts();
    counts.placed + counts.amended
}

/// Nobody paid in or out, so the venue's word on cash explains no more than its own rounding.
fn check_adjustments(engine: &Engine, venues: &Venues) -> Result<(), Violation> {
    let ledger = engine.state().portfolio.ledger();
    let fills = venues.fills();
    for (venue, _, _) in venues.cash() {
        let markets = || (0..venues.market_count() as u32).map(MarketId).filter(|it| venues.venue_of(*it) == venue);
        // A payout that no message told is known from the venue's word on position and cash alone.
        let is_paid = |market| matches!(engine.state().portfolio.stage(market), Stage::Paid(_));
        if markets().any(|market| venues.is_over(market) && !is_paid(market)) {
            continue;
        }
        let fills = fills.iter().filter(|(of, _, _, _)| *of == venue);
        let rounding = match venue {
            Venue::Kalshi => markets().count() * ROUNDING_PER_PAYOUT,
            Venue::Polymarket => fills.count() * ROUNDING_PER_TOKEN_FILL,
        };
        let adjusted = ledger.balance(Account::Adjustments(venue));
        if adjusted.unsigned_abs() > rounding as u128 {
            let what = format!("{venue}: {adjusted} millionths of a dollar, and rounding explains {rounding}");
            return Err(Violation::new("nothing is booked as a deposit that was none", what));
        }
    }
    Ok(())
}

/// Where program and venues differ, if they do.
fn compare(engine: &Engine, venues: &Venues) -> Result<(), Violation> {
    for market in (0..venues.market_count() as u32).map(MarketId) {
        let truth = venues.truth(market);
        let ours = engine.state().portfolio.account(market);
        if ours.net().micros() != truth.net {
            let what = format!("{market}: ours is {}, the venue's {}", ours.net().micros(), truth.net);
            return Err(Violation::new("positions equal the venue's", what));
        }
        if !truth.orders.is_empty() {
            let what = format!("{market}: {:?} rest", truth.orders);
            return Err(Violation::new("nothing rests that nobody wants", what));
        }
    }
    for (venue, shard, cash) in venues.cash() {
        let ours = engine.state().portfolio.cash(venue, shard);
        if ours != cash {
            let what = format!("{venue}: ours is {ours}, the venue's {cash}");
            return Err(Violation::new("cash equals the venue's", what));
        }
    }
    Ok(())
}

/// Every fill of the venues is booked, once, and nothing else is.
fn check_fills(engine: &Engine, venues: &Venues) -> Result<(), Violation> {
    let mut theirs: BTreeMap<(Venue, String, String), u64> = BTreeMap::new();
    for (venue, trade, order, qty) in venues.fills() {
        *theirs.entry((venue, trade, order)).or_insert(0) += qty.micros();
    }
    let mut ours: BTreeMap<(Venue, String, String), u64> = BTreeMap::new();
    for fill in engine.state().portfolio.fills() {
        *ours.entry((fill.venue, fill.trade.to_string(), fill.order.to_string())).or_insert(0) += fill.qty.micros();
    }
    if ours == theirs {
        return Ok(());
    }
    let missing: Vec<_> = theirs.iter().filter(|(key, qty)| ours.get(*key) != Some(*qty)).take(5).collect();
    let extra: Vec<_> = ours.iter().filter(|(key, qty)| theirs.get(*key) != Some(*qty)).take(5).collect();
    Err(Violation::new("every fill is booked once", format!("missing {missing:?}, extra {extra:?}")))
}

impl Truth {
    /// The most and the least that the account may own if everything that rests fills on one side.
    fn extremes(&self) -> (i64, i64) {
        let side = |side| -> i64 {
            self.orders.iter().filter(|order| order.side == side).map(|order| order.remaining.micros() as i64).sum()
        };
        (self.net + side(BookSide::Bid), self.net - side(BookSide::Ask))
    }
}
