//! The texts of refusals, exactly as the venue writes them.
//!
//! Source: reference, sections 3.3, 6.3, 7.4 to 7.6 and 9, 2026-11-20.

use std::fmt::Display;

use brier_types::{Price, Qty};

use crate::wire::plain;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        $($(#[$doc])* pub const $name: &str = $text;)+
    };
}

texts! {
    /// 401, any call with an API key.
    UNAUTHORIZED = "Unauthorized/Invalid api key",
    /// 401, any call signed by the wallet; also malformed headers of an API key.
    INVALID_L1_HEADERS = "Invalid L1 Request headers",
    /// 400, book and prices.
    INVALID_TOKEN_ID = "Invalid token id",
    /// 404, book and prices.
    NO_ORDERBOOK = "No orderbook exists for the requested token id",
    /// 400, prices.
    INVALID_SIDE = "Invalid side",
    /// 400, books.
    INVALID_PAYLOAD = "Invalid payload",
    /// 400, books.
    PAYLOAD_TOO_LARGE = "Payload exceeds the limit",
    /// 400, order post and cancel.
    INVALID_ORDER_PAYLOAD = "Invalid order payload",
    /// 400, order post.
    OWNER_MISMATCH = "the order owner has to be the owner of the API KEY",
    /// 400, order post.
    SIGNER_MISMATCH = "the order signer address has to be the address of the API KEY",
    /// 400, order post of an account made since 2026-05.
    DEPOSIT_WALLET_REQUIRED = "maker address not allowed, please use the deposit wallet flow",
    /// 400, order post signed for another version of the exchange.
    VERSION_MISMATCH = "order_version_mismatch",
    /// 400, order post.
    INVALID_SIGNATURE = "invalid signature",
    /// 400, order post.
    POST_ONLY_CROSSES = "invalid post-only order: order crosses book",
    /// 400, order post.
    NOT_ENOUGH_BALANCE = "not enough balance / allowance",
    /// 400, order post.
    INVALID_EXPIRATION = "invalid expiration",
    /// 400, order post.
    CANCELED_ON_CHAIN = "order canceled in the CTF exchange contract",
    /// 400, order post.
    MATCH_DELAYED = "order match delayed due to market conditions",
    /// 400, order post.
    FOK_NOT_FILLED = "order couldn't be fully filled. FOK orders are fully filled or killed.",
    /// 400, order post.
    FAK_NOT_FILLED =
        "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.",
    /// 400, order post.
    MARKET_NOT_READY = "the market is not yet ready to process new orders",
    /// 400, reads of an order.
    INVALID_ORDER_ID = "Invalid orderID",
    /// 400, reads of orders.
    INVALID_ORDER_PARAMS = "invalid order params payload",
    /// 400, reads of trades.
    INVALID_TRADE_PARAMS = "Invalid trade params payload",
    /// 400, markets, tick size, negative risk.
    INVALID_MARKET = "Invalid market",
    /// 404, the same.
    MARKET_NOT_FOUND = "market not found",
    /// 404, fee rate.
    FEE_RATE_NOT_FOUND = "fee rate not found for market",
    /// 400, balances.
    INVALID_ASSET_TYPE = "Invalid asset type",
    /// 400, balances.
    INVALID_SIGNATURE_TYPE = "Invalid signature_type",
    /// 400, keys: one exists for this wallet and nonce.
    COULD_NOT_CREATE_KEY = "Could not create api key",
    /// 400, keys: none exists for this wallet and nonce.
    COULD_NOT_DERIVE_KEY = "Could not derive api key!",
    /// 400, heartbeats.
    INVALID_HEARTBEAT = "Invalid Heartbeat ID",
    /// 429.
    TOO_MANY_REQUESTS = "Too Many Requests",
    /// 500, order post: never reached the book.
    ORDER_TIMED_OUT = "order timed out",
    /// 500, order post.
    NO_MATCHING_ORDERS = "there are no matching orders",
    /// 500, order post.
    FOK_KILLED = "FOK orders are filled or killed",
    /// 500, order post.
    ROUNDING_ISSUES = "the trade contains rounding issues",
    /// 500, order post.
    PRICE_DISCREPANCY =
        "the price of the taker's order has a discrepancy greater than allowed with the worst maker order",
    /// 500, order post: it may be in the book.
    COULD_NOT_INSERT = "could not insert order",
    /// 500.
    INTERNAL = "Internal server error",
    /// 503, the minutes after a restart.
    POST_ONLY_MODE = "post-only mode: only post-only orders and cancels are allowed",
    /// The code that comes with [`POST_ONLY_MODE`].
    POST_ONLY_MODE_CODE = "post_only_mode",
    /// 503.
    CANCEL_ONLY = "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed.",
    /// 503.
    TRADING_DISABLED = "Trading is currently disabled. Check polymarket.com for updates",
    /// 400, samples of prices.
    START_REQUIRED = "startTs is required",
    /// 400, samples of prices.
    ASSET_REQUIRED = "asset_id is required",
    /// 400, samples of prices.
    MARKET_OR_ASSET_REQUIRED = "either market or asset_id must be provided",
    /// 400, samples of prices.
    LIMIT_TOO_LARGE = "limit cannot exceed 1000",
    /// A cancel's reason.
    NOT_FOUND_OR_CANCELED = "Order not found or already canceled",
    /// A cancel's reason.
    CANCELED_OR_MATCHED = "already canceled or matched",
}

/// 400, order post: the price is off the grid.
pub fn tick_size(order: impl Display, price: Price, tick: Price) -> String {
    format!("order {order} is invalid. Price ({}) breaks minimum tick size rule: {}", plain(price), plain(tick))
}

/// 400, order post: too few shares.
pub fn min_size(order: impl Display, size: Qty, minimum: Qty) -> String {
    format!("order {order} is invalid. Size ({}) lower than the minimum: {}", plain(size), plain(minimum))
}

/// 400, order post: the same order was posted before.
pub fn duplicated(order: impl Display) -> String {
    format!("order {order} is invalid. Duplicated.")
}

/// 400, order post.
pub fn crosses(order: impl Display) -> String {
    format!("order {order} crosses the book")
}

/// 400, order post.
pub fn banned(address: impl Display) -> String {
    format!("'{address}' address banned")
}

/// 400, order post.
pub fn closed_only(address: impl Display) -> String {
    format!("'{address}' address in closed only mode")
}

/// 400, order post: the amounts of a [`NOT_ENOUGH_BALANCE`] in units of 1e-6.
pub fn not_enough_balance(balance: u64, active_orders: u64, matched_orders: u64, order: u64) -> String {
    format!(
        "{NOT_ENOUGH_BALANCE}: the balance is not enough -> balance: {balance}, sum of active orders: {active_orders}, \
         sum of matched orders: {matched_orders}, order amount (inc. fees): {order}"
    )
}

/// 400, order post: too many orders in one batch.
pub fn too_many_orders(found: usize, allowed: usize) -> String {
    format!("Too many orders in payload: {found}, max allowed: {allowed}")
}

/// 400, cancel: too many ids.
pub fn too_many_cancels(allowed: usize) -> String {
    format!("Too many orders in payload, max allowed: {allowed}")
}

/// 400, samples of prices.
pub fn invalid_fidelity(found: impl Display) -> String {
    format!("invalid fidelity: {found}")
}
