//! RTDS, the stream of reference prices, fed by the administration: the exchange knows no prices of the outside by itself.
//!
//! Prices are neither journaled nor kept over a restart: they change nothing that the exchange owns. The last two minutes
//! are kept, since equity prices begin with them. Comments are not served, as nobody can write any.
//!
//! Source: reference (Polymarket), section 11.1, 2026-11-20.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::Router;
use axum::extract::State as AxumState;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use axum::routing::get;
use brier_polymarket_protocol::stream::command::PONG;
use brier_polymarket_protocol::stream::prices::{
    PricePoint, RTDS_PING, RtdsAction, RtdsCommand, RtdsEvent, RtdsPrice, RtdsSubscription, Topic,
};
use serde::Deserialize;

use super::http::App;
use super::ws::session::{Ask, End, Session, Talk};
use crate::core::{Answered, Core, Face, Heard};

/// How long prices are kept for the first answer of the topics that have one.
const KEPT_MS: i64 = 120_000;
/// Most subscriptions of one socket.
const MAX_SUBSCRIPTIONS: usize = 500;

pub(crate) fn routes() -> Router<App> {
    Router::new().route("/rtds", get(upgrade))
}

async fn upgrade(AxumState(app): AxumState<App>, upgrade: WebSocketUpgrade) -> Response {
    Session::upgrade(app, upgrade, Subscriptions::default())
}

/// One price as it goes out. The frame is written once, by whoever publishes it.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    topic: Topic,
    symbol: String,
    point: PricePoint,
    frame: Arc<str>,
}

/// A price without its time or its value tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a price needs a topic of prices, a `timestamp` in milliseconds and a `value`")]
pub(crate) struct Incomplete;

impl Tick {
    /// The price of one symbol, published at `sent` (milliseconds since the epoch).
    ///
    /// # Errors
    /// [`Incomplete`] when the price has no time or no value, or the topic has no prices.
    pub(crate) fn new(topic: Topic, price: RtdsPrice, sent: i64) -> Result<Self, Incomplete> {
        let has_prices = matches!(
            topic,
            Topic::CryptoPrices
                | Topic::CryptoPricesChainlink
                | Topic::TwapThirty
                | Topic::TwapSixty
                | Topic::EquityPrices
        );
        let (Some(timestamp), Some(value), true) = (price.timestamp, price.price(&topic), has_prices) else {
            return Err(Incomplete);
        };
        let symbol = price.symbol.clone();
        let frame = frame(&topic, "update", sent, price);
        Ok(Self { topic, symbol, point: PricePoint { timestamp, value }, frame })
    }
}

fn frame(topic: &Topic, kind: &str, sent: i64, price: RtdsPrice) -> Arc<str> {
    let event = RtdsEvent { topic: topic.clone(), kind: kind.to_owned(), timestamp: sent, payload: price };
    serde_json::to_string(&event).expect("texts and numbers always serialize").into()
}

/// The prices of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    /// By topic and symbol, oldest first.
    points: BTreeMap<(String, String), VecDeque<Arc<Tick>>>,
}

impl Prices {
    pub(crate) fn keep(&mut self, tick: Arc<Tick>) {
        let kept = self.points.entry((tick.topic.to_string(), tick.symbol.clone())).or_default();
        let since = tick.point.timestamp.saturating_sub(KEPT_MS);
        kept.push_back(tick);
        while kept.front().is_some_and(|oldest| oldest.point.timestamp < since) {
            kept.pop_front();
        }
    }

    /// What a new subscription begins with: one frame for each symbol it wants.
    fn first(&self, wanted: &Wanted, now: i64) -> Vec<Arc<str>> {
        let mut frames = Vec::new();
        // Only this topic begins with the past.
        if wanted.topic != Topic::EquityPrices {
            return frames;
        }
        for ((topic, symbol), ticks) in &self.points {
            if *topic == wanted.topic.to_string() && wanted.names(symbol) {
                let data = ticks.iter().map(|tick| tick.point.clone()).collect();
                frames.push(frame(&wanted.topic, "subscribe", now, past(symbol, data)));
            }
        }
        frames
    }
}

fn past(symbol: &str, data: Vec<PricePoint>) -> RtdsPrice {
    RtdsPrice {
        symbol: symbol.to_owned(),
        timestamp: None,
        value: None,
        full_accuracy_value: None,
        window_s: None,
        received_at: None,
        is_carried_forward: None,
        data,
    }
}

/// What the core found for a command.
pub(crate) struct Answer {
    wanted: Vec<Wanted>,
    first: Vec<Arc<str>>,
}

/// One subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    topic: Topic,
    /// `*` or `update`.
    kind: String,
    /// All if absent.
    symbols: Option<Vec<String>>,
}

impl Wanted {
    fn new(subscription: RtdsSubscription) -> Self {
        #[derive(Deserialize)]
        struct Filter {
            symbol: String,
        }
        let symbols = subscription.filters.filter(|text| !text.is_empty()).map(|text| {
            let one = serde_json::from_str::<Filter>(&text).map(|filter| vec![filter.symbol]);
            let listed = || text.split(',').map(|symbol| symbol.trim().to_owned()).collect();
            let symbols: Vec<String> = one.unwrap_or_else(|_no_json| listed());
            symbols.into_iter().map(|symbol| symbol.to_ascii_lowercase()).collect()
        });
        Self { topic: subscription.topic, kind: subscription.kind, symbols }
    }

    fn names(&self, symbol: &str) -> bool {
        self.symbols.as_ref().is_none_or(|symbols| symbols.iter().any(|it| it.eq_ignore_ascii_case(symbol)))
    }

    fn hears(&self, tick: &Tick) -> bool {
        self.topic == tick.topic && matches!(self.kind.as_str(), "*" | "update") && self.names(&tick.symbol)
    }
}

/// What one socket follows.
#[derive(Debug, Default)]
struct Subscriptions {
    wanted: Vec<Wanted>,
    frames: Vec<Arc<str>>,
}

impl Talk for Subscriptions {
    fn face(&self) -> Face {
        Face::Prices
    }

    fn has_begun(&self) -> bool {
        true
    }

    /// What is no command is ignored, as the venue does.
    fn text(&mut self, text: &str) -> Result<Option<Ask>, End> {
        if text.eq_ignore_ascii_case(RTDS_PING) {
            self.frames.push(PONG.into());
            return Ok(None);
        }
        let Ok(command) = serde_json::from_str::<RtdsCommand>(text) else { return Ok(None) };
        let wanted: Vec<Wanted> = command.subscriptions.into_iter().map(Wanted::new).collect();
        Ok(match command.action {
            RtdsAction::Unsubscribe => {
                let left = |it: &Wanted| {
                    wanted
                        .iter()
                        .any(|gone| it.topic == gone.topic && (gone.symbols.is_none() || gone.symbols == it.symbols))
                };
                self.wanted.retain(|it| !left(it));
                None
            }
            RtdsAction::Subscribe => Some(Box::new(move |core: &mut Core| {
                let now = core.now().millis();
                let first = wanted.iter().flat_map(|wanted| core.prices.first(wanted, now)).collect();
                Answered::Prices(Answer { wanted, first })
            })),
        })
    }

    fn hear(&mut self, heard: &Heard) {
        let Heard::Price(tick) = heard else { return };
        // Once, however often it was asked for.
        if self.wanted.iter().any(|wanted| wanted.hears(tick)) {
            self.frames.push(tick.frame.clone());
        }
    }

    fn answer(&mut self, answered: Answered) -> Result<(), End> {
        let Answered::Prices(answer) = answered else { return Ok(()) };
        for wanted in answer.wanted {
            if !self.wanted.contains(&wanted) && self.wanted.len() < MAX_SUBSCRIPTIONS {
                self.wanted.push(wanted);
            }
        }
        self.frames.extend(answer.first);
        Ok(())
    }

    fn drain(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.frames)
    }
}
