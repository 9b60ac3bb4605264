//! Events and markets as they are listed: from the venue's Gamma records, or from a few words.
//!
//! Ids that are not given are computed as the contracts compute them, from oracle and question.
//!
//! A slug is one market's and one event's. That is asked here, before a record is written, and not where records are applied:
//! journals written before it was asked replay as they are. The venue's own records may have members that are not read; in a
//! few words of somebody's own such a member is a mistake.
//!
//! Source: reference (Polymarket), sections 5.5, 12 and 16.2, 2026-11-20.

use std::collections::BTreeSet;

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

use super::{CatalogLoad, ListedMarket};
use crate::admin::{AdminError, members};
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

/// Members of which the venue's own records have one, and a few words none.
const MARKS_OF_GAMMA: [&str; 4] = ["conditionId", "clobTokenIds", "createdAt", "updatedAt"];

/// Members of an event's short form; the first is none of an event within a market.
const EVENT: [&str; 11] = [
    "markets",
    "id",
    "slug",
    "ticker",
    "title",
    "description",
    "neg_risk",
    "neg_risk_market_id",
    "end_date",
    "tags",
    "series_slug",
];
/// What is read of the venue's record under another name.
const EVENT_OF_GAMMA: [&str; 4] = ["negRisk", "negRiskMarketID", "endDate", "seriesSlug"];

/// Members of a market's short form.
const MARKET: [&str; 25] = [
    "id",
    "question",
    "slug",
    "event",
    "description",
    "resolution_source",
    "end_date",
    "condition_id",
    "question_id",
    "token_ids",
    "outcomes",
    "group_item_title",
    "neg_risk",
    "neg_risk_market_id",
    "neg_risk_other",
    "tick",
    "min_size",
    "fee_rate",
    "fee_exponent",
    "rebate_rate",
    "accepting",
    "seconds_delay",
    "rewards",
    "tags",
    "poly_v2",
];
/// What is read of the venue's record under another name.
const MARKET_OF_GAMMA: [&str; 14] = [
    "events",
    "resolutionSource",
    "endDate",
    "questionID",
    "groupItemTitle",
    "negRisk",
    "negRiskMarketID",
    "negRiskOther",
    "orderPriceMinTickSize",
    "orderMinSize",
    "feesEnabled",
    "feeSchedule",
    "acceptingOrders",
    "secondsDelay",
];

fn is_of_gamma(record: &Value) -> bool {
    MARKS_OF_GAMMA.iter().any(|name| record.get(name).is_some())
}

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
#[serde(deny_unknown_fields)]
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

/// Refuses an end that no reader takes for a time: the market would have none.
fn check_end(what: &str, given: &Value) -> Result<(), AdminError> {
    for key in ["end_date", "endDate"] {
        let found = match given.get(key) {
            None | Some(Value::Null) => continue,
            Some(Value::String(text)) if text.is_empty() || wire::read_time(text).is_ok() => continue,
            Some(found) => found,
        };
        return Err(invalid(format!(
            "{what}: `{key}`: expected a time such as `2027-01-01T00:00:00Z`, found {found:.64}"
        )));
    }
    Ok(())
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

/// A slug for what has none; texts without a letter that addresses take make none.
fn slug_or(given: Option<&str>, text: &str, otherwise: impl FnOnce() -> String) -> String {
    let given = given.filter(|slug| !slug.is_empty()).map(str::to_owned);
    given.or_else(|| Some(slug_of(text)).filter(|slug| !slug.is_empty())).unwrap_or_else(otherwise)
}

/// Lists an event and the markets in it; nothing of it if a name is taken or unknown.
pub(super) fn event(core: &mut Core, mut given: Value) -> Result<(String, Vec<ListedMarket>), AdminError> {
    let of_gamma = is_of_gamma(&given);
    if !of_gamma {
        members::check("event", &given, &EVENT, &EVENT_OF_GAMMA)?;
        check_end("event", &given)?;
    }
    let markets = match given.get_mut("markets").map(Value::take) {
        Some(Value::Array(markets)) => markets,
        None | Some(Value::Null) => Vec::new(),
        Some(_) => return Err(invalid("event: expected `markets` to be a list")),
    };
    let markets: Vec<MarketRecord> =
        markets.into_iter().map(|market| MarketRecord::read(market, of_gamma)).collect::<Result<_, _>>()?;
    let neg_risk = markets.iter().any(|market| market.given.neg_risk == Some(true));
    let event = event_listing(core, read("event", &given)?, neg_risk)?;
    let mut slugs = BTreeSet::new();
    for (market, number) in markets.iter().zip(core.polymarket.markets.len()..) {
        let slug = market.given.slug(number);
        is_free(core, &market.given, &slug)?;
        if let Some(slug) = slugs.replace(slug) {
            return Err(invalid(format!("event: two of its markets have the slug `{slug}`; give one another `slug`")));
        }
    }
    let id = list_event(core, event)?;
    let mut listed = Vec::new();
    for mut market in markets {
        if let Value::Object(record) = &mut market.record {
            record.insert("event".to_owned(), id.as_str().into());
        }
        listed.push(list_market(core, market)?);
    }
    Ok((id, listed))
}

/// The event as it would be listed, its names free.
fn event_listing(core: &Core, given: EventGiven, neg_risk: bool) -> Result<EventListing, AdminError> {
    let number = core.polymarket.events.len();
    let title = given.title.or_else(|| given.slug.clone()).unwrap_or_else(|| format!("Event {number}"));
    let slug = slug_or(given.slug.as_deref(), &title, || format!("event-{number}"));
    let neg_risk = given.neg_risk.unwrap_or(neg_risk);
    let neg_risk_market_id = match given.neg_risk_market_id.filter(|id| !id.is_empty()) {
        _ if !neg_risk => String::new(),
        Some(id) => id.parse::<NegRiskMarketId>().map_err(|error| invalid(error.to_string()))?.to_string(),
        None => neg_risk_market_id(ORACLE, format!("{number} {title}").as_bytes()).to_string(),
    };
    let id = given.id.unwrap_or_else(|| (FIRST_EVENT + number).to_string());
    if core.polymarket.events.contains_key(&id) {
        return Err(AdminError::Listed { what: "event", name: id, next: "give another `id`" });
    }
    if event_by_slug(core, &slug).is_some() {
        let next = "give another `slug`, or list a market in it with its number as `event`";
        return Err(AdminError::Listed { what: "event slug", name: slug, next });
    }
    Ok(EventListing {
        id,
        ticker: given.ticker.unwrap_or_else(|| slug.clone()),
        slug,
        title,
        description: given.description.unwrap_or_default(),
        neg_risk,
        neg_risk_market_id,
        end_date: given.end_date.unwrap_or_default(),
        tags: tags_of(given.tags),
        series_slug: given.series_slug.unwrap_or_default(),
    })
}

/// The number of the event of this slug.
fn event_by_slug(core: &Core, slug: &str) -> Option<String> {
    core.polymarket.events.values().find(|row| row.listing.slug == slug).map(|row| row.listing.id.clone())
}

fn list_event(core: &mut Core, listing: EventListing) -> Result<String, AdminError> {
    let id = listing.id.clone();
    core.submit_polymarket(Record::ListEvent(Box::new(listing)))?;
    Ok(id)
}

/// The event that stands in a market's record.
fn event_within(record: &Value) -> Option<&Value> {
    let within = record.get("event").filter(|event| event.is_object());
    within.or_else(|| record.get("events").and_then(|events| events.get(0)))
}

/// The event of a market: named, in the record, or made for it.
fn event_of(core: &mut Core, record: &Value, given: &MarketGiven) -> Result<String, AdminError> {
    let named = match record.get("event") {
        Some(Value::String(id)) => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    };
    let within = event_within(record);
    let neg_risk = given.neg_risk.unwrap_or(false);
    let event: EventGiven = match (named, within) {
        (Some(id), _) if core.polymarket.events.contains_key(&id) => return Ok(id),
        (Some(id), _) => EventGiven { id: Some(id), ..EventGiven::default() },
        (None, Some(event)) => read("event", event)?,
        (None, None) => EventGiven::default(),
    };
    let known = match (&event.id, &event.slug) {
        (Some(id), _) => core.polymarket.events.contains_key(id).then(|| id.clone()),
        (None, Some(slug)) => event_by_slug(core, slug),
        (None, None) => None,
    };
    if let Some(id) = known {
        return Ok(id);
    }
    let event = EventGiven {
        title: event.title.or_else(|| given.question.clone()),
        slug: event.slug.or_else(|| given.slug.clone()),
        end_date: event.end_date.or_else(|| given.end_date.clone()),
        neg_risk_market_id: event.neg_risk_market_id.or_else(|| given.neg_risk_market_id.clone()),
        ..event
    };
    let event = event_listing(core, event, neg_risk)?;
    list_event(core, event)
}

/// A market's record, its own members all known.
struct MarketRecord {
    record: Value,
    given: MarketGiven,
}

impl MarketRecord {
    /// Reads a record. What stands in one of the venue's is one of the venue's.
    fn read(record: Value, of_gamma: bool) -> Result<Self, AdminError> {
        let (record, of_gamma) = match record.get("raw") {
            Some(raw) if raw.is_object() => {
                let mut raw = raw.clone();
                // What a recording says beside the venue's record is not the venue's, but `accepting` and `event` are ours.
                for name in ["accepting", "event", "tick"] {
                    if let (Some(value), Value::Object(raw)) = (record.get(name), &mut raw) {
                        raw.insert(name.to_owned(), value.clone());
                    }
                }
                (raw, true)
            }
            _ => {
                let of_gamma = of_gamma || is_of_gamma(&record);
                (record, of_gamma)
            }
        };
        if !of_gamma {
            members::check("market", &record, &MARKET, &MARKET_OF_GAMMA)?;
            check_end("market", &record)?;
            if let Some(event) = event_within(&record).filter(|event| !is_of_gamma(event)) {
                members::check("event", event, &EVENT[1..], &EVENT_OF_GAMMA)?;
                check_end("event", event)?;
            }
            if let Some(fees) = record.get("feeSchedule") {
                members::check("feeSchedule", fees, &["rate", "exponent", "rebateRate", "takerOnly"], &[])?;
            }
        }
        let given = read("market", &record)?;
        Ok(Self { record, given })
    }
}

impl MarketGiven {
    /// Its question, or one for the market of this number.
    fn question(&self, number: usize) -> String {
        self.question.clone().unwrap_or_else(|| format!("Market {number}"))
    }

    /// Its slug, or one for the market of this number.
    fn slug(&self, number: usize) -> String {
        slug_or(self.slug.as_deref(), &self.question(number), || format!("market-{number}"))
    }
}

/// Whether no market has a name of this one.
fn is_free(core: &Core, given: &MarketGiven, slug: &str) -> Result<(), AdminError> {
    let state = &core.polymarket;
    let condition = given.condition_id.as_ref().filter(|id| {
        let id = id.parse::<ConditionId>();
        id.is_ok_and(|id| state.conditions.contains_key(&id))
    });
    if let Some(condition) = condition {
        let next = "each is one market's";
        return Err(AdminError::Listed { what: "condition", name: condition.clone(), next });
    }
    for row in &state.markets {
        if given.id.as_ref() == Some(&row.listing.id) {
            let name = row.listing.id.clone();
            return Err(AdminError::Listed { what: "market", name, next: "give another `id`" });
        }
        if row.listing.slug == slug {
            let name = slug.to_owned();
            return Err(AdminError::Listed { what: "market slug", name, next: "give another `slug`" });
        }
    }
    Ok(())
}

/// Lists a market.
pub(super) fn market(core: &mut Core, record: Value) -> Result<ListedMarket, AdminError> {
    list_market(core, MarketRecord::read(record, false)?)
}

fn list_market(core: &mut Core, market: MarketRecord) -> Result<ListedMarket, AdminError> {
    let MarketRecord { record, given } = market;
    // Before its event is made, which would be left behind.
    is_free(core, &given, &given.slug(core.polymarket.markets.len()))?;
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
    let (question, slug) = (given.question(number), given.slug(number));
    let (condition, question_id, tokens) = names(core, &given, &event, &question)?;
    let outcomes = given.outcomes.map_or(Ok(["Yes", "No"].map(str::to_owned)), |list| pair("outcomes", list))?;
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

/// Lists many things. With `again` what is listed already is kept as it is and told, an event with its markets.
pub(super) fn catalog(core: &mut Core, given: Value, again: bool) -> Result<CatalogLoad, AdminError> {
    members::check("catalog", &given, &["events", "markets"], &[])?;
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
    let mut load = CatalogLoad::default();
    let mut put = |listed: Result<Vec<ListedMarket>, AdminError>| match listed {
        Ok(listed) => {
            load.listed.extend(listed);
            Ok(())
        }
        Err(AdminError::Listed { what, name, .. }) if again => {
            load.kept.push(format!("{what} `{name}`"));
            Ok(())
        }
        Err(error) => Err(error),
    };
    for one in events {
        put(event(core, one).map(|(_, markets)| markets))?;
    }
    for one in markets {
        put(market(core, one).map(|market| vec![market]))?;
    }
    Ok(load)
}
