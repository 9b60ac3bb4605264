//! What the order path allocates once its buffers have grown: nothing, the request's own signature included.

use std::sync::Arc;

use allocation_counter::measure;
use alloy_primitives::{B256, U256};
use brier_polymarket::Env;
use brier_polymarket::order_path::RequestWriter;
use brier_polymarket_protocol::auth::{ApiCreds, WalletKey};
use brier_polymarket_protocol::contracts::{Chain, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{OrderHash, Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{self, Order, OrderKind, SignedOrder};
use brier_polymarket_protocol::order_body::Terms;
use brier_types::Timestamp;

#[test]
fn requests_are_written_without_allocating() {
    let key = WalletKey::from_bytes(&[7; 32]).unwrap();
    let creds = ApiCreds::new("00000000-0000-4000-8000-000000000001", "c2VjcmV0", "passphrase").unwrap();
    let env = Env::local("http://127.0.0.1:8811").unwrap();
    let mut writer = RequestWriter::new(&env, key.address(), Arc::new(creds)).unwrap();
    let now = Timestamp::from_millis(1_795_176_000_000).unwrap();
    let template = Order {
        salt: 1,
        maker: key.address(),
        signer: key.address(),
        token: TokenId(U256::MAX),
        maker_amount: 4_200_000,
        taker_amount: 10_000_000,
        side: Side::Buy,
        signature_type: SignatureType::Eoa,
        timestamp_ms: 1_795_176_000_000,
        metadata: B256::ZERO,
        builder: B256::ZERO,
    };
    let domain = Domain::new(Chain::Polygon, OrderVersion::V2, false);
    let mut written = 0;
    let mut round = |salt: u64| {
        let order = Order { salt, ..template };
        let signed = SignedOrder { order, expiration: 0, signature: order::sign(&order, domain, &key) };
        written += writer.post(&signed, Terms::new(OrderKind::Gtc), now).len();
        let hash: OrderHash = order::hash(&order, domain);
        written += writer.cancel(hash, now).len();
        written += writer.cancel_many(&[hash; 3], now).unwrap().len();
    };
    round(1);
    let counted = measure(|| (2..7).for_each(&mut round));
    assert_eq!((counted.count_total, written > 6 * 1_500), (0, true));
}
