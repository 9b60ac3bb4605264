//! Frames like those of the workloads, made on the spot: for benchmarks and tests that come without files.
//!
//! One subscription of book messages with a snapshot of every market first, then mostly changes, some tickers, trades and
//! further snapshots; a skewed choice of markets; never a negative level, never a crossed book.

use std::fmt::Write as _;

use crate::random::Random;

struct Market {
    ticker: String,
    id: String,
    /// Hundredths of a contract by cent: bids for YES up to `mid` - 1, bids for NO up to 99 - `mid`.
    ladders: [[u64; 100]; 2],
    mid: u64,
}

const LADDERS: [(&str, &str); 2] = [("yes", "yes_dollars_fp"), ("no", "no_dollars_fp")];

impl Market {
    fn new(random: &mut Random, index: u64) -> Self {
        let (a, b) = (random.next(), random.next());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a >> 48,
            a & 0xFFF,
            b >> 52,
            b & 0xFFFF_FFFF_FFFF
        );
        let ticker =
            format!("KXSERIES{}-26NOV{:02}{:02}00-T{}.50", index % 12, 1 + index % 28, index % 24, 1_000 + index);
        let mut market = Self { ticker, id, ladders: [[0; 100]; 2], mid: 5 + random.below(90) };
        for (ladder, top) in [(0, market.mid - 1), (1, 99 - market.mid)] {
            for cent in top.saturating_sub(25).max(1)..=top {
                market.ladders[ladder][cent as usize] = random.below(5) * 1_000 * random.below(50);
            }
        }
        market
    }

    fn snapshot(&self, seq: u64) -> String {
        let mut text = format!(
            r#"{{"type":"orderbook_snapshot","sid":2,"seq":{seq},"msg":{{"market_ticker":"{}","market_id":"{}""#,
            self.ticker, self.id
        );
        for ((_, key), ladder) in LADDERS.iter().zip(&self.ladders) {
            let levels: Vec<String> = (0..)
                .zip(ladder)
                .filter(|(_, qty)| **qty > 0)
                .map(|(cent, qty)| format!(r#"["{}","{}"]"#, dollars(cent), contracts(*qty)))
                .collect();
            if !levels.is_empty() {
                write!(text, r#","{key}":[{}]"#, levels.join(",")).expect("writing to a string cannot fail");
            }
        }
        text + "}}"
    }

    fn delta(&mut self, random: &mut Random, seq: u64, ts_ms: u64) -> String {
        let side = random.below(2) as usize;
        let top = if side == 0 { self.mid - 1 } else { 99 - self.mid };
        let depth = random.below(8).min(random.below(8));
        let cent = top.saturating_sub(depth).max(1);
        let level = &mut self.ladders[side][cent as usize];
        let (sign, change) = match (*level, random.below(6)) {
            (0, _) | (_, 0..=2) => ("", 100 * (1 + random.below(500)) + random.below(20) / 19 * 37),
            (held, 3) => ("-", held),
            (held, _) => ("-", 1 + random.below(held)),
        };
        *level = if sign.is_empty() { *level + change } else { *level - change };
        format!(
            r#"{{"type":"orderbook_delta","sid":2,"seq":{seq},"msg":{{"market_ticker":"{}","market_id":"{}","price_dollars":"{}","delta_fp":"{sign}{}","side":"{}","ts":"2026-11-20T16:30:05.123456Z","ts_ms":{ts_ms}}}}}"#,
            self.ticker,
            self.id,
            dollars(cent),
            contracts(change),
            LADDERS[side].0
        )
    }

    fn ticker(&self, ts_ms: u64) -> String {
        let (bid, ask, ts) = (dollars(self.mid - 1), dollars(self.mid + 1), ts_ms / 1_000);
        format!(
            r#"{{"type":"ticker","sid":11,"msg":{{"market_ticker":"{}","market_id":"{}","price_dollars":"{}","yes_bid_dollars":"{bid}","yes_ask_dollars":"{ask}","volume_fp":"123456.00","open_interest_fp":"4567.50","dollar_volume":61728,"dollar_open_interest":2283,"yes_bid_size_fp":"35.50","yes_ask_size_fp":"80.00","last_trade_size_fp":"5.00","ts":{ts},"ts_ms":{ts_ms},"time":"2026-11-20T16:30:05.123456Z"}}}}"#,
            self.ticker,
            self.id,
            dollars(self.mid)
        )
    }

    fn trade(&self, random: &mut Random, seq: u64, ts_ms: u64) -> String {
        let (yes, no, ts) = (dollars(self.mid), dollars(100 - self.mid), ts_ms / 1_000);
        format!(
            r#"{{"type":"trade","sid":12,"seq":{seq},"msg":{{"trade_id":"{}","market_ticker":"{}","yes_price_dollars":"{yes}","no_price_dollars":"{no}","count_fp":"{}","taker_side":"yes","ts":{ts},"ts_ms":{ts_ms}}}}}"#,
            self.id,
            self.ticker,
            contracts(100 + random.below(50_000))
        )
    }
}

fn dollars(cents: u64) -> String {
    format!("{}.{:02}00", cents / 100, cents % 100)
}

fn contracts(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// `count` frames after the first snapshots of `markets` markets; the same for the same arguments.
pub fn generate(markets: u64, count: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let mut all: Vec<Market> = (0..markets).map(|index| Market::new(&mut random, index)).collect();
    let mut frames: Vec<String> = (1..).zip(&all).map(|(seq, market)| market.snapshot(seq)).collect();
    let (mut book_seq, mut trade_seq, mut ts_ms) = (markets, 0, 1_795_192_205_000);
    for _ in 0..count {
        ts_ms += random.below(4);
        let skewed = random.below(markets).min(random.below(markets)).min(random.below(markets));
        let market = &mut all[skewed as usize];
        frames.push(match random.below(1_000) {
            0..880 => {
                book_seq += 1;
                market.delta(&mut random, book_seq, ts_ms)
            }
            880..950 => market.ticker(ts_ms),
            950..990 => {
                trade_seq += 1;
                market.trade(&mut random, trade_seq, ts_ms)
            }
            _ => {
                book_seq += 1;
                market.snapshot(book_seq)
            }
        });
    }
    frames
}
