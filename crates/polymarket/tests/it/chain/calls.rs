//! Encodings and ids against the Solidity compiler's and the published contract's own.

use alloy_primitives::{Address, B256, Bytes, FixedBytes, U256};
use brier_polymarket_protocol::chain::{Call, ExchangeEvent, ProxyCall, collection_id, condition_id, position_id};
use brier_polymarket_protocol::ids::{ConditionId, QuestionId, Side};

use super::evm::{Evm, arguments, noise, show, soon};

fn number(word: B256) -> U256 {
    U256::from_be_bytes(word.0)
}

/// One of every call, filled from noise.
fn samples(seed: &str) -> Vec<Call> {
    let mut noise = noise(seed, 200);
    let mut next = || noise.next().unwrap();
    macro_rules! fill {
        (a) => {
            Address::from_word(next())
        };
        (n) => {
            number(next())
        };
        (w) => {
            next()
        };
        (l) => {
            vec![number(next()), number(next()), number(next())]
        };
        (d) => {
            Bytes::copy_from_slice(&[next().0, next().0].concat()[..45])
        };
        (31) => {
            FixedBytes::<31>::from_slice(&next()[..31])
        };
    }
    vec![
        Call::Approve { spender: fill!(a), amount: fill!(n) },
        Call::BalanceOf { owner: fill!(a) },
        Call::Allowance { owner: fill!(a), spender: fill!(a) },
        Call::Transfer { to: fill!(a), amount: fill!(n) },
        Call::SetApprovalForAll { operator: fill!(a), approved: true },
        Call::IsApprovedForAll { owner: fill!(a), operator: fill!(a) },
        Call::TokenBalanceOf { owner: fill!(a), id: fill!(n) },
        Call::TokenBalanceOfBatch { owners: vec![fill!(a), fill!(a)], ids: fill!(l) },
        Call::SafeTransferFrom { from: fill!(a), to: fill!(a), id: fill!(n), amount: fill!(n), data: fill!(d) },
        Call::Wrap { asset: fill!(a), to: fill!(a), amount: fill!(n) },
        Call::Unwrap { asset: fill!(a), to: fill!(a), amount: fill!(n) },
        Call::SplitPosition {
            collateral: fill!(a),
            parent: fill!(w),
            condition: fill!(w),
            partition: fill!(l),
            amount: fill!(n),
        },
        Call::MergePositions {
            collateral: fill!(a),
            parent: fill!(w),
            condition: fill!(w),
            partition: fill!(l),
            amount: fill!(n),
        },
        Call::RedeemPositions { collateral: fill!(a), parent: fill!(w), condition: fill!(w), index_sets: fill!(l) },
        Call::ConvertPositions { market: fill!(w), index_set: fill!(n), amount: fill!(n) },
        Call::NegRiskRedeem { condition: fill!(w), amounts: fill!(l) },
        Call::SplitV2 { condition: fill!(31), amount: fill!(n) },
        Call::MergeV2 { condition: fill!(31), amount: fill!(n) },
        Call::RedeemV2 { condition: fill!(31), outcome: fill!(n), amount: fill!(n) },
        Call::ConvertV2 { event: FixedBytes::from_slice(&next()[..29]), condition_index: 513, amount: fill!(n) },
        Call::PrepareCondition { oracle: fill!(a), question: fill!(w), outcomes: fill!(n) },
        Call::ReportPayouts { question: fill!(w), payouts: fill!(l) },
        Call::PayoutDenominator { condition: fill!(w) },
        Call::PayoutNumerators { condition: fill!(w), outcome: fill!(n) },
        Call::OutcomeSlotCount { condition: fill!(w) },
        Call::GetCollectionId { parent: fill!(w), condition: fill!(w), index_set: fill!(n) },
        Call::GetPositionId { collateral: fill!(a), collection: fill!(w) },
        Call::MultiSend { transactions: fill!(d) },
        Call::Proxy {
            calls: vec![
                ProxyCall { kind: 1, to: fill!(a), value: fill!(n), data: fill!(d) },
                ProxyCall { kind: 2, to: fill!(a), value: fill!(n), data: Bytes::new() },
            ],
        },
    ]
}

#[tokio::test]
async fn the_compiler_encodes_every_call_as_we_do() {
    let Some(evm) = Evm::start() else { return };
    let contract = evm.deploy("Calls", &[]).await;
    let mut signatures = std::collections::BTreeSet::new();
    for seed in ["first", "second", "third"] {
        for call in samples(seed) {
            let ours = call.encode();
            let theirs: Bytes = evm.ask(contract, &ours).await;
            assert_eq!(show(&theirs), show(&ours), "{call:?}");
            assert_eq!(Call::decode(&theirs).unwrap(), call);
            signatures.insert(call.selector());
        }
    }
    assert_eq!(signatures.len(), Call::all().len(), "every call has a sample");
}

#[tokio::test]
async fn ids_are_what_conditional_tokens_computes() {
    let Some(evm) = Evm::start() else { return };
    let ctf = evm.deploy("ConditionalTokens", &[]).await;
    let mut words = noise("ids", 400);
    let mut parent = B256::ZERO;
    for round in 0..100 {
        let [a, b, c, d] = std::array::from_fn(|_| words.next().unwrap());
        let (oracle, question) = (Address::from_word(a), QuestionId(b));
        let outcomes = u16::from_be_bytes([0, c[0]]).clamp(2, 255);
        let condition = condition_id(oracle, question, outcomes);
        let asked = arguments("getConditionId(address,bytes32,uint256)", |data| {
            data.field(&oracle);
            data.field(&question.0);
            data.field(&U256::from(outcomes));
        });
        assert_eq!(evm.ask::<B256>(ctf, &asked).await, condition.0, "round {round}");

        let index_set = if round % 2 == 0 { U256::from(1 + round % 3) } else { number(d) };
        let asked = Call::GetCollectionId { parent, condition: condition.0, index_set }.encode();
        let collection: B256 = evm.ask(ctf, &asked).await;
        assert_eq!(collection_id(parent, condition, index_set).unwrap(), collection, "round {round}, parent {parent}");

        let asked = Call::GetPositionId { collateral: oracle, collection }.encode();
        assert_eq!(evm.ask::<U256>(ctf, &asked).await, position_id(oracle, collection).0, "round {round}");
        // Every third round starts anew, the others go deeper.
        parent = if round % 3 == 2 { B256::ZERO } else { collection };
    }
}

#[tokio::test]
async fn the_contract_and_we_refuse_the_same_parents() {
    let Some(evm) = Evm::start() else { return };
    let ctf = evm.deploy("ConditionalTokens", &[]).await;
    let condition = ConditionId(B256::repeat_byte(9));
    let mut refused = 0;
    for parent in noise("parents", 60) {
        let asked = Call::GetCollectionId { parent, condition: condition.0, index_set: U256::ONE }.encode();
        let theirs = evm.rpc.call(Address::ZERO, ctf, &asked).await;
        let ours = collection_id(parent, condition, U256::ONE);
        assert_eq!(theirs.is_ok(), ours.is_ok(), "{parent}: {theirs:?}");
        if let (Ok(theirs), Ok(ours)) = (theirs, &ours) {
            assert_eq!(theirs.as_ref(), ours.as_slice(), "{parent}");
        }
        refused += usize::from(ours.is_err());
    }
    assert!(refused > 10, "only {refused} of the parents were refused");
}

#[tokio::test]
async fn events_read_from_a_receipt() {
    let Some(evm) = Evm::start() else { return };
    let contract = evm.deploy("Calls", &[]).await;
    let key = super::evm::key("reader");
    evm.fund(key.address()).await;
    let account = evm.account(&key, "reader").await;
    let (order, maker, taker) = (B256::repeat_byte(1), Address::repeat_byte(2), Address::repeat_byte(3));
    let token = U256::from(99);
    let call = arguments("emitAll(bytes32,address,address,uint256)", |data| {
        data.field(&order);
        data.field(&maker);
        data.field(&taker);
        data.field(&token);
    });
    let sent = account.send("emit", contract, U256::ZERO, call).await.unwrap();
    let brier_polymarket::chain::Outcome::Done(receipt) = account.wait(sent.nonce, soon(1)).await.unwrap() else {
        panic!("no receipt");
    };
    let events: Vec<_> = receipt.logs.iter().map(|log| ExchangeEvent::decode(log).unwrap().unwrap()).collect();
    let [
        ExchangeEvent::OrderFilled(first),
        ExchangeEvent::OrderFilled(second),
        ExchangeEvent::FeeCharged { receiver, amount },
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((first.order.0, first.maker, first.taker, first.side), (order, maker, taker, Side::Buy));
    assert_eq!((second.order.0, second.maker, second.taker, second.side), (order, maker, taker, Side::Sell));
    assert_eq!((first.token.0, second.token.0), (token, token));
    assert_eq!((first.maker_amount, second.maker_amount), (U256::from(5), U256::from(10)));
    assert_eq!((number(second.builder), number(second.metadata)), (U256::from(7), U256::from(8)));
    assert_eq!((*receiver, *amount), (taker, U256::from(3)));
}
