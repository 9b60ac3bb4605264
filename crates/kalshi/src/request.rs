//! What a request says, before it is signed: path segments, query parameters, body.
//!
//! Invariant: text from outside can neither leave its path segment nor add a parameter; what is signed is the very text
//! that goes on the wire (reference section 3.1: percent-encoding included, query excluded).

use std::fmt::Write as _;

use reqwest::{Method, Url};

use crate::bucket::Scope;
use crate::env::REST_PREFIX;
use crate::error::KalshiError;
use crate::retry::Repeat;

/// One call, ready to be signed and sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What errors and logs call it, for example `create order`.
    pub(crate) operation: &'static str,
    pub(crate) method: Method,
    /// The path as the venue documents it, by which costs are looked up.
    pub(crate) template: &'static str,
    /// Path under the prefix, encoded.
    path: String,
    /// Query, encoded, without the question mark.
    query: String,
    /// JSON body.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) repeat: Repeat,
    pub(crate) scope: Scope,
    /// How many items it carries: a batch costs the sum of them.
    pub(crate) items: u32,
    /// Whether it works without a key.
    pub(crate) public: bool,
}

impl Call {
    /// A call of `method` on `template`, as the venue documents the path: each `{…}` takes the next of `names`.
    pub(crate) fn new(
        operation: &'static str,
        method: Method,
        template: &'static str,
        names: &[&str],
    ) -> Result<Self, KalshiError> {
        let mut path = String::new();
        let mut names = names.iter();
        for segment in template.split('/').skip(1) {
            path.push('/');
            if !segment.starts_with('{') {
                path.push_str(segment);
                continue;
            }
            let name = names.next().copied().unwrap_or_default();
            // The URL standard folds dots away even when they are percent-encoded, so they can name no item.
            if name.is_empty() || matches!(name, "." | "..") {
                return Err(KalshiError::Request {
                    operation,
                    problem: format!("expected an id or a ticker as part of the path, found `{name}`"),
                });
            }
            encode(name, &mut path);
        }
        let repeat = if method == Method::GET { Repeat::Read } else { Repeat::Once };
        let scope = if method == Method::GET { Scope::Read } else { Scope::Write(0) };
        Ok(Self {
            operation,
            template,
            method,
            path,
            query: String::new(),
            body: None,
            repeat,
            scope,
            items: 1,
            public: false,
        })
    }

    pub(crate) fn query(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        encode(&value.to_string(), &mut self.query);
        self
    }

    pub(crate) fn query_opt(self, name: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub(crate) fn json(mut self, body: &impl serde::Serialize) -> Result<Self, KalshiError> {
        let operation = self.operation;
        self.body = Some(
            serde_json::to_vec(body).map_err(|error| KalshiError::Request { operation, problem: error.to_string() })?,
        );
        Ok(self)
    }

    pub(crate) fn repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    pub(crate) fn scope(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    pub(crate) fn items(self, count: usize) -> Self {
        Self { items: u32::try_from(count).unwrap_or(u32::MAX), ..self }
    }

    pub(crate) fn public(self) -> Self {
        Self { public: true, ..self }
    }

    pub(crate) fn url(&self, origin: &Url) -> Url {
        let mut url = origin.clone();
        url.set_path(&format!("{REST_PREFIX}{}", self.path));
        url.set_query((!self.query.is_empty()).then_some(&self.query));
        url
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_stays_in_its_place() {
        let origin = Url::parse("http://127.0.0.1:8810").unwrap();
        let call = Call::new("test", Method::GET, "/markets/{ticker}", &["A/..%2e?x#y é"])
            .unwrap()
            .query("cursor", "a&limit=1=+")
            .query_opt("status", None::<&str>)
            .query("limit", 5);
        let url = call.url(&origin);
        assert_eq!(url.path(), "/trade-api/v2/markets/A%2F..%252e%3Fx%23y%20%C3%A9");
        assert_eq!(url.query(), Some("cursor=a%26limit%3D1%3D%2B&limit=5"));
        for segment in ["", ".", ".."] {
            assert!(Call::new("test", Method::GET, "/markets/{ticker}", &[segment]).is_err());
        }
    }
}
