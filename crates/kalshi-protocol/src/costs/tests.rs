use expect_test::expect;

use super::*;

fn at(method: Method, path: &str, items: u32) -> (Bucket, u32) {
    let path = format!("{BASE_PATH}{path}");
    let cost = cost(method, &path, items);
    assert_eq!(CostTable::reference().cost(method, &path, items), cost, "{path}");
    (cost.bucket, cost.tokens)
}

#[test]
fn concrete_paths_find_their_operation() {
    assert_eq!(at(Method::Post, "/portfolio/events/orders", 1), (Bucket::Write, 10));
    assert_eq!(at(Method::Delete, "/portfolio/events/orders", 1), (Bucket::Write, 2));
    assert_eq!(at(Method::Delete, "/portfolio/events/orders/5f0c?market_ticker=T", 1), (Bucket::Write, 2));
    assert_eq!(at(Method::Post, "/portfolio/events/orders/5f0c/amend", 1), (Bucket::Write, 10));
    assert_eq!(at(Method::Get, "/portfolio/orders/5f0c", 1), (Bucket::Read, 2));
    assert_eq!(at(Method::Get, "/portfolio/orders/queue_positions", 1), (Bucket::Read, 10));
    assert_eq!(at(Method::Get, "/portfolio/orders/5f0c/queue_position", 1), (Bucket::Read, 10));
    assert_eq!(at(Method::Put, "/communications/rfqs/r/quotes/q/confirm", 1), (Bucket::Write, 1));
    assert_eq!(at(Method::Get, "/cfbenchmarks/indices/BRTI", 1), (Bucket::Read, 50));
    assert_eq!(at(Method::Post, "/account/api_usage_level/upgrade", 1), (Bucket::Read, 30));
}

#[test]
fn a_batch_costs_the_sum_of_its_items() {
    assert_eq!(at(Method::Post, "/portfolio/events/orders/batched", 7), (Bucket::Write, 70));
    assert_eq!(at(Method::Delete, "/portfolio/events/orders/batched", 7), (Bucket::Write, 14));
    assert_eq!(at(Method::Post, "/portfolio/events/orders", 7), (Bucket::Write, 10));
}

#[test]
fn unknown_paths_cost_the_default() {
    assert_eq!(at(Method::Get, "/future", 1), (Bucket::Read, 10));
    assert_eq!(at(Method::Post, "/portfolio/events/orders/x/future", 1), (Bucket::Write, 10));
    assert_eq!(at(Method::Post, "/portfolio/orders", 1), (Bucket::Write, 10));
    assert_eq!(at(Method::Get, "/markets//orderbook", 1), (Bucket::Read, 10));
}

#[test]
fn an_accounts_own_costs_lead() {
    let stated = r#"{"default_cost":5,"endpoint_costs":[
        {"method":"DELETE","path":"/trade-api/v2/portfolio/events/orders/:order_id","cost":3},
        {"method":"DELETE","path":"/trade-api/v2/portfolio/events/orders/batched","cost":1},
        {"method":"GET","path":"/trade-api/v2/cfbenchmarks/*path","cost":40}]}"#;
    let response: GetAccountEndpointCostsResponse = serde_json::from_str(stated).unwrap();
    let table = CostTable::from_response(response.clone());
    let tokens = |method, path: &str, items| table.cost(method, &format!("{BASE_PATH}{path}"), items).tokens;
    assert_eq!(tokens(Method::Delete, "/portfolio/events/orders/5f0c", 1), 3);
    assert_eq!(tokens(Method::Delete, "/portfolio/events/orders/batched", 4), 4);
    assert_eq!(tokens(Method::Post, "/portfolio/events/orders/batched", 4), 20);
    assert_eq!(tokens(Method::Get, "/cfbenchmarks/a/b/c", 1), 40);
    assert_eq!(tokens(Method::Get, "/markets", 1), 5);
    assert_eq!(table.to_response(), response);
}

#[test]
fn the_answer_of_the_reference() {
    let list: Vec<String> = reference_response()
        .endpoint_costs
        .iter()
        .map(|row| format!("{} {} {}", row.cost, row.method, row.path))
        .collect();
    expect![[r"
        50 GET /trade-api/v2/cfbenchmarks/*path
        30 POST /trade-api/v2/account/api_usage_level/upgrade
        2 POST /trade-api/v2/communications/quotes
        2 GET /trade-api/v2/communications/quotes/:quote_id
        2 DELETE /trade-api/v2/communications/quotes/:quote_id
        2 GET /trade-api/v2/communications/rfqs/:rfq_id/quotes/:quote_id
        2 DELETE /trade-api/v2/communications/rfqs/:rfq_id/quotes/:quote_id
        1 PUT /trade-api/v2/communications/rfqs/:rfq_id/quotes/:quote_id/confirm
        2 DELETE /trade-api/v2/portfolio/events/orders
        2 DELETE /trade-api/v2/portfolio/events/orders/batched
        2 DELETE /trade-api/v2/portfolio/events/orders/:order_id
        2 GET /trade-api/v2/portfolio/orders/:order_id"]]
    .assert_eq(&list.join("\n"));
}

#[test]
fn tiers_have_the_documented_buckets() {
    let list: Vec<String> = Tier::ALL
        .iter()
        .map(|tier| {
            let (read, write) = (tier.limit(Bucket::Read), tier.limit(Bucket::Write));
            assert_eq!(Tier::parse(tier.as_str()), Some(*tier));
            format!(
                "{}: read {}/s of {}, write {}/s of {}",
                tier.as_str(),
                read.refill_rate,
                read.bucket_capacity,
                write.refill_rate,
                write.bucket_capacity
            )
        })
        .collect();
    expect![[r"
        basic: read 200/s of 600, write 100/s of 100
        advanced: read 300/s of 900, write 300/s of 900
        expert: read 600/s of 600, write 600/s of 1800
        premier: read 1200/s of 1200, write 1200/s of 3600
        paragon: read 2400/s of 2400, write 2400/s of 7200
        prime: read 4800/s of 4800, write 4800/s of 14400
        prestige: read 12000/s of 12000, write 9600/s of 28800"]]
    .assert_eq(&list.join("\n"));
}
