//! A JSON object as names and raw values in their order, and the reading of our units out of raw values.

use std::borrow::Cow;
use std::fmt;

use brier_types::{BookSide, Outcome, Price, Qty, SignedQty};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::error::{DecodeError, cut, offset};

/// A JSON string, borrowed unless it has escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The members of one object.
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Collect).map(Members)
    }
}

/// One object inside a frame.
pub(super) struct Object<'a> {
    frame: &'a str,
    kind: &'static str,
    at: usize,
    members: Members<'a>,
}

impl<'a> Object<'a> {
    /// Reads the object that `part`, a slice of `frame`, consists of.
    pub(super) fn parse(frame: &'a str, part: &'a str, kind: &'static str) -> Result<Self, DecodeError> {
        let members: Members<'a> =
            serde_json::from_str(part).map_err(|error| DecodeError::json(frame, part, &error))?;
        let object = Self { frame, kind, at: offset(frame, part), members };
        for (index, (name, value)) in object.members.0.iter().enumerate() {
            if object.members.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return Err(DecodeError::Duplicate { at: offset(frame, value.get()), field: cut(name) });
            }
        }
        Ok(object)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.0.iter().map(|(name, _)| name.as_ref())
    }

    /// The value of a member that is there and not null.
    pub(super) fn raw(&self, field: &str) -> Option<&'a str> {
        self.members.0.iter().find(|(name, _)| name == field).map(|(_, raw)| raw.get()).filter(|raw| *raw != "null")
    }

    /// Reads a member that may be absent.
    fn optional<T>(
        &self,
        field: &'static str,
        expected: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, DecodeError> {
        let Some(raw) = self.raw(field) else { return Ok(None) };
        match read(raw) {
            Some(value) => Ok(Some(value)),
            None => Err(DecodeError::Field { at: offset(self.frame, raw), field, expected, found: cut(raw) }),
        }
    }

    /// What a member must be there for.
    pub(super) fn need<T>(&self, field: &'static str, value: Option<T>) -> Result<T, DecodeError> {
        value.ok_or(DecodeError::Missing { at: self.at, kind: self.kind, field })
    }

    pub(super) fn text(&self, field: &'static str) -> Result<Option<Cow<'a, str>>, DecodeError> {
        self.optional(field, "a text", text)
    }

    /// A text that nobody decides by: anything else than a text counts as none.
    pub(super) fn note(&self, field: &'static str) -> Option<Cow<'a, str>> {
        self.raw(field).and_then(text)
    }

    pub(super) fn unsigned(&self, field: &'static str) -> Result<Option<u64>, DecodeError> {
        self.optional(field, "an integer, not negative", |raw| serde_json::from_str(raw).ok())
    }

    pub(super) fn signed(&self, field: &'static str) -> Result<Option<i64>, DecodeError> {
        self.optional(field, "an integer", |raw| serde_json::from_str(raw).ok())
    }

    pub(super) fn flag(&self, field: &'static str) -> Result<Option<bool>, DecodeError> {
        self.optional(field, "true or false", |raw| serde_json::from_str(raw).ok())
    }

    pub(super) fn price(&self, field: &'static str) -> Result<Option<Price>, DecodeError> {
        self.optional(field, "dollars from 0 to 1 in steps of 0.0001", price)
    }

    pub(super) fn qty(&self, field: &'static str) -> Result<Option<Qty>, DecodeError> {
        self.optional(field, "contracts, not negative, up to 6 decimals", qty)
    }

    pub(super) fn signed_qty(&self, field: &'static str) -> Result<Option<SignedQty>, DecodeError> {
        self.optional(field, "contracts with up to 6 decimals", |raw| {
            decimal(raw).and_then(|text| SignedQty::parse(text.as_bytes()).ok())
        })
    }

    pub(super) fn outcome(&self, field: &'static str) -> Result<Option<Outcome>, DecodeError> {
        self.optional(field, "`yes` or `no`", |raw| match text(raw)?.as_ref() {
            "yes" => Some(Outcome::Yes),
            "no" => Some(Outcome::No),
            _ => None,
        })
    }

    pub(super) fn book_side(&self, field: &'static str) -> Result<Option<BookSide>, DecodeError> {
        self.optional(field, "`bid` or `ask`", |raw| match text(raw)?.as_ref() {
            "bid" => Some(BookSide::Bid),
            "ask" => Some(BookSide::Ask),
            _ => None,
        })
    }

    /// Levels, each exactly a price and a quantity; none when the member is absent.
    pub(super) fn levels(&self, field: &'static str) -> Result<Vec<(Price, Qty)>, DecodeError> {
        const EXPECTED: &str = "a list of levels, each a price and contracts";
        let Some(raw) = self.raw(field) else { return Ok(Vec::new()) };
        let error =
            |raw: &str| DecodeError::Field { at: offset(self.frame, raw), field, expected: EXPECTED, found: cut(raw) };
        let pairs: Vec<&'a RawValue> = serde_json::from_str(raw).map_err(|_: serde_json::Error| error(raw))?;
        pairs
            .into_iter()
            .map(|pair| {
                let [price_text, qty_text]: [&RawValue; 2] =
                    serde_json::from_str(pair.get()).map_err(|_: serde_json::Error| error(pair.get()))?;
                price(price_text.get()).zip(qty(qty_text.get())).ok_or_else(|| error(pair.get()))
            })
            .collect()
    }
}

fn text(raw: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw).ok().map(|Text(text)| text)
}

/// The decimal in a text or in a JSON number: the venue has been seen to write either.
fn decimal(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => text(raw),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
        _ => None,
    }
}

fn price(raw: &str) -> Option<Price> {
    decimal(raw).and_then(|text| Price::parse(text.as_bytes()).ok())
}

fn qty(raw: &str) -> Option<Qty> {
    decimal(raw).and_then(|text| Qty::parse(text.as_bytes()).ok())
}
