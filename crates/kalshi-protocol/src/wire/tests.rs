use super::*;
use proptest::prelude::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Answer {
    #[serde(with = "dollars")]
    price: Price,
    #[serde(with = "dollars6")]
    cost: Money,
    #[serde(with = "count", default, skip_serializing_if = "Option::is_none")]
    left: Option<Qty>,
    #[serde(with = "rfc3339", default)]
    at: Option<Timestamp>,
    #[serde(with = "ladder", default, skip_serializing_if = "Vec::is_empty")]
    levels: Ladder,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    #[serde(with = "strict_dollars")]
    price: Money,
    #[serde(with = "strict_count", default, skip_serializing_if = "Option::is_none")]
    count: Option<Qty>,
}

fn answer(text: &str) -> Result<Answer, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[test]
fn answers_take_numbers_and_write_strings() {
    let read = answer(r#"{"price":0.42,"cost":"1.64","left":"6","levels":[["0.4","120"],[0.41,35.5]]}"#).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        r#"{"price":"0.4200","cost":"1.640000","left":"6.00","at":null,"levels":[["0.4000","120.00"],["0.4100","35.50"]]}"#
    );
}

#[test]
fn a_level_has_exactly_two_parts() {
    assert!(answer(r#"{"price":"0.42","cost":"0","levels":[["0.4"]]}"#).is_err());
    assert!(answer(r#"{"price":"0.42","cost":"0","levels":[["0.4","1","2"]]}"#).is_err());
}

#[test]
fn a_time_that_never_came_is_absent() {
    for absent in ["null", "\"\"", "\"0001-01-01T00:00:00Z\""] {
        let read = answer(&format!(r#"{{"price":"0.42","cost":"0","at":{absent}}}"#)).unwrap();
        assert_eq!(read.at, None, "{absent}");
    }
    assert_eq!(Rfc3339::read(NEVER_TEXT), Ok(NEVER));
    assert_eq!(Shown::<Rfc3339, _>(&NEVER, PhantomData).to_string(), NEVER_TEXT);
}

#[test]
fn requests_refuse_numbers_and_say_what_they_expect() {
    let error = serde_json::from_str::<Request>(r#"{"price":42}"#).unwrap_err().to_string();
    assert!(
        error.starts_with("invalid type: integer `42`, expected dollars as a string, such as \"0.4200\""),
        "{error}"
    );
    assert!(serde_json::from_str::<Request>(r#"{"price":"0.42","count":10}"#).is_err());
    assert!(serde_json::from_str::<Request>(r#"{"price":null}"#).is_err());
    let read: Request = serde_json::from_str(r#"{"price":"0.42","count":null}"#).unwrap();
    assert_eq!((read.price.micros(), read.count), (420_000, None));
}

#[test]
fn dollars_grow_to_six_decimals_rather_than_lose_a_digit() {
    let shown = |micros| Shown::<Dollars, _>(&Money::from_micros(micros), PhantomData).to_string();
    assert_eq!(shown(1_640_000), "1.6400");
    assert_eq!(shown(-97), "-0.000097");
}

#[test]
fn averages_are_cut_at_six_decimals() {
    assert_eq!(<AverageDollars as TextForm<Money>>::read("0.4133333333"), Ok(Money::from_micros(413_333)));
    assert_eq!(<AverageDollars as TextForm<Money>>::read("0.41"), Ok(Money::from_micros(410_000)));
    assert!(<AverageDollars as TextForm<Money>>::read("0.413333x").is_err());
    assert!(<AverageDollars as TextForm<Money>>::read("0.41333é333").is_err());
}

#[test]
fn numbers_of_decimals_are_exact() {
    assert_eq!(json_number(500_000).to_string(), "0.5");
    assert_eq!(json_number(1_000_000).to_string(), "1");
    assert_eq!(json_number_micros(&json_number(70_000)), Some(70_000));
}

proptest! {
    #[test]
    fn any_price_survives_as_a_json_number(pips in 0_u16..=10_000) {
        let price = Price::new(pips).unwrap();
        let read = answer(&format!(r#"{{"price":{price},"cost":"0"}}"#)).unwrap();
        prop_assert_eq!(read.price, price);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
        let _ignored = <AverageDollars as TextForm<Money>>::read(&text);
        let _ignored = <Rfc3339 as TextForm<Timestamp>>::read(&text);
    }
}
