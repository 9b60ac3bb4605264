//! The two dialects of model endpoints: how a request is written and how its stream is read. Pure.
//!
//! A request asks for text and nothing else: it names no tool, no file, no search, so nothing that the model writes can act.
//! A stream is read to its own end mark; one that stops before is cut, however whole its text looks.
//!
//! Source: platform.openai.com (chat completions, streaming with `include_usage`) and platform.claude.com (Messages,
//! streaming), read 2026-11-28.

use serde_json::{Value, json};

use super::budget::Usage;
use super::error::{self, CallError};
use super::sse::Event;

/// Which API an endpoint speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI's chat completions.
    OpenAi,
    /// As OpenAI's, of endpoints that know only the older name of the output limit, `max_tokens`.
    OpenAiCompatible,
    /// Anthropic's Messages.
    Anthropic,
}

/// Whose words a turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Ours.
    User,
    /// The model's.
    Assistant,
}

/// One turn after the system text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whose words.
    pub speaker: Speaker,
    /// The words.
    pub text: String,
}

/// A request before it is written.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The model's name at the endpoint.
    pub model: &'a str,
    /// The system text.
    pub system: &'a str,
    /// The turns.
    pub turns: &'a [Turn],
    /// The longest answer.
    pub max_output_tokens: u32,
    /// How freely it samples; none leaves it to the endpoint.
    pub temperature: Option<f64>,
}

impl Dialect {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::OpenAiCompatible => "OpenAI-compatible",
            Self::Anthropic => "Anthropic",
        }
    }

    /// What is added to an endpoint's base address, which ends with its version (`https://host/v1`).
    pub const fn path(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiCompatible => "/chat/completions",
            Self::Anthropic => "/messages",
        }
    }

    /// The body of a request.
    pub fn body(self, ask: &Ask<'_>) -> String {
        let turns = ask.turns.iter().map(|turn| {
            let role = match turn.speaker {
                Speaker::User => "user",
                Speaker::Assistant => "assistant",
            };
            json!({"role": role, "content": turn.text})
        });
        let mut body = match self {
            Self::OpenAi | Self::OpenAiCompatible => {
                let system = json!({"role": "system", "content": ask.system});
                let messages: Vec<Value> = std::iter::once(system).chain(turns).collect();
                json!({"messages": messages, "stream_options": {"include_usage": true}})
            }
            Self::Anthropic => json!({"system": ask.system, "messages": turns.collect::<Vec<_>>()}),
        };
        let limit = if self == Self::OpenAi { "max_completion_tokens" } else { "max_tokens" };
        body["model"] = json!(ask.model);
        body["stream"] = json!(true);
        body[limit] = json!(ask.max_output_tokens);
        if self == Self::OpenAi {
            // Its own endpoint can be held to JSON; others may not know the word.
            body["response_format"] = json!({"type": "json_object"});
        }
        if let Some(temperature) = ask.temperature {
            body["temperature"] = json!(temperature);
        }
        body.to_string()
    }
}

/// Why a model stopped writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was done.
    Finished,
    /// It reached the output limit.
    AtLimit,
    /// It or its vendor declined.
    Declined,
    /// For a reason that a request of ours cannot have, such as a tool.
    Other,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub stop: Stop,
}

/// Reads the events of one stream.
///
/// ```
/// use brier_analyst::language::dialect::{Decoder, Dialect};
/// use brier_analyst::language::sse::Reader;
///
/// let mut decoder = Decoder::new(Dialect::OpenAi, 1_000);
/// let stream = b"data: {\"choices\":[{\"delta\":{\"content\":\"{}\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
/// for event in Reader::default().push(stream).unwrap() {
///     decoder.on(&event, "key").unwrap();
/// }
/// assert!(decoder.is_done());
/// assert_eq!(decoder.finish().unwrap().text, "{}");
/// ```
#[derive(Clone, Debug)]
pub struct Decoder {
    dialect: Dialect,
    most: usize,
    text: String,
    stop: Option<Stop>,
    input: Option<u64>,
    output: Option<u64>,
    done: bool,
}

impl Decoder {
    /// A decoder that takes at most so many bytes of text.
    pub const fn new(dialect: Dialect, most: usize) -> Self {
        Self { dialect, most, text: String::new(), stop: None, input: None, output: None, done: false }
    }

    /// Takes an event; `key` is what no error may hold a piece of.
    ///
    /// # Errors
    /// [`CallError`] for a fault that the endpoint reports, data that is no JSON, and a text beyond the limit; drop the
    /// stream.
    pub fn on(&mut self, event: &Event, key: &str) -> Result<(), CallError> {
        if self.done {
            return Ok(());
        }
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let malformed = |found| CallError::Malformed { dialect: self.dialect.name(), found };
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else {
            return Err(malformed("an event that is no JSON"));
        };
        if !data.is_object() {
            return Err(malformed("an event that is no JSON object"));
        }
        // Both dialects report faults under the same key; a null there is none.
        if data.get("error").is_some_and(|error| !error.is_null()) {
            return Err(CallError::Fault { kind: fault_kind(&data, key) });
        }
        match self.dialect {
            Dialect::OpenAi | Dialect::OpenAiCompatible => self.on_open_ai(&data),
            Dialect::Anthropic => self.on_anthropic(&data),
        }
        if self.text.len() > self.most { Err(CallError::TooLong { most: self.most }) } else { Ok(()) }
    }

    fn on_open_ai(&mut self, data: &Value) {
        let choice = &data["choices"][0];
        self.text.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        if choice["delta"]["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) {
            self.stop = Some(Stop::Declined);
        }
        if let (Some(reason), None | Some(Stop::Finished)) = (choice["finish_reason"].as_str(), self.stop) {
            self.stop = Some(match reason {
                "stop" => Stop::Finished,
                "length" => Stop::AtLimit,
                "content_filter" => Stop::Declined,
                _ => Stop::Other,
            });
        }
        let usage = &data["usage"];
        self.input = usage["prompt_tokens"].as_u64().or(self.input);
        self.output = usage["completion_tokens"].as_u64().or(self.output);
    }

    fn on_anthropic(&mut self, data: &Value) {
        match data["type"].as_str().unwrap_or_default() {
            "message_start" => {
                let usage = &data["message"]["usage"];
                // Tokens in and out of a vendor's cache are input too; no request of ours asks for one.
                let parts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
                self.input = usage["input_tokens"].as_u64().map(|_| {
                    parts.iter().fold(0, |sum: u64, part| sum.saturating_add(usage[*part].as_u64().unwrap_or(0)))
                });
            }
            "content_block_delta" if data["delta"]["type"] == "text_delta" => {
                self.text.push_str(data["delta"]["text"].as_str().unwrap_or_default());
            }
            "message_delta" => {
                self.output = data["usage"]["output_tokens"].as_u64().or(self.output);
                if let Some(reason) = data["delta"]["stop_reason"].as_str() {
                    self.stop = Some(match reason {
                        "end_turn" | "stop_sequence" => Stop::Finished,
                        "max_tokens" | "model_context_window_exceeded" => Stop::AtLimit,
                        "refusal" => Stop::Declined,
                        _ => Stop::Other,
                    });
                }
            }
            "message_stop" => self.done = true,
            // Pings, block borders, thinking, and what may be added later: nothing of the answer's text.
            _ => {}
        }
    }

    /// Whether the stream's own end mark was read.
    pub const fn is_done(&self) -> bool {
        self.done
    }

    /// What was used, with the worst case for each part that the endpoint did not say.
    pub fn usage(&self, worst: Usage) -> Usage {
        Usage { input: self.input.unwrap_or(worst.input), output: self.output.unwrap_or(worst.output) }
    }

    /// The whole answer, once nothing more comes.
    ///
    /// # Errors
    /// [`CallError::Cut`] when the stream ended before its end mark, [`CallError::Malformed`] when it never gave a reason
    /// for stopping.
    pub fn finish(self) -> Result<Reply, CallError> {
        let dialect = self.dialect.name();
        match (self.done, self.stop) {
            (true, Some(stop)) => Ok(Reply { text: self.text, stop }),
            (true, None) => Err(CallError::Malformed { dialect, found: "an end without a reason" }),
            (false, _) => Err(CallError::Cut),
        }
    }
}

/// The vendor's own name of a fault in a body or event.
pub(crate) fn fault_kind(data: &Value, key: &str) -> Option<String> {
    ["type", "code"].iter().find_map(|field| error::kind(data["error"][*field].as_str()?, key))
}

#[cfg(test)]
mod tests;
