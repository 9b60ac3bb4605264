//! The forms in which fills and settlements were recorded, told apart by what stands in them. Pure: text goes in.
//!
//! On a recorded sell, `side` names the opposite outcome: selling YES shows `no`.

use std::collections::BTreeMap;

use brier_kalshi_protocol::fees::{FeeMultiplier, FeeType, Role};
use brier_types::{Money, Outcome, Price, Qty, Timestamp};
use serde::Deserialize;

use super::rules::SeriesFees;

/// One recorded fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FillRow {
    /// Where it stands, from 1.
    pub(super) line: u64,
    /// The order it belongs to, if recorded.
    pub(super) order: Option<String>,
    /// When.
    pub(super) created: Timestamp,
    /// The market, or the series where the market is not recorded.
    pub(super) market: String,
    /// Whether it bought.
    pub(super) buys: bool,
    /// The outcome that was traded.
    pub(super) outcome: Outcome,
    /// Its price.
    pub(super) price: Price,
    /// Contracts.
    pub(super) qty: Qty,
    /// Maker or taker.
    pub(super) role: Role,
    /// What the venue charged.
    pub(super) fee: Money,
}

/// One recorded settlement of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettlementRow {
    /// Where it stands, from 1.
    pub(super) line: u64,
    /// The market, or the series where the market is not recorded.
    pub(super) market: String,
    /// When.
    pub(super) settled: Timestamp,
    /// What was bought: outcome, contracts, cost.
    pub(super) bought: Vec<(Outcome, Qty, Money)>,
    /// What the venue charged for it in all.
    pub(super) fee: Money,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Fills with the venue's fee.
    Fills(Vec<FillRow>),
    /// Settlements with the venue's fee.
    Settlements(Vec<SettlementRow>),
    /// Fee fields of series.
    Series(BTreeMap<String, SeriesFees>),
    /// Nothing to check, and why.
    NoFee(String),
}

/// A line that is not of its file's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub(super) struct FormError {
    /// From 1.
    pub(super) line: u64,
    /// What was expected and found.
    pub(super) problem: String,
}

/// The series a market belongs to: what stands before its first dash.
pub(super) fn series_of(market: &str) -> &str {
    market.split_once('-').map_or(market, |(series, _)| series)
}

/// Reads a file's lines.
///
/// # Errors
/// [`FormError`] when a line is not of the form that the first line promises.
pub(super) fn read(lines: &[String]) -> Result<Content, FormError> {
    let Some(first) = lines.iter().find(|line| !line.trim().is_empty()) else {
        return Ok(Content::NoFee("the file is empty".to_owned()));
    };
    if let Ok(object) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(first) {
        let has = |name: &str| object.contains_key(name);
        return match (has("fee_cost"), has("settled_time"), has("action")) {
            (true, true, _) => rows(lines, settlement).map(Content::Settlements),
            (true, false, true) => rows(lines, fill).map(Content::Fills),
            _ => whole(lines),
        };
    }
    if first.trim_start().starts_with(['{', '[']) { whole(lines) } else { csv(lines) }
}

fn rows<T>(lines: &[String], read: impl Fn(u64, &str) -> Result<T, String>) -> Result<Vec<T>, FormError> {
    let numbered = (1..).zip(lines).filter(|(_, text)| !text.trim().is_empty());
    numbered.map(|(line, text)| read(line, text).map_err(|problem| FormError { line, problem })).collect()
}

fn unit<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn outcome(word: &str) -> Result<Outcome, String> {
    match word {
        "yes" => Ok(Outcome::Yes),
        "no" => Ok(Outcome::No),
        other => Err(format!("side: expected `yes` or `no`, found `{other}`")),
    }
}

#[derive(Deserialize)]
struct WireFill {
    #[serde(alias = "order_id")]
    order: Option<String>,
    created_time: String,
    #[serde(alias = "ticker")]
    market_ticker: Option<String>,
    series: Option<String>,
    action: String,
    side: String,
    count_fp: String,
    yes_price_dollars: String,
    no_price_dollars: String,
    is_taker: bool,
    fee_cost: String,
}

fn fill(line: u64, text: &str) -> Result<FillRow, String> {
    let wire: WireFill = serde_json::from_str(text).map_err(|error| format!("no fill: {error}"))?;
    let named = outcome(&wire.side)?;
    let (buys, outcome) = match (wire.action.as_str(), named) {
        ("buy", named) => (true, named),
        ("sell", Outcome::Yes) => (false, Outcome::No),
        ("sell", Outcome::No) => (false, Outcome::Yes),
        (other, _) => return Err(format!("action: expected `buy` or `sell`, found `{other}`")),
    };
    let (yes, no): (Price, Price) = (unit(&wire.yes_price_dollars)?, unit(&wire.no_price_dollars)?);
    if no != yes.complement() {
        return Err(format!("no_price_dollars: expected {}, found {no}", yes.complement()));
    }
    let price = if outcome == Outcome::Yes { yes } else { no };
    let role = if wire.is_taker { Role::Taker } else { Role::Maker };
    let (created, qty, fee) = (unit(&wire.created_time)?, unit(&wire.count_fp)?, unit(&wire.fee_cost)?);
    let market = wire.market_ticker.or(wire.series).ok_or("expected `ticker` or `series`, found neither")?;
    Ok(FillRow { line, order: wire.order, created, market, buys, outcome, price, qty, role, fee })
}

#[derive(Deserialize)]
struct WireSettlement {
    ticker: Option<String>,
    series: Option<String>,
    settled_time: String,
    yes_count_fp: String,
    yes_total_cost_dollars: String,
    no_count_fp: String,
    no_total_cost_dollars: String,
    fee_cost: String,
}

fn settlement(line: u64, text: &str) -> Result<SettlementRow, String> {
    let wire: WireSettlement = serde_json::from_str(text).map_err(|error| format!("no settlement: {error}"))?;
    let market = wire.ticker.or(wire.series).ok_or("expected `ticker` or `series`, found neither")?;
    let both = [
        (Outcome::Yes, unit::<Qty>(&wire.yes_count_fp)?, unit(&wire.yes_total_cost_dollars)?),
        (Outcome::No, unit::<Qty>(&wire.no_count_fp)?, unit(&wire.no_total_cost_dollars)?),
    ];
    let bought = both.into_iter().filter(|(_, qty, _)| !qty.is_zero()).collect();
    Ok(SettlementRow { line, market, settled: unit(&wire.settled_time)?, bought, fee: unit(&wire.fee_cost)? })
}

/// Columns of the settlement table of 2026-03.
const COLUMNS: [&str; 6] = ["fee_usd", "ticker", "settled_time", "our_side", "contracts", "total_cost_usd"];

fn csv(lines: &[String]) -> Result<Content, FormError> {
    let mut places = [0; COLUMNS.len()];
    let head: Vec<&str> =
        lines.iter().map(String::as_str).find(|line| !line.trim().is_empty()).unwrap_or_default().split(',').collect();
    for (place, wanted) in places.iter_mut().zip(COLUMNS) {
        match head.iter().position(|name| name.trim() == wanted) {
            Some(found) => *place = found,
            None => return Ok(Content::NoFee(format!("no exchange fee: a table without the column `{wanted}`"))),
        }
    }
    let row = |line: u64, text: &str| {
        let cells: Vec<&str> = text.split(',').collect();
        if cells.len() != head.len() || text.contains('"') {
            return Err(format!("expected {} cells without quotes, found {}", head.len(), cells.len()));
        }
        let [fee, ticker, settled, side, contracts, cost] = places.map(|place| cells[place].trim());
        let bought = vec![(outcome(side)?, unit(contracts)?, unit(cost)?)];
        Ok(SettlementRow { line, market: ticker.to_owned(), settled: unit(settled)?, bought, fee: unit(fee)? })
    };
    let mut body: Vec<String> = lines.to_vec();
    if let Some(first) = body.iter_mut().find(|line| !line.trim().is_empty()) {
        first.clear();
    }
    rows(&body, row).map(Content::Settlements)
}

#[derive(Deserialize)]
struct WireSeriesFile {
    payloads: BTreeMap<String, WirePayload>,
}

#[derive(Deserialize)]
struct WirePayload {
    series: WireSeries,
}

#[derive(Deserialize)]
struct WireSeries {
    fee_type: String,
    fee_multiplier: serde_json::Number,
}

/// A file that is one JSON document: fee fields of series, or nothing for us.
fn whole(lines: &[String]) -> Result<Content, FormError> {
    let Ok(file) = serde_json::from_str::<WireSeriesFile>(&lines.join("\n")) else {
        return Ok(Content::NoFee(
            "no exchange fee: neither fills nor settlements nor fee fields of series".to_owned(),
        ));
    };
    let read = |wire: &WireSeries| {
        let fee_type = FeeType::parse(&wire.fee_type).ok_or_else(|| format!("unknown fee type `{}`", wire.fee_type))?;
        let multiplier = FeeMultiplier::parse(&wire.fee_multiplier.to_string())
            .ok_or_else(|| format!("expected a fee multiplier, found {}", wire.fee_multiplier))?;
        Ok(SeriesFees { fee_type, multiplier })
    };
    let series = file.payloads.iter().map(|(name, payload)| {
        let fees = read(&payload.series)
            .map_err(|problem: String| FormError { line: 1, problem: format!("{name}: {problem}") })?;
        Ok((name.clone(), fees))
    });
    series.collect::<Result<_, _>>().map(Content::Series)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    const FILL: &str = r#"{"trade_id":"t","order":"o","created_time":"2026-05-09T17:27:52.767751Z","ticker":"KXA-1-T","action":"sell","side":"no","count_fp":"2.00","yes_price_dollars":"0.9840","no_price_dollars":"0.0160","is_taker":true,"fee_cost":"0.008000"}"#;

    #[test]
    fn on_a_sell_the_side_names_the_opposite_outcome() {
        let Content::Fills(fills) = read(&lines(FILL)).unwrap() else { panic!("fills") };
        assert_eq!((fills[0].buys, fills[0].outcome, fills[0].price.pips()), (false, Outcome::Yes, 9_840));
        let bought = FILL.replace("sell", "buy");
        let Content::Fills(fills) = read(&lines(&bought)).unwrap() else { panic!("fills") };
        assert_eq!((fills[0].buys, fills[0].outcome, fills[0].price.pips()), (true, Outcome::No, 160));
        assert_eq!(series_of(&fills[0].market), "KXA");
    }

    #[test]
    fn a_broken_line_is_named() {
        let text = format!("{FILL}\n\n{}", FILL.replace("0.0160", "0.0170"));
        let error = read(&lines(&text)).unwrap_err();
        assert_eq!(error.to_string(), "line 3: no_price_dollars: expected 0.0160, found 0.0170");
    }

    #[test]
    fn settlements_come_as_lines_and_as_a_table() {
        let line = r#"{"fee_cost":"0.094100","market_result":"no","no_count_fp":"10.00","no_total_cost_dollars":"1.600000","revenue":1000,"settled_time":"2026-08-16T02:00:00Z","value":0,"yes_count_fp":"0.00","yes_total_cost_dollars":"0.000000","series":"KXUFCFIGHT"}"#;
        let Content::Settlements(rows) = read(&lines(line)).unwrap() else { panic!("settlements") };
        assert_eq!(rows[0].bought, [(Outcome::No, "10".parse().unwrap(), "1.6".parse().unwrap())]);
        let table = "ticker,settled_time,our_side,contracts,total_cost_usd,fee_usd\nKXA-1,2026-02-28T22:01:16Z,no,7,3.36,0.13\n";
        let Content::Settlements(rows) = read(&lines(table)).unwrap() else { panic!("settlements") };
        assert_eq!((rows[0].line, rows[0].fee.micros()), (2, 130_000));
        assert!(read(&lines(&table.replace(",7,", ",x,"))).is_err());
        assert!(read(&lines(&table.replace(",7,", ","))).is_err());
    }

    #[test]
    fn files_without_a_fee_are_told_apart() {
        for text in ["", "placed_at,ticker,pnl_usd\n1,2,3", "{\n\"grids\": []\n}", r#"{"a":1}"#] {
            assert!(matches!(read(&lines(text)), Ok(Content::NoFee(_))), "{text}");
        }
    }

    #[test]
    fn fee_fields_of_series_are_read() {
        let text = r#"{"payloads":
            {"KXMLBGAME":{"series":{"fee_type":"quadratic_with_maker_fees","fee_multiplier":0.5}}}}"#;
        let Content::Series(series) = read(&lines(text)).unwrap() else { panic!("series") };
        assert_eq!(series["KXMLBGAME"].multiplier.micros(), 500_000);
        assert!(read(&lines(&text.replace("quadratic_with_maker_fees", "flat"))).is_err());
    }
}
