//! What the order path allocates once its buffers have grown: nothing of its own.

use allocation_counter::measure;
use brier_kalshi::Env;
use brier_kalshi::keys::{Credentials, KeyKind, PrivateKey};
use brier_kalshi::order_path::{Decrease, HeaderRing, RequestWriter, RingConfig, Signing};
use brier_kalshi_protocol::rest::Operation;
use brier_types::{
    AmendOrder, BookSide, ClientOrderId, MarketTicker, NewOrder, Price, Qty, SelfTradePrevention, TimeInForce,
    Timestamp, VenueOrderId,
};

#[test]
fn requests_are_written_without_allocating() {
    let credentials = Credentials::new("key", PrivateKey::generate(KeyKind::Ed25519).unwrap()).unwrap();
    let mut ring = HeaderRing::new(credentials.clone(), Operation::CreateOrder, RingConfig::default()).unwrap();
    let mut writer = RequestWriter::new(&Env::Demo).unwrap();
    let now = Timestamp::from_millis(1_795_176_000_000).unwrap();
    let (market, id) = (MarketTicker::new("KXEXAMPLE-27JAN01-T1").unwrap(), VenueOrderId::new("5f0c-2b8e").unwrap());
    let order = NewOrder {
        client_order_id: ClientOrderId::new("b-000017").unwrap(),
        market: market.clone(),
        side: BookSide::Bid,
        price: Price::from_cents(42).unwrap(),
        qty: Qty::from_contracts(10).unwrap(),
        time_in_force: TimeInForce::Gtc,
        post_only: true,
        reduce_only: false,
        self_trade_prevention: SelfTradePrevention::TakerAtCross,
        cancel_on_pause: false,
        group: None,
    };
    let amend = AmendOrder {
        order: id.clone(),
        market: market.clone(),
        side: BookSide::Bid,
        price: order.price,
        total: order.qty,
        new_client_order_id: None,
    };
    ring.refill(now, 1_000).unwrap();
    let mut headers = ring.take(now).unwrap();
    let warm = writer.create(&order, Some(0), Signing::Ahead(&headers)).unwrap().len();
    let mut written = 0;
    let counted = measure(|| {
        for _ in 0..5 {
            headers = ring.take(now).expect("a ring of forty orders has one for each of a few");
            written += writer.create(&order, Some(0), Signing::Ahead(&headers)).unwrap().len();
        }
    });
    assert_eq!((counted.count_total, written), (0, 5 * warm));
    // A signature made at once costs one, inside the cryptographic library.
    let mut round = || {
        written += writer.create(&order, Some(0), Signing::Now(&credentials, now)).unwrap().len();
        written += writer.amend(&amend, Some(0), &credentials, now).unwrap().len();
        written += writer.decrease(&market, &id, Decrease::To(order.qty), None, &credentials, now).unwrap().len();
        written += writer.cancel(&market, &id, None, &credentials, now).unwrap().len();
    };
    round();
    assert!(measure(&mut round).count_total <= 4);
}
