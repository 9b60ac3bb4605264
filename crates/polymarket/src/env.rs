//! Where the venue is: production, or a compatible exchange on this machine or network.
//!
//! Invariant: an environment of one's own cannot name a host that the public DNS resolves, so that nothing which is allowed
//! there can reach an account with real money by a typing error.
//!
//! Source: reference, section 1, 2026-11-20.

use std::fmt;
use std::str::FromStr;

use brier_connect::host::is_near;
use reqwest::Url;

/// One place to trade at.
///
/// ```
/// use brier_polymarket::Env;
/// assert!(!Env::Production.writes_allowed());
/// assert!("http://127.0.0.1:8811".parse::<Env>()?.writes_allowed());
/// assert!("https://clob.polymarket.com".parse::<Env>().is_err());
/// # Ok::<(), brier_polymarket::EnvError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Env {
    /// Real money.
    Production,
    /// A compatible exchange near by.
    Custom(Box<Hosts>),
}

/// Addresses of a compatible exchange. Paths of calls are appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// The order book API. Its requests are signed over their paths, so this one has none of its own.
    pub clob: Url,
    /// Gamma.
    pub gamma: Url,
    /// The Data API.
    pub data: Url,
    /// The market stream.
    pub ws_market: Url,
    /// The user stream.
    pub ws_user: Url,
    /// The reference price stream (RTDS).
    pub ws_live: Url,
    /// The relayer.
    pub relayer: Url,
}

/// A part of the venue that calls go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// The order book API.
    Clob,
    /// Gamma.
    Gamma,
    /// The Data API.
    Data,
}

/// A text names no environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// It is no word and no URL.
    #[error("environment: expected `prod`, `local` or a URL such as http://127.0.0.1:8811, found `{found}`")]
    Unknown {
        /// The text that was found.
        found: String,
    },
    /// It is a URL of a public host.
    #[error(
        "environment: expected a loopback or private address, or a name without a public suffix, found `{host}`; \
         use `prod` for the venue's own hosts"
    )]
    PublicHost {
        /// The host that was found.
        host: String,
    },
}

impl Hosts {
    /// The venue's own.
    pub fn production() -> Self {
        let url = |text: &str| Url::parse(text).expect("a constant URL");
        Self {
            clob: url("https://clob.polymarket.com"),
            gamma: url("https://gamma-api.polymarket.com"),
            data: url("https://data-api.polymarket.com"),
            ws_market: url("wss://ws-subscriptions-clob.polymarket.com/ws/market"),
            ws_user: url("wss://ws-subscriptions-clob.polymarket.com/ws/user"),
            ws_live: url("wss://ws-live-data.polymarket.com"),
            relayer: url("https://relayer-v2.polymarket.com"),
        }
    }

    /// Every service under one scheme, host and port: the order book at its root, the others under `/gamma`, `/data-api`,
    /// `/rtds` and `/relayer`.
    fn under(root: &Url) -> Self {
        let at = |path: &str| {
            let mut url = root.clone();
            url.set_path(path);
            url
        };
        let stream = |path: &str| {
            let mut url = at(path);
            let scheme = if root.scheme() == "https" { "wss" } else { "ws" };
            url.set_scheme(scheme).expect("http becomes ws, and https becomes wss");
            url
        };
        Self {
            clob: at("/"),
            gamma: at("/gamma"),
            data: at("/data-api"),
            ws_market: stream("/ws/market"),
            ws_user: stream("/ws/user"),
            ws_live: stream("/rtds"),
            relayer: at("/relayer"),
        }
    }

    /// Where a service is.
    pub const fn service(&self, service: Service) -> &Url {
        match service {
            Service::Clob => &self.clob,
            Service::Gamma => &self.gamma,
            Service::Data => &self.data,
        }
    }

    fn all(&self) -> [&Url; 7] {
        [&self.clob, &self.gamma, &self.data, &self.ws_market, &self.ws_user, &self.ws_live, &self.relayer]
    }
}

impl Env {
    /// Where `brier exchange` listens for Polymarket's clients unless told otherwise.
    pub const DEFAULT_LOCAL: &'static str = "http://127.0.0.1:8811";

    /// A compatible exchange with every service under `url`; a path in it is ignored.
    ///
    /// # Errors
    /// [`EnvError`] when it is no http or https URL, or its host is public.
    pub fn local(url: &str) -> Result<Self, EnvError> {
        let unknown = || EnvError::Unknown { found: url.chars().take(128).collect() };
        let mut parsed = Url::parse(url).map_err(|_no_url| unknown())?;
        let plain = parsed.username().is_empty() && parsed.password().is_none();
        if !matches!(parsed.scheme(), "http" | "https") || !plain {
            return Err(unknown());
        }
        parsed.set_query(None);
        parsed.set_fragment(None);
        Self::custom(Hosts::under(&parsed))
    }

    /// A compatible exchange with each service where `hosts` says.
    ///
    /// # Errors
    /// [`EnvError::PublicHost`] when one of them is public.
    pub fn custom(hosts: Hosts) -> Result<Self, EnvError> {
        for url in hosts.all() {
            let host = url.host_str().unwrap_or_default();
            if host.is_empty() || !is_near(host) {
                return Err(EnvError::PublicHost { host: host.to_owned() });
            }
        }
        Ok(Self::Custom(Box::new(hosts)))
    }

    /// Whether orders may be sent there. Not to production, until an engine with risk limits stands before it.
    pub const fn writes_allowed(&self) -> bool {
        match self {
            Self::Production => false,
            Self::Custom(_) => true,
        }
    }

    /// Where its services are.
    pub fn hosts(&self) -> Hosts {
        match self {
            Self::Production => Hosts::production(),
            Self::Custom(hosts) => (**hosts).clone(),
        }
    }
}

impl FromStr for Env {
    type Err = EnvError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "prod" => Ok(Self::Production),
            "local" => Self::local(Self::DEFAULT_LOCAL),
            url => Self::local(url),
        }
    }
}

impl fmt::Display for Env {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => out.pad("prod"),
            Self::Custom(hosts) => write!(out, "local ({})", hosts.clob.origin().ascii_serialization()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_hosts_are_near() {
        for url in ["http://127.0.0.1:8811", "https://localhost", "http://[::1]:80/x", "http://exchange:1"] {
            assert!(Env::local(url).is_ok(), "{url}");
        }
        for url in ["https://clob.polymarket.com", "http://8.8.8.8", "http://polymarket.com."] {
            assert!(matches!(Env::local(url), Err(EnvError::PublicHost { .. })), "{url}");
        }
        for url in ["ftp://localhost", "localhost", "http://user:pw@localhost", "production"] {
            assert!(matches!(url.parse::<Env>(), Err(EnvError::Unknown { .. })), "{url}");
        }
        let mut hosts = Env::local("http://127.0.0.1:1").unwrap().hosts();
        hosts.relayer = Hosts::production().relayer;
        assert!(Env::custom(hosts).is_err());
    }

    #[test]
    fn services_lie_under_one_root() {
        let hosts = Env::local("http://127.0.0.1:8811/ignored?x=1").unwrap().hosts();
        assert_eq!(hosts.service(Service::Clob).as_str(), "http://127.0.0.1:8811/");
        assert_eq!(hosts.service(Service::Gamma).as_str(), "http://127.0.0.1:8811/gamma");
        assert_eq!(hosts.ws_user.as_str(), "ws://127.0.0.1:8811/ws/user");
        assert_eq!(Env::local("https://localhost").unwrap().hosts().ws_market.as_str(), "wss://localhost/ws/market");
    }
}
