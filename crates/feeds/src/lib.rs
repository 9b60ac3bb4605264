//! Data from outside the venues.
pub mod client;
pub mod error;
pub mod fresh;
mod json;
pub mod request;
pub mod secret;
pub mod time;
pub mod vendor;
pub mod weather;
