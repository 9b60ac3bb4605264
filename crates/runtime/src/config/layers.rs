//! Layers laid over one another: flags over environment over the project's file over the user's over defaults. Every value of
//! every layer is read, so that a mistake is told also where another layer hides it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use brier_types::{Money, Price, Qty};

use super::keys::Key;
use super::problem::{Origin, Problem, nearest};
use super::raw::{Entry, Raw};
use super::value::{Base, MarketName, TieName, Value};
use crate::secrets::Reference;

/// A key with the value that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    /// The value; `None` when it is unset.
    pub value: Option<Value>,
    /// Who said it.
    pub origin: Origin,
    name: &'static str,
}

/// The values of one table, by key. Every key of its kind is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    settings: Vec<Setting>,
}

/// One layer's keys of a table, the layer that counts most first.
pub(super) struct Layer<'a> {
    pub(super) entries: Vec<&'a Entry>,
}

/// Where texts of a layer count from, by origin.
pub(super) struct Bases<'a> {
    pub(super) here: &'a Path,
    pub(super) home: Option<&'a Path>,
}

impl<'a> Bases<'a> {
    fn of(&'a self, origin: &'a Origin) -> Base<'a> {
        let folder = match origin {
            Origin::File { path, .. } | Origin::Environment { file: Some(path), .. } => path.parent(),
            Origin::Default | Origin::Environment { file: None, .. } | Origin::Flag => None,
        };
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(self.here);
        Base { folder, home: self.home }
    }
}

/// Lays the layers of one table over each other.
pub(super) fn resolve(
    prefix: &str,
    keys: &'static [Key],
    layers: &[Layer<'_>],
    bases: &Bases<'_>,
    problems: &mut Vec<Problem>,
) -> Values {
    for entry in layers.iter().flat_map(|layer| &layer.entries) {
        if !keys.iter().any(|key| key.name == entry.key) {
            problems.push(unknown(prefix, entry, keys));
        }
    }
    let settings = keys.iter().map(|key| setting(prefix, key, layers, bases, problems)).collect();
    Values { settings }
}

fn unknown(prefix: &str, entry: &Entry, keys: &[Key]) -> Problem {
    let meant = nearest(&entry.key, keys.iter().map(|key| key.name));
    let holder = super::keys::SECTIONS.iter().find(|section| section.keys.iter().any(|key| key.name == entry.key));
    let hint = match (meant, holder) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(section)) => format!("it is a key of `[{}]`", section.name),
        (None, None) if keys.is_empty() => format!("`{prefix}` has no keys"),
        (None, None) => {
            let known: Vec<&str> = keys.iter().map(|key| key.name).collect();
            format!("`{prefix}` has {}", known.join(", "))
        }
    };
    let shown: String = entry.key.chars().take(64).collect();
    Problem::new(&entry.origin, format!("{prefix}.{shown}"), "unknown key").hint(hint)
}

fn setting(
    prefix: &str,
    key: &'static Key,
    layers: &[Layer<'_>],
    bases: &Bases<'_>,
    problems: &mut Vec<Problem>,
) -> Setting {
    let full = format!("{prefix}.{}", key.name);
    let mut found: Option<(Value, Origin)> = None;
    let mut said = false;
    for entry in layers.iter().flat_map(|layer| layer.entries.iter()).filter(|entry| entry.key == key.name) {
        said = true;
        match key.kind.read(&entry.value, bases.of(&entry.origin)) {
            Ok(value) if found.is_none() => found = Some((value, entry.origin.clone())),
            Ok(_hidden) => {}
            Err(misfit) => {
                let problem = Problem { hint: misfit.hint, ..Problem::new(&entry.origin, full.clone(), misfit.text) };
                problems.push(problem);
            }
        }
    }
    if key.required && !said {
        problems.push(Problem::new(&Origin::Default, full.clone(), format!("has to be set: {}", key.kind.expected())));
    }
    let (value, origin) = match found {
        Some((value, origin)) => (Some(value), origin),
        None => (default(key), Origin::Default),
    };
    Setting { key: full, value, origin, name: key.name }
}

/// The value that a key has when nobody says otherwise.
fn default(key: &Key) -> Option<Value> {
    let text = key.default?;
    let raw = raw(text).expect("a default is written as in a file");
    let value = key.kind.read(&raw, Base { folder: Path::new(""), home: None });
    Some(value.unwrap_or_else(|misfit| panic!("the default of `{}` is of its kind: {}", key.name, misfit.text)))
}

/// One value as a file would write it.
fn raw(text: &str) -> Option<Raw> {
    let entries = super::raw::parse(Path::new("default"), &format!("value = {text}")).ok()?;
    entries.into_iter().next().map(|entry| entry.value)
}

impl Values {
    /// Every setting, in the order of the reference page.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// Who said what this key is.
    pub fn origin(&self, name: &str) -> &Origin {
        &self.setting(name).origin
    }

    fn setting(&self, name: &str) -> &Setting {
        self.settings
            .iter()
            .find(|setting| setting.name == name)
            .unwrap_or_else(|| panic!("`{name}` is a key of the table"))
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.setting(name).value.as_ref()
    }

    /// Whether a key is one of the table's.
    pub fn has(&self, name: &str) -> bool {
        self.settings.iter().any(|setting| setting.name == name)
    }

    /// Sets a value.
    pub(super) fn put(&mut self, name: &str, value: Value) {
        if let Some(setting) = self.settings.iter_mut().find(|setting| setting.name == name) {
            setting.value = Some(value);
        }
    }

    /// Whether a key has a value.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Sets what nobody said and what follows from another key.
    pub(super) fn imply(&mut self, name: &str, value: Value, from: &str) {
        let origin = self.origin(from).clone();
        let setting = self.settings.iter_mut().find(|setting| setting.name == name);
        let setting = setting.unwrap_or_else(|| panic!("`{name}` is a key of the table"));
        if setting.origin == Origin::Default {
            setting.value = Some(value);
            setting.origin = origin;
        }
    }

    /// Takes unset values from `others`, key by key.
    pub(super) fn or(mut self, others: &Self) -> Self {
        for (setting, other) in self.settings.iter_mut().zip(&others.settings) {
            if setting.origin == Origin::Default {
                setting.value.clone_from(&other.value);
                setting.origin = other.origin.clone();
            }
        }
        self
    }
}

/// Accessors. A key that is none of the table, or is of another kind, is a bug: the table of keys decides both.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident, $maybe:ident => $variant:ident($type:ty)),+ $(,)?) => {
        impl Values {
            $(
                $(#[$doc])*
                pub fn $name(&self, name: &str) -> $type {
                    self.$maybe(name).unwrap_or_else(|| panic!("`{name}` is set or has a default"))
                }

                $(#[$doc])*
                ///
                /// `None` when it is unset.
                pub fn $maybe(&self, name: &str) -> Option<$type> {
                    self.value(name).map(|value| match value {
                        Value::$variant(value) => value.clone(),
                        other => panic!("`{name}` is of another kind: {other}"),
                    })
                }
            )+
        }
    };
}

accessors! {
    /// A flag.
    flag, maybe_flag => Flag(bool),
    /// A whole number.
    integer, maybe_integer => Integer(i64),
    /// Dollars.
    dollars, maybe_dollars => Dollars(Money),
    /// A price, or a distance of prices.
    price, maybe_price => Price(Price),
    /// Contracts.
    contracts, maybe_contracts => Contracts(Qty),
    /// A number that feeds a model.
    number, maybe_number => Number(f64),
    /// A word, name, text or address.
    text, maybe_text => Text(String),
    /// A path.
    path, maybe_path => Path(PathBuf),
    /// An address to listen on.
    listen, maybe_listen => Listen(SocketAddr),
    /// Where a secret is.
    reference, maybe_reference => Reference(Reference),
    /// Markets.
    markets, maybe_markets => Markets(Vec<MarketName>),
    /// Ties of markets.
    ties, maybe_ties => Ties(Vec<TieName>),
}

impl Values {
    /// A count that its kind bounds to 32 bits.
    pub fn count(&self, name: &str) -> u32 {
        u32::try_from(self.integer(name)).unwrap_or_else(|_| panic!("`{name}` is bounded to 32 bits"))
    }

    /// A time of whole milliseconds.
    pub fn millis(&self, name: &str) -> Duration {
        Duration::from_millis(self.integer(name).unsigned_abs())
    }

    /// A time of whole seconds.
    pub fn secs(&self, name: &str) -> Duration {
        Duration::from_secs(self.integer(name).unsigned_abs())
    }

    /// A time of whole seconds; `None` when it is unset.
    pub fn maybe_secs(&self, name: &str) -> Option<Duration> {
        self.maybe_integer(name).map(|seconds| Duration::from_secs(seconds.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::analyst_kinds::ANALYST_KINDS;
    use crate::config::keys::{ANALYST, FEED, SECTIONS, STRATEGY};
    use crate::config::kinds::KINDS;

    /// The weather strategy's `extreme` once had a default that was no text of a file, and whoever left it out got a panic.
    #[test]
    fn every_default_is_of_its_kind() {
        let sections = SECTIONS.iter().map(|section| section.keys);
        let parameters = KINDS.iter().map(|kind| kind.parameters);
        let analysts = ANALYST_KINDS.iter().flat_map(|kind| [kind.parameters, kind.input]);
        for key in sections.chain(parameters).chain(analysts).chain([STRATEGY, FEED, ANALYST]).flatten() {
            assert_eq!(default(key).is_some(), key.default.is_some(), "{}", key.name);
        }
    }
}
