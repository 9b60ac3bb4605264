//! Wallets that are contracts: where CREATE2 puts them, and whether they take what their owners sign.

use std::sync::Arc;

use alloy_primitives::{Address, B256, Bytes, U256};
use brier_polymarket::chain::{Outcome, RpcAccount};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::chain::relayer::{WalletCall, safe_call};
use brier_polymarket_protocol::chain::{Call, PositionOp, Step};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_polymarket_protocol::wallet::{self, SafeOperation, SafeTx, sign_deposit_wallet_batch};

use super::evm::{Evm, arguments, key, soon, words};

/// Puts the deposit wallets' factory, their beacon and what they run where the venue has them; once for each node.
pub(crate) async fn factory(evm: &Evm) {
    if evm.rpc.has_code(Contracts::DEPOSIT_WALLET_FACTORY).await.unwrap() {
        return;
    }
    let code = evm.deploy("WalletCode", &[]).await;
    let beacon = evm.deploy("Beacon", &words(&[code.into_word()])).await;
    evm.place(beacon, Contracts::DEPOSIT_WALLET_BEACON).await;
    let factory = evm.deploy("WalletFactory", &[]).await;
    evm.place(factory, Contracts::DEPOSIT_WALLET_FACTORY).await;
}

/// Has the factory make a wallet, and gives its address.
pub(crate) async fn make(evm: &Evm, function: &str, owner: Address) -> Address {
    let call = arguments(function, |data| data.field(&owner));
    let address: Address = evm.ask(Contracts::DEPOSIT_WALLET_FACTORY, &call).await;
    let anyone = banker(evm).await;
    carry_out(&anyone, Contracts::DEPOSIT_WALLET_FACTORY, call).await;
    assert!(evm.rpc.has_code(address).await.unwrap());
    address
}

/// Somebody with gas, with a journal that no other use of it shares.
pub(crate) async fn banker(evm: &Evm) -> RpcAccount {
    let key = key("somebody with gas");
    evm.fund(key.address()).await;
    evm.account(&key, "somebody").await
}

pub(crate) async fn carry_out(account: &RpcAccount, to: Address, call: Bytes) -> brier_polymarket::chain::Receipt {
    let sent = account.send("call", to, U256::ZERO, call).await.unwrap();
    match account.wait(sent.nonce, soon(1)).await.unwrap() {
        Outcome::Done(receipt) => receipt,
        other => panic!("{other:?}"),
    }
}

/// A Safe of this owner, as the published factory makes it.
pub(crate) async fn safe(evm: &Evm, owner: Address) -> Address {
    let singleton = evm.deploy("GnosisSafe", &[]).await;
    let factory = evm.deploy("SafeFactory", &[]).await;
    let fallback = evm.deploy("SafeFallback", &[]).await;
    let setup = arguments("setup(address[],uint256,address,bytes,address,address,uint256,address)", |data| {
        data.field(&vec![owner]);
        data.field(&U256::ONE);
        data.field(&Address::ZERO);
        data.field(&Bytes::new());
        data.field(&fallback);
        data.field(&Address::ZERO);
        data.field(&U256::ZERO);
        data.field(&Address::ZERO);
    });
    let create = arguments("createProxy(address,bytes)", |data| {
        data.field(&singleton);
        data.field(&setup);
    });
    let receipt = carry_out(&banker(evm).await, factory, create).await;
    // `ProxyCreation(proxy, singleton)` comes last.
    Address::from_slice(&receipt.logs.last().unwrap().data[12..32])
}

/// `execTransaction` with the owner's signature.
pub(crate) fn exec_transaction(to: Address, data: &Bytes, operation: SafeOperation, signature: &Bytes) -> Bytes {
    let signature_of = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)";
    arguments(signature_of, |out| {
        out.field(&to);
        out.field(&U256::ZERO);
        out.field(data);
        out.field(&(operation as u8));
        out.field(&U256::ZERO);
        out.field(&U256::ZERO);
        out.field(&U256::ZERO);
        out.field(&Address::ZERO);
        out.field(&Address::ZERO);
        out.field(signature);
    })
}

/// `execute` of a deposit wallet.
pub(crate) fn execute(nonce: U256, deadline: u64, calls: &[WalletCall], signature: &Bytes) -> Bytes {
    // The one array of structs here: its body is what the proxy factory's call would hold, without the kind.
    let mut body = U256::from(calls.len()).to_be_bytes::<32>().to_vec();
    let bodies: Vec<Vec<u8>> = calls
        .iter()
        .map(|call| {
            let encoded = arguments("call(address,uint256,bytes)", |out| {
                out.field(&call.target);
                out.field(&call.value);
                out.field(&call.data);
            });
            encoded[4..].to_vec()
        })
        .collect();
    let mut offset = 32 * calls.len();
    for one in &bodies {
        body.extend_from_slice(&U256::from(offset).to_be_bytes::<32>());
        offset += one.len();
    }
    body.extend(bodies.concat());
    let selector = alloy_primitives::keccak256("execute(uint256,uint256,(address,uint256,bytes)[],bytes)");
    let mut out = selector[..4].to_vec();
    for head in [nonce, U256::from(deadline), U256::from(128), U256::from(128 + body.len())] {
        out.extend_from_slice(&head.to_be_bytes::<32>());
    }
    out.extend(body);
    out.extend_from_slice(&U256::from(signature.len()).to_be_bytes::<32>());
    out.extend_from_slice(signature);
    out.resize(out.len().next_multiple_of(32) + 4, 0);
    out.into()
}

#[tokio::test]
async fn wallets_are_where_create2_puts_them() {
    let Some(evm) = Evm::start() else { return };
    let judge = evm.deploy("ExchangeV2", &[]).await;
    factory(&evm).await;
    for round in 0..10 {
        let owner = key(&format!("owner {round}")).address();
        let ask = |function| arguments(function, |data| data.field(&owner));
        assert_eq!(evm.ask::<Address>(judge, &ask("safeOf(address)")).await, wallet::safe(owner));
        assert_eq!(evm.ask::<Address>(judge, &ask("proxyOf(address)")).await, wallet::proxy(owner));
        assert_eq!(make(&evm, "deploy(address)", owner).await, wallet::deposit_wallet(owner));
        assert_eq!(make(&evm, "deployEarly(address)", owner).await, wallet::early_deposit_wallet(owner));
        // The wallet itself finds its owner in the code behind the proxy.
        let found: Address = evm.ask(wallet::deposit_wallet(owner), &arguments("owner()", |_| ())).await;
        assert_eq!(found, owner);
    }
}

#[tokio::test]
async fn a_published_safe_carries_out_a_batch_that_we_signed() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    let owner: Arc<WalletKey> = key("safe owner");
    let safe = safe(&evm, owner.address()).await;
    let multisend = evm.deploy("MultiSend", &[]).await;
    let operator = Address::repeat_byte(0xe1);
    let approvals = [
        PositionOp::ApproveCollateral { spender: deployed.ctf },
        PositionOp::ApproveTokens { tokens: deployed.ctf, operator },
    ];
    let steps: Vec<Step> = approvals.iter().flat_map(|approval| approval.steps(&deployed.venue)).collect();
    for (nonce, steps) in [(0, &steps[..]), (1, &steps[..1])] {
        let (to, data, operation) = safe_call(steps, multisend);
        let transaction = SafeTx { to, value: U256::ZERO, data: &data, operation, nonce: U256::from(nonce) };
        let ask = "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256)";
        let asked = arguments(ask, |out| {
            out.field(&to);
            out.field(&U256::ZERO);
            out.field(&data);
            out.field(&(operation as u8));
            out.field(&U256::ZERO);
            out.field(&U256::ZERO);
            out.field(&U256::ZERO);
            out.field(&Address::ZERO);
            out.field(&Address::ZERO);
            out.field(&U256::from(nonce));
        });
        assert_eq!(evm.ask::<B256>(safe, &asked).await, transaction.hash(Chain::Polygon, safe));
        let signature = Bytes::copy_from_slice(&transaction.sign(Chain::Polygon, safe, &owner).0);
        carry_out(&banker(&evm).await, safe, exec_transaction(to, &data, operation, &signature)).await;
        for approval in &approvals {
            assert!(evm.reads(&deployed, safe).is_approved(approval).await.unwrap(), "{approval:?}");
        }
    }
}

#[tokio::test]
async fn a_deposit_wallet_carries_out_a_batch_that_we_signed() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    factory(&evm).await;
    let owner = key("deposit owner");
    let wallet = make(&evm, "deploy(address)", owner.address()).await;
    let approval = PositionOp::ApproveCollateral { spender: deployed.ctf };
    let steps = approval.steps(&deployed.venue);
    let calls = brier_polymarket_protocol::chain::relayer::wallet_calls(&steps);
    let signed: Vec<wallet::Call<'_>> =
        calls.iter().map(|call| wallet::Call { target: call.target, value: call.value, data: &call.data }).collect();
    let (nonce, deadline) = (U256::from(3), u64::from(u32::MAX));
    let signature = sign_deposit_wallet_batch(Chain::Polygon, wallet, nonce, deadline, &signed, &owner);
    let signature = Bytes::copy_from_slice(&signature.0);
    let anyone = banker(&evm).await;
    let other_nonce = execute(U256::from(4), deadline, &calls, &signature);
    let refused = anyone.send("execute", wallet, U256::ZERO, other_nonce).await.unwrap_err();
    assert!(refused.to_string().contains("not the owner"), "{refused}");
    carry_out(&anyone, wallet, execute(nonce, deadline, &calls, &signature)).await;
    assert!(evm.reads(&deployed, wallet).is_approved(&approval).await.unwrap());
    let nothing = Call::Allowance { owner: wallet, spender: owner.address() };
    assert_eq!(evm.ask::<U256>(deployed.collateral, &nothing.encode()).await, U256::ZERO);
}
