//! The analyst over the models: every model's opinion, its reasons that add up, and its silences.

use std::time::Duration;

use brier_analyst::dossier::{Contents, MarketRecord};
use brier_analyst::quantitative::{Input, Model, Quantitative, Reading, Recipe, RecipeError};
use brier_analyst::{Analyst as _, Assessment, Dossier, DossierError, Evidence, History, NoOpinion, Sign};
use brier_engine::Fact;
use brier_models::average::{Sampling, Window};
use brier_models::odds::Margin;
use brier_models::weather::Extreme;
use brier_types::{Bound, Price, Qty, Strike};
use proptest::prelude::*;

use crate::world::{contents, fact, time};

fn bound(text: &str) -> Bound {
    Bound::parse(text).unwrap()
}

fn number(name: &str, series: &str, baseline: f64, deviation: f64) -> Input {
    Input::new(name, Reading::Number(series.to_owned()), baseline, deviation)
}

fn ask(recipe: Recipe, facts: Vec<Fact>) -> Assessment {
    let contents = Contents { facts, ..contents() };
    let analyst = Quantitative::new("models", 3).with(&contents.market, recipe);
    analyst.opinion(&Dossier::new(contents).unwrap())
}

fn weather() -> Recipe {
    let model = Model::DayExtreme {
        extreme: Extreme::High,
        strike: Strike::Above(bound("87")),
        tails: Some(5.0),
        slack: [0.8, 0.15, 0.05],
    };
    let inputs = vec![
        number("forecast", "forecast", 82.0, 1.0),
        Input::new("forecast error", Reading::Spread { series: "ensemble".to_owned(), stated: 1.5 }, 4.0, 0.3),
        number("observed so far", "observed", 60.0, 0.0),
    ];
    Recipe::new(model, inputs).unwrap()
}

fn weather_facts() -> Vec<Fact> {
    vec![fact("forecast", &[88.2]), fact("ensemble", &[87.0, 88.0, 89.0]), fact("observed", &[86.0])]
}

/// One recipe and its facts for each kind of model.
fn all() -> Vec<(Recipe, Vec<Fact>)> {
    let price = || vec![number("spot", "spot", 98_000.0, 20.0), number("volatility", "vol", 1e-4, 1e-5)];
    let price_facts = || vec![fact("spot", &[98_440.0]), fact("vol", &[8.3e-5]), fact("mean", &[98_515.0])];
    let window = Window { seconds: 60.0, sampling: Sampling::Prints(60) };
    let mut with_mean = price();
    with_mean.push(number("mean so far", "mean", 98_000.0, 0.0));
    let strike = Strike::AtLeast(bound("98500"));
    let of = |model, inputs| Recipe::new(model, inputs).unwrap();
    let nowcast =
        vec![number("nowcast", "cpi", 0.2, 0.02), Input::new("nowcast error", Reading::Stated(0.09), 0.09, 0.01)];
    let rates = vec![
        Input::new("rate before", Reading::Stated(3.88), 3.88, 0.01),
        Input::new("implied average", Reading::HundredLess("future".to_owned()), 3.88, 0.01),
    ];
    let odds = (0..3)
        .map(|index| Input::new(&format!("odds {index}"), Reading::Item("odds".to_owned(), index), 2.85, 0.05))
        .collect();
    let experts = vec![number("first", "p1", 0.5, 0.05), number("second", "p2", 0.5, 0.1)];
    vec![
        (weather(), weather_facts()),
        (of(Model::Terminal { strike, settles_at: time(600), tails: Some(4.0) }, price()), price_facts()),
        (of(Model::Average { strike, window, ends_at: time(20), tails: None }, with_mean.clone()), price_facts()),
        (of(Model::UpOrDown { window, earlier_ends_at: time(20), seconds_between: 900.0 }, with_mean), price_facts()),
        (
            of(Model::Release { strike: Strike::Between(bound("0.2"), bound("0.3")), step: 0.1, tails: None }, nowcast),
            vec![fact("cpi", &[0.27])],
        ),
        (
            of(Model::Meeting { strike: Strike::AtMost(bound("-1")), days: 31, days_before: 10 }, rates),
            vec![fact("future", &[96.22])],
        ),
        (of(Model::Odds { margin: Margin::Shin, outcome: 0 }, odds), vec![fact("odds", &[2.6, 2.4, 4.3])]),
        (
            of(Model::Pool { weights: vec![0.6, 0.4], extremize: 1.2 }, experts),
            vec![fact("p1", &[0.7]), fact("p2", &[0.55])],
        ),
    ]
}

#[test]
fn every_model_has_an_opinion_whose_reasons_add_up() {
    for (recipe, facts) in all() {
        let name = recipe.model().name();
        let opinion = ask(recipe, facts).unwrap();
        let sum: f64 = opinion.drivers.iter().map(brier_analyst::Driver::signed).sum();
        let whole = opinion.prob.get() - opinion.baseline.unwrap().get();
        assert!((sum - whole).abs() < 1e-9, "{name}: {sum} {whole}");
        let (low, high) = (opinion.interval.low(), opinion.interval.high());
        assert!(low <= opinion.prob && opinion.prob <= high && low < high, "{name}: {opinion}");
        assert!(!opinion.drivers.is_empty() && !opinion.changes.is_empty() && !opinion.sources.is_empty(), "{name}");
        assert!(opinion.drivers.iter().all(|driver| !driver.evidence.is_empty()), "{name}");
        assert!(opinion.sources.iter().all(|source| source.age == Some(Duration::from_mins(1))), "{name}");
        assert!(opinion.drivers.windows(2).all(|pair| pair[0].weight >= pair[1].weight), "{name}");
    }
}

#[test]
fn opinions_are_the_models_own() {
    let of = |index: usize| {
        let (recipe, facts) = all().swap_remove(index);
        ask(recipe, facts).unwrap().prob.get()
    };
    // Buckets 0.2 and 0.3 around a nowcast of 0.27 ± 0.09: Φ(0.889) − Φ(−1.333).
    assert!((of(4) - (0.812_966 - 0.091_211)).abs() < 1e-4, "{}", of(4));
    // 31 days, 10 at 3.88: the average 3.78 needs 3.732 after, 0.59 of a cut.
    assert!((of(5) - 0.590_476).abs() < 1e-5, "{}", of(5));
    assert!((of(6) - 0.372_994).abs() < 1e-6, "the worked book of three: {}", of(6));
}

#[test]
fn reasons_point_where_the_numbers_do() {
    let opinion = ask(weather(), weather_facts()).unwrap();
    let driver = |name: &str| opinion.drivers.iter().find(|driver| driver.name == name).unwrap();
    assert_eq!(driver("forecast").sign, Sign::Up);
    assert_eq!(driver("observed so far").sign, Sign::Up);
    let evidence = Evidence::Fact { series: "forecast".to_owned(), value: 88.2, as_of: time(-60) };
    assert_eq!(driver("forecast").evidence, [evidence]);
    let turn = opinion.changes.iter().find(|change| change.what.contains("NO likelier than YES")).unwrap();
    assert!(turn.what.starts_with("forecast beyond 87"), "{turn:?}");
}

#[tokio::test]
async fn the_same_dossier_gives_the_same_opinion_through_the_trait() {
    let contents = Contents { facts: weather_facts(), ..contents() };
    let analyst = Quantitative::new("models", 3).with(&contents.market, weather());
    let dossier = Dossier::new(contents).unwrap();
    assert_eq!(analyst.assess(&dossier).await, analyst.opinion(&dossier));
    assert_eq!(analyst.name(), "models");
}

#[test]
fn silence_says_why() {
    let gone = |series: &str| weather_facts().into_iter().filter(|fact| fact.series != series).collect::<Vec<_>>();
    assert_eq!(ask(weather(), gone("forecast")), Err(NoOpinion::MissingFact { series: "forecast".to_owned() }));
    let mut stale = weather_facts();
    stale[0].as_of = time(-4_000);
    let (age, valid_for) = (Duration::from_secs(4_000), Duration::from_hours(1));
    assert_eq!(ask(weather(), stale), Err(NoOpinion::StaleFact { series: "forecast".to_owned(), age, valid_for }));
    let mut several = weather_facts();
    several[0] = fact("forecast", &[88.0, 89.0]);
    assert!(matches!(ask(weather(), several), Err(NoOpinion::WrongFact { .. })));
    let mut lone = weather_facts();
    lone[1] = fact("ensemble", &[88.0]);
    assert!(matches!(ask(weather(), lone), Err(NoOpinion::WrongFact { .. })));
    let analyst = Quantitative::new("models", 3);
    let dossier = Dossier::new(contents()).unwrap();
    assert_eq!(analyst.opinion(&dossier), Err(NoOpinion::NoModel { market: dossier.market().to_owned() }));
    let closed = Dossier::new(Contents { closes_at: time(0), ..contents() }).unwrap();
    let analyst = analyst.with(closed.market(), weather());
    assert!(matches!(analyst.opinion(&closed), Err(NoOpinion::Closed { .. })));
    let (recipe, mut facts) = all().swap_remove(6);
    facts[0] = fact("odds", &[1.0, 2.4, 4.3]);
    assert!(matches!(ask(recipe, facts), Err(NoOpinion::ModelRefuses { model: "odds", .. })));
}

#[test]
fn recipes_are_checked() {
    let model = || Model::Release { strike: Strike::Above(bound("0.2")), step: 0.1, tails: None };
    assert_eq!(Recipe::new(model(), Vec::new()), Err(RecipeError::Count { model: "release", found: 0 }));
    let inputs = |baseline, deviation| {
        vec![number("nowcast", "cpi", baseline, deviation), number("nowcast error", "error", 0.1, 0.0)]
    };
    assert!(Recipe::new(model(), inputs(0.2, 0.1)).is_ok());
    for (baseline, deviation) in [(f64::NAN, 0.1), (0.2, -0.1), (0.2, f64::INFINITY), (1e12, 0.1)] {
        assert!(matches!(Recipe::new(model(), inputs(baseline, deviation)), Err(RecipeError::Number { .. })));
    }
}

#[test]
fn models_that_make_no_sense_are_refused() {
    let strike = Strike::Above(bound("87"));
    let window = Window { seconds: 60.0, sampling: Sampling::Prints(0) };
    let extreme = Extreme::High;
    for model in [
        Model::DayExtreme { extreme, strike, tails: Some(2.0), slack: [1.0, 0.0, 0.0] },
        Model::DayExtreme { extreme, strike, tails: None, slack: [0.0; 3] },
        Model::Terminal { strike: Strike::Above(bound("0")), settles_at: time(9), tails: None },
        Model::Terminal { strike: Strike::Between(bound("2"), bound("1")), settles_at: time(9), tails: None },
        Model::Average { strike, window, ends_at: time(9), tails: None },
        Model::UpOrDown {
            window: Window { seconds: 60.0, sampling: Sampling::Continuous },
            earlier_ends_at: time(9),
            seconds_between: 59.0,
        },
        Model::Release { strike, step: 0.0, tails: None },
        Model::Release { strike: Strike::Between(bound("0.21"), bound("0.29")), step: 0.1, tails: None },
        Model::Meeting { strike, days: 30, days_before: 30 },
        Model::Pool { weights: vec![0.5, -0.5], extremize: 1.0 },
        Model::Pool { weights: vec![1.0], extremize: 0.0 },
    ] {
        let name = model.name();
        assert_eq!(Recipe::new(model, Vec::new()), Err(RecipeError::Model { model: name }));
    }
}

#[test]
fn facts_named_after_a_price_are_refused() {
    for series in ["kalshi:KXHIGHNY:mid", "Polymarket:0x1:last", "mid:KXHIGHNY", "market:yes"] {
        let contents = Contents { facts: vec![fact(series, &[0.4])], ..contents() };
        let error = Dossier::new(contents).unwrap_err();
        assert_eq!(error, DossierError::MarketPrice { series: series.to_owned() });
    }
}

#[test]
fn a_doubted_model_is_less_sure() {
    let width = |recipe| ask(recipe, weather_facts()).unwrap().interval.width();
    assert!(width(weather().doubted(0.5)) > width(weather()) + 0.02);
}

proptest! {
    // Each case asks a model some two thousand times.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reasons_add_up_wherever_the_weather_is(
        forecast in 60.0_f64..110.0,
        observed in 50.0_f64..110.0,
        spread in 0.1_f64..6.0,
        normal in 60.0_f64..110.0,
        strike in 60_i64..110,
    ) {
        let model = Model::DayExtreme {
            extreme: Extreme::High,
            strike: Strike::Above(Bound::from_micros(strike * 1_000_000)),
            tails: None,
            slack: [0.8, 0.15, 0.05],
        };
        let inputs = vec![
            number("forecast", "forecast", normal, 1.0),
            number("forecast error", "error", 3.0, 0.2),
            number("observed so far", "observed", 50.0, 0.0),
        ];
        let recipe = Recipe::new(model, inputs).unwrap();
        let facts = vec![fact("forecast", &[forecast]), fact("error", &[spread]), fact("observed", &[observed])];
        let opinion = ask(recipe, facts).unwrap();
        let sum: f64 = opinion.drivers.iter().map(brier_analyst::Driver::signed).sum();
        prop_assert!((opinion.baseline.unwrap().get() + sum - opinion.prob.get()).abs() < 1e-9);
        prop_assert!(opinion.interval.low() <= opinion.prob && opinion.prob <= opinion.interval.high());
    }

    #[test]
    fn the_price_of_the_market_changes_no_opinion(prices in proptest::collection::vec(0_u16..=10_000, 1..20)) {
        let of = |price: Option<Price>| {
            let records: Vec<MarketRecord> = prices.iter().enumerate().map(|(index, &pips)| MarketRecord {
                at: time(index as i64 - 100),
                price: price.or(Price::new(pips)),
                volume: Qty::from_contracts(3).unwrap(),
                open_interest: Qty::ZERO,
            }).collect();
            let contents = Contents { facts: weather_facts(), history: History::new(&records, Vec::new()), ..contents() };
            let analyst = Quantitative::new("models", 3).with(&contents.market, weather());
            analyst.opinion(&Dossier::new(contents).unwrap())
        };
        prop_assert_eq!(of(None), of(Price::new(1)));
    }
}
