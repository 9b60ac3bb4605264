//! Every recorded stream message decodes with nothing unknown, and every recorded book has the hash that it was sent with.
//!
//! The recordings lie beside the workspace; without them the tests say so and pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use brier_polymarket_protocol::book_hash::{HashInput, hash};
use brier_polymarket_protocol::stream::prices::RtdsMessage;
use brier_polymarket_protocol::stream::user::UserEvent;
use brier_polymarket_protocol::stream::{Channel, Decoder, Frame, OLD_PRICE_CHANGE_FIELDS, market, unknown_fields};
use expect_test::expect;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A recording as text, if it is there.
fn recording(path: &str) -> Option<String> {
    let file = std::fs::File::open(crate::shared(&format!("data/{path}"))?).unwrap();
    let mut text = String::new();
    ruzstd::decoding::StreamingDecoder::new(file).unwrap().read_to_string(&mut text).unwrap();
    Some(text)
}

#[derive(Deserialize)]
struct Recorded<'a> {
    name: String,
    path: String,
    #[serde(borrow)]
    body: &'a RawValue,
}

/// Which stream a recorded message came from; `None` for answers of REST.
fn channel(message: &Recorded<'_>) -> Option<Channel> {
    let name = message.name.as_str();
    let ws = message.path.contains("/ws_messages/");
    if name.starts_with("rtds_") {
        Some(Channel::Rtds)
    } else if name.starts_with("ws_user_")
        || (ws && (name.starts_with("user_") || name.starts_with("order_") || name == "trades"))
    {
        Some(Channel::User)
    } else {
        (name.starts_with("ws_") || ws).then_some(Channel::Market)
    }
}

fn kind(channel: Channel, text: &str) -> String {
    match channel {
        Channel::Market => match Decoder::new().decode(text).unwrap() {
            Frame::Book(book) => format!("book {}", !book.bids.is_empty() && !book.asks.is_empty()),
            Frame::PriceChange(frame) => format!("price_change {}", !frame.changes.is_empty()),
            Frame::LastTrade(trade) => format!("last_trade_price {}", trade.price.is_tradable()),
            Frame::BestBidAsk(best) => format!("best_bid_ask {}", best.best_bid < best.best_ask),
            Frame::TickSizeChange(change) => {
                format!("tick_size_change {}", change.old_tick_size != change.new_tick_size)
            }
            Frame::Other(other) => match other.kind.as_ref() {
                "new_market" => format!("new_market {}", market::new_market(text).unwrap().assets_ids.len() == 2),
                "market_resolved" => {
                    format!("market_resolved {}", market::market_resolved(text).unwrap().assets_ids.len() == 2)
                }
                other => panic!("unknown event `{other}`"),
            },
        },
        Channel::User => match UserEvent::from_frame(text).unwrap() {
            UserEvent::Order(order) => format!("order {}", !order.original_size.is_zero()),
            UserEvent::Trade(trade) => format!("trade {}", !trade.size.is_zero()),
            // One sample is a trade as REST lists it, without the stream's own keys.
            UserEvent::Other(kind) => {
                assert_eq!(kind, "");
                let trade: brier_polymarket_protocol::clob::Trade = serde_json::from_str(text).unwrap();
                format!("trade (REST) {}", !trade.maker_orders.is_empty())
            }
        },
        Channel::Rtds => {
            let message = RtdsMessage::from_frame(text).unwrap();
            let price = message.price().unwrap();
            format!("{} {}", message.topic, price.price(&message.topic).is_some() || !price.data.is_empty())
        }
    }
}

#[test]
fn every_recorded_message_decodes_with_nothing_unknown() {
    let Some(text) = recording("fixtures/polymarket_messages_nautilus.jsonl.zst") else { return };
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let (mut unknown, mut old) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        let message: Recorded<'_> = serde_json::from_str(line).unwrap();
        let Some(channel) = channel(&message) else { continue };
        let kind = kind(channel, message.body.get());
        if !kind.starts_with("trade (REST)") {
            for field in unknown_fields(channel, message.body.get()).unwrap() {
                let is_old = kind.starts_with("price_change") && OLD_PRICE_CHANGE_FIELDS.contains(&field.as_str());
                if is_old {
                    old.insert(field)
                } else {
                    unknown.insert(format!("{}: {field}", message.name))
                };
            }
        }
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(unknown, BTreeSet::new());
    // The one sample of 2024 has its change at the top. `changes` itself is only in the reference.
    assert_eq!(old.into_iter().collect::<Vec<_>>(), ["asset_id", "hash", "price", "side", "size"]);
    let table: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    expect![[r"
        best_bid_ask true: 1
        book true: 3
        crypto_prices true: 2
        equity_prices true: 2
        last_trade_price true: 3
        market_resolved true: 1
        new_market true: 1
        order true: 9
        price_change true: 4
        tick_size_change true: 3
        trade (REST) true: 1
        trade true: 6"]]
    .assert_eq(&table.join("\n"));
}

#[test]
fn every_recorded_book_has_the_hash_that_it_was_sent_with() {
    let Some(text) = recording("polymarket_books/books_run_20260311T214149Z.jsonl.zst") else { return };
    let mut books = 0;
    for line in text.lines() {
        let batch: BTreeMap<String, &RawValue> = serde_json::from_str(line).unwrap();
        let lists = batch.values().filter_map(|value| serde_json::from_str::<Vec<HashInput<'_>>>(value.get()).ok());
        for book in lists.flatten() {
            assert_eq!(hash(&book), book.hash, "{}", book.asset_id);
            books += 1;
        }
    }
    assert_eq!(books, 60);
}
