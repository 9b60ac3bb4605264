use brier_polymarket_protocol::ids::{ConditionId, SignatureType};
use brier_polymarket_protocol::order::verify;
use brier_polymarket_protocol::tick::TickSize;
use brier_types::SelfTradePrevention;
use proptest::prelude::*;

use super::*;

const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

fn wallet(signature_type: SignatureType) -> Wallet {
    Wallet::from_hex(KEY, signature_type, None).unwrap()
}

fn listing(tick: TickSize) -> Listing {
    let condition = ConditionId(B256::repeat_byte(0xc0));
    let token = |digit: &str| digit.repeat(76).parse().unwrap();
    Listing::minimal(condition, token("7"), token("5"), tick, Qty::from_contracts(5).unwrap())
}

fn new_order(side: BookSide, pips: u16, hundredths: u64, time_in_force: TimeInForce) -> NewOrder {
    NewOrder {
        client_order_id: ClientOrderId::new("b-1").unwrap(),
        market: listing(TickSize::Cent).ticker,
        side,
        price: Price::new(pips).unwrap(),
        qty: Qty::from_hundredths(hundredths).unwrap(),
        time_in_force,
        post_only: false,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    }
}

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_176_000_123).unwrap()
}

fn make(order: &NewOrder, leg: Leg) -> Result<Prepared, BuildError> {
    let wallet = wallet(SignatureType::Eoa);
    let maker = Maker { wallet: &wallet, chain: Chain::Polygon, builder: B256::ZERO };
    prepare(order, leg, &listing(TickSize::Cent), maker, at())
}

#[test]
fn every_side_and_leg_has_one_order_of_the_venue() {
    let held = Leg::Sell { held: Qty::from_contracts(10).unwrap() };
    let rows = [
        (BookSide::Bid, Leg::Buy, (Outcome::Yes, Side::Buy, 4_200), (4_200_000, 10_000_000)),
        (BookSide::Ask, Leg::Buy, (Outcome::No, Side::Buy, 5_800), (5_800_000, 10_000_000)),
        (BookSide::Ask, held, (Outcome::Yes, Side::Sell, 4_200), (10_000_000, 4_200_000)),
        (BookSide::Bid, held, (Outcome::No, Side::Sell, 5_800), (10_000_000, 5_800_000)),
    ];
    for (side, leg, expected, amounts) in rows {
        let made = make(&new_order(side, 4_200, 1_000, TimeInForce::Gtc), leg).unwrap();
        assert_eq!((made.outcome, made.side, made.price.pips()), expected);
        assert_eq!((made.signed.order.maker_amount, made.signed.order.taker_amount), amounts);
    }
}

#[test]
fn shares_that_are_not_held_are_not_sold() {
    let order = new_order(BookSide::Ask, 4_200, 1_000, TimeInForce::Gtc);
    let held = Qty::from_hundredths(999).unwrap();
    assert_eq!(make(&order, Leg::Sell { held }), Err(BuildError::NakedSell { held, wanted: order.qty }));
}

#[test]
fn the_same_order_has_the_same_hash_and_another_one_has_not() {
    let order = new_order(BookSide::Bid, 4_200, 1_000, TimeInForce::Gtc);
    let made = make(&order, Leg::Buy).unwrap();
    assert_eq!(make(&order, Leg::Buy).unwrap(), made);
    let other = NewOrder { client_order_id: ClientOrderId::new("b-2").unwrap(), ..order };
    let other = make(&other, Leg::Buy).unwrap();
    assert_ne!(other.hash, made.hash);
    assert!(made.signed.order.salt <= MAX_SALT && made.signed.order.salt != other.signed.order.salt);
}

#[test]
fn kinds_and_their_bodies() {
    let till = |seconds| TimeInForce::Gtd(at().plus(Duration::from_secs(seconds)));
    let gtd = make(&new_order(BookSide::Bid, 4_200, 1_000, till(90)), Leg::Buy).unwrap();
    assert_eq!((gtd.terms.kind, gtd.signed.expiration), (OrderKind::Gtd, 1_795_176_150));
    let past = make(&new_order(BookSide::Bid, 4_200, 1_000, till(0)), Leg::Buy);
    assert!(matches!(past, Err(BuildError::Expired { .. })));
    // A market buy spends whole cents: 1.74 shares at 0.58 are $1.0092, so $1.00 is spent.
    let fok = make(&new_order(BookSide::Bid, 5_800, 174, TimeInForce::Fok), Leg::Buy).unwrap();
    assert_eq!((fok.terms.kind, fok.signed.order.maker_amount, fok.signed.expiration), (OrderKind::Fok, 1_000_000, 0));
    let tiny = make(&new_order(BookSide::Bid, 5_800, 100, TimeInForce::Ioc), Leg::Buy);
    assert!(matches!(tiny, Err(BuildError::Rejected(AmountError::Marketable { .. }))), "{tiny:?}");
    let small = make(&new_order(BookSide::Bid, 5_800, 499, TimeInForce::Gtc), Leg::Buy);
    assert!(matches!(small, Err(BuildError::Rejected(AmountError::TooSmall { .. }))), "{small:?}");
}

#[test]
fn what_the_venue_cannot_do_is_refused() {
    let order = new_order(BookSide::Bid, 4_200, 1_000, TimeInForce::Fok);
    let refused = |order: &NewOrder| make(order, Leg::Buy).unwrap_err();
    assert_eq!(refused(&NewOrder { post_only: true, ..order.clone() }), BuildError::PostOnly { found: OrderKind::Fok });
    for order in [NewOrder { reduce_only: true, ..order.clone() }, NewOrder { cancel_on_pause: true, ..order.clone() }]
    {
        assert!(matches!(refused(&order), BuildError::Unsupported { .. }));
    }
    let finer = NewOrder { qty: Qty::from_micros(10_001_000).unwrap(), ..order.clone() };
    assert!(matches!(refused(&finer), BuildError::Lot { .. }));
    let off_grid = NewOrder { price: Price::new(4_250).unwrap(), ..order.clone() };
    assert!(matches!(refused(&off_grid), BuildError::Amounts(AmountsError::OffGrid { .. })));
    let elsewhere = NewOrder { market: MarketTicker::new("0xother").unwrap(), ..order };
    assert!(matches!(refused(&elsewhere), BuildError::OtherMarket { .. }));
}

proptest! {
    #[test]
    fn what_is_made_verifies_and_states_the_price(
        number in 0_u8..=3,
        ticks in 1_u16..100,
        hundredths in 500_u64..1_000_000,
        ask: bool,
        neg_risk: bool,
    ) {
        let signature_type = SignatureType::from_number(number).unwrap();
        let wallet = wallet(signature_type);
        let maker = Maker { wallet: &wallet, chain: Chain::Polygon, builder: B256::ZERO };
        let listing = Listing { neg_risk, ..listing(TickSize::Cent) };
        let side = if ask { BookSide::Ask } else { BookSide::Bid };
        let order = new_order(side, ticks * 100, hundredths, TimeInForce::Gtc);
        let made = prepare(&order, Leg::Buy, &listing, maker, at()).unwrap();
        prop_assert!(verify(&made.signed.order, &made.signed.signature.to_bytes(), domain(made.token, neg_risk, Chain::Polygon), None).is_ok());
        let order = made.signed.order;
        prop_assert_eq!(u128::from(order.maker_amount) * 10_000, u128::from(order.taker_amount) * u128::from(made.price.pips()));
    }
}
