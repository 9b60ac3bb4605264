//! What is known of the world outside, and what strategies make of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use brier_engine::{Engine, EngineConfig, Fact, FactValue, Input, Interest, Opinion, Signal, Strategy, View, Wants};
use brier_types::{Prob, Timestamp, Venue};

use crate::harness::{M, NOON, generous, instrument};

/// Says that M is worth what the spot's last two digits are in cents.
#[derive(Debug)]
struct Opining;

impl Strategy for Opining {
    fn name(&self) -> &'static str {
        "opining"
    }

    fn interest(&self) -> Interest {
        Interest { series: vec!["spot:BTC".to_owned(), "dvol:BTC".to_owned()], ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        if let Signal::Fact(fact) = signal {
            let price = view.fact("spot:BTC").and_then(|fact| fact.value.number()).unwrap_or_default();
            let prob = Prob::new(price % 100.0 / 100.0).unwrap();
            wants.fair(Opinion { market: M, prob, as_of: fact.as_of, valid_for: fact.valid_for });
        }
    }
}

/// Writes down the fair values that it is told of, and answers each with an opinion of its own on the same data.
#[derive(Debug)]
struct Listening(Arc<Mutex<Vec<f64>>>);

impl Strategy for Listening {
    fn name(&self) -> &'static str {
        "listening"
    }

    fn interest(&self) -> Interest {
        Interest { all_markets: true, ..Interest::default() }
    }

    fn on(&mut self, signal: Signal<'_>, view: &View<'_>, wants: &mut Wants) {
        if let Signal::Fair(market) = signal {
            let fair = view.fair(market).unwrap();
            self.0.lock().unwrap().push(fair.prob.get());
            let prob = Prob::new(0.99).unwrap();
            wants.fair(Opinion { market, prob, as_of: fair.as_of, valid_for: fair.valid_for });
        }
    }
}

struct World {
    engine: Engine,
    now: Timestamp,
    heard: Arc<Mutex<Vec<f64>>>,
}

impl World {
    fn new() -> Self {
        let mut engine = Engine::new(EngineConfig::new("t1", generous()));
        let heard = Arc::new(Mutex::new(Vec::new()));
        engine.seat("opining", Box::new(Opining));
        engine.seat("listening", Box::new(Listening(heard.clone())));
        let mut world = Self { engine, now: NOON, heard };
        world.input(Input::Listed(Box::new(instrument(Venue::Kalshi, "M", "E", false))));
        world.input(Input::Started { run: 1 });
        world
    }

    fn input(&mut self, input: Input) {
        self.now = self.now.plus(Duration::from_millis(1));
        self.engine.step(self.now, input, &mut Vec::new());
    }

    fn fact(&mut self, series: &str, value: f64, as_of: Timestamp) {
        let (series, value) = (series.to_owned(), FactValue::Number(value));
        self.input(Input::Fact(Fact { series, value, as_of, valid_for: Duration::from_secs(2) }));
    }

    fn heard(&self) -> Vec<f64> {
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

#[test]
fn a_fact_becomes_an_opinion_that_others_hear_once() {
    let mut world = World::new();
    world.fact("spot:BTC", 98_542.0, NOON);
    assert_eq!(world.heard(), [0.42]);
    // The answer on the same data stands, and is not told back.
    assert_eq!(world.engine.view(brier_engine::StrategyId(1)).fair(M).map(|fair| fair.prob.get()), Some(0.99));
    // Older facts, and the same one again, say nothing; a correction of the same time does. A series that nobody listens to is kept and told to nobody.
    world.fact("spot:BTC", 98_542.0, NOON);
    world.fact("spot:BTC", 98_511.0, NOON.minus(Duration::from_secs(1)));
    world.fact("spot:ETH", 3_300.0, NOON);
    assert_eq!(world.heard(), Vec::<f64>::new());
    assert_eq!(world.engine.state().facts.iter().count(), 2);
    world.fact("spot:BTC", 98_543.0, NOON.plus(Duration::from_millis(1)));
    assert_eq!(world.heard(), [0.43]);
}

#[test]
fn nothing_older_than_its_age_limit_can_be_read() {
    let mut world = World::new();
    world.fact("spot:BTC", 98_542.0, NOON);
    let read = |world: &World| world.engine.view(brier_engine::StrategyId(0)).fact("spot:BTC").is_some();
    assert!(read(&world));
    world.now = NOON.plus(Duration::from_secs(3));
    world.input(Input::Timer);
    assert!(!read(&world));
}

#[test]
fn what_is_no_number_is_no_fact() {
    let mut world = World::new();
    world.fact("spot:BTC", f64::NAN, NOON);
    world.fact("", 1.0, NOON);
    assert_eq!((world.heard(), world.engine.state().facts.iter().count()), (vec![], 0));
    assert_eq!(world.engine.counts().anomalies, 2);
}
