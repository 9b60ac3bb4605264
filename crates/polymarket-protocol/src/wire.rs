//! How units, times and word lists stand in Polymarket's JSON: field adapters for the wire types.
//!
//! The venue mixes texts and numbers for the same thing, so every adapter reads both, from the text that was sent: no
//! number passes through a float. What differs is how a value is written (`text` or `number`) and what happens to digits
//! that the unit cannot hold: `text` and `number` refuse them, `rounded` and `float` round them (half away from zero) and
//! are used where the venue itself computes with floats.
//!
//! Invariants: what is written reads back equal; trailing zeros are never written; an absent value is an absent key.
//!
//! Source: reference, sections 8, 12, 13 and 20, 2026-11-20.

use std::collections::BTreeMap;

use brier_types::{Money, Price, Qty, SignedQty, Timestamp, write_fixed};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::ids::Side;

mod num;
#[cfg(test)]
mod tests;
mod words;

pub use num::{Num, decimal};
pub(crate) use words::words;

/// A type that is a count of `10^-SCALE` of its unit.
pub trait Unit: Sized + Copy {
    /// Decimals it can hold.
    const SCALE: u32;
    /// What a reader of an error message should have sent.
    const EXPECTED: &'static str;
    /// The value of a count, if it is in range.
    fn from_count(count: i64) -> Option<Self>;
    /// The count.
    fn count(self) -> i64;
}

impl Unit for Price {
    const SCALE: u32 = 4;
    const EXPECTED: &'static str = "a price from 0 to 1 in steps of 0.0001";
    fn from_count(count: i64) -> Option<Self> {
        u16::try_from(count).ok().and_then(Self::new)
    }
    fn count(self) -> i64 {
        i64::from(self.pips())
    }
}

impl Unit for Qty {
    const SCALE: u32 = 6;
    const EXPECTED: &'static str = "a size of at most 6 decimals, not negative";
    fn from_count(count: i64) -> Option<Self> {
        u64::try_from(count).ok().and_then(Self::from_micros)
    }
    fn count(self) -> i64 {
        self.micros() as i64
    }
}

impl Unit for SignedQty {
    const SCALE: u32 = 6;
    const EXPECTED: &'static str = "a size of at most 6 decimals";
    fn from_count(count: i64) -> Option<Self> {
        Self::from_micros(count)
    }
    fn count(self) -> i64 {
        self.micros()
    }
}

impl Unit for Money {
    const SCALE: u32 = 6;
    const EXPECTED: &'static str = "dollars of at most 6 decimals";
    fn from_count(count: i64) -> Option<Self> {
        Some(Self::from_micros(count))
    }
    fn count(self) -> i64 {
        self.micros()
    }
}

/// What to do with digits that the unit cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    /// Refuse them unless they are zeros.
    Refuse,
    /// Round half away from zero.
    Round,
}

/// The decimal text of a unit without trailing zeros: `0.52`, `100`, `-1.5`. The venue's own form.
///
/// ```
/// use brier_polymarket_protocol::wire::plain;
/// assert_eq!(plain(brier_types::Price::from_cents(50).unwrap()), "0.5");
/// assert_eq!(plain(brier_types::Qty::from_contracts(100).unwrap()), "100");
/// ```
pub fn plain<T: Unit>(value: T) -> String {
    let mut text = String::with_capacity(16);
    write_fixed(&mut text, value.count(), T::SCALE).expect("writing to a string cannot fail");
    text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    text
}

/// Reads a unit from decimal text, exponents included.
///
/// # Errors
/// What was expected and what was found.
pub fn read_unit<T: Unit>(text: &str, surplus: Surplus) -> Result<T, String> {
    decimal(text, T::SCALE, surplus)
        .and_then(T::from_count)
        .ok_or_else(|| format!("expected {}, found `{}`", T::EXPECTED, text.chars().take(64).collect::<String>()))
}

/// A JSON scalar as the text that stands in it; `None` for null.
pub(crate) fn scalar<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let raw = Box::<RawValue>::deserialize(from)?;
    match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map(Some).map_err(D::Error::custom),
        Some(b'n') => Ok(None),
        Some(b'-' | b'0'..=b'9') => Ok(Some(raw.get().to_owned())),
        _ => Err(D::Error::custom(format_args!(
            "expected a number or a text, found `{}`",
            raw.get().chars().take(64).collect::<String>()
        ))),
    }
}

/// Writes text as the JSON number that it spells.
pub(crate) fn write_number<S: Serializer>(text: String, out: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(out)
}

/// A field that an adapter can write: a value, or an option of one.
pub trait Slot: Sized {
    /// What the field holds.
    type Value;
    /// The value, if there is one.
    fn get(&self) -> Option<&Self::Value>;
    /// The field of a value, or of none where it is optional.
    fn put(value: Option<Self::Value>) -> Option<Self>;
}

macro_rules! slots {
    ($($ty:ty),+) => {$(
        impl Slot for $ty {
            type Value = $ty;
            fn get(&self) -> Option<&$ty> {
                Some(self)
            }
            fn put(value: Option<$ty>) -> Option<Self> {
                value
            }
        }
        impl Slot for Option<$ty> {
            type Value = $ty;
            fn get(&self) -> Option<&$ty> {
                self.as_ref()
            }
            fn put(value: Option<$ty>) -> Option<Self> {
                Some(value)
            }
        }
    )+};
}

slots!(Price, Qty, SignedQty, Money, Timestamp, Side, u32, u64, Vec<String>);

/// Reads a slot: null and the empty text are no value, which only an optional field may hold.
fn read_slot<'de, T: Slot, D: Deserializer<'de>>(
    from: D,
    expected: &str,
    read: impl FnOnce(&str) -> Result<T::Value, String>,
) -> Result<T, D::Error> {
    let text = scalar(from)?.filter(|text| !text.is_empty());
    let value = text.as_deref().map(read).transpose().map_err(D::Error::custom)?;
    T::put(value).ok_or_else(|| D::Error::custom(format_args!("expected {expected}, found nothing")))
}

macro_rules! unit_adapter {
    ($(#[$doc:meta])* $module:ident, $surplus:ident, |$text:ident, $out:ident| $write:expr) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Deserializer, Serializer, Slot, Surplus, Unit, plain, read_slot, read_unit};

            /// Writes the field.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T: Slot<Value: Unit>, S: Serializer>(value: &T, $out: S) -> Result<S::Ok, S::Error> {
                match value.get() {
                    Some(value) => {
                        let $text = plain(*value);
                        $write
                    }
                    None => $out.serialize_none(),
                }
            }

            /// Reads the field.
            ///
            /// # Errors
            /// Those of the deserializer, and when the value is not of the form.
            pub fn deserialize<'de, T: Slot<Value: Unit>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
                read_slot(from, <T::Value as Unit>::EXPECTED, |text| read_unit(text, Surplus::$surplus))
            }
        }
    };
}

unit_adapter! {
    /// A unit as decimal text; surplus digits are refused.
    text, Refuse, |text, out| out.serialize_str(&text)
}
unit_adapter! {
    /// A unit as decimal text; surplus digits are rounded when read.
    rounded, Round, |text, out| out.serialize_str(&text)
}
unit_adapter! {
    /// A unit as a JSON number; surplus digits are refused.
    number, Refuse, |text, out| super::write_number(text, out)
}
unit_adapter! {
    /// A unit as a JSON number that the venue computes as a float: surplus digits are rounded when read.
    float, Round, |text, out| super::write_number(text, out)
}

/// A balance: a text with the integer count of 1e-6. A text with a point, seen in old samples only, counts whole units.
pub mod base_units {
    use super::{Deserializer, Qty, Serializer, Surplus, read_unit};

    /// Writes the count.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Qty, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&value.micros())
    }

    /// Reads the count.
    ///
    /// # Errors
    /// Those of the deserializer, and when the value is no count.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Qty, D::Error> {
        super::read_slot(from, "an integer count of 1e-6", |text| {
            if text.contains('.') {
                return read_unit(text, Surplus::Refuse);
            }
            let count = text.parse().ok().and_then(Qty::from_micros);
            count.ok_or_else(|| format!("expected an integer count of 1e-6 below 2^63, found `{text}`"))
        })
    }
}

/// A small integer that the venue writes as a number and sometimes as a text.
pub mod integer {
    use std::fmt::Display;
    use std::str::FromStr;

    use super::{Deserializer, Serialize, Serializer, Slot};

    /// Writes the number.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Slot<Value: Serialize>, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        value.get().serialize(out)
    }

    /// Reads the number.
    ///
    /// # Errors
    /// Those of the deserializer, and when it is no integer of the range.
    pub fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
    where
        T: Slot<Value: FromStr<Err: Display>>,
        D: Deserializer<'de>,
    {
        super::read_slot(from, "an integer", |text| {
            text.parse().map_err(|why| format!("expected an integer, found `{text}`: {why}"))
        })
    }
}

/// A trading side as its word; the empty text is none.
pub mod side {
    use super::{Deserializer, Serializer, Side, Slot};

    /// Writes the word, or the empty text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Slot<Value = Side>, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(value.get().map_or("", |side| side.word()))
    }

    /// Reads the word in either case.
    ///
    /// # Errors
    /// Those of the deserializer, and for any other word.
    pub fn deserialize<'de, T: Slot<Value = Side>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        super::read_slot(from, "`BUY` or `SELL`", |text| match text {
            "BUY" | "buy" => Ok(Side::Buy),
            "SELL" | "sell" => Ok(Side::Sell),
            _ => Err(format!("expected `BUY` or `SELL`, found `{text}`")),
        })
    }
}

/// Reads a moment in any of the venue's forms: Unix seconds or milliseconds (from 10^11 on), RFC 3339, or
/// `2026-04-05 15:10:00+00`.
///
/// # Errors
/// What was expected and what was found.
pub fn read_time(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        let found: String = text.chars().take(64).collect();
        format!("expected Unix seconds, Unix milliseconds or RFC 3339, found `{found}`")
    };
    if let Ok(count) = text.parse::<i64>() {
        let time = if count.unsigned_abs() < 100_000_000_000 {
            Timestamp::from_secs(count)
        } else {
            Timestamp::from_millis(count)
        };
        return time.ok_or_else(wrong);
    }
    // A zone of hours only, as databases write it, and the blank before the time.
    let bytes = text.as_bytes();
    let hours_only = matches!(bytes, [.., b'+' | b'-', b'0'..=b'9', b'0'..=b'9']) && text.contains(':');
    let mended = if hours_only { format!("{text}:00") } else { text.to_owned() };
    mended.replacen(' ', "T", 1).parse().map_err(|_not_rfc3339| wrong())
}

macro_rules! time_adapter {
    ($(#[$doc:meta])* $module:ident, |$time:ident, $out:ident| $write:expr) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Deserializer, Serializer, Slot, Timestamp};

            /// Writes the field.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T: Slot<Value = Timestamp>, S: Serializer>(value: &T, $out: S) -> Result<S::Ok, S::Error> {
                match value.get() {
                    Some($time) => $write,
                    None => $out.serialize_none(),
                }
            }

            /// Reads the field in any of the venue's forms.
            ///
            /// # Errors
            /// Those of the deserializer, and when it is no moment.
            pub fn deserialize<'de, T: Slot<Value = Timestamp>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
                super::read_slot(from, "a time", super::read_time)
            }
        }
    };
}

time_adapter! {
    /// A moment as a number of Unix seconds.
    secs, |time, out| out.serialize_i64(time.secs())
}
time_adapter! {
    /// A moment as a text of Unix seconds.
    secs_text, |time, out| out.collect_str(&time.secs())
}
time_adapter! {
    /// A moment as a text of Unix milliseconds.
    millis_text, |time, out| out.collect_str(&time.millis())
}

/// An order's expiration: a text of Unix seconds, where `"0"` and null are none.
pub mod expiration {
    use super::{Deserializer, Serializer, Timestamp, read_time, scalar};
    use serde::de::Error as _;

    /// Writes the seconds, or `"0"`.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<Timestamp>, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(&value.map_or(0, Timestamp::secs))
    }

    /// Reads the seconds.
    ///
    /// # Errors
    /// Those of the deserializer, and when it is no moment.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        match scalar(from)?.as_deref() {
            None | Some("" | "0") => Ok(None),
            Some(text) => read_time(text).map(Some).map_err(D::Error::custom),
        }
    }
}

/// A list of texts that Gamma writes as a text holding a JSON array: `"[\"Yes\", \"No\"]"`. A plain array is read too.
pub mod json_text {
    use super::{Deserialize, Deserializer, RawValue, Serializer, Slot};
    use serde::de::Error as _;

    /// Writes the text, with a blank after each comma as the venue does.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Slot<Value = Vec<String>>, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        let Some(items) = value.get() else { return out.serialize_none() };
        let items: Vec<String> = items.iter().map(|item| serde_json::Value::from(item.as_str()).to_string()).collect();
        out.serialize_str(&format!("[{}]", items.join(", ")))
    }

    /// Reads the list.
    ///
    /// # Errors
    /// Those of the deserializer, and when the text holds no array of texts.
    pub fn deserialize<'de, T: Slot<Value = Vec<String>>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        let text = match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map_err(D::Error::custom)?,
            _ => raw.get().to_owned(),
        };
        let items = match text.as_str() {
            "" | "null" => None,
            text => Some(serde_json::from_str(text).map_err(|why| {
                D::Error::custom(format_args!("expected a JSON array of texts, found `{text:.64}`: {why}"))
            })?),
        };
        T::put(items).ok_or_else(|| D::Error::custom("expected a JSON array of texts, found nothing"))
    }
}

/// Units by name, each as text: `{"7132…":"0.525"}`.
pub mod by_name {
    use super::{BTreeMap, Deserialize, Deserializer, SerializeMap as _, Serializer, Surplus, Unit, plain};

    struct One<T>(T);

    impl<'de, T: Unit> Deserialize<'de> for One<T> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            use serde::de::Error as _;
            let text = super::scalar(from)?.unwrap_or_default();
            super::read_unit(&text, Surplus::Refuse).map(Self).map_err(D::Error::custom)
        }
    }

    /// Writes the map.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Unit, S: Serializer>(map: &BTreeMap<String, T>, out: S) -> Result<S::Ok, S::Error> {
        let mut out = out.serialize_map(Some(map.len()))?;
        for (name, value) in map {
            out.serialize_entry(name, &plain(*value))?;
        }
        out.end()
    }

    /// Reads the map.
    ///
    /// # Errors
    /// Those of the deserializer, and when a value is not of the unit.
    pub fn deserialize<'de, T: Unit, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, T>, D::Error> {
        let map = BTreeMap::<String, One<T>>::deserialize(from)?;
        Ok(map.into_iter().map(|(name, One(value))| (name, value)).collect())
    }
}

/// Anything that may be null where a value with a default is meant: a list, a text.
pub mod or_default {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the value.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: Serialize, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
        value.serialize(out)
    }

    /// Reads the value, null as the default.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        Ok(Option::deserialize(from)?.unwrap_or_default())
    }
}

/// A text that the venue sometimes writes as a number.
pub mod loose_text {
    use super::{Deserializer, Serializer, scalar};

    /// Writes the text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(value: &Option<String>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(text) => out.serialize_str(text),
            None => out.serialize_none(),
        }
    }

    /// Reads the text, or the digits of the number.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        scalar(from)
    }
}
