//! What is peculiar to a vendor's stream: how it is greeted, what its frames mean, how it is kept alive. Pure.

use std::time::Duration;

use crate::error::FeedError;
use crate::prices::Tick;
use crate::request::KeyPlace;
use crate::vendor::Vendor;

/// How a stream is kept alive, and when it is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habits {
    /// The text that keeps it open, and how often it is sent.
    pub ping: Option<(&'static str, Duration)>,
    /// How long nothing that was asked for may come on an open connection.
    pub silence: Duration,
    /// After how long it is renewed by us.
    pub renew_after: Option<Duration>,
}

impl Default for Habits {
    fn default() -> Self {
        Self { ping: None, silence: Duration::from_secs(30), renew_after: None }
    }
}

/// What a frame means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Prices, in order.
    Ticks(Vec<Tick>),
    /// The vendor wants this answer.
    Reply(String),
    /// A sign of life, an acknowledgement, something said twice.
    Nothing,
}

/// A vendor's stream.
pub trait Protocol: Send + Sync {
    /// Whose it is.
    fn vendor(&self) -> Vendor;
    /// How it is kept alive.
    fn habits(&self) -> Habits;
    /// The path and query to open, without a key.
    fn target(&self) -> String;
    /// Where the key goes in the address or the headers; `None` when none is wanted.
    fn key(&self) -> Option<KeyPlace> {
        None
    }
    /// What to send on a new connection. State of the old one ends here.
    fn greet(&mut self) -> Vec<String>;
    /// Reads a frame.
    ///
    /// # Errors
    /// [`FeedError`]: unreadable frames are told and the stream goes on; a refusal that retrying cannot mend ends it.
    fn frame(&mut self, text: &str) -> Result<Frame, FeedError>;
}
