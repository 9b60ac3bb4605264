//! Requests: keys, orders of every kind and signature type, cancels, and reads on data.

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, Result, ensure};
use brier_polymarket_protocol::book_hash::{self, HashInput};
use futures_util::FutureExt as _;
use polymarket_client_sdk_v2::clob::types::request::{
    BalanceAllowanceRequest, CancelMarketOrderRequest, LastTradePriceRequest, MidpointRequest, OrderBookSummaryRequest,
    OrdersRequest, PriceHistoryRequest, PriceRequest, SpreadRequest, TradesRequest,
};
use polymarket_client_sdk_v2::clob::types::response::{OrderBookSummaryResponse, OrderSummary};
use polymarket_client_sdk_v2::clob::types::{
    Amount, AssetType, Interval, OrderStatusType, OrderType, Side, TimeRange, TradeStatusType, TraderSide,
};
use polymarket_client_sdk_v2::clob::utilities::orderbook_summary_hash;
use polymarket_client_sdk_v2::{data, gamma};
use serde_json::json;

use super::{Check, Market, Trader, World, dec, equal, refused};

/// All of them, in the order in which they run.
pub(super) const CHECKS: &[Check] = &[
    ("keys are created, then derived", |world| keys(world).boxed()),
    ("server and market parameters", |world| parameters(world).boxed()),
    ("books, their hashes, and prices", |world| books(world).boxed()),
    ("limit orders of every signature type rest and trade", |world| signature_types(world).boxed()),
    ("market orders in dollars and in shares", |world| market_orders(world).boxed()),
    ("FOK is killed, FAK fills in part, post-only never crosses", |world| times_in_force(world).boxed()),
    ("buying both outcomes mints", |world| mint(world).boxed()),
    ("batches and every way to cancel", |world| cancels(world).boxed()),
    ("trades of both sides", |world| trades(world).boxed()),
    ("balances, notifications, heartbeats and scoring", |world| account(world).boxed()),
    ("refusals carry status and text", |world| refusals(world).boxed()),
    ("a failed trade gives no hash", |world| failure(world).boxed()),
    ("markets over Gamma, positions over the Data API", |world| discovery(world).boxed()),
];

async fn keys(world: &World) -> Result<()> {
    let person = serde_json::from_value(world.stage("fresh", json!({ "kind": 0 })).await?)?;
    let first = world.connect(person).await?;
    let derived = first.client.credentials();
    let again = polymarket_client_sdk_v2::clob::Client::new(
        &world.polymarket.clob,
        polymarket_client_sdk_v2::clob::Config::default(),
    )?;
    equal("key", again.derive_api_key(&first.signer, None).await?.key(), derived.key())?;
    equal("key", again.create_or_derive_api_key(&first.signer, None).await?.key(), derived.key())?;
    let listed = format!("{:?}", first.client.api_keys().await?);
    ensure!(listed.contains(&derived.key().to_string()), "the key is not listed: {listed}");
    ensure!(!first.client.closed_only_mode().await?.closed_only, "a new account is closed");
    let readonly = first.client.create_readonly_api_key().await?.api_key;
    equal("read-only keys", first.client.readonly_api_keys().await?, vec![readonly.clone()])?;
    first.client.delete_readonly_api_key(&readonly).await?;
    equal("read-only keys", first.client.readonly_api_keys().await?, vec![])?;
    let builder = first.client.create_builder_api_key().await?;
    let listed = first.client.builder_api_keys().await?;
    equal("builder keys", listed.iter().map(|entry| entry.key).collect(), vec![builder.key()])?;
    first.client.delete_api_key().await?;
    refused(first.client.api_keys().await.map_err(Into::into), 401, "Unauthorized/Invalid api key")
}

async fn parameters(world: &World) -> Result<()> {
    let market = world.market(json!({ "tick": "0.001", "neg_risk": true, "fee_rate": "0.05" })).await?;
    let client = world.trader(0).await?.client;
    equal("ok", client.ok().await?.as_str(), "OK")?;
    equal("version", client.version().await?, 2)?;
    let tick = client.tick_size(market.yes).await?.minimum_tick_size.as_decimal();
    equal("tick", tick, dec("0.001")?)?;
    ensure!(client.neg_risk(market.yes).await?.neg_risk, "the market is negative-risk");
    equal("base fee", client.fee_rate_bps(market.yes).await?.base_fee, 1000)?;
    let id = market.condition.to_string();
    let compact = client.clob_market_info(&id).await?;
    let tokens: Vec<U256> = compact.tokens.iter().flatten().map(|token| token.token_id).collect();
    equal("tokens", tokens, vec![market.yes, market.no])?;
    let fees = compact.fee_details.context("fee details")?;
    equal("fees", (fees.rate, fees.exponent, fees.taker_only), (dec("0.05")?, 1, true))?;
    let full = client.market(&id).await?;
    equal("market", (full.condition_id, full.question.as_str()), (Some(market.condition), market.question.as_str()))?;
    ensure!(full.active && full.accepting_orders && full.neg_risk && !full.closed, "market: {full:?}");
    equal("tokens", full.tokens.iter().map(|token| token.token_id).collect(), vec![market.yes, market.no])?;
    let (mut cursor, mut found) = (None, false);
    while cursor.as_deref() != Some("LTE=") {
        let page = client.markets(cursor).await?;
        equal("count", page.count, page.data.len() as u64)?;
        found |= page.data.iter().any(|row| row.condition_id == Some(market.condition));
        cursor = Some(page.next_cursor);
    }
    ensure!(found, "the market is on no page");
    ensure!(!client.simplified_markets(None).await?.data.is_empty(), "no simplified market");
    client.sampling_markets(None).await?;
    client.sampling_simplified_markets(None).await?;
    let by_token = client.market_by_token(market.no).await?;
    equal("market by token", (by_token.condition_id, by_token.primary_token_id), (market.condition, market.yes))
}

/// 50 offered at 0.60 by a seller, 100 bid at 0.40 by a buyer.
async fn stage(world: &World) -> Result<(Market, Trader, Trader)> {
    let (market, seller, buyer) = world.pair().await?;
    seller.limit(market.yes, Side::Sell, "50", "0.60").await?;
    buyer.limit(market.yes, Side::Buy, "100", "0.40").await?;
    Ok((market, seller, buyer))
}

async fn books(world: &World) -> Result<()> {
    let (market, _seller, buyer) = stage(world).await?;
    let client = &buyer.client;
    let asked = |token| OrderBookSummaryRequest::builder().token_id(token).build();
    let book = client.order_book(&asked(market.yes)).await?;
    let best = |levels: &[OrderSummary]| levels.last().map(|level| (level.price, level.size));
    equal("best bid", best(&book.bids), Some((dec("0.40")?, dec("100")?)))?;
    equal("best ask", best(&book.asks), Some((dec("0.60")?, dec("50")?)))?;
    let mirrored = client.order_book(&asked(market.no)).await?;
    equal("best NO bid", best(&mirrored.bids), Some((dec("0.40")?, dec("50")?)))?;
    equal("books", client.order_books(&[asked(market.yes), asked(market.no)]).await?.len(), 2)?;
    let midpoint = MidpointRequest::builder().token_id(market.yes).build();
    equal("midpoint", client.midpoint(&midpoint).await?.mid, dec("0.5")?)?;
    equal("midpoints", client.midpoints(&[midpoint]).await?.midpoints.get(&market.yes).copied(), Some(dec("0.5")?))?;
    let price = || PriceRequest::builder().token_id(market.yes).side(Side::Buy).build();
    equal("price", client.price(&price()).await?.price, dec("0.40")?)?;
    let prices = client.prices(&[price()]).await?.prices.context("prices")?;
    equal("prices", prices[&market.yes].get(&Side::Buy).copied(), Some(dec("0.40")?))?;
    let spread = || SpreadRequest::builder().token_id(market.yes).build();
    equal("spread", client.spread(&spread()).await?.spread, dec("0.2")?)?;
    // The SDK looks for a member `spreads`, where the venue answers with tokens: nothing to read, and no error.
    client.spreads(&[spread()]).await?;
    buyer.limit(market.yes, Side::Buy, "10", "0.60").await?;
    let last = LastTradePriceRequest::builder().token_id(market.yes).build();
    let found = client.last_trade_price(&last).await?;
    equal("last trade", (found.price, found.side), (dec("0.60")?, Side::Buy))?;
    hashes(world, market.yes).await?;
    equal("last trades", client.last_trades_prices(&[last]).await?.len(), 1)?;
    let history =
        PriceHistoryRequest::builder().market(market.yes).time_range(TimeRange::from_interval(Interval::Max)).build();
    ensure!(!client.price_history(&history).await?.history.is_empty(), "no price history after a trade");
    Ok(())
}

/// The book's hash is the hash of what is sent. The SDK's helper follows the recipe but for one field: it writes the token
/// in hex, where the venue sends it in decimal, and so agrees with the same book once that is done to it.
async fn hashes(world: &World, token: U256) -> Result<()> {
    let text = world.http.get(format!("{}/book?token_id={token}", world.polymarket.clob)).send().await?.text().await?;
    let mut book: HashInput<'_> = serde_json::from_str(&text)?;
    ensure!(book.agrees(), "the hash is not that of the book: {text}");
    let read: OrderBookSummaryResponse = serde_json::from_str(&text)?;
    book.asset_id = format!("{token:#x}").into();
    equal("hash", orderbook_summary_hash(&read), book_hash::hash(&book))
}

async fn signature_types(world: &World) -> Result<()> {
    let (market, seller, _) = world.pair().await?;
    for kind in 0..4 {
        let trader = world.trader(kind).await?;
        let placed = trader.limit(market.yes, Side::Buy, "10", "0.40").await?;
        equal(
            "placed",
            (placed.success, placed.status, placed.making_amount),
            (true, OrderStatusType::Live, dec("0")?),
        )?;
        let order = trader.client.order(&placed.order_id).await?;
        equal("order", (order.side, order.original_size, order.price), (Side::Buy, dec("10")?, dec("0.40")?))?;
        equal(
            "order",
            (order.status, order.market, order.asset_id),
            (OrderStatusType::Live, market.condition, market.yes),
        )?;
        equal("maker", order.maker_address, trader.wallet.parse::<Address>()?)?;
        let open = trader.client.orders(&OrdersRequest::builder().market(market.condition).build(), None).await?;
        equal("open orders", open.data.iter().map(|row| row.id.clone()).collect(), vec![placed.order_id.clone()])?;
        let sold = seller.limit(market.yes, Side::Sell, "10", "0.40").await?;
        equal(
            "sold",
            (sold.status, sold.making_amount, sold.taking_amount),
            (OrderStatusType::Matched, dec("10")?, dec("4")?),
        )?;
        // The SDK follows the trade to its transaction.
        equal("transactions", sold.transaction_hashes.len(), 1)?;
    }
    Ok(())
}

async fn market_orders(world: &World) -> Result<()> {
    let (market, _seller, _) = stage(world).await?;
    let buyer = world.trader(3).await?;
    let order = |amount| buyer.client.market_order().token_id(market.yes).side(Side::Buy).amount(amount);
    let bought = order(Amount::usdc(dec("6")?)?).order_type(OrderType::FOK).build_sign_and_post(&buyer.signer).await?;
    equal("dollars", (bought.making_amount, bought.taking_amount), (dec("6")?, dec("10")?))?;
    let bought =
        order(Amount::shares(dec("10")?)?).order_type(OrderType::FAK).build_sign_and_post(&buyer.signer).await?;
    equal("shares", (bought.making_amount, bought.taking_amount), (dec("6")?, dec("10")?))?;
    let sell = buyer.client.market_order().token_id(market.yes).side(Side::Sell).amount(Amount::shares(dec("20")?)?);
    let sold = sell.order_type(OrderType::FOK).build_sign_and_post(&buyer.signer).await?;
    equal("sold", (sold.making_amount, sold.taking_amount), (dec("20")?, dec("8")?))
}

async fn times_in_force(world: &World) -> Result<()> {
    let (market, _seller, buyer) = stage(world).await?;
    let kill = buyer.limit_of(market.yes, Side::Buy, "100", "0.60", OrderType::FOK, false).await;
    refused(kill, 400, "order couldn't be fully filled. FOK orders are fully filled or killed.")?;
    let cross = buyer.limit_of(market.yes, Side::Buy, "10", "0.60", OrderType::GTC, true).await;
    refused(cross, 400, "invalid post-only order: order crosses book")?;
    let part = buyer.limit_of(market.yes, Side::Buy, "80", "0.60", OrderType::FAK, false).await?;
    equal("part", part.taking_amount, dec("50")?)?;
    let none = buyer.limit_of(market.yes, Side::Buy, "80", "0.60", OrderType::FAK, false).await;
    refused(none, 400, "no orders found to match with FAK order")
}

async fn mint(world: &World) -> Result<()> {
    let (market, first, second) = (world.market(json!({})).await?, world.trader(0).await?, world.trader(2).await?);
    first.limit(market.no, Side::Buy, "10", "0.40").await?;
    let bought = second.limit(market.yes, Side::Buy, "10", "0.60").await?;
    equal(
        "bought",
        (bought.status, bought.making_amount, bought.taking_amount),
        (OrderStatusType::Matched, dec("6")?, dec("10")?),
    )?;
    let page = second.client.trades(&TradesRequest::builder().id(bought.trade_ids[0].clone()).build(), None).await?;
    let made = page.data.first().and_then(|trade| trade.maker_orders.first()).context("a maker order")?;
    equal(
        "maker",
        (made.asset_id, made.side, made.price, made.outcome.as_str()),
        (market.no, Side::Buy, dec("0.40")?, "No"),
    )
}

async fn cancels(world: &World) -> Result<()> {
    let (market, trader) = (world.market(json!({})).await?, world.trader(0).await?);
    let mut orders = Vec::new();
    for price in ["0.10", "0.11", "0.12", "0.13"] {
        let built = trader
            .client
            .limit_order()
            .token_id(market.yes)
            .side(Side::Buy)
            .size(dec("5")?)
            .price(dec(price)?)
            .build()
            .await?;
        orders.push(trader.client.sign(&trader.signer, built).await?);
    }
    let ids: Vec<String> = trader.client.post_orders(orders).await?.into_iter().map(|reply| reply.order_id).collect();
    ensure!(ids.iter().all(|id| id.len() == 66), "an order of the batch was refused: {ids:?}");
    equal("one", trader.client.cancel_order(&ids[0]).await?.canceled, vec![ids[0].clone()])?;
    equal("many", trader.client.cancel_orders(&[&ids[1], &ids[2]]).await?.canceled.len(), 2)?;
    let market_orders = CancelMarketOrderRequest::builder().market(market.condition).build();
    equal("market", trader.client.cancel_market_orders(&market_orders).await?.canceled, vec![ids[3].clone()])?;
    let last = trader.limit(market.no, Side::Buy, "5", "0.20").await?.order_id;
    equal("all", trader.client.cancel_all_orders().await?.canceled, vec![last.clone()])?;
    let again = trader.client.cancel_order(&last).await?;
    equal("again", (again.canceled.len(), again.not_canceled.contains_key(&last)), (0, true))
}

async fn trades(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    let resting = buyer.limit(market.yes, Side::Buy, "10", "0.40").await?.order_id;
    let sold = seller.limit(market.yes, Side::Sell, "10", "0.40").await?;
    let asked = TradesRequest::builder().market(market.condition).build();
    for (trader, side) in [(&seller, TraderSide::Taker), (&buyer, TraderSide::Maker)] {
        let page = trader.client.trades(&asked, None).await?;
        let [trade] = &page.data[..] else { anyhow::bail!("expected one trade, found {}", page.data.len()) };
        equal("trade", (&trade.id, &trade.trader_side, trade.side), (&sold.trade_ids[0], &side, Side::Sell))?;
        equal("trade", (trade.size, trade.price, trade.fee_rate_bps), (dec("10")?, dec("0.40")?, dec("0")?))?;
        let made = trade.maker_orders.first().context("a maker order")?;
        equal("maker", (&made.order_id, made.side, made.matched_amount), (&resting, Side::Buy, dec("10")?))?;
    }
    Ok(())
}

async fn account(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    let found = buyer.client.balance_allowance(BalanceAllowanceRequest::default()).await?;
    equal("dollars", found.balance, dec("1000000000")?)?;
    ensure!(found.allowances.len() >= 2, "allowances: {:?}", found.allowances);
    buyer.client.update_balance_allowance(BalanceAllowanceRequest::default()).await?;
    let shares = BalanceAllowanceRequest::builder().asset_type(AssetType::Conditional).token_id(market.no).build();
    equal("shares", seller.client.balance_allowance(shares).await?.balance, dec("100000000")?)?;
    let placed = buyer.limit(market.yes, Side::Buy, "10", "0.40").await?.order_id;
    buyer.client.is_order_scoring(&placed).await?;
    ensure!(buyer.client.are_orders_scoring(&[&placed]).await?.contains_key(&placed), "no word on the order's scoring");
    seller.limit(market.yes, Side::Sell, "10", "0.40").await?;
    let notes = buyer.client.notifications().await?;
    let fill = notes.iter().find(|note| note.r#type == 2).context("a notification of the fill")?;
    equal(
        "notification",
        (&fill.payload.order_id, fill.payload.asset_id, fill.payload.matched_size),
        (&placed, market.yes, dec("10")?),
    )?;
    let first = buyer.client.post_heartbeat(None).await?.heartbeat_id;
    let second = buyer.client.post_heartbeat(Some(first)).await?.heartbeat_id;
    ensure!(first != second, "the heartbeat's id stays");
    Ok(())
}

async fn refusals(world: &World) -> Result<()> {
    let (market, _seller, buyer) = stage(world).await?;
    refused(buyer.limit(market.yes, Side::Buy, "4", "0.40").await, 400, "lower than the minimum: 5")?;
    refused(buyer.limit(market.yes, Side::Buy, "10000", "0.40").await, 400, "not enough balance / allowance")?;
    // The SDK keeps what is typed beyond cents of a market BUY, which the venue refuses.
    let amount = Amount::usdc(dec("6.005")?)?;
    let order = buyer.client.market_order().token_id(market.yes).side(Side::Buy).amount(amount).price(dec("0.60")?);
    let posted = order.build_sign_and_post(&buyer.signer).await.map_err(Into::into);
    refused(posted, 400, "the market buy orders maker amount supports a max accuracy of 2 decimals")
}

async fn failure(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    buyer.limit(market.yes, Side::Buy, "10", "0.40").await?;
    world.stage("by_hand", json!({})).await?;
    let posting = seller.limit(market.yes, Side::Sell, "10", "0.40");
    let failing = async {
        let asked = TradesRequest::builder().market(market.condition).build();
        let started = std::time::Instant::now();
        loop {
            let page = buyer.client.trades(&asked, None).await?;
            if let Some(trade) = page.data.first() {
                world.stage("advance", json!({ "trade": trade.id, "step": "fail" })).await?;
                return anyhow::Ok(trade.id.clone());
            }
            ensure!(started.elapsed() < super::DEADLINE, "no trade came");
        }
    };
    let (reply, trade) = tokio::join!(posting, failing);
    world.stage("by_itself", json!({})).await?;
    let (reply, trade) = (reply?, trade?);
    equal("hashes", reply.transaction_hashes.len(), 0)?;
    let page = seller.client.trades(&TradesRequest::builder().id(trade).build(), None).await?;
    equal("status", page.data.first().map(|trade| trade.status.clone()), Some(TradeStatusType::Failed))?;
    equal(
        "dollars",
        buyer.client.balance_allowance(BalanceAllowanceRequest::default()).await?.balance,
        dec("1000000000")?,
    )
}

async fn discovery(world: &World) -> Result<()> {
    let (market, seller, buyer) = world.pair().await?;
    seller.limit(market.yes, Side::Sell, "20", "0.50").await?;
    buyer.limit(market.yes, Side::Buy, "20", "0.50").await?;
    // This SDK joins addresses without a slash of its own.
    let client = gamma::Client::new(&format!("{}/", world.polymarket.gamma))?;
    let asked = gamma::types::request::MarketsRequest::builder().condition_ids(vec![market.condition]).build();
    let found = client.markets(&asked).await?;
    equal("markets", found.iter().map(|row| row.condition_id).collect(), vec![Some(market.condition)])?;
    let client = data::Client::new(&format!("{}/", world.polymarket.data))?;
    let asked = data::types::request::PositionsRequest::builder().user(buyer.wallet.parse::<Address>()?).build();
    let started = std::time::Instant::now();
    let positions = loop {
        let found = client.positions(&asked).await?;
        if !found.is_empty() || started.elapsed() > super::DEADLINE {
            break found;
        }
    };
    let shown = positions.iter().map(|row| (row.asset, row.size, row.avg_price)).collect();
    equal("positions", shown, vec![(market.yes, dec("20")?, dec("0.5")?)])
}
