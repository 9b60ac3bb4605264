//! One request to an endpoint and its stream, with an end to everything: the wait, the silence, the bytes.
//!
//! Whatever happens, it says what is known of the cost. A refusal by status costs nothing (but for those of gateways, behind
//! which the model may have run); a request that never left costs nothing; all else costs what was reported, or the worst.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::Value;

use super::budget::Usage;
use super::config::ApiKey;
use super::dialect::{Decoder, Dialect, Reply, fault_kind};
use super::error::CallError;
use super::retry::retry_after;
use super::sse::Reader;
use super::waits::Waits;

/// The most bytes of one stream: a long answer in small pieces is a few hundred thousand.
const MAX_STREAM_BYTES: usize = 8 << 20;
/// The most bytes of a refusal that are read.
const MAX_REFUSAL_BYTES: usize = 16 << 10;
/// The version of Anthropic's API that this speaks.
const ANTHROPIC_VERSION: &str = "2023-06-01";

/// An endpoint with everything that a request needs.
pub(crate) struct Endpoint {
    pub client: Client,
    pub url: Url,
    pub dialect: Dialect,
    pub key: ApiKey,
    pub timeout: Duration,
    pub idle_timeout: Duration,
    /// The most bytes of an answer's text.
    pub most_text: usize,
}

/// How a request ended.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// What it used: nothing, what was reported, or the worst case of what was not.
    pub used: Usage,
    /// How long the endpoint wants to be left alone.
    pub wish: Option<Duration>,
    pub result: Result<Reply, CallError>,
}

impl Endpoint {
    /// Sends a body, which may use `worst`, and reads the whole answer.
    pub(crate) async fn ask(&self, body: String, worst: Usage, waits: &dyn Waits) -> Exchange {
        let mut talk = Talk {
            endpoint: self,
            waits,
            free: false,
            wish: None,
            decoder: Decoder::new(self.dialect, self.most_text),
        };
        // An answer that is whole counts even at the last moment, so it is looked at first.
        let result = tokio::select! {
            biased;
            result = talk.run(body) => result,
            () = waits.deadline(self.timeout) => Err(CallError::TimedOut { after: self.timeout }),
        };
        let used = if talk.free { Usage::default() } else { talk.decoder.usage(worst) };
        Exchange { used, wish: talk.wish, result: result.and_then(|()| talk.decoder.finish()) }
    }

    fn request(&self, body: String) -> reqwest::RequestBuilder {
        let (name, text) = match self.dialect {
            Dialect::OpenAi | Dialect::OpenAiCompatible => (AUTHORIZATION, format!("Bearer {}", self.key.expose())),
            Dialect::Anthropic => (HeaderName::from_static("x-api-key"), self.key.expose().to_owned()),
        };
        let text = zeroize::Zeroizing::new(text);
        let mut value = HeaderValue::from_str(&text).expect("a key was checked to fit a header");
        value.set_sensitive(true);
        let request = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/json").header(name, value);
        let request = match self.dialect {
            Dialect::Anthropic => request.header("anthropic-version", ANTHROPIC_VERSION),
            Dialect::OpenAi | Dialect::OpenAiCompatible => request,
        };
        request.body(body)
    }
}

/// A request under way: what is known of it outlives a deadline.
struct Talk<'a> {
    endpoint: &'a Endpoint,
    waits: &'a dyn Waits,
    free: bool,
    wish: Option<Duration>,
    decoder: Decoder,
}

impl Talk<'_> {
    async fn run(&mut self, body: String) -> Result<(), CallError> {
        let response = self.endpoint.request(body).send().await.map_err(|error| self.unsent(error))?;
        if response.status().is_success() { self.read(response).await } else { Err(self.refused(response).await) }
    }

    fn unsent(&mut self, error: reqwest::Error) -> CallError {
        if error.is_timeout() && !error.is_connect() {
            return CallError::TimedOut { after: self.endpoint.timeout };
        }
        if error.is_connect() || error.is_builder() {
            self.free = true;
            return CallError::Unreachable { why: brier_connect::http::chain(&error.without_url()) };
        }
        CallError::Cut
    }

    async fn refused(&mut self, mut response: Response) -> CallError {
        let status = response.status();
        self.free = !may_have_run(status);
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        self.wish = header.and_then(|text| retry_after(text, self.waits.now()));
        let mut body = Vec::new();
        while body.len() < MAX_REFUSAL_BYTES {
            let Ok(Ok(Some(chunk))) = self.timely(response.chunk()).await else { break };
            body.extend_from_slice(&chunk[..chunk.len().min(MAX_REFUSAL_BYTES - body.len())]);
        }
        let kind = serde_json::from_slice(&body).ok().and_then(|data| fault_kind(&data, self.endpoint.key.expose()));
        CallError::Refused { status: status.as_u16(), kind }
    }

    async fn read(&mut self, mut response: Response) -> Result<(), CallError> {
        let (mut reader, mut bytes, mut events) = (Reader::default(), 0, 0_usize);
        // What came before the first event: a gateway may put a fault into a plain body with status 200.
        let mut head = Vec::new();
        let malformed = |found| CallError::Malformed { dialect: self.endpoint.dialect.name(), found };
        while !self.decoder.is_done() {
            let chunk = match self.timely(response.chunk()).await? {
                Ok(Some(chunk)) => chunk,
                Ok(None) if events == 0 => {
                    let data = serde_json::from_slice::<Value>(&head).unwrap_or_default();
                    let is_fault = data.get("error").is_some_and(|error| !error.is_null());
                    let kind = fault_kind(&data, self.endpoint.key.expose());
                    return Err(if is_fault { CallError::Fault { kind } } else { malformed("a body without events") });
                }
                // What is missing, the decoder knows.
                Ok(None) => return Ok(()),
                Err(_) => return Err(CallError::Cut),
            };
            bytes += chunk.len();
            if bytes > MAX_STREAM_BYTES {
                return Err(CallError::TooLong { most: MAX_STREAM_BYTES });
            }
            let new = reader.push(&chunk).map_err(|_| malformed("an event without end"))?;
            events += new.len();
            if events == 0 {
                head.extend_from_slice(&chunk[..chunk.len().min(MAX_REFUSAL_BYTES - head.len())]);
            }
            for event in &new {
                self.decoder.on(event, self.endpoint.key.expose())?;
            }
        }
        Ok(())
    }

    /// What a future gives, unless the endpoint falls silent.
    async fn timely<T>(&self, future: impl Future<Output = T>) -> Result<T, CallError> {
        let after = self.endpoint.idle_timeout;
        tokio::select! {
            biased;
            out = future => Ok(out),
            () = self.waits.deadline(after) => Err(CallError::TimedOut { after }),
        }
    }
}

/// Whether the model may have worked although a gateway refused.
fn may_have_run(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 499 | 502 | 504 | 520..=524)
}
