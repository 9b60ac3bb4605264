//! The recorded Kalshi markets that are kept in the program.

use std::path::Path;

use anyhow::Context as _;
pub(crate) use brier_backtest::history::session::{Cursor, Session, from_folder};
use brier_backtest::history::{Table, session};
use brier_store::Lines;

/// A market kept in the program: its ticker, frames and spot.
struct Kept(&'static str, &'static [u8], &'static [u8]);

macro_rules! kept {
    ($ticker:literal) => {
        Kept(
            $ticker,
            include_bytes!(concat!("../../data/demo/", $ticker, ".ndjson.zst")),
            include_bytes!(concat!("../../data/demo/", $ticker, ".spot.csv.zst")),
        )
    };
}

/// In the order of their closes.
const KEPT: [Kept; 4] = [
    kept!("KXBTC15M-26MAY130915-15"),
    kept!("KXBTC15M-26MAY131130-30"),
    kept!("KXBTC15M-26MAY131145-45"),
    kept!("KXBTC15M-26MAY131245-45"),
];
const KEPT_MARKETS: &str = include_str!("../../data/demo/markets.csv");

/// The markets kept in the program.
pub(crate) fn kept() -> anyhow::Result<Vec<Session>> {
    let markets = Table::parse(KEPT_MARKETS)?;
    let load = |Kept(ticker, frames, spot): &Kept| {
        let lines = |bytes: &'static [u8]| Lines::from_reader(Path::new(ticker), bytes);
        session::read(ticker, &markets, lines(frames)?, Some(lines(spot)?))
    };
    KEPT.iter().map(|kept| load(kept).with_context(|| format!("the kept recording of {}", kept.0))).collect()
}

#[cfg(test)]
mod tests {
    use brier_types::MarketResult;

    use super::*;

    #[test]
    fn the_kept_recordings_are_in_order_and_end_as_their_settlement_says() {
        let sessions = kept().unwrap();
        assert_eq!(sessions.len(), 4);
        assert!(sessions.is_sorted_by_key(|session| session.close_time));
        for session in &sessions {
            let price: f64 = session.settlement_price.parse().unwrap();
            let result = if price >= session.strike { MarketResult::Yes } else { MarketResult::No };
            assert_eq!(session.result, result, "{}", session.market);
            assert!(session.start() < session.close_time);
            let mut cursor = Cursor::new(session);
            cursor.advance(session.start()).unwrap();
            assert!(cursor.book.view().is_ok(), "{} starts with a book", session.market);
            cursor.advance(session.close_time).unwrap();
            assert!(!cursor.spot(session.close_time).is_empty());
            assert!(cursor.spot(session.close_time).is_empty(), "spot is given once");
        }
    }

    #[test]
    fn a_folder_of_the_other_recorder_is_read_without_spot() {
        let sessions = from_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/gold"))).unwrap();
        assert_eq!(sessions.len(), 2);
        assert_eq!(sessions[0].price_structure, "linear_cent");
        assert!(sessions.iter().all(|session| !session.has_spot() && session.frame_count() > 10_000));
    }
}
