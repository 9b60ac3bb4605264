//! Streams: books, prices and trades of a market, orders and trades of a user.

use std::future::Future;
use std::pin::pin;

use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use polymarket_client_sdk_v2::auth::ExposeSecret as _;
use polymarket_client_sdk_v2::clob::types::Side;
use polymarket_client_sdk_v2::clob::ws::{Client, WsMessage};
use polymarket_client_sdk_v2::ws::config::Config;

use super::{Check, DEADLINE, Trader, World, dec, equal};

/// All of them, in the order in which they run.
pub(super) const CHECKS: &[Check] = &[
    ("books, changes and trades are followed", |world| market(world).boxed()),
    ("a user's orders and trades are followed to their end", |world| user(world).boxed()),
];

/// The next item for which `wanted` gives something.
async fn first<S, T, E, R>(stream: &mut S, mut wanted: impl FnMut(T) -> Option<R>) -> Result<R>
where
    S: Stream<Item = std::result::Result<T, E>> + Unpin,
    E: std::fmt::Display,
{
    let search = async {
        while let Some(item) = stream.next().await {
            match item {
                Ok(item) => {
                    if let Some(found) = wanted(item) {
                        return Ok(found);
                    }
                }
                Err(error) => bail!("the stream failed: {error}"),
            }
        }
        bail!("the stream ended")
    };
    within(search).await?
}

async fn within<T>(work: impl Future<Output = T>) -> Result<T> {
    tokio::time::timeout(DEADLINE, work).await.context("it did not come in time")
}

async fn market(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    let client = Client::new(&world.polymarket.ws, Config::default())?;
    let tokens = vec![market.yes, market.no];
    let mut books = pin!(client.subscribe_orderbook(tokens.clone())?);
    let mut changes = pin!(client.subscribe_prices(tokens.clone())?);
    let mut trades = pin!(client.subscribe_last_trade_price(tokens)?);
    let book = first(&mut books, Some).await?;
    equal("book", book.market, market.condition)?;
    buyer.limit(market.yes, Side::Buy, "10", "0.40").await?;
    let change = first(&mut changes, Some).await?;
    let mut found: Vec<_> =
        change.price_changes.iter().map(|entry| (entry.asset_id, entry.price, entry.size, entry.side)).collect();
    let mut expected = vec![
        (market.yes, dec("0.40")?, Some(dec("10")?), Side::Buy),
        (market.no, dec("0.60")?, Some(dec("10")?), Side::Sell),
    ];
    found.sort();
    expected.sort();
    equal("change", found, expected)?;
    seller.limit(market.yes, Side::Sell, "10", "0.40").await?;
    let trade = first(&mut trades, |trade| (trade.asset_id == market.yes).then_some(trade)).await?;
    equal("trade", (trade.price, trade.size, trade.side), (dec("0.40")?, Some(dec("10")?), Some(Side::Sell)))
}

async fn user(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    let client = authenticated(world, &buyer)?;
    let mut events = pin!(client.subscribe_user_events(vec![market.condition])?);
    // The subscription has no answer of its own. An order that is seen proves that it holds.
    let started = std::time::Instant::now();
    let placed = loop {
        let placed = buyer.limit(market.yes, Side::Buy, "10", "0.40").await?.order_id;
        let seen = first(&mut events, |event| match event {
            WsMessage::Order(order) if order.id == placed => Some(order),
            _ => None,
        });
        match tokio::time::timeout(std::time::Duration::from_millis(500), seen).await {
            Ok(order) => {
                equal("size", order?.original_size, Some(dec("10")?))?;
                break placed;
            }
            Err(_early) if started.elapsed() < DEADLINE => drop(buyer.client.cancel_order(&placed).await?),
            Err(_late) => bail!("no order was seen on the user channel"),
        }
    };
    seller.limit(market.yes, Side::Sell, "10", "0.40").await?;
    let mut statuses = Vec::new();
    while statuses.last().is_none_or(|status: &String| status != "CONFIRMED") {
        let trade =
            first(&mut events, |event| if let WsMessage::Trade(trade) = event { Some(trade) } else { None }).await?;
        let own = trade
            .maker_orders
            .iter()
            .find(|order| order.order_id == placed)
            .context("the own order among the makers")?;
        equal("matched", (own.matched_amount, own.price), (dec("10")?, dec("0.40")?))?;
        statuses.push(format!("{:?}", trade.status).to_uppercase());
    }
    equal("life", statuses, ["MATCHED", "MINED", "CONFIRMED"].map(str::to_owned).to_vec())
}

fn authenticated(
    world: &World,
    trader: &Trader,
) -> Result<Client<polymarket_client_sdk_v2::auth::state::Authenticated<polymarket_client_sdk_v2::auth::Normal>>> {
    let own = trader.client.credentials();
    let (secret, passphrase) = (own.secret().expose_secret().to_owned(), own.passphrase().expose_secret().to_owned());
    let credentials = polymarket_client_sdk_v2::auth::Credentials::new(own.key(), secret, passphrase);
    Ok(Client::new(&world.polymarket.ws, Config::default())?.authenticate(credentials, trader.client.address())?)
}
