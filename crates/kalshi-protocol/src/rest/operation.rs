//! The operations of the trading path: method, path, who may call, and the one status that means success.
//!
//! Source: reference section 13 (docs.kalshi.com OpenAPI 3.34.0), 2026-11-20.

use std::fmt;

use super::BASE_PATH;

/// An HTTP method of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes or does.
    Post,
    /// Sets.
    Put,
    /// Takes away.
    Delete,
}

impl Method {
    /// The method as it is sent and signed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

    /// Reads a method, in any case.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Delete]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(word))
    }

    /// Whether a call may change something at the venue, so that a lost answer leaves it in doubt.
    pub const fn is_write(self) -> bool {
        !matches!(self, Self::Get)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident = $method:ident $path:literal, $success:literal, $access:ident;)+) => {
        /// One operation of the trading path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Operation {
            $($(#[$doc])* $name,)+
        }

        impl Operation {
            /// Every operation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The HTTP method.
            pub const fn method(self) -> Method {
                match self { $(Self::$name => Method::$method),+ }
            }

            /// The path below [`BASE_PATH`], with `{name}` for each part to be filled in.
            pub const fn template(self) -> &'static str {
                match self { $(Self::$name => $path),+ }
            }

            /// The only status that means success. The official SDK takes no other for it.
            pub const fn success(self) -> u16 {
                match self { $(Self::$name => $success),+ }
            }

            /// Whether it is served without signed headers. Headers that come anyway are ignored.
            pub const fn is_public(self) -> bool {
                match self { $(Self::$name => operations!(@$access)),+ }
            }
        }
    };
    (@public) => { true };
    (@key) => { false };
}

operations! {
    /// Whether exchange and trading are active.
    GetExchangeStatus = Get "/exchange/status", 200, public;
    /// Weekly hours and closures.
    GetExchangeSchedule = Get "/exchange/schedule", 200, public;
    /// As-of time of portfolio reads.
    GetUserDataTimestamp = Get "/exchange/user_data_timestamp", 200, public;
    /// Announced fee changes of series.
    GetSeriesFeeChanges = Get "/series/fee_changes", 200, public;
    /// All series.
    GetSeriesList = Get "/series", 200, public;
    /// One series.
    GetSeries = Get "/series/{series_ticker}", 200, public;
    /// Candles of one market.
    GetMarketCandlesticks = Get "/series/{series_ticker}/markets/{ticker}/candlesticks", 200, public;
    /// Events without combos.
    GetEvents = Get "/events", 200, public;
    /// Announced fee overrides of events.
    GetEventFeeChanges = Get "/events/fee_changes", 200, public;
    /// One event.
    GetEvent = Get "/events/{event_ticker}", 200, public;
    /// Markets by filter.
    GetMarkets = Get "/markets", 200, public;
    /// Candles of several markets.
    BatchGetMarketCandlesticks = Get "/markets/candlesticks", 200, public;
    /// Books of several markets.
    GetMarketOrderbooks = Get "/markets/orderbooks", 200, public;
    /// The public tape.
    GetTrades = Get "/markets/trades", 200, public;
    /// One market.
    GetMarket = Get "/markets/{ticker}", 200, public;
    /// One book.
    GetMarketOrderbook = Get "/markets/{ticker}/orderbook", 200, public;
    /// Cash and worth of positions.
    GetBalance = Get "/portfolio/balance", 200, key;
    /// Positions by market and event.
    GetPositions = Get "/portfolio/positions", 200, key;
    /// Own fills.
    GetFills = Get "/portfolio/fills", 200, key;
    /// Own settlements.
    GetSettlements = Get "/portfolio/settlements", 200, key;
    /// Own orders.
    GetOrders = Get "/portfolio/orders", 200, key;
    /// Contracts ahead of all own resting orders.
    GetOrderQueuePositions = Get "/portfolio/orders/queue_positions", 200, key;
    /// One order.
    GetOrder = Get "/portfolio/orders/{order_id}", 200, key;
    /// Contracts ahead of one order.
    GetOrderQueuePosition = Get "/portfolio/orders/{order_id}/queue_position", 200, key;
    /// Place one order.
    CreateOrder = Post "/portfolio/events/orders", 201, key;
    /// Cancel everything that rests, on all shards. Orders placed in the next minute may be canceled too.
    CancelAllOrders = Delete "/portfolio/events/orders", 204, key;
    /// Place many orders.
    BatchCreateOrders = Post "/portfolio/events/orders/batched", 201, key;
    /// Cancel many orders; a DELETE with a JSON body.
    BatchCancelOrders = Delete "/portfolio/events/orders/batched", 200, key;
    /// Cancel one order.
    CancelOrder = Delete "/portfolio/events/orders/{order_id}", 200, key;
    /// Change price, total or expiry of one order.
    AmendOrder = Post "/portfolio/events/orders/{order_id}/amend", 200, key;
    /// Shrink one order.
    DecreaseOrder = Post "/portfolio/events/orders/{order_id}/decrease", 200, key;
    /// All order groups.
    GetOrderGroups = Get "/portfolio/order_groups", 200, key;
    /// Make an order group.
    CreateOrderGroup = Post "/portfolio/order_groups/create", 201, key;
    /// One order group.
    GetOrderGroup = Get "/portfolio/order_groups/{order_group_id}", 200, key;
    /// Delete an order group and cancel its orders.
    DeleteOrderGroup = Delete "/portfolio/order_groups/{order_group_id}", 200, key;
    /// Give an order group another limit.
    UpdateOrderGroupLimit = Put "/portfolio/order_groups/{order_group_id}/limit", 200, key;
    /// Clear an order group's counter and trigger.
    ResetOrderGroup = Put "/portfolio/order_groups/{order_group_id}/reset", 200, key;
    /// Cancel all orders of an order group now.
    TriggerOrderGroup = Put "/portfolio/order_groups/{order_group_id}/trigger", 200, key;
    /// Tier and token buckets of the account.
    GetAccountLimits = Get "/account/limits", 200, key;
    /// Token costs that differ from the default.
    GetAccountEndpointCosts = Get "/account/endpoint_costs", 200, public;
}

impl Operation {
    /// The full path with its parts filled in and percent-encoded, as it is sent and signed.
    ///
    /// ```
    /// use brier_kalshi_protocol::rest::Operation;
    /// assert_eq!(Operation::GetMarket.path(&["KXA-1/2"]), "/trade-api/v2/markets/KXA-1%2F2");
    /// ```
    ///
    /// # Panics
    /// When the number of parts is not that of the template: the caller wrote the wrong operation.
    pub fn path(self, parts: &[&str]) -> String {
        let mut path = String::with_capacity(96);
        path.push_str(BASE_PATH);
        let mut parts = parts.iter();
        for segment in self.template().split('/').skip(1) {
            path.push('/');
            if segment.starts_with('{') {
                let part = parts.next().expect("as many parts as the template has");
                percent_encode(part, &mut path);
            } else {
                path.push_str(segment);
            }
        }
        assert!(parts.next().is_none(), "{} has fewer parts", self.template());
        path
    }
}

/// Appends `text` with every byte but letters, digits and `-._~` as `%XX`.
pub(super) fn percent_encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// Reads `%XX` in a path part; `None` when an escape is broken or the bytes are no UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (high, low) = (hex(rest.next()?)?, hex(rest.next()?)?);
        bytes.push(high << 4 | low);
    }
    String::from_utf8(bytes).ok()
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_filled_and_encoded() {
        assert_eq!(
            Operation::GetMarketCandlesticks.path(&["KXBTC", "KXBTC-26 A"]),
            "/trade-api/v2/series/KXBTC/markets/KXBTC-26%20A/candlesticks"
        );
        assert_eq!(Operation::CreateOrder.path(&[]), "/trade-api/v2/portfolio/events/orders");
        assert_eq!(percent_decode("a%2Fb"), Some("a/b".to_owned()));
        for broken in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(percent_decode(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn encoded_text_reads_back(text in "\\PC{0,30}") {
            let mut encoded = String::new();
            percent_encode(&text, &mut encoded);
            prop_assert!(encoded.is_ascii());
            prop_assert_eq!(percent_decode(&encoded), Some(text));
        }
    }
}
