//! Keys of vendors: held by name, wiped when dropped, shown nowhere.
//!
//! Requests never hold a key. They name the vendor whose key is wanted and where it belongs, and the client puts it there
//! when it sends; so no print of a request, an answer or an error can carry one. Where a key is read from (file,
//! environment, keyring) is the caller's business.

use std::collections::BTreeMap;
use std::fmt;

use zeroize::Zeroizing;

use crate::vendor::Vendor;

/// One key. Prints as `…`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a key over.
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// `text` without this key in it, plain or percent-encoded: for words of others that may repeat it.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let key = self.expose();
        if key.len() < 4 {
            return text.to_owned();
        }
        let mut encoded = String::new();
        brier_connect::http::percent_encode(key, &mut encoded);
        text.replace(key, "…").replace(&encoded, "…")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// The keys at hand, by vendor.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<Vendor, Secret>);

impl Keys {
    /// Sets a vendor's key. Trading Economics wants `key:secret`.
    pub fn insert(&mut self, vendor: Vendor, key: Secret) {
        self.0.insert(vendor, key);
    }

    /// Whether there is one.
    pub fn has(&self, vendor: Vendor) -> bool {
        self.0.contains_key(&vendor)
    }

    pub(crate) fn get(&self, vendor: Vendor) -> Option<&Secret> {
        self.0.get(&vendor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_shows_nowhere() {
        let mut keys = Keys::default();
        keys.insert(Vendor::Fred, Secret::new("ab/cdef012345".to_owned().into()));
        assert_eq!(format!("{keys:?}"), "Keys({Fred: Secret(…)})");
        let key = keys.get(Vendor::Fred).unwrap();
        assert_eq!(key.scrub("at ?api_key=ab%2Fcdef012345 or ab/cdef012345"), "at ?api_key=… or …");
    }
}
