//! Requests against what the protocol's own writer and signer give.

use alloy_primitives::{Address, B256, U256};
use brier_polymarket_protocol::auth::{ApiCreds, EcdsaSignature, l2_headers, verify_l2};
use brier_polymarket_protocol::clob::{CancelOrderRequest, PostOrderReply};
use brier_polymarket_protocol::ids::{Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{Order, OrderKind, Signature, SignedOrder};
use brier_polymarket_protocol::order_body::{self, Terms};
use brier_types::{Timestamp, VenueError as _};
use proptest::prelude::*;

use super::*;

const KEY: &str = "00000000-0000-4000-8000-000000000001";

fn creds() -> Arc<ApiCreds> {
    Arc::new(ApiCreds::new(KEY, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=", "open-sesame").unwrap())
}

fn env() -> Env {
    Env::local("http://127.0.0.1:8811").unwrap()
}

prop_compose! {
    fn signed_orders()(
        (salt, maker_amount, taker_amount, timestamp_ms, expiration) in any::<(u64, u64, u64, u64, u64)>(),
        (maker, signer, token, metadata, builder) in any::<([u8; 20], [u8; 20], [u8; 32], [u8; 32], [u8; 32])>(),
        (cut, sell, number) in (0_usize..32, any::<bool>(), 0_u8..4),
        owner in proptest::collection::vec(any::<u8>(), 65),
        (domain_separator, contents) in any::<([u8; 32], [u8; 32])>(),
    ) -> SignedOrder {
        let mut token = token;
        token[..cut].fill(0);
        let owner = EcdsaSignature(owner.try_into().unwrap());
        let signature_type = SignatureType::from_number(number).unwrap();
        let signature = match signature_type {
            SignatureType::DepositWallet => Signature::DepositWallet {
                owner,
                domain_separator: B256::from(domain_separator),
                contents: B256::from(contents),
            },
            SignatureType::Eoa | SignatureType::Proxy | SignatureType::Safe => Signature::Ecdsa(owner),
        };
        let order = Order {
            salt,
            maker: Address::from(maker),
            signer: Address::from(signer),
            token: TokenId(U256::from_be_bytes(token)),
            maker_amount,
            taker_amount,
            side: if sell { Side::Sell } else { Side::Buy },
            signature_type,
            timestamp_ms,
            metadata: B256::from(metadata),
            builder: B256::from(builder),
        };
        SignedOrder { order, expiration, signature }
    }
}

/// The body of a request, after its headers were found to be those that the client sends.
fn checked(request: &[u8], method: &str, path: &str, address: Address, now: Timestamp) -> Vec<u8> {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let (head, body) = (std::str::from_utf8(&request[..end]).unwrap(), &request[end + 4..]);
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some(format!("{method} {path} HTTP/1.1").as_str()));
    let headers: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    let value = |name: &str| {
        let mut found = headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
        (found.next(), found.next())
    };
    assert_eq!(value("host"), (Some("127.0.0.1:8811"), None));
    assert_eq!(value("content-type"), (Some("application/json"), None));
    assert_eq!(value("content-length"), (Some(body.len().to_string().as_str()), None));
    let creds = creds();
    let secs = u64::try_from(now.secs()).unwrap();
    let expected = l2_headers(&creds, address, secs, method, path, body);
    for (name, text) in expected.pairs() {
        assert_eq!(value(name), (Some(text), None), "{name}");
    }
    assert!(verify_l2(creds.secret(), &expected.timestamp, method, path, body, &expected.signature));
    body.to_vec()
}

proptest! {
    #[test]
    fn requests_are_what_the_protocols_own_writer_gives(
        order in signed_orders(),
        address in any::<[u8; 20]>().prop_map(Address::from),
        (kind, post_only, defer_exec) in (0_usize..4, any::<bool>(), any::<bool>()),
        hashes in proptest::collection::vec(any::<[u8; 32]>(), 1..20),
        secs in 0_i64..4_000_000_000,
    ) {
        let now = Timestamp::from_secs(secs).unwrap();
        let mut writer = RequestWriter::new(&env(), address, creds()).unwrap();
        let terms = Terms { kind: OrderKind::ALL[kind], post_only, defer_exec };
        for _ in 0..2 {
            let body = checked(writer.post(&order, terms, now), "POST", "/order", address, now);
            prop_assert_eq!(String::from_utf8(body).unwrap(), order_body::write(&order, KEY, terms));
        }
        let hashes: Vec<OrderHash> = hashes.into_iter().map(|hash| OrderHash(B256::from(hash))).collect();
        let body = checked(writer.cancel(hashes[0], now), "DELETE", "/order", address, now);
        let expected = CancelOrderRequest { order_id: hashes[0].to_string() };
        prop_assert_eq!(body, serde_json::to_vec(&expected).unwrap());
        let body = checked(writer.cancel_many(&hashes, now).unwrap(), "DELETE", "/orders", address, now);
        let ids: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        prop_assert_eq!(body, serde_json::to_vec(&ids).unwrap());
    }
}

#[test]
fn texts_of_many_addresses_are_kept_apart() {
    let mut writer = RequestWriter::new(&env(), Address::ZERO, creds()).unwrap();
    let terms = Terms::new(OrderKind::Gtc);
    for seed in (0..40_u8).chain(0..40) {
        let order = Order {
            salt: 1,
            maker: Address::repeat_byte(seed),
            signer: Address::repeat_byte(seed / 2),
            token: TokenId(U256::ZERO),
            maker_amount: 1,
            taker_amount: 1,
            side: Side::Buy,
            signature_type: SignatureType::Eoa,
            timestamp_ms: 1,
            metadata: B256::ZERO,
            builder: B256::ZERO,
        };
        let signed = SignedOrder { order, expiration: 0, signature: Signature::Ecdsa(EcdsaSignature([seed; 65])) };
        let expected = order_body::write(&signed, KEY, terms).into_bytes();
        let request = writer.post(&signed, terms, Timestamp::from_secs(1).unwrap());
        assert!(request.ends_with(&expected));
    }
}

#[test]
fn the_order_path_stays_closed_where_writes_are_forbidden() {
    let refused = RequestWriter::new(&Env::Production, Address::ZERO, creds());
    assert!(matches!(refused, Err(PolymarketError::WritesForbidden { .. })));
    let opened = open_lines(&Env::Production, Arc::new(Clock::default()), &PathConfig::new(1));
    assert!(matches!(opened, Err(PolymarketError::WritesForbidden { .. })));
}

#[test]
fn secrets_are_shown_nowhere_and_none_or_too_many_cancels_are_refused() {
    let mut writer = RequestWriter::new(&env(), Address::ZERO, creds()).unwrap();
    assert!(!format!("{writer:?}").contains("sesame"));
    for count in [0, 1_001] {
        let refused = writer.cancel_many(&vec![OrderHash(B256::ZERO); count], Timestamp::from_nanos(0)).unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Refused);
    }
}

#[test]
fn answers_mean_what_the_table_of_retries_says() {
    let read = |call, answer| read_answer::<PostOrderReply>(call, answer).unwrap_err().kind();
    assert_eq!(read(PathCall::Post, Answer::NotSent("busy".to_owned())), FailureKind::Retry);
    assert_eq!(read(PathCall::Post, Answer::Silent("gone".to_owned())), FailureKind::InDoubt);
    assert_eq!(read(PathCall::Cancel, Answer::Silent("gone".to_owned())), FailureKind::InDoubt);
    assert_eq!(ending(PathCall::Cancel, &Answer::Silent(String::new())), Some(Ending::Silent));
}
