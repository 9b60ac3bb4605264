//! Splitting, merging, redeeming and approving through our own node client, on the published Conditional Tokens.

use alloy_primitives::{B256, U256};
use brier_polymarket::chain::ChainError;
use brier_polymarket_protocol::chain::{Call, MarketKind, PositionOp, condition_id, outcome_tokens};
use brier_polymarket_protocol::ids::QuestionId;
use brier_types::{FailureKind, Money, Qty, VenueError as _};

use super::evm::{Evm, done};

fn qty(contracts: u64) -> Qty {
    Qty::from_contracts(contracts).unwrap()
}

fn dollars(dollars: i64) -> Money {
    Money::from_micros(dollars * 1_000_000)
}

#[tokio::test]
async fn a_position_is_split_merged_and_redeemed() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    let trader = evm.trader("trader", &deployed, 100_000_000).await;
    let question = QuestionId(B256::repeat_byte(0x51));
    // The trader is the oracle too: who asks, decides.
    let condition = condition_id(trader.wallet(), question, 2);
    let market = MarketKind::Standard(condition);
    let tokens = outcome_tokens(deployed.collateral, condition);
    let prepare = Call::PrepareCondition { oracle: trader.wallet(), question: question.0, outcomes: U256::from(2) };
    evm.carry_out(&trader, deployed.ctf, &prepare).await;

    // Not approved: the node says so before anything is sent.
    let refused = trader.split(market, qty(40)).await.unwrap_err();
    assert!(matches!(refused, ChainError::Reverted { operation: "split", .. }), "{refused}");
    assert_eq!(refused.kind(), FailureKind::Refused);
    assert_eq!(trader.rpc_account().unwrap().pending(), []);

    let approval = PositionOp::ApproveCollateral { spender: deployed.ctf };
    assert!(!trader.reads().is_approved(&approval).await.unwrap());
    done(&trader, trader.submit(&approval).await.unwrap()).await;
    assert!(trader.reads().is_approved(&approval).await.unwrap());
    assert_eq!(trader.reads().allowance(deployed.ctf).await.unwrap(), U256::MAX);

    done(&trader, trader.split(market, qty(40)).await.unwrap()).await;
    let held = trader.reads().holdings(&tokens).await.unwrap();
    assert_eq!((held.collateral, held.tokens), (dollars(60), vec![qty(40), qty(40)]));

    done(&trader, trader.merge(market, qty(15)).await.unwrap()).await;
    let held = trader.reads().holdings(&tokens).await.unwrap();
    assert_eq!((held.collateral, held.tokens), (dollars(75), vec![qty(25), qty(25)]));

    assert_eq!(trader.reads().payouts(condition).await.unwrap(), None);
    let unresolved = trader.redeem(market, [qty(25), qty(25)]).await.unwrap_err();
    assert!(unresolved.to_string().contains("result for condition not received yet"), "{unresolved}");

    // Three quarters to YES: what no single winner could show.
    let report = Call::ReportPayouts { question: question.0, payouts: vec![U256::from(3), U256::ONE] };
    evm.carry_out(&trader, deployed.ctf, &report).await;
    let payouts = trader.reads().payouts(condition).await.unwrap().unwrap();
    assert_eq!(payouts, [Money::from_micros(750_000), Money::from_micros(250_000)]);

    // One outcome goes elsewhere first, so that redeeming shows whose tokens pay what.
    let other = evm.trader("other", &deployed, 0).await;
    let send = Call::SafeTransferFrom {
        from: trader.wallet(),
        to: other.wallet(),
        id: tokens[1].0,
        amount: U256::from(25_000_000),
        data: alloy_primitives::Bytes::new(),
    };
    evm.carry_out(&trader, deployed.ctf, &send).await;
    for (wallet, money) in [(&trader, 75 * 4 + 75), (&other, 25)] {
        done(wallet, wallet.redeem(market, [qty(25), qty(25)]).await.unwrap()).await;
        let held = wallet.reads().holdings(&tokens).await.unwrap();
        assert_eq!((held.collateral, held.tokens), (Money::from_micros(money * 250_000), vec![Qty::default(); 2]));
    }
}

#[tokio::test]
async fn operators_are_approved_and_absent_contracts_are_named() {
    let Some(evm) = Evm::start() else { return };
    let deployed = evm.venue().await;
    let trader = evm.trader("approver", &deployed, 1_000_000).await;
    let operator = alloy_primitives::Address::repeat_byte(0xe1);
    let approval = PositionOp::ApproveTokens { tokens: deployed.ctf, operator };
    assert!(!trader.reads().is_approved(&approval).await.unwrap());
    done(&trader, trader.submit(&approval).await.unwrap()).await;
    assert!(trader.reads().is_approved(&approval).await.unwrap());

    let nowhere = PositionOp::ApproveTokens { tokens: operator, operator };
    let error = trader.reads().is_approved(&nowhere).await.unwrap_err();
    assert!(matches!(error, ChainError::Abi { .. }), "{error}");
    assert!(error.hint().unwrap().contains("no such contract"));
    assert_eq!(evm.reads(&deployed, operator).holdings(&[]).await.unwrap().collateral, Money::ZERO);
}
