//! Strategies that look at prices alone.

use std::time::Duration;

use brier_strategies::{
    LogitMaker, LogitMakerParameters, Momentum, MomentumParameters, Reversion, ReversionParameters,
};
use brier_types::{BookSide, Money};

use crate::world::{Sent, World, names, qty};

fn resting(world: &mut World) -> Vec<(BookSide, u16, u64)> {
    let mut sent: Vec<_> = world.sent().into_iter().map(|it| (it.side, it.cents, it.contracts)).collect();
    sent.sort_unstable();
    sent
}

fn maker(informed: f64) -> LogitMakerParameters {
    LogitMakerParameters {
        markets: names(&["M"]),
        gamma: 0.1,
        sigma: 0.30,
        horizon_hours: 1.0,
        decay: 20.0,
        informed,
        reward: Money::ZERO,
        size: qty(10),
        cap: qty(100),
        releases: Some("release".to_owned()),
        around_release: Duration::from_mins(1),
    }
}

/// The reference's example: at 0.50 the quotes are 0.486409 and 0.513591; with a tenth of takers informed 0.45 and 0.55.
#[test]
fn a_maker_quotes_in_log_odds_and_leaves_before_a_release() {
    for (informed, bid, ask) in [(0.0, 48, 52), (0.1, 45, 55)] {
        let strategy = Box::new(LogitMaker::new(maker(informed)));
        let mut world = World::new(strategy, &[("M", None)], Duration::from_hours(10));
        world.book("M", &[(40, 100)], &[(60, 100)]);
        assert_eq!(resting(&mut world), [], "nobody said when the next release is");
        world.number("release", world.now.nanos() as f64 / 1e9 + 600.0);
        assert_eq!(resting(&mut world), [(BookSide::Bid, bid, 10), (BookSide::Ask, ask, 10)]);
        let live = |world: &World| world.engine.state().orders.iter_live().filter(|order| !order.cancel_wanted).count();
        assert_eq!(live(&world), 2);
        world.pass(Duration::from_secs(545));
        let canceling = world
            .engine
            .state()
            .orders
            .iter_live()
            .filter(|order| matches!(order.state, brier_engine::OrderState::Canceling));
        assert_eq!(canceling.count(), 2, "a minute before the release both quotes are taken back");
        // The source tells the next one as soon as one is over; the market is not over it yet.
        world.pass(Duration::from_secs(56));
        world.number("release", world.now.nanos() as f64 / 1e9 + 86_400.0);
        world.pass(Duration::from_secs(5));
        assert_eq!(resting(&mut world), []);
    }
}

/// A fair value that goes stale is the moment to be careful, not to ask the others.
#[test]
fn a_maker_whose_model_went_silent_quotes_nothing() {
    let strategy = Box::new(LogitMaker::new(LogitMakerParameters { releases: None, ..maker(0.05) }));
    let mut world = World::new(strategy, &[("M", None)], Duration::from_hours(10));
    world.fair("M", 0.30);
    world.book("M", &[(20, 100)], &[(60, 100)]);
    assert_eq!(resting(&mut world).len(), 2);
    world.pass(Duration::from_hours(7));
    let canceling = world
        .engine
        .state()
        .orders
        .iter_live()
        .filter(|order| matches!(order.state, brier_engine::OrderState::Canceling));
    assert_eq!(canceling.count(), 2);
}

/// Its own quotes are not the middle of the market: after they rest, nothing moves.
#[test]
fn a_maker_does_not_chase_itself() {
    let strategy = Box::new(LogitMaker::new(LogitMakerParameters { releases: None, ..maker(0.05) }));
    let mut world = World::new(strategy, &[("M", None)], Duration::from_hours(10));
    world.book("M", &[(40, 100)], &[(60, 100)]);
    let first = resting(&mut world);
    assert_eq!(first.len(), 2);
    let (bid, ask) = (first[0].1 as u8, first[1].1 as u8);
    for _ in 0..5 {
        world.book("M", &[(bid, 10), (40, 100)], &[(ask, 10), (60, 100)]);
        assert_eq!(resting(&mut world), []);
    }
}

fn sample(world: &mut World, bid: u8, every: Duration) {
    world.pass(every);
    world.book("M", &[(bid, 100)], &[(bid + 2, 100)]);
}

#[test]
fn reversion_buys_what_was_pushed_away_and_sells_it_at_the_mean() {
    let parameters = ReversionParameters {
        markets: names(&["M"]),
        every: Duration::from_mins(1),
        samples: 120,
        hold: Duration::from_mins(10),
        size: qty(5),
        margin: Money::from_micros(60_000),
        news: Some("news".to_owned()),
    };
    let every = parameters.every;
    let run = |news: bool| {
        let mut world =
            World::new(Box::new(Reversion::new(parameters.clone())), &[("M", None)], Duration::from_hours(24));
        // Drawn back to 50 by a third at each step, and shaken by up to three cents.
        let (mut away, mut noise) = (0i64, 7i64);
        for _ in 0..100 {
            noise = (noise * 1_103_515_245 + 12_345) % 2_147_483_648;
            away = away * 2 / 3 + noise / 65_536 % 7 - 3;
            sample(&mut world, u8::try_from(49 + away).unwrap(), every);
        }
        assert_eq!(world.sent(), []);
        if news {
            world.number("news", 1.0);
        }
        sample(&mut world, 36, every);
        world.pass(every);
        let entry = world.sent();
        sample(&mut world, 52, every);
        world.pass(every);
        (entry, world.sent(), world.net("M"))
    };
    let at = |side, cents| Sent { market: "M".to_owned(), side, cents, contracts: 5, immediate: true };
    assert_eq!(run(false), (vec![at(BookSide::Bid, 38)], vec![at(BookSide::Ask, 52)], 0));
    assert_eq!(run(true), (vec![], vec![], 0), "something happened: it does not come back");
}

#[test]
fn a_random_walk_is_not_traded() {
    let parameters = ReversionParameters {
        markets: names(&["M"]),
        every: Duration::from_mins(1),
        samples: 120,
        hold: Duration::from_mins(10),
        size: qty(5),
        margin: Money::from_micros(10_000),
        news: None,
    };
    let mut world = World::new(Box::new(Reversion::new(parameters)), &[("M", None)], Duration::from_hours(24));
    for step in 0..110u8 {
        sample(&mut world, 20 + step / 2, Duration::from_mins(1));
    }
    assert_eq!(world.sent(), []);
}

#[test]
fn momentum_needs_a_move_and_a_reason_and_leaves_on_time() {
    let parameters = MomentumParameters {
        markets: names(&["M"]),
        every: Duration::from_mins(1),
        span: 5,
        history: 60,
        least_z: 2.5,
        news: Some("news".to_owned()),
        one_sided: 0.85,
        size: qty(5),
        hold: Duration::from_mins(10),
        chase: 0.9,
    };
    let every = parameters.every;
    let run = |reason: &dyn Fn(&mut World)| {
        let mut world =
            World::new(Box::new(Momentum::new(parameters.clone())), &[("M", None)], Duration::from_hours(24));
        for step in 0..50u8 {
            sample(&mut world, 39 + step % 2, every);
        }
        for bid in [42, 45, 48, 51] {
            sample(&mut world, bid, every);
        }
        reason(&mut world);
        sample(&mut world, 54, every);
        let entry = world.sent();
        world.pass(Duration::from_mins(9));
        assert_eq!(world.sent(), []);
        world.pass(Duration::from_mins(2));
        (entry, world.sent())
    };
    let at = |side, cents| vec![Sent { market: "M".to_owned(), side, cents, contracts: 5, immediate: true }];
    let both = (at(BookSide::Bid, 53), at(BookSide::Ask, 54));
    assert_eq!(run(&|_| ()), (vec![], vec![]), "a move alone is no reason");
    assert_eq!(run(&|world| world.number("news", 1.0)), both);
    assert_eq!(run(&|world| world.number("news", -1.0)), (vec![], vec![]), "news against the move");
    assert_eq!(run(&|world| world.trade("M", BookSide::Bid, 53, 100)), both);
}
