//! RTDS, Polymarket's stream of settlement prices: Chainlink's prices and means, relayed without credentials.
//!
//! Wire types are those of the protocol crate. Peculiar to a reader: it subscribes without filters and sorts here (a bad
//! filter silences the stream, and only one is honoured); the history that comes first can bear the wrong topic, so a
//! symbol's form tells its source (`btc/usd` is Chainlink's, `btcusdt` Binance's); the age is the inner timestamp, the outer
//! one is the relay's; a message whose two values disagree is refused. The mean over 60 seconds settles the short markets
//! and is never recomputed for settlement.
//!
//! Source: reference (feeds), section 2.3, 2026-11-20.

use std::collections::BTreeSet;
use std::time::Duration;

use brier_polymarket_protocol::stream::prices::{
    RTDS_PING, RtdsAction, RtdsCommand, RtdsMessage, RtdsPrice, RtdsSubscription, Topic, moment,
};

use super::{SpotPrice, Tick, TickKind};
use crate::error::FeedError;
use crate::stream::protocol::{Frame, Habits, Protocol};
use crate::vendor::Vendor;

/// How old a settlement price may be: one update a second, 1.6 s of relay, and some patience.
pub const MAX_AGE: Duration = Duration::from_secs(10);

const VENDOR: Vendor = Vendor::Rtds;
const AT: &str = "stream";

/// Which prices are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Series {
    /// Binance's spot prices.
    Binance,
    /// Chainlink's prices.
    Chainlink,
    /// Chainlink's means over 30 seconds.
    Mean30,
    /// Chainlink's means over 60 seconds.
    Mean60,
}

impl Series {
    const fn topic(self) -> Topic {
        match self {
            Self::Binance => Topic::CryptoPrices,
            Self::Chainlink => Topic::CryptoPricesChainlink,
            Self::Mean30 => Topic::TwapThirty,
            Self::Mean60 => Topic::TwapSixty,
        }
    }
}

/// The stream of some series; of all symbols, or of those wanted.
#[derive(Clone, Debug)]
pub struct Stream {
    series: BTreeSet<Series>,
    symbols: BTreeSet<String>,
}

impl Stream {
    /// These series of these symbols (`btc/usd`, `btcusdt`); of all symbols when none is named.
    pub fn new(series: impl IntoIterator<Item = Series>, symbols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let symbols = symbols.into_iter().map(|symbol| symbol.into().to_ascii_lowercase()).collect();
        Self { series: series.into_iter().collect(), symbols }
    }
}

impl Protocol for Stream {
    fn vendor(&self) -> Vendor {
        VENDOR
    }

    fn habits(&self) -> Habits {
        // A reply to the ping cannot be relied on; an update a second can.
        Habits {
            ping: Some((RTDS_PING, Duration::from_secs(5))),
            silence: Duration::from_secs(12),
            ..Habits::default()
        }
    }

    fn target(&self) -> String {
        "/".to_owned()
    }

    fn greet(&mut self) -> Vec<String> {
        let subscriptions = self.series.iter().map(|series| RtdsSubscription {
            topic: series.topic(),
            kind: if *series == Series::Binance { "update" } else { "*" }.to_owned(),
            filters: Some(String::new()),
        });
        let command = RtdsCommand { action: RtdsAction::Subscribe, subscriptions: subscriptions.collect() };
        vec![serde_json::to_string(&command).expect("texts and lists always serialize")]
    }

    fn frame(&mut self, text: &str) -> Result<Frame, FeedError> {
        // The subscription is acknowledged by an empty frame.
        if matches!(text.trim(), "" | "PONG") {
            return Ok(Frame::Nothing);
        }
        let mut ticks = parse_message(text)?;
        ticks.retain(|tick| self.symbols.is_empty() || self.symbols.contains(&tick.symbol));
        Ok(if ticks.is_empty() { Frame::Nothing } else { Frame::Ticks(ticks) })
    }
}

/// Reads a message: one price, or the history that comes first, in order.
///
/// # Errors
/// [`FeedError`] when it is no price, or when its two values disagree by more than a millionth.
pub fn parse_message(text: &str) -> Result<Vec<Tick>, FeedError> {
    let unreadable = |expected: &str, error: &dyn std::fmt::Display| {
        FeedError::unreadable(VENDOR, AT, format!("{expected} ({error})"), text)
    };
    let message = RtdsMessage::from_frame(text).map_err(|error| unreadable("a message", &error))?;
    if matches!(message.topic, Topic::Comments | Topic::Activity | Topic::Other(_)) {
        return Ok(Vec::new());
    }
    let price = message.price().map_err(|error| unreadable("a price", &error))?;
    let kind = kind_of(&message.topic, &price);
    let symbol = price.symbol.to_ascii_lowercase();
    let mut ticks: Vec<Tick> = Vec::with_capacity(price.data.len() + 1);
    for point in &price.data {
        ticks.push(tick(&symbol, kind, point.value, Some(point.timestamp))?);
    }
    if let Some(exact) = price.price(&message.topic) {
        if let Some(shown) = price.value
            && !agree(exact, shown)
        {
            let found = format!("value {shown}, full_accuracy_value {exact}");
            return Err(FeedError::unreadable(VENDOR, AT, "two values that agree", &found));
        }
        ticks.push(tick(&symbol, kind, exact, price.timestamp)?);
    }
    Ok(ticks)
}

fn tick(symbol: &str, kind: TickKind, price: SpotPrice, millis: Option<i64>) -> Result<Tick, FeedError> {
    let observed = moment(millis).filter(|moment| moment.nanos() > 0);
    match observed {
        Some(observed) if price.units() > 0 => Ok(Tick::plain(symbol, kind, price, Some(observed))),
        _ => {
            let found = format!("{symbol} {price} at {millis:?}");
            Err(FeedError::unreadable(VENDOR, AT, "a price above zero with its time", &found))
        }
    }
}

fn kind_of(topic: &Topic, price: &RtdsPrice) -> TickKind {
    match topic {
        Topic::TwapThirty => TickKind::Mean30,
        Topic::TwapSixty => TickKind::Mean60,
        // The history of Chainlink's prices comes under Binance's topic.
        Topic::CryptoPrices if !price.symbol.contains('/') => TickKind::Trade,
        _ => TickKind::Index,
    }
}

/// Whether two readings of one price differ by no more than a millionth of it.
fn agree(exact: SpotPrice, shown: SpotPrice) -> bool {
    let apart = exact.units().abs_diff(shown.units());
    apart <= exact.units().unsigned_abs() / 1_000_000
}

/// The first price at or after a moment: how the markets' starts and ends are read.
pub fn first_at_or_after(ticks: &[Tick], at: brier_types::Timestamp) -> Option<&Tick> {
    let later = ticks.iter().filter(|tick| tick.observed_at.is_some_and(|observed| observed >= at));
    later.min_by_key(|tick| tick.observed_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_types::Timestamp;

    const MEAN: &str = r#"{"connection_id":"c-1","topic":"crypto_prices_twap_sixty","type":"update","timestamp":1795190400123,"payload":{"symbol":"btc/usd","timestamp":1795190400000,"value":98765.4321,"full_accuracy_value":"98765432100000000000000","window_s":60}}"#;

    #[test]
    fn the_inner_time_and_the_exact_value_count() {
        let ticks = parse_message(MEAN).unwrap();
        assert_eq!((ticks[0].kind, ticks[0].price.to_string()), (TickKind::Mean60, "98765.4321".to_owned()));
        assert_eq!(ticks[0].observed_at.unwrap().millis(), 1_795_190_400_000);
        let wrong = MEAN.replace("98765.4321,", "98865.4321,");
        assert!(parse_message(&wrong).unwrap_err().to_string().contains("two values that agree"));
    }

    #[test]
    fn history_under_the_wrong_topic_is_told_by_its_symbol() {
        let text = r#"{"topic":"crypto_prices","type":"subscribe","timestamp":5,"payload":{"symbol":"btc/usd","data":[{"timestamp":1000,"value":5.5},{"timestamp":2000,"value":6}]}}"#;
        let ticks = parse_message(text).unwrap();
        assert_eq!(ticks.iter().map(|tick| tick.kind).collect::<Vec<_>>(), [TickKind::Index; 2]);
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        assert_eq!(first_at_or_after(&ticks, at(1_001)).unwrap().price.to_string(), "6");
        assert_eq!(first_at_or_after(&ticks, at(2_001)), None);
    }

    #[test]
    fn symbols_are_sorted_out_here_and_not_by_a_filter() {
        let mut stream = Stream::new([Series::Mean60], ["ETH/USD"]);
        assert!(stream.greet()[0].contains(r#""filters":"""#));
        assert_eq!(stream.frame(MEAN), Ok(Frame::Nothing));
        assert_eq!(stream.frame(""), Ok(Frame::Nothing));
        assert!(matches!(Stream::new([Series::Mean60], ["btc/usd"]).frame(MEAN), Ok(Frame::Ticks(_))));
    }
}
