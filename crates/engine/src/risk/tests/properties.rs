//! The worst case against brute force, limits in every future, and what fits to the step.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::exposure::given;
use super::*;

/// An order as a test draws it.
#[derive(Clone, Debug)]
struct Drawn {
    market: usize,
    strategy: u16,
    side: BookSide,
    price: u8,
    total: u64,
    /// Hundredths of the total that were told, and of what was told that were booked.
    told: u64,
    booked: u64,
    state: u8,
    other_price: u8,
    other_total: u64,
}

fn side() -> impl proptest::strategy::Strategy<Value = BookSide> {
    prop_oneof![Just(BID), Just(ASK)]
}

fn drawn() -> impl proptest::strategy::Strategy<Value = Drawn> {
    let terms = (0_usize..4, 0_u16..2, side(), 1_u8..100, 1_u64..60);
    let life = (0_u64..=100, 0_u64..=100, 0_u8..7, 1_u8..100, 1_u64..60);
    (terms, life).prop_map(
        |((market, strategy, side, price, total), (told, booked, state, other_price, other_total))| Drawn {
            market,
            strategy,
            side,
            price,
            total,
            told,
            booked,
            state,
            other_price,
            other_total,
        },
    )
}

fn share(of: Qty, hundredths: u64) -> Qty {
    let steps = of.micros() / Qty::HUNDREDTH.micros() * hundredths / 100;
    Qty::from_hundredths(steps).unwrap()
}

impl Drawn {
    /// Puts it into a world, in whatever state it was drawn.
    fn place(&self, world: &mut World, markets: &[MarketId], with_fills: bool) {
        let market = markets[self.market % markets.len()];
        let total = qty(self.total);
        let key = world.rest(market, self.side, cents(self.price), total);
        let told = share(total, if self.told < 50 { 0 } else { self.told });
        let booked = if with_fills { share(told, self.booked) } else { Qty::ZERO };
        let strategy = StrategyId(self.strategy);
        if !booked.is_zero() {
            world.own(strategy, market, self.side, cents(self.price), booked);
        }
        let (price, total) = (cents(self.other_price), qty(self.other_total));
        let may_sell = with_fills && self.booked.is_multiple_of(2) && self.sells_owned(world, market, strategy);
        world.change(key, |order| {
            if may_sell {
                order.funding = Funding::Holdings;
            }
            order.strategy = strategy;
            (order.told, order.booked) = (told, booked);
            order.state = match self.state {
                0 => OrderState::Submitting,
                1 => OrderState::InDoubt { since: NOON },
                2 => OrderState::Canceling,
                3 => OrderState::Amending { price, total },
                4 => OrderState::AmendInDoubt { since: NOON, price, total },
                5 => OrderState::Done { reason: crate::order::EndReason::Canceled },
                _ => OrderState::Resting,
            };
        });
    }
}

impl Drawn {
    /// Whether it could sell tokens that the strategy owns and nothing else offers.
    fn sells_owned(&self, world: &World, market: MarketId, strategy: StrategyId) -> bool {
        let own = world.state.portfolio.strategy(strategy, market).held(given(self.side));
        let all = world.state.portfolio.account(market).held(given(self.side));
        let sales = world.state.orders.open_in(market).filter(|order| order.funding == Funding::Holdings);
        let offered: u64 = sales.map(|order| order.worst_open().micros() + order.unbooked().micros()).sum();
        let more = qty(self.total.max(self.other_total)).micros();
        world.state.universe.get(market).custody == Custody::Tokens && offered + more <= own.min(all).micros()
    }
}

/// One thing that may happen: these contracts of an order fill at this price, or have and nobody told.
#[derive(Clone, Copy)]
struct Chance {
    key: OrderKey,
    market: MarketId,
    side: BookSide,
    price: Price,
    qty: Qty,
}

fn chances(world: &World, markets: &[MarketId], whose: Option<StrategyId>) -> Vec<Chance> {
    let orders = markets.iter().flat_map(|market| world.state.orders.open_in(*market));
    orders
        .filter(|order| whose.is_none_or(|strategy| strategy == order.strategy))
        .map(|order| Chance {
            key: order.key,
            market: order.market,
            side: order.side,
            price: order.worst_price(),
            qty: order.worst_open().checked_add(order.unbooked()).unwrap(),
        })
        .filter(|chance| !chance.qty.is_zero())
        .collect()
}

/// The most that a chance may pay in fees.
fn fee(world: &World, chance: &Chance) -> Money {
    let reach = match chance.side {
        BookSide::Bid => (Price::ZERO, chance.price),
        BookSide::Ask => (chance.price, Price::ONE),
    };
    let steps = chance.qty.micros().div_ceil(Qty::HUNDREDTH.micros()).min(100);
    world.state.universe.get(chance.market).fees.most(reach, chance.qty, steps)
}

/// What a chance that came true brings, in $0.000001.
fn brings(world: &World, chance: &Chance, resolved_yes: bool) -> i128 {
    let (pips, micros) = (i128::from(chance.price.pips()), i128::from(chance.qty.micros()));
    let pays = match chance.side {
        BookSide::Bid => pips,
        BookSide::Ask => 10_000 - pips,
    };
    let cost = (pays * micros + 9_999).div_euclid(10_000) + i128::from(fee(world, chance).micros());
    let wins = resolved_yes == (chance.side == BookSide::Bid);
    if wins { micros - cost } else { -cost }
}

/// The most that the markets can lose from here, by trying everything: each set of orders that fill, each way to resolve.
fn brute_force(world: &World, markets: &[MarketId], exclusive: bool, whose: Option<StrategyId>) -> i64 {
    let open = chances(world, markets, whose);
    let mut worst = i128::MIN;
    for resolution in 0..1_u32 << markets.len() {
        if exclusive && resolution.count_ones() > 1 {
            continue;
        }
        let is_yes = |market: MarketId| {
            let place = markets.iter().position(|known| *known == market).unwrap();
            resolution >> place & 1 == 1
        };
        let held: i128 = markets
            .iter()
            .map(|market| {
                let position = match whose {
                    None => world.state.portfolio.account(*market),
                    Some(strategy) => world.state.portfolio.strategy(strategy, *market),
                };
                let paid = if is_yes(*market) { position.yes.qty } else { position.no.qty };
                i128::from(paid.micros()) - i128::from(position.cost().micros())
            })
            .sum();
        for filled in 0..1_u32 << open.len() {
            let come_true = open.iter().enumerate().filter(|(place, _)| filled >> place & 1 == 1);
            let brought: i128 = come_true.map(|(_, chance)| brings(world, chance, is_yes(chance.market))).sum();
            worst = worst.max(-(held + brought));
        }
    }
    i64::try_from(worst).unwrap()
}

/// The same in every future, as more and more orders fill, in every order: with the fees that they paid, which have left the
/// account then, and without.
fn worst_future(world: &World, markets: &[MarketId], exclusive: bool, whose: Option<StrategyId>) -> (i64, i64) {
    let now = brute_force(world, markets, exclusive, whose);
    let (mut without, mut with) = (now, now);
    for chance in chances(world, markets, whose) {
        let mut next = world.clone();
        let order = next.state.orders.get(chance.key).unwrap();
        let (strategy, funding, confirmed) = (order.strategy, order.funding, FillStatus::Confirmed);
        let (market, side, price, qty) = (chance.market, chance.side, chance.price, chance.qty);
        next.fill(None, strategy, market, side, funding, price, qty, Money::ZERO, confirmed);
        next.change(chance.key, |order| {
            order.booked = order.booked.checked_add(qty).unwrap();
            order.told = order.booked;
            order.state = OrderState::Done { reason: crate::order::EndReason::Filled };
        });
        let later = worst_future(&next, markets, exclusive, whose);
        without = without.max(later.0);
        with = with.max(later.1 + fee(world, &chance).micros());
    }
    (without, with)
}

fn world_of(markets: usize, venue: Venue, exclusive: bool, limits: Limits) -> (World, Vec<MarketId>) {
    let mut world = World::new(limits);
    let markets = (0..markets).map(|_| world.list(venue, "E", exclusive)).collect();
    (world, markets)
}

fn venue() -> impl proptest::strategy::Strategy<Value = Venue> {
    prop_oneof![Just(K), Just(P)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_worst_case_is_the_worst_of_all_sets_of_fills_and_all_outcomes(
        count in 1_usize..=4,
        venue in venue(),
        exclusive in any::<bool>(),
        orders in vec(drawn(), 0..=6),
    ) {
        let limits = Limits { budgets: vec![Budget::UNBOUNDED], ..open() };
        let (mut world, markets) = world_of(count, venue, exclusive, limits);
        let mut untouched = world.clone();
        for order in &orders {
            order.place(&mut world, &markets, false);
            // Figures are kept up one by one as well as all at once.
            world.loss(markets[0]);
        }
        for order in &orders {
            order.place(&mut untouched, &markets, false);
        }
        let expected = brute_force(&world, &markets, exclusive, None);
        prop_assert_eq!(world.loss(markets[0]).micros(), expected);
        prop_assert_eq!(untouched.loss(markets[0]).micros(), expected);
        prop_assert_eq!(world.risk.total_exposure(&world.state).micros(), expected.max(0));
        let own = brute_force(&world, &markets, exclusive, Some(S)).max(0);
        prop_assert_eq!(world.risk.strategy_exposure(&world.state, S), Some(Money::from_micros(own)));
        prop_assert_eq!(&world.risk.exposure.account, &untouched.risk.exposure.account);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// With positions that orders may close, the worst case is that of all states which fills can lead to, as profits that are
    /// taken cover nothing any more.
    #[test]
    fn the_worst_case_beside_positions_is_the_worst_of_all_futures(
        count in 1_usize..=3,
        venue in venue(),
        exclusive in any::<bool>(),
        orders in vec(drawn(), 0..=4),
        positions in vec((0_usize..3, 0_u16..2, side(), 1_u8..100, 1_u64..60), 0..4),
    ) {
        let limits = Limits { budgets: vec![Budget::UNBOUNDED], ..open() };
        let (mut world, markets) = world_of(count, venue, exclusive, limits);
        for (market, strategy, side, price, size) in positions {
            world.own(StrategyId(strategy), markets[market % count], side, cents(price), qty(size));
        }
        for order in &orders {
            order.place(&mut world, &markets, true);
            world.loss(markets[0]);
        }
        // Shares of costs are rounded for each fill.
        let crumbs = 20;
        let found = world.loss(markets[0]).micros();
        let (least, most) = worst_future(&world, &markets, exclusive, None);
        prop_assert!((least..=most + crumbs).contains(&found), "found {found}, expected {least} to {most}");
        let found = world.risk.strategy_exposure(&world.state, S).unwrap().micros();
        let (least, most) = worst_future(&world, &markets, exclusive, Some(S));
        prop_assert!((least.max(0)..=most.max(0) + crumbs).contains(&found), "found {found}, expected {least} to {most}");
    }
}

/// Something that a strategy wants.
#[derive(Clone, Debug)]
struct Wish {
    market: usize,
    strategy: u16,
    side: BookSide,
    price: u8,
    size: u64,
    closes: bool,
    holdings: bool,
    /// A change of this order instead, if there is one.
    changes: Option<usize>,
}

fn wish() -> impl proptest::strategy::Strategy<Value = Wish> {
    let terms = (0_usize..3, 0_u16..3, side(), 5_u8..96, 1_u64..30);
    let kind =
        (proptest::bool::weighted(0.2), proptest::bool::weighted(0.3), proptest::option::weighted(0.25, 0_usize..4));
    (terms, kind).prop_map(|((market, strategy, side, price, size), (closes, holdings, changes))| Wish {
        market,
        strategy,
        side,
        price,
        size,
        closes,
        holdings,
        changes,
    })
}

/// What happens to one admitted order: it fills by this share, at this many cents better, and is told of or only counted.
#[derive(Clone, Copy, Debug)]
struct Fate {
    pick: usize,
    share: u64,
    better: u8,
    is_told: bool,
}

fn fate() -> impl proptest::strategy::Strategy<Value = Fate> {
    let share = prop_oneof![Just(100), 1_u64..100];
    let better = prop_oneof![Just(0), 0_u8..30];
    (0_usize..64, share, better, proptest::bool::weighted(0.7)).prop_map(|(pick, share, better, is_told)| Fate {
        pick,
        share,
        better,
        is_told,
    })
}

fn limits() -> impl proptest::strategy::Strategy<Value = Limits> {
    (24_u64..120, 3_i64..50, 5_i64..70, -3_i64..5, 3_i64..60, any::<bool>()).prop_map(
        |(position, event, total, more, strategy, may_open_short)| {
            let dollars = |dollars: i64| Money::from_micros(dollars * 1_000_000);
            Limits {
                max_position: qty(position),
                max_event_loss: dollars(event),
                max_venue_exposure: [dollars(total), dollars(total)],
                max_exposure: dollars(total + more),
                budgets: vec![
                    Budget {
                        max_position: qty(position / 2 + 1),
                        max_exposure: dollars(strategy),
                        ..Budget::UNBOUNDED
                    },
                    Budget { may_open_short, ..Budget::UNBOUNDED },
                ],
                ..open()
            }
        },
    )
}

impl Wish {
    fn proposal(&self, world: &mut World, markets: &[MarketId]) -> Proposal {
        let mut proposal =
            world.quote(markets[self.market % markets.len()], self.side, cents(self.price), qty(self.size));
        proposal.strategy = StrategyId(self.strategy);
        if self.closes {
            proposal.purpose = Purpose::Close;
        }
        let tokens = world.state.universe.get(proposal.place.market_id).custody == Custody::Tokens;
        if self.holdings && tokens {
            proposal.place.funding = Funding::Holdings;
        }
        proposal
    }

    /// Asks for it; what is admitted is there from then on.
    fn ask(&self, world: &mut World, markets: &[MarketId], placed: &mut Vec<OrderKey>) {
        if let Some(key) = self.changes.and_then(|place| placed.get(place).copied()) {
            if world.state.orders.get(key).unwrap().state == OrderState::Submitting {
                world.change(key, |order| order.state = OrderState::Resting);
                // Refused or not, it has terms that risk has admitted.
                drop(world.amend(key, cents(self.price), qty(self.size)).map_err(|refusal| refusal.to_string()));
            }
            return;
        }
        let proposal = self.proposal(world, markets);
        placed.extend(world.admit(proposal));
    }
}

/// Books contracts of an order at its worst terms or better, with the fee of a taker.
fn book(world: &mut World, key: OrderKey, qty: Qty, better: u8) {
    let order = world.state.orders.get(key).unwrap();
    let (market, side, strategy, funding) = (order.market, order.side, order.strategy, order.funding);
    let worst = order.worst_price().pips();
    let price = match side {
        BookSide::Bid => worst.saturating_sub(u16::from(better) * 100).max(100),
        BookSide::Ask => (worst + u16::from(better) * 100).min(9_900),
    };
    let price = Price::new(price).unwrap();
    let fee = world.state.universe.get(market).fees.taker(price, qty);
    world.fill(Some(key), strategy, market, side, funding, price, qty, fee, FillStatus::Confirmed);
    world.change(key, |order| order.booked = order.booked.checked_add(qty).unwrap());
}

/// Fills an order by a share; what was only counted of it before is told now.
fn fill(world: &mut World, key: OrderKey, fate: Fate) {
    let order = world.state.orders.get(key).unwrap();
    let (untold, qty) = (order.unbooked(), share(order.worst_open(), fate.share));
    if !untold.is_zero() {
        book(world, key, untold, fate.better);
    }
    if fate.is_told && !qty.is_zero() {
        book(world, key, qty, fate.better);
    }
    world.change(key, |order| {
        order.told = if fate.is_told { order.booked } else { order.booked.checked_add(qty).unwrap() };
        if order.worst_open().is_zero() {
            order.state = OrderState::Done { reason: crate::order::EndReason::Filled };
        }
    });
}

/// What the limits say of a world in which nothing rests any more, and of one in which something still may.
fn holds(world: &mut World, events: &[(Vec<MarketId>, bool)], crumbs: i64) -> Result<(), TestCaseError> {
    let limits = world.risk.limits.clone();
    let mut total = 0;
    for (markets, exclusive) in events {
        let loss = brute_force(world, markets, *exclusive, None);
        prop_assert!(loss <= limits.max_event_loss.micros() + crumbs, "event: {loss}");
        total += loss.max(0);
        for market in markets {
            let net = world.state.portfolio.account(*market).net();
            prop_assert!(net.abs() <= limits.max_position, "position: {net}");
            let own = world.state.portfolio.strategy(S, *market).net();
            prop_assert!(own.abs() <= limits.budgets[0].max_position, "strategy's position: {own}");
            for (place, budget) in limits.budgets.iter().enumerate() {
                let position = world.state.portfolio.strategy(StrategyId(place as u16), *market);
                let netted = world.state.universe.get(*market).custody == Custody::Netted;
                prop_assert!(!position.oversold());
                prop_assert!(budget.may_open_short || !netted || position.no.qty.is_zero(), "short: {position:?}");
            }
            prop_assert!(!world.state.portfolio.account(*market).oversold());
        }
    }
    let most = limits.max_exposure.min(limits.max_venue_exposure[0]);
    prop_assert!(total <= most.micros() + crumbs, "exposure: {total}");
    let own: i64 =
        events.iter().map(|(markets, exclusive)| brute_force(world, markets, *exclusive, Some(S)).max(0)).sum();
    prop_assert!(own <= limits.budgets[0].max_exposure.micros() + crumbs, "strategy's exposure: {own}");
    for venue in [K, P] {
        let cash = world.state.portfolio.cash(venue, 0);
        prop_assert!(cash >= Money::ZERO, "cash: {cash}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever was admitted, and whatever of it fills by whatever share, in whatever order, at the limit or better: no limit
    /// is ever exceeded, no cash is missing, nothing is sold that is not owned.
    #[test]
    fn after_every_admission_every_limit_holds_in_every_future(
        venue in venue(),
        exclusive in any::<bool>(),
        limits in limits(),
        cash in 3_i64..80,
        owned in vec((0_usize..3, prop_oneof![Just(0_u16), Just(2)], side(), 1_u8..15, 1_u64..=6), 0..3),
        wishes in vec(wish(), 1..10),
        futures in vec(vec(fate(), 1..12), 3),
    ) {
        let mut world = World::new(limits);
        let first = world.list(venue, "E", exclusive);
        let second = world.list(venue, "E", exclusive);
        let third = world.list(venue, "F", false);
        let markets = [first, second, third];
        let events = [(vec![first, second], exclusive), (vec![third], false)];
        // Cheap ones, with gains that may be taken.
        for (market, strategy, side, pays, size) in owned {
            let price = if side == BID { cents(pays) } else { cents(pays).complement() };
            world.own(StrategyId(strategy), markets[market], side, price, qty(size));
        }
        world.state.portfolio.adopt_cash(venue, 0, Money::from_micros(cash * 1_000_000));
        let mut placed = Vec::new();
        for (count, wish) in wishes.iter().enumerate() {
            wish.ask(&mut world, &markets, &mut placed);
            if count % 2 == 1 && !placed.is_empty() {
                // Something fills while the strategies go on.
                let fate = futures[0][count % futures[0].len()];
                fill(&mut world, placed[fate.pick % placed.len()], fate);
            }
            for future in &futures {
                let mut world = world.clone();
                let mut crumbs = 0;
                for fate in future {
                    if !placed.is_empty() {
                        fill(&mut world, placed[fate.pick % placed.len()], *fate);
                        crumbs += 400;
                    }
                    holds(&mut world, &events, crumbs)?;
                }
                // In the end everything that was counted is told.
                for key in &placed {
                    fill(&mut world, *key, Fate { pick: 0, share: 0, better: 0, is_told: true });
                    holds(&mut world, &events, crumbs)?;
                }
                prop_assert_eq!(world.state.portfolio.check(), Ok(()));
                // What is kept up step by step is what is made from scratch.
                let mut anew = Risk::new(world.risk.limits.clone());
                prop_assert_eq!(anew.total_exposure(&world.state), world.risk.total_exposure(&world.state));
                prop_assert_eq!(&anew.exposure, &world.risk.exposure);
            }
        }
    }
}

/// The check that refused, so that two refusals of it can be told from those of another.
fn check_of(refusal: &Refusal) -> String {
    let name = format!("{refusal:?}");
    let name = name.split([' ', '{']).next().unwrap().to_owned();
    if let Refusal::Position { owner, .. } | Refusal::NotOwned { owner, .. } = refusal {
        return format!("{name} {owner}");
    }
    name
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn what_fits_passes_the_same_check_and_one_step_more_does_not(
        venue in venue(),
        exclusive in any::<bool>(),
        mut limits in limits(),
        order in (3_u64..40, 3_i64..40),
        cash in 3_i64..80,
        wishes in vec(wish(), 1..10),
        last in wish(),
    ) {
        limits.max_order_qty = qty(order.0);
        limits.max_order_cost = Money::from_micros(order.1 * 1_000_000);
        let (mut world, markets) = world_of(3, venue, exclusive, limits);
        world.state.portfolio.adopt_cash(venue, 0, Money::from_micros(cash * 1_000_000));
        let mut placed = Vec::new();
        for (count, wish) in wishes.iter().enumerate() {
            wish.ask(&mut world, &markets, &mut placed);
            if count % 2 == 1 && let Some(key) = placed.first().copied() {
                fill(&mut world, key, Fate { pick: 0, share: 60, better: 0, is_told: count % 4 == 1 });
            }
        }
        let step = Qty::HUNDREDTH;
        let change = last.changes.and_then(|place| placed.get(place).copied());
        let change = change.filter(|key| world.state.orders.get(*key).unwrap().is_live());
        let ask = |size: Qty| {
            let mut world = world.clone();
            if let Some(key) = change {
                world.change(key, |order| order.state = OrderState::Resting);
                return world.amend(key, cents(last.price), size);
            }
            let mut proposal = last.proposal(&mut world, &markets);
            proposal.place.new.qty = size;
            world.admit(proposal).map(drop)
        };
        let mut size = qty(last.size);
        while let Err(refusal) = ask(size) {
            let Some(fits) = refusal.fits() else { break };
            prop_assert!(fits < size, "{refusal}");
            let more = fits.checked_add(step).unwrap();
            if more <= size {
                let still = ask(more).expect_err("one step more does not fit");
                prop_assert_eq!(check_of(&still), check_of(&refusal), "{} {}", refusal, still);
            }
            match ask(fits) {
                Ok(()) => break,
                Err(next) => prop_assert_ne!(check_of(&next), check_of(&refusal), "{} {}", refusal, next),
            }
            size = fits;
        }
    }
}
