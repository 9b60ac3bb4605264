//! Which fields the venue documents for each frame, for the strict reading of `brier inspect`.
//!
//! Source: reference section 15.5 and the AsyncAPI 2.0.0 schema of October 2026.

use super::error::{DecodeError, text_of};
use super::object::Object;

const ENVELOPE: &[&str] = &["type", "sid", "seq", "id", "sending_ts_ms", "msg"];

const LIFECYCLE: &[&str] = &[
    "market_ticker",
    "event_type",
    "exchange_index",
    "open_ts",
    "close_ts",
    "determination_ts",
    "settled_ts",
    "result",
    "settlement_value",
    "is_deactivated",
    "additional_metadata",
    "price_level_structure",
];

const LIFECYCLE_ORDINARY: &[&str] =
    &["price_ranges", "strike_type", "floor_strike", "cap_strike", "custom_strike", "yes_sub_title"];

/// The fields of a frame's `msg` in up to two parts, or `None` for a type that is not documented.
fn known(kind: &str) -> Option<[&'static [&'static str]; 2]> {
    let fields: &'static [&'static str] = match kind {
        "subscribed" => &["channel", "sid"],
        "unsubscribed" => &[],
        "ok" => &["market_tickers", "market_ids", "index_ids", "underlying_tickers"],
        "error" => &["code", "msg", "market_ticker", "market_tickers"],
        "orderbook_snapshot" => &["market_ticker", "market_id", "yes_dollars_fp", "no_dollars_fp"],
        "orderbook_delta" => &[
            "market_ticker",
            "market_id",
            "price_dollars",
            "delta_fp",
            "side",
            "client_order_id",
            "subaccount",
            "ts",
            "ts_ms",
        ],
        "ticker" => &[
            "market_id",
            "market_ticker",
            "price_dollars",
            "yes_bid_dollars",
            "yes_ask_dollars",
            "volume_fp",
            "open_interest_fp",
            "dollar_volume",
            "dollar_open_interest",
            "yes_bid_size_fp",
            "yes_ask_size_fp",
            "last_trade_size_fp",
            "ts",
            "ts_ms",
            "time",
        ],
        "trade" => &[
            "trade_id",
            "market_ticker",
            "yes_price_dollars",
            "no_price_dollars",
            "count_fp",
            "taker_side",
            "taker_outcome_side",
            "taker_book_side",
            "is_block_trade",
            "ts",
            "ts_ms",
        ],
        "fill" => &[
            "trade_id",
            "order_id",
            "market_ticker",
            "exchange_index",
            "is_taker",
            "side",
            "yes_price_dollars",
            "count_fp",
            "fee_cost",
            "action",
            "outcome_side",
            "book_side",
            "ts",
            "ts_ms",
            "post_position_fp",
            "purchased_side",
            "client_order_id",
            "subaccount",
        ],
        "market_position" => &[
            "user_id",
            "market_ticker",
            "position_fp",
            "position_cost_dollars",
            "realized_pnl_dollars",
            "fees_paid_dollars",
            "position_fee_cost_dollars",
            "volume_fp",
            "subaccount",
        ],
        "user_order" => &[
            "order_id",
            "user_id",
            "ticker",
            "exchange_index",
            "status",
            "side",
            "is_yes",
            "outcome_side",
            "book_side",
            "yes_price_dollars",
            "fill_count_fp",
            "remaining_count_fp",
            "initial_count_fp",
            "taker_fill_cost_dollars",
            "maker_fill_cost_dollars",
            "taker_fees_dollars",
            "maker_fees_dollars",
            "client_order_id",
            "created_time",
            "created_ts_ms",
            "order_group_id",
            "self_trade_prevention_type",
            "last_update_time",
            "last_updated_ts_ms",
            "expiration_time",
            "expiration_ts_ms",
            "last_update_reason",
            "subaccount_number",
        ],
        "order_group_updates" => &["event_type", "order_group_id", "ts_ms", "contracts_limit_fp"],
        "market_lifecycle_v2" => return Some([LIFECYCLE, LIFECYCLE_ORDINARY]),
        "multivariate_market_lifecycle" => LIFECYCLE,
        "event_lifecycle" => &[
            "event_ticker",
            "exchange_index",
            "title",
            "subtitle",
            "collateral_return_type",
            "series_ticker",
            "strike_date",
            "strike_period",
        ],
        "event_fee_update" => &["event_ticker", "fee_type_override", "fee_multiplier_override"],
        _ => return communications(kind).or_else(|| indices(kind)).map(|fields| [fields, &[]]),
    };
    Some([fields, &[]])
}

fn communications(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "rfq_created" => &[
            "id",
            "creator_id",
            "market_ticker",
            "created_ts",
            "event_ticker",
            "contracts_fp",
            "target_cost_dollars",
            "mve_collection_ticker",
            "mve_selected_legs",
        ],
        "rfq_deleted" => {
            &["id", "creator_id", "market_ticker", "deleted_ts", "event_ticker", "contracts_fp", "target_cost_dollars"]
        }
        "quote_created" => &[
            "quote_id",
            "rfq_id",
            "quote_creator_id",
            "rfq_creator_id",
            "market_ticker",
            "yes_bid_dollars",
            "no_bid_dollars",
            "created_ts",
            "event_ticker",
            "yes_contracts_offered_fp",
            "no_contracts_offered_fp",
            "rfq_target_cost_dollars",
            "subaccount",
        ],
        "quote_accepted" => &[
            "quote_id",
            "rfq_id",
            "quote_creator_id",
            "rfq_creator_id",
            "market_ticker",
            "yes_bid_dollars",
            "no_bid_dollars",
            "event_ticker",
            "accepted_side",
            "contracts_accepted_fp",
            "yes_contracts_offered_fp",
            "no_contracts_offered_fp",
            "rfq_target_cost_dollars",
            "subaccount",
        ],
        "quote_executed" => &[
            "quote_id",
            "rfq_id",
            "quote_creator_id",
            "rfq_creator_id",
            "order_id",
            "client_order_id",
            "market_ticker",
            "executed_ts",
            "subaccount",
        ],
        _ => return None,
    })
}

fn indices(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "cfbenchmarks_value" => &["index_id", "received_at", "data", "avg_60s_data", "last_60s_windowed_average_15min"],
        "cfbenchmarks_value_5hz" => &["index_id", "value_usd", "source_ts_ms", "received_at", "data"],
        "pyth_value" => &["underlying_ticker", "value_usd", "source_ts_ms", "received_at"],
        "cfbenchmarks_value_indexlist" | "cfbenchmarks_value_5hz_indexlist" => &["index_ids"],
        "pyth_value_underlying_list" => &["underlying_tickers"],
        _ => return None,
    })
}

/// The fields of a frame that the venue does not document: `sending_note` in the envelope, `msg.price` in the message;
/// `type=name` when the whole type is unknown. Empty for a frame that holds only what is known.
///
/// ```
/// let frame = br#"{"type":"trade","sid":1,"x":0,"msg":{"trade_id":"a","price":41}}"#;
/// assert_eq!(brier_kalshi_protocol::stream::unknown_fields(frame)?, ["x", "msg.price"]);
/// # Ok::<(), brier_kalshi_protocol::stream::DecodeError>(())
/// ```
///
/// # Errors
/// [`DecodeError`] when the frame is no JSON object with a `type`.
pub fn unknown_fields(frame: &[u8]) -> Result<Vec<String>, DecodeError> {
    let frame = text_of(frame)?;
    let envelope = Object::parse(frame, frame, "any")?;
    let kind = envelope.need("type", envelope.text("type")?)?;
    let mut unknown: Vec<String> = envelope.names().filter(|name| !ENVELOPE.contains(name)).map(String::from).collect();
    let Some(known) = known(&kind) else {
        unknown.push(format!("type={kind}"));
        return Ok(unknown);
    };
    // The answer to `list_subscriptions` is a list; its elements have no fields of their own worth a list here.
    if let Some(msg) = envelope.raw("msg").filter(|msg| msg.starts_with('{')) {
        let msg = Object::parse(frame, msg, "any")?;
        unknown.extend(
            msg.names().filter(|name| !known.iter().any(|part| part.contains(name))).map(|name| format!("msg.{name}")),
        );
    }
    Ok(unknown)
}
