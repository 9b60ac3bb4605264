//! Two markets whose payoffs are tied, bought together for less than they pay: the same event on both venues, or one event that
//! implies or excludes another.
//!
//! Of tied markets there are positions of which one pays a dollar whatever happens ([`Tie::hedges`]): YES here and NO there of the
//! same event. Where both together cost less than a dollar after the exact fees of the size, and the rest beats what the money would
//! earn elsewhere until the later payout, both are bought in equal contracts, level by level as long as the next contract of
//! both is worth it. Where taking both does not pay and `rest_for` is set, one leg rests as a quote at the price with which it
//! would, and its fills are hedged at once. The leg that is less certain to fill goes first, each is looked at again before it is sent, and what cannot
//! be completed is sold again within a set loss: the engine does that, bounds what may stand open, and writes down what was
//! expected and what came of it.
//!
//! It needs no opinion. What can go wrong: markets that look tied and are not, so a run proves every tie by the rules of both at its
//! start and leaves out what they do not prove; ends that are not ordinary (a void, a postponement), which have to be accepted one
//! by one; quotes that are gone when the order comes; money that is locked until the later of two payouts.
//!
//! Source: reference (feeds), sections 9.10 and 9.11.

use std::time::Duration;

use brier_arbitrage::{
    Account, Books, Change, Held, Hurdle, Limits, Member, Opportunity, Relation, Scanner, Set, SetId, Terms,
};
use brier_book::BookView;
use brier_engine::{Combo, Interest, Leg, Manner, MarketId, OnShortfall, Signal, Strategy, View, Wants, legs};
use brier_types::{Action, BookSide, MarketStatus, MarketTicker, Money, Outcome, Price, Qty, Timestamp, Venue};

use crate::resting;
use crate::tie::Tie;

/// Two markets and how they are tied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The first.
    pub first: (Venue, MarketTicker),
    /// How.
    pub tie: Tie,
    /// The second.
    pub second: (Venue, MarketTicker),
}

/// What bounds the strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct ArbitrageParameters {
    /// What it trades.
    pub pairs: Vec<Pair>,
    /// Most contracts of each leg that are bought at a time.
    pub clip: Qty,
    /// Most contracts of an outcome that are held in a market.
    pub cap: Qty,
    /// Least gain of one contract of both together, after fees and hurdle.
    pub margin: Money,
    /// What the same money must earn until the later payout.
    pub hurdle: Hurdle,
    /// From the later close to the later payout.
    pub payout_after: Duration,
    /// The most that completing at a worse price, or selling again, may lose a contract.
    pub unwind_loss: Price,
    /// Least time between two tries on a pair.
    pub pause: Duration,
    /// How long a leg may stand open while nothing can be done about it.
    pub patience: Duration,
    /// How long one leg may rest as a quote where taking both does not pay; never where it is zero.
    pub rest_for: Duration,
}

/// See the module's head.
#[derive(Debug)]
pub struct Arbitrage {
    it: ArbitrageParameters,
    scanner: Scanner,
    /// By pair: its set, once both markets are listed, and when it was last tried.
    watched: Vec<Option<Watched>>,
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    set: SetId,
    markets: [MarketId; 2],
    tried: Option<Timestamp>,
}

impl Arbitrage {
    /// A strategy with these bounds.
    pub fn new(parameters: ArbitrageParameters) -> Self {
        let limits = Limits { hurdle: parameters.hurdle, ..Limits::default() };
        Self {
            scanner: Scanner::new(limits),
            watched: vec![None; parameters.pairs.len()],
            changes: Vec::new(),
            it: parameters,
        }
    }

    /// Watches every pair whose markets are listed.
    fn watch(&mut self, view: &View<'_>) {
        for (pair, watched) in self.it.pairs.iter().zip(&mut self.watched) {
            if watched.is_some() {
                continue;
            }
            let find = |(venue, name): &(Venue, MarketTicker)| view.find(*venue, name.as_str());
            let (Some(first), Some(second)) = (find(&pair.first), find(&pair.second)) else { continue };
            let member = |market: MarketId, surcharge| {
                let it = view.instrument(market);
                let terms = Terms::of(it, it.market.close_time.plus(self.it.payout_after));
                Member { market, terms: Terms { surcharge, ..terms } }
            };
            // The margin counts as a cost of the first leg, so that each level has to earn it.
            let members = vec![member(first, self.it.margin), member(second, Money::ZERO)];
            let Ok(set) = Set::new(members, &[relation(pair.tie)], Vec::new()) else { continue };
            if let Ok(set) = self.scanner.register(set) {
                *watched = Some(Watched { set, markets: [first, second], tried: None });
            }
        }
    }

    /// Quotes one leg of every pair that nothing was wanted of, where that pays.
    fn rest(&mut self, view: &View<'_>, wants: &mut Wants) {
        if self.it.rest_for.is_zero() {
            return;
        }
        let (now, desk) = (view.now(), Desk { view, cap: self.it.cap, clip: self.it.clip });
        for (pair, watched) in self.it.pairs.iter().zip(&mut self.watched) {
            let Some(watched) = watched else { continue };
            if watched.tried.is_some_and(|tried| tried == now || now.since(tried) < self.it.pause) {
                continue;
            }
            if let Some(combo) = resting::combo(&self.it, pair.tie, watched.markets, &desk) {
                watched.tried = Some(now);
                wants.combo(combo);
            }
        }
    }

    fn look(&mut self, view: &View<'_>, market: MarketId, wants: &mut Wants) {
        let desk = Desk { view, cap: self.it.cap, clip: self.it.clip };
        let mut changes = std::mem::take(&mut self.changes);
        self.scanner.on_book(market, &desk, &desk, view.now(), &mut changes);
        for change in changes.drain(..) {
            let Change::Found(set, found) = change else { continue };
            let Some(watched) = self.watched.iter_mut().flatten().find(|watched| watched.set == set) else { continue };
            let now = view.now();
            // Once a moment whatever the pause: what was wanted a line ago is in no view yet.
            if watched.tried.is_some_and(|tried| tried == now || now.since(tried) < self.it.pause) {
                continue;
            }
            if let Some(combo) = combo(&self.it, view, watched.markets, &found) {
                watched.tried = Some(now);
                wants.combo(combo);
            }
        }
        self.changes = changes;
    }
}

/// What is proved, by the places of a pair's markets.
const fn relation(tie: Tie) -> Relation {
    let (first, second) = (0, 1);
    match tie {
        Tie::Same => Relation::Same { first, second },
        Tie::Inverse => Relation::Inverse { first, second },
        Tie::Implies => Relation::Implies { first, second },
        Tie::Excludes => Relation::Excludes { first, second },
    }
}

fn combo(it: &ArbitrageParameters, view: &View<'_>, markets: [MarketId; 2], found: &Opportunity) -> Option<Combo> {
    let [one, two] = found.legs.as_slice() else { return None };
    let buys = |leg: &brier_arbitrage::Leg| leg.action == Action::Buy && markets.contains(&leg.market);
    if !buys(one) || !buys(two) || one.qty != two.qty || !found.steps.is_empty() {
        return None;
    }
    let leg = |leg: &brier_arbitrage::Leg| {
        let (side, limit) = leg.in_yes_terms();
        let seen = view.best_of_others(leg.market, side.opposite())?;
        Some(Leg { market: leg.market, side, limit, seen })
    };
    let mut legs = vec![leg(one)?, leg(two)?];
    legs::least_certain_first(view, &mut legs, one.qty);
    Some(Combo {
        legs,
        qty: one.qty,
        pays: Money::DOLLAR,
        least: it.margin,
        manner: Manner::Immediate,
        on_shortfall: OnShortfall::Unwind { max_loss: it.unwind_loss.pips() },
        patience: it.patience,
    })
}

/// The view as the scanner wants it.
pub(crate) struct Desk<'a, 'v> {
    pub(crate) view: &'a View<'v>,
    cap: Qty,
    clip: Qty,
}

impl Books for Desk<'_, '_> {
    fn book(&self, market: MarketId) -> Option<BookView<'_>> {
        let (view, it) = (self.view, self.view.instrument(market));
        let open = it.status_at(view.now()) == MarketStatus::Active && view.is_open(market);
        // A leg under way is to be known first.
        if !open || view.orders(market).next().is_some() {
            return None;
        }
        view.book(market).ok()
    }
}

impl Account for Desk<'_, '_> {
    fn cash(&self, venue: Venue, shard: u16) -> Money {
        self.view.cash(venue, shard)
    }

    /// What is held belongs to sets that are complete: nothing of it is sold for another.
    fn held(&self, _market: MarketId) -> Held {
        Held::default()
    }

    fn room(&self, market: MarketId, outcome: Outcome) -> Qty {
        let net = self.view.position(market).net().micros();
        let held = match outcome {
            Outcome::Yes => net.max(0),
            Outcome::No => net.min(0),
        };
        let room = self.cap.saturating_sub(Qty::from_micros(held.unsigned_abs()).unwrap_or(Qty::MAX));
        room.min(self.clip)
    }

    fn own(&self, market: MarketId, side: BookSide, price: Price) -> Qty {
        self.view.own_at(market, side, price)
    }
}

impl Strategy for Arbitrage {
    fn name(&self) -> &'static str {
        "arbitrage"
    }

    fn interest(&self) -> Interest {
        let pairs = self.it.pairs.iter().flat_map(|pair| [pair.first.clone(), pair.second.clone()]);
        let mut markets: Vec<_> = pairs.collect();
        markets.sort();
        markets.dedup();
        Interest { markets, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        match signal {
            Signal::Start => self.watch(view),
            Signal::Book(market) | Signal::Fill(market) | Signal::Status(market) => {
                self.watch(view);
                self.look(view, market, wants);
            }
            // What was passed over during the pause, or without cash, is looked at again. Both markets are: what the scanner
            // knows of either is of its last change, and that may have come while the market's venue was halted or an
            // order was under way. No signal tells the end of those.
            Signal::Timer => {
                self.watch(view);
                for at in 0..self.watched.len() {
                    if let Some(watched) = self.watched[at] {
                        for market in watched.markets {
                            self.look(view, market, wants);
                        }
                    }
                }
                self.rest(view, wants);
            }
            Signal::Trade(..) | Signal::Fair(_) | Signal::Fact(_) => {}
        }
    }
}
