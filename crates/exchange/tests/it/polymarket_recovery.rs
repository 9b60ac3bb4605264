//! Stopping and starting again: both faces are as they were.

use brier_exchange::{PolymarketChange, PositionChange, SettlementChange};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order::OrderKind;
use brier_types::MarketResult;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::polymarket_support::{Poly, PolyTrader, Wish, dollars, poly_config, shares};
use crate::support::{Dice, step};

/// Everything that two traders and the public can read.
async fn everything(world: &Poly, traders: &[PolyTrader], tokens: &[String; 2]) -> Vec<Value> {
    let mut all = Vec::new();
    for path in ["/version", "/markets", "/simplified-markets", "/sampling-markets", "/rewards/markets/current"] {
        all.push(world.get(path).await.json());
    }
    for token in tokens {
        for read in ["book", "last-trade-price", "tick-size", "neg-risk", "fee-rate", "midpoint", "spread"] {
            all.push(world.get(&format!("/{read}?token_id={token}")).await.json());
        }
        all.push(world.get(&format!("/prices-history?market={token}&interval=max")).await.json());
    }
    for trader in traders {
        let paths = ["/data/orders", "/data/trades", "/notifications", "/auth/api-keys"];
        for path in paths {
            all.push(trader.get(path).await);
        }
        for token in tokens {
            let kind = trader.kind as u8;
            let balance = format!("/balance-allowance?asset_type=CONDITIONAL&token_id={token}&signature_type={kind}");
            all.push(trader.get(&balance).await);
        }
        all.push(json!(format!("{:?}", world.admin().balances(trader.maker()).await.unwrap())));
    }
    all
}

#[tokio::test]
async fn a_restart_finds_the_same_face() {
    let dir = TempDir::new().unwrap();
    let world = Poly::with(poly_config(Some(dir.path()))).await;
    let rewards = json!({"min_size": "5", "max_spread": "0.03", "daily_rate": "10"});
    let market = world.market(json!({"question": "Again?", "fee_rate": "0.07", "rewards": rewards})).await;
    let other = world.market(json!({"question": "Or not?", "neg_risk": true})).await;
    let admin = world.admin();
    let kinds = [SignatureType::DepositWallet, SignatureType::Safe];
    let mut traders = Vec::new();
    for (seed, kind) in (1..).zip(kinds) {
        let trader = world.trader(seed, kind).await;
        let split = PositionChange::Split { market: market.condition_id.clone(), qty: shares("200") };
        admin.position(trader.maker(), split).await.unwrap();
        traders.push(trader);
    }
    admin.set_settlement(SettlementChange { fail_next: Some(2), ..SettlementChange::default() }).await.unwrap();
    let mut dice = Dice::new(7);
    let mut matched = 0;
    for turn in 0..60 {
        let trader = &traders[usize::from(dice.roll(2) == 0)];
        let token = market.token_ids[usize::from(dice.roll(2) == 0)].as_str();
        let cents = format!("0.{}", 45 + dice.roll(10));
        let wish = if dice.roll(2) == 0 { Wish::buy(token, &cents, "6") } else { Wish::sell(token, &cents, "7.5") };
        let kind = if turn % 7 == 0 { OrderKind::Fak } else { OrderKind::Gtc };
        let answer = trader.post(wish.kind(kind)).await;
        matched += usize::from(answer.status == 200 && answer.json()["status"] == "matched");
        if turn % 5 == 0 {
            world.server.admin().clock_step(step(3)).await.unwrap();
        }
    }
    assert!(matched > 10, "{matched} matches");
    admin.change_market(&other.condition_id, PolymarketChange::Resolve(MarketResult::No)).await.unwrap();
    admin.change_market(&market.condition_id, PolymarketChange::Propose(MarketResult::Yes)).await.unwrap();
    let before = everything(&world, &traders, &market.token_ids).await;
    let (hash, ledger) = (admin.state_hash().await.unwrap(), admin.ledger().await.unwrap());
    assert_eq!(ledger.difference(), dollars("0"));
    let wallet = world.server.operator_wallet().unwrap().clone();
    assert_eq!(admin.balances(wallet.address.parse().unwrap()).await.unwrap().cash, dollars("10000"));
    world.server.shutdown().await;

    let world = Poly::with(poly_config(Some(dir.path()))).await;
    let admin = world.admin();
    assert_eq!(admin.state_hash().await.unwrap(), hash);
    assert_eq!(admin.ledger().await.unwrap(), ledger);
    let traders: Vec<_> = traders.into_iter().map(|trader| trader.at(world.clob())).collect();
    assert_eq!(everything(&world, &traders, &market.token_ids).await, before);
    let again = world.server.operator_wallet().unwrap();
    assert_eq!(
        (again.address.as_str(), again.private_key.as_str()),
        (wallet.address.as_str(), wallet.private_key.as_str())
    );
    assert_eq!(admin.balances(wallet.address.parse().unwrap()).await.unwrap().cash, dollars("10000"), "funded once");
}
