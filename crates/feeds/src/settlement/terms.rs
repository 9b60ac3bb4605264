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

/// What a market's name says of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickerTime {
    /// The year.
    pub year: i16,
    /// The month.
    pub month: i8,
    /// The day, where there is one.
    pub day: Option<i8>,
    /// Minutes after midnight in New York, where there is an hour.
    pub minute: Option<u16>,
}

impl TickerTime {
    /// The day.
    pub fn date(self) -> Option<civil::Date> {
        civil::Date::new(self.year, self.month, self.day?).ok()
    }
}

/// What a market's name says of when: `26NOV` a month, `26NOV29` a day, `26NOV2917`, `26NOV291715` and `26NOV29H1600` an hour of it. `None`
/// where it says nothing.
///
/// Source: reference (feeds), section 10; reference (Kalshi), tickers, 2026-11-20.
pub fn ticker_time(venue: Venue, id: &str) -> Option<TickerTime> {
    let part = (venue == Venue::Kalshi).then(|| id.split('-').nth(1))??;
    let (year, rest) = part.split_at_checked(2)?;
    let (name, rest) = rest.split_at_checked(3)?;
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(year) || !name.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let (year, month) = (2_000 + year.parse::<i16>().ok()?, month(&name.to_lowercase())?);
    if rest.is_empty() {
        return Some(TickerTime { year, month, day: None, minute: None });
    }
    let (day, hour) = rest.split_at_checked(2)?;
    let hour = hour.strip_prefix('H').unwrap_or(hour);
    let minute = match hour.len() {
        _ if !plain(day) || !plain(hour) => return None,
        0 => None,
        2 => Some(60 * hour.parse::<u16>().ok()?),
        4 => Some(60 * hour[..2].parse::<u16>().ok()? + hour[2..].parse::<u16>().ok()?),
        _ => return None,
    };
    let time = TickerTime { year, month, day: Some(day.parse().ok()?), minute };
    time.date().map(|_| time)
}

/// Words of a text with the places of their first bytes.
fn words(text: &str) -> Vec<(usize, &str)> {
    text.split_whitespace().map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word)).collect()
}

fn number(word: &str) -> Option<i16> {
    word.trim_end_matches(|it: char| !it.is_ascii_digit()).parse().ok()
}

/// A day of a month: `29,`, `3rd`.
fn day(word: &str) -> Option<i8> {
    let word = word.trim_end_matches(',');
    let plain = ["st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
    plain.parse().ok().filter(|day| (1..=31).contains(day))
}

/// The days that a text names, with where they stand: `November 29, 2026`, `Nov 29, 2026`, `11/29/2026`. The text is in lower case.
fn dated(text: &str) -> Vec<(std::ops::Range<usize>, civil::Date)> {
    let words = words(text);
    let mut out = Vec::new();
    for at in 0..words.len() {
        let (start, word) = words[at];
        let mut parts = word.trim_end_matches(|it: char| !it.is_ascii_digit()).split('/');
        if let (Some(month), Some(day), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next())
            && let (Ok(month), Ok(day), Some(year)) = (month.parse(), day.parse(), number(year))
            && let Ok(date) = civil::Date::new(year, month, day)
        {
            out.push((start..start + word.len(), date));
        }
        if let (Some((_, second)), Some((last, third))) = (words.get(at + 1), words.get(at + 2))
            && let (Some(month), Some(day), Some(year)) = (month(word), day(second), number(third))
            && let Ok(date) = civil::Date::new(year, month, day)
        {
            out.push((start..last + third.len(), date));
        }
    }
    out
}

/// The days that a text names.
pub(super) fn dates(text: &str) -> Vec<civil::Date> {
    dated(text).into_iter().map(|(_, date)| date).collect()
}

/// The months that a text names: `november 2026`.
pub(super) fn months(text: &str) -> Vec<(i16, i8)> {
    let words = words(text);
    let pair = |pair: &[(usize, &str)]| Some((number(pair[1].1).filter(|year| *year > 1_900)?, month(pair[0].1)?));
    words.windows(2).filter_map(pair).collect()
}

/// The hours that a text names, in minutes after midnight: `5 pm`, `12:15 a.m.`.
pub(super) fn clocks(text: &str) -> Vec<u16> {
    let words = words(text);
    let clock = |pair: &[(usize, &str)]| {
        let afternoon = match pair[1].1.trim_end_matches([',', ';']).replace('.', "").as_str() {
            "am" => 0,
            "pm" => 12,
            _ => return None,
        };
        let (hour, minute) = pair[0].1.split_once(':').unwrap_or((pair[0].1, "0"));
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        ((1..=12).contains(&hour) && minute < 60).then_some(60 * (hour % 12 + afternoon) + minute)
    };
    words.windows(2).filter_map(clock).collect()
}

/// Whether a text, in lower case, speaks of degrees Celsius.
pub(super) fn is_celsius(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |at: usize| !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let scale = text.match_indices('c').any(|(at, _)| {
        let before = text[..at].trim_end_matches([' ', '\u{b0}', '\u{ba}']);
        ends(at + 1) && before.ends_with(|it: char| it.is_ascii_digit())
    });
    scale || stands(text, "celsius") || stands(text, "centigrade")
}

/// A number in a text.
struct Found {
    start: usize,
    end: usize,
    bound: Bound,
}

/// The numbers that a text names, those of its dates left out: `98,749.99`, `$5`, `84-85`, `-3`.
fn numbers(text: &str) -> Vec<Found> {
    let (bytes, dates) = (text.as_bytes(), dated(text));
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
        if dates.iter().any(|(place, _)| place.contains(&start)) {
            continue;
        }
        // A sign belongs to a number unless another one stands before it: `84-85` is a range.
        let minus =
            start > 0 && bytes[start - 1] == b'-' && !(start > 1 && (digit(start - 2) || bytes[start - 2] > 127));
        let Some(bound) = Bound::parse(&text[start..at].replace(',', "")) else { continue };
        let bound = if minus { Bound::from_micros(-bound.micros()) } else { bound };
        out.push(Found { start: start - usize::from(minus), end: at, bound });
    }
    out
}

/// Whether a text ends with one of these phrases, and nothing before turns it: `at or above` is not `above`.
fn ends_with(text: &str, phrases: &[&str]) -> bool {
    let text = text.trim_end_matches([' ', '$', ':']);
    phrases.iter().any(|phrase| {
        let Some(before) = text.strip_suffix(phrase) else { return false };
        let last = before.split_whitespace().next_back().unwrap_or_default();
        let whole = before.is_empty() || before.ends_with(|it: char| !it.is_alphanumeric());
        whole && !["or", "not", "no", "nor", "never", "n't"].contains(&last)
    })
}

/// What stands between a number and the next word: its unit.
fn after(text: &str, end: usize) -> &str {
    text[end..]
        .trim_start_matches([' ', '\u{b0}', '\u{ba}', '%', ','])
        .trim_start_matches("f ")
        .trim_start_matches("degrees ")
}

/// Whether a text, in lower case, names a strike: its bounds, and right beside them its way to compare.
pub(super) fn tells(text: &str, strike: Strike) -> bool {
    let found = numbers(text);
    // Before the number, and behind it: whatever stands behind a strict bound and softens it makes another one.
    let says = |bound: Bound, before: &[&str], behind: &[&str]| {
        found.iter().filter(|it| it.bound == bound).any(|it| {
            let (text_before, rest) = (&text[..it.start], after(text, it.end));
            let softened = rest.starts_with("or ");
            let comes = ends_with(text_before, before) && !softened;
            let follows = behind.iter().any(|phrase| rest.starts_with(phrase));
            comes || (follows && !ends_with(text_before, &["not", "no"]))
        })
    };
    let above: &[&str] = &["greater than", "above", "more than", "over", "exceeds", "higher than", "exceed"];
    let below: &[&str] = &["less than", "below", "under", "lower than", "fewer than"];
    match strike {
        Strike::Above(bound) => says(bound, above, &[]),
        Strike::Below(bound) => says(bound, below, &[]),
        Strike::AtLeast(bound) => {
            let before =
                ["at least", "greater than or equal to", "at or above", "no less than", "more than or equal to"];
            says(bound, &before, &["or above", "or higher", "or more", "or greater"])
        }
        Strike::AtMost(bound) => {
            let before = ["at most", "less than or equal to", "at or below", "no more than"];
            says(bound, &before, &["or below", "or lower", "or less", "or fewer"])
        }
        Strike::Between(low, high) => found.windows(2).any(|pair| {
            let [one, other] = pair else { return false };
            let link = text[one.end..other.start].trim_matches([' ', '\u{b0}', '\u{ba}', '$', '%', 'f']);
            let linked = matches!(link, "" | "-" | "to" | "and" | "and including");
            (one.bound, other.bound) == (low, high)
                && linked
                && ends_with(&text[..one.start], &["between", "from", "range of"])
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticker_tells_its_day_and_hour_or_its_month() {
        let of = |id| ticker_time(Venue::Kalshi, id);
        let time = |month, day, minute| Some(TickerTime { year: 2026, month, day, minute });
        assert_eq!(of("KXHIGHNY-26NOV29-T52"), time(11, Some(29), None));
        assert_eq!(of("KXTEMPNYCH-26JUL1922-T76.99"), time(7, Some(19), Some(22 * 60)));
        assert_eq!(of("KXGOLD15M-26AUG050015-00"), time(8, Some(5), Some(15)));
        assert_eq!(of("KXINXU-26NOV20H1600-T6074.9999"), time(11, Some(20), Some(16 * 60)));
        assert_eq!(of("KXCPI-26NOV-T0.2"), time(11, None, None));
        for none in
            ["KXHIGHNY", "KXHIGHNY-26FEB30-T1", "KXNBAGAME-26NOV20BOSLAL-BOS", "A-é26NOV29", "A-26NOV2H", "A-26NOV291"]
        {
            assert_eq!(of(none), None, "{none}");
        }
        assert_eq!(ticker_time(Venue::Polymarket, "KXHIGHNY-26NOV29-T52"), None);
    }

    #[test]
    fn days_hours_and_numbers_are_found_however_they_are_written() {
        let text = "for jul 19, 2026 10 pm edt and on august 4, 2026, 12:15 a.m., or sept. 3rd, 2027; 11/28/2026. may 5; in may 2026";
        let found =
            [civil::date(2026, 7, 19), civil::date(2026, 8, 4), civil::date(2027, 9, 3), civil::date(2026, 11, 28)];
        assert_eq!(dates(text), found);
        assert_eq!((clocks(text), months(text)), (vec![22 * 60, 15], vec![(2026, 5)]));
        let bounds = |texts: &[&str]| texts.iter().map(|text| Bound::parse(text).unwrap()).collect::<Vec<_>>();
        let text = "above $98,749.99, 84-85\u{b0}, -3, a 5. and 10\u{b0}-12 on july 20, 2026";
        let found: Vec<Bound> = numbers(text).iter().map(|it| it.bound).collect();
        assert_eq!(found, bounds(&["98749.99", "84", "85", "-3", "5", "10", "12"]));
    }

    #[test]
    fn a_strike_is_told_with_its_bounds_and_its_way_to_compare() {
        let bound = |text| Bound::parse(text).unwrap();
        let (above, least) = (Strike::Above(bound("84")), Strike::AtLeast(bound("84")));
        let (below, most) = (Strike::Below(bound("84")), Strike::AtMost(bound("84")));
        for (text, told) in [
            ("is greater than 84\u{b0}, then", Some(above)),
            ("is above $84.", Some(above)),
            ("is less than 84\u{b0} on july 20, 2026", Some(below)),
            ("is greater than or equal to 84", Some(least)),
            ("is 84\u{b0} or above", Some(least)),
            ("is at or above 84", Some(least)),
            ("is no more than 84", Some(most)),
            ("is 84 or below", Some(most)),
            ("is not above 84", None),
            ("is above 84 or equal", None),
            ("is above 85", None),
        ] {
            for strike in [above, least, below, most] {
                assert_eq!(tells(text, strike), told == Some(strike), "{text}: {strike}");
            }
        }
        let between = Strike::Between(bound("84"), bound("85"));
        for (text, told) in [
            ("is between 84-85\u{b0}", true),
            ("is between 84\u{b0} and 85\u{b0}", true),
            ("is between 84-86\u{b0}", false),
            ("greater than 84\u{b0} but not 85\u{b0} resolves to yes", false),
        ] {
            assert_eq!(tells(text, between), told, "{text}");
        }
        // The day of a date is no bound.
        assert!(!tells("for july 20, 2026 is greater than 84", Strike::Above(bound("20"))));
    }

    #[test]
    fn celsius_is_seen_wherever_it_stands() {
        for text in ["84\u{b0}c", "84c,", "84 c", "84 \u{b0}c", "84 degrees celsius"] {
            assert!(is_celsius(text), "{text}");
        }
        for text in ["84\u{b0}", "84\u{b0}f", "central park 84", "84 cents"] {
            assert!(!is_celsius(text), "{text}");
        }
    }
}
