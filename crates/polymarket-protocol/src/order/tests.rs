//! Hashes, signatures of every type and what is said of wrong ones. Exact signatures are in the vectors.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::signature::{
    DEPOSIT_WALLET_NAME_HASH, DEPOSIT_WALLET_VERSION_HASH, TYPED_DATA_SIGN_TYPE, TYPED_DATA_SIGN_TYPEHASH,
};
use super::v1::ORDER_V1_TYPEHASH;
use super::*;
use crate::auth::{RecoverError, WalletKey};
use crate::contracts::{Chain, OrderVersion};
use crate::wallet;

const DOMAIN: Domain = Domain::new(Chain::Polygon, OrderVersion::V2, false);

fn key(seed: u8) -> WalletKey {
    WalletKey::from_bytes(&[seed; 32]).unwrap()
}

/// An order of the key with this seed, of this type.
fn order(seed: u8, signature_type: SignatureType) -> Order {
    let owner = key(seed).address();
    let (maker, signer) = match signature_type {
        SignatureType::Eoa => (owner, owner),
        SignatureType::Proxy => (wallet::proxy(owner), owner),
        SignatureType::Safe => (wallet::safe(owner), owner),
        SignatureType::DepositWallet => (wallet::deposit_wallet(owner), wallet::deposit_wallet(owner)),
    };
    Order {
        salt: 479_249_096_354,
        maker,
        signer,
        token: TokenId(U256::from(12_345)),
        maker_amount: 5_000_000,
        taker_amount: 10_000_000,
        side: Side::Buy,
        signature_type,
        timestamp_ms: 1_763_600_000_000,
        metadata: B256::ZERO,
        builder: B256::ZERO,
    }
}

const TYPES: [SignatureType; 4] =
    [SignatureType::Eoa, SignatureType::Proxy, SignatureType::Safe, SignatureType::DepositWallet];

fn domains() -> impl Iterator<Item = Domain> {
    [Chain::Polygon, Chain::Amoy].into_iter().flat_map(|chain| {
        [(OrderVersion::V2, false), (OrderVersion::V2, true), (OrderVersion::V3, false)]
            .map(|(version, neg_risk)| Domain::new(chain, version, neg_risk))
    })
}

#[test]
fn the_constants_are_what_they_hash_to() {
    assert_eq!(keccak256(ORDER_TYPE), ORDER_TYPEHASH);
    assert_eq!(keccak256(ORDER_V1_TYPE), ORDER_V1_TYPEHASH);
    assert_eq!(keccak256(format!("{TYPED_DATA_SIGN_TYPE}{ORDER_TYPE}")), TYPED_DATA_SIGN_TYPEHASH);
    assert_eq!(keccak256("DepositWallet"), DEPOSIT_WALLET_NAME_HASH);
    assert_eq!(keccak256("1"), DEPOSIT_WALLET_VERSION_HASH);
    assert_eq!(ORDER_TYPE.len(), 186);
}

#[test]
fn what_is_signed_verifies_in_every_type_and_domain() {
    for domain in domains() {
        for signature_type in TYPES {
            let order = order(1, signature_type);
            let signature = sign(&order, domain, &key(1));
            let length = if signature_type == SignatureType::DepositWallet { 317 } else { 65 };
            assert_eq!(signature.to_bytes().len(), length);
            assert_eq!(Signature::from_hex(&signature.to_string(), signature_type), Ok(signature));
            let verified = verify(&order, &signature.to_bytes(), domain, None).unwrap();
            assert_eq!(verified, Verified { hash: hash(&order, domain), owner: key(1).address() });
        }
    }
}

#[test]
fn no_field_can_be_changed_after_signing() {
    let changes: [fn(&mut Order); 9] = [
        |order| order.salt += 1,
        |order| order.token.0 += U256::from(1),
        |order| order.maker_amount -= 1,
        |order| order.taker_amount += 1,
        |order| order.side = Side::Sell,
        |order| order.timestamp_ms += 1,
        |order| order.metadata = B256::repeat_byte(1),
        |order| order.builder = B256::repeat_byte(1),
        |order| (order.maker, order.signer) = (key(2).address(), key(2).address()),
    ];
    for signature_type in TYPES {
        let signed = order(1, signature_type);
        let signature = sign(&signed, DOMAIN, &key(1)).to_bytes();
        for (index, change) in changes.iter().enumerate() {
            let mut order = signed;
            change(&mut order);
            assert!(verify(&order, &signature, DOMAIN, None).is_err(), "{signature_type:?}, change {index}");
        }
    }
}

#[test]
fn the_other_key_is_named() {
    let order = order(1, SignatureType::Safe);
    let signature = sign(&order, DOMAIN, &key(2)).to_bytes();
    let (expected, found) = (key(1).address(), key(2).address());
    assert_eq!(verify(&order, &signature, DOMAIN, None), Err(SignatureError::Signer { expected, found }));
}

#[test]
fn a_maker_belongs_to_its_signer() {
    let mut order = order(1, SignatureType::Safe);
    order.maker = wallet::proxy(order.signer);
    let signature = sign(&order, DOMAIN, &key(1)).to_bytes();
    let expected = wallet::safe(order.signer);
    assert_eq!(
        verify(&order, &signature, DOMAIN, None),
        Err(SignatureError::Maker { signature_type: SignatureType::Safe, expected, found: order.maker })
    );
    assert_eq!(
        verify(&order, &signature, DOMAIN, None).unwrap_err().to_string(),
        format!("maker: expected {expected} for signature type 2, found {}", order.maker)
    );
}

#[test]
fn signatures_for_elsewhere_are_named() {
    for signature_type in TYPES {
        let order = order(1, signature_type);
        let under = |domain: Domain| sign(&order, domain, &key(1)).to_bytes();
        let v3 = Domain { version: OrderVersion::V3, ..DOMAIN };
        let neg_risk = Domain { neg_risk: true, ..DOMAIN };
        assert_eq!(
            verify(&order, &under(v3), DOMAIN, None),
            Err(SignatureError::VersionMismatch { expected: OrderVersion::V2, found: OrderVersion::V3 })
        );
        assert_eq!(
            verify(&order, &under(neg_risk), v3, None),
            Err(SignatureError::VersionMismatch { expected: OrderVersion::V3, found: OrderVersion::V2 })
        );
        assert_eq!(
            verify(&order, &under(neg_risk), DOMAIN, None),
            Err(SignatureError::WrongExchange { expected: false })
        );
        assert!(verify(&order, &under(Domain { chain: Chain::Amoy, ..v3 }), v3, None).is_err());
    }
}

#[test]
fn a_deposit_wallet_is_derived_or_on_file() {
    let owner = key(1).address();
    let mut order = order(1, SignatureType::DepositWallet);
    for (wallet, on_file, is_fine) in [
        (wallet::early_deposit_wallet(owner), None, true),
        (Address::repeat_byte(9), Some(owner), true),
        (Address::repeat_byte(9), Some(Address::repeat_byte(8)), false),
        (Address::repeat_byte(9), None, false),
    ] {
        (order.maker, order.signer) = (wallet, wallet);
        let signature = sign(&order, DOMAIN, &key(1)).to_bytes();
        let verdict = verify(&order, &signature, DOMAIN, on_file);
        let not_owner = SignatureError::NotOwner { wallet, found: owner };
        assert_eq!(verdict.map(|verified| verified.owner), if is_fine { Ok(owner) } else { Err(not_owner) });
    }
}

#[test]
fn a_wrapped_signature_is_whole() {
    let order = order(1, SignatureType::DepositWallet);
    let good = sign(&order, DOMAIN, &key(1)).to_bytes();
    let with = |index: usize| {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        verify(&order, &bytes, DOMAIN, None).unwrap_err()
    };
    assert_eq!(with(316), SignatureError::Form(SignatureFormError::Trailer));
    assert_eq!(with(200), SignatureError::Form(SignatureFormError::Trailer));
    assert_eq!(with(100), SignatureError::OtherContents { part: "contents hash" });
    assert_eq!(with(70), SignatureError::OtherContents { part: "domain separator" });
    assert!(matches!(with(64), SignatureError::Recover(RecoverError::V { .. }) | SignatureError::NotOwner { .. }));
    let short = verify(&order, &good[..65], DOMAIN, None).unwrap_err();
    assert_eq!(short.to_string(), "signature: expected 317 bytes for signature type 3, found 65");
    assert_eq!(Signature::from_hex("0xzz", SignatureType::Eoa), Err(SignatureFormError::Hex));
    assert_eq!(Signature::from_hex(&"0x00".repeat(60), SignatureType::Eoa), Err(SignatureFormError::Hex));
    let long = Signature::from_hex(&format!("0x{}", "00".repeat(400)), SignatureType::Eoa);
    assert_eq!(long, Err(SignatureFormError::Length { signature_type: SignatureType::Eoa, expected: 65, found: 400 }));
}

#[test]
fn orders_of_version_1_verify_too() {
    let owner = key(1).address();
    let mut order = OrderV1 {
        salt: 1,
        maker: owner,
        signer: owner,
        taker: Address::ZERO,
        token: TokenId(U256::from(7)),
        maker_amount: 1,
        taker_amount: 2,
        expiration: 0,
        nonce: U256::ZERO,
        fee_rate_bps: 0,
        side: Side::Sell,
        signature_type: SignatureType::Eoa,
    };
    let signature = order.sign(Chain::Polygon, true, &key(1)).to_bytes();
    let verified = verify_v1(&order, &signature, Chain::Polygon, true).unwrap();
    assert_eq!(verified, Verified { hash: order.hash(Chain::Polygon, true), owner });
    assert_eq!(
        verify_v1(&order, &signature, Chain::Polygon, false),
        Err(SignatureError::WrongExchange { expected: false })
    );
    order.taker_amount += 1;
    assert!(matches!(verify_v1(&order, &signature, Chain::Polygon, true), Err(SignatureError::Signer { .. })));
    order.signature_type = SignatureType::DepositWallet;
    assert_eq!(verify_v1(&order, &signature, Chain::Polygon, true), Err(SignatureError::NoDepositWalletInV1));
}

#[test]
fn kinds_are_their_words() {
    for kind in OrderKind::ALL {
        assert_eq!(kind.word().parse(), Ok(kind));
    }
    assert!("IOC".parse::<OrderKind>().is_err());
}
