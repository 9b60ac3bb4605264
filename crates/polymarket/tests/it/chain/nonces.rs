//! What happens to transactions: many at once, lost ones, replaced ones, restarts, foreign ones, and blocks that vanish.

use std::sync::Arc;

use alloy_primitives::{Address, Bytes, U256};
use brier_polymarket::chain::{ChainError, GasPolicy, Outcome, RpcAccount, RpcAccountConfig, Sent};
use brier_polymarket_protocol::auth::WalletKey;
use brier_polymarket_protocol::contracts::Chain;
use brier_types::{FailureKind, VenueError as _};
use futures_util::future::join_all;
use serde_json::json;

use super::evm::{Evm, key, soon};

const NOBODY: Address = Address::repeat_byte(0x77);

/// Sends one wei per unit, so that the balance of nobody counts what took effect.
async fn pay(account: &RpcAccount, wei: u64) -> Sent {
    account.send("pay", NOBODY, U256::from(wei), Bytes::new()).await.unwrap()
}

async fn paid(evm: &Evm) -> U256 {
    evm.rpc.balance(NOBODY).await.unwrap()
}

async fn funded(evm: &Evm, name: &str) -> Arc<WalletKey> {
    let key = key(name);
    evm.fund(key.address()).await;
    key
}

fn success(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done(_))
}

#[tokio::test]
async fn concurrent_sends_have_nonces_of_their_own() {
    let Some(evm) = Evm::without_mining() else { return };
    let account = evm.account(&funded(&evm, "busy").await, "busy").await;
    let sent = join_all([1, 2, 4, 8, 16, 32, 64, 128].map(|wei| pay(&account, wei))).await;
    let mut nonces: Vec<u64> = sent.iter().map(|sent| sent.nonce).collect();
    nonces.sort_unstable();
    assert_eq!(nonces, [0, 1, 2, 3, 4, 5, 6, 7]);
    evm.mine(1).await;
    for sent in sent {
        assert!(success(&account.wait(sent.nonce, soon(1)).await.unwrap()));
    }
    assert_eq!(paid(&evm).await, U256::from(255));
    assert_eq!(account.pending(), []);
    let again = account.wait(0, soon(1)).await.unwrap_err();
    assert!(matches!(again, ChainError::NotOpen { nonce: 0 }), "{again}");
}

#[tokio::test]
async fn a_transaction_that_the_node_lost_is_sent_again() {
    let Some(evm) = Evm::without_mining() else { return };
    let account = evm.account(&funded(&evm, "lost").await, "lost").await;
    let sent = pay(&account, 5).await;
    evm.node("anvil_dropTransaction", json!([sent.hash.to_string()])).await;
    assert!(!evm.rpc.knows(sent.hash).await.unwrap());
    let short = brier_polymarket::chain::Wait { deadline: std::time::Duration::ZERO, ..soon(1) };
    let doubt = account.wait(sent.nonce, short).await.unwrap_err();
    assert!(matches!(doubt, ChainError::InDoubt { nonce: 0, hash, .. } if hash == sent.hash), "{doubt}");
    assert_eq!(doubt.kind(), FailureKind::InDoubt);
    assert!(evm.rpc.knows(sent.hash).await.unwrap(), "waiting sent it again, byte for byte");
    evm.mine(1).await;
    assert!(success(&account.wait(sent.nonce, soon(1)).await.unwrap()));
    assert_eq!(paid(&evm).await, U256::from(5));
}

#[tokio::test]
async fn a_dropped_transaction_is_replaced_and_counts_once() {
    let Some(evm) = Evm::without_mining() else { return };
    let account = evm.account(&funded(&evm, "replaced").await, "replaced").await;
    let (first, second) = (pay(&account, 5).await, pay(&account, 7).await);
    evm.node("anvil_dropTransaction", json!([first.hash.to_string()])).await;
    let replaced = account.replace(first.nonce).await.unwrap();
    assert_eq!(replaced.nonce, first.nonce);
    assert_ne!(replaced.hash, first.hash);
    // A replacement of one that still waits must outbid it.
    let dearer = account.replace(second.nonce).await.unwrap();
    assert!(!evm.rpc.knows(second.hash).await.unwrap(), "the node dropped what was outbid");
    evm.mine(1).await;
    for (nonce, hash) in [(0, replaced.hash), (1, dearer.hash)] {
        let Outcome::Done(receipt) = account.wait(nonce, soon(1)).await.unwrap() else { panic!("not done") };
        assert_eq!(receipt.hash, hash);
    }
    assert_eq!(paid(&evm).await, U256::from(12));
}

#[tokio::test]
async fn a_canceled_transaction_never_happens() {
    let Some(evm) = Evm::without_mining() else { return };
    let account = evm.account(&funded(&evm, "canceled").await, "canceled").await;
    let sent = pay(&account, 5).await;
    let canceled = account.cancel(sent.nonce).await.unwrap();
    evm.mine(1).await;
    let outcome = account.wait(sent.nonce, soon(1)).await.unwrap();
    assert!(matches!(&outcome, Outcome::Canceled(receipt) if receipt.hash == canceled.hash), "{outcome:?}");
    assert_eq!(paid(&evm).await, U256::ZERO);
    assert_eq!(pay(&account, 6).await.nonce, 1);
}

#[tokio::test]
async fn a_restart_finds_what_was_open_and_sends_what_was_lost() {
    let Some(evm) = Evm::without_mining() else { return };
    let key = funded(&evm, "restarted").await;
    let account = evm.account(&key, "restarted").await;
    let (first, second) = (pay(&account, 5).await, pay(&account, 7).await);
    drop(account);
    // The first is mined while we are away; the second is lost with the node's memory.
    evm.node("anvil_dropTransaction", json!([second.hash.to_string()])).await;
    evm.mine(1).await;
    let account = evm.account(&key, "restarted").await;
    assert_eq!(account.pending(), [first, second]);
    assert!(evm.rpc.knows(second.hash).await.unwrap(), "opening sent it again");
    let third = pay(&account, 9).await;
    assert_eq!(third.nonce, 2, "no nonce is used twice");
    evm.mine(1).await;
    for sent in [first, second, third] {
        let Outcome::Done(receipt) = account.wait(sent.nonce, soon(1)).await.unwrap() else { panic!("not done") };
        assert_eq!(receipt.hash, sent.hash);
    }
    assert_eq!(paid(&evm).await, U256::from(21));
    drop(account);
    assert_eq!(evm.account(&key, "restarted").await.pending(), [], "what was told is closed for good");
}

#[tokio::test]
async fn a_foreign_transaction_with_our_nonce_is_found_out() {
    let Some(evm) = Evm::without_mining() else { return };
    let key = funded(&evm, "shared").await;
    let ours = evm.account(&key, "ours").await;
    let sent = pay(&ours, 5).await;
    evm.node("anvil_dropTransaction", json!([sent.hash.to_string()])).await;
    // The same key in another program, which knows nothing of ours.
    let foreign = evm.account(&key, "foreign").await;
    let theirs = pay(&foreign, 100).await;
    assert_eq!(theirs.nonce, sent.nonce);
    evm.mine(1).await;
    let taken = ours.wait(sent.nonce, soon(1)).await.unwrap_err();
    assert!(matches!(taken, ChainError::NonceTaken { nonce: 0, .. }), "{taken}");
    assert_eq!(pay(&ours, 6).await.nonce, 1);
    evm.mine(1).await;
    assert_eq!(paid(&evm).await, U256::from(106));
}

#[tokio::test]
async fn a_block_that_vanishes_confirms_nothing() {
    let Some(evm) = Evm::without_mining() else { return };
    let account = evm.account(&funded(&evm, "reorganized").await, "reorganized").await;
    let before = evm.node("evm_snapshot", json!([])).await;
    let sent = pay(&account, 5).await;
    evm.mine(1).await;
    let short = brier_polymarket::chain::Wait { deadline: std::time::Duration::ZERO, ..soon(3) };
    let shallow = account.wait(sent.nonce, short).await.unwrap_err();
    assert!(shallow.to_string().contains("in a block, 1 of 3 blocks deep"), "{shallow}");
    // The chain goes on without that block.
    evm.node("evm_revert", json!([before])).await;
    evm.mine(5).await;
    assert_eq!(paid(&evm).await, U256::ZERO);
    let gone = account.wait(sent.nonce, short).await.unwrap_err();
    assert!(gone.to_string().contains("waits for a block"), "{gone}");
    evm.mine(3).await;
    let Outcome::Done(receipt) = account.wait(sent.nonce, soon(3)).await.unwrap() else { panic!("not done") };
    assert_eq!(receipt.hash, sent.hash);
    assert_eq!(paid(&evm).await, U256::from(5));
}

#[tokio::test]
async fn gas_beyond_the_bounds_sends_nothing() {
    let Some(evm) = Evm::without_mining() else { return };
    let key = funded(&evm, "thrifty").await;
    let open = |name: &'static str, gas| {
        let journal = tempfile::tempdir().unwrap();
        let config = RpcAccountConfig { chain: Chain::Polygon, journal: journal.path().join(name), gas };
        let (rpc, key) = (evm.rpc.clone(), Arc::clone(&key));
        async move { (RpcAccount::open(rpc, key, config).await.unwrap(), journal) }
    };
    let (cheap, _folder) = open("cheap", GasPolicy { max_fee_per_gas: 1_000, ..GasPolicy::default() }).await;
    let dear = cheap.send("pay", NOBODY, U256::ONE, Bytes::new()).await.unwrap_err();
    assert!(matches!(dear, ChainError::GasTooDear { cap: 1_000, .. }), "{dear}");
    assert_eq!(dear.kind(), FailureKind::Retry);
    let (small, _folder) = open("small", GasPolicy { max_gas: 21_000, ..GasPolicy::default() }).await;
    let much = small.send("pay", NOBODY, U256::ONE, Bytes::new()).await.unwrap_err();
    assert!(matches!(much, ChainError::GasTooMuch { cap: 21_000, .. }), "{much}");
    assert_eq!(evm.rpc.transaction_count(key.address(), true).await.unwrap(), 0);
}

#[tokio::test]
async fn another_chain_and_a_second_owner_of_the_journal_are_refused() {
    let Some(evm) = Evm::start() else { return };
    let key = funded(&evm, "alone").await;
    let journal = tempfile::tempdir().unwrap();
    let config = |chain| RpcAccountConfig { chain, journal: journal.path().to_owned(), gas: GasPolicy::default() };
    let wrong = RpcAccount::open(evm.rpc.clone(), Arc::clone(&key), config(Chain::Amoy)).await.unwrap_err();
    assert!(matches!(wrong, ChainError::WrongChain { expected: 80_002, found: 137 }), "{wrong}");
    let account = RpcAccount::open(evm.rpc.clone(), Arc::clone(&key), config(Chain::Polygon)).await.unwrap();
    assert!(account.writes_allowed());
    let second = RpcAccount::open(evm.rpc.clone(), key, config(Chain::Polygon)).await.unwrap_err();
    assert!(matches!(second, ChainError::Journal(_)), "{second}");
    drop(account);
    let another = funded(&evm, "another").await;
    let foreign = RpcAccount::open(evm.rpc.clone(), another, config(Chain::Polygon)).await.unwrap_err();
    assert!(matches!(foreign, ChainError::JournalRecord { record: 1, .. }), "{foreign}");
}
