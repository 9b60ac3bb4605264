//! Gamma, the Data API and the relayer of the Polymarket face: what public tools read, and what wallets have done for them.

use alloy_primitives::{Bytes, U256};
use brier_exchange::{PolymarketChange, PositionChange, Server};
use brier_polymarket_protocol::chain::relayer::{
    ProxyParams, ProxySubmit, SafeParams, SafeSubmit, Submit, WalletBatch, WalletSubmit, proxy_call, safe_call,
    wallet_calls,
};
use brier_polymarket_protocol::chain::{Call, MarketKind, PositionOp, Step, Venue};
use brier_polymarket_protocol::contracts::{Chain, Contracts};
use brier_polymarket_protocol::ids::{ConditionId, NegRiskMarketId, SignatureType};
use brier_polymarket_protocol::wallet::{self, ProxyTransaction, SafeTx, sign_deposit_wallet_batch};
use brier_types::MarketResult;
use serde_json::{Value, json};

use crate::polymarket_support::{Poly, PolyTrader, Wish, dollars, now_secs, poly_config, shares};
use crate::support::{Answer, send};

impl Poly {
    async fn part(&self, part: &str, path: &str) -> Value {
        let answer = self.get(&format!("/{part}{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }
}

fn texts(rows: &Value, name: &str) -> Vec<String> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row[name].as_str().unwrap_or_else(|| panic!("{row}")).to_owned())
        .collect()
}

#[tokio::test]
async fn the_catalog_is_found_by_every_name_and_page_by_page() {
    let world = Poly::start().await;
    let mut listed = Vec::new();
    for number in 0..7 {
        let market =
            json!({"question": format!("Will number {number} come?"), "tags": ["Odd Numbers"], "fee_rate": "0.05"});
        listed.push(world.market(market).await);
    }
    let first = &listed[0];
    let trader = world.trader(1, SignatureType::Eoa).await;
    trader.place(Wish::buy(&first.token_ids[0], "0.40", "10")).await;
    trader.place(Wish::buy(&first.token_ids[1], "0.55", "10")).await;
    for query in [
        format!("id={}", first.id),
        format!("slug={}", first.slug),
        format!("condition_ids={}&condition_ids=0x00", first.condition_id),
        format!("clob_token_ids={}", first.token_ids[1]),
        format!("question_ids={}", first.question_id),
    ] {
        for path in ["/markets?", "/markets/keyset?limit=5&"] {
            let found = world.part("gamma", &format!("{path}{query}")).await;
            let rows = if found.is_array() { found } else { found["markets"].clone() };
            assert_eq!(texts(&rows, "id"), [first.id.as_str()], "{query}");
        }
    }
    let market = world.part("gamma", &format!("/markets/{}", first.id)).await;
    assert_eq!(world.part("gamma", &format!("/markets/slug/{}", first.slug)).await, market);
    let told =
        ["bestBid", "bestAsk", "spread", "orderPriceMinTickSize", "orderMinSize"].map(|name| market[name].to_string());
    assert_eq!(told, ["0.4", "0.45", "0.05", "0.01", "5"]);
    assert_eq!(market["outcomePrices"], r#"["0.425", "0.575"]"#);
    assert_eq!(market["feeSchedule"]["rate"], json!(0.05));
    assert_eq!(
        (&market["closed"], &market["acceptingOrders"], &market["version"]),
        (&json!(false), &json!(true), &json!("v1"))
    );
    assert_eq!(market["events"][0]["id"], json!(first.event_id));
    let event = world.part("gamma", &format!("/events/{}", first.event_id)).await;
    assert_eq!(texts(&event["markets"], "conditionId"), [first.condition_id.as_str()]);

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = world.part("gamma", &format!("/markets/keyset?limit=3{cursor}")).await;
        seen.extend(texts(&page["markets"], "conditionId"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&after_cursor={next}"),
            None => break,
        }
    }
    let all: Vec<String> = listed.iter().map(|it| it.condition_id.clone()).collect();
    assert_eq!(seen, all);
    let newest = world.part("gamma", "/markets?order=id&ascending=false&limit=2&offset=1").await;
    assert_eq!(texts(&newest, "conditionId"), [all[5].as_str(), all[4].as_str()]);
    let found = world.part("gamma", "/public-search?q=number%203&limit_per_type=5").await;
    assert_eq!(texts(&found["events"], "id"), [listed[3].event_id.as_str()]);
    let tags = world.part("gamma", "/tags").await;
    assert_eq!(texts(&tags, "slug"), ["odd-numbers"]);
    let tagged = world.part("gamma", &format!("/markets?tag_id={}", tags[0]["id"].as_str().unwrap())).await;
    assert_eq!(tagged.as_array().unwrap().len(), 7);
    assert_eq!(world.get("/gamma/markets/nothing").await.status, 404);
    assert_eq!(world.get("/gamma/markets/keyset?after_cursor=x").await.status, 400);

    world.admin().change_market(&first.id, PolymarketChange::Propose(MarketResult::Yes)).await.unwrap();
    let proposed = world.part("gamma", "/markets?uma_resolution_status=proposed").await;
    assert_eq!(texts(&proposed, "id"), [first.id.as_str()]);
    world.admin().change_market(&first.id, PolymarketChange::Resolve(MarketResult::Yes)).await.unwrap();
    assert_eq!(world.part("gamma", &format!("/markets?id={}", first.id)).await, json!([]), "closed ones are left out");
    let closed = world.part("gamma", "/markets?closed=true").await;
    assert_eq!(texts(&closed, "umaResolutionStatus"), ["resolved"]);
    assert_eq!(texts(&closed, "outcomePrices"), [r#"["1", "0"]"#]);
    assert_eq!(world.part("gamma", "/events/keyset?closed=true").await["events"][0]["id"], json!(first.event_id));
}

/// Everything the Data API says of two wallets and a market.
async fn data_of(world: &Poly, wallets: [String; 2], condition: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for user in &wallets {
        for path in [
            "positions",
            "closed-positions",
            "trades?takerOnly=false",
            "activity",
            "value",
            "traded",
            "v2/positions",
            "v2/positions?status=CLOSED",
            "v2/trades",
            "v2/activity",
            "v2/value",
            "v2/user-stats",
            "v2/user-volume",
        ] {
            let join = if path.contains('?') { '&' } else { '?' };
            found.push(world.part("data-api", &format!("/{path}{join}user={user}")).await);
        }
    }
    for path in [
        "holders?market",
        "oi?market",
        "v2/holders?condition_id",
        "v2/oi?condition_id",
        "v2/tokens?condition",
        "v2/resolutions?condition_id",
    ] {
        found.push(world.part("data-api", &format!("/{path}={condition}")).await);
    }
    found.push(world.part("data-api", "/v1/leaderboard").await);
    found
}

#[tokio::test]
async fn positions_and_trades_are_what_is_mined_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = Poly::with(poly_config(Some(folder.path()))).await;
    world.by_hand().await;
    let market = world.market(json!({"question": "Will it rain?", "fee_rate": "0.05"})).await;
    let [yes, no] = [market.token_ids[0].as_str(), market.token_ids[1].as_str()];
    let (seller, buyer) = (world.trader(1, SignatureType::Safe).await, world.trader(2, SignatureType::Eoa).await);
    let (selling, buying) = (seller.maker().to_string(), buyer.maker().to_string());
    let split = PositionChange::Split { market: market.condition_id.clone(), qty: shares("100") };
    world.admin().position(seller.maker(), split).await.unwrap();
    seller.place(Wish::sell(yes, "0.50", "40")).await;
    let reply = buyer.place(Wish::buy(yes, "0.50", "20")).await;
    let data = async |path: String| world.part("data-api", &path).await;
    assert_eq!(data(format!("/positions?user={buying}")).await, json!([]), "nothing is mined yet");
    assert_eq!(data(format!("/trades?user={buying}")).await, json!([]));
    let failed = buyer.place(Wish::buy(yes, "0.50", "10")).await;
    let trade = |reply: &Value| reply["tradeIDs"][0].as_str().unwrap().to_owned();
    world.admin().settle_trade(&trade(&failed), brier_exchange::TradeStep::Fail).await.unwrap();
    world.admin().settle_trade(&trade(&reply), brier_exchange::TradeStep::Mine).await.unwrap();

    let rows = data(format!("/positions?user={buying}")).await;
    let row = &rows[0];
    assert_eq!(rows.as_array().unwrap().len(), 1);
    // 20 at 0.50 with a fee of 20 x 0.05 x 0.25 = 0.25; ten more rest at 0.50, so the last trade is the price.
    let numbers = [
        "size",
        "avgPrice",
        "initialValue",
        "grossInitialValue",
        "entryFeesUsdc",
        "currentValue",
        "cashPnl",
        "curPrice",
    ];
    assert_eq!(numbers.map(|name| row[name].to_string()), ["20", "0.5", "10", "10.25", "0.25", "10", "0", "0.5"]);
    assert_eq!((&row["asset"], &row["oppositeAsset"], &row["outcome"]), (&json!(yes), &json!(no), &json!("Yes")));
    let rows = data(format!("/v2/positions?user={buying}")).await;
    let row = &rows["data"][0];
    assert_eq!(rows["pagination"], json!({"has_more": false, "next_cursor": null}));
    let numbers = ["current_size", "avg_price", "entry_cost_usdc", "entry_fees_usdc", "total_cost_usdc"];
    assert_eq!(numbers.map(|name| row[name].to_string()), ["20", "0.5", "10", "0.25", "10.25"]);
    let (bought, sold) = (data(format!("/trades?user={buying}")).await, data(format!("/trades?user={selling}")).await);
    assert_eq!((&bought[0]["side"], &bought[0]["size"], &bought[0]["price"]), (&json!("BUY"), &json!(20), &json!(0.5)));
    assert_eq!(sold, json!([]), "takers only, unless it is said");
    let sold = data(format!("/v2/trades?user={selling}")).await;
    assert_eq!((&sold["data"][0]["side"], &sold["data"][0]["usdc_size"]), (&json!("SELL"), &json!(10)));
    let activity = data(format!("/v2/activity?user={selling}")).await["data"].clone();
    assert_eq!(texts(&activity, "type"), ["TRADE", "SPLIT"]);
    let holders = data(format!("/v2/holders?condition_id={}", market.condition_id)).await["data"].clone();
    let amounts = |group: &Value| {
        texts(&group["holders"], "proxy_wallet")
            .into_iter()
            .zip(group["holders"].as_array().unwrap().iter().map(|it| it["amount"].to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(amounts(&holders[0]), [(selling.clone(), "80".to_owned()), (buying.clone(), "20".to_owned())]);
    assert_eq!(data(format!("/oi?market={}", market.condition_id)).await[0]["value"], json!(100));
    assert_eq!(world.get("/data-api/positions").await.status, 400);

    let resolve = PolymarketChange::Resolve(MarketResult::Yes);
    world.admin().change_market(&market.condition_id, resolve).await.unwrap();
    let rows = data(format!("/v2/positions?user={buying}&status=REDEEMABLE")).await["data"].clone();
    assert_eq!((&rows[0]["current_value"], &rows[0]["redeemable"]), (&json!(20), &json!(true)));
    let resolution = data(format!("/v2/resolutions?condition_id={}", market.condition_id)).await["data"][0].clone();
    assert_eq!((&resolution["status"], &resolution["payouts"]), (&json!("resolved"), &json!([1_000_000, 0])));
    let redeem = PositionChange::Redeem { market: market.condition_id.clone() };
    world.admin().position(buyer.maker(), redeem).await.unwrap();
    let closed = data(format!("/closed-positions?user={buying}")).await;
    assert_eq!((&closed[0]["realizedPnl"], &closed[0]["avgPrice"]), (&json!(9.75), &json!(0.5)));

    let wallets = || [selling.clone(), buying.clone()];
    let before = data_of(&world, wallets(), &market.condition_id).await;
    world.server.shutdown().await;
    world.server = Server::start(poly_config(Some(folder.path()))).await.unwrap();
    assert_eq!(data_of(&world, wallets(), &market.condition_id).await, before);
}

/// What a wallet wants done, signed and submitted to the relayer.
async fn submit(world: &Poly, trader: &PolyTrader, steps: &[Step], nonce: u64) -> Answer {
    let (from, wallet, key) = (trader.address, trader.maker(), &trader.key);
    let number = U256::from(nonce);
    let submit = match trader.kind {
        SignatureType::DepositWallet => {
            let deadline = now_secs() + 600;
            let calls = wallet_calls(steps);
            let signed: Vec<_> =
                calls.iter().map(|it| wallet::Call { target: it.target, value: it.value, data: &it.data }).collect();
            let signature = sign_deposit_wallet_batch(Chain::Polygon, wallet, number, deadline, &signed, key);
            Submit::Wallet(WalletSubmit {
                from,
                to: Contracts::DEPOSIT_WALLET_FACTORY,
                nonce: nonce.to_string(),
                signature: Bytes::copy_from_slice(&signature.0),
                metadata: String::new(),
                deposit_wallet_params: WalletBatch { deposit_wallet: wallet, deadline: deadline.to_string(), calls },
            })
        }
        SignatureType::Safe => {
            let (to, data, operation) = safe_call(steps, Contracts::SAFE_MULTISEND);
            let transaction = SafeTx { to, value: U256::ZERO, data: &data, operation, nonce: number };
            let signature = transaction.sign(Chain::Polygon, wallet, key);
            Submit::Safe(SafeSubmit {
                from,
                to,
                proxy_wallet: wallet,
                data: data.clone(),
                nonce: nonce.to_string(),
                signature: Bytes::copy_from_slice(&signature.0),
                metadata: String::new(),
                signature_params: SafeParams::new(operation),
                value: None,
            })
        }
        SignatureType::Proxy | SignatureType::Eoa => {
            let payload = world.part("relayer", &format!("/relay-payload?address={from}&type=PROXY")).await;
            let relay = payload["address"].as_str().unwrap().parse().unwrap();
            let data = proxy_call(steps);
            let signature = ProxyTransaction {
                from,
                to: Contracts::PROXY_FACTORY,
                data: &data,
                fee: U256::ZERO,
                gas_price: U256::ZERO,
                gas_limit: U256::from(1_000_000),
                nonce: number,
                relay_hub: Contracts::RELAY_HUB,
                relay,
            }
            .sign(key);
            let zero = || "0".to_owned();
            Submit::Proxy(ProxySubmit {
                from,
                to: Contracts::PROXY_FACTORY,
                proxy_wallet: wallet,
                data: data.clone(),
                nonce: nonce.to_string(),
                signature: Bytes::copy_from_slice(&signature.0),
                metadata: String::new(),
                signature_params: ProxyParams {
                    gas_limit: "1000000".to_owned(),
                    gas_price: zero(),
                    relay,
                    relay_hub: Contracts::RELAY_HUB,
                    relayer_fee: zero(),
                },
            })
        }
    };
    let request = world.http.post(format!("{}/relayer/submit", world.clob()));
    let request = request.header("RELAYER_API_KEY", trader.creds.key());
    send(request.header("RELAYER_API_KEY_ADDRESS", from.to_string()).json(&submit)).await
}

/// Submits, and reads how it ended.
async fn relayed(world: &Poly, trader: &PolyTrader, steps: &[Step], nonce: u64) -> Value {
    let answer = submit(world, trader, steps, nonce).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let taken = answer.json();
    assert_eq!(taken["state"], "STATE_NEW");
    let id = taken["transactionID"].as_str().unwrap();
    let one = world.part("relayer", &format!("/v1/account/transactions/{id}")).await;
    let other = world.part("relayer", &format!("/transaction?id={id}")).await;
    assert_eq!((&other[0]["state"], &other[0]["transactionHash"]), (&one["state"], &one["transaction_hash"]));
    one
}

#[tokio::test]
async fn the_relayer_carries_out_what_each_kind_of_wallet_signs() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = Poly::with(poly_config(Some(folder.path()))).await;
    let market = world.market(json!({"question": "Will it rain?"})).await;
    let condition: ConditionId = market.condition_id.parse().unwrap();
    let venue = Venue::POLYGON;
    let steps = |operations: &[PositionOp]| operations.iter().flat_map(|it| it.steps(&venue)).collect::<Vec<_>>();
    let kind = MarketKind::Standard(condition);
    let split = |amount: &str| PositionOp::Split { market: kind, amount: shares(amount) };
    let merge = |amount: &str| PositionOp::Merge { market: kind, amount: shares(amount) };
    let approve = PositionOp::ApproveCollateral { spender: venue.standard_adapter };
    for (seed, wallet_kind) in [(1, SignatureType::Proxy), (2, SignatureType::Safe), (3, SignatureType::DepositWallet)]
    {
        let trader = world.trader(seed, wallet_kind).await;
        let cash = || async { world.admin().balances(trader.maker()).await.unwrap().cash };
        let word = ["", "PROXY", "SAFE", "WALLET"][wallet_kind as usize];
        let nonce = async |expected: &str| {
            let found = world.part("relayer", &format!("/nonce?address={}&type={word}", trader.address)).await;
            assert_eq!(found, json!({"nonce": expected}));
        };
        let deployed = world.part("relayer", &format!("/deployed?address={}&type={word}", trader.address)).await;
        assert_eq!(deployed, json!({"deployed": true}));
        nonce("0").await;
        let done = relayed(&world, &trader, &steps(&[approve.clone(), split("100")]), 0).await;
        assert_eq!((&done["state"], &done["error_msg"]), (&json!("STATE_CONFIRMED"), &json!("")), "{wallet_kind:?}");
        assert_eq!(cash().await, dollars("900"));
        // One call that cannot be done takes the whole transaction with it, and spends the nonce.
        let failed = relayed(&world, &trader, &steps(&[merge("40"), merge("100")]), 1).await;
        assert_eq!(failed["state"], "STATE_FAILED");
        assert!(failed["error_msg"].as_str().unwrap().starts_with("execution reverted: needs 100"), "{failed}");
        assert_eq!(cash().await, dollars("900"));
        nonce("2").await;
        let merged = relayed(&world, &trader, &steps(&[merge("40")]), 2).await;
        assert_eq!(merged["state"], "STATE_CONFIRMED");
        assert_eq!(cash().await, dollars("940"));
        // A call that does nothing here is told so, and spends no nonce.
        let unknown = Step { to: venue.collateral, call: Call::BalanceOf { owner: trader.address } };
        let invalid = relayed(&world, &trader, &[unknown], 3).await;
        assert_eq!((&invalid["state"], &invalid["transaction_hash"]), (&json!("STATE_INVALID"), &json!("")));
        assert!(
            invalid["error_msg"].as_str().unwrap().ends_with("`balanceOf` does nothing that is known here"),
            "{invalid}"
        );
        let again = submit(&world, &trader, &steps(&[merge("1")]), 2).await;
        assert_eq!(
            (again.status, again.json()["error"].as_str().unwrap()),
            (400, "nonce 2 does not match on-chain nonce 3")
        );
        let wrap = PositionOp::Wrap { asset: Contracts::USDC_E, to: trader.maker(), amount: shares("60") };
        assert_eq!(relayed(&world, &trader, &steps(&[wrap]), 3).await["state"], "STATE_CONFIRMED");
        assert_eq!(cash().await, dollars("1000"));
    }
    // Somebody else's key signs for nothing.
    let (mut thief, victim) = (world.trader(4, SignatureType::Eoa).await, world.trader(5, SignatureType::Eoa).await);
    thief.kind = SignatureType::Safe;
    let mut body = submit_body_of(&thief, &steps(&[merge("1")]));
    body["from"] = json!(victim.address.to_string());
    body["proxyWallet"] = json!(wallet::safe(victim.address).to_string());
    let post = || world.http.post(format!("{}/relayer/submit", world.clob())).json(&body);
    assert_eq!(send(post()).await.status, 401, "without a key");
    let request = post().header("RELAYER_API_KEY", thief.creds.key());
    let refused = send(request.header("RELAYER_API_KEY_ADDRESS", thief.address.to_string())).await;
    assert_eq!((refused.status, refused.json()), (400, json!({"error": "invalid signature"})));

    let hash = world.admin().state_hash().await.unwrap();
    let listed = |trader: &PolyTrader| {
        let request = world.http.get(format!("{}/relayer/transactions", world.clob()));
        let request = request.header("RELAYER_API_KEY", trader.creds.key());
        send(request.header("RELAYER_API_KEY_ADDRESS", trader.address.to_string()))
    };
    assert_eq!(listed(&thief).await.json(), json!([]));
    world.server.shutdown().await;
    world.server = Server::start(poly_config(Some(folder.path()))).await.unwrap();
    assert_eq!(world.admin().state_hash().await.unwrap(), hash);
    let key = brier_polymarket_protocol::auth::WalletKey::from_bytes(&[2; 32]).unwrap();
    let kept = world.part("relayer", &format!("/nonce?address={}&type=SAFE", key.address())).await;
    assert_eq!(kept, json!({"nonce": "4"}));
}

/// A submission of a Safe, as JSON.
fn submit_body_of(trader: &PolyTrader, steps: &[Step]) -> Value {
    let (to, data, operation) = safe_call(steps, Contracts::SAFE_MULTISEND);
    let transaction = SafeTx { to, value: U256::ZERO, data: &data, operation, nonce: U256::ZERO };
    let signature = transaction.sign(Chain::Polygon, trader.maker(), &trader.key);
    json!({"type": "SAFE", "from": trader.address.to_string(), "to": to.to_string(), "proxyWallet": trader.maker().to_string(),
        "data": data.to_string(), "nonce": "0", "signature": signature.to_string(), "metadata": "",
        "signatureParams": {"gasPrice": "0", "operation": "0", "safeTxnGas": "0", "baseGas": "0",
            "gasToken": alloy_primitives::Address::ZERO.to_string(),
            "refundReceiver": alloy_primitives::Address::ZERO.to_string()}})
}

#[tokio::test]
async fn no_of_a_negative_risk_event_is_converted_through_the_relayer() {
    let world = Poly::start().await;
    let event = json!({"title": "Who wins?", "neg_risk": true, "markets": [
        {"question": "A?"}, {"question": "B?"}, {"question": "C?"}]});
    let markets = world.admin().list_event(event).await.unwrap();
    let trader = world.trader(1, SignatureType::DepositWallet).await;
    let venue = Venue::POLYGON;
    let event = world.part("gamma", &format!("/events/{}", markets[0].event_id)).await;
    let id = NegRiskMarketId(event["negRiskMarketID"].as_str().unwrap().parse().unwrap());
    let split = |at: usize| {
        let condition: ConditionId = markets[at].condition_id.parse().unwrap();
        PositionOp::Split { market: MarketKind::NegRisk(condition), amount: shares("10") }
    };
    let convert = PositionOp::Convert { event: id, index_set: U256::from(0b011), amount: shares("10") };
    let steps: Vec<Step> = [split(0), split(1), convert].iter().flat_map(|it| it.steps(&venue)).collect();
    let done = relayed(&world, &trader, &steps, 0).await;
    assert_eq!((&done["state"], &done["error_msg"]), (&json!("STATE_CONFIRMED"), &json!("")));
    // Two splits cost 20; two NO give the third YES and one dollar each way.
    let balances = world.admin().balances(trader.maker()).await.unwrap();
    assert_eq!(balances.cash, dollars("990"));
    let held = |token: &str| balances.tokens.iter().find(|it| it.token_id == token).map(|it| it.balance);
    assert_eq!(markets.iter().map(|it| held(&it.token_ids[0])).collect::<Vec<_>>(), [Some(shares("10")); 3]);
    let activity = world.part("data-api", &format!("/v2/activity?user={}", trader.maker())).await;
    assert_eq!(texts(&activity["data"], "type"), ["CONVERSION", "SPLIT", "SPLIT"]);
}

#[tokio::test]
async fn makers_share_a_pool_by_how_close_they_quote() {
    let world = Poly::start().await;
    let rewards = json!({"min_size": "20", "max_spread": "0.03", "daily_rate": "100"});
    let market = world.market(json!({"question": "Will it rain?", "rewards": rewards})).await;
    let [yes, no] = [market.token_ids[0].as_str(), market.token_ids[1].as_str()];
    let (near, far) = (world.trader(1, SignatureType::Eoa).await, world.trader(2, SignatureType::Safe).await);
    assert_eq!(near.get("/rewards/user/percentages").await, json!({}), "an empty book has no middle");
    // A bid for NO at 0.49 is an ask for YES at 0.51. One cent away scores 4/9 of 90 a side, two cents 1/9 of 360.
    for (trader, price, size) in [(&near, "0.49", "90"), (&far, "0.48", "360")] {
        for token in [yes, no] {
            trader.place(Wish::buy(token, price, size)).await;
        }
    }
    assert_eq!(near.get("/rewards/user/percentages").await, json!({market.condition_id.as_str(): 50}));
    // Too small to score, and too small to move the middle.
    far.place(Wish::buy(yes, "0.50", "10")).await;
    near.ask("DELETE", "/cancel-all", None).await;
    assert_eq!(far.get("/rewards/user/percentages").await, json!({market.condition_id.as_str(): 100}));
    let page = far.get("/rewards/user/markets").await;
    assert_eq!(page["data"][0]["earning_percentage"], json!(100));
}
