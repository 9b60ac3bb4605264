//! Every type we serve against the venue's schema: names, JSON types, and what the official SDK refuses to be without.
//!
//! `testdata/required_fields.json` is an extract of the reference's `kalshi_endpoints.json`. Where that file is there, the
//! extract is compared with it; `UPDATE_EXPECT=1` writes it anew.

use std::collections::BTreeSet;

use brier_kalshi_protocol::costs::{self, Bucket};
use brier_kalshi_protocol::errors::ErrorDetail;
use brier_kalshi_protocol::rest::{self, Method, Operation};
use brier_kalshi_protocol::ws::{Body, ServerMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{shared, testdata};

/// Reads a value as a type and writes it again.
type RoundTrip = fn(Value) -> Result<Value, serde_json::Error>;

fn round_trip<T: Serialize + DeserializeOwned>(value: Value) -> Result<Value, serde_json::Error> {
    serde_json::to_value(serde_json::from_value::<T>(value)?)
}

const MODELS: &[(&str, RoundTrip)] = &[
    ("AmendOrderV2Request", round_trip::<rest::AmendOrderV2Request>),
    ("AmendOrderV2Response", round_trip::<rest::AmendOrderV2Response>),
    ("BatchCancelOrdersV2Request", round_trip::<rest::BatchCancelOrdersV2Request>),
    ("BatchCancelOrdersV2Response", round_trip::<rest::BatchCancelOrdersV2Response>),
    ("BatchCreateOrdersV2Request", round_trip::<rest::BatchCreateOrdersV2Request>),
    ("BatchCreateOrdersV2Response", round_trip::<rest::BatchCreateOrdersV2Response>),
    ("BatchGetMarketCandlesticksResponse", round_trip::<rest::BatchGetMarketCandlesticksResponse>),
    ("CancelOrderV2Response", round_trip::<rest::CancelOrderV2Response>),
    ("CreateOrderGroupRequest", round_trip::<rest::CreateOrderGroupRequest>),
    ("CreateOrderGroupResponse", round_trip::<rest::CreateOrderGroupResponse>),
    ("CreateOrderV2Request", round_trip::<rest::CreateOrderV2Request>),
    ("CreateOrderV2Response", round_trip::<rest::CreateOrderV2Response>),
    ("DecreaseOrderV2Request", round_trip::<rest::DecreaseOrderV2Request>),
    ("DecreaseOrderV2Response", round_trip::<rest::DecreaseOrderV2Response>),
    ("ErrorResponse", round_trip::<ErrorDetail>),
    ("EventData", round_trip::<rest::EventData>),
    ("ExchangeStatus", round_trip::<rest::ExchangeStatus>),
    ("GetAccountApiLimitsResponse", round_trip::<rest::GetAccountApiLimitsResponse>),
    ("GetAccountEndpointCostsResponse", round_trip::<rest::GetAccountEndpointCostsResponse>),
    ("GetBalanceResponse", round_trip::<rest::GetBalanceResponse>),
    ("GetEventFeeChangesResponse", round_trip::<rest::GetEventFeeChangesResponse>),
    ("GetEventResponse", round_trip::<rest::GetEventResponse>),
    ("GetEventsResponse", round_trip::<rest::GetEventsResponse>),
    ("GetExchangeScheduleResponse", round_trip::<rest::GetExchangeScheduleResponse>),
    ("GetFillsResponse", round_trip::<rest::GetFillsResponse>),
    ("GetMarketCandlesticksResponse", round_trip::<rest::GetMarketCandlesticksResponse>),
    ("GetMarketOrderbookResponse", round_trip::<rest::GetMarketOrderbookResponse>),
    ("GetMarketOrderbooksResponse", round_trip::<rest::GetMarketOrderbooksResponse>),
    ("GetMarketResponse", round_trip::<rest::GetMarketResponse>),
    ("GetMarketsResponse", round_trip::<rest::GetMarketsResponse>),
    ("GetOrderGroupResponse", round_trip::<rest::GetOrderGroupResponse>),
    ("GetOrderGroupsResponse", round_trip::<rest::GetOrderGroupsResponse>),
    ("GetOrderQueuePositionResponse", round_trip::<rest::GetOrderQueuePositionResponse>),
    ("GetOrderQueuePositionsResponse", round_trip::<rest::GetOrderQueuePositionsResponse>),
    ("GetOrderResponse", round_trip::<rest::GetOrderResponse>),
    ("GetOrdersResponse", round_trip::<rest::GetOrdersResponse>),
    ("GetPositionsResponse", round_trip::<rest::GetPositionsResponse>),
    ("GetSeriesFeeChangesResponse", round_trip::<rest::GetSeriesFeeChangesResponse>),
    ("GetSeriesListResponse", round_trip::<rest::GetSeriesListResponse>),
    ("GetSeriesResponse", round_trip::<rest::GetSeriesResponse>),
    ("GetSettlementsResponse", round_trip::<rest::GetSettlementsResponse>),
    ("GetTradesResponse", round_trip::<rest::GetTradesResponse>),
    ("GetUserDataTimestampResponse", round_trip::<rest::GetUserDataTimestampResponse>),
    ("UpdateOrderGroupLimitRequest", round_trip::<rest::UpdateOrderGroupLimitRequest>),
];

/// The venue's words for a field's type, with the format or the closed set of words where there is one.
fn type_words(field: &Value) -> String {
    let kind = field["type"].as_str().unwrap();
    if let Some(format) = field["format"].as_str() {
        return format!("{kind}/{format}");
    }
    match field["enum"].as_array() {
        Some(words) => {
            let words: Vec<&str> = words.iter().map(|word| word.as_str().unwrap()).collect();
            format!("{kind}={}", words.join("|"))
        }
        None => kind.to_owned(),
    }
}

/// The name inside `array<…>` or the name itself.
fn inner(kind: &str) -> &str {
    kind.strip_prefix("array<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind)
}

/// What this crate needs of the reference: the served models with all they contain, and every operation.
fn extract(reference: &Value) -> Value {
    let all = reference["models"].as_object().unwrap();
    let mut models = Map::new();
    let mut wanted: Vec<&str> = MODELS.iter().map(|(name, _)| *name).collect();
    while let Some(name) = wanted.pop() {
        let Some(model) = all.get(name).filter(|_| !models.contains_key(name)) else { continue };
        let entry = if model["kind"] == "enum" {
            json!({ "words": model["values"] })
        } else {
            let fields = model["fields"].as_array().unwrap();
            wanted.extend(fields.iter().map(|field| inner(field["type"].as_str().unwrap())));
            let fields: Map<String, Value> = fields
                .iter()
                .map(|field| (field["name"].as_str().unwrap().to_owned(), type_words(field).into()))
                .collect();
            json!({ "required": model["python_sdk_refuses_without"], "fields": fields })
        };
        models.insert(name.to_owned(), entry);
    }
    let operations: Map<String, Value> = reference["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| {
            let (method, path) = (endpoint["method"].as_str().unwrap(), endpoint["path"].as_str().unwrap());
            let query = endpoint["params"].as_array().unwrap().iter().filter(|param| param["in"] == "query");
            let query: Vec<&Value> = query.map(|param| &param["name"]).collect();
            let entry = json!({
                "status": endpoint["success_status"], "auth": endpoint["auth"], "cost": endpoint["token_cost"],
                "bucket": endpoint["bucket"], "query": query,
            });
            (format!("{method} {path}"), entry)
        })
        .collect();
    let messages: Map<String, Value> = reference["websocket"]["messages"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(kind, message)| {
            let entry = json!({ "required": message["msg_required"], "optional": message["msg_optional"] });
            (kind.clone(), entry)
        })
        .collect();
    json!({ "models": models, "operations": operations, "messages": messages })
}

fn committed() -> Value {
    let text = std::fs::read_to_string(testdata("required_fields.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_extract_is_that_of_the_reference() {
    let Some(path) = shared("reference/kalshi_endpoints.json") else { return };
    let reference: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let extract = extract(&reference);
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        let text = serde_json::to_string_pretty(&extract).unwrap() + "\n";
        std::fs::write(testdata("required_fields.json"), text).unwrap();
    }
    assert!(committed() == extract, "run with UPDATE_EXPECT=1 and read the difference");
}

/// Which fields a sample has.
#[derive(Clone, Copy, PartialEq)]
enum Fill {
    /// Only what the official SDK insists on.
    Required,
    /// All.
    All,
    /// All, with null where the SDK takes it.
    Nulls,
}

fn sample(models: &Value, name: &str, fill: Fill) -> Value {
    let model = &models[name];
    let required: BTreeSet<&str> =
        model["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    let mut object = Map::new();
    for (field, kind) in model["fields"].as_object().unwrap() {
        let is_required = required.contains(field.as_str());
        let value = match fill {
            Fill::Required if !is_required => continue,
            Fill::Nulls if !is_required => Value::Null,
            _ => sample_value(models, kind.as_str().unwrap(), name, fill),
        };
        object.insert(field.clone(), value);
    }
    Value::Object(object)
}

fn sample_value(models: &Value, kind: &str, owner: &str, fill: Fill) -> Value {
    match kind {
        // The reference gives the bands of a price grid no format.
        "string" if owner == "PriceRange" => "0.0100".into(),
        "string" => "x".into(),
        "string/dollars" => "0.4200".into(),
        "string/count_fp" => "10.00".into(),
        "datetime" => "2026-11-20T12:00:00.5Z".into(),
        "integer" | "number|integer" => 1.into(),
        "boolean" => true.into(),
        "map<any>" => json!({ "anything": [1, "x"] }),
        "map<string>" => json!({ "anything": "x" }),
        "array<array<string>>" => json!([["0.4000", "120.00"], ["0.4100", "35.50"]]),
        _ => {
            if let Some((_, words)) = kind.split_once('=') {
                return words.split('|').next().unwrap().into();
            }
            let name = inner(kind);
            if name != kind {
                return json!([sample_value(models, name, owner, fill)]);
            }
            match models[name]["words"].as_array() {
                Some(words) => words[0].clone(),
                None => sample(models, name, fill),
            }
        }
    }
}

/// Checks that `value` has the JSON type that the schema's words say.
fn check_type(models: &Value, kind: &str, value: &Value, place: &str) {
    let decimals = || value.as_str().and_then(|text| text.split_once('.')).map(|(_, decimals)| decimals.len());
    let is_right = match kind {
        "string" => value.is_string(),
        "string/dollars" => matches!(decimals(), Some(4 | 6)),
        "string/count_fp" => decimals() == Some(2),
        "datetime" => value.as_str().is_some_and(|text| text.parse::<brier_types::Timestamp>().is_ok()),
        "integer" => value.is_i64() || value.is_u64(),
        "number|integer" => value.is_number(),
        "boolean" => value.is_boolean(),
        "map<any>" | "map<string>" => value.is_object(),
        "array<array<string>>" => value.as_array().is_some_and(|levels| {
            levels.iter().all(|level| {
                level.as_array().is_some_and(|level| level.len() == 2 && level.iter().all(Value::is_string))
            })
        }),
        _ => {
            if let Some((_, words)) = kind.split_once('=') {
                value.as_str().is_some_and(|word| words.split('|').any(|known| known == word))
            } else if inner(kind) != kind {
                let list = value.as_array().unwrap_or_else(|| panic!("{place}: expected a list, found {value}"));
                for item in list {
                    check_type(models, inner(kind), item, place);
                }
                true
            } else if let Some(words) = models[kind]["words"].as_array() {
                words.contains(value)
            } else {
                check_object(models, kind, value, place);
                true
            }
        }
    };
    assert!(is_right, "{place}: expected {kind}, found {value}");
}

fn check_object(models: &Value, name: &str, value: &Value, place: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{place}: expected {name}, found {value}"));
    let required: Vec<&str> =
        models[name]["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    for field in &required {
        assert!(object.get(*field).is_some_and(|value| !value.is_null()), "{place}.{field} is required and absent");
    }
    for (field, value) in object {
        let place = format!("{place}.{field}");
        let kind = models[name]["fields"][field].as_str().unwrap_or_else(|| panic!("{place} is no field of the venue"));
        if !value.is_null() || required.contains(&field.as_str()) {
            check_type(models, kind, value, &place);
        }
    }
}

#[test]
fn nothing_the_sdk_insists_on_is_ever_left_out() {
    let models = &committed()["models"];
    for (name, round_trip) in MODELS {
        for fill in [Fill::Required, Fill::All, Fill::Nulls] {
            let written = round_trip(sample(models, name, fill)).unwrap_or_else(|error| panic!("{name}: {error}"));
            check_object(models, name, &written, name);
        }
    }
}

/// The places of all members, so that two values can be compared by what they have.
fn places(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                places(value, &format!("{at}.{key}"), out);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                places(value, &format!("{at}.{index}"), out);
            }
        }
        _ => {
            out.insert(at.to_owned());
        }
    }
}

#[test]
fn every_field_of_the_schema_is_read_and_written_under_its_name() {
    let models = &committed()["models"];
    for (name, round_trip) in MODELS {
        let full = sample(models, name, Fill::All);
        let (mut sent, mut kept) = (BTreeSet::new(), BTreeSet::new());
        places(&full, name, &mut sent);
        places(&round_trip(full).unwrap(), name, &mut kept);
        assert_eq!(kept, sent, "{name}");
    }
}

#[test]
fn a_request_without_a_required_field_is_refused() {
    let models = &committed()["models"];
    let mut checked = 0;
    for (name, round_trip) in MODELS.iter().filter(|(name, _)| name.ends_with("Request")) {
        for field in models[*name]["required"].as_array().unwrap() {
            let mut object = sample(models, name, Fill::All);
            object.as_object_mut().unwrap().remove(field.as_str().unwrap());
            let error = round_trip(object).expect_err(name).to_string();
            assert!(error.contains(field.as_str().unwrap()), "{name}: {error}");
            checked += 1;
        }
    }
    assert!(checked >= 12, "{checked}");
}

#[test]
fn requests_take_no_number_for_a_string() {
    let models = &committed()["models"];
    for (name, round_trip) in MODELS.iter().filter(|(name, _)| name.ends_with("Request")) {
        for (field, kind) in models[*name]["fields"].as_object().unwrap() {
            if kind.as_str().unwrap().starts_with("string") {
                let mut object = sample(models, name, Fill::All);
                object[field] = 1.into();
                assert!(round_trip(object).is_err(), "{name}.{field}");
            }
        }
    }
}

#[test]
fn operations_are_those_of_the_reference() {
    let extract = committed();
    for operation in Operation::ALL {
        let key = format!("{} {}", operation.method(), operation.template());
        let known = &extract["operations"][&key];
        assert_eq!(known["status"], operation.success(), "{key}");
        assert_eq!(known["auth"] == "none", operation.is_public(), "{key}: {}", known["auth"]);
    }
}

#[test]
fn costs_are_those_of_the_reference() {
    let extract = committed();
    let operations = extract["operations"].as_object().unwrap();
    assert_eq!(operations.len(), 118);
    for (key, known) in operations {
        let (method, path) = key.split_once(' ').unwrap();
        let method = Method::parse(method).unwrap();
        // The parts of a concrete path can be any word; the braces are one.
        let cost = costs::cost(method, &format!("{}{path}", rest::BASE_PATH), 1);
        let bucket = if known["bucket"] == "write" { Bucket::Write } else { Bucket::Read };
        assert_eq!((known["cost"].as_u64(), bucket), (Some(u64::from(cost.tokens)), cost.bucket), "{key}");
    }
    // One row more than the SDK's operations: the passthrough of CF Benchmarks.
    assert_eq!(costs::operations().len(), operations.len() + 1);
}

#[test]
fn query_parameters_are_those_of_the_reference() {
    let extract = committed();
    for (operation, names) in [
        ("GET /markets", rest::MarketsQuery::NAMES),
        ("GET /events", rest::EventsQuery::NAMES),
        ("GET /events/{event_ticker}", rest::EventQuery::NAMES),
        ("GET /events/fee_changes", rest::EventFeeChangesQuery::NAMES),
        ("GET /series", rest::SeriesListQuery::NAMES),
        ("GET /series/{series_ticker}", rest::SeriesQuery::NAMES),
        ("GET /series/fee_changes", rest::SeriesFeeChangesQuery::NAMES),
        ("GET /markets/{ticker}/orderbook", rest::OrderbookQuery::NAMES),
        ("GET /markets/orderbooks", rest::OrderbooksQuery::NAMES),
        ("GET /markets/trades", rest::TradesQuery::NAMES),
        ("GET /series/{series_ticker}/markets/{ticker}/candlesticks", rest::CandlesticksQuery::NAMES),
        ("GET /markets/candlesticks", rest::BatchCandlesticksQuery::NAMES),
        ("GET /portfolio/balance", rest::BalanceQuery::NAMES),
        ("GET /portfolio/positions", rest::PositionsQuery::NAMES),
        ("GET /portfolio/fills", rest::FillsQuery::NAMES),
        ("GET /portfolio/settlements", rest::SettlementsQuery::NAMES),
        ("GET /portfolio/orders", rest::OrdersQuery::NAMES),
        ("GET /portfolio/orders/queue_positions", rest::QueuePositionsQuery::NAMES),
        ("DELETE /portfolio/events/orders/{order_id}", rest::CancelOrderQuery::NAMES),
        ("DELETE /portfolio/events/orders", rest::SubaccountQuery::NAMES),
        ("POST /portfolio/events/orders/{order_id}/amend", rest::SubaccountQuery::NAMES),
        ("POST /portfolio/events/orders/{order_id}/decrease", rest::SubaccountQuery::NAMES),
        ("GET /portfolio/order_groups", rest::SubaccountQuery::NAMES),
        ("GET /portfolio/order_groups/{order_group_id}", rest::SubaccountQuery::NAMES),
        ("PUT /portfolio/order_groups/{order_group_id}/limit", rest::OrderGroupQuery::NAMES),
        ("DELETE /portfolio/order_groups/{order_group_id}", rest::OrderGroupQuery::NAMES),
    ] {
        let known = extract["operations"][operation]["query"].as_array().expect(operation);
        let known: BTreeSet<&str> = known.iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(names.iter().copied().collect::<BTreeSet<_>>(), known, "{operation}");
    }
}

/// A value for a field of a stream message; the reference gives those fields no types, their names do.
fn message_value(field: &str) -> Value {
    match field {
        "outcome_side" | "side" | "taker_side" | "taker_outcome_side" | "purchased_side" | "result" => "yes".into(),
        "book_side" | "taker_book_side" => "bid".into(),
        "action" => "buy".into(),
        "status" => "resting".into(),
        "event_type" => "created".into(),
        "last_update_reason" => "Trade".into(),
        "self_trade_prevention_type" => "maker".into(),
        "collateral_return_type" => "MECNET".into(),
        "fee_type_override" => "quadratic".into(),
        "strike_type" => "between".into(),
        "settlement_value" => "1.0000".into(),
        "fee_cost" => "0.0100".into(),
        "price_ranges" => json!([{ "start": "0.0000", "end": "1.0000", "step": "0.0100" }]),
        "additional_metadata" | "custom_strike" => json!({ "name": "x" }),
        "yes_dollars_fp" | "no_dollars_fp" => json!([["0.4000", "120.00"]]),
        "is_taker" | "is_yes" | "is_block_trade" | "is_deactivated" => true.into(),
        "fee_multiplier_override"
        | "floor_strike"
        | "cap_strike"
        | "exchange_index"
        | "subaccount"
        | "subaccount_number"
        | "dollar_volume"
        | "dollar_open_interest"
        | "strike_date" => 1.into(),
        "time" => "2026-11-20T12:00:00Z".into(),
        _ if field.ends_with("_time") => "2026-11-20T12:00:00Z".into(),
        _ if field == "ts" || field.ends_with("_ts") || field.ends_with("ts_ms") => 1_795_176_000.into(),
        _ if field.ends_with("_dollars") => "0.4200".into(),
        _ if field.ends_with("_fp") => "10.00".into(),
        _ => "x".into(),
    }
}

#[test]
fn stream_messages_have_the_fields_of_the_reference() {
    let extract = committed();
    let mut known = 0;
    for (kind, fields) in extract["messages"].as_object().unwrap() {
        let names = |list: &str| -> Vec<String> {
            fields[list].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let (required, optional) = (names("required"), names("optional"));
        for with_optional in [false, true] {
            let chosen = required.iter().chain(optional.iter().filter(|_| with_optional));
            let mut msg: Map<String, Value> = chosen.map(|name| (name.clone(), message_value(name))).collect();
            // The one field whose form differs by message: RFC 3339 on a book, seconds elsewhere.
            if kind == "orderbook_delta" && with_optional {
                msg.insert("ts".into(), "2026-11-20T12:00:00Z".into());
            }
            let frame = json!({ "type": kind, "sid": 1, "seq": 1, "msg": msg });
            let message = ServerMessage::parse(&frame.to_string()).unwrap_or_else(|error| panic!("{error}"));
            if matches!(message.body, Body::Unknown { .. }) {
                continue;
            }
            known += 1;
            let written: Value = serde_json::from_str(&message.to_json()).unwrap();
            let written: BTreeSet<&String> = written["msg"].as_object().unwrap().keys().collect();
            assert_eq!(written, msg.keys().collect::<BTreeSet<_>>(), "{kind}");
        }
    }
    // All but the eight of the RFQ flow and the index values.
    assert_eq!(known, 2 * 12);
}
