//! What the owner of a key may read: orders, trades, balances, notifications.
//!
//! Source: reference (Polymarket), sections 8.1, 8.4 and 8.5, 2026-11-20.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use axum::extract::{Path, State};
use brier_polymarket_protocol::clob::{
    AssetType, BalanceAllowance, BuilderTrade, Notification, OpenOrder, Page, Trade,
};
use brier_polymarket_protocol::contracts::{Domain, OrderVersion};
use brier_polymarket_protocol::errors::text;
use brier_polymarket_protocol::ids::{OrderHash, SignatureType, TokenId};
use brier_polymarket_protocol::wallet;
use brier_types::Qty;

use super::page::{Cursor, paged};
use super::{App, Failure, Params, Reply, json, notices};
use crate::core::Core;
use crate::polymarket::auth::{CHAIN, Signed, Writer};
use crate::polymarket::record::Record;
use crate::polymarket::state::{Standing, State as Face};

/// Rows a page of orders or trades holds.
const PAGE: usize = 100;
/// Rows a page of a builder's trades holds.
const BUILDER_PAGE: usize = 300;

/// Rows of an owner's wallets, each once, oldest first.
fn merged(state: &Face, owner: Address, rows: impl Fn(&crate::polymarket::state::WalletRow) -> &[u32]) -> Vec<u32> {
    let wallets = state.wallets.iter().filter(|wallet| wallet.owner == owner);
    let mut all: Vec<u32> = wallets.flat_map(|wallet| rows(wallet).iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A filter of a query: fits when it is absent or equal.
fn fits(filter: Option<&String>, found: &str) -> bool {
    filter.is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
}

pub(super) async fn orders(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    let cursor = Cursor::of(&params, text::INVALID_ORDER_PARAMS)?;
    let [id, market, asset] = ["id", "market", "asset_id"].map(|name| params.one(name).map(str::to_owned));
    let owner = signed.owner();
    let work = move |core: &mut Core| -> Page<OpenOrder> {
        let state = &core.polymarket;
        let rows = merged(state, owner, |wallet| &wallet.orders).into_iter().filter(|index| {
            let row = state.order(*index);
            let names = state.market(row.market);
            matches!(row.standing, Standing::Live | Standing::Delayed)
                && id.as_ref().is_none_or(|id| row.hash.to_string().eq_ignore_ascii_case(id))
                && fits(market.as_ref(), &names.condition_text)
                && fits(asset.as_ref(), names.token_text(row.outcome))
        });
        paged(rows, cursor, PAGE, |index| state.open_order(index))
    };
    json(&app.core.call(work).await?)
}

/// Finished orders are kept for good.
pub(super) async fn order(State(app): State<App>, Path(hash): Path<String>, signed: Signed) -> Reply {
    let hash: OrderHash = hash.parse().map_err(|_no_hash| Failure::text(400, text::INVALID_ORDER_ID))?;
    let owner = signed.owner();
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let index = state.hashes.get(&hash).copied().filter(|index| state.owner_of(*index) == owner);
        index.map(|index| state.open_order(index))
    };
    json(&app.core.call(work).await?.ok_or_else(|| Failure::text(404, "order not found"))?)
}

/// Orders of the dead generation, of which there are none.
pub(super) async fn old_orders(_signed: Signed) -> Reply {
    json(&Page::<OpenOrder>::only(Vec::new(), 100))
}

/// Newest first. `market` and `asset_id` look at the taker's side alone, as the venue's do.
pub(super) async fn trades(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    let cursor = Cursor::of(&params, text::INVALID_TRADE_PARAMS)?;
    let [id, market, asset] = ["id", "market", "asset_id"].map(|name| params.one(name).map(str::to_owned));
    let maker = match params.one("maker_address") {
        None => None,
        Some(address) => {
            let wrong = |_no_address| Failure::text(400, text::INVALID_TRADE_PARAMS);
            Some(address.parse::<Address>().map_err(wrong)?)
        }
    };
    let before: Option<i64> = params.number("before", text::INVALID_TRADE_PARAMS)?;
    let after: Option<i64> = params.number("after", text::INVALID_TRADE_PARAMS)?;
    let owner = signed.owner();
    let work = move |core: &mut Core| -> Page<Trade> {
        let state = &core.polymarket;
        let rows = merged(state, owner, |wallet| &wallet.trades).into_iter().rev().filter(|index| {
            let row = &state.trades[*index as usize];
            let (names, at) = (state.market(row.market), row.matched.secs());
            let part = |maker: Address| {
                let orders = state.orders_of_trade(*index);
                orders.iter().any(|order| state.wallet(state.order(*order).account).address == maker)
            };
            fits(id.as_ref(), &row.uuid)
                && fits(market.as_ref(), &names.condition_text)
                && fits(asset.as_ref(), names.token_text(row.outcome))
                && before.is_none_or(|before| at < before)
                && after.is_none_or(|after| at > after)
                && maker.is_none_or(part)
        });
        paged(rows, cursor, PAGE, |index| state.trade(index, owner))
    };
    json(&app.core.call(work).await?)
}

/// Trades of orders that carry a builder's code.
pub(super) async fn builder_trades(State(app): State<App>, params: Params) -> Reply {
    let cursor = Cursor::of(&params, text::INVALID_TRADE_PARAMS)?;
    let code = params.one("builder_code").or_else(|| params.one("builder")).unwrap_or_default();
    let code: alloy_primitives::B256 =
        code.parse().map_err(|_no_code| Failure::text(400, text::INVALID_TRADE_PARAMS))?;
    // Zero stands in orders that nobody brought: it is nobody's code, and would tell of everybody.
    if code.is_zero() {
        return Err(Failure::text(400, text::INVALID_TRADE_PARAMS));
    }
    let work = move |core: &mut Core| -> Page<BuilderTrade> {
        let state = &core.polymarket;
        let parts = (0..)
            .zip(&state.trades)
            .flat_map(|(index, _)| state.orders_of_trade(index).into_iter().map(move |order| (index, order)));
        let rows = parts.filter(|(_, order)| state.order(*order).builder == code);
        paged(rows, cursor, BUILDER_PAGE, |(trade, order)| builder_trade(state, trade, order))
    };
    json(&app.core.call(work).await?)
}

fn builder_trade(state: &Face, trade: u32, order: u32) -> BuilderTrade {
    let (row, part) = (&state.trades[trade as usize], state.order(order));
    let names = state.market(row.market);
    let taker = row.taker == order;
    let maker = row.makers.iter().find(|maker| maker.order == order);
    let (size, price, cash) = maker.map_or((row.qty, row.price, row.cash), |it| (it.qty, it.price, it.cash));
    BuilderTrade {
        id: row.uuid.to_string(),
        trade_type: Some(if taker { "TAKER" } else { "MAKER" }.to_owned()),
        taker_order_hash: Some(state.order(row.taker).hash.to_string()),
        builder: Some(part.builder.to_string()),
        market: Some(names.condition_text.to_string()),
        asset_id: Some(names.token_text(part.outcome).to_string()),
        side: Some(crate::polymarket::state::say::side_of(part.action)),
        size: Some(size),
        size_usdc: Some(cash),
        price: Some(price),
        status: Some(row.word()),
        outcome: Some(names.outcome_text(part.outcome).to_owned()),
        outcome_index: Some(u32::from(part.outcome == brier_types::Outcome::No)),
        owner: Some(part.key.to_string()),
        maker: Some(state.wallet(part.account).address.to_string()),
        transaction_hash: Some(row.transaction()),
        match_time: Some(row.matched),
        bucket_index: Some(row.bucket),
        fee: taker.then_some(row.fee),
        fee_usdc: taker.then_some(row.fee),
        err_msg: None,
        created_at: Some(row.matched.to_string()),
        updated_at: Some(row.updated.to_string()),
    }
}

/// The wallet of an owner that a signature type means.
pub(crate) fn wallet_of(owner: Address, kind: SignatureType) -> Address {
    match kind {
        SignatureType::Eoa => owner,
        SignatureType::Proxy => wallet::proxy(owner),
        SignatureType::Safe => wallet::safe(owner),
        SignatureType::DepositWallet => wallet::deposit_wallet(owner),
    }
}

/// Allowances are not imitated: each exchange may move everything.
fn allowances() -> BTreeMap<String, String> {
    let domains = [(OrderVersion::V2, false), (OrderVersion::V2, true), (OrderVersion::V3, false)];
    let spenders = domains.map(|(version, neg_risk)| Domain::new(CHAIN, version, neg_risk).exchange());
    spenders.into_iter().map(|spender| (spender.to_string(), U256::MAX.to_string())).collect()
}

pub(super) async fn balance(State(app): State<App>, params: Params, signed: Signed) -> Reply {
    let kind: u8 = params.number("signature_type", text::INVALID_SIGNATURE_TYPE)?.unwrap_or(0);
    let kind = SignatureType::from_number(kind).ok_or_else(|| Failure::text(400, text::INVALID_SIGNATURE_TYPE))?;
    let address = wallet_of(signed.owner(), kind);
    let asset: AssetType = match params.one("asset_type") {
        Some("COLLATERAL") => AssetType::Collateral,
        Some("CONDITIONAL") => AssetType::Conditional,
        Some("CONDITIONAL-V2") => AssetType::ConditionalV2,
        _ => return Err(Failure::text(400, text::INVALID_ASSET_TYPE)),
    };
    let token: Option<TokenId> = if asset == AssetType::Collateral {
        None
    } else {
        let given = params.one("token_id").unwrap_or_default();
        Some(given.parse().map_err(|_no_token| Failure::text(400, text::INVALID_TOKEN_ID))?)
    };
    let work = move |core: &mut Core| {
        let state = &core.polymarket;
        let account = *state.accounts.get(&address)?;
        Some(match token {
            None => {
                let cash = state.core.cash(account)?.balance;
                Qty::from_micros(cash.micros().unsigned_abs()).unwrap_or(Qty::MAX)
            }
            Some(token) => {
                let (market, outcome) = state.token(token)?;
                state.core.token(account, market, outcome).balance
            }
        })
    };
    // What is not known here holds nothing, as on the chain.
    let balance = app.core.call(work).await?.unwrap_or(Qty::ZERO);
    json(&BalanceAllowance { balance, allowances: Some(allowances()), allowance: None })
}

pub(super) async fn notifications(State(app): State<App>, signed: Signed) -> Reply {
    let key = signed.id().to_owned();
    let work = move |core: &mut Core| -> Vec<Notification> {
        let state = &core.polymarket;
        let rows = state.keys.get(&key).map(|row| row.notifications.as_slice()).unwrap_or_default();
        rows.iter().map(|notice| notices::notification(state, &key, notice)).collect()
    };
    json(&app.core.call(work).await?)
}

pub(super) async fn drop_notifications(State(app): State<App>, params: Params, Writer(signed): Writer) -> Reply {
    let ids = params.list("ids").into_iter().map(str::parse).collect::<Result<Vec<u64>, _>>();
    let ids = ids.map_err(|_no_number| Failure::text(400, text::INVALID_PAYLOAD))?;
    let key = signed.id().to_owned();
    let work = move |core: &mut Core| core.submit_polymarket(Record::DropNotifications { key, ids });
    app.core.call(work).await?.map_err(|_unknown| Failure::text(401, text::UNAUTHORIZED))?;
    json(&"OK")
}
