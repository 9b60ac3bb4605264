//! Ids of recorded markets: every condition and token of the catalog follows from what precedes it.

use std::io::{BufRead as _, BufReader};

use alloy_primitives::{Address, address};
use brier_polymarket_protocol::chain::{condition_id, outcome_tokens};
use brier_polymarket_protocol::contracts::Contracts;
use brier_polymarket_protocol::ids::{ConditionId, QuestionId};
use serde_json::Value;

use crate::shared;

/// What the negative-risk adapter wraps USDC.e into.
const WRAPPED: Address = address!("0x3A3BD7bb9528E159577F7C2e685CC81A765002E2");
/// One catalog line in so many: computing an id costs a square root of 254 bits.
const EVERY: usize = 8;

#[test]
fn tokens_of_the_recorded_catalog_follow_from_their_conditions() {
    let Some(path) = shared("data/catalog/polymarket_markets_2026-03-11.jsonl.zst") else { return };
    let file = BufReader::new(std::fs::File::open(path).unwrap());
    let lines = BufReader::new(ruzstd::decoding::StreamingDecoder::new(file).unwrap()).lines();
    let (mut standard, mut neg_risk, mut conditions) = (0, 0, 0);
    for line in lines.step_by(EVERY) {
        let market: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let condition: ConditionId = market["conditionId"].as_str().unwrap().parse().unwrap();
        let recorded: Vec<&str> = market["clobTokenIds"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        if recorded.len() != 2 {
            continue;
        }
        let is_neg_risk = market["negRisk"].as_bool() == Some(true);
        let collateral = if is_neg_risk { WRAPPED } else { Contracts::USDC_E };
        let computed = outcome_tokens(collateral, condition).map(|token| token.to_string());
        assert_eq!(computed, [recorded[0], recorded[1]], "{condition}");
        if is_neg_risk {
            neg_risk += 1;
            let question: QuestionId = market["questionID"].as_str().unwrap().parse().unwrap();
            conditions += usize::from(condition_id(Contracts::NEG_RISK_ADAPTER, question, 2) == condition);
        } else {
            standard += 1;
        }
    }
    println!("{standard} ordinary and {neg_risk} negative-risk markets; {conditions} conditions of the adapter");
    assert!(standard > 100 && neg_risk > 100, "{standard} and {neg_risk}");
    assert_eq!(conditions, neg_risk, "every negative-risk condition follows from its question");
}
