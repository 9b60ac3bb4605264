//! The engine: one state, one step.
//!
//! A step has a fixed order: the input changes state; strategies that listen are signaled and say what they want; exits are
//! looked at; execution brings what rests to what is wanted, market by market in the order in which they were touched; what
//! is due by time follows; last, one wake-up is asked for. Nothing in it depends on anything but the state and the input.

mod answers;
mod checkpoint;
mod combos;
mod due;
mod execute;
mod exits;
mod feed;
mod operator;
mod reconcile;

use brier_types::{Input as FeedInput, Price, Timestamp, Venue};

use crate::books::Books;
use crate::command::{Alert, Command, Request, Scope};
use crate::config::EngineConfig;
use crate::fact::Facts;
use crate::halts::{Cause, Halts};
use crate::ids::{MarketId, OrderKey, RequestId, StrategyId};
use crate::input::{FairValue, Input};
use crate::instrument::{Universe, venue_index};
use crate::order::{News, Next, OrderState};
use crate::orders::Orders;
use crate::portfolio::Portfolio;
use crate::risk::{Risk, Trip};
use crate::strategy::{Opinion, Signal, Strategy, Want, Wants};
use crate::view::View;

pub use checkpoint::RestoreError;
pub(crate) use combos::{ComboRun, LegOrder, Tally};
pub(crate) use execute::{Desk, floor_to};
pub(crate) use reconcile::VenueSync;

/// Both venues, in the order of their places.
pub(crate) const VENUES: [Venue; 2] = [Venue::Kalshi, Venue::Polymarket];

/// What decisions are made from.
#[derive(Clone, Debug)]
pub struct State {
    /// All listed markets.
    pub universe: Universe,
    /// Their books.
    pub books: Books,
    /// Our orders.
    pub orders: Orders,
    /// What we own.
    pub portfolio: Portfolio,
    /// Fair values by market.
    pub fairs: Vec<Option<FairValue>>,
    /// What is so outside the venues.
    pub facts: Facts,
    /// What is halted.
    pub halts: Halts,
}

impl State {
    /// The price at which a market's YES contracts are valued now: the middle of a book that can be believed, else nothing.
    pub fn mark(&self, market: MarketId) -> Option<Price> {
        let book = self.books.view(market).ok()?;
        let (bid, ask) = (book.best_bid()?.price, book.best_ask()?.price);
        Price::new(u16::midpoint(bid.pips(), ask.pips()))
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Place,
    Amend,
    Cancel,
    CancelAll,
    Lookup,
    Group(StrategyId),
}

/// A request whose first clear answer has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub request: RequestId,
    pub venue: Venue,
    pub order: Option<OrderKey>,
    pub kind: Kind,
    /// When the engine stops waiting for the gateway.
    pub until: Timestamp,
}

impl Pending {
    /// Whether only a late answer is still possible.
    pub(crate) fn is_given_up(&self) -> bool {
        self.until == Timestamp::MAX
    }
}

/// A strategy's place: the strategy, and what it listens to.
pub(crate) struct Seat {
    name: String,
    /// None for one that runs outside.
    strategy: Option<Box<dyn Strategy>>,
    listens: Vec<bool>,
    all_markets: bool,
    /// Series whose facts it is told, in order.
    series: Vec<String>,
    wake: Option<Timestamp>,
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Seat").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What happened so far, for people and for the auditor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Inputs taken.
    pub inputs: u64,
    /// Orders placed.
    pub placed: u64,
    /// Changes sent.
    pub amended: u64,
    /// Cancels sent.
    pub canceled: u64,
    /// Lookups sent.
    pub lookups: u64,
    /// Orders that risk refused.
    pub refused: u64,
    /// Orders and changes that a venue refused.
    pub rejected: u64,
    /// Fills booked.
    pub fills: u64,
    /// Fills that failed.
    pub failed: u64,
    /// Messages of markets, orders or requests that nobody here knows.
    pub unknown: u64,
    /// Messages that cannot be.
    pub anomalies: u64,
    /// Differences found by reconciliation.
    pub discrepancies: u64,
}

/// The engine. See the crate's head.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) state: State,
    pub(crate) risk: Risk,
    pub(crate) desk: Desk,
    /// Combos under way.
    pub(crate) combos: Vec<ComboRun>,
    /// Ended ones that hold something, or of which something may still come.
    pub(crate) kept_combos: Vec<ComboRun>,
    pub(crate) combo_count: u32,
    pub(crate) attempts: std::collections::VecDeque<crate::attempt::Attempt>,
    pub(crate) sync: [VenueSync; 2],
    pub(crate) seats: Vec<Seat>,
    pub(crate) pending: Vec<Pending>,
    pub(crate) last_request: u64,
    pub(crate) now: Timestamp,
    pub(crate) run: u32,
    pub(crate) winding_down: bool,
    /// The earliest wake-up that was asked for and has not come.
    pub(crate) armed: Option<Timestamp>,
    pub(crate) next_tick: Timestamp,
    /// When the last tick was.
    pub(crate) ticked: Timestamp,
    pub(crate) counts: Counts,
    wants: Wants,
    /// Fair values that strategies stated in this step, and who did.
    opined: Vec<(MarketId, StrategyId)>,
    /// Markets to be executed in this step, in the order in which they were touched.
    work: Vec<MarketId>,
    is_work: Vec<bool>,
    keys: Vec<OrderKey>,
}

impl Engine {
    /// An engine that knows nothing yet.
    pub fn new(config: EngineConfig) -> Self {
        let state = State {
            universe: Universe::new(),
            books: Books::new(),
            orders: Orders::new(&config.prefix, config.room),
            portfolio: Portfolio::new(),
            fairs: Vec::new(),
            facts: Facts::default(),
            halts: Halts::new(),
        };
        Self {
            risk: Risk::new(config.limits.clone()),
            desk: Desk::new(&config),
            state,
            combos: Vec::new(),
            kept_combos: Vec::new(),
            combo_count: 0,
            attempts: std::collections::VecDeque::new(),
            sync: [VenueSync::default(), VenueSync::default()],
            seats: Vec::new(),
            pending: Vec::with_capacity(256),
            last_request: 0,
            now: Timestamp::from_nanos(i64::MIN),
            run: 0,
            winding_down: false,
            armed: None,
            next_tick: Timestamp::from_nanos(i64::MIN),
            ticked: Timestamp::from_nanos(i64::MIN),
            counts: Counts::default(),
            wants: Wants::new(),
            opined: Vec::new(),
            work: Vec::with_capacity(64),
            is_work: Vec::new(),
            keys: Vec::with_capacity(256),
            config,
        }
    }

    /// Seats a strategy; places follow the order of calls. All are seated before the first input, the same ones in every run
    /// on a journal.
    pub fn seat(&mut self, name: &str, strategy: Box<dyn Strategy>) -> StrategyId {
        let mut interest = strategy.interest();
        interest.series.sort_unstable();
        let mut seat = Seat {
            name: name.to_owned(),
            strategy: Some(strategy),
            listens: vec![interest.all_markets; self.state.universe.len()],
            all_markets: interest.all_markets,
            series: interest.series,
            wake: None,
        };
        for (venue, ticker) in &interest.markets {
            self.desk.wish(self.seats.len(), *venue, ticker);
            if let Some(market) = self.state.universe.find(*venue, ticker.as_str()) {
                seat.listens[market.index()] = true;
            }
        }
        self.add_seat(seat)
    }

    /// Keeps a place for a strategy that runs outside and speaks through [`Input::Remote`].
    pub fn seat_remote(&mut self, name: &str) -> StrategyId {
        let seat = Seat {
            name: name.to_owned(),
            strategy: None,
            listens: Vec::new(),
            all_markets: false,
            series: Vec::new(),
            wake: None,
        };
        self.add_seat(seat)
    }

    fn add_seat(&mut self, seat: Seat) -> StrategyId {
        let id = StrategyId(u16::try_from(self.seats.len()).ok().filter(|id| *id < u16::MAX).expect("fewer seats"));
        self.seats.push(seat);
        self.desk.add_strategy();
        id
    }

    /// What decisions are made from.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What a strategy would see now.
    pub const fn view(&self, strategy: StrategyId) -> View<'_> {
        View { state: &self.state, strategy, now: self.now }
    }

    /// What happened so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The time of the last input.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How many runs the journal has had.
    pub const fn run(&self) -> u32 {
        self.run
    }

    /// Names of all strategies, by place.
    pub fn strategy_names(&self) -> impl Iterator<Item = (StrategyId, &str)> {
        (0..).map(StrategyId).zip(self.seats.iter().map(|seat| seat.name.as_str()))
    }

    /// Risk, for its figures.
    pub const fn risk_mut(&mut self) -> (&mut Risk, &State) {
        (&mut self.risk, &self.state)
    }

    /// Whether nothing of ours may be live at any venue, nothing is awaited, and no combo is half done: the end of winding down.
    pub fn is_idle(&self) -> bool {
        self.state.orders.open_count() == 0 && self.pending.iter().all(Pending::is_given_up) && self.combos.is_empty()
    }

    /// The bug that a test planted.
    #[doc(hidden)]
    pub const fn planted(&self) -> Option<crate::planted::Planted> {
        self.config.planted
    }

    /// Whether the kill switch is pulled.
    pub fn is_killed(&self) -> bool {
        self.state.halts.is_killed()
    }

    /// Takes one input and pushes what shall be done. Same state and same `(now, input)` give the same commands.
    ///
    /// # Panics
    /// When `now` is not after the input before it: the shell stamps inputs with a strictly increasing clock.
    pub fn step(&mut self, now: Timestamp, input: Input, out: &mut Vec<Command>) {
        assert!(self.now < now, "the shell stamps inputs with a strictly increasing clock");
        self.now = now;
        self.counts.inputs += 1;
        let said = out.len();
        let is_market_data =
            matches!(input, Input::Feed { body: FeedInput::Book(_) | FeedInput::Trade(_) | FeedInput::Quote(_), .. });
        match input {
            Input::Feed { venue, body } => self.on_feed(venue, body, out),
            Input::AccountStream { venue, up, reason } => self.on_account_stream(venue, up, &reason, out),
            Input::Answer { venue, request, answer } => self.on_answer(venue, request, answer, out),
            Input::Account(snapshot) => self.on_account(&snapshot, out),
            Input::AccountUnread { venue, reason } => self.on_account_unread(venue, &reason, out),
            Input::Listed(instrument) => self.on_listed(*instrument),
            Input::Grid { venue, market, grid } => self.on_grid(venue, market.as_str(), grid),
            Input::FeesChanged { venue, market, fees } => {
                if let Some(market) = self.state.universe.find(venue, market.as_str()) {
                    self.state.universe.get_mut(market).fees = fees;
                    self.risk.touch(market);
                }
            }
            Input::Fair(fair) => self.on_fair(fair, out),
            Input::Fact(fact) => self.on_fact(fact, out),
            Input::Timer => {}
            Input::Operator(operator) => self.on_operator(operator, out),
            Input::Remote { strategy, wants } => self.on_remote(strategy, wants, out),
            Input::RemoteGone { strategy } => self.on_remote_gone(strategy),
            Input::Started { run } => self.on_started(run, out),
        }
        self.tell_opinions(out);
        self.run_combos(out);
        self.run_work(out);
        // Market data that moved nothing changes nothing that is due.
        if is_market_data && out.len() == said && self.armed.is_some_and(|at| now < at) && self.seats_are_armed() {
            return;
        }
        self.run_due(out);
        self.arm(out);
    }

    /// Whether the wake-up that was asked for is early enough for every strategy.
    fn seats_are_armed(&self) -> bool {
        self.seats.iter().filter_map(|seat| seat.wake).all(|wake| self.armed.is_some_and(|at| at <= wake))
    }

    // --- Work of this step ------------------------------------------------------------------------------------------

    /// Notes that a market's orders, position or wishes changed.
    pub(crate) fn mark_work(&mut self, market: MarketId) {
        if let Some(flag) = self.is_work.get_mut(market.index())
            && !std::mem::replace(flag, true)
        {
            self.work.push(market);
        }
    }

    pub(crate) fn mark_all_work(&mut self) {
        for market in 0..self.state.universe.len() {
            self.mark_work(MarketId(market as u32));
        }
    }

    fn run_work(&mut self, out: &mut Vec<Command>) {
        let mut at = 0;
        while let Some(market) = self.work.get(at).copied() {
            at += 1;
            self.is_work[market.index()] = false;
            self.run_exits(market, out);
            self.execute(market, out);
        }
        self.work.clear();
    }

    // --- Strategies -------------------------------------------------------------------------------------------------

    /// Signals every strategy that listens to the market.
    pub(crate) fn signal(&mut self, market: MarketId, signal: Signal<'_>, out: &mut Vec<Command>) {
        for seat in 0..self.seats.len() {
            if self.seats[seat].listens.get(market.index()).copied().unwrap_or(false) {
                self.signal_one(StrategyId(seat as u16), signal, out);
            }
        }
    }

    /// Signals one strategy, and takes what it says.
    pub(crate) fn signal_one(&mut self, id: StrategyId, signal: Signal<'_>, out: &mut Vec<Command>) {
        let Some(seat) = self.seats.get_mut(id.index()) else { return };
        let Some(strategy) = seat.strategy.as_mut() else { return };
        self.wants.clear();
        let view = View { state: &self.state, strategy: id, now: self.now };
        strategy.on(signal, &view, &mut self.wants);
        if let Some(at) = self.wants.wake {
            seat.wake = Some(seat.wake.map_or(at, |known| known.min(at)));
        }
        self.take_wants(id, out);
    }

    /// Moves what was said to the desk.
    fn take_wants(&mut self, id: StrategyId, out: &mut Vec<Command>) {
        let mut wants = std::mem::take(&mut self.wants);
        for opinion in wants.fairs.drain(..) {
            // Told once a step, so that two that answer each other end.
            let told = self.opined.iter().any(|(market, _)| *market == opinion.market);
            if self.opine(opinion) && !told {
                self.opined.push((opinion.market, id));
            }
        }
        let mut first = 0;
        for (market, count) in wants.markets.drain(..) {
            let last = first + count as usize;
            if market.index() < self.state.universe.len() && self.desk.want(id, market, &wants.quotes[first..last]) {
                self.mark_work(market);
            }
            first = last;
        }
        for (market, take) in wants.takes.drain(..) {
            if market.index() < self.state.universe.len() {
                self.take(id, market, take, crate::order::Role::Take, out);
            }
        }
        for combo in wants.combos.drain(..) {
            self.start_combo(id, combo, out);
        }
        wants.clear();
        self.wants = wants;
    }

    /// Takes what a strategy thinks a market is worth. Whether it is news.
    fn opine(&mut self, opinion: Opinion) -> bool {
        let Opinion { market, prob, as_of, valid_for } = opinion;
        let Some(known) = self.state.fairs.get_mut(market.index()) else { return false };
        if known.as_ref().is_some_and(|known| {
            known.as_of > as_of || (known.as_of, known.prob, known.valid_for) == (as_of, prob, valid_for)
        }) {
            return false;
        }
        let instrument = self.state.universe.get(market);
        let (venue, ticker) = (instrument.venue(), instrument.market.ticker.clone());
        *known = Some(FairValue { venue, market: ticker, prob, as_of, valid_for });
        true
    }

    /// Tells the other strategies what one of them thinks.
    fn tell_opinions(&mut self, out: &mut Vec<Command>) {
        let mut at = 0;
        while let Some((market, by)) = self.opined.get(at).copied() {
            at += 1;
            for seat in (0..self.seats.len()).filter(|seat| *seat != by.index()) {
                if self.seats[seat].listens.get(market.index()).copied().unwrap_or(false) {
                    self.signal_one(StrategyId(seat as u16), Signal::Fair(market), out);
                }
            }
        }
        self.opined.clear();
    }

    fn on_remote(&mut self, strategy: StrategyId, wants: Vec<Want>, out: &mut Vec<Command>) {
        if self.seats.get(strategy.index()).is_none_or(|seat| seat.strategy.is_some()) {
            self.counts.unknown += 1;
            return;
        }
        self.wants.clear();
        for want in wants {
            self.wants.push(want);
        }
        self.take_wants(strategy, out);
    }

    fn on_remote_gone(&mut self, strategy: StrategyId) {
        let mut markets = std::mem::take(&mut self.work);
        self.desk.forget(strategy, |market| markets.push(market));
        for market in std::mem::replace(&mut self.work, Vec::with_capacity(64)).into_iter().chain(markets) {
            self.is_work[market.index()] = false;
            self.mark_work(market);
        }
    }

    // --- Orders -----------------------------------------------------------------------------------------------------

    /// Gives an order its news by the table, and keeps it where it then belongs.
    pub(crate) fn news(&mut self, key: OrderKey, news: News, out: &mut Vec<Command>) {
        let now = self.now;
        let Some(order) = self.state.orders.get_mut(key) else {
            self.counts.unknown += 1;
            return;
        };
        let (market, venue) = (order.market, order.venue);
        match crate::order::next(now, order.state, news) {
            Next::Moved(state) => {
                // A change in doubt may have been made: who forgets that must count the worse of both terms from here on.
                if matches!(state, OrderState::Canceling | OrderState::Vanished { .. }) {
                    (order.price, order.total) = (order.worst_price(), order.worst_total());
                }
                order.state = state;
                order.touched = now;
                match state {
                    OrderState::Resting => {
                        order.asks = 0;
                        order.ask_at = None;
                    }
                    OrderState::Done { .. } => {
                        order.request = None;
                        order.ask_at = None;
                    }
                    OrderState::InDoubt { .. } | OrderState::AmendInDoubt { .. } | OrderState::Vanished { .. } => {
                        order.asks = 0;
                        order.ask_at = Some(now.plus(self.config.ask_after));
                    }
                    OrderState::Submitting | OrderState::Amending { .. } | OrderState::Canceling => {}
                }
            }
            Next::Same => {}
            Next::Anomaly(what) => {
                let text = format!("order {}: {what}", order.client_order_id);
                self.anomaly(venue, Some(market), text, out);
            }
        }
        self.settle_order(key);
    }

    /// After any change of an order: its place, risk's figures and the market's execution follow.
    pub(crate) fn settle_order(&mut self, key: OrderKey) {
        let Some(order) = self.state.orders.get(key) else { return };
        let market = order.market;
        self.state.orders.settle(key, self.now);
        self.risk.touch(market);
        self.mark_work(market);
    }

    /// Something that cannot be: people are told, and the market waits for the venue's word.
    pub(crate) fn anomaly(&mut self, venue: Venue, market: Option<MarketId>, text: String, out: &mut Vec<Command>) {
        self.counts.anomalies += 1;
        if let Some(market) = market {
            self.halt(Scope::Market(market), Cause::Anomaly, &text, out);
        }
        self.want_reconcile(venue, self.now);
        out.push(Command::Alert(Alert::Anomaly { venue, text }));
    }

    pub(crate) fn halt(&mut self, scope: Scope, cause: Cause, reason: &str, out: &mut Vec<Command>) {
        if self.state.halts.halt(self.now, scope, cause, reason) {
            out.push(Command::Alert(Alert::Halted { scope, reason: reason.to_owned() }));
            self.mark_scope(scope);
        }
    }

    pub(crate) fn lift(&mut self, scope: Scope, cause: Cause, why: &str, out: &mut Vec<Command>) {
        if self.state.halts.lift(scope, cause).is_some() {
            out.push(Command::Alert(Alert::Resumed { scope, reason: why.to_owned() }));
            self.mark_scope(scope);
        }
    }

    fn mark_scope(&mut self, scope: Scope) {
        match scope {
            Scope::Market(market) => self.mark_work(market),
            Scope::All | Scope::Venue(_) | Scope::Strategy(_) => self.mark_all_work(),
        }
    }

    pub(crate) fn trip(&mut self, trip: Option<Trip>, out: &mut Vec<Command>) {
        if let Some(Trip { scope, cause, reason }) = trip {
            self.halt(scope, cause, &reason, out);
        }
    }

    // --- Requests ---------------------------------------------------------------------------------------------------

    pub(crate) fn send(
        &mut self,
        venue: Venue,
        order: Option<OrderKey>,
        kind: Kind,
        body: Request,
        out: &mut Vec<Command>,
    ) {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        let until = self.now.plus(self.config.answer_timeout);
        self.pending.push(Pending { request, venue, order, kind, until });
        if let Some(order) = order.and_then(|key| self.state.orders.get_mut(key)) {
            order.request = Some(request);
            order.touched = self.now;
        }
        out.push(Command::Send { venue, request, body });
    }

    pub(crate) fn sync_mut(&mut self, venue: Venue) -> &mut VenueSync {
        &mut self.sync[venue_index(venue)]
    }
}
