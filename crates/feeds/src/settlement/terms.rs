//! Days and bounds in rules: what a market's own words say of when and how much. Pure.

use brier_types::{Bound, Strike, Venue};
use jiff::civil;

use super::check::stands;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A month by its name, or by the first three letters of it; lower case.
fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.');
    let known = |name: &str| name == word || name[..3] == *word || (name == "september" && word == "sept");
    MONTHS.iter().position(|name| known(name)).and_then(|at| i8::try_from(at + 1).ok())
}

/// The day in a market's name: `KXHIGHNY-26NOV29-T52` is of 29 November 2026, an hour may follow. `None` where it has none.
///
/// Source: reference (Kalshi), tickers, 2026-11-20.
pub fn ticker_date(venue: Venue, id: &str) -> Option<civil::Date> {
    let part = (venue == Venue::Kalshi).then(|| id.split('-').nth(1))??;
    let (year, rest) = part.split_at_checked(2)?;
    let (name, rest) = rest.split_at_checked(3)?;
    let (day, hour) = rest.split_at_checked(2)?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(year) || !plain(day) || !plain(hour) || !name.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    civil::Date::new(2_000 + year.parse::<i16>().ok()?, month(&name.to_lowercase())?, day.parse().ok()?).ok()
}

/// The days that a text names, as `November 29, 2026` or `Nov 29, 2026`. The text is in lower case.
pub(super) fn dates(text: &str) -> Vec<civil::Date> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |word: &str| word.trim_end_matches(|it: char| !it.is_ascii_digit()).parse::<i16>().ok();
    let date = |words: &[&str]| match words {
        [name, day, year] => {
            let day = day.trim_end_matches(',').trim_end_matches("st").trim_end_matches("nd");
            let day = number(day.trim_end_matches("rd").trim_end_matches("th"))?;
            civil::Date::new(number(year)?, month(name)?, i8::try_from(day).ok()?).ok()
        }
        _ => None,
    };
    words.windows(3).filter_map(date).collect()
}

/// The numbers that a text names: `98,749.99`, `$5`, `84-85`, `-3`.
fn numbers(text: &str) -> Vec<Bound> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        while digit(at) || (matches!(bytes.get(at), Some(b'.' | b',')) && digit(at + 1)) {
            at += 1;
        }
        let plain = text[start..at].replace(',', "");
        // A sign belongs to a number unless another one stands before it: `84-85` is a range.
        let minus =
            start > 0 && bytes[start - 1] == b'-' && !(start > 1 && (digit(start - 2) || bytes[start - 2] > 127));
        out.extend(Bound::parse(&plain).map(|bound| if minus { Bound::from_micros(-bound.micros()) } else { bound }));
    }
    out
}

/// Whether a text, in lower case, names a strike: its bounds, and its way to compare.
pub(super) fn tells(text: &str, strike: Strike) -> bool {
    let named = numbers(text);
    let has = |bound: &Bound| named.contains(bound);
    let says = |words: &[&str]| words.iter().any(|word| stands(text, word));
    match strike {
        Strike::Above(bound) => {
            has(&bound) && says(&["greater than", "above", "more than", "over", "exceeds", "higher than"])
        }
        Strike::AtLeast(bound) => {
            has(&bound) && says(&["at least", "or above", "or higher", "or more", "greater than or equal to"])
        }
        Strike::Below(bound) => has(&bound) && says(&["less than", "below", "under", "lower than"]),
        Strike::AtMost(bound) => {
            has(&bound) && says(&["at most", "or below", "or lower", "or less", "less than or equal to"])
        }
        Strike::Between(low, high) => has(&low) && has(&high) && says(&["between", "from", "to"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_tells_its_day() {
        let of = |id| ticker_date(Venue::Kalshi, id);
        let day = |month, day| Some(civil::date(2026, month, day));
        assert_eq!(of("KXHIGHNY-26NOV29-T52"), day(11, 29));
        assert_eq!(of("KXTEMPNYCH-26JUL1922-T76.99"), day(7, 19));
        assert_eq!(of("KXGOLD15M-26AUG050000-00"), day(8, 5));
        for none in ["KXCPI-26NOV-T0.2", "KXHIGHNY", "KXHIGHNY-26FEB30-T1", "KXNBAGAME-26NOV20BOSLAL-BOS", "A-é26NOV29"]
        {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(ticker_date(Venue::Polymarket, "KXHIGHNY-26NOV29-T52"), None);
    }

    #[test]
    fn days_and_numbers_are_found_however_they_are_written() {
        let text = "for jul 19, 2026 10 pm edt and on august 4, 2026, or sept. 3rd, 2027; may 5; in may 2026";
        let found = [civil::date(2026, 7, 19), civil::date(2026, 8, 4), civil::date(2027, 9, 3)];
        assert_eq!(dates(text), found);
        let bounds = |texts: &[&str]| texts.iter().map(|text| Bound::parse(text).unwrap()).collect::<Vec<_>>();
        let text = "above $98,749.99, 84-85\u{b0}, -3, a 5. and 10\u{b0}-12";
        assert_eq!(numbers(text), bounds(&["98749.99", "84", "85", "-3", "5", "10", "12"]));
    }

    #[test]
    fn a_strike_is_told_with_its_bounds_and_its_way_to_compare() {
        let bound = |text| Bound::parse(text).unwrap();
        let text = "is greater than 84\u{b0}, then";
        assert!(tells(text, Strike::Above(bound("84"))));
        assert!(!tells(text, Strike::Above(bound("85"))) && !tells(text, Strike::Below(bound("84"))));
        assert!(!tells(text, Strike::AtLeast(bound("84"))));
        assert!(tells("is between 84-85\u{b0}", Strike::Between(bound("84"), bound("85"))));
        assert!(!tells("is between 84-86\u{b0}", Strike::Between(bound("84"), bound("85"))));
    }
}
