//! Strategies that run outside, over a WebSocket on this machine: the same view, the same wants, the same risk.
//!
//! One JSON object a message; prices in dollars and quantities in contracts, as text, so that nobody's float rounds them. The
//! protocol is documented in docs/remote-strategies.md, with an example in Python.
//!
//! Invariants: a client says who it is before anything else, with the token of the configuration; a place has one client at a
//! time; when its connection ends, everything it wanted to have resting is taken back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use brier_connect::clock::Clock;
use brier_engine::fact::MAX_SERIES_NAME;
use brier_engine::{Engine, Fact, FactValue, FairValue, Input, MarketId, Purpose, Quote, StrategyId, Take, Want};
use brier_types::{BookSide, Price, Prob, Qty, Timestamp, TimestampError, Venue};
use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use zeroize::Zeroizing;

use crate::config::MarketName;
use crate::driver::{Word, look};
use crate::mailbox::Teller;

/// Version of the protocol.
pub const PROTOCOL: u32 = 1;
/// How often a client is shown what changed.
const SHOW_EVERY: Duration = Duration::from_millis(50);
/// How often a client is asked for a sign of life, and how long a message to it may take.
const PING_EVERY: Duration = Duration::from_secs(5);
/// How long it may say nothing, not even the answer to a ping.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a client may take to say who it is.
const HELLO: Duration = Duration::from_secs(5);
/// Levels of each side that are shown.
const DEPTH: usize = 10;
/// How far ahead of this machine's clock a source's may be.
const AHEAD: Duration = Duration::from_secs(5);
/// The longest that a fact or a fair value may decide.
const LONGEST: Duration = Duration::from_hours(31 * 24);
/// Longest message taken, in bytes.
const MAX_MESSAGE: usize = 1 << 20;

/// Places for outside strategies, and how they are entered.
#[derive(Clone)]
pub struct RemoteConfig {
    /// What a client must say to be believed.
    pub token: Zeroizing<String>,
    /// Most connections at once, those that have not said who they are included.
    pub max_clients: u32,
    /// Whether fair values are taken: with money at stake only where a record shows that they beat the market.
    pub takes_fairs: bool,
    /// Each place's name, number and markets.
    pub places: BTreeMap<String, (StrategyId, Vec<(Venue, String)>)>,
}

impl std::fmt::Debug for RemoteConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RemoteConfig").field("places", &self.places).finish_non_exhaustive()
    }
}

/// Serves until the listener's task is dropped.
pub async fn serve(listener: TcpListener, config: RemoteConfig, words: Teller) {
    let config = Arc::new(config);
    let taken: Arc<Mutex<Vec<StrategyId>>> = Arc::default();
    let places = Arc::new(Semaphore::new(config.max_clients as usize));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((stream, peer)) = listener.accept().await else { continue };
        let (config, taken, words) = (config.clone(), taken.clone(), words.clone());
        tokio::spawn(async move {
            let _place = place;
            let ended = attend(stream, &config, &taken, &words).await;
            tracing::info!(%peer, ended, "remote strategy");
        });
    }
}

/// One client, from its first word to its last. Why it ended.
async fn attend(stream: TcpStream, config: &RemoteConfig, taken: &Mutex<Vec<StrategyId>>, words: &Teller) -> String {
    let limits = tokio_tungstenite::tungstenite::protocol::WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let accepting = tokio_tungstenite::accept_async_with_config(stream, Some(limits));
    let mut socket = match tokio::time::timeout(HELLO, accepting).await {
        Ok(Ok(socket)) => socket,
        Ok(Err(error)) => return error.to_string(),
        Err(_) => return "no handshake in time".to_owned(),
    };
    let place = match hello(&mut socket, config).await {
        Ok(place) => place,
        Err(error) => {
            say(&mut socket, &json!({ "type": "error", "error": error })).await;
            return error;
        }
    };
    let strategy = place.strategy;
    if !take_place(taken, strategy) {
        let error = "this place has a client already; stop it first".to_owned();
        say(&mut socket, &json!({ "type": "error", "error": error })).await;
        return error;
    }
    let ended = converse(&mut socket, &place, words).await;
    if words.send(Word::Input(Input::RemoteGone { strategy })).is_err() {
        tracing::debug!("a remote strategy went after the end");
    }
    taken.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != strategy);
    ended
}

/// Takes a strategy's place, unless somebody has it.
fn take_place(taken: &Mutex<Vec<StrategyId>>, strategy: StrategyId) -> bool {
    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
    let free = !taken.contains(&strategy);
    if free {
        taken.push(strategy);
    }
    free
}

type Socket = WebSocketStream<TcpStream>;

async fn say(socket: &mut Socket, value: &Value) -> bool {
    tell(socket, Message::text(value.to_string())).await
}

/// Whoever takes nothing is gone: what it wanted must not keep resting.
async fn tell(socket: &mut Socket, message: Message) -> bool {
    matches!(tokio::time::timeout(PING_EVERY, socket.send(message)).await, Ok(Ok(())))
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Said {
    Hello {
        token: String,
        strategy: String,
    },
    Want {
        #[serde(default)]
        id: u64,
        #[serde(default)]
        quotes: Vec<MarketQuotes>,
        #[serde(default)]
        takes: Vec<SaidTake>,
    },
    Tell {
        #[serde(default)]
        id: u64,
        #[serde(default)]
        facts: Vec<SaidFact>,
        #[serde(default)]
        fairs: Vec<SaidFair>,
    },
}

/// Something of the world outside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidFact {
    series: String,
    value: SaidValue,
    #[serde(default)]
    as_of: Option<String>,
    valid_for_s: f64,
}

#[derive(Deserialize)]
#[serde(untagged)]
#[serde(expecting = "expected a number or a list of numbers")]
enum SaidValue {
    Number(f64),
    Numbers(Vec<f64>),
}

/// What a market is worth.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidFair {
    market: String,
    prob: f64,
    #[serde(default)]
    as_of: Option<String>,
    valid_for_s: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarketQuotes {
    market: String,
    quotes: Vec<SaidQuote>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidQuote {
    side: Side,
    price: String,
    qty: String,
    #[serde(default)]
    closes: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidTake {
    market: String,
    side: Side,
    limit: String,
    qty: String,
    #[serde(default)]
    closes: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    Bid,
    Ask,
}

impl From<Side> for BookSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Bid => Self::Bid,
            Side::Ask => Self::Ask,
        }
    }
}

/// A place that a client has.
struct Place {
    strategy: StrategyId,
    markets: Vec<(Venue, String)>,
    takes_fairs: bool,
}

async fn hello(socket: &mut Socket, config: &RemoteConfig) -> Result<Place, String> {
    let first = tokio::time::timeout(HELLO, socket.next()).await;
    let Ok(Some(Ok(Message::Text(text)))) = first else {
        return Err(format!("expected a hello within {HELLO:?}, found none"));
    };
    match serde_json::from_str(&text) {
        Ok(Said::Hello { token, strategy }) => {
            if !same(&token, &config.token) {
                return Err("expected the token of the configuration, found another".to_owned());
            }
            let place = config.places.get(&strategy).cloned();
            let place = place.map(|(strategy, markets)| Place { strategy, markets, takes_fairs: config.takes_fairs });
            place.ok_or_else(|| {
                let known: Vec<&str> = config.places.keys().map(String::as_str).collect();
                format!("expected a remote strategy of the configuration ({}), found `{strategy}`", known.join(", "))
            })
        }
        Ok(Said::Want { .. } | Said::Tell { .. }) => Err("expected a hello first, found another message".to_owned()),
        Err(error) => Err(format!("expected a hello, found {error}")),
    }
}

/// Whether two texts are the same, in a time that tells nothing of where they differ.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

async fn converse(socket: &mut Socket, place: &Place, words: &Teller) -> String {
    let Place { strategy, ref markets, .. } = *place;
    let welcome = json!({ "type": "welcome", "protocol": PROTOCOL, "strategy": strategy.0 });
    if !say(socket, &welcome).await {
        return "the client went".to_owned();
    }
    let mut shown: BTreeMap<String, Value> = BTreeMap::new();
    let mut ticks = tokio::time::interval(SHOW_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut heard, mut pinged) = (Instant::now(), Instant::now());
    loop {
        tokio::select! {
            biased;
            message = socket.next() => {
                heard = Instant::now();
                let text = match message {
                    Some(Ok(Message::Text(text))) => text,
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(_))) | None => return "the client closed".to_owned(),
                    Some(Err(error)) => return error.to_string(),
                };
                let answer = take(&text, place, words).await;
                if !say(socket, &answer).await {
                    return "the client went".to_owned();
                }
            }
            _ = ticks.tick() => {
                if heard.elapsed() > SILENCE {
                    return format!("nothing was heard for {SILENCE:?}");
                }
                if pinged.elapsed() > PING_EVERY {
                    pinged = Instant::now();
                    if !tell(socket, Message::Ping(Bytes::from_static(b"brier"))).await {
                        return "the client went".to_owned();
                    }
                }
                let Some(views) = views(words, strategy, markets).await else { return "the program ends".to_owned() };
                for (market, view) in views {
                    if shown.get(&market) == Some(&view) {
                        continue;
                    }
                    if !say(socket, &view).await {
                        return "the client went".to_owned();
                    }
                    shown.insert(market, view);
                }
            }
        }
    }
}

async fn views(words: &Teller, strategy: StrategyId, markets: &[(Venue, String)]) -> Option<Vec<(String, Value)>> {
    let markets = markets.to_vec();
    look(words, move |engine| {
        let of = |(venue, ticker): &(Venue, String)| {
            let market = engine.state().universe.find(*venue, ticker)?;
            Some((format!("{venue}:{ticker}"), view(engine, strategy, market, &format!("{venue}:{ticker}"))))
        };
        markets.iter().filter_map(of).collect()
    })
    .await
}

/// What a strategy here would see, as JSON.
fn view(engine: &Engine, strategy: StrategyId, market: MarketId, name: &str) -> Value {
    let view = engine.view(strategy);
    let instrument = view.instrument(market);
    let book = match view.book(market) {
        Ok(book) => {
            let side = |side| {
                book.levels(side)
                    .take(DEPTH)
                    .map(|level| json!([level.price.to_string(), level.qty.to_string()]))
                    .collect::<Vec<_>>()
            };
            json!({ "trusted": true, "bids": side(BookSide::Bid), "asks": side(BookSide::Ask) })
        }
        Err(untrusted) => json!({ "trusted": false, "reason": untrusted.to_string() }),
    };
    let position = view.position(market);
    let orders: Vec<Value> = view
        .orders(market)
        .map(|order| {
            json!({
                "client_order_id": order.client_order_id.as_str(),
                "side": order.side.to_string(),
                "price": order.price.to_string(),
                "qty": order.total.to_string(),
                "open": order.worst_open().to_string(),
                "in_doubt": order.is_in_doubt(),
            })
        })
        .collect();
    json!({
        "type": "view",
        "market": name,
        "status": format!("{:?}", instrument.market.status).to_lowercase(),
        "close_time": instrument.market.close_time.to_string(),
        "open_for_orders": view.is_open(market),
        "book": book,
        "others": {
            "bid": view.best_of_others(market, BookSide::Bid).map(|price| price.to_string()),
            "ask": view.best_of_others(market, BookSide::Ask).map(|price| price.to_string()),
        },
        "position": {
            "net": position.net().to_string(),
            "yes": position.yes.qty.to_string(),
            "no": position.no.qty.to_string(),
            "cost": position.cost().to_string(),
            "realized": position.realized.to_string(),
            "fees": position.fees.to_string(),
        },
        "orders": orders,
        "fair": view.fair(market).map(|fair| fair.prob.to_string()),
    })
}

/// Takes one message, and answers it: wanted, or what is wrong with it. Nothing of a message with a mistake is wanted.
async fn take(text: &str, client: &Place, words: &Teller) -> Value {
    let Place { strategy, ref markets, takes_fairs } = *client;
    let said = match serde_json::from_str(text) {
        Ok(Said::Want { id, quotes, takes }) => (id, quotes, takes),
        Ok(Said::Tell { id, fairs, .. }) if !takes_fairs && !fairs.is_empty() => {
            let error = "a run with real money takes no fair values without `remote.record`, which shows that they beat the market";
            return json!({ "type": "error", "id": id, "error": error });
        }
        Ok(Said::Tell { id, facts, fairs }) => {
            let inputs = match told(facts, fairs, Clock::local_now()) {
                Ok(inputs) => inputs,
                Err(error) => return json!({ "type": "error", "id": id, "error": error }),
            };
            for input in inputs {
                if words.send(Word::Input(input)).is_err() {
                    return json!({ "type": "error", "id": id, "error": "the program ends" });
                }
            }
            // Who tells faster than it is taken is held up here, so that the queue stays short.
            if look(words, |_engine| ()).await.is_none() {
                return json!({ "type": "error", "id": id, "error": "the program ends" });
            }
            return json!({ "type": "told", "id": id });
        }
        Ok(Said::Hello { .. }) => {
            return json!({ "type": "error", "error": "expected a want or a tell, found a second hello" });
        }
        Err(error) => {
            // The number of a message that is wrong elsewhere is carried back all the same.
            let id = serde_json::from_str::<Value>(text).ok().and_then(|said| said.get("id").cloned());
            return json!({ "type": "error", "id": id, "error": format!("expected a want or a tell, found {error}") });
        }
    };
    let (id, quotes, takes) = said;
    let names: Vec<String> =
        quotes.iter().map(|it| &it.market).chain(takes.iter().map(|it| &it.market)).cloned().collect();
    let known = markets.clone();
    let places = look(words, move |engine| {
        names
            .into_iter()
            .map(|name| place(engine, &known, &name).map(|market| (name, market)))
            .collect::<Result<BTreeMap<_, _>, _>>()
    });
    let places = match places.await {
        Some(Ok(places)) => places,
        Some(Err(error)) => return json!({ "type": "error", "id": id, "error": error }),
        None => return json!({ "type": "error", "id": id, "error": "the program ends" }),
    };
    match wants(&places, quotes, takes) {
        Ok(wants) => {
            if words.send(Word::Input(Input::Remote { strategy, wants })).is_err() {
                return json!({ "type": "error", "id": id, "error": "the program ends" });
            }
            json!({ "type": "wanted", "id": id })
        }
        Err(error) => json!({ "type": "error", "id": id, "error": error }),
    }
}

/// When something was so, by its source; now where it does not say.
fn when(as_of: Option<String>, now: Timestamp) -> Result<Timestamp, String> {
    let Some(text) = as_of else { return Ok(now) };
    let at: Timestamp = text.parse().map_err(|error: TimestampError| format!("as_of: {error}"))?;
    if at.since(now) > AHEAD {
        return Err(format!("as_of: expected a time that has been, found {text}; it is {now}"));
    }
    Ok(at)
}

fn age(seconds: f64) -> Result<Duration, String> {
    let longest = LONGEST.as_secs_f64();
    let sane = (0.0..=longest).contains(&seconds);
    sane.then(|| Duration::from_secs_f64(seconds))
        .ok_or_else(|| format!("valid_for_s: expected 0 to {longest}, found {seconds}"))
}

fn fact(SaidFact { series, value, as_of, valid_for_s }: SaidFact, now: Timestamp) -> Result<Fact, String> {
    let value = match value {
        SaidValue::Number(number) => FactValue::Number(number),
        SaidValue::Numbers(numbers) => FactValue::Numbers(numbers),
    };
    let fact = Fact { series, value, as_of: when(as_of, now)?, valid_for: age(valid_for_s)? };
    if fact.is_sound() {
        return Ok(fact);
    }
    Err(format!("series: expected 1 to {MAX_SERIES_NAME} bytes, found `{:.140}`", fact.series))
}

/// Reads facts, one JSON object a line, as a client tells them: `{"series":TEXT,"value":NUMBER,"as_of":TIME,"valid_for_s":NUMBER}`.
/// Of a series that is there twice the later line counts.
///
/// # Errors
/// What was expected and found, with the line.
///
/// ```
/// use brier_runtime::remote::read_facts;
/// use brier_types::Timestamp;
/// let facts = read_facts("{\"series\":\"spot:BTC\",\"value\":98500.5,\"valid_for_s\":5}\n", Timestamp::EPOCH)?;
/// assert_eq!(facts[0].series, "spot:BTC");
/// assert!(read_facts("\n{}", Timestamp::EPOCH).unwrap_err().starts_with("line 2: "));
/// # Ok::<(), String>(())
/// ```
pub fn read_facts(text: &str, now: Timestamp) -> Result<Vec<Fact>, String> {
    let mut facts: Vec<Fact> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let said = serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"))?;
        let fact = fact(said, now).map_err(|error| format!("line {number}: {error}"))?;
        facts.retain(|known| known.series != fact.series);
        facts.push(fact);
    }
    Ok(facts)
}

/// Facts and fair values as inputs; none of a message with a mistake is told.
fn told(facts: Vec<SaidFact>, fairs: Vec<SaidFair>, now: Timestamp) -> Result<Vec<Input>, String> {
    let mut inputs = Vec::with_capacity(facts.len() + fairs.len());
    for said in facts {
        inputs.push(Input::Fact(fact(said, now)?));
    }
    for SaidFair { market, prob, as_of, valid_for_s } in fairs {
        let name = MarketName::parse(&market).map_err(|error| format!("market: {error}"))?;
        let prob = Prob::new(prob).map_err(|error| error.to_string())?;
        let (as_of, valid_for) = (when(as_of, now)?, age(valid_for_s)?);
        inputs.push(Input::Fair(FairValue { venue: name.venue, market: name.market, prob, as_of, valid_for }));
    }
    Ok(inputs)
}

/// The place of a market that this strategy may trade.
fn place(engine: &Engine, markets: &[(Venue, String)], name: &str) -> Result<MarketId, String> {
    let found = markets.iter().find(|(venue, ticker)| format!("{venue}:{ticker}") == name);
    let (venue, ticker) = found.ok_or_else(|| {
        format!(
            "expected a market of this strategy, such as `kalshi:TICKER`, found `{name:.80}`; see the configuration"
        )
    })?;
    engine.state().universe.find(*venue, ticker).ok_or_else(|| format!("{name} is not listed yet; wait for its view"))
}

fn wants(
    places: &BTreeMap<String, MarketId>,
    quotes: Vec<MarketQuotes>,
    takes: Vec<SaidTake>,
) -> Result<Vec<Want>, String> {
    let at = |name: &str| places.get(name).copied().ok_or_else(|| format!("{name} is not known"));
    let price = |text: &str| Price::parse(text.as_bytes()).map_err(|error| error.to_string());
    let qty = |text: &str| Qty::parse(text.as_bytes()).map_err(|error| error.to_string());
    let purpose = |closes| if closes { Purpose::Close } else { Purpose::Any };
    let mut wants = Vec::with_capacity(quotes.len() + takes.len());
    for MarketQuotes { market, quotes } in quotes {
        let quotes = quotes
            .into_iter()
            .map(|it| {
                Ok(Quote {
                    side: it.side.into(),
                    price: price(&it.price)?,
                    qty: qty(&it.qty)?,
                    purpose: purpose(it.closes),
                })
            })
            .collect::<Result<_, String>>()?;
        wants.push(Want::Quotes { market: at(&market)?, quotes });
    }
    for it in takes {
        let take =
            Take { side: it.side.into(), limit: price(&it.limit)?, qty: qty(&it.qty)?, purpose: purpose(it.closes) };
        wants.push(Want::Take { market: at(&it.market)?, take });
    }
    Ok(wants)
}
