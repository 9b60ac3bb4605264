//! Events and markets as they are listed: from the venue's Gamma records, or from a few words.
//!
//! Ids that are not given are computed as the contracts compute them, from oracle and question.
//!
//! Source: reference (Polymarket), sections 5.5, 12 and 16.2, 2026-11-20.

use alloy_primitives::{Address, B256, address, keccak256};
use brier_polymarket_protocol::chain::{
    Module, PositionCondition, condition_id, neg_risk_market_id, outcome_tokens, question_id,
};
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::ids::{ConditionId, NegRiskMarketId, QuestionId};
use brier_polymarket_protocol::wire::{self, Num};
use brier_types::{Money, Price, Qty};
use serde::Deserialize;
use serde_json::Value;

use super::ListedMarket;
use crate::admin::AdminError;
use crate::core::Core;
use crate::polymarket::record::{EventListing, Fees, MarketListing, Record, RewardsListing};

/// What the neg-risk adapter wraps USDC.e into: collateral of the tokens of negative-risk markets.
///
/// Source: the token ids of recorded markets follow from it.
const WRAPPED_COLLATERAL: Address = address!("0x3A3BD7bb9528E159577F7C2e685CC81A765002E2");

/// The first number given to an event that has none, far from the numbers of records.
const FIRST_EVENT: usize = 9_000_000;
/// The same of markets.
const FIRST_MARKET: usize = 90_000_000;

fn invalid(text: impl Into<String>) -> AdminError {
    AdminError::Invalid(text.into())
}

/// A tag is a word, or an object with one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tag {
    Word(String),
    Object { label: String },
}

impl Tag {
    fn word(self) -> String {
        match self {
            Self::Word(word) | Self::Object { label: word } => word,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EventGiven {
    #[serde(with = "wire::loose_text")]
    id: Option<String>,
    slug: Option<String>,
    ticker: Option<String>,
    title: Option<String>,
    description: Option<String>,
    #[serde(alias = "negRisk")]
    neg_risk: Option<bool>,
    #[serde(alias = "negRiskMarketID")]
    neg_risk_market_id: Option<String>,
    #[serde(alias = "endDate")]
    end_date: Option<String>,
    tags: Option<Vec<Tag>>,
    #[serde(alias = "seriesSlug")]
    series_slug: Option<String>,
}

#[derive(Deserialize)]
struct FeesGiven {
    rate: Num,
    exponent: Num,
    #[serde(default, rename = "rebateRate")]
    rebate_rate: Option<Num>,
}

#[derive(Deserialize)]
struct RewardsGiven {
    #[serde(with = "wire::text")]
    min_size: Qty,
    #[serde(with = "wire::text")]
    max_spread: Price,
    #[serde(with = "wire::text")]
    daily_rate: Money,
}

#[derive(Deserialize)]
struct MarketGiven {
    #[serde(with = "wire::loose_text", default)]
    id: Option<String>,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, alias = "resolutionSource")]
    resolution_source: Option<String>,
    #[serde(default, alias = "endDate")]
    end_date: Option<String>,
    #[serde(default, alias = "conditionId")]
    condition_id: Option<String>,
    #[serde(default, alias = "questionID")]
    question_id: Option<String>,
    #[serde(default, alias = "clobTokenIds", with = "wire::json_text")]
    token_ids: Option<Vec<String>>,
    #[serde(default, with = "wire::json_text")]
    outcomes: Option<Vec<String>>,
    #[serde(default, alias = "groupItemTitle")]
    group_item_title: Option<String>,
    #[serde(default, alias = "negRisk")]
    neg_risk: Option<bool>,
    #[serde(default, alias = "negRiskMarketID")]
    neg_risk_market_id: Option<String>,
    #[serde(default, alias = "negRiskOther")]
    neg_risk_other: Option<bool>,
    #[serde(default, alias = "orderPriceMinTickSize", with = "wire::text")]
    tick: Option<Price>,
    #[serde(default, alias = "orderMinSize", with = "wire::text")]
    min_size: Option<Qty>,
    #[serde(default)]
    fee_rate: Option<Num>,
    #[serde(default)]
    fee_exponent: Option<Num>,
    #[serde(default)]
    rebate_rate: Option<Num>,
    #[serde(default, rename = "feesEnabled")]
    fees_enabled: Option<bool>,
    #[serde(default, rename = "feeSchedule")]
    fee_schedule: Option<FeesGiven>,
    #[serde(default)]
    accepting: Option<bool>,
    #[serde(default, rename = "acceptingOrders")]
    accepting_orders: Option<bool>,
    #[serde(default, alias = "secondsDelay")]
    seconds_delay: Option<u32>,
    #[serde(default)]
    rewards: Option<RewardsGiven>,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
    #[serde(default)]
    poly_v2: bool,
}

fn read<T: for<'de> Deserialize<'de>>(what: &str, given: &Value) -> Result<T, AdminError> {
    // From text, so that numbers are read digit by digit.
    serde_json::from_str(&given.to_string()).map_err(|error| invalid(format!("{what}: {error}")))
}

/// Words joined by dashes, as in addresses.
fn slug_of(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").chars().take(80).collect()
}

fn tags_of(tags: Option<Vec<Tag>>) -> Vec<String> {
    tags.into_iter().flatten().map(Tag::word).collect()
}

/// The oracle under which ordinary markets are prepared.
const ORACLE: Address = Contracts::UMA_CTF_ADAPTER_V3;

/// Lists an event and the markets in it.
pub(super) fn event(core: &mut Core, mut given: Value) -> Result<(String, Vec<ListedMarket>), AdminError> {
    let markets = match given.get_mut("markets").map(Value::take) {
        Some(Value::Array(markets)) => markets,
        _ => Vec::new(),
    };
    let neg_risk = markets.iter().any(|market| flag(market, &["neg_risk", "negRisk"]));
    let id = plain_event(core, read("event", &given)?, neg_risk)?;
    let mut listed = Vec::new();
    for mut one in markets {
        if let Value::Object(one) = &mut one {
            one.insert("event".to_owned(), id.as_str().into());
        }
        listed.push(market(core, one)?);
    }
    Ok((id, listed))
}

fn flag(value: &Value, names: &[&str]) -> bool {
    names.iter().any(|name| value.get(name).and_then(Value::as_bool) == Some(true))
}

fn plain_event(core: &mut Core, given: EventGiven, neg_risk: bool) -> Result<String, AdminError> {
    let number = core.polymarket.events.len();
    let title = given.title.or_else(|| given.slug.clone()).unwrap_or_else(|| format!("Event {number}"));
    let slug = given.slug.unwrap_or_else(|| slug_of(&title));
    let neg_risk = given.neg_risk.unwrap_or(neg_risk);
    let neg_risk_market_id = match given.neg_risk_market_id.filter(|id| !id.is_empty()) {
        _ if !neg_risk => String::new(),
        Some(id) => id.parse::<NegRiskMarketId>().map_err(|error| invalid(error.to_string()))?.to_string(),
        None => neg_risk_market_id(ORACLE, format!("{number} {title}").as_bytes()).to_string(),
    };
    let listing = EventListing {
        id: given.id.unwrap_or_else(|| (FIRST_EVENT + number).to_string()),
        ticker: given.ticker.unwrap_or_else(|| slug.clone()),
        slug,
        title,
        description: given.description.unwrap_or_default(),
        neg_risk,
        neg_risk_market_id,
        end_date: given.end_date.unwrap_or_default(),
        tags: tags_of(given.tags),
        series_slug: given.series_slug.unwrap_or_default(),
    };
    let id = listing.id.clone();
    core.submit_polymarket(Record::ListEvent(Box::new(listing)))?;
    Ok(id)
}

/// The event of a market: named, in the record, or made for it.
fn event_of(core: &mut Core, record: &Value, given: &MarketGiven) -> Result<String, AdminError> {
    let named = match record.get("event") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let within = record.get("event").filter(|event| event.is_object());
    let within = within.or_else(|| record.get("events").and_then(|events| events.get(0)));
    let neg_risk = given.neg_risk.unwrap_or(false);
    let event: EventGiven = match (named, within) {
        (Some(id), _) if core.polymarket.events.contains_key(&id) => return Ok(id),
        (Some(id), _) => EventGiven { id: Some(id), ..EventGiven::default() },
        (None, Some(event)) => read("event", event)?,
        (None, None) => EventGiven::default(),
    };
    if let Some(id) = event.id.as_ref().filter(|id| core.polymarket.events.contains_key(*id)) {
        return Ok(id.clone());
    }
    let event = EventGiven {
        title: event.title.or_else(|| given.question.clone()),
        slug: event.slug.or_else(|| given.slug.clone()),
        end_date: event.end_date.or_else(|| given.end_date.clone()),
        neg_risk_market_id: event.neg_risk_market_id.or_else(|| given.neg_risk_market_id.clone()),
        ..event
    };
    plain_event(core, event, neg_risk)
}

/// Lists a market.
pub(super) fn market(core: &mut Core, record: Value) -> Result<ListedMarket, AdminError> {
    let record = match record.get("raw") {
        Some(raw) if raw.is_object() => {
            let mut raw = raw.clone();
            // What a recording says beside the venue's record is not the venue's, but `accepting` and `event` are ours.
            for name in ["accepting", "event", "tick"] {
                if let (Some(value), Value::Object(raw)) = (record.get(name), &mut raw) {
                    raw.insert(name.to_owned(), value.clone());
                }
            }
            raw
        }
        _ => record,
    };
    let given: MarketGiven = read("market", &record)?;
    let event = event_of(core, &record, &given)?;
    let listing = listing(core, given, event)?;
    let neg_risk = core.polymarket.events[&listing.event].listing.neg_risk;
    let listed = ListedMarket {
        id: listing.id.clone(),
        event_id: listing.event.clone(),
        slug: listing.slug.clone(),
        condition_id: listing.condition.clone(),
        question_id: listing.question_id.clone(),
        token_ids: listing.tokens.clone(),
        neg_risk,
    };
    core.submit_polymarket(Record::ListMarket(Box::new(listing)))?;
    Ok(listed)
}

fn pair(what: &str, list: Vec<String>) -> Result<[String; 2], AdminError> {
    list.try_into().map_err(|list: Vec<String>| invalid(format!("{what}: expected two, found {}", list.len())))
}

fn micros(what: &str, number: &Num) -> Result<u32, AdminError> {
    let micros = number.scaled(6).and_then(|micros| u32::try_from(micros).ok());
    micros.ok_or_else(|| invalid(format!("{what}: expected a number from 0 to 1, found {}", number.as_str())))
}

fn fees_of(given: &MarketGiven) -> Result<Fees, AdminError> {
    let exponent = |number: &Num| {
        let found = number.scaled(0).and_then(|number| u32::try_from(number).ok());
        found.ok_or_else(|| invalid(format!("fee exponent: expected an integer, found {}", number.as_str())))
    };
    if let Some(schedule) = given.fee_schedule.as_ref().filter(|_| given.fees_enabled != Some(false)) {
        let rebate = schedule.rebate_rate.as_ref().map(|rate| micros("rebateRate", rate)).transpose()?;
        return Ok(Fees {
            rate: micros("rate", &schedule.rate)?,
            exponent: exponent(&schedule.exponent)?,
            rebate_rate: rebate.unwrap_or(0),
        });
    }
    let rate = |what, number: Option<&Num>| number.map_or(Ok(0), |number| micros(what, number));
    Ok(Fees {
        rate: rate("fee_rate", given.fee_rate.as_ref())?,
        exponent: given.fee_exponent.as_ref().map_or(Ok(1), exponent)?,
        rebate_rate: rate("rebate_rate", given.rebate_rate.as_ref())?,
    })
}

fn listing(core: &Core, given: MarketGiven, event: String) -> Result<MarketListing, AdminError> {
    let state = &core.polymarket;
    let number = state.markets.len();
    let fees = fees_of(&given)?;
    let question = given.question.clone().unwrap_or_else(|| format!("Market {number}"));
    let (condition, question_id, tokens) = names(core, &given, &event, &question)?;
    let outcomes = given.outcomes.map_or(Ok(["Yes", "No"].map(str::to_owned)), |list| pair("outcomes", list))?;
    let slug = given.slug.unwrap_or_else(|| slug_of(&question));
    let rewards = given.rewards.map(|it| RewardsListing {
        min_size: it.min_size,
        max_spread: it.max_spread,
        daily_rate: it.daily_rate,
    });
    Ok(MarketListing {
        id: given.id.unwrap_or_else(|| (FIRST_MARKET + number).to_string()),
        event,
        condition,
        question_id,
        tokens,
        outcomes,
        question,
        description: given.description.unwrap_or_default(),
        slug,
        resolution_source: given.resolution_source.unwrap_or_default(),
        end_date: given.end_date.unwrap_or_default(),
        group_item_title: given.group_item_title.unwrap_or_default(),
        neg_risk_other: given.neg_risk_other.unwrap_or(false),
        tick: given.tick.unwrap_or(Price::from_cents(1).unwrap_or(Price::ZERO)),
        min_size: given.min_size.unwrap_or(Qty::from_micros(5_000_000).unwrap_or(Qty::ZERO)),
        fees,
        accepting: given.accepting.or(given.accepting_orders).unwrap_or(true),
        seconds_delay: given.seconds_delay.unwrap_or(0),
        rewards,
        tags: tags_of(given.tags),
    })
}

/// Condition, question and tokens: as given, else as the contracts compute them.
fn names(
    core: &Core,
    given: &MarketGiven,
    event: &str,
    question: &str,
) -> Result<(String, String, [String; 2]), AdminError> {
    let wrong = |error: brier_polymarket_protocol::ids::IdError| invalid(error.to_string());
    let row = &core.polymarket.events[event];
    // The same question can be listed again: what makes it another one is its place.
    let seed = format!("{} {event} {question}", core.polymarket.markets.len());
    if given.poly_v2 {
        let condition = PositionCondition::compute(Module::Binary, seed.as_bytes(), 0, 0);
        let mut bytes = B256::ZERO;
        bytes[..31].copy_from_slice(condition.bytes().as_slice());
        let tokens = condition.tokens().map(|token| token.to_string());
        return Ok((ConditionId(bytes).to_string(), QuestionId(keccak256(&seed)).to_string(), tokens));
    }
    let neg_risk = row.listing.neg_risk;
    let asked: QuestionId = match &given.question_id {
        Some(id) => id.parse().map_err(wrong)?,
        None if neg_risk => {
            let group: NegRiskMarketId = row.listing.neg_risk_market_id.parse().map_err(wrong)?;
            let index =
                u8::try_from(row.markets.len()).map_err(|_many| invalid("an event has at most 256 questions"))?;
            question_id(group, index)
        }
        None => QuestionId(keccak256(&seed)),
    };
    let (oracle, collateral) =
        if neg_risk { (Contracts::NEG_RISK_ADAPTER, WRAPPED_COLLATERAL) } else { (ORACLE, Contracts::USDC_E) };
    let condition: ConditionId = match &given.condition_id {
        Some(id) => id.parse().map_err(wrong)?,
        None => condition_id(oracle, asked, 2),
    };
    let tokens = match &given.token_ids {
        Some(tokens) => pair("token_ids", tokens.clone())?,
        None => outcome_tokens(collateral, condition).map(|token| token.to_string()),
    };
    Ok((condition.to_string(), asked.to_string(), tokens))
}

/// Lists many things.
pub(super) fn catalog(core: &mut Core, given: Value) -> Result<Vec<ListedMarket>, AdminError> {
    let (events, markets) = match given {
        Value::Array(markets) => (Vec::new(), markets),
        Value::Object(mut both) => {
            let mut list = |name: &str| match both.remove(name) {
                None | Some(Value::Null) => Ok(Vec::new()),
                Some(Value::Array(list)) => Ok(list),
                Some(_) => Err(invalid(format!("catalog: expected `{name}` to be a list"))),
            };
            (list("events")?, list("markets")?)
        }
        _ => return Err(invalid("catalog: expected an object with `events` and `markets`, or a list of markets")),
    };
    let mut listed = Vec::new();
    for one in events {
        listed.extend(event(core, one)?.1);
    }
    for one in markets {
        listed.push(market(core, one)?);
    }
    Ok(listed)
}
