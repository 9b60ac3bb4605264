//! How the units of `brier-types` are written in the venue's JSON: field adapters and word lists.
//!
//! Invariants: amounts leave as strings with the documented decimals and lose no digit; no float holds one. Adapters whose
//! name starts with `strict_` are for requests and take strings only, as the venue does; the others also take a JSON number,
//! which users have reported now and then. Use them with `#[serde(with = "…")]` on a field or an optional field (then with
//! `default`): they take a value, `null` where the field is optional, and never an absent key by themselves.
//!
//! Source: reference sections 6.1, 15.5 and 18.2 (docs.kalshi.com "fixed-point migration"), 2026-11-20.

use std::fmt;
use std::marker::PhantomData;

use brier_types::{Money, ParseUnitError, Price, Qty, SignedQty, Timestamp, parse_fixed, write_fixed};
use serde::de::{self, Deserializer, Visitor};
use serde::ser::{SerializeSeq, Serializer};
use serde::{Deserialize, Serialize};

mod words;
pub use words::UnknownWord;
pub(crate) use words::{closed_words, open_words};

/// A time that never came: the venue's `0001-01-01T00:00:00Z`, in a field that cannot be absent.
pub const NEVER: Timestamp = Timestamp::from_nanos(i64::MIN);

const NEVER_TEXT: &str = "0001-01-01T00:00:00Z";

/// One way to write values of `T` as JSON strings.
pub trait TextForm<T> {
    /// What a reader of an error message should have sent.
    const EXPECTED: &'static str;
    /// Whether a JSON number is taken for the same text.
    const NUMBERS: bool;

    /// Writes the value.
    ///
    /// # Errors
    /// Only those of the writer.
    fn write(value: &T, out: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Reads the text.
    ///
    /// # Errors
    /// What was wrong with it, for people.
    fn read(text: &str) -> Result<T, String>;

    /// Whether an optional field with this text has no value.
    fn is_absent(text: &str) -> bool {
        text.is_empty()
    }
}

/// A field type that can be written in the form `F`: the value itself or an option of it.
pub trait Field<F>: Sized {
    /// Writes the field's value.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error>;

    /// Reads the field's value.
    ///
    /// # Errors
    /// Those of the deserializer, and when the value is not of the form.
    fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

struct Shown<'a, F, T>(&'a T, PhantomData<F>);

impl<F: TextForm<T>, T> fmt::Display for Shown<'_, F, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        F::write(self.0, out)
    }
}

struct TextVisitor<F, T> {
    optional: bool,
    form: PhantomData<(F, T)>,
}

impl<F: TextForm<T>, T> TextVisitor<F, T> {
    const fn new(optional: bool) -> Self {
        Self { optional, form: PhantomData }
    }

    fn number<E: de::Error>(&self, number: de::Unexpected<'_>, text: &str) -> Result<Option<T>, E> {
        if F::NUMBERS { F::read(text).map(Some).map_err(E::custom) } else { Err(E::invalid_type(number, self)) }
    }
}

impl<'de, F: TextForm<T>, T> Visitor<'de> for TextVisitor<F, T> {
    type Value = Option<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(F::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if self.optional && F::is_absent(text) {
            return Ok(None);
        }
        F::read(text).map(Some).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.number(de::Unexpected::Unsigned(number), &number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.number(de::Unexpected::Signed(number), &number.to_string())
    }

    // The parser gives a fraction as a double only. Its shortest text is the text that was sent, up to 15 digits.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.number(de::Unexpected::Float(number), &number.to_string())
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        self.visit_unit()
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        if self.optional { Ok(None) } else { Err(E::invalid_type(de::Unexpected::Unit, &self)) }
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

macro_rules! text_fields {
    ($form:ident: $($ty:ty),+) => {$(
        impl Field<$form> for $ty {
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(&Shown::<$form, $ty>(self, PhantomData))
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let value = from.deserialize_any(TextVisitor::<$form, $ty>::new(false))?;
                Ok(value.expect("only an optional field may be absent"))
            }
        }

        impl Field<$form> for Option<$ty> {
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                match self {
                    Some(value) => Field::<$form>::write(value, out),
                    None => out.serialize_none(),
                }
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_option(TextVisitor::<$form, $ty>::new(true))
            }
        }
    )+};
}

macro_rules! adapter {
    ($(#[$doc:meta])* $module:ident, $form:ident) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Deserializer, Field, Serializer};

            /// Writes the field.
            ///
            /// # Errors
            /// Those of the serializer.
            pub fn serialize<T: Field<super::$form>, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
                value.write(out)
            }

            /// Reads the field.
            ///
            /// # Errors
            /// Those of the deserializer, and when the value is not of the form.
            pub fn deserialize<'de, T: Field<super::$form>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
                T::read(from)
            }
        }
    };
}

/// Dollars with four decimals, or six where four would lose a digit.
#[derive(Debug)]
pub struct Dollars;
/// Dollars with six decimals.
#[derive(Debug)]
pub struct Dollars6;
/// Dollars of an average: digits beyond the sixth decimal are cut when read.
#[derive(Debug)]
pub struct AverageDollars;
/// Dollars in a request: a string.
#[derive(Debug)]
pub struct StrictDollars;
/// Contracts with two decimals, or six where two would lose a digit.
#[derive(Debug)]
pub struct Count;
/// Contracts in a request: a string.
#[derive(Debug)]
pub struct StrictCount;
/// RFC 3339 in UTC.
#[derive(Debug)]
pub struct Rfc3339;

adapter! {
    /// Dollars with four decimals, or six where four would lose a digit.
    dollars, Dollars
}
adapter! {
    /// Dollars with six decimals, as costs and fees of orders are written.
    dollars6, Dollars6
}
adapter! {
    /// Dollars of an average: digits beyond the sixth decimal are cut when read, as no balance is computed from them.
    average_dollars, AverageDollars
}
adapter! {
    /// Dollars in a request: a string of at most four decimals, never a number.
    strict_dollars, StrictDollars
}
adapter! {
    /// Contracts with two decimals, or six where two would lose a digit.
    count, Count
}
adapter! {
    /// Contracts in a request: a string of at most two decimals, never a number.
    strict_count, StrictCount
}
adapter! {
    /// A time as RFC 3339; `0001-01-01T00:00:00Z` is an absent one, or [`NEVER`] where it must be
    /// present.
    rfc3339, Rfc3339
}
adapter! {
    /// A time as whole Unix seconds, a JSON integer.
    unix_secs, UnixSecs
}
adapter! {
    /// A time as whole Unix milliseconds, a JSON integer.
    unix_millis, UnixMillis
}

fn write_dollars(money: Money, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    if money.micros() % 100 == 0 {
        write_fixed(out, money.micros() / 100, 4)
    } else {
        write_fixed(out, money.micros(), 6)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn say(error: ParseUnitError) -> String {
    error.to_string()
}

macro_rules! dollar_form {
    ($form:ident, numbers: $numbers:literal, $write_money:expr, $read_money:expr) => {
        impl TextForm<Money> for $form {
            const EXPECTED: &'static str = "dollars as a string, such as \"0.4200\"";
            const NUMBERS: bool = $numbers;

            fn write(value: &Money, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                $write_money(*value, out)
            }

            fn read(text: &str) -> Result<Money, String> {
                $read_money(text)
            }
        }

        impl TextForm<Price> for $form {
            const EXPECTED: &'static str = "a price in dollars as a string, such as \"0.4200\"";
            const NUMBERS: bool = $numbers;

            fn write(value: &Price, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(value, out)
            }

            fn read(text: &str) -> Result<Price, String> {
                text.parse().map_err(say)
            }
        }

        text_fields!($form: Money, Price);
    };
}

fn read_money(text: &str) -> Result<Money, String> {
    text.parse().map_err(say)
}

/// How the refusal of a request's dollars begins, whatever was wrong with them.
pub const BAD_DOLLARS: &str = "invalid dollars: ";
/// How the refusal of a request's contracts begins, whatever was wrong with them.
pub const BAD_COUNT: &str = "invalid count: ";

/// A number of a request: no plus, and no more decimals than documented, even zeros.
///
/// Source: reference section 6.1.
fn request_number<'a>(text: &'a str, decimals: usize, what: &str) -> Result<&'a str, String> {
    let found = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if text.starts_with('+') || found > decimals {
        return Err(format!("{what}expected a plain number with at most {decimals} decimals, found `{text}`"));
    }
    Ok(text)
}

fn read_request_money(text: &str) -> Result<Money, String> {
    read_money(request_number(text, 4, BAD_DOLLARS)?).map_err(|error| format!("{BAD_DOLLARS}{error}"))
}

fn read_average(text: &str) -> Result<Money, String> {
    let kept = text.find('.').and_then(|point| text.get(..point + 7)).unwrap_or(text);
    let rest = &text[kept.len()..];
    if rest.bytes().all(|byte| byte.is_ascii_digit()) { read_money(kept) } else { read_money(text) }
}

fn write_dollars6(money: Money, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    fmt::Display::fmt(&money, out)
}

dollar_form!(Dollars, numbers: true, write_dollars, read_money);
dollar_form!(Dollars6, numbers: true, write_dollars6, read_money);
dollar_form!(AverageDollars, numbers: true, write_dollars, read_average);
dollar_form!(StrictDollars, numbers: false, write_dollars, read_request_money);

fn read_count<T: std::str::FromStr<Err = ParseUnitError>>(text: &str) -> Result<T, String> {
    text.parse().map_err(say)
}

fn read_request_count<T: std::str::FromStr<Err = ParseUnitError>>(text: &str) -> Result<T, String> {
    read_count(request_number(text, 2, BAD_COUNT)?).map_err(|error| format!("{BAD_COUNT}{error}"))
}

macro_rules! count_form {
    ($form:ident, numbers: $numbers:literal, $read:path) => {
        count_form!($form, $numbers, $read, Qty);
        count_form!($form, $numbers, $read, SignedQty);
        text_fields!($form: Qty, SignedQty);
    };
    ($form:ident, $numbers:literal, $read:path, $ty:ident) => {
        impl TextForm<$ty> for $form {
            const EXPECTED: &'static str = "contracts as a string, such as \"10.00\"";
            const NUMBERS: bool = $numbers;

            fn write(value: &$ty, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(value, out)
            }

            fn read(text: &str) -> Result<$ty, String> {
                $read(text)
            }
        }
    };
}

count_form!(Count, numbers: true, read_count);
count_form!(StrictCount, numbers: false, read_request_count);

impl TextForm<Timestamp> for Rfc3339 {
    const EXPECTED: &'static str = "a time as RFC 3339, such as \"2026-11-20T12:00:00Z\"";
    const NUMBERS: bool = false;

    fn write(value: &Timestamp, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *value == NEVER { out.write_str(NEVER_TEXT) } else { fmt::Display::fmt(value, out) }
    }

    fn read(text: &str) -> Result<Timestamp, String> {
        if text == NEVER_TEXT {
            return Ok(NEVER);
        }
        text.parse().map_err(|error: brier_types::TimestampError| error.to_string())
    }

    fn is_absent(text: &str) -> bool {
        text.is_empty() || text == NEVER_TEXT
    }
}

text_fields!(Rfc3339: Timestamp);

/// Whole Unix seconds.
#[derive(Debug)]
pub struct UnixSecs;
/// Whole Unix milliseconds.
#[derive(Debug)]
pub struct UnixMillis;

macro_rules! unix_fields {
    ($form:ident, $read:path, $write:path) => {
        impl Field<$form> for Timestamp {
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.serialize_i64($write(*self))
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let count = i64::deserialize(from)?;
                $read(count).ok_or_else(|| de::Error::custom(format_args!("time out of range: {count}")))
            }
        }

        impl Field<$form> for Option<Timestamp> {
            fn write<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                match self {
                    Some(time) => Field::<$form>::write(time, out),
                    None => out.serialize_none(),
                }
            }

            fn read<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let Some(count) = Option::<i64>::deserialize(from)? else { return Ok(None) };
                $read(count).map(Some).ok_or_else(|| de::Error::custom(format_args!("time out of range: {count}")))
            }
        }
    };
}

unix_fields!(UnixSecs, Timestamp::from_secs, Timestamp::secs);
unix_fields!(UnixMillis, Timestamp::from_millis, Timestamp::millis);

/// Levels of a book as the venue writes them: pairs of price and quantity.
pub type Ladder = Vec<(Price, Qty)>;

#[derive(Serialize, Deserialize)]
struct Level(#[serde(with = "dollars")] Price, #[serde(with = "count")] Qty);

/// Levels as a list of two strings each; `null` reads as no levels.
pub mod ladder {
    use super::{Deserialize, Deserializer, Ladder, Level, SerializeSeq, Serializer};

    /// Writes the levels in the order given.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(levels: &Ladder, out: S) -> Result<S::Ok, S::Error> {
        let mut list = out.serialize_seq(Some(levels.len()))?;
        for (price, qty) in levels {
            list.serialize_element(&Level(*price, *qty))?;
        }
        list.end()
    }

    /// Reads the levels in the order sent.
    ///
    /// # Errors
    /// When a level is not exactly a price and a quantity.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Ladder, D::Error> {
        let levels = Option::<Vec<Level>>::deserialize(from)?.unwrap_or_default();
        Ok(levels.into_iter().map(|Level(price, qty)| (price, qty)).collect())
    }
}

/// Reads `null` as the default: the venue's lists may be null where its schema says they may.
pub(crate) fn null_as_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// A JSON number with the value of an exact decimal of six places, without passing through float arithmetic.
pub fn json_number(micros: i64) -> serde_json::Number {
    if micros % 1_000_000 == 0 {
        return (micros / 1_000_000).into();
    }
    let mut text = String::new();
    write_fixed(&mut text, micros, 6).expect("writing to a string cannot fail");
    text.trim_end_matches('0').parse().expect("a decimal is a JSON number")
}

/// The exact value of a JSON number in 1e-6, or `None` when it is finer or out of range.
pub fn json_number_micros(number: &serde_json::Number) -> Option<i64> {
    parse_fixed(number.to_string().as_bytes(), 6)
}

#[cfg(test)]
mod tests;
