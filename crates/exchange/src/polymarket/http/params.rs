//! Query parameters: each name any number of times, as lists are sent repeated or with commas.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use super::Failure;

/// The parameters of a query, in the order sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of a name, unless it is empty.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of a name, whether repeated, numbered with `[]`, or parted by commas; empty ones are left out.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let named = self.0.iter().filter(|(key, _)| key == name || key.strip_suffix("[]") == Some(name));
        named.flat_map(|(_, value)| value.split(',')).filter(|value| !value.is_empty()).collect()
    }

    /// A number, `None` without one.
    ///
    /// # Errors
    /// 400 with `refusal` when it is no number.
    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str, refusal: &str) -> Result<Option<T>, Failure> {
        let Some(text) = self.one(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_no_number| Failure::text(400, refusal))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        query.map(|Query(pairs)| Self(pairs)).map_err(|_no_query| Failure::text(400, "Invalid query"))
    }
}
