//! Vectors of amounts, prices from a book, and amounts that leave room for fees.

use brier_types::{Money, Price, Qty};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::decimal::Decimal;
use super::orders::{PriceRounding, Word, price, signed_amounts, tick};
use super::{Unusable, Vector};
use crate::amounts::{self, SpendTerms};
use crate::ids::Side;
use crate::order::OrderKind;
use crate::wire::Num;

#[derive(Deserialize)]
struct Wish {
    price: Num,
    size: Option<Num>,
    amount: Option<Num>,
    side: Word,
    tick_size: Num,
}

pub(super) fn amounts(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Wish = serde_json::from_str(vector.input.get())?;
    let tick = tick(&input.tick_size)?;
    let rounding = if vector.kind == "market_amounts" { PriceRounding::Down } else { PriceRounding::Nearest };
    let price = price(&input.price, tick, rounding)?;
    let made = signed_amounts(input.side.into(), price, tick, input.size.as_ref(), input.amount.as_ref())?;
    Ok(json!({ "maker_amount": made.maker.to_string(), "taker_amount": made.taker.to_string() }))
}

#[derive(Deserialize)]
struct Level {
    price: Num,
    size: Num,
}

#[derive(Deserialize)]
struct Walk {
    levels: Vec<Level>,
    amount: Num,
    side: Word,
    order_type: String,
}

fn micros(field: &str, number: &Num) -> Result<u64, Unusable> {
    let exact = Decimal::read(field, number)?.exact(6).filter(|micros| i64::try_from(*micros).is_ok());
    exact.ok_or_else(|| Unusable::new(field, "a number of at most 6 decimals", number.as_str()))
}

fn exact_price(field: &str, number: &Num) -> Result<Price, Unusable> {
    let pips = Decimal::read(field, number)?.exact(4).and_then(|pips| u16::try_from(pips).ok());
    pips.and_then(Price::new).ok_or_else(|| Unusable::new(field, "a price of at most 4 decimals", number.as_str()))
}

pub(super) fn market_price(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Walk = serde_json::from_str(vector.input.get())?;
    let kind: OrderKind = input
        .order_type
        .parse()
        .map_err(|_unknown| Unusable::new("input.order_type", "GTC, GTD, FOK or FAK", input.order_type.as_str()))?;
    let level = |level: &Level| {
        let size = Qty::from_micros(micros("input.levels.size", &level.size)?)
            .ok_or_else(|| Unusable::new("input.levels.size", "a size below 2^63 millionths", level.size.as_str()))?;
        Ok((exact_price("input.levels.price", &level.price)?, size))
    };
    let levels = input.levels.iter().map(level).collect::<Result<Vec<_>, Unusable>>()?;
    let amount = micros("input.amount", &input.amount)?;
    match amounts::market_price(Side::from(input.side), amount, &levels, kind) {
        Ok(price) => Ok(json!({ "price": number(&price.to_string())? })),
        Err(error) => Ok(json!({ "error": error.to_string() })),
    }
}

#[derive(Deserialize)]
struct Spend {
    amount: Num,
    price: Num,
    balance: Num,
    rate: Num,
    exponent: Num,
    builder_taker_rate: Num,
    slippage: Num,
}

pub(super) fn fee_adjust(vector: &Vector<'_>) -> Result<Value, Unusable> {
    let input: Spend = serde_json::from_str(vector.input.get())?;
    let exponent =
        Decimal::read("input.exponent", &input.exponent)?.exact(0).and_then(|exponent| exponent.try_into().ok());
    let terms = SpendTerms {
        price: exact_price("input.price", &input.price)?,
        rate_micros: micros("input.rate", &input.rate)?,
        exponent: exponent.ok_or_else(|| Unusable::new("input.exponent", "an integer", input.exponent.as_str()))?,
        builder_rate_micros: micros("input.builder_taker_rate", &input.builder_taker_rate)?,
        slippage_micro_percent: micros("input.slippage", &input.slippage)?,
    };
    let money = |field, number| micros(field, number).map(|micros| Money::from_micros(micros as i64));
    let (amount, balance) = (money("input.amount", &input.amount)?, money("input.balance", &input.balance)?);
    let atto = amounts::spend_within_atto(amount, balance, &terms)
        .map_err(|error| Unusable::new("input", "terms of a fee", error.to_string()))?;
    Ok(json!({ "amount": number(&format!("{}.{:018}", atto / 10_u128.pow(18), atto % 10_u128.pow(18)))? }))
}

/// Decimal text as a JSON number, equal to that of the same number in a file.
fn number(text: &str) -> Result<Value, Unusable> {
    let trimmed = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    let raw: &RawValue = serde_json::from_str(trimmed)?;
    Ok(serde_json::from_str(raw.get())?)
}
