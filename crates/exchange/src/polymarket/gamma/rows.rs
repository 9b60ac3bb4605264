//! Markets, events, tags and series as Gamma writes them, with what trading made of them.

use std::time::Duration;

use alloy_primitives::keccak256;
use brier_matching::MarketId;
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::gamma::{ClobReward, Event, Market, Series, Tag};
use brier_polymarket_protocol::wire::{Num, plain};
use brier_types::{BookSide, MarketResult, Money, Outcome, Price, Qty, Rounding, Timestamp, notional};

use crate::polymarket::state::say::fee_schedule;
use crate::polymarket::state::{EventRow, MarketRow, Resolution, State};

/// A book no wider than this is priced at its middle, any other at its last trade.
const NARROW_PIPS: u16 = 1_000;

/// A price as dollars.
pub(crate) fn dollars(price: Price) -> Money {
    Money::from_micros(i64::from(price.pips()) * 100)
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// So many days before.
pub(crate) fn day_before(now: Timestamp, days: u64) -> Timestamp {
    now.minus(Duration::from_hours(24 * days))
}

/// Dollars of these trades since a moment; the trades are oldest first.
pub(crate) fn volume_since(state: &State, trades: &[u32], since: Timestamp) -> Money {
    let rows = trades.iter().rev().map(|trade| &state.trades[*trade as usize]);
    rows.take_while(|row| row.matched >= since).map(|row| row.cash).sum()
}

/// Dollars that rest in a market's book.
pub(super) fn liquidity(state: &State, market: MarketId) -> Money {
    let side = |side, price_of: fn(Price) -> Price| {
        let levels = state.core.levels(market, side);
        levels.map(|(price, qty)| notional(price_of(price), qty, Rounding::Floor)).sum::<Money>()
    };
    [side(BookSide::Bid, |price| price), side(BookSide::Ask, Price::complement)].into_iter().sum()
}

/// `v2` where a market trades PolyV2 positions.
pub(super) fn version(row: &MarketRow) -> &'static str {
    if row.tokens[0].is_position_id() { "v2" } else { "v1" }
}

/// Where the oracle is, in its words.
pub(super) fn uma_status(resolution: Resolution) -> Option<&'static str> {
    uma_statuses(resolution).last().copied()
}

/// Every status so far.
///
/// Source: reference (Polymarket), section 16.4.
fn uma_statuses(resolution: Resolution) -> &'static [&'static str] {
    match resolution {
        Resolution::Open => &[],
        Resolution::Proposed { disputes: 0, .. } => &["proposed"],
        Resolution::Reset => &["proposed", "disputed"],
        Resolution::Proposed { .. } => &["proposed", "disputed", "proposed"],
        Resolution::Voting => &["proposed", "disputed", "proposed", "disputed"],
        Resolution::Resolved { disputed: false, .. } => &["proposed", "resolved"],
        Resolution::Resolved { disputed: true, .. } => &["proposed", "disputed", "proposed", "resolved"],
    }
}

/// What a YES is worth: what it pays once that is known, else the middle of a narrow book, else the last trade, else half.
pub(crate) fn yes_value(state: &State, market: MarketId) -> Money {
    let row = state.market(market);
    if let Resolution::Resolved { result, .. } = row.resolution {
        return dollars(result.yes_payout());
    }
    match (state.best_yes(market), row.last) {
        ((Some(bid), Some(ask)), last) if ask.pips() - bid.pips() <= NARROW_PIPS || last.is_none() => {
            Money::from_micros((i64::from(bid.pips()) + i64::from(ask.pips())) * 50)
        }
        (_, Some(last)) => dollars(last.yes_price),
        (_, None) => Money::from_micros(500_000),
    }
}

/// What one token is worth.
pub(crate) fn value(state: &State, market: MarketId, outcome: Outcome) -> Money {
    let yes = yes_value(state, market);
    match outcome {
        Outcome::Yes => yes,
        Outcome::No => Money::DOLLAR.checked_sub(yes).unwrap_or(Money::ZERO),
    }
}

/// Dollars behind the pairs that exist.
pub(crate) fn open_interest(state: &State, market: MarketId) -> Money {
    let pairs = state.core.market(market).map_or(Qty::ZERO, |it| it.yes_supply.min(it.no_supply));
    notional(Price::ONE, pairs, Rounding::Floor)
}

fn cents(price: Price) -> Option<Num> {
    Num::new(&plain(Money::from_micros(i64::from(price.pips()) * 10_000)))
}

/// A market without its event.
pub(super) fn market(state: &State, now: Timestamp, row: &MarketRow) -> Market {
    let listing = &row.listing;
    let (bid, ask) = state.best_yes(row.id);
    let last = row.last.map(|last| dollars(last.yes_price));
    let volume = |days| Some(volume_since(state, &row.trades, day_before(now, days)));
    let accepting = state.core.market(row.id).is_some_and(|it| it.accepting);
    let closed = row.resolved_at.is_some();
    let fees = if listing.fees.rate > 0 { 1_000 } else { 0 };
    let tokens: Vec<String> = row.token_texts.iter().map(ToString::to_string).collect();
    let is_v2 = version(row) == "v2";
    let prices = [Outcome::Yes, Outcome::No].map(|outcome| plain(value(state, row.id, outcome)));
    let rested = liquidity(state, row.id);
    let event = state.events.get(&listing.event);
    let place = event.and_then(|event| event.markets.iter().position(|market| *market == row.id));
    let neg_risk_market = event.filter(|event| event.listing.neg_risk).map(|it| it.listing.neg_risk_market_id.clone());
    let rewards = listing.rewards;
    Market {
        id: listing.id.clone(),
        question: text(&listing.question),
        condition_id: row.condition_text.to_string(),
        question_id: text(&listing.question_id),
        slug: text(&listing.slug),
        description: text(&listing.description),
        resolution_source: Some(listing.resolution_source.clone()),
        start_date: Some(row.created.to_string()),
        end_date: text(&listing.end_date),
        end_date_iso: listing.end_date.get(..10).map(str::to_owned),
        closed_time: row.resolved_at.map(|at| at.to_string()),
        created_at: Some(row.created.to_string()),
        updated_at: Some(row.updated.to_string()),
        active: Some(true),
        closed: Some(closed),
        archived: Some(false),
        restricted: Some(false),
        accepting_orders: Some(accepting),
        accepting_orders_timestamp: Some(row.created.to_string()),
        enable_order_book: Some(true),
        order_price_min_tick_size: Some(row.tick.step()),
        order_min_size: Some(listing.min_size),
        seconds_delay: Some(listing.seconds_delay),
        maker_base_fee: Some(fees),
        taker_base_fee: Some(fees),
        fees_enabled: Some(listing.fees.rate > 0),
        fee_schedule: fee_schedule(listing.fees),
        outcomes: Some(listing.outcomes.to_vec()),
        short_outcomes: Some(listing.outcomes.to_vec()),
        outcome_prices: Some(prices.to_vec()),
        position_ids: is_v2.then(|| tokens.clone()),
        clob_token_ids: Some(tokens),
        version: Some(version(row).to_owned()),
        best_bid: bid.map(dollars),
        best_ask: ask.map(dollars),
        spread: bid.zip(ask).and_then(|(bid, ask)| dollars(ask).checked_sub(dollars(bid))),
        last_trade_price: last,
        volume: Some(row.cash_volume),
        volume_num: Some(row.cash_volume),
        volume_clob: Some(row.cash_volume),
        volume_24hr: volume(1),
        volume_24hr_clob: volume(1),
        volume_1wk: volume(7),
        volume_1wk_clob: volume(7),
        volume_1mo: volume(30),
        volume_1mo_clob: volume(30),
        volume_1yr: volume(365),
        volume_1yr_clob: volume(365),
        liquidity: Some(rested),
        liquidity_num: Some(rested),
        liquidity_clob: Some(rested),
        rewards_min_size: rewards.and_then(|it| Num::new(&plain(it.min_size))),
        rewards_max_spread: rewards.and_then(|it| cents(it.max_spread)),
        clob_rewards: rewards.map(|it| reward(row, it)).into_iter().collect(),
        neg_risk: Some(row.neg_risk),
        neg_risk_market_id: neg_risk_market,
        neg_risk_other: Some(listing.neg_risk_other),
        group_item_title: text(&listing.group_item_title),
        group_item_threshold: place.map(|place| place.to_string()),
        uma_resolution_status: uma_status(row.resolution).map(str::to_owned),
        uma_resolution_statuses: Some(uma_statuses(row.resolution).iter().map(ToString::to_string).collect()),
        automatically_resolved: Some(false),
        clear_book_on_start: Some(false),
        rfq_enabled: Some(false),
        ..Market::default()
    }
}

fn reward(row: &MarketRow, terms: crate::polymarket::record::RewardsListing) -> ClobReward {
    ClobReward {
        id: text(&row.listing.id),
        condition_id: Some(row.condition_text.to_string()),
        asset_address: Some(Contracts::PUSD.to_string()),
        rewards_amount: Some(0.into()),
        rewards_daily_rate: Num::new(&plain(terms.daily_rate)),
        start_date: row.created.to_string().get(..10).map(str::to_owned),
        end_date: None,
    }
}

/// A market with the event it belongs to, which has no markets of its own here.
pub(super) fn market_with_event(state: &State, now: Timestamp, at: u32, with_tags: bool) -> Market {
    let row = &state.markets[at as usize];
    let mut market = market(state, now, row);
    market.events = state.events.get(&row.listing.event).map(|row| event(state, now, row)).into_iter().collect();
    if with_tags {
        market.tags = tags(&row.listing.tags);
    }
    market
}

/// Whether everything in an event is over.
pub(super) fn is_closed(state: &State, row: &EventRow) -> bool {
    !row.markets.is_empty() && row.markets.iter().all(|market| state.market(*market).resolved_at.is_some())
}

pub(super) fn event_volume(state: &State, row: &EventRow) -> Money {
    row.markets.iter().map(|market| state.market(*market).cash_volume).sum()
}

pub(super) fn event_volume_since(state: &State, row: &EventRow, since: Timestamp) -> Money {
    row.markets.iter().map(|market| volume_since(state, &state.market(*market).trades, since)).sum()
}

pub(super) fn event_liquidity(state: &State, row: &EventRow) -> Money {
    row.markets.iter().map(|market| liquidity(state, *market)).sum()
}

/// An event without its markets.
fn event(state: &State, now: Timestamp, row: &EventRow) -> Event {
    let listing = &row.listing;
    let volume = |days| Some(event_volume_since(state, row, day_before(now, days)));
    let rested = event_liquidity(state, row);
    let closed = is_closed(state, row);
    let closed_at = row.markets.iter().filter_map(|market| state.market(*market).resolved_at).max();
    let augmented = row.markets.iter().any(|market| state.market(*market).listing.neg_risk_other);
    Event {
        id: listing.id.clone(),
        ticker: text(&listing.ticker),
        slug: text(&listing.slug),
        title: text(&listing.title),
        description: text(&listing.description),
        start_date: Some(row.created.to_string()),
        creation_date: Some(row.created.to_string()),
        end_date: text(&listing.end_date),
        closed_time: closed_at.filter(|_| closed).map(|at| at.to_string()),
        created_at: Some(row.created.to_string()),
        updated_at: row.markets.iter().map(|market| state.market(*market).updated).max().map(|at| at.to_string()),
        active: Some(true),
        closed: Some(closed),
        archived: Some(false),
        live: Some(false),
        ended: Some(closed),
        featured: Some(false),
        restricted: Some(false),
        enable_order_book: Some(true),
        liquidity: Some(rested),
        liquidity_clob: Some(rested),
        volume: Some(event_volume(state, row)),
        volume_24hr: volume(1),
        volume_1wk: volume(7),
        volume_1mo: volume(30),
        volume_1yr: volume(365),
        open_interest: Some(row.markets.iter().map(|market| open_interest(state, *market)).sum()),
        comment_count: Some(0),
        neg_risk: Some(listing.neg_risk),
        neg_risk_market_id: text(&listing.neg_risk_market_id),
        neg_risk_augmented: Some(listing.neg_risk && augmented),
        enable_neg_risk: Some(listing.neg_risk),
        series_slug: text(&listing.series_slug),
        series: text(&listing.series_slug).map(|slug| series(&slug)).into_iter().collect(),
        tags: tags(&listing.tags),
        ..Event::default()
    }
}

pub(super) fn event_with_markets(state: &State, now: Timestamp, row: &EventRow) -> Event {
    let markets = row.markets.iter().map(|id| market(state, now, state.market(*id)));
    Event { markets: markets.collect(), ..event(state, now, row) }
}

/// A name as it stands in addresses.
pub(super) fn slug_of(label: &str) -> String {
    let plain = label.to_lowercase();
    let words = plain.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The number of a tag or a series. The listings name them by their texts, so it follows from the text.
pub(super) fn tag_id(label: &str) -> String {
    let hash = keccak256(slug_of(label));
    (u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 1).to_string()
}

/// A tag as Gamma tells it.
pub(crate) fn tag_of(label: &str) -> Tag {
    Tag { id: tag_id(label), label: Some(label.to_owned()), slug: Some(slug_of(label)), ..Tag::default() }
}

pub(super) fn tags(labels: &[String]) -> Vec<Tag> {
    labels.iter().map(|label| tag_of(label)).collect()
}

/// Every tag once, by its name in addresses.
pub(super) fn all_tags(state: &State) -> Vec<Tag> {
    let of_events = state.events.values().flat_map(|row| &row.listing.tags);
    let of_markets = state.markets.iter().flat_map(|row| &row.listing.tags);
    let mut all: Vec<Tag> = of_events.chain(of_markets).map(|label| tag_of(label)).collect();
    all.sort_by(|a, b| a.slug.cmp(&b.slug));
    all.dedup_by(|a, b| a.slug == b.slug);
    all
}

pub(super) fn events_with_tag(state: &State, tag: &Tag) -> u64 {
    let has = |row: &&EventRow| row.listing.tags.iter().any(|label| Some(slug_of(label)) == tag.slug);
    state.events.values().filter(has).count() as u64
}

fn series(slug: &str) -> Series {
    Series {
        id: tag_id(slug),
        ticker: Some(slug.to_owned()),
        slug: Some(slug.to_owned()),
        title: Some(slug.to_owned()),
        active: Some(true),
        closed: Some(false),
        archived: Some(false),
        ..Series::default()
    }
}

/// Every series once, by name.
pub(super) fn all_series(state: &State) -> Vec<Series> {
    let named = state.events.values().map(|row| &row.listing.series_slug).filter(|slug| !slug.is_empty());
    named.collect::<std::collections::BTreeSet<_>>().into_iter().map(|slug| series(slug)).collect()
}

/// What YES pays of a result, in millionths as the oracle's payouts are told.
pub(crate) fn payouts(result: MarketResult) -> [Num; 2] {
    let yes = result.yes_payout();
    [yes, yes.complement()].map(|price| Num::from(u32::from(price.pips()) * 100))
}
