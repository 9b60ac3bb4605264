//! Query parameters, typed: written by the client, read and checked by the exchange.
//!
//! Invariants: names and ranges are the venue's; an absent, empty or repeated scalar reads as the venue reads it (absent,
//! absent, the first); unknown names are ignored. A `limit` above its maximum is an error, not a clamp.
//!
//! Source: reference sections 4.3, 6.5 and 13 (docs.kalshi.com OpenAPI 3.34.0), 2026-11-20.

use brier_types::Timestamp;

use super::operation::{percent_decode, percent_encode};
use super::words::{MarketStatusFilter, SettlementStatusFilter};
use crate::errors::{Code, ErrorBody, ErrorDetail};

/// A query that the venue refuses with 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A required parameter is absent.
    #[error("missing required parameter {name}")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A parameter does not have its form.
    #[error("invalid value for parameter {name}: expected {expected}, found `{found}`")]
    Form {
        /// Its name.
        name: &'static str,
        /// Its form.
        expected: &'static str,
        /// The text that was found, cut to 64 characters.
        found: String,
    },
    /// A number is out of its range.
    #[error("parameter {name} must be between {min} and {max}, found {found}")]
    Range {
        /// Its name.
        name: &'static str,
        /// The least it can be.
        min: i64,
        /// The most it can be.
        max: i64,
        /// What it was.
        found: i64,
    },
    /// A list has too many members, or none.
    #[error("parameter {name} must name {min} to {max} items, found {found}")]
    Count {
        /// Its name.
        name: &'static str,
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
        /// How many there were.
        found: usize,
    },
    /// A filter word is unknown.
    #[error("invalid {name} filter")]
    Filter {
        /// Its name.
        name: &'static str,
    },
}

impl QueryError {
    /// The body the venue answers with: nested for filter words (recorded 2026-08), else `{"msg":…}`.
    pub fn to_body(&self) -> ErrorBody {
        match self {
            Self::Filter { .. } => ErrorBody::Nested(ErrorDetail::with_details(&Code::BadRequest, self.to_string())),
            Self::Missing { .. } | Self::Form { .. } | Self::Range { .. } | Self::Count { .. } => {
                ErrorBody::Message(self.to_string())
            }
        }
    }
}

/// The parameters of a query, decoded, in the order sent.
struct Pairs(Vec<(String, String)>);

impl Pairs {
    fn parse(query: &str) -> Self {
        // `+` is a space in a query. A broken escape is kept as it came: the value then fails its own check.
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_decode(&text).unwrap_or(text)
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
        )
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }
}

fn push(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.push_str(name);
    out.push('=');
    percent_encode(value, out);
}

/// A parameter's value in one text.
trait Scalar: Sized {
    const EXPECTED: &'static str;

    fn read(text: &str) -> Option<Self>;
    fn write(&self) -> String;

    fn refuse(name: &'static str, found: &str) -> QueryError {
        QueryError::Form { name, expected: Self::EXPECTED, found: found.chars().take(64).collect() }
    }
}

impl Scalar for String {
    const EXPECTED: &'static str = "text";

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn write(&self) -> String {
        self.clone()
    }
}

macro_rules! scalar_numbers {
    ($($ty:ty),+) => {$(
        impl Scalar for $ty {
            const EXPECTED: &'static str = "an integer";

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn write(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

scalar_numbers!(i32, u32);

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        match text {
            "true" | "True" | "TRUE" | "t" | "1" => Some(true),
            "false" | "False" | "FALSE" | "f" | "0" => Some(false),
            _ => None,
        }
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// Whole Unix seconds. Bounds beyond what a time can be stand at its end: nothing lies beyond either.
impl Scalar for Timestamp {
    const EXPECTED: &'static str = "Unix seconds";

    fn read(text: &str) -> Option<Self> {
        let seconds: i64 = text.parse().ok()?;
        Some(Self::from_secs(seconds).unwrap_or(if seconds < 0 { Self::from_nanos(-i64::MAX) } else { Self::MAX }))
    }

    fn write(&self) -> String {
        self.secs().to_string()
    }
}

macro_rules! scalar_filters {
    ($($ty:ty),+) => {$(
        impl Scalar for $ty {
            const EXPECTED: &'static str = "a filter word";

            fn read(text: &str) -> Option<Self> {
                text.parse().ok()
            }

            fn write(&self) -> String {
                self.as_str().to_owned()
            }

            fn refuse(name: &'static str, _found: &str) -> QueryError {
                QueryError::Filter { name }
            }
        }
    )+};
}

scalar_filters!(MarketStatusFilter, OrderStatusFilter, SettlementStatusFilter, MveFilter);

crate::wire::closed_words! {
    /// The word by which `GET /portfolio/orders` finds orders.
    OrderStatusFilter, "status filter" {
        /// In the book.
        Resting = "resting",
        /// Taken back.
        Canceled = "canceled",
        /// Filled to the end.
        Executed = "executed",
    }
}

crate::wire::closed_words! {
    /// Whether `GET /markets` finds combos.
    MveFilter, "mve_filter" {
        /// Combos only.
        Only = "only",
        /// No combos.
        Exclude = "exclude",
    }
}

/// How a field of a query is written and read: once, not at all, or as a list.
trait Param: Sized {
    fn read(pairs: &Pairs, name: &'static str) -> Result<Self, QueryError>;
    fn write(&self, name: &str, out: &mut String);
}

impl<T: Scalar> Param for Option<T> {
    fn read(pairs: &Pairs, name: &'static str) -> Result<Self, QueryError> {
        pairs.first(name).map(|text| T::read(text).ok_or_else(|| T::refuse(name, text))).transpose()
    }

    fn write(&self, name: &str, out: &mut String) {
        if let Some(value) = self {
            push(out, name, &value.write());
        }
    }
}

/// A parameter that must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Required<T>(T);

impl<T: Scalar> Param for Required<T> {
    fn read(pairs: &Pairs, name: &'static str) -> Result<Self, QueryError> {
        Option::<T>::read(pairs, name)?.map(Self).ok_or(QueryError::Missing { name })
    }

    fn write(&self, name: &str, out: &mut String) {
        push(out, name, &self.0.write());
    }
}

/// A list in one text with commas; repeated keys are read too.
struct Commas(Vec<String>);

impl Param for Commas {
    fn read(pairs: &Pairs, name: &'static str) -> Result<Self, QueryError> {
        let items = pairs.all(name).flat_map(|text| text.split(',')).filter(|item| !item.is_empty());
        Ok(Self(items.map(str::to_owned).collect()))
    }

    fn write(&self, name: &str, out: &mut String) {
        if !self.0.is_empty() {
            push(out, name, &self.0.join(","));
        }
    }
}

/// A list with one key for each item.
struct Repeated(Vec<String>);

impl Param for Repeated {
    fn read(pairs: &Pairs, name: &'static str) -> Result<Self, QueryError> {
        Ok(Self(pairs.all(name).map(str::to_owned).collect()))
    }

    fn write(&self, name: &str, out: &mut String) {
        for item in &self.0 {
            push(out, name, item);
        }
    }
}

fn check_range(name: &'static str, value: Option<i64>, min: i64, max: i64) -> Result<(), QueryError> {
    match value {
        Some(found) if !(min..=max).contains(&found) => Err(QueryError::Range { name, min, max, found }),
        _ => Ok(()),
    }
}

fn check_count(name: &'static str, found: usize, min: usize, max: usize) -> Result<(), QueryError> {
    if (min..=max).contains(&found) { Ok(()) } else { Err(QueryError::Count { name, min, max, found }) }
}

/// A query with a cursor.
pub trait PageQuery {
    /// Sets where the page starts: the cursor of the page before, with the same filters.
    fn set_cursor(&mut self, cursor: String);
}

/// An answer that is one page of a list.
pub trait Page {
    /// What the list is of.
    type Item;

    /// Where the next page starts, or `None` on the last.
    fn next_cursor(&self) -> Option<&str>;

    /// The items of this page.
    fn into_items(self) -> Vec<Self::Item>;
}

macro_rules! pages {
    ($($ty:ident { $items:ident: $item:ident };)+) => {$(
        impl Page for super::$ty {
            type Item = super::$item;

            fn next_cursor(&self) -> Option<&str> {
                Some(self.cursor.as_str()).filter(|cursor| !cursor.is_empty())
            }

            fn into_items(self) -> Vec<Self::Item> {
                self.$items
            }
        }
    )+};
}

pages! {
    GetMarketsResponse { markets: Market };
    GetEventsResponse { events: EventData };
    GetTradesResponse { trades: Trade };
    GetOrdersResponse { orders: Order };
    GetFillsResponse { fills: Fill };
    GetSettlementsResponse { settlements: Settlement };
    GetPositionsResponse { market_positions: MarketPosition };
    GetEventFeeChangesResponse { event_fee_changes: EventFeeChange };
}

/// `optional` is an `Option`, `required` must be there, `commas` and `repeated` are lists; `limit a..=b` is the page size
/// with its range and brings `cursor` with it.
macro_rules! queries {
    ($(
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$field_doc:meta])* $kind:ident $field:ident $(: $ty:ty)? $(, $min:literal..=$max:literal)?;)*
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: queries!(@type $kind $($ty)?),)*
        }

        impl $name {
            /// The names of its parameters.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            /// Reads and checks the part of a request target after `?`.
            ///
            /// # Errors
            /// [`QueryError`]: answer 400 with its body.
            #[allow(unused_variables, reason = "a query without parameters reads nothing")]
            pub fn parse(query: &str) -> Result<Self, QueryError> {
                let pairs = Pairs::parse(query);
                $(let $field = queries!(@read $kind $field, pairs $(, $min, $max)?);)*
                Ok(Self { $($field,)* })
            }

            /// The part of a request target after `?`; empty when no parameter is set.
            pub fn encode(&self) -> String {
                let mut out = String::new();
                $(queries!(@write $kind self, $field, out);)*
                out
            }
        }
    )+};
    (@type optional $ty:ty) => { Option<$ty> };
    (@type required $ty:ty) => { $ty };
    (@type commas) => { Vec<String> };
    (@type repeated) => { Vec<String> };
    (@type number) => { Option<u32> };
    (@read optional $field:ident, $pairs:ident) => { Param::read(&$pairs, stringify!($field))? };
    (@read required $field:ident, $pairs:ident) => { Required::read(&$pairs, stringify!($field))?.0 };
    (@read commas $field:ident, $pairs:ident) => { Commas::read(&$pairs, stringify!($field))?.0 };
    (@read commas $field:ident, $pairs:ident, $min:literal, $max:literal) => {{
        let list = Commas::read(&$pairs, stringify!($field))?.0;
        check_count(stringify!($field), list.len(), $min, $max)?;
        list
    }};
    (@read repeated $field:ident, $pairs:ident, $min:literal, $max:literal) => {{
        let list = Repeated::read(&$pairs, stringify!($field))?.0;
        check_count(stringify!($field), list.len(), $min, $max)?;
        list
    }};
    (@read number $field:ident, $pairs:ident, $min:literal, $max:literal) => {{
        let number: Option<i32> = Param::read(&$pairs, stringify!($field))?;
        check_range(stringify!($field), number.map(i64::from), $min, $max)?;
        number.and_then(|number| u32::try_from(number).ok())
    }};
    (@write optional $self:ident, $field:ident, $out:ident) => { $self.$field.write(stringify!($field), &mut $out) };
    (@write number $self:ident, $field:ident, $out:ident) => { $self.$field.write(stringify!($field), &mut $out) };
    (@write required $self:ident, $field:ident, $out:ident) => {
        Required($self.$field).write(stringify!($field), &mut $out)
    };
    (@write commas $self:ident, $field:ident, $out:ident) => {
        Commas($self.$field.clone()).write(stringify!($field), &mut $out)
    };
    (@write repeated $self:ident, $field:ident, $out:ident) => {
        Repeated($self.$field.clone()).write(stringify!($field), &mut $out)
    };
}

queries! {
    /// Query of `GET /markets`. Time filters go with certain statuses only: reference section 7.
    MarketsQuery {
        /// Page size.
        number limit, 0..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Markets of this event.
        optional event_ticker: String;
        /// Markets of this series.
        optional series_ticker: String;
        /// Made from.
        optional min_created_ts: Timestamp;
        /// Made until.
        optional max_created_ts: Timestamp;
        /// Changed from.
        optional min_updated_ts: Timestamp;
        /// Changed until.
        optional max_updated_ts: Timestamp;
        /// Closing until.
        optional max_close_ts: Timestamp;
        /// Closing from.
        optional min_close_ts: Timestamp;
        /// Settled from.
        optional min_settled_ts: Timestamp;
        /// Settled until.
        optional max_settled_ts: Timestamp;
        /// Where they are in their life.
        optional status: MarketStatusFilter;
        /// These markets.
        commas tickers;
        /// With or without combos.
        optional mve_filter: MveFilter;
    }

    /// Query of `GET /events`.
    EventsQuery {
        /// Page size.
        number limit, 1..=200;
        /// Where the page starts.
        optional cursor: String;
        /// Put each event's markets into it.
        optional with_nested_markets: bool;
        /// Add the real-world things they refer to.
        optional with_milestones: bool;
        /// Events with a market there in its life; `paused` does not exist here.
        optional status: MarketStatusFilter;
        /// Events of this series.
        optional series_ticker: String;
        /// These events.
        commas tickers;
        /// With a market that closes from.
        optional min_close_ts: Timestamp;
        /// Changed from.
        optional min_updated_ts: Timestamp;
    }

    /// Query of `GET /events/{event_ticker}`.
    EventQuery {
        /// Put the markets into the event rather than beside it.
        optional with_nested_markets: bool;
    }

    /// Query of `GET /events/fee_changes`.
    EventFeeChangesQuery {
        /// Page size.
        number limit, 1..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Changes of this event.
        optional event_ticker: String;
    }

    /// Query of `GET /series`.
    SeriesListQuery {
        /// Series of this category.
        optional category: String;
        /// Series with these tags, by comma.
        commas tags;
        /// Add what apps show.
        optional include_product_metadata: bool;
        /// Add the volume.
        optional include_volume: bool;
        /// Changed from.
        optional min_updated_ts: Timestamp;
    }

    /// Query of `GET /series/{series_ticker}`.
    SeriesQuery {
        /// Add the volume.
        optional include_volume: bool;
    }

    /// Query of `GET /series/fee_changes`.
    SeriesFeeChangesQuery {
        /// Changes of this series.
        optional series_ticker: String;
        /// Past ones too.
        optional show_historical: bool;
    }

    /// Query of `GET /markets/{ticker}/orderbook`.
    OrderbookQuery {
        /// Levels of each ladder, from the best; 0 or absent is all.
        number depth, 0..=100;
    }

    /// Query of `GET /markets/orderbooks`.
    OrderbooksQuery {
        /// The markets, each with its own key.
        repeated tickers, 1..=200;
    }

    /// Query of `GET /markets/trades`.
    TradesQuery {
        /// Page size.
        number limit, 0..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Trades of this market.
        optional ticker: String;
        /// From.
        optional min_ts: Timestamp;
        /// Until.
        optional max_ts: Timestamp;
        /// Only, or no, block trades.
        optional is_block_trade: bool;
    }

    /// Query of `GET /series/{series_ticker}/markets/{ticker}/candlesticks`.
    CandlesticksQuery {
        /// From.
        required start_ts: Timestamp;
        /// Until.
        required end_ts: Timestamp;
        /// Minutes: 1, 60 or 1440.
        required period_interval: u32;
        /// Put one synthetic candle before the first.
        optional include_latest_before_start: bool;
    }

    /// Query of `GET /markets/candlesticks`.
    BatchCandlesticksQuery {
        /// The markets, at most 100.
        commas market_tickers, 1..=100;
        /// From.
        required start_ts: Timestamp;
        /// Until.
        required end_ts: Timestamp;
        /// Minutes: 1, 60 or 1440.
        required period_interval: u32;
        /// Put one synthetic candle before the first.
        optional include_latest_before_start: bool;
    }

    /// Query of `GET /portfolio/balance`.
    BalanceQuery {
        /// 0 to 63; absent is 0.
        optional subaccount: i32;
        /// One shard; absent is the sum of all.
        optional exchange_index: i32;
    }

    /// Query of `GET /portfolio/positions`.
    PositionsQuery {
        /// Page size.
        number limit, 1..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Only rows where one of these is not zero: `position`, `total_traded`.
        commas count_filter;
        /// Unsettled ones, settled ones, or all.
        optional settlement_status: SettlementStatusFilter;
        /// Of this market.
        optional ticker: String;
        /// Of this event.
        optional event_ticker: String;
        /// 0 to 63.
        optional subaccount: i32;
        /// One shard.
        optional exchange_index: i32;
    }

    /// Query of `GET /portfolio/fills`.
    FillsQuery {
        /// Page size.
        number limit, 1..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Of these markets.
        commas ticker, 0..=100;
        /// Of this order.
        optional order_id: String;
        /// From.
        optional min_ts: Timestamp;
        /// Until.
        optional max_ts: Timestamp;
        /// 0 to 63.
        optional subaccount: i32;
        /// One shard.
        optional exchange_index: i32;
    }

    /// Query of `GET /portfolio/settlements`.
    SettlementsQuery {
        /// Page size.
        number limit, 1..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Of this market.
        optional ticker: String;
        /// Of this event.
        optional event_ticker: String;
        /// From.
        optional min_ts: Timestamp;
        /// Until.
        optional max_ts: Timestamp;
        /// 0 to 63.
        optional subaccount: i32;
    }

    /// Query of `GET /portfolio/orders`.
    OrdersQuery {
        /// Page size.
        number limit, 1..=1000;
        /// Where the page starts.
        optional cursor: String;
        /// Of this market.
        optional ticker: String;
        /// Of these events.
        commas event_ticker, 0..=10;
        /// Where they stand.
        optional status: OrderStatusFilter;
        /// Placed from.
        optional min_ts: Timestamp;
        /// Placed until.
        optional max_ts: Timestamp;
        /// 0 to 63.
        optional subaccount: i32;
        /// One shard.
        optional exchange_index: i32;
    }

    /// Query of `GET /portfolio/orders/queue_positions`.
    QueuePositionsQuery {
        /// Of these markets.
        commas market_tickers;
        /// Of this event.
        optional event_ticker: String;
        /// 0 to 63.
        optional subaccount: i32;
    }

    /// Query of `DELETE /portfolio/events/orders/{order_id}`. Without market and shard it goes to shard 0.
    CancelOrderQuery {
        /// 0 to 63.
        optional subaccount: i32;
        /// The order's shard.
        optional exchange_index: i32;
        /// The order's market, by which the shard is found. Always send it.
        optional market_ticker: String;
    }

    /// Query of calls that take a subaccount and nothing else: cancel all, amend, decrease, reads of order groups.
    SubaccountQuery {
        /// 0 to 63.
        optional subaccount: i32;
    }

    /// Query of the order group writes.
    OrderGroupQuery {
        /// 0 to 63.
        optional subaccount: i32;
        /// The group's shard.
        optional exchange_index: i32;
    }
}

macro_rules! paged {
    ($($name:ident),+) => {$(
        impl PageQuery for $name {
            fn set_cursor(&mut self, cursor: String) {
                self.cursor = Some(cursor);
            }
        }
    )+};
}

paged!(
    MarketsQuery,
    EventsQuery,
    EventFeeChangesQuery,
    TradesQuery,
    PositionsQuery,
    FillsQuery,
    SettlementsQuery,
    OrdersQuery
);

macro_rules! empty_by_default {
    ($($name:ident),+) => {$(
        impl Default for $name {
            /// No filter at all.
            fn default() -> Self {
                Self::parse("").expect("every parameter is optional")
            }
        }
    )+};
}

empty_by_default!(
    MarketsQuery,
    EventsQuery,
    EventQuery,
    EventFeeChangesQuery,
    SeriesListQuery,
    SeriesQuery,
    SeriesFeeChangesQuery,
    OrderbookQuery,
    TradesQuery,
    BalanceQuery,
    PositionsQuery,
    FillsQuery,
    SettlementsQuery,
    OrdersQuery,
    QueuePositionsQuery,
    CancelOrderQuery,
    SubaccountQuery,
    OrderGroupQuery
);

#[cfg(test)]
mod tests;
