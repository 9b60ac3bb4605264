//! The demo as a test: replays through the real exchange, and what must not depend on its speed.

use std::path::Path;
use std::time::Duration;

use brier_types::MarketResult;

use super::polymarket;
use super::run::{self, Pace, Plan, Recordings};
use super::screen::Screen;
use super::session::{self, Session};
use super::summary::Summary;

fn play(kalshi: Vec<Session>, plan: Plan) -> Summary {
    play_both(&Recordings { kalshi, ..Recordings::default() }, plan)
}

fn play_both(recordings: &Recordings, plan: Plan) -> Summary {
    // An error means that another test of this process installed it first.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run::run(recordings, plan, Screen::new(true))).unwrap()
}

fn plan(step_ms: u64, with_bot: bool) -> Plan {
    let pace = Pace { step: Duration::from_millis(step_ms), speed: 0.0 };
    Plan { seed: 1, pace, with_bot, verify: !with_bot }
}

/// Wherever the recorded book is not crossed, the connector's book equals it, and REST, at every step to the close.
fn assert_books_equal(summary: &Summary) {
    for market in summary.markets() {
        assert!(market.readable_steps > 100, "{}", market.market);
        assert_eq!(market.equal_steps, market.readable_steps, "{}: recording", market.market);
        assert_eq!(market.rest_equal, market.rest_compared, "{}: REST", market.market);
        assert!(market.rest_compared >= market.readable_steps);
    }
    assert!(summary.reconciles());
}

#[test]
fn two_bitcoin_sessions_replayed_without_the_bot_end_as_recorded() {
    let mut sessions = session::kept().unwrap();
    sessions
        .retain(|session| ["KXBTC15M-26MAY131145-45", "KXBTC15M-26MAY131245-45"].contains(&session.market.as_str()));
    let summary = play(sessions, plan(500, false));
    assert_eq!((summary.markets().count(), summary.fills()), (2, 0));
    assert_books_equal(&summary);
}

#[test]
fn two_gold_sessions_replayed_without_the_bot_end_as_recorded() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/gold"));
    let summary = play(session::from_folder(folder).unwrap(), plan(2_000, false));
    assert_eq!((summary.markets().count(), summary.fills()), (2, 0));
    assert_books_equal(&summary);
}

#[test]
fn the_same_seed_gives_the_same_fills_at_any_speed() {
    let sessions = || {
        let mut sessions = session::kept().unwrap();
        sessions.retain(|session| session.market.as_str() == "KXBTC15M-26MAY131145-45");
        sessions
    };
    let fast = play(sessions(), plan(1_000, true));
    let paced = plan(1_000, true);
    let paced = play(sessions(), Plan { pace: Pace { speed: 400.0, ..paced.pace }, ..paced });
    assert!(fast.fills() > 0 && fast.reconciles());
    assert_eq!((fast.fills(), fast.profit(), fast.state_hash()), (paced.fills(), paced.profit(), paced.state_hash()));
    assert_eq!(chances(&fast), chances(&paced));
    // The spot comes later or sooner, so that the bot trades at other moments.
    let other = play(sessions(), Plan { seed: 2, ..plan(1_000, true) });
    assert!(other.reconciles());
    assert_ne!(fast.state_hash(), other.state_hash());
}

/// Fair value and mid of every market at every time before its close.
fn chances(summary: &Summary) -> Vec<(Duration, f64, f64)> {
    let marks = summary.markets().flat_map(|market| &market.marks);
    marks.map(|mark| (mark.before_close, mark.fair.unwrap().get(), mark.mid.unwrap().get())).collect()
}

#[test]
fn the_strategies_opinion_stands_against_the_markets_mid_before_the_close() {
    let mut sessions = session::kept().unwrap();
    sessions.retain(|session| session.market.as_str() == "KXBTC15M-26MAY131145-45");
    let summary = play(sessions, plan(1_000, true));
    // Recorded from 173 seconds before the close on.
    let chances = chances(&summary);
    assert_eq!(chances.iter().map(|it| it.0.as_secs()).collect::<Vec<_>>(), [120, 60]);
    let json = serde_json::to_value(summary.to_json().unwrap()).unwrap();
    let market = &json["markets"][0];
    assert_eq!((&market["strategy"], &market["result"]), (&"up_or_down".into(), &"no".into()));
    let (mark, number) = (&market["fair_value"][1], |value: &serde_json::Value| value.as_f64().unwrap());
    assert_eq!(mark["before_close_seconds"], 60);
    let (fair, mid) = (number(&mark["fair"]), number(&mark["mid"]));
    assert!((fair - chances[1].1).abs() < 1e-6 && (mid - chances[1].2).abs() < 1e-6);
    assert!((number(&mark["difference"]) - (fair - mid)).abs() < 2e-6);
    assert!((number(&mark["fair_log_score"]) + (1.0 - fair).ln()).abs() < 1e-5);
    let scores = &json["venues"][0]["fair_value"];
    assert_eq!(scores["by_time"][1]["mid_log_score"], mark["mid_log_score"], "of one market the mean is its own");
    assert!(scores["sample"].as_str().unwrap().starts_with("small"));
    // Without the bot nobody thinks anything, and the market is quoted all the same.
    let mut sessions = session::kept().unwrap();
    sessions.retain(|session| session.market.as_str() == "KXBTC15M-26MAY131145-45");
    let alone = play(sessions, Plan { verify: false, ..plan(2_000, false) });
    let marks: Vec<_> = alone.markets().flat_map(|market| &market.marks).collect();
    assert!(marks.len() == 2 && marks.iter().all(|mark| mark.fair.is_none() && mark.mid.is_some()), "{marks:?}");
}

fn event() -> Recordings {
    Recordings { pair: Some(super::pair::kept().unwrap()), ..Recordings::default() }
}

#[test]
fn one_event_stands_on_both_venues_as_recorded_when_nobody_trades_it() {
    let summary = play_both(&event(), Plan { verify: false, ..plan(500, false) });
    assert!(summary.reconciles());
    let pair = summary.pair.as_ref().unwrap();
    assert_eq!((pair.verdict.as_str(), pair.standing, pair.fills()), ("same by the rules of both", "riskless", 0));
    assert_eq!((pair.moments, pair.result), (188, MarketResult::No));
    let checks: Vec<_> = pair.checks.iter().map(|check| (check.equal, check.compared)).collect();
    assert_eq!(checks[..2], [(376, 376), (20, 20)], "both books at every round, and REST at every twentieth");
    assert!(pair.cash.iter().all(|cash| cash.end == cash.start && cash.reckoned == cash.start), "{:?}", pair.cash);
    let json = serde_json::to_value(summary.to_json().unwrap()).unwrap();
    assert_eq!((&json["fills"], &json["pair"]["traded"]), (&0.into(), &false.into()));
    assert_eq!(json["pair"]["kalshi"], "KXMENWORLDCUP-26-MX");
    assert!(json["pair"]["texts"].as_str().unwrap().contains("written for the demo"));
    // Most at 01:36:14, as both markets fall: 0.057 is bid at Kalshi while 0.033 is asked at Polymarket.
    assert_eq!((pair.gains, pair.most.to_string().as_str()), (108, "0.019279"));
}

#[test]
fn the_arbitrage_on_both_venues_is_found_filled_on_both_legs_and_settled_and_what_was_sure_is_paid() {
    let fast = play_both(&event(), plan(500, true));
    let pair = fast.pair.as_ref().unwrap();
    assert!(fast.reconciles() && fast.ledger_difference() == brier_types::Money::ZERO, "{pair:?}");
    let tries = pair.tries;
    assert_eq!((tries.sent, tries.whole, tries.part, tries.sets.to_string().as_str()), (8, 8, 0, "677.61"));
    assert_eq!(pair.markets.each_ref().map(|it| it.position.to_string()), ["-499.61", "499.61"], "NO here, YES there");
    assert_eq!(pair.markets.each_ref().map(|it| it.profit.to_string()), ["26.463900", "-18.666420"]);
    // What is expected counts each contract as a fill of its own, so that rounding of fees can only surprise to the good.
    assert_eq!((tries.expected.to_string(), tries.sure.to_string()), ("7.595420".to_owned(), "7.797480".to_owned()));
    assert_eq!(pair.profit(), tries.sure, "what was sure is what was paid");
    let json = serde_json::to_value(fast.to_json().unwrap()).unwrap();
    let told = &json["pair"];
    assert_eq!(
        (&told["traded"], &told["strategy"], &told["result"]),
        (&true.into(), &"arbitrage".into(), &"no".into())
    );
    assert_eq!((&told["tries"], &told["filled_whole"], &told["sets"]), (&8.into(), &8.into(), &"677.61".into()));
    assert_eq!((&told["sure"], &told["pnl"], &json["pnl"]), (&told["pnl"], &json["pnl"], &told["sure"]));
    assert_eq!((&json["fills"], &told["markets"][0]["venue"]), (&18.into(), &"kalshi".into()));
    let paced = plan(500, true);
    let paced = play_both(&event(), Plan { pace: Pace { speed: 2_000.0, ..paced.pace }, ..paced });
    assert_eq!((fast.fills(), fast.profit(), fast.state_hash()), (paced.fills(), paced.profit(), paced.state_hash()));
}

#[test]
fn everything_shown_fits_a_terminal_of_24_lines() {
    // Below and above the rows: titles, an empty line, at most three lines of what happens, and how far it is.
    let around = 1 + 1 + 3 + 1;
    assert_eq!(Recordings::kept().unwrap().rows().len(), 24 - around);
}

/// Polymarket's half alone: the first windows, without the books that are only shown.
fn windows(count: usize) -> Recordings {
    Recordings { polymarket: Some(polymarket::kept().unwrap().first_windows(count)), ..Recordings::default() }
}

#[test]
fn a_polymarket_window_replayed_without_the_bot_follows_its_samples() {
    let summary = play_both(&windows(1), plan(500, false));
    assert_eq!((summary.markets().count(), summary.fills()), (1, 0));
    assert_books_equal(&summary);
}

#[test]
fn on_polymarket_too_the_same_seed_gives_the_same_fills_at_any_speed_and_a_failed_match_is_undone() {
    let fast = play_both(&windows(2), plan(1_000, true));
    let paced = plan(1_000, true);
    let paced = play_both(&windows(2), Plan { pace: Pace { speed: 120.0, ..paced.pace }, ..paced });
    assert!(fast.fills() > 0 && fast.reconciles());
    assert_eq!((fast.fills(), fast.profit(), fast.state_hash()), (paced.fills(), paced.profit(), paced.state_hash()));
    assert_eq!(chances(&fast), chances(&paced));
    assert_eq!(chances(&fast).iter().map(|it| it.0.as_secs()).collect::<Vec<_>>(), [117, 87, 57, 27, 117, 87, 57, 27]);
    let [venue] = fast.venues.as_slice() else { panic!("one venue") };
    assert_eq!((venue.undone_fills, venue.exchange_undone), (1, 1));
    assert!(venue.checks.iter().all(|check| check.equal == check.compared), "{:?}", venue.checks);
    assert!(venue.checks.iter().any(|check| check.what.starts_with("failed") && check.compared == 1));
    let json = serde_json::to_value(fast.to_json().unwrap()).unwrap();
    assert_eq!(json["fills"], json["venues"][0]["fills"], "with one venue the totals are its own");
    assert_eq!(json["markets"][0]["venue"], "polymarket");
    assert_eq!(json["markets"][0]["strategy"], "range");
    assert!(json["venues"][0]["simulated"].as_str().unwrap().contains("the last quote stands"));
}
