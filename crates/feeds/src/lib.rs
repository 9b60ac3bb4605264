//! Data from outside the venues: weather, prices, sports odds, the economy, news; and what settles which market.
//!
//! Every vendor has a module with four things: pure builders of requests ([`request::Request`], which never holds a key), pure
//! and total parsers, what its answers say about their age, and its habits of refusing, errors inside HTTP 200 among them.
//! [`client::Client`] asks by REST, [`stream::driver::PriceStream`] listens to streams. What comes becomes a
//! [`fresh::FreshValue`], which cannot be read past its age: to a strategy an old value is an absent one.
//!
//! [`source::Source`] makes named series of numbers of them, which is what strategies are told.
//!
//! [`settlement::Table`] is data, not code: which station, index or release settles a series, and how a market's own rules
//! must read for that to be believed. [`emulator`] plays every vendor on loopback from a seed, with its errors on demand;
//! [`check`] asks every vendor how it is.
//!
//! Invariants: no key in a request, an error, a print or a log; no parser panics, whatever comes; every wait and every body
//! has a bound; time is an argument or the client's own clock, which a test sets. Prices are [`prices::SpotPrice`], with all
//! digits of their source; floats are for degrees, percent and odds, which become no money.
//! It deliberately decides nothing: fair values are `brier-models`' and the strategies' business.
//!
//! ```
//! use brier_feeds::weather::nws;
//! let request = nws::latest_observation("KNYC");
//! assert_eq!(request.target(), "/stations/KNYC/observations/latest");
//! let body = br#"{"properties":{"timestamp":"2026-11-20T15:51:00+00:00","temperature":
//!     {"unitCode":"wmoUnit:degC","value":10.6,"qualityControl":"V"}}}"#;
//! let seen = nws::parse_observation(body)?;
//! assert_eq!(seen.temperature, Some(10.6));
//! # Ok::<(), brier_feeds::error::FeedError>(())
//! ```

pub mod check;
pub mod client;
pub mod economy;
pub mod emulator;
pub mod error;
pub mod fresh;
mod json;
pub mod news;
pub mod prices;
pub mod request;
pub mod secret;
pub mod settlement;
pub mod source;
pub mod sports;
pub mod stream;
pub mod time;
pub mod vendor;
pub mod weather;
