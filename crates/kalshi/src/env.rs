//! Where the venue is: production, demo, or a compatible exchange on this machine or network.
//!
//! Invariant: a local environment cannot name a host that the public DNS resolves, so that nothing which is allowed
//! "locally" can reach an account with real money by a typing error.
//!
//! Source: reference section 2, docs.kalshi.com api_environments, 2026-11-20.

use std::fmt;
use std::str::FromStr;

use brier_connect::host::is_near;
use brier_kalshi_protocol::ws::WS_PATH;
use reqwest::Url;

/// One place to trade at.
///
/// ```
/// use brier_kalshi::Env;
/// assert!(!Env::Prod.writes_allowed());
/// assert!("http://127.0.0.1:8810".parse::<Env>()?.writes_allowed());
/// assert!("https://api.elections.kalshi.com".parse::<Env>().is_err());
/// # Ok::<(), brier_kalshi::EnvError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Env {
    /// Real money.
    Prod,
    /// The venue's own play-money exchange; separate accounts and keys.
    Demo,
    /// A compatible exchange near by.
    Local(LocalHost),
}

/// Scheme, host and port of a compatible exchange that is not the venue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalHost(Url);

/// A text names no environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is no word and no URL.
    #[error("environment: expected `prod`, `demo`, `local` or a URL such as http://127.0.0.1:8810, found `{found}`")]
    Unknown {
        /// The text that was found.
        found: String,
    },
    /// It is a URL of a public host.
    #[error(
        "environment: expected a loopback or private address, or a name without a public suffix, found `{host}`; \
         use `demo` or `prod` for the venue's own hosts"
    )]
    PublicHost {
        /// The host that was found.
        host: String,
    },
}

impl Env {
    /// Where `brier exchange` listens unless told otherwise.
    pub const DEFAULT_LOCAL: &'static str = "http://127.0.0.1:8810";

    /// A compatible exchange at `url`; a path in it is ignored.
    ///
    /// # Errors
    /// [`EnvError`] when it is no http or https URL, or its host is public.
    pub fn local(url: &str) -> Result<Self, EnvError> {
        let unknown = || EnvError::Unknown { found: url.chars().take(128).collect() };
        let mut parsed = Url::parse(url).map_err(|_| unknown())?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.username().is_empty() || parsed.password().is_some()
        {
            return Err(unknown());
        }
        let host = parsed.host_str().ok_or_else(unknown)?;
        if !is_near(host) {
            return Err(EnvError::PublicHost { host: host.to_owned() });
        }
        parsed.set_path("");
        parsed.set_query(None);
        parsed.set_fragment(None);
        Ok(Self::Local(LocalHost(parsed)))
    }

    /// Whether orders may be sent there. Not to production, until an engine with risk limits stands before it.
    pub const fn writes_allowed(&self) -> bool {
        match self {
            Self::Prod => false,
            Self::Demo | Self::Local(_) => true,
        }
    }

    /// Scheme, host and port for REST, without a path.
    pub fn rest_origin(&self) -> Url {
        let text = match self {
            Self::Prod => "https://external-api.kalshi.com",
            Self::Demo => "https://external-api.demo.kalshi.co",
            Self::Local(host) => return host.0.clone(),
        };
        Url::parse(text).expect("a constant URL")
    }

    /// The WebSocket's whole URL.
    pub fn ws_url(&self) -> String {
        match self {
            Self::Prod => format!("wss://external-api-ws.kalshi.com{WS_PATH}"),
            Self::Demo => format!("wss://external-api-ws.demo.kalshi.co{WS_PATH}"),
            Self::Local(host) => {
                let scheme = if host.0.scheme() == "https" { "wss" } else { "ws" };
                let authority = host.0.authority();
                format!("{scheme}://{authority}{WS_PATH}")
            }
        }
    }
}

impl FromStr for Env {
    type Err = EnvError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "prod" => Ok(Self::Prod),
            "demo" => Ok(Self::Demo),
            "local" => Self::local(Self::DEFAULT_LOCAL),
            url => Self::local(url),
        }
    }
}

impl fmt::Display for Env {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prod => out.pad("prod"),
            Self::Demo => out.pad("demo"),
            Self::Local(host) => write!(out, "local ({})", host.0.origin().ascii_serialization()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_hosts_are_near() {
        for url in [
            "http://127.0.0.1:8810",
            "https://localhost",
            "http://[::1]:80/x",
            "http://exchange:8810",
            "http://10.0.0.3",
        ] {
            assert!(Env::local(url).is_ok(), "{url}");
        }
        for url in
            ["https://external-api.kalshi.com", "https://demo-api.kalshi.co", "http://8.8.8.8", "http://kalshi.com."]
        {
            assert!(matches!(Env::local(url), Err(EnvError::PublicHost { .. })), "{url}");
        }
        for url in ["ftp://localhost", "localhost", "http://user:pw@localhost", "production"] {
            assert!(matches!(url.parse::<Env>(), Err(EnvError::Unknown { .. })), "{url}");
        }
    }

    #[test]
    fn urls_follow_the_reference() {
        let local = Env::local("http://127.0.0.1:8810/ignored?x=1").unwrap();
        assert_eq!(local.rest_origin().as_str(), "http://127.0.0.1:8810/");
        assert_eq!(local.ws_url(), "ws://127.0.0.1:8810/trade-api/ws/v2");
        assert_eq!(Env::Demo.ws_url(), "wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2");
        assert_eq!(Env::local("https://localhost:8443").unwrap().ws_url(), "wss://localhost:8443/trade-api/ws/v2");
        assert_eq!(local.to_string(), "local (http://127.0.0.1:8810)");
    }
}
