//! No parser panics, whatever comes: good payloads of the emulator, broken in a thousand ways from a seed.
//!
//! 4,000 broken payloads per adapter by default, which take seconds in the dev profile; `BRIER_FEEDS_MUTATIONS=100000` sets
//! another number, and takes minutes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use brier_connect::backoff::Jitter;
use brier_feeds::emulator::{Call, Day, Fault, answer, streams};
use brier_feeds::settlement::{Rules, SourceRef, Table};
use brier_feeds::vendor::Vendor;
use brier_feeds::weather::{climate_report, nws};
use brier_types::Venue;
use serde_json::Value;

use crate::cases::cases;
use crate::rig::now;
use crate::streams::protocol;

const DEFAULT: u64 = 4_000;

fn day() -> Day {
    Day { seed: 7, now: now(), data: now() }
}

/// The same document with short lists: breaking the tenth row finds what breaking the third does.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => {
            let scalars = items.iter().all(|item| !item.is_object() && !item.is_array());
            items.truncate(if scalars { 12 } else { 3 });
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => {
            let surplus: Vec<String> = fields.keys().filter(|name| name.contains("_member")).skip(2).cloned().collect();
            for name in surplus {
                fields.remove(&name);
            }
            fields.values_mut().for_each(shorten);
        }
        _ => {}
    }
}

fn good(body: Vec<u8>) -> Vec<u8> {
    match serde_json::from_slice::<Value>(&body) {
        Ok(mut value) => {
            shorten(&mut value);
            value.to_string().into_bytes()
        }
        Err(_) => body,
    }
}

const TOKENS: [&[u8]; 22] = [
    b"null",
    b"\"\"",
    b"[]",
    b"{}",
    b"-1",
    b"0",
    b"1e999",
    b"-1e308",
    b"99999999999999999999999999999999999999999",
    b"NaN",
    b"true",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\xff\xfe",
    "é".as_bytes(),
    b"<![CDATA[",
    b"&#x110000;",
    b"</",
    b"\"-\"",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"1e-400",
];

fn broken(good: &[u8], chance: &mut Jitter) -> Vec<u8> {
    let mut out = good.to_vec();
    let mut dice = |bound: usize| (chance.next_u64() % bound.max(1) as u64) as usize;
    for _ in 0..=dice(3) {
        let length = out.len();
        let at = dice(length + 1);
        match dice(9) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << dice(8);
                }
            }
            1 => out.truncate(at),
            2 => {
                // A piece from elsewhere.
                let from = dice(length + 1);
                let to = (from + dice(40)).min(length);
                let piece = out[from..to].to_vec();
                out.splice(at..at, piece);
            }
            3 => drop(out.drain(at..(at + dice(30)).min(length))),
            4 => {
                // A number blown up, or made something else.
                let start = out[at..].iter().position(u8::is_ascii_digit).map(|found| at + found);
                if let Some(start) = start {
                    let run = out[start..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                    out.splice(start..start + run, TOKENS[dice(TOKENS.len())].iter().copied());
                }
            }
            5 => out.splice(at..at, TOKENS[dice(TOKENS.len())].iter().copied()).for_each(drop),
            6 => {
                // Nesting.
                let opening: &[u8] = [&b"["[..], b"{\"a\":", b"<a>"][dice(3)];
                out.splice(at..at, opening.repeat(1 + dice(200)));
            }
            7 => {
                // A word of the document in the place of another.
                let (one, two) = (dice(length + 1), dice(length + 1));
                let word = |from: usize, bytes: &[u8]| {
                    let size = bytes[from..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                    from..from + size
                };
                let (one, two) = (word(one, &out), word(two, &out));
                let piece = out[one].to_vec();
                out.splice(two, piece);
            }
            _ => {
                if let Some(byte) = out.get_mut(at) {
                    *byte = dice(256) as u8;
                }
            }
        }
    }
    out
}

/// Feeds `count` broken forms of each good text to `read`.
fn torment(name: &str, texts: &[Vec<u8>], count: u64, mut read: impl FnMut(&[u8])) {
    for text in texts {
        let mut chance = Jitter::new(0x5eed ^ text.len() as u64);
        for number in 0..count / texts.len() as u64 {
            let bytes = broken(text, &mut chance);
            let outcome = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
            assert!(outcome.is_ok(), "{name}, number {number}: {}", String::from_utf8_lossy(&bytes));
        }
    }
}

fn wanted() -> u64 {
    std::env::var("BRIER_FEEDS_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(DEFAULT)
}

fn rest(count: u64) {
    for case in cases() {
        let body = good(answer(case.vendor(), &day(), Fault::None, &Call::of(&case.request)).body);
        assert!((case.judge)(&body).is_ok(), "{}: {:?}", case.name, (case.judge)(&body));
        torment(case.name, &[body], count, |bytes| {
            if let Err(error) = (case.judge)(bytes) {
                assert!(error.to_string().chars().count() < 1_000);
            }
        });
    }
}

fn frames(count: u64) {
    for vendor in [Vendor::Coinbase, Vendor::Binance, Vendor::Rtds, Vendor::Deribit, Vendor::TwelveData] {
        let mut stream = protocol(vendor);
        let greeting = stream.greet();
        let mut names = streams::by_address(vendor, stream.target().rsplit('=').next().unwrap()).unwrap_or_default();
        let mut texts: Vec<String> = Vec::new();
        for text in &greeting {
            match streams::hear(vendor, text) {
                streams::Heard::Subscribed(said, wanted) => {
                    texts.extend(said);
                    names = wanted;
                }
                streams::Heard::Say(said) => texts.extend(said),
            }
        }
        texts.extend(streams::tick(vendor, &day(), now(), 0, &names));
        texts.retain(|text| !text.is_empty());
        for text in &texts {
            assert!(stream.frame(text).is_ok(), "{vendor}: {text}");
        }
        let texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        torment(vendor.name(), &texts, count, |bytes| drop(stream.frame(&String::from_utf8_lossy(bytes))));
    }
}

fn texts(count: u64) {
    let body = answer(Vendor::Nws, &day(), Fault::None, &Call::of(&nws::product("NYC-2026-11-19-final"))).body;
    let report = nws::parse_product(&body).unwrap().text;
    assert!(climate_report::parse(&report).is_ok());
    torment("climate report", &[report.into_bytes()], count, |bytes| {
        drop(climate_report::parse(&String::from_utf8_lossy(bytes)));
    });
    let rule = b"If the highest temperature recorded in Central Park, New York for July 20, 2026 as reported by the National Weather \
        Service's Climatological Report (Daily), is greater than 84, then CLINYC https://x?issuedby=NYC";
    torment("rules", &[rule.to_vec()], count / 10, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let sources = [SourceRef { name: &text, url: &text }];
        let rules = Rules {
            venue: Venue::Kalshi,
            id: "KXHIGHNY-26JUL20-T84",
            primary: &text,
            secondary: &text,
            sources: &sources,
            strike: None,
        };
        drop(Table::embedded().check(&rules));
    });
}

#[test]
fn broken_answers_panic_nobody() {
    rest(wanted());
}

#[test]
fn broken_frames_panic_nobody() {
    frames(wanted());
}

#[test]
fn broken_texts_panic_nobody() {
    texts(wanted());
}

#[test]
fn a_seed_gives_the_same_day() {
    for case in cases() {
        let call = Call::of(&case.request);
        let body = |seed| answer(case.vendor(), &Day { seed, ..day() }, Fault::None, &call).body;
        assert_eq!(body(7), body(7), "{}", case.name);
    }
}

#[test]
fn any_seed_and_moment_gives_a_day_that_is_read() {
    let moments = [
        "2026-01-01T00:00:10Z",
        "2026-03-08T07:00:00Z",
        "2026-07-20T03:59:59.999Z",
        "2026-11-01T05:30:00Z",
        "2026-12-31T23:59:59Z",
        "2028-02-29T12:51:00Z",
    ];
    for (seed, moment) in moments.iter().enumerate() {
        let now = moment.parse().unwrap();
        let day = Day { seed: seed as u64, now, data: now };
        for case in cases() {
            let body = answer(case.vendor(), &day, Fault::None, &Call::of(&case.request)).body;
            let judged = (case.judge)(&body);
            assert!(judged.is_ok(), "{} at {moment}: {judged:?}", case.name);
        }
    }
}
