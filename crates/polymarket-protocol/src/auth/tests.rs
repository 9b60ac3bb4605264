//! Keys, credentials and headers. Exact signatures are in the vectors.

use alloy_primitives::{B256, keccak256};

use super::l1::CLOB_AUTH_TYPEHASH;
use super::*;
use crate::contracts::Chain;
use crate::eip712;

const SECRET: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

fn key() -> WalletKey {
    WalletKey::from_hex(SECRET).unwrap()
}

#[test]
fn the_constants_are_what_they_hash_to() {
    let typed = keccak256("ClobAuth(address address,string timestamp,uint256 nonce,string message)");
    assert_eq!(typed, CLOB_AUTH_TYPEHASH);
    for chain in [Chain::Polygon, Chain::Amoy] {
        let computed = eip712::domain_separator_without_contract("ClobAuthDomain", "1", chain.id());
        assert_eq!(computed, clob_auth_domain_separator(chain));
    }
}

#[test]
fn a_key_knows_its_address_and_hides_the_rest() {
    assert_eq!(key().address().to_string(), "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
    assert_eq!(format!("{:?}", key()), "WalletKey(0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266)");
    let error = |text: &str| WalletKey::from_hex(text).unwrap_err();
    assert_eq!(error("0x12"), KeyError::Length { found: 2 });
    assert_eq!(error(&"g".repeat(64)), KeyError::Digit);
    assert_eq!(error(&"0".repeat(64)), KeyError::Range);
    assert_eq!(error(&"f".repeat(64)), KeyError::Range);
    assert_eq!(error(&"é".repeat(64)), KeyError::Digit);
}

#[test]
fn what_is_signed_is_recovered_and_nothing_looser() {
    let hash = keccak256("order");
    let signature = key().sign(hash);
    assert_eq!(recover(hash, &signature), Ok(key().address()));
    assert_ne!(recover(keccak256("other"), &signature), Ok(key().address()));

    let with = |change: fn(&mut [u8; 65])| {
        let mut bytes = signature.0;
        change(&mut bytes);
        recover(hash, &EcdsaSignature(bytes))
    };
    assert!(matches!(with(|bytes| bytes[64] -= 27), Err(RecoverError::V { found: 0 | 1 })));
    assert_eq!(with(|bytes| bytes[32..64].fill(0xff)), Err(RecoverError::HighS));
    assert_eq!(with(|bytes| bytes[..32].fill(0xff)), Err(RecoverError::NoPoint));
    assert_eq!(with(|bytes| bytes[32..64].fill(0)), Err(RecoverError::NoPoint));
}

/// The same signature with s mirrored and v flipped recovers to the same key, and is refused.
#[test]
fn a_malleated_signature_is_refused() {
    use alloy_primitives::{U256, uint};
    const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);
    let hash = B256::repeat_byte(7);
    let mut bytes = key().sign(hash).0;
    let mirrored = ORDER - U256::from_be_slice(&bytes[32..64]);
    bytes[32..64].copy_from_slice(&mirrored.to_be_bytes::<32>());
    bytes[64] = 55 - bytes[64];
    assert_eq!(recover(hash, &EcdsaSignature(bytes)), Err(RecoverError::HighS));
}

#[test]
fn level_1_proves_the_wallet() {
    let made = l1_headers(&key(), Chain::Polygon, 1_763_600_000, 3);
    let check = |address: &str, signature: &str, timestamp: &str, nonce: &str| {
        verify_l1(Chain::Polygon, address, signature, timestamp, nonce)
    };
    let lower = made.address.to_lowercase();
    assert_eq!(check(&lower, &made.signature, "1763600000", "3"), Ok(key().address()));
    assert!(matches!(check(&lower, &made.signature, "1763600001", "3"), Err(L1Error::Signature { .. })));
    assert!(matches!(check(&lower, &made.signature, "1763600000", "4"), Err(L1Error::Signature { .. })));
    assert!(verify_l1(Chain::Amoy, &lower, &made.signature, "1763600000", "3").is_err());
    for (address, signature, timestamp, nonce) in [
        ("0x12", made.signature.as_str(), "1", "0"),
        (&lower, "0x12", "1", "0"),
        (&lower, &made.signature, "-1", "0"),
        (&lower, &made.signature, "1", ""),
    ] {
        assert!(matches!(check(address, signature, timestamp, nonce), Err(L1Error::Malformed { .. })));
    }
}

#[test]
fn secrets_are_read_in_both_alphabets_with_or_without_padding() {
    let forms = ["_-_-_-_-_-8=", "/+/+/+/+/+8=", "_-_-_-_-_-8", "/+/+/+/+/+8"];
    let signatures: Vec<String> = forms
        .iter()
        .map(|secret| builder_headers(&ApiCreds::new("k", secret, "p").unwrap(), 1, "GET", "/", b"").signature)
        .collect();
    assert!(signatures.iter().all(|signature| *signature == signatures[0]), "{signatures:?}");
    assert_eq!(ApiSecret::new("a b").unwrap_err(), CredsError::Secret);
    assert_eq!(ApiSecret::new("").unwrap_err(), CredsError::Empty { part: "secret" });
    assert_eq!(ApiCreds::new("k\n", "AAAA", "p").unwrap_err(), CredsError::Character { part: "key" });
}

#[test]
fn level_2_covers_time_method_path_and_body_but_no_query() {
    let creds = ApiCreds::new("k", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "p").unwrap();
    let made = l2_headers(&creds, key().address(), 5, "POST", "/order?x=1", br#"{"a":"it's"}"#);
    let check = |time: &str, method: &str, path: &str, body: &[u8]| {
        verify_l2(creds.secret(), time, method, path, body, &made.signature)
    };
    assert!(check("5", "POST", "/order", br#"{"a":"it's"}"#));
    assert!(!check("6", "POST", "/order", br#"{"a":"it's"}"#));
    assert!(!check("5", "GET", "/order", br#"{"a":"it's"}"#));
    assert!(!check("5", "POST", "/orders", br#"{"a":"it's"}"#));
    assert!(!check("5", "POST", "/order", b"{}"));
    assert!(!verify_l2(creds.secret(), "5", "POST", "/order", b"", "no base64!"));

    let python = l2_headers(&creds, key().address(), 5, "POST", "/order", &super::l2::quoted(br#"{"a":"it's"}"#));
    assert!(verify_l2(creds.secret(), "5", "POST", "/order", br#"{"a":"it's"}"#, &python.signature));
}

#[test]
fn nothing_prints_a_secret() {
    let creds = ApiCreds::new("key-id", "c2VjcmV0LXZhbHVl", "pass-phrase").unwrap();
    let shown = format!(
        "{creds:?} {:?} {:?} {:?}",
        creds.secret(),
        l2_headers(&creds, key().address(), 5, "GET", "/", b""),
        builder_headers(&creds, 5, "GET", "/", b"")
    );
    assert!(!shown.contains("c2Vj") && !shown.contains("pass-phrase"), "{shown}");
}
