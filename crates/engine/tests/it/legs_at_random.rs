//! Combos on venues that do as they like: fills in parts, doubts that hide fills, matches that fail late, books that jump,
//! connections that go. What must hold is judged by the venues' own fills.

use std::collections::BTreeMap;
use std::time::Duration;

use brier_engine::risk::Limits;
use brier_engine::{
    Answer, Combo, Command, Custody, Ended, EngineConfig, Input, Leg, Manner, MarketId, OnShortfall, PlaceOrder,
    Request, RequestId, Role,
};
use brier_types::{
    BookSide, ConnectionInput, Fill, FillStatus, FillStatusUpdate, Input as FeedInput, Money, OrderStatus, OrderUpdate,
    Price, Qty, Rounding, TimeInForce, Venue, notional,
};
use proptest::prelude::*;

use crate::harness::{Bench, NOON, cents, generous, instrument, qty};

const K: Venue = Venue::Kalshi;
const P: Venue = Venue::Polymarket;

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A fill as the venue knows it.
struct TrueFill {
    combo: u32,
    fill: Fill,
    market: MarketId,
    pending: bool,
    failed: bool,
    told: bool,
}

/// An order at its venue.
struct AtVenue {
    place: PlaceOrder,
    combo: u32,
    name: String,
    left: Qty,
    rests: bool,
}

struct World {
    bench: Bench,
    dice: Dice,
    orders: BTreeMap<String, AtVenue>,
    fills: Vec<TrueFill>,
    /// Requests that were not answered.
    asked: Vec<(Venue, RequestId, Request)>,
    legs: BTreeMap<u32, Vec<Leg>>,
    wanted: Vec<Leg>,
    down: [bool; 2],
    trades: u32,
}

const BOUND: i64 = 9_000_000;

fn dollars_of(side: BookSide, fill: &Fill, up: bool) -> i128 {
    let price = match side {
        BookSide::Bid => fill.price,
        BookSide::Ask => fill.price.complement(),
    };
    i128::from(notional(price, fill.qty, if up { Rounding::Ceil } else { Rounding::Floor }).micros())
}

impl World {
    fn new(seed: u64) -> Self {
        let instruments = [
            instrument(K, "M", "E", false),
            instrument(P, "N", "F", false),
            instrument(K, "O", "G", false),
            instrument(P, "Q", "H", false),
        ];
        let limits = Limits { max_open_leg: Money::from_micros(BOUND), ..generous() };
        let mut config = EngineConfig::new("t1", limits);
        for habits in &mut config.habits {
            habits.requests_per_second = 1_000;
            habits.burst = 1_000;
        }
        let bench = Bench::with_config(config, &instruments);
        Self {
            bench,
            dice: Dice(seed),
            orders: BTreeMap::new(),
            fills: Vec::new(),
            asked: Vec::new(),
            legs: BTreeMap::new(),
            wanted: Vec::new(),
            down: [false; 2],
            trades: 0,
        }
    }

    /// Takes what the engine has sent.
    fn listen(&mut self) {
        for command in std::mem::take(&mut self.bench.out) {
            let Command::Send { venue, request, body } = command else { continue };
            if let Request::Place(place) = &body {
                let place = place.get();
                let order = self.bench.engine.state().orders.get(place.order).unwrap();
                let Role::Leg(combo) = order.role else { panic!("{:?}", order.role) };
                self.legs.entry(combo).or_insert_with(|| self.wanted.clone());
            }
            self.asked.push((venue, request, body));
        }
    }

    fn combo_of(&self, place: &PlaceOrder) -> u32 {
        match self.bench.engine.state().orders.get(place.order).map(|order| order.role) {
            Some(Role::Leg(combo)) => combo,
            other => panic!("{other:?}"),
        }
    }

    /// So much of an order fills at the venue.
    fn fill(&mut self, name: &str, filled: Qty) -> usize {
        self.trades += 1;
        let at = self.orders.get_mut(name).unwrap();
        at.left = at.left.saturating_sub(filled);
        let new = &at.place.new;
        // A price at the limit or a cent better.
        let better = self.dice.one_in(2);
        let pips = match new.side {
            BookSide::Bid => new.price.pips() - if better && new.price.pips() > 200 { 100 } else { 0 },
            BookSide::Ask => new.price.pips() + if better && new.price.pips() < 9_800 { 100 } else { 0 },
        };
        let price = Price::new(pips).unwrap();
        let instrument = self.bench.engine.state().universe.get(at.place.market_id);
        let fill = Fill {
            trade: format!("t{}", self.trades).parse().unwrap(),
            order: name.parse().unwrap(),
            client_order_id: Some(new.client_order_id.clone()),
            market: new.market.clone(),
            side: new.side,
            price,
            qty: filled,
            is_taker: !new.post_only,
            fee: instrument.fees.taker(price, filled),
            position_after: None,
        };
        let pending = instrument.custody == Custody::Tokens;
        let (combo, market) = (at.combo, at.place.market_id);
        self.fills.push(TrueFill { combo, fill, market, pending, failed: false, told: false });
        self.fills.len() - 1
    }

    fn tell(&mut self, place: usize) {
        let it = &mut self.fills[place];
        it.told = true;
        let (fill, market) = (it.fill.clone(), it.market);
        let venue = self.bench.engine.state().universe.get(market).venue();
        self.bench.feed(venue, FeedInput::Fill(fill));
    }

    fn part(&mut self, all: Qty) -> Qty {
        match self.dice.below(4) {
            0 => Qty::ZERO,
            1 => Qty::from_micros(all.micros() / 20_000 * 10_000).unwrap(),
            _ => all,
        }
    }

    /// Answers the oldest request, well or badly.
    fn answer(&mut self, kindly: bool) {
        if self.asked.is_empty() {
            return;
        }
        let (venue, request, body) = self.asked.remove(0);
        match body {
            Request::Place(place) => self.take_order(venue, request, place.get().clone(), kindly),
            Request::Lookup(lookup) => {
                let name = format!("v{}", lookup.order);
                let answer = match self.orders.get(&name) {
                    Some(at) => Answer::Found(self.update(at)),
                    None => Answer::NotFound { as_of: self.bench.now },
                };
                self.bench.answer(venue, request, answer);
                self.tell_all_of(&name);
            }
            Request::Cancel { order, .. } => {
                let name = format!("v{order}");
                let Some(at) = self.orders.get_mut(&name) else {
                    self.bench.answer(venue, request, Answer::Gone);
                    return;
                };
                let left = std::mem::replace(&mut at.left, Qty::ZERO);
                at.rests = false;
                self.bench.answer(venue, request, Answer::Canceled { reduced_by: Some(left) });
                self.tell_all_of(&name);
            }
            other => panic!("{other:?}"),
        }
    }

    fn update(&self, at: &AtVenue) -> OrderUpdate {
        let filled = at.place.new.qty.saturating_sub(at.left);
        let (status, remaining) =
            if at.rests { (OrderStatus::Resting, at.left) } else { (OrderStatus::Canceled, Qty::ZERO) };
        // Of an order that was taken back what is left is nothing, and what had filled is known by its fills.
        let mine = self.fills.iter().filter(|it| it.fill.order.as_str() == at.name);
        let heard: u64 = mine.map(|it| it.fill.qty.micros()).sum();
        OrderUpdate {
            order: at.name.parse().unwrap(),
            client_order_id: Some(at.place.new.client_order_id.clone()),
            market: at.place.new.market.clone(),
            side: at.place.new.side,
            price: at.place.new.price,
            status,
            filled: if at.rests { filled } else { Qty::from_micros(heard).unwrap() },
            remaining,
            reason: None,
        }
    }

    fn take_order(&mut self, venue: Venue, request: RequestId, place: PlaceOrder, kindly: bool) {
        let (name, combo) = (format!("v{}", place.order), self.combo_of(&place));
        let fate = if kindly { 3 } else { self.dice.below(10) };
        if fate == 0 {
            let answer = Bench::reject(brier_engine::RejectCode::NoLiquidity, "nothing there");
            self.bench.answer(venue, request, answer);
            return;
        }
        if fate == 1 && self.dice.one_in(6) {
            // It never arrives, and nobody says so.
            self.bench.answer(venue, request, Answer::InDoubt { why: "no answer".to_owned() });
            return;
        }
        let all = place.new.qty;
        let filled = if place.new.post_only { Qty::ZERO } else { self.part(all) };
        let rests = place.new.time_in_force == TimeInForce::Gtc && filled < all;
        self.orders.insert(name.clone(), AtVenue { place, combo, name: name.clone(), left: all, rests });
        let fill = (!filled.is_zero()).then(|| self.fill(&name, filled));
        if fate <= 2 {
            self.bench.answer(venue, request, Answer::InDoubt { why: "no answer".to_owned() });
            return;
        }
        let remaining = if rests { all.saturating_sub(filled) } else { Qty::ZERO };
        let order = name.parse().unwrap();
        self.bench.answer(venue, request, Answer::Placed { order, filled, remaining });
        if let Some(fill) = fill.filter(|_| kindly || !self.dice.one_in(5)) {
            self.tell(fill);
        }
    }

    fn tell_all_of(&mut self, name: &str) {
        for place in 0..self.fills.len() {
            if self.fills[place].fill.order.as_str() == name && !self.fills[place].told {
                self.tell(place);
            }
        }
    }

    /// What rests fills a little.
    fn fill_resting(&mut self) {
        let resting: Vec<String> = self.orders.values().filter(|at| at.rests).map(|at| at.name.clone()).collect();
        for name in resting {
            let left = self.orders[&name].left;
            let filled = self.part(left);
            if filled.is_zero() || self.dice.one_in(2) {
                continue;
            }
            let fill = self.fill(&name, filled);
            if self.orders[&name].left.is_zero() {
                self.orders.get_mut(&name).unwrap().rests = false;
            }
            self.tell(fill);
        }
    }

    /// A match comes to its end.
    fn settle(&mut self, kindly: bool) {
        let pending: Vec<usize> =
            (0..self.fills.len()).filter(|at| self.fills[*at].pending && self.fills[*at].told).collect();
        if pending.is_empty() {
            return;
        }
        let at = pending[self.dice.below(pending.len() as u64) as usize];
        let failed = !kindly && self.dice.one_in(4);
        let it = &mut self.fills[at];
        (it.pending, it.failed) = (false, failed);
        let update = FillStatusUpdate {
            trade: it.fill.trade.clone(),
            order: it.fill.order.clone(),
            market: it.fill.market.clone(),
            status: if failed { FillStatus::Failed } else { FillStatus::Confirmed },
        };
        self.bench.feed(P, FeedInput::FillStatus(update));
    }

    fn new_book(&mut self) {
        let market = MarketId(self.dice.below(4) as u32);
        let venue = self.bench.engine.state().universe.get(market).venue();
        if self.down[usize::from(venue == P)] {
            return;
        }
        // Kalshi's YES at 40 to 50, Polymarket's at 48 to 58: mostly there is something between, now and then there is not.
        let middle = 40 + self.dice.below(11) as u8 + if venue == P { 8 } else { 0 };
        let size = |dice: &mut Dice| 3 + dice.below(30);
        let bids = [(middle - 1, size(&mut self.dice)), (middle - 3, size(&mut self.dice))];
        let asks = [(middle + 1, size(&mut self.dice)), (middle + 3, size(&mut self.dice))];
        let (bids, asks) = (&bids[..self.levels()], &asks[..self.levels()]);
        self.bench.book(venue, market, bids, asks);
    }

    fn levels(&mut self) -> usize {
        if self.dice.one_in(10) { 0 } else { 1 + self.dice.below(2) as usize }
    }

    fn want(&mut self) {
        let set = self.dice.below(2) as u32 * 2;
        let (kalshi, polymarket) = (MarketId(set), MarketId(set + 1));
        let limit = |dice: &mut Dice, middle: u8| cents(middle - 4 + dice.below(9) as u8);
        let mut legs = vec![
            Leg { market: polymarket, side: BookSide::Ask, limit: limit(&mut self.dice, 52), seen: cents(52) },
            Leg { market: kalshi, side: BookSide::Bid, limit: limit(&mut self.dice, 47), seen: cents(47) },
        ];
        if self.dice.one_in(3) {
            legs.reverse();
        }
        let on_shortfall = match self.dice.below(4) {
            0 => OnShortfall::Hold,
            _ => OnShortfall::Unwind { max_loss: self.dice.below(2_000) as u16 },
        };
        let manner = match self.dice.below(3) {
            0 => Manner::MakerFirst { rest_for: Duration::from_secs(3) },
            _ => Manner::Immediate,
        };
        let combo = Combo {
            least: Money::from_micros(10_000),
            on_shortfall,
            manner,
            patience: Duration::from_secs(4),
            ..Combo::new(legs.clone(), qty(5 + self.dice.below(20)), Money::DOLLAR)
        };
        self.wanted = legs;
        self.bench.script.lock().unwrap().combos.push(combo);
        self.bench.nudge();
    }

    fn toggle_connection(&mut self) {
        let venue = if self.dice.one_in(2) { K } else { P };
        let place = usize::from(venue == P);
        if self.down[place] {
            self.bring_up(venue);
        } else {
            self.down[place] = true;
            let reason = "reset by peer".to_owned();
            self.bench.feed(venue, FeedInput::Connection(ConnectionInput::Down { venue, reason }));
        }
    }

    /// The connection is back, and the venue's reads say what the engine thinks.
    fn bring_up(&mut self, venue: Venue) {
        self.down[usize::from(venue == P)] = false;
        // The reads show every fill.
        for place in 0..self.fills.len() {
            if !self.fills[place].told {
                self.tell(place);
            }
        }
        self.bench.feed(venue, FeedInput::Connection(ConnectionInput::Up { venue }));
        let state = self.bench.engine.state();
        let positions: Vec<_> = state
            .universe
            .iter()
            .filter(|(_, it)| it.venue() == venue)
            .map(|(market, it)| brier_engine::VenuePosition {
                market: it.market.ticker.clone(),
                net: state.portfolio.account(market).net(),
                tokens: None,
            })
            .collect();
        let cash = vec![brier_engine::VenueCash { shard: 0, free: None, total: Some(state.portfolio.cash(venue, 0)) }];
        let asked = self.bench.out.iter().rev().find_map(|command| match command {
            Command::Reconcile { venue: of, asked, .. } if *of == venue => Some(*asked),
            _ => None,
        });
        let snapshot = brier_engine::AccountSnapshot {
            venue,
            asked: asked.expect("it asks"),
            as_of: self.bench.now,
            orders: Vec::new(),
            fills: Vec::new(),
            statuses: Vec::new(),
            fills_since: NOON,
            positions,
            cash,
        };
        self.bench.input(Input::Account(Box::new(snapshot)));
    }

    /// By the venues' fills: what a leg of a combo has at least and at most, and what of it is bought and sold.
    fn leg(&self, combo: u32, leg: &Leg) -> Held {
        let mut held = Held::default();
        let mine = |it: &&TrueFill| it.combo == combo && it.market == leg.market && !it.failed;
        for it in self.fills.iter().filter(mine) {
            let (qty, sure) = (i128::from(it.fill.qty.micros()), !it.pending);
            if it.fill.side == leg.side {
                held.bought += qty;
                held.cost += dollars_of(leg.side, &it.fill, true);
                held.most += qty;
                held.least += if sure { qty } else { 0 };
            } else {
                held.sold += qty;
                held.least -= qty;
                held.most -= if sure { qty } else { 0 };
            }
            held.cost += i128::from(it.fill.fee.micros());
        }
        held
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let open = self.bench.engine.open_legs().micros();
        prop_assert!(open <= BOUND, "the engine counts {open} open");
        let mut truly = 0;
        for (combo, legs) in &self.legs {
            let held: Vec<Held> = legs.iter().map(|leg| self.leg(*combo, leg)).collect();
            let worst = (0..held.len()).map(|least| {
                let others = held.iter().enumerate().filter(|(at, _)| *at != least);
                others.map(|(_, it)| it.cost_of(it.most - held[least].least)).sum::<i128>()
            });
            truly += worst.max().unwrap_or(0);
        }
        // Averages of parts are rounded up, a micro-dollar each.
        prop_assert!(
            truly <= i128::from(BOUND) + 100,
            "{truly} is open by the venues' fills, the engine counts {open}"
        );
        Ok(())
    }

    fn check_end(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.bench.engine.combos_under_way(), 0);
        for (combo, legs) in &self.legs {
            let it = self.bench.engine.attempts().find(|it| it.combo == *combo).expect("every attempt is recorded");
            let held: Vec<Held> = legs.iter().map(|leg| self.leg(*combo, leg)).collect();
            for (leg, held) in it.legs.iter().zip(&held) {
                prop_assert_eq!(i128::from(leg.bought.micros()), held.bought, "{:?}", it);
                prop_assert_eq!(i128::from(leg.sold.micros()), held.sold, "{:?}", it);
            }
            let have = |held: &Held| held.bought - held.sold;
            let (least, most) = (held.iter().map(have).min().unwrap(), held.iter().map(have).max().unwrap());
            let equal = most - least < 10_000;
            prop_assert!(equal || it.ended == Ended::Held, "{it:?}");
            prop_assert!(it.ended != Ended::Complete || it.locked_in >= Money::ZERO, "{it:?}");
            let spent: i128 = held.iter().map(|it| it.cost).sum();
            let got: i128 = self
                .fills
                .iter()
                .filter(|fill| fill.combo == *combo && !fill.failed)
                .filter_map(|fill| {
                    let leg = legs.iter().find(|leg| leg.market == fill.market)?;
                    (fill.fill.side != leg.side).then(|| dollars_of(leg.side, &fill.fill, false))
                })
                .sum();
            prop_assert_eq!(i128::from(it.locked_in.micros()), least + got - spent, "{:?}", it);
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    bought: i128,
    sold: i128,
    cost: i128,
    least: i128,
    most: i128,
}

impl Held {
    fn cost_of(&self, contracts: i128) -> i128 {
        if contracts <= 0 || self.bought == 0 { 0 } else { (self.cost * contracts + self.bought - 1) / self.bought }
    }
}

fn storm(world: &mut World, steps: u32) -> Result<(), TestCaseError> {
    for _ in 0..steps {
        match world.dice.below(24) {
            0..=6 => world.new_book(),
            7..=9 => world.want(),
            10..=18 => world.answer(false),
            19 | 20 => world.settle(false),
            21 => world.fill_resting(),
            22 if world.dice.one_in(20) => world.toggle_connection(),
            _ => {
                let millis = 100 + world.dice.below(1_000);
                world.bench.pass(Duration::from_millis(millis));
            }
        }
        world.listen();
        world.check()?;
    }
    Ok(())
}

fn run(seed: u64, steps: u32) -> Result<World, TestCaseError> {
    let mut world = World::new(seed);
    storm(&mut world, steps)?;
    for venue in [K, P] {
        if world.down[usize::from(venue == P)] {
            world.bring_up(venue);
        }
    }
    // Everything comes to its end: answers, fills, matches, doubts.
    for _ in 0..400 {
        world.listen();
        while !world.asked.is_empty() {
            world.answer(true);
            world.listen();
        }
        for place in 0..world.fills.len() {
            if !world.fills[place].told {
                world.tell(place);
            }
        }
        world.settle(true);
        world.bench.pass(Duration::from_millis(700));
        world.check()?;
    }
    world.check_end()?;
    Ok(world)
}

/// A random world in which nothing happens would prove nothing.
#[test]
fn combos_at_random_end_in_every_way() {
    let mut ends: BTreeMap<&str, u32> = BTreeMap::new();
    for seed in 0..60 {
        let world = run(seed, 300).unwrap();
        for it in world.bench.engine.attempts() {
            *ends.entry(it.ended.word()).or_default() += 1;
        }
    }
    for word in ["refused", "nothing", "complete", "rebalanced", "unwound", "held"] {
        assert!(ends.get(word).is_some_and(|count| *count >= 5), "{word}: {ends:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn legs_end_equal_or_told_and_never_more_is_open_than_the_bound(seed in any::<u64>()) {
        run(seed, 250)?;
    }
}
