//! Round trips, fixed forms, and bytes that are none.

use expect_test::expect;
use proptest::prelude::*;

use super::{CodecError, Reader, Record, Wire};
use crate::command::{Alert, Command, Request, Scope};
use crate::fact::{Fact, FactValue};
use crate::ids::{MarketId, OrderKey, RequestId, StrategyId};
use crate::input::{Answer, Input, NotNow, Operator, Reject, RejectCode};
use crate::strategy::{Purpose, Quote, Want};
use brier_types::{
    BookChange, BookInput, BookSide, Input as FeedInput, Price, Qty, SignedQty, SubscriptionId, Timestamp, Venue,
};

fn back<T: Wire + PartialEq + std::fmt::Debug>(value: &T) {
    let mut bytes = Vec::new();
    value.put(&mut bytes);
    let mut from = Reader::new(&bytes);
    assert_eq!(T::take(&mut from).as_ref(), Ok(value));
    assert_eq!(from.finish(), Ok(()));
}

fn delta() -> Input {
    Input::Feed {
        venue: Venue::Kalshi,
        body: FeedInput::Book(BookInput {
            market: "KXBTC15M-26MAY130900-00".parse().unwrap(),
            subscription: SubscriptionId(3),
            sequence: 70_000,
            change: BookChange::Delta {
                side: BookSide::Ask,
                price: Price::new(4_200).unwrap(),
                change: SignedQty::from_micros(-1_500_000).unwrap(),
            },
        }),
    }
}

fn inputs() -> Vec<Input> {
    vec![
        delta(),
        Input::Timer,
        Input::Started { run: 7 },
        Input::Answer {
            venue: Venue::Polymarket,
            request: RequestId(9),
            answer: Answer::Rejected(Reject { code: RejectCode::Fatal, text: "410".to_owned() }),
        },
        Input::Answer {
            venue: Venue::Kalshi,
            request: RequestId(u64::MAX),
            answer: Answer::NotNow { why: NotNow::RateLimited, retry_after: Some(std::time::Duration::from_secs(2)) },
        },
        Input::Operator(Operator::Halt { reason: "enough".to_owned() }),
        Input::Remote {
            strategy: StrategyId(1),
            wants: vec![Want::Quotes {
                market: MarketId(2),
                quotes: vec![Quote {
                    side: BookSide::Bid,
                    price: Price::ONE,
                    qty: Qty::HUNDREDTH,
                    purpose: Purpose::Close,
                }],
            }],
        },
        Input::AccountStream { venue: Venue::Polymarket, up: false, reason: "reset".to_owned() },
        Input::Fact(Fact {
            series: "spot:BTC".to_owned(),
            value: FactValue::Numbers(vec![98_500.25, -1.5]),
            as_of: Timestamp::from_nanos(5),
            valid_for: std::time::Duration::from_secs(2),
        }),
    ]
}

#[test]
fn inputs_and_commands_read_back() {
    for input in inputs() {
        back(&input);
    }
    let order = OrderKey { slot: 4, generation: 2 };
    for command in [
        Command::WakeAt(Timestamp::from_nanos(-5)),
        Command::Send { venue: Venue::Kalshi, request: RequestId(1), body: Request::CancelAll },
        Command::Send {
            venue: Venue::Kalshi,
            request: RequestId(2),
            body: Request::Cancel { order, market: "M".parse().unwrap(), venue_id: "o1".parse().unwrap() },
        },
        Command::Alert(Alert::Halted { scope: Scope::Market(MarketId(1)), reason: "why".to_owned() }),
    ] {
        back(&command);
    }
}

#[test]
fn the_form_of_a_delta_is_what_it_was() {
    let mut bytes = Vec::new();
    Record::put_input(Timestamp::from_nanos(1_000), &delta(), &mut bytes);
    let text = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    expect!["01 d0 0f 00 00 00 17 4b 58 42 54 43 31 35 4d 2d 32 36 4d 41 59 31 33 30 39 30 30 2d 30 30 03 f0 a2 04 01 01 e8 20 bf 8d b7 01"]
        .assert_eq(&text);
}

#[test]
fn what_is_no_record_is_refused_with_its_place() {
    let mut bytes = Vec::new();
    Record::put_input(Timestamp::from_nanos(1_000), &Input::Timer, &mut bytes);
    bytes.push(9);
    assert_eq!(
        Record::decode(&bytes),
        Err(CodecError { at: 4, expected: "the end of the record", found: "1 more bytes".to_owned() })
    );
    assert!(Record::decode(&[1, 0, 200]).unwrap_err().to_string().contains("a kind of input"));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Record::decode(&bytes));
    }

    #[test]
    fn spoiled_records_do_not_panic(place in 0usize..60, with in any::<u8>(), which in 0usize..9, cut in 0usize..60) {
        let inputs = inputs();
        let mut bytes = Vec::new();
        Record::put_input(Timestamp::EPOCH, &inputs[which], &mut bytes);
        let place = place % bytes.len();
        bytes[place] ^= with;
        drop(Record::decode(&bytes));
        bytes.truncate(cut % bytes.len());
        drop(Record::decode(&bytes));
    }

    #[test]
    fn numbers_read_back(unsigned in any::<u64>(), signed in any::<i64>()) {
        back(&unsigned);
        back(&signed);
    }
}
