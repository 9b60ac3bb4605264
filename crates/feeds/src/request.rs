//! What is asked, as plain data. No key is in it: it says where the client shall put the vendor's key.

use std::fmt::Write as _;

use brier_connect::http::percent_encode;

use crate::vendor::Vendor;

/// Largest answer that is read unless a request says otherwise, in bytes.
pub const DEFAULT_MAX_BODY: usize = 4 << 20;

/// Where a vendor wants its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A parameter of the query. Such keys end up in logs of proxies: a header is better where there is a choice.
    Query(&'static str),
    /// A header, with what stands before the key in it.
    Header(&'static str, &'static str),
    /// A text at the top of the JSON body.
    Body(&'static str),
}

/// One question to one vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Who is asked.
    pub vendor: Vendor,
    /// The path, encoded, with its leading slash; or a whole address, for feeds that have one each.
    pub path: String,
    /// The query, not yet encoded, in this order.
    pub query: Vec<(&'static str, String)>,
    /// Headers besides those that the client sets.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body of a POST; `None` for a GET.
    pub body: Option<serde_json::Value>,
    /// Where the key goes; `None` when none is wanted.
    pub key: Option<KeyPlace>,
    /// Whether it is refused here when there is no key.
    pub key_required: bool,
    /// How many requests or credits the vendor counts for it.
    pub cost: u32,
    /// Whether the last answer is offered back (`If-None-Match`, `If-Modified-Since`).
    pub conditional: bool,
    /// Largest answer that is read, in bytes.
    pub max_body: usize,
}

impl Request {
    /// A GET of one request's cost, without a key.
    pub fn get(vendor: Vendor, path: impl Into<String>) -> Self {
        Self {
            vendor,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            key: None,
            key_required: false,
            cost: 1,
            conditional: false,
            max_body: DEFAULT_MAX_BODY,
        }
    }

    /// A POST of a JSON body.
    pub fn post(vendor: Vendor, path: impl Into<String>, body: serde_json::Value) -> Self {
        Self { body: Some(body), ..Self::get(vendor, path) }
    }

    /// With a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With a parameter when there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With the vendor's key at a place; refused here when there is none.
    #[must_use]
    pub const fn keyed(mut self, place: KeyPlace) -> Self {
        self.key = Some(place);
        self.key_required = true;
        self
    }

    /// With the vendor's key at a place, if there is one.
    #[must_use]
    pub const fn keyed_if_any(mut self, place: KeyPlace) -> Self {
        self.key = Some(place);
        self
    }

    /// Counted as so many requests or credits.
    #[must_use]
    pub const fn costing(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// Offering the last answer back.
    #[must_use]
    pub const fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// Reading at most so many bytes.
    #[must_use]
    pub const fn at_most(mut self, max_body: usize) -> Self {
        self.max_body = max_body;
        self
    }

    /// The path and the encoded query, without a key: for logs, errors and the memory of conditional requests.
    pub fn target(&self) -> String {
        let mut out = self.path.clone();
        for (at, (name, value)) in self.query.iter().enumerate() {
            let separator = if at == 0 && !self.path.contains('?') { '?' } else { '&' };
            write!(out, "{separator}{name}=").expect("writing to a string cannot fail");
            percent_encode(value, &mut out);
        }
        out
    }

    /// The path alone: where errors say they happened.
    pub fn place(&self) -> &str {
        self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path)
    }
}

/// One segment of a path, encoded.
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::new();
    percent_encode(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_encoded_and_holds_no_key() {
        let request =
            Request::get(Vendor::TwelveData, "/price").with("symbol", "EUR/USD").keyed(KeyPlace::Query("apikey"));
        assert_eq!(request.target(), "/price?symbol=EUR%2FUSD");
        assert_eq!(request.place(), "/price");
        assert_eq!(segment("^GSPC"), "%5EGSPC");
    }
}
