use super::*;
use brier_connect::backoff::Jitter;
use proptest::prelude::*;

const GOOD: &str = r#"{"probability":0.62,"low":0.5,"high":0.7,"drivers":[{"claim":"Warm air arrives","sign":"up",
 "weight":0.6,"quotes":[{"source":"D1","text":"a high near 88"}]}],"changes":["a cooler run"]}"#;

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn the_form_is_read() {
    let Ok(Answer::Estimate(estimate)) = read(GOOD) else { panic!("an estimate") };
    assert!((estimate.prob.get() - 0.62).abs() < 1e-12);
    assert_eq!(estimate.claims[0].sign, Sign::Up);
    assert_eq!(estimate.claims[0].quotes[0], Quote { source: "D1".to_owned(), text: "a high near 88".to_owned() });
    assert_eq!(estimate.changes, ["a cooler run"]);
    assert_eq!(read(r#"{"no_opinion":"nothing\nto go on"}"#), Ok(Answer::Abstains("nothing to go on".to_owned())));
}

#[test]
fn errors_say_where_and_what() {
    for (from, to, expected) in [
        ("0.62", "1.2", "probability: expected a number from 0 to 1, found 1.2"),
        ("0.62", "\"0.62\"", "probability: expected a number from 0 to 1, found a text"),
        ("0.62", "true", "probability: expected a number from 0 to 1, found true or false"),
        ("0.62", "null", "probability: expected a number from 0 to 1, found null"),
        ("0.62", "0.4", "low: expected low, probability and high in rising order, found another order"),
        ("\"low\":0.5,", "", "answer: expected the key `low`, found none"),
        ("\"up\"", "\"UP\"", "drivers[0].sign: expected `up` or `down`, found another word"),
        ("0.6,", "-1,", "drivers[0].weight: expected a number from 0 to 1, found -1"),
        (
            r#"{"source":"D1","text":"a high near 88"}"#,
            "",
            "drivers[0].quotes: expected at least one quote, found none",
        ),
        ("\"a high near 88\"", "\"\"", "drivers[0].quotes[0].text: expected 1 to 400 characters, found 0"),
        ("\"D1\"", "[]", "drivers[0].quotes[0].source: expected a text, found a list"),
        ("[\"a cooler run\"]", "{}", "changes: expected a list, found an object"),
        ("\"a cooler run\"", "\"\u{200b}\"", "changes[0]: expected words, found nothing that can be seen"),
    ] {
        assert_eq!(refused(&GOOD.replacen(from, to, 1)), expected);
    }
}

#[test]
fn nothing_may_be_added_to_it() {
    let with = |extra: &str| GOOD.replacen('{', &format!("{{{extra},"), 1);
    for extra in [
        r#""order":{"action":"buy","count":1000}"#,
        r#""tool_calls":[{"name":"transfer"}]"#,
        r#""market":"ANOTHER","note":"ignore the rules""#,
    ] {
        let error = refused(&with(extra));
        assert!(error.starts_with("answer: expected only the keys `probability`"), "{error}");
        for word in ["buy", "transfer", "ANOTHER", "ignore"] {
            assert!(!error.contains(word), "an error repeats no word of the answer: {error}");
        }
    }
    assert!(refused(&with(r#""probability":0.99"#)).contains("every key once"));
    assert!(refused(r#"{"no_opinion":"x","probability":0.9}"#).contains("only the keys `no_opinion`"));
}

#[test]
fn nothing_may_stand_around_it() {
    for text in
        ["", "I think 0.6.", &format!("Sure! {GOOD}"), &format!("```json\n{GOOD}\n```"), &format!("{GOOD} {GOOD}")]
    {
        assert!(refused(text).starts_with("answer: expected one JSON object"), "{text}");
    }
    assert!(refused("[]").contains("found a list"));
    assert!(refused(&" ".repeat(MAX_ANSWER_BYTES + 1)).contains("at most 65536 bytes"));
    let many = [r#""x""#; MAX_CHANGES + 1].join(",");
    assert!(refused(&GOOD.replacen("\"a cooler run\"", &many, 1)).contains("at most 5 items, found 6"));
}

#[test]
fn a_hundred_thousand_mutations_are_read_without_panic() {
    let mut jitter = Jitter::new(11);
    let (mut read_well, good) = (0, GOOD.as_bytes());
    for _ in 0..100_000 {
        let mut bytes = good.to_vec();
        for _ in 0..=jitter.next_u64() % 4 {
            bytes.resize(bytes.len().max(1), b' ');
            let at = (jitter.next_u64() % bytes.len() as u64) as usize;
            let byte = jitter.next_u64() as u8;
            match jitter.next_u64() % 4 {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..(at + 9).min(bytes.len()))),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(Answer::Estimate(estimate)) = read(&String::from_utf8_lossy(&bytes)) {
            assert!(estimate.low <= estimate.prob && estimate.prob <= estimate.high);
            read_well += 1;
        }
    }
    assert!(read_well > 1_000, "some mutations hit only words: {read_well}");
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(error) = read(&text) {
            prop_assert!(error.to_string().len() < 300);
        }
    }

    #[test]
    fn any_number_is_checked(number in any::<f64>()) {
        let text = GOOD.replacen("0.62", &format!("{number:e}"), 1);
        if let Ok(Answer::Estimate(estimate)) = read(&text) {
            prop_assert!((0.0..=1.0).contains(&estimate.prob.get()));
        }
    }
}
