//! Our hashes and signatures of orders before contracts that hash and recover with others' code (OpenZeppelin's, Solady's),
//! at the exchanges' real addresses on a chain with Polygon's number.
//!
//! The venue's own exchange code is in no registry; the contracts here follow the reference.

use alloy_primitives::{Address, B256, Bytes, U256};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::contracts::{Chain, Contracts, Domain, OrderVersion};
use brier_polymarket_protocol::ids::{Side, SignatureType, TokenId};
use brier_polymarket_protocol::order::{self, Order, OrderV1};
use brier_polymarket_protocol::wallet;

use super::evm::{Evm, arguments, key, noise, word, words};

const ROUNDS: usize = 12;

fn maker(kind: SignatureType, owner: Address) -> (Address, Address) {
    match kind {
        SignatureType::Eoa => (owner, owner),
        SignatureType::Proxy => (wallet::proxy(owner), owner),
        SignatureType::Safe => (wallet::safe(owner), owner),
        SignatureType::DepositWallet => (wallet::deposit_wallet(owner), wallet::deposit_wallet(owner)),
    }
}

fn small(word: &B256) -> u64 {
    u64::from_be_bytes(word[..8].try_into().unwrap()) >> 11
}

fn random(seed: &str, kind: SignatureType, owner: Address) -> Order {
    let noise: Vec<B256> = noise(seed, 8).collect();
    let (maker, signer) = maker(kind, owner);
    Order {
        salt: small(&noise[0]),
        maker,
        signer,
        token: TokenId(U256::from_be_bytes(noise[1].0)),
        maker_amount: small(&noise[2]),
        taker_amount: small(&noise[3]),
        side: if noise[4][0].is_multiple_of(2) { Side::Buy } else { Side::Sell },
        signature_type: kind,
        timestamp_ms: small(&noise[5]),
        metadata: noise[6],
        builder: noise[7],
    }
}

/// What a contract says to an order and a signature: its hash, and whether it would fill the order.
struct Verdict {
    hash: B256,
    valid: bool,
}

async fn judge(evm: &Evm, exchange: Address, types: &str, order: &[B256], signature: Vec<u8>) -> Verdict {
    let fields =
        |data: &mut brier_polymarket_protocol::chain::abi::Writer| order.iter().for_each(|word| data.field(word));
    let hash = evm.ask(exchange, &arguments(&format!("hashOrder(({types}))"), fields)).await;
    let call = arguments(&format!("verify(({types}),bytes)"), |data| {
        fields(data);
        data.field(&Bytes::from(signature));
    });
    // A signature that recovers nobody makes the contract revert: a no as well.
    let answer = evm.rpc.call(Address::ZERO, exchange, &call).await;
    Verdict { hash, valid: answer.is_ok_and(|answer| answer.last() == Some(&1)) }
}

const MODERN: &str = "uint256,address,address,uint256,uint256,uint256,uint8,uint8,uint256,bytes32,bytes32";

fn modern(order: &Order) -> Vec<B256> {
    let number = |number: u64| word(&number.to_be_bytes());
    vec![
        number(order.salt),
        order.maker.into_word(),
        order.signer.into_word(),
        B256::from(order.token.0.to_be_bytes::<32>()),
        number(order.maker_amount),
        number(order.taker_amount),
        word(&[order.side as u8]),
        word(&[order.signature_type as u8]),
        number(order.timestamp_ms),
        order.metadata,
        order.builder,
    ]
}

/// Puts a contract where the domain says that the exchange is, and checks that it agrees on the domain.
async fn exchange(evm: &Evm, contract: &str, domain: Domain) -> Address {
    let deployed = evm.deploy(contract, &[]).await;
    evm.place(deployed, domain.exchange()).await;
    let separator: B256 = evm.ask(domain.exchange(), &arguments("separator()", |_| ())).await;
    assert_eq!(separator, domain.separator(), "{domain:?}");
    domain.exchange()
}

/// A deposit wallet for this key at its address: on Solady's code behind the beacon, made by the factory with CREATE2, or on
/// OpenZeppelin's.
async fn deposit_wallet(evm: &Evm, owner: &WalletKey, plain: bool) {
    let owner = owner.address();
    if plain {
        let deployed = evm.deploy("PlainWallet", &words(&[owner.into_word()])).await;
        evm.place(deployed, wallet::deposit_wallet(owner)).await;
        return;
    }
    super::wallets::factory(evm).await;
    let made = super::wallets::make(evm, "deploy(address)", owner).await;
    assert_eq!(made, wallet::deposit_wallet(owner));
}

async fn modern_orders(evm: &Evm, version: OrderVersion, contract: &str, neg_risk: bool) -> usize {
    let domain = Domain::new(Chain::Polygon, version, neg_risk);
    let exchange = exchange(evm, contract, domain).await;
    let mut judged = 0;
    let kinds = [SignatureType::Eoa, SignatureType::Proxy, SignatureType::Safe, SignatureType::DepositWallet];
    for (kind, round) in kinds.into_iter().flat_map(|kind| (0..ROUNDS).map(move |round| (kind, round))) {
        let seed = format!("{version} {kind:?} {round}");
        let key = key(&seed);
        if kind == SignatureType::DepositWallet {
            deposit_wallet(evm, &key, round % 2 == 0).await;
        }
        let order = random(&seed, kind, key.address());
        let signature = order::sign(&order, domain, &key).to_bytes();
        let verdict = judge(evm, exchange, MODERN, &modern(&order), signature.clone()).await;
        assert_eq!(verdict.hash, order::hash(&order, domain).0, "{seed}");
        assert!(verdict.valid, "{seed}: {order:?}");

        let mut changed = order;
        changed.taker_amount += 1;
        assert!(
            !judge(evm, exchange, MODERN, &modern(&changed), signature.clone()).await.valid,
            "{seed}: another order"
        );
        let mut wrong = signature;
        wrong[40] ^= 1;
        assert!(!judge(evm, exchange, MODERN, &modern(&order), wrong).await.valid, "{seed}: another signature");
        let stranger = super::evm::key("stranger");
        let theirs = order::sign(&order, domain, &stranger).to_bytes();
        assert!(!judge(evm, exchange, MODERN, &modern(&order), theirs).await.valid, "{seed}: a stranger's");
        judged += 1;
    }
    judged
}

#[tokio::test]
async fn v2_orders_of_every_signature_type_are_valid_on_chain() {
    let Some(evm) = Evm::start() else { return };
    assert_eq!(modern_orders(&evm, OrderVersion::V2, "ExchangeV2", false).await, 4 * ROUNDS);
}

#[tokio::test]
async fn v2_negative_risk_orders_of_every_signature_type_are_valid_on_chain() {
    let Some(evm) = Evm::start() else { return };
    assert_eq!(modern_orders(&evm, OrderVersion::V2, "ExchangeV2", true).await, 4 * ROUNDS);
}

#[tokio::test]
async fn v3_orders_of_every_signature_type_are_valid_on_chain() {
    let Some(evm) = Evm::start() else { return };
    assert_eq!(modern_orders(&evm, OrderVersion::V3, "ExchangeV3", false).await, 4 * ROUNDS);
}

#[tokio::test]
async fn v1_orders_are_valid_on_chain() {
    const TYPES: &str = "uint256,address,address,address,uint256,uint256,uint256,uint256,uint256,uint256,uint8,uint8";
    let Some(evm) = Evm::start() else { return };
    for neg_risk in [false, true] {
        let exchange = exchange(&evm, "ExchangeV1", OrderV1::domain(Chain::Polygon, neg_risk)).await;
        for (kind, round) in [SignatureType::Eoa, SignatureType::Proxy, SignatureType::Safe]
            .into_iter()
            .flat_map(|kind| (0..ROUNDS).map(move |round| (kind, round)))
        {
            let seed = format!("V1 {neg_risk} {kind:?} {round}");
            let key = key(&seed);
            let base = random(&seed, kind, key.address());
            let order = OrderV1 {
                salt: base.salt,
                maker: base.maker,
                signer: base.signer,
                taker: Contracts::RELAY_HUB,
                token: base.token,
                maker_amount: base.maker_amount,
                taker_amount: base.taker_amount,
                expiration: base.timestamp_ms,
                nonce: U256::from_be_bytes(base.metadata.0),
                fee_rate_bps: 1_000,
                side: base.side,
                signature_type: kind,
            };
            let number = |number: u64| word(&number.to_be_bytes());
            let fields = vec![
                number(order.salt),
                order.maker.into_word(),
                order.signer.into_word(),
                order.taker.into_word(),
                B256::from(order.token.0.to_be_bytes::<32>()),
                number(order.maker_amount),
                number(order.taker_amount),
                number(order.expiration),
                B256::from(order.nonce.to_be_bytes::<32>()),
                number(order.fee_rate_bps),
                word(&[order.side as u8]),
                word(&[order.signature_type as u8]),
            ];
            let signature = order.sign(Chain::Polygon, neg_risk, &key).to_bytes();
            let verdict = judge(&evm, exchange, TYPES, &fields, signature.clone()).await;
            assert_eq!(verdict.hash, order.hash(Chain::Polygon, neg_risk).0, "{seed}");
            assert!(verdict.valid, "{seed}: {order:?}");
            let mut changed = fields;
            changed[9] = number(0);
            assert!(!judge(&evm, exchange, TYPES, &changed, signature).await.valid, "{seed}: another fee");
        }
    }
}
