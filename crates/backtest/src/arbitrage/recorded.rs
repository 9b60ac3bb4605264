//! Reads the joint histories: best prices of both venues on one clock.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use brier_arbitrage::Terms;
use brier_book::Level;
use brier_engine::{Custody, Fees};
use brier_kalshi_protocol::fees as kalshi;
use brier_polymarket_protocol::fees as polymarket;
use brier_store::Lines;
use brier_types::{Money, Price, Qty, Timestamp, Venue};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{JointHistory, Look};

/// From this day on, takers in sports pay 5 % instead of 3 %. Source: reference (Polymarket), section 15.1.
const SPORTS_RISE: &str = "2026-07-10T00:00:00Z";

/// All joint histories of a data folder that are there.
///
/// # Errors
/// What cannot be read, with its file and line.
pub fn read(data: &Path) -> anyhow::Result<Vec<JointHistory>> {
    let mut all = Vec::new();
    for (name, read) in [("xvenue_worldcup_bbo", world_cup as Reader), ("xvenue_quotes", quotes)] {
        let folder = data.join(name);
        if folder.is_dir() {
            all.extend(read(&folder).with_context(|| folder.display().to_string())?);
        }
    }
    Ok(all)
}

type Reader = fn(&Path) -> anyhow::Result<Vec<JointHistory>>;

/// A row of `xvenue_worldcup_bbo`: one venue in one round, in cents.
#[derive(Deserialize)]
struct Row {
    ts: i64,
    t_fetch: i64,
    venue: String,
    pair: String,
    bid: Option<f64>,
    ask: Option<f64>,
    bid_sz: Option<String>,
    ask_sz: Option<String>,
}

fn world_cup(folder: &Path) -> anyhow::Result<Vec<JointHistory>> {
    let mut all = Vec::new();
    for file in files(folder)? {
        let stem = stem(&file);
        // Of one venue alone.
        if stem.starts_with("kalshi_only") {
            continue;
        }
        let mut rounds: BTreeMap<(String, i64), [Option<Look>; 2]> = BTreeMap::new();
        rows(&file, |row: Row| {
            let at = Timestamp::from_millis(row.t_fetch).context("`t_fetch` is no time")?;
            let side = |price: Option<f64>, size: Option<&String>| -> anyhow::Result<Option<Level>> {
                let (Some(cents), Some(size)) = (price, size) else { return Ok(None) };
                level(cents, Unit::Cents, size.parse().context("a size")?)
            };
            let look = Look { at, bid: side(row.bid, row.bid_sz.as_ref())?, ask: side(row.ask, row.ask_sz.as_ref())? };
            let venue = match row.venue.as_str() {
                "kalshi" => 0,
                "polymarket" => 1,
                other => anyhow::bail!("venue: expected kalshi or polymarket, found `{other}`"),
            };
            rounds.entry((row.pair, row.ts)).or_default()[venue] = Some(look);
            Ok(())
        })?;
        let mut pairs: BTreeMap<String, Vec<[Look; 2]>> = BTreeMap::new();
        for ((pair, _), looks) in rounds {
            if let [Some(kalshi), Some(polymarket)] = looks {
                pairs.entry(pair).or_default().push([kalshi, polymarket]);
            }
        }
        for (pair, rounds) in pairs {
            let (kalshi, polymarket) = pair.split_once(':').context("`pair`: expected TICKER:TOKEN")?;
            let terms = terms(rounds[0][0].at, Category::Sports, true)?;
            all.push(JointHistory {
                name: format!("xvenue_worldcup_bbo {stem} {kalshi}"),
                kalshi: kalshi.to_owned(),
                polymarket: polymarket.to_owned(),
                rounds,
                terms,
                sized: true,
                timed: true,
            });
        }
    }
    Ok(all)
}

/// A row of `xvenue_quotes`: both venues in one round, in dollars, without sizes.
#[derive(Deserialize)]
struct Both {
    captured_at: String,
    kalshi: KalshiQuote,
    polymarket: PolymarketQuote,
}

#[derive(Deserialize)]
struct KalshiQuote {
    ticker: Option<String>,
    yes_bid: Option<f64>,
    yes_ask: Option<f64>,
    price_source_tag: String,
}

#[derive(Deserialize)]
struct PolymarketQuote {
    market_id: String,
    best_bid: Option<f64>,
    best_ask: Option<f64>,
    book_fetch_ok: bool,
    price_source_tag: String,
}

fn quotes(folder: &Path) -> anyhow::Result<Vec<JointHistory>> {
    let one = Qty::from_contracts(1).context("one contract is a quantity")?;
    let mut pairs: BTreeMap<(Category, String, String), Vec<[Look; 2]>> = BTreeMap::new();
    for file in files(folder)? {
        let category = match stem(&file) {
            name if name.starts_with("worldcup") => Category::Sports,
            name if name.starts_with("fed_decision") => Category::Economics,
            // The Kalshi side of the CPI rows is a chance derived from neighbouring strikes, and no price.
            _ => continue,
        };
        rows(&file, |row: Both| {
            let Some(ticker) = row.kalshi.ticker else { return Ok(()) };
            let real = row.kalshi.price_source_tag == "real_ask" && row.polymarket.price_source_tag == "real_ask";
            if !real || !row.polymarket.book_fetch_ok {
                return Ok(());
            }
            let at: Timestamp = row.captured_at.parse()?;
            let side = |price: Option<f64>| price.map_or(Ok(None), |price| level(price, Unit::Dollars, one));
            let kalshi = Look { at, bid: side(row.kalshi.yes_bid)?, ask: side(row.kalshi.yes_ask)? };
            let polymarket = Look { at, bid: side(row.polymarket.best_bid)?, ask: side(row.polymarket.best_ask)? };
            let key = (category, ticker, row.polymarket.market_id);
            pairs.entry(key).or_default().push([kalshi, polymarket]);
            Ok(())
        })?;
    }
    let history = |((category, kalshi, polymarket), mut rounds): ((Category, String, String), Vec<[Look; 2]>)| {
        rounds.sort_by_key(|looks| looks[0].at);
        let terms = terms(rounds[0][0].at, category, false)?;
        let name = format!("xvenue_quotes {kalshi}");
        Ok(JointHistory { name, kalshi, polymarket, rounds, terms, sized: false, timed: false })
    };
    pairs.into_iter().map(history).collect()
}

/// What decides Polymarket's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Category {
    Sports,
    Economics,
}

/// The terms of both venues at a time. Payouts were not recorded, so nothing waits for them.
///
/// Kalshi: the ordinary taker's fee; these series have the multiplier 1 in the catalogue of 2026-01-31. Polymarket: the rate of the
/// category, though it is not recorded that these markets had fees at all.
fn terms(at: Timestamp, category: Category, sized: bool) -> anyhow::Result<[Terms; 2]> {
    let rate = match category {
        Category::Sports if at < SPORTS_RISE.parse()? => 30_000,
        Category::Sports | Category::Economics => 50_000,
    };
    let standard = kalshi::FeeSchedule::new(kalshi::FeeType::Quadratic, kalshi::FeeMultiplier::ONE);
    let both = |venue, fees, custody, min_taking| Terms {
        venue,
        shard: 0,
        fees,
        custody,
        size_step: Qty::HUNDREDTH,
        // What was recorded is taken at once, and a level may be of one contract.
        min_qty: Qty::HUNDREDTH,
        min_taking,
        surcharge: Money::ZERO,
        payout: Timestamp::EPOCH,
    };
    let least = if sized { Money::DOLLAR } else { Money::ZERO };
    Ok([
        both(Venue::Kalshi, Fees::Kalshi(standard), Custody::Netted, Money::ZERO),
        both(
            Venue::Polymarket,
            Fees::Polymarket(polymarket::FeeSchedule::new(rate, 1, true, 0)?),
            Custody::Tokens,
            least,
        ),
    ])
}

/// What a recording states prices in.
#[derive(Clone, Copy)]
enum Unit {
    Dollars,
    Cents,
}

/// A level at a price; none at $0 and $1, where nothing trades, and none without a size.
fn level(price: f64, unit: Unit, qty: Qty) -> anyhow::Result<Option<Level>> {
    let (pips, word) = match unit {
        Unit::Dollars => (price * 10_000.0, "dollars"),
        Unit::Cents => (price * 100.0, "cents"),
    };
    let on_grid = (0.0..=10_000.0).contains(&pips) && (pips - pips.round()).abs() < 1e-6;
    ensure!(on_grid, "price: expected $0 to $1 in steps of $0.0001, found {price} {word}");
    let price = Price::new(pips.round() as u16).filter(|price| price.is_tradable() && !qty.is_zero());
    Ok(price.map(|price| Level { price, qty }))
}

/// The recordings of a folder, plain or compressed, in order.
fn files(folder: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // `NAME.jsonl` or `NAME.jsonl.zst`.
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let endings: Vec<&str> = name.split('.').skip(1).collect();
        if matches!(endings[..], ["jsonl"] | ["jsonl", "zst"]) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn stem(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// Reads a file of JSON objects, one a line.
fn rows<T: DeserializeOwned>(path: &Path, mut take: impl FnMut(T) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut lines = Lines::open(path)?;
    loop {
        let number = lines.line() + 1;
        let Some(line) = lines.next_line()? else { return Ok(()) };
        let place = || format!("{} line {number}", path.display());
        let row = serde_json::from_str(line).with_context(place)?;
        take(row).with_context(place)?;
    }
}
