//! Data from outside the venues.
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
pub mod sports;
pub mod stream;
pub mod time;
pub mod vendor;
pub mod weather;
