//! A deserializer that reads from a tree and notes every member that the type it feeds does not know.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Members that a type did not know, by path (`[]` stands for every item), with their number.
pub(crate) type Unknown = BTreeMap<String, usize>;

#[derive(Clone)]
struct Watch<'a> {
    value: &'a Value,
    path: String,
    unknown: &'a RefCell<Unknown>,
}

impl<'a> Watch<'a> {
    fn item(&self, value: &'a Value) -> Self {
        Self { value, path: format!("{}[]", self.path), unknown: self.unknown }
    }

    fn member(&self, name: &str, value: &'a Value) -> Self {
        Self { value, path: format!("{}.{name}", self.path), unknown: self.unknown }
    }
}

impl<'a> IntoDeserializer<'a, Error> for Watch<'a> {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Watch<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.value.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        // Raw JSON text asks for itself under a name of its own.
        if name.contains("RawValue") {
            return self.value.deserialize_newtype_struct(name, visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(|item| self.item(item)))),
            other => other.deserialize_seq(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(members) => visitor.visit_map(MapDeserializer::new(
                members.iter().map(|(name, value)| (name.as_str(), self.member(name, value))),
            )),
            other => other.deserialize_map(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        for name in self.value.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !fields.contains(&name.as_str()) {
                *self.unknown.borrow_mut().entry(format!("{}.{name}", self.path)).or_default() += 1;
            }
        }
        self.deserialize_map(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

/// Reads `value` as `T`, adding to `unknown` what `T` does not know; `what` starts the paths.
pub(crate) fn read<T: DeserializeOwned>(what: &str, value: &Value, unknown: &RefCell<Unknown>) -> T {
    let watch = Watch { value, path: what.to_owned(), unknown };
    T::deserialize(watch).unwrap_or_else(|error| panic!("{what}: {error}: {:.300}", value.to_string()))
}

#[test]
fn unknown_members_are_noted_at_every_depth() {
    #[derive(serde::Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "read only to be known")]
        known: u8,
    }
    #[derive(serde::Deserialize)]
    struct Outer {
        items: Vec<Option<Inner>>,
        #[serde(default)]
        absent: Option<Inner>,
    }
    let unknown = RefCell::default();
    let text = r#"{"items":[{"known":1},{"known":2,"new":null},null],"absent":null,"other":{"known":1}}"#;
    let outer: Outer = read("x", &serde_json::from_str(text).unwrap(), &unknown);
    assert_eq!((outer.items.len(), outer.absent.is_none()), (3, true));
    let noted: Vec<_> = unknown.into_inner().into_iter().collect();
    assert_eq!(noted, [("x.items[].new".to_owned(), 1), ("x.other".to_owned(), 1)]);
}
