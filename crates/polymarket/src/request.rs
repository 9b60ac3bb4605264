//! What a request says, before it is signed: service, path, query, body.
//!
//! Invariant: text from outside can neither leave its path segment nor add a parameter; what is signed is the very text that
//! goes on the wire (reference, section 3.2: path without query, body byte for byte).

use std::fmt;

use brier_connect::http::percent_encode;
use brier_polymarket_protocol::errors::CallKind;
use reqwest::{Method, Url};

use crate::env::Service;
use crate::error::PolymarketError;
use crate::limits::Spend;

/// How a request proves who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Not at all.
    None,
    /// By a signature of the wallet, for the credentials of this nonce.
    Wallet { nonce: u64 },
    /// By the API credentials.
    Credentials,
}

/// One call, ready to be signed and sent any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// What errors and logs call it, for example `post order`.
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    pub(crate) method: Method,
    /// The full path below the service's root, encoded.
    pub(crate) path: String,
    query: String,
    /// JSON body.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) auth: Auth,
    pub(crate) kind: CallKind,
    pub(crate) spend: Spend,
}

impl Call {
    fn new(name: &'static str, service: Service, method: Method, path: &str, kind: CallKind) -> Self {
        Self {
            name,
            service,
            method,
            path: path.to_owned(),
            query: String::new(),
            body: None,
            auth: Auth::None,
            kind,
            spend: Spend::Nothing,
        }
    }

    /// A public read.
    pub(crate) fn get(name: &'static str, service: Service, path: &str) -> Self {
        Self::new(name, service, Method::GET, path, CallKind::Read)
    }

    /// A read that sends what it asks for as a body.
    pub(crate) fn ask(name: &'static str, service: Service, path: &str) -> Self {
        Self::new(name, service, Method::POST, path, CallKind::Read)
    }

    /// A write to the order book API.
    pub(crate) fn write(name: &'static str, method: Method, path: &str, kind: CallKind) -> Self {
        Self { auth: Auth::Credentials, ..Self::new(name, Service::Clob, method, path, kind) }
    }

    /// Signed with the API credentials.
    pub(crate) fn private(self) -> Self {
        Self { auth: Auth::Credentials, ..self }
    }

    pub(crate) fn auth(self, auth: Auth) -> Self {
        Self { auth, ..self }
    }

    pub(crate) fn spend(self, spend: Spend) -> Self {
        Self { spend, ..self }
    }

    /// One more segment of the path.
    ///
    /// # Errors
    /// [`PolymarketError::Request`] when it can name no item.
    pub(crate) fn segment(mut self, segment: &str) -> Result<Self, PolymarketError> {
        // The URL standard folds dots away even when they are percent-encoded.
        if segment.is_empty() || matches!(segment, "." | "..") {
            let problem = format!("expected an id as part of the path, found `{segment}`");
            return Err(PolymarketError::Request { operation: self.name, problem });
        }
        self.path.push('/');
        percent_encode(segment, &mut self.path);
        Ok(self)
    }

    /// One more parameter.
    pub(crate) fn param(mut self, name: &str, value: impl fmt::Display) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        percent_encode(&value.to_string(), &mut self.query);
        self
    }

    /// One more parameter, where there is a value.
    pub(crate) fn maybe(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.param(name, value),
            None => self,
        }
    }

    pub(crate) fn body(self, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..self }
    }

    pub(crate) fn json(self, body: &impl serde::Serialize) -> Result<Self, PolymarketError> {
        let operation = self.name;
        let body = serde_json::to_vec(body)
            .map_err(|error| PolymarketError::Request { operation, problem: error.to_string() })?;
        Ok(self.body(body))
    }

    pub(crate) fn url(&self, root: &Url) -> Url {
        let mut url = root.clone();
        let path = format!("{}{}", root.path().trim_end_matches('/'), self.path);
        url.set_path(&path);
        url.set_query((!self.query.is_empty()).then_some(&self.query));
        url
    }

    /// Method and path, for errors.
    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_stays_in_its_place() {
        let root = Url::parse("http://127.0.0.1:8820/gamma").unwrap();
        let call = Call::get("test", Service::Gamma, "/markets/slug").segment("A/..%2e?x#y é").unwrap();
        let call = call.param("limit", 5).param("after_cursor", "a&limit=1=+");
        let url = call.url(&root);
        assert_eq!(url.path(), "/gamma/markets/slug/A%2F..%252e%3Fx%23y%20%C3%A9");
        assert_eq!(url.query(), Some("limit=5&after_cursor=a%26limit%3D1%3D%2B"));
        for segment in ["", ".", ".."] {
            assert!(Call::get("test", Service::Clob, "/markets").segment(segment).is_err());
        }
    }
}
