use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    #[serde(with = "text")]
    price: Price,
    #[serde(with = "float")]
    size: Qty,
    #[serde(with = "float", default, skip_serializing_if = "Option::is_none")]
    pnl: Option<Money>,
    #[serde(with = "json_text", default, skip_serializing_if = "Option::is_none")]
    outcomes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score: Option<Num>,
}

fn read(text: &str) -> Result<Sample, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn texts_and_numbers_read_alike_and_are_written_in_one_form() {
    let from_numbers = read(r#"{"price":0.52,"size":"5.40","pnl":-1.5,"outcomes":["Yes","No"],"score":1e-7}"#).unwrap();
    let from_texts = read(r#"{"price":"0.520","size":5.4,"pnl":"-1.5","outcomes":"[\"Yes\",\"No\"]","score":1e-7}"#);
    assert_eq!(from_numbers, from_texts.unwrap());
    assert_eq!(
        serde_json::to_string(&from_numbers).unwrap(),
        r#"{"price":"0.52","size":5.4,"pnl":-1.5,"outcomes":"[\"Yes\", \"No\"]","score":1e-7}"#
    );
    // The same through a tree, which the exchange uses when it edits an answer.
    let tree = serde_json::to_value(&from_numbers).unwrap();
    assert_eq!(serde_json::from_value::<Sample>(tree).unwrap(), from_numbers);
}

#[test]
fn surplus_digits_are_refused_or_rounded_as_the_field_says() {
    assert!(read(r#"{"price":"0.52001","size":1}"#).unwrap_err().to_string().contains("steps of 0.0001"));
    assert_eq!(read(r#"{"price":"0.52","size":1.0000005}"#).unwrap().size.micros(), 1_000_001);
    assert_eq!(read(r#"{"price":"0.52","size":1.00000049999}"#).unwrap().size.micros(), 1_000_000);
    assert!(read(r#"{"price":"","size":1}"#).is_err());
    assert_eq!(read(r#"{"price":"0","size":1,"pnl":null,"outcomes":""}"#).unwrap().pnl, None);
}

#[test]
fn times_come_in_four_forms() {
    for text in ["1775401800", "1775401800000", "2026-04-05T15:10:00Z", "2026-04-05 15:10:00+00"] {
        assert_eq!(read_time(text).map(Timestamp::secs), Ok(1_775_401_800), "{text}");
    }
    for text in ["", "soon", "2026-04-05"] {
        assert!(read_time(text).is_err(), "{text}");
    }
}

#[test]
fn malformed_numbers_are_none() {
    for text in ["", "-", ".5", "5.", "1e", "1e1.5", "0x1", "1 ", "NaN", "--1", "1.2.3"] {
        assert_eq!(decimal(text, 6, Surplus::Round), None, "{text}");
        assert_eq!(Num::new(text), None, "{text}");
    }
    assert_eq!(decimal("9223372036854775808", 0, Surplus::Round), None);
    assert_eq!(decimal("1e999999999999", 6, Surplus::Round), None);
    assert_eq!(decimal("0e9", 6, Surplus::Refuse), Some(0));
    assert_eq!(decimal("1e-40", 6, Surplus::Round), Some(0));
}

proptest! {
    #[test]
    fn units_round_trip(micros in -i64::MAX..=i64::MAX, pips in 0_u16..=10_000) {
        let (money, price) = (Money::from_micros(micros), Price::new(pips).unwrap());
        prop_assert_eq!(read_unit::<Money>(&plain(money), Surplus::Refuse), Ok(money));
        prop_assert_eq!(read_unit::<Price>(&plain(price), Surplus::Refuse), Ok(price));
    }

    #[test]
    fn exact_decimals_agree_with_the_other_reader(whole in 0_i64..1_000_000, micros in 0_i64..1_000_000) {
        let text = format!("{whole}.{micros:06}");
        prop_assert_eq!(decimal(&text, 6, Surplus::Refuse), brier_types::parse_fixed(text.as_bytes(), 6));
    }

    #[test]
    fn any_text_never_panics(text in ".{0,40}", scale in 0_u32..=6) {
        let _ignored = (decimal(&text, scale, Surplus::Round), Num::new(&text), read_time(&text));
    }
}
