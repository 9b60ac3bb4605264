//! What a request says, before it is signed: operation, path, query, body.
//!
//! Invariant: text from outside can neither leave its path segment nor add a parameter; what is signed is the very text
//! that goes on the wire (reference section 3.1: percent-encoding included, query excluded).

use brier_connect::http::percent_encode;
use brier_kalshi_protocol::rest::Operation;
use reqwest::{Method, Url};

use crate::error::KalshiError;
use crate::retry::Repeat;

/// One call, ready to be signed and sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// What errors and logs call it, for example `create order`.
    pub(crate) name: &'static str,
    /// The full path, encoded.
    pub(crate) path: String,
    /// Query, encoded, without the question mark.
    query: String,
    /// JSON body.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) repeat: Repeat,
    /// Whose write bucket pays for a single write: a shard's, or every shard's when the venue finds it.
    pub(crate) shard: Option<u32>,
    /// How many items it carries: a batch costs the sum of them.
    pub(crate) items: u32,
}

impl Call {
    /// A call with `parts` in its path, as many as the operation has. Writes are sent once unless said otherwise.
    pub(crate) fn new(name: &'static str, operation: Operation, parts: &[&str]) -> Result<Self, KalshiError> {
        for part in parts {
            // The URL standard folds dots away even when they are percent-encoded, so they can name no item.
            if part.is_empty() || matches!(*part, "." | "..") {
                let problem = format!("expected an id or a ticker as part of the path, found `{part}`");
                return Err(KalshiError::Request { operation: name, problem });
            }
        }
        let repeat = if operation.method().is_write() { Repeat::Once } else { Repeat::Read };
        let path = operation.path(parts);
        Ok(Self { operation, name, path, query: String::new(), body: None, repeat, shard: Some(0), items: 1 })
    }

    /// The query, encoded.
    pub(crate) fn query(self, query: String) -> Self {
        Self { query, ..self }
    }

    /// The query and where the page starts.
    pub(crate) fn cursor(&self, cursor: Option<&str>) -> Self {
        let mut call = self.clone();
        if let Some(cursor) = cursor {
            let separator = if call.query.is_empty() { "" } else { "&" };
            call.query.push_str(separator);
            call.query.push_str("cursor=");
            percent_encode(cursor, &mut call.query);
        }
        call
    }

    pub(crate) fn json(mut self, body: &impl serde::Serialize) -> Result<Self, KalshiError> {
        let operation = self.name;
        self.body = Some(
            serde_json::to_vec(body).map_err(|error| KalshiError::Request { operation, problem: error.to_string() })?,
        );
        Ok(self)
    }

    pub(crate) fn repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    pub(crate) fn shard(self, shard: Option<u32>) -> Self {
        Self { shard, ..self }
    }

    pub(crate) fn items(self, count: usize) -> Self {
        Self { items: u32::try_from(count).unwrap_or(u32::MAX), ..self }
    }

    pub(crate) fn method(&self) -> Method {
        use brier_kalshi_protocol::rest::Method as Protocol;
        match self.operation.method() {
            Protocol::Get => Method::GET,
            Protocol::Post => Method::POST,
            Protocol::Put => Method::PUT,
            Protocol::Delete => Method::DELETE,
        }
    }

    pub(crate) fn url(&self, origin: &Url) -> Url {
        let mut url = origin.clone();
        url.set_path(&self.path);
        url.set_query((!self.query.is_empty()).then_some(&self.query));
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_stays_in_its_place() {
        let origin = Url::parse("http://127.0.0.1:8810").unwrap();
        let call = Call::new("test", Operation::GetMarket, &["A/..%2e?x#y é"]).unwrap();
        let call = call.query("limit=5".to_owned()).cursor(Some("a&limit=1=+"));
        let url = call.url(&origin);
        assert_eq!(url.path(), "/trade-api/v2/markets/A%2F..%252e%3Fx%23y%20%C3%A9");
        assert_eq!(url.path(), call.path);
        assert_eq!(url.query(), Some("limit=5&cursor=a%26limit%3D1%3D%2B"));
        for part in ["", ".", ".."] {
            assert!(Call::new("test", Operation::GetMarket, &[part]).is_err());
        }
    }
}
