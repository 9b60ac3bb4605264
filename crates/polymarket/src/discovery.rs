//! Which markets there are: every page of Gamma, put into our terms together with what an order needs to know.
//!
//! Invariants: no list is cut silently: it ends where the venue says it ends, and a cursor that comes twice is an error; a
//! market that lacks what an order needs (tokens, tick) gives no listing, and says why.
//!
//! The first outcome is our YES, whatever it is called. In a negative-risk event at most one market resolves YES; an
//! augmented one may get more markets later, so it has placeholders and an "other" leg, whose meaning narrows when a
//! placeholder is named: both are marked, and neither should be traded as if it were complete.
//!
//! Source: reference, sections 12 and 16, 2026-11-20.

use std::fmt;

use brier_polymarket_protocol::clob;
use brier_polymarket_protocol::convert;
use brier_polymarket_protocol::fees::FeeSchedule;
use brier_polymarket_protocol::gamma;
use brier_polymarket_protocol::ids::{ConditionId, NegRiskMarketId, QuestionId, TokenId};
use brier_polymarket_protocol::tick::TickSize;
use brier_polymarket_protocol::wire::read_time;
use brier_types::{
    Event, EventTicker, Market, MarketResult, MarketStatus, MarketTicker, Price, Qty, SeriesTicker, Timestamp, Venue,
};

#[cfg(test)]
mod tests;

/// What part a market has in a negative-risk event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NegRiskRole {
    /// A named outcome.
    Named,
    /// A place kept for an outcome that is not named yet. Not to be traded.
    Placeholder,
    /// Everything that has no market of its own; narrows when a placeholder is named.
    Other,
}

/// A market of a negative-risk event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NegRisk {
    /// The event.
    pub market: NegRiskMarketId,
    /// Its part there.
    pub role: NegRiskRole,
    /// Whether outcomes may be added to the event.
    pub augmented: bool,
}

/// A market with everything that an order needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Our name of the market: its condition id.
    pub ticker: MarketTicker,
    /// The condition.
    pub condition: ConditionId,
    /// The question, where Gamma names it.
    pub question: Option<QuestionId>,
    /// Gamma's id, digits.
    pub gamma_id: String,
    /// Name in addresses.
    pub slug: String,
    /// For people.
    pub title: String,
    /// The rules.
    pub rules: String,
    /// Where the outcome is read, if it is told.
    pub resolution_source: Option<String>,
    /// What the market is called within its event.
    pub group_title: Option<String>,
    /// What YES is called: `Yes`, `Up`, a team.
    pub yes_name: String,
    /// What NO is called.
    pub no_name: String,
    /// The YES token.
    pub yes: TokenId,
    /// The NO token.
    pub no: TokenId,
    /// The price step.
    pub tick: TickSize,
    /// Smallest resting order.
    pub min_size: Qty,
    /// Whether it trades on the negative-risk exchange.
    pub neg_risk: bool,
    /// Its part in a negative-risk event.
    pub group: Option<NegRisk>,
    /// What takers pay.
    pub fees: FeeSchedule,
    /// Whether orders are taken.
    pub accepting_orders: bool,
    /// Seconds that marketable orders wait.
    pub seconds_delay: u32,
    /// Whether resting orders are canceled when the game starts.
    pub clear_book_on_start: bool,
    /// Its event's slug, where Gamma names it.
    pub event: Option<String>,
    /// When it was opened.
    pub open_time: Option<Timestamp>,
    /// When it is expected to end.
    pub close_time: Option<Timestamp>,
    /// Where it is in its life.
    pub status: MarketStatus,
    /// The outcome, once settled.
    pub result: Option<MarketResult>,
}

/// A record of Gamma is no market of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("market {id}: expected {expected}, found {found}")]
pub struct ListingError {
    /// Gamma's id of it.
    pub id: String,
    /// What was expected.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

impl Listing {
    /// A listing with what an order needs and nothing else, without fees.
    pub fn minimal(condition: ConditionId, yes: TokenId, no: TokenId, tick: TickSize, min_size: Qty) -> Self {
        let ticker = MarketTicker::new(&condition.to_string()).expect("0x and 64 hex digits are a ticker");
        Self {
            ticker,
            condition,
            question: None,
            gamma_id: String::new(),
            slug: String::new(),
            title: String::new(),
            rules: String::new(),
            resolution_source: None,
            group_title: None,
            yes_name: "Yes".to_owned(),
            no_name: "No".to_owned(),
            yes,
            no,
            tick,
            min_size,
            neg_risk: false,
            group: None,
            fees: FeeSchedule::FREE,
            accepting_orders: true,
            seconds_delay: 0,
            clear_book_on_start: false,
            event: None,
            open_time: None,
            close_time: None,
            status: MarketStatus::Active,
            result: None,
        }
    }

    /// The listing of Gamma's record. `event` is the one that the record came in, if it came in one.
    ///
    /// # Errors
    /// [`ListingError`]: the market has no two tokens, no price step, or ids that are none.
    pub fn from_gamma(market: &gamma::Market, event: Option<&gamma::Event>) -> Result<Self, ListingError> {
        let event = event.or_else(|| market.events.first());
        let wrong = |expected, found: &dyn fmt::Display| ListingError {
            id: market.id.clone(),
            expected,
            found: found.to_string(),
        };
        let condition = market.condition_id.parse().map_err(|error| wrong("a condition", &error))?;
        let ids = if market.version.as_deref() == Some("v2") { &market.position_ids } else { &market.clob_token_ids };
        let (yes, no) = pair(ids.as_deref()).ok_or_else(|| wrong("two tokens", &format!("{ids:?}")))?;
        let token = |text: &str| text.parse::<TokenId>().map_err(|error| wrong("a token", &error));
        let step = market.order_price_min_tick_size.ok_or_else(|| wrong("a price step", &"none"))?;
        let tick = TickSize::from_price(step).ok_or_else(|| wrong("a price step of the venue", &step))?;
        let names = pair(market.outcomes.as_deref()).unwrap_or(("Yes", "No"));
        let listing =
            Self::minimal(condition, token(yes)?, token(no)?, tick, market.order_min_size.unwrap_or(Qty::ZERO));
        Ok(Self {
            question: market.question_id.as_deref().and_then(|text| text.parse().ok()),
            gamma_id: market.id.clone(),
            slug: market.slug.clone().unwrap_or_default(),
            title: market.question.clone().unwrap_or_default(),
            rules: market.description.clone().unwrap_or_default(),
            resolution_source: market.resolution_source.clone().filter(|text| !text.is_empty()),
            group_title: market.group_item_title.clone().filter(|text| !text.is_empty()),
            yes_name: names.0.to_owned(),
            no_name: names.1.to_owned(),
            neg_risk: market.neg_risk.unwrap_or(false),
            group: group(market, event).map_err(|error| wrong("a negative-risk event", &error))?,
            fees: fees(market).map_err(|error| wrong("a fee schedule", &error))?,
            accepting_orders: market.accepting_orders.unwrap_or(false),
            seconds_delay: market.seconds_delay.unwrap_or(0),
            clear_book_on_start: market.clear_book_on_start.unwrap_or(false),
            event: event.and_then(|event| event.slug.clone().or_else(|| event.ticker.clone())),
            open_time: time(market.start_date.as_deref()),
            close_time: time(market.end_date.as_deref()),
            status: status(market),
            result: result(market),
            ..listing
        })
    }

    /// The listing of the order book's own record, which is fresher than Gamma's in what an order needs, and knows nothing
    /// for people.
    ///
    /// # Errors
    /// [`ListingError`]: the market has no two tokens, no price step of the venue, or ids that are none.
    pub fn from_clob(market: &clob::ClobMarket) -> Result<Self, ListingError> {
        let wrong = |expected, found: &dyn fmt::Display| ListingError {
            id: market.condition_id.clone(),
            expected,
            found: found.to_string(),
        };
        let condition = market.condition_id.parse().map_err(|error| wrong("a condition", &error))?;
        let [yes, no] = market.tokens.as_slice() else {
            return Err(wrong("two tokens", &market.tokens.len()));
        };
        let token = |text: &str| text.parse::<TokenId>().map_err(|error| wrong("a token", &error));
        let tick = TickSize::from_price(market.tick_size);
        let tick = tick.ok_or_else(|| wrong("a price step of the venue", &market.tick_size))?;
        let accepting_orders = market.accepting_orders.unwrap_or(true);
        Ok(Self {
            yes_name: yes.outcome.clone(),
            no_name: no.outcome.clone(),
            neg_risk: market.neg_risk.unwrap_or(false),
            fees: FeeSchedule::from_clob(market.fees.as_ref()).map_err(|error| wrong("a fee schedule", &error))?,
            accepting_orders,
            seconds_delay: market.seconds_delay.unwrap_or(0),
            clear_book_on_start: market.clear_book_on_start.unwrap_or(false),
            status: if accepting_orders { MarketStatus::Active } else { MarketStatus::Inactive },
            ..Self::minimal(condition, token(&yes.token_id)?, token(&no.token_id)?, tick, market.min_order_size)
        })
    }

    /// What turns its tokens into the market's own terms.
    pub fn tokens(&self) -> convert::Listing {
        convert::Listing { market: self.ticker.clone(), yes: self.yes.to_string(), no: self.no.to_string() }
    }

    /// The market in the shared vocabulary. Without times it is open from the epoch and for ever; without an event it is one
    /// of its own.
    pub fn to_market(&self) -> Market {
        let event = self.event.as_deref().and_then(|slug| EventTicker::new(slug).ok());
        Market {
            venue: Venue::Polymarket,
            ticker: self.ticker.clone(),
            event: event.unwrap_or_else(|| {
                EventTicker::new(self.ticker.as_str()).expect("a market's ticker is an event's too")
            }),
            title: self.title.clone(),
            grid: self.tick.grid(),
            size_step: Qty::HUNDREDTH,
            open_time: self.open_time.unwrap_or(Timestamp::EPOCH),
            close_time: self.close_time.unwrap_or(Timestamp::MAX),
            status: self.status,
            result: self.result,
        }
    }
}

/// The event in the shared vocabulary, or `None` when it has no name.
pub fn to_event(event: &gamma::Event) -> Option<Event> {
    let slug = event.slug.as_deref().or(event.ticker.as_deref())?;
    let series =
        event.series_slug.as_deref().or_else(|| event.series.first().and_then(|series| series.slug.as_deref()));
    Some(Event {
        ticker: EventTicker::new(slug).ok()?,
        // An event of its own is its own series.
        series: SeriesTicker::new(series.unwrap_or(slug)).ok()?,
        title: event.title.clone().unwrap_or_default(),
        mutually_exclusive: event.neg_risk.or(event.enable_neg_risk).unwrap_or(false),
    })
}

fn pair(items: Option<&[String]>) -> Option<(&str, &str)> {
    match items {
        Some([first, second]) if !first.is_empty() && !second.is_empty() => Some((first, second)),
        _ => None,
    }
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| read_time(text).ok())
}

/// A market's part in its negative-risk event.
fn group(
    market: &gamma::Market,
    event: Option<&gamma::Event>,
) -> Result<Option<NegRisk>, brier_polymarket_protocol::ids::IdError> {
    if market.neg_risk != Some(true) {
        return Ok(None);
    }
    let own = market.neg_risk_market_id.as_deref().filter(|id| !id.is_empty());
    let id = own.or_else(|| event.and_then(|event| event.neg_risk_market_id.as_deref()).filter(|id| !id.is_empty()));
    let Some(id) = id else { return Ok(None) };
    let augmented = event.and_then(|event| event.neg_risk_augmented).unwrap_or(false);
    // The flag alone does not tell: legs called `Other` are recorded without it.
    let called_other =
        market.group_item_title.as_deref().is_some_and(|title| title.trim().eq_ignore_ascii_case("other"));
    let role = if market.neg_risk_other == Some(true) || called_other {
        NegRiskRole::Other
    } else if is_placeholder(market) {
        NegRiskRole::Placeholder
    } else {
        NegRiskRole::Named
    };
    Ok(Some(NegRisk { market: id.parse()?, role, augmented }))
}

/// Whether a market keeps a place: it is listed and takes no orders, and its name is a single letter, as in `Person A`.
fn is_placeholder(market: &gamma::Market) -> bool {
    let title = market.group_item_title.as_deref().unwrap_or_default();
    let mut words = title.rsplit(' ');
    let letter = words.next().is_some_and(|word| matches!(word.as_bytes(), [b'A'..=b'Z']));
    letter && words.next().is_some() && market.active != Some(true)
}

fn fees(market: &gamma::Market) -> Result<FeeSchedule, String> {
    if market.fees_enabled == Some(true) && market.fee_schedule.is_none() {
        // Records of before there were schedules give a name alone: today's rate of its category is the larger one.
        let rate_micros = match market.fee_type.as_deref() {
            Some(name) if name.starts_with("crypto") => 70_000,
            Some(name) if name.starts_with("sports") => 50_000,
            name => return Err(format!("fees of the unknown name `{}` without a schedule", name.unwrap_or_default())),
        };
        return FeeSchedule::new(rate_micros, 1, true, 0).map_err(|error| error.to_string());
    }
    FeeSchedule::from_gamma(market.fees_enabled, market.fee_schedule.as_ref()).map_err(|error| error.to_string())
}

fn status(market: &gamma::Market) -> MarketStatus {
    let resolution = market.uma_resolution_status.as_deref();
    match (market.closed, resolution) {
        (Some(true), Some("resolved")) => MarketStatus::Finalized,
        (_, Some("disputed" | "challenged")) => MarketStatus::Disputed,
        (_, Some("proposed")) => MarketStatus::Determined,
        (Some(true), _) => MarketStatus::Closed,
        _ if market.active != Some(true) => MarketStatus::Initialized,
        _ if market.accepting_orders == Some(true) => MarketStatus::Active,
        _ => MarketStatus::Inactive,
    }
}

/// How a settled market ended: prices of 1 and 0, or what each side was paid.
fn result(market: &gamma::Market) -> Option<MarketResult> {
    if status(market) != MarketStatus::Finalized {
        return None;
    }
    let (yes, no) = pair(market.outcome_prices.as_deref())?;
    let (yes, no): (Price, Price) = (yes.parse().ok()?, no.parse().ok()?);
    match (yes, no) {
        (Price::ONE, Price::ZERO) => Some(MarketResult::Yes),
        (Price::ZERO, Price::ONE) => Some(MarketResult::No),
        _ if yes.complement() == no => Some(MarketResult::Scalar(yes)),
        _ => None,
    }
}
