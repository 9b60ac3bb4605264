//! Where the node or the relayer is, and whether writes may go there.
//!
//! Invariant: nothing that costs real money is sent: writes go to Amoy, or to a development node near by that says what it
//! is. A Polygon node on this machine is Polygon all the same.
//!
//! Source: reference, section 16; DESIGN, section 5, 2026-11-20.

use std::fmt;

use brier_polymarket_protocol::contracts::Chain;
use reqwest::Url;

use super::error::{ChainError, excerpt};
use brier_connect::host::is_near;

/// An address to ask, whose path may hold a provider's key and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The endpoint at this URL.
    ///
    /// # Errors
    /// [`ChainError::Endpoint`] when it is none.
    pub fn parse(text: &str) -> Result<Self, ChainError> {
        let wrong = || ChainError::Endpoint { found: excerpt(text.split('?').next().unwrap_or_default()) };
        let url = Url::parse(text).map_err(|_| wrong())?;
        let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
        if !matches!(url.scheme(), "http" | "https") || !plain {
            return Err(wrong());
        }
        Ok(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of a path below the endpoint.
    pub(super) fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.set_query(None);
        url
    }

    /// Whether the host can only be this machine or a network of ours.
    pub fn is_near(&self) -> bool {
        self.0.host_str().is_some_and(is_near)
    }

    /// Whether it is one of the venue's own hosts, behind which money is real whatever chain the caller means.
    pub(super) fn is_the_venue(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        host == "polymarket.com" || host.ends_with(".polymarket.com")
    }

    /// Whether transactions may be sent there: to Amoy, or to a development node near by.
    pub fn writes_allowed(&self, chain: Chain, client_version: &str) -> bool {
        match chain {
            Chain::Amoy => true,
            Chain::Polygon => self.is_near() && is_development(client_version),
        }
    }
}

/// Whether a node says of itself that its chain is made for development.
fn is_development(client_version: &str) -> bool {
    let name = client_version.split('/').next().unwrap_or_default().to_ascii_lowercase();
    matches!(name.as_str(), "anvil" | "hardhatnetwork" | "edr" | "ganache")
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.origin().ascii_serialization())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_play_money_takes_writes() {
        let near = Endpoint::parse("http://127.0.0.1:8545").unwrap();
        let far = Endpoint::parse("https://polygon.example.com/v2/provider-key").unwrap();
        assert!(near.writes_allowed(Chain::Polygon, "anvil/v1.7.1"));
        assert!(!near.writes_allowed(Chain::Polygon, "bor/v2.3.0/linux-amd64"), "a Polygon node on this machine");
        assert!(!far.writes_allowed(Chain::Polygon, "anvil/v1.7.1"), "whoever says so from afar");
        assert!(far.writes_allowed(Chain::Amoy, "bor/v2.3.0/linux-amd64"));
    }

    #[test]
    fn the_venue_is_known_by_its_name() {
        for (url, expected) in [
            ("https://relayer-v2.polymarket.com", true),
            ("https://Relayer-V2.Polymarket.com./x", true),
            ("https://polymarket.com", true),
            ("https://notpolymarket.com", false),
            ("http://127.0.0.1:8811/relayer", false),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().is_the_venue(), expected, "{url}");
        }
    }

    #[test]
    fn a_provider_s_key_is_not_shown() {
        let endpoint = Endpoint::parse("https://polygon.example.com/v2/secret?key=secret").unwrap();
        assert_eq!(
            format!("{endpoint} {endpoint:?}"),
            "https://polygon.example.com Endpoint(https://polygon.example.com)"
        );
        for text in ["ftp://localhost", "http://user:pw@localhost", "localhost:8545", ""] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }
}
