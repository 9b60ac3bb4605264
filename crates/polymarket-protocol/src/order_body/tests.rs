use proptest::prelude::*;

use super::*;
use crate::auth::WalletKey;
use crate::contracts::{Chain, Domain, OrderVersion};
use crate::ids::TokenId;
use crate::order::sign;

const OWNER: &str = "019a9c1e-0000-7000-8000-000000000001";

fn signed(salt: u64, signature_type: SignatureType, side: Side, amounts: (u64, u64)) -> SignedOrder {
    let key = WalletKey::from_hex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80").unwrap();
    let order = Order {
        salt,
        maker: key.address(),
        signer: key.address(),
        token: TokenId(
            "71321045679252212594626385532706912750332728571942532289631379312455583992563".parse().unwrap(),
        ),
        maker_amount: amounts.0,
        taker_amount: amounts.1,
        side,
        signature_type,
        timestamp_ms: 1_763_600_000_000,
        metadata: B256::ZERO,
        builder: B256::repeat_byte(7),
    };
    let domain = Domain::new(Chain::Polygon, OrderVersion::V2, false);
    SignedOrder { order, expiration: 0, signature: sign(&order, domain, &key) }
}

fn sample() -> SignedOrder {
    signed(479_249_096_354, SignatureType::Eoa, Side::Buy, (5_000_000, 10_000_000))
}

#[test]
fn the_body_is_compact_and_has_every_member() {
    let body = write(&sample(), OWNER, Terms::new(OrderKind::Gtc));
    assert!(body.starts_with(concat!(
        r#"{"order":{"salt":479249096354,"maker":"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266","#,
        r#""signer":"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266","#,
        r#""tokenId":"71321045679252212594626385532706912750332728571942532289631379312455583992563","#,
        r#""makerAmount":"5000000","takerAmount":"10000000","side":"BUY","expiration":"0","signatureType":0,"#,
        r#""timestamp":"1763600000000","metadata":"0x0000"#
    )));
    let tail =
        r#""},"owner":"019a9c1e-0000-7000-8000-000000000001","orderType":"GTC","deferExec":false,"postOnly":false}"#;
    assert!(body.ends_with(tail));
}

#[test]
fn every_clients_form_is_read() {
    let body = write(&sample(), OWNER, Terms::new(OrderKind::Gtc));
    let mut tree: Value = serde_json::from_str(&body).unwrap();
    let expected =
        OrderPost { order: PostedOrder::Current(sample()), owner: OWNER.to_owned(), terms: Terms::new(OrderKind::Gtc) };
    // Alphabetical at both levels, without the optional members, in lower case, and with spaces.
    tree.as_object_mut().unwrap().retain(|name, _| name != "deferExec" && name != "postOnly");
    for name in ["maker", "signer"] {
        let lower = tree["order"][name].as_str().unwrap().to_ascii_lowercase();
        tree["order"][name] = Value::from(lower);
    }
    tree["order"]["newMember"] = Value::Null;
    assert_eq!(read(serde_json::to_string_pretty(&tree).unwrap().as_bytes()), Ok(expected.clone()));
    // Numbers as texts and texts as numbers.
    tree["order"]["salt"] = Value::from("479249096354");
    tree["order"]["makerAmount"] = Value::from(5_000_000);
    assert_eq!(read(tree.to_string().as_bytes()), Ok(expected));
}

#[test]
fn a_body_of_the_first_generation_is_told_apart() {
    let mut tree: Value = serde_json::from_str(&write(&sample(), OWNER, Terms::new(OrderKind::Fok))).unwrap();
    let order = tree["order"].as_object_mut().unwrap();
    order.retain(|name, _| !["timestamp", "metadata", "builder"].contains(&name.as_str()));
    order.insert("taker".to_owned(), Value::from("0x0000000000000000000000000000000000000000"));
    order.insert("nonce".to_owned(), Value::from("0"));
    order.insert("feeRateBps".to_owned(), Value::from("1000"));
    let read = read(tree.to_string().as_bytes()).unwrap();
    assert!(matches!(read.order, PostedOrder::V1 { order, .. } if order.fee_rate_bps == 1_000));
}

#[test]
fn what_is_no_order_is_named() {
    let body = write(&sample(), OWNER, Terms::new(OrderKind::Gtc));
    for (from, to, named) in [
        (r#""signatureType":0"#, r#""signatureType":4"#, "from 0 to 3"),
        (r#""side":"BUY""#, r#""side":"HOLD""#, "`BUY` or `SELL`"),
        (r#""orderType":"GTC""#, r#""orderType":"IOC""#, "GTC, GTD, FOK or FAK"),
        (r#""makerAmount":"5000000""#, r#""makerAmount":"5000000.5""#, "an integer"),
        (r#""maker":"0xf39F"#, r#""maker":"f39F"#, ""),
        (r#""tokenId":"7132"#, r#""tokenId":"0x7132"#, "token id"),
    ] {
        let broken = body.replacen(from, to, 1);
        assert_ne!(broken, body, "{from}");
        if !named.is_empty() {
            let error = read(broken.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
    assert!(read(b"").is_err() && read(b"[]").is_err() && read_batch(b"{}").is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        salts in proptest::collection::vec(0..=crate::order::MAX_SALT, 0..4),
        number in 0_u8..=3,
        buy: bool,
        amounts in (any::<u64>(), any::<u64>()),
        post_only: bool,
    ) {
        let side = if buy { Side::Buy } else { Side::Sell };
        let signature_type = SignatureType::from_number(number).unwrap();
        let orders: Vec<_> = salts.into_iter().map(|salt| signed(salt, signature_type, side, amounts)).collect();
        let terms = Terms { kind: OrderKind::Gtd, post_only, defer_exec: !post_only };
        let body = write_batch(orders.iter().map(|order| (order, terms)), OWNER);
        let read: Vec<_> = read_batch(body.as_bytes()).unwrap();
        prop_assert_eq!(read.len(), orders.len());
        for (read, order) in read.into_iter().zip(orders) {
            prop_assert_eq!(read, OrderPost { order: PostedOrder::Current(order), owner: OWNER.to_owned(), terms });
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ignored = (read(&bytes), read_batch(&bytes));
    }
}
