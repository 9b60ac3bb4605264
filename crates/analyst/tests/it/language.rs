//! What a language model's analyst makes of good and bad answers.

use std::time::Duration;

use brier_analyst::dossier::{Contents, MarketRecord};
use brier_analyst::language::{ApiKey, Budget, Dialect, LanguageAnalyst, LanguageConfig, Ledger, TokenPrices};
use brier_analyst::{Analyst as _, Dossier, Evidence, History, NoOpinion, Sign};
use brier_types::{Money, Price, Qty};

use crate::server::{COST, KEY, Reaction, Server, good, say};
use crate::world::{contents, dossier, time};

const DIALECTS: [Dialect; 3] = [Dialect::OpenAi, Dialect::OpenAiCompatible, Dialect::Anthropic];

#[tokio::test]
async fn three_samples_become_one_opinion_in_every_dialect() {
    for dialect in DIALECTS {
        let server = Server::start(dialect, [say(good(0.6)), say(good(0.7)), say(good(0.8))]).await;
        let opinion = server.analyst().assess(&dossier()).await.unwrap();
        assert!((opinion.prob.get() - 0.7).abs() < 0.01, "{opinion}");
        assert!(opinion.interval.low().get() < 0.61 && opinion.interval.high().get() > 0.79, "{opinion}");
        assert_eq!((opinion.drivers.len(), opinion.drivers[0].sign), (1, Sign::Up));
        assert!((opinion.drivers[0].weight - 0.8).abs() < 1e-12, "all three name it");
        let quote = Evidence::Quote { source: "D1".to_owned(), text: "A warm front passes at noon.".to_owned() };
        assert_eq!(opinion.drivers[0].evidence, [quote]);
        assert_eq!(opinion.changes[0].what, "a stronger sea breeze");
        let ages: Vec<_> =
            opinion.sources.iter().map(|one| (one.id.as_str(), one.age.map(|age| age.as_secs()))).collect();
        assert_eq!(ages, [("R1", None), ("F1", Some(60)), ("F2", Some(60)), ("D1", Some(600))]);
        assert_eq!(server.spent(), 3 * COST);
    }
}

#[tokio::test]
async fn a_request_has_its_dialects_form_and_the_key_in_its_place() {
    for dialect in DIALECTS {
        let server = Server::start(dialect, [say(good(0.6)), say(good(0.6)), say(good(0.6))]).await;
        server.analyst().assess(&dossier()).await.unwrap();
        let seen = &server.seen()[0];
        let header = |name: &str| seen.headers.get(name).map_or("", |value| value.to_str().unwrap());
        if dialect == Dialect::Anthropic {
            assert_eq!((seen.path.as_str(), header("x-api-key")), ("/v1/messages", KEY));
            assert_eq!(header("anthropic-version"), "2023-06-01");
        } else {
            let bearer = format!("Bearer {KEY}");
            assert_eq!((seen.path.as_str(), header("authorization")), ("/v1/chat/completions", bearer.as_str()));
        }
        assert!(!seen.body.to_string().contains(KEY));
        assert_ne!(seen.turn(0), server.seen()[1].turn(0), "every request has its own mark");
    }
}

#[tokio::test]
async fn without_a_key_there_is_no_opinion_and_nothing_is_sent() {
    let server = Server::start(Dialect::OpenAi, []).await;
    let analyst = LanguageAnalyst::new(server.config(), None, server.ledger.clone()).unwrap();
    let why = analyst.assess(&dossier()).await.unwrap_err();
    assert_eq!(why, NoOpinion::NoKey { model: "model-1".to_owned() });
    assert_eq!((server.seen().len(), server.spent()), (0, 0));
}

#[tokio::test]
async fn a_closed_market_and_an_empty_dossier_ask_nothing() {
    let server = Server::start(Dialect::OpenAi, []).await;
    let of = |contents| Dossier::new(contents).unwrap();
    let closed = of(Contents { closes_at: time(0), ..contents() });
    assert!(matches!(server.analyst().assess(&closed).await, Err(NoOpinion::Closed { .. })));
    let empty = of(Contents { rules: String::new(), facts: Vec::new(), documents: Vec::new(), ..contents() });
    assert_eq!(server.analyst().assess(&empty).await, Err(NoOpinion::NothingToRead));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn an_answer_is_asked_for_once_and_kept_while_it_is_fresh() {
    let folder = tempfile::tempdir().unwrap();
    let script = (0..6).map(|_| say(good(0.6)));
    let server = Server::start(Dialect::OpenAi, script).await;
    let config = LanguageConfig {
        cache_folder: Some(folder.path().to_owned()),
        cache_age: Duration::from_mins(30),
        ..server.config()
    };
    let analyst = server.analyst_with(config.clone());
    let first = analyst.assess(&dossier()).await.unwrap();
    assert_eq!(analyst.assess(&dossier()).await.unwrap(), first);
    let another = server.analyst_with(LanguageConfig { seed: 99, ..config.clone() });
    assert_eq!(another.assess(&dossier()).await.unwrap(), first, "after a restart, with other marks");
    assert_eq!((server.seen().len(), server.spent()), (3, 3 * COST));
    let later = Dossier::new(Contents { now: time(1_900), ..contents() }).unwrap();
    another.assess(&later).await.unwrap();
    assert_eq!(server.seen().len(), 6, "too old: asked again");
    let model = LanguageConfig { model: "model-2".to_owned(), ..config };
    assert!(server.analyst_with(model).assess(&dossier()).await.is_err(), "another model is another question");
}

#[tokio::test]
async fn a_kept_file_that_somebody_changed_is_checked_like_any_answer() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Dialect::OpenAi, (0..6).map(|_| say(good(0.6)))).await;
    let config = LanguageConfig { cache_folder: Some(folder.path().to_owned()), ..server.config() };
    server.analyst_with(config.clone()).assess(&dossier()).await.unwrap();
    let file = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let changed = std::fs::read_to_string(&file).unwrap().replace("warm front", "cold front");
    std::fs::write(&file, changed).unwrap();
    server.analyst_with(config).assess(&dossier()).await.unwrap();
    assert_eq!(server.seen().len(), 6, "its quotes are nowhere, so the model is asked again");
}

#[tokio::test]
async fn the_price_of_the_market_never_reaches_the_endpoint() {
    let history = |pips: u16| {
        let record = MarketRecord {
            at: time(-30),
            price: Price::new(pips),
            volume: Qty::from_contracts(10).unwrap(),
            open_interest: Qty::from_contracts(500).unwrap(),
        };
        History::new(&[record], Vec::new())
    };
    let mut bodies = Vec::new();
    for pips in [137, 9_863] {
        let server = Server::start(Dialect::OpenAi, (0..3).map(|_| say(good(0.6)))).await;
        let mut contents = Contents { history: history(pips), ..contents() };
        contents.documents[0].text.push_str(" Traders on Polymarket put it at 98.63 cents.");
        server.analyst().assess(&Dossier::new(contents).unwrap()).await.unwrap();
        let seen = server.seen();
        assert!(seen.iter().all(|seen| !seen.body.to_string().contains("98.63")));
        bodies.push(seen.iter().map(|seen| seen.body.to_string()).collect::<Vec<_>>());
    }
    assert_eq!(bodies[0], bodies[1], "word for word the same, whatever the price");
}

#[tokio::test]
async fn prose_around_json_gets_one_chance() {
    for dialect in DIALECTS {
        let prose = format!("Here is my answer:\n```json\n{}\n```", good(0.6));
        let server = Server::start(dialect, [say(prose.clone()), say(good(0.6)), say(good(0.6)), say(good(0.6))]).await;
        server.analyst().assess(&dossier()).await.unwrap();
        let seen = server.seen();
        assert_eq!(seen.len(), 4);
        assert_eq!((seen[1].turn(0), seen[1].turn(1)), (seen[0].turn(0), prose.as_str()));
        assert!(seen[1].turn(2).contains("answer: expected one JSON object"), "{}", seen[1].turn(2));
        assert_eq!(server.spent(), 4 * COST, "mending is paid too");
    }
}

#[tokio::test]
async fn what_cannot_be_mended_is_no_opinion() {
    let server = Server::start(Dialect::OpenAi, (0..9).map(|_| say("I would say 60 %."))).await;
    let why = server.analyst().assess(&dossier()).await.unwrap_err();
    let NoOpinion::TooFewSamples { valid: 0, asked: 3, needed: 2, last } = &why else { panic!("{why}") };
    assert!(last.contains("expected one JSON object"), "{last}");
    assert_eq!(server.seen().len(), 4, "after two lost samples a third cannot help");
    assert_eq!(server.spent(), 4 * COST);
}

#[tokio::test]
async fn invented_quotes_drop_their_driver() {
    let invented = good(0.6).replace("warm front", "cold front");
    let server = Server::start(Dialect::Anthropic, (0..3).map(|_| say(invented.clone()))).await;
    let why = server.analyst().assess(&dossier()).await.unwrap_err().to_string();
    assert!(why.contains("0 drivers with proofs, 1 are needed; 1 were dropped"), "{why}");
    let script = [say(invented), say(good(0.6)), say(good(0.6))];
    let server = Server::start(Dialect::Anthropic, script).await;
    assert_eq!(server.analyst().assess(&dossier()).await.unwrap().drivers.len(), 1);
}

#[tokio::test]
async fn a_model_that_cannot_tell_is_believed() {
    let server =
        Server::start(Dialect::OpenAi, (0..3).map(|_| say(r#"{"no_opinion":"no forecast for that day"}"#))).await;
    let why = server.analyst().assess(&dossier()).await.unwrap_err();
    assert_eq!(why, NoOpinion::Abstained { abstained: 2, asked: 3, because: "no forecast for that day".to_owned() });
}

#[tokio::test]
async fn the_budget_refuses_before_it_is_exceeded() {
    let mut server = Server::start(Dialect::OpenAi, (0..3).map(|_| say(good(0.6)))).await;
    server.ledger = Ledger::new(Budget::new(Money::from_micros(100), Money::ZERO));
    let why = server.analyst().assess(&dossier()).await.unwrap_err();
    assert!(matches!(why, NoOpinion::OverBudget { left, .. } if left == Money::from_micros(100)), "{why}");
    assert_eq!((server.seen().len(), server.spent()), (0, 0));

    // Room for the worst case of one request and the real cost of one more.
    server.ledger = Ledger::new(Budget::new(Money::DOLLAR, Money::ZERO));
    server.analyst().assess(&dossier()).await.unwrap();
    let worst = server.worst(0);
    let mut server = Server::start(Dialect::OpenAi, (0..3).map(|_| say(good(0.6)))).await;
    server.ledger = Ledger::new(Budget::new(Money::from_micros(worst + COST), Money::ZERO));
    let opinion = server.analyst().assess(&dossier()).await;
    assert!(opinion.is_ok(), "two samples are enough: {opinion:?}");
    assert_eq!((server.seen().len(), server.spent()), (2, 2 * COST));
}

#[tokio::test]
async fn no_report_of_tokens_costs_the_worst_case() {
    for dialect in DIALECTS {
        let server = Server::start(dialect, (0..3).map(|_| Reaction::Crumbs(good(0.6)))).await;
        server.analyst().assess(&dossier()).await.unwrap();
        let worst: i64 = (0..3).map(|index| server.worst(index)).sum();
        assert_eq!(server.spent(), worst);
    }
}

#[test]
fn keys_are_in_no_debug_print() {
    let prices = TokenPrices { input: 1, output: 1 };
    let config = LanguageConfig::new("a", Dialect::OpenAi, "http://127.0.0.1:9/v1", "m", prices, 1);
    let key = ApiKey::new(zeroize::Zeroizing::new(KEY.to_owned()));
    let ledger = Ledger::new(Budget::new(Money::DOLLAR, Money::ZERO));
    let analyst = LanguageAnalyst::new(config, key.clone(), ledger).unwrap();
    for print in [format!("{analyst:?}"), format!("{key:?}"), format!("{analyst:#?}")] {
        assert!(!print.contains("secret") && !print.contains("0123456789"), "{print}");
    }
}
