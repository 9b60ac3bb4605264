//! The vendors: where they are, how often they may be asked, and how old what they say may be.
//!
//! The figures are the vendors' own where those publish any, and the reference's estimate where they do not; the client
//! keeps to them on our side, so that a vendor's refusal is the exception.
//!
//! Source: reference (feeds), sections 0 to 5, 2026-11-20.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Vendor {
    /// National Weather Service: forecasts, observations, climate reports.
    Nws,
    /// Aviation Weather Center: METAR.
    Metar,
    /// Open-Meteo, forecasts of single models.
    OpenMeteo,
    /// Open-Meteo, ensembles.
    OpenMeteoEnsemble,
    /// Open-Meteo, what earlier runs had said.
    OpenMeteoPrevious,
    /// Tomorrow.io.
    Tomorrow,
    /// Twelve Data.
    TwelveData,
    /// Yahoo's chart, unofficial.
    Yahoo,
    /// Coinbase Exchange, public.
    Coinbase,
    /// Binance spot, public.
    Binance,
    /// Chainlink's on-chain feeds, by a node of Ethereum, Polygon or Arbitrum.
    Chainlink,
    /// Polymarket's stream of settlement prices.
    Rtds,
    /// Deribit, public.
    Deribit,
    /// The Odds API.
    OddsApi,
    /// Federal Reserve Economic Data.
    Fred,
    /// Bureau of Labor Statistics.
    Bls,
    /// Bureau of Economic Analysis.
    Bea,
    /// The Board of Governors: the calendar of meetings.
    Fed,
    /// Federal Reserve Bank of Cleveland: the inflation nowcast.
    Cleveland,
    /// Trading Economics: the calendar of releases.
    TradingEconomics,
    /// NewsAPI.
    NewsApi,
    /// GDELT.
    Gdelt,
    /// Any RSS or Atom feed.
    Syndication,
}

/// At most so many requests in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Requests, or credits where a request can cost several.
    pub requests: u32,
    /// The span they are counted over.
    pub per: Duration,
}

const fn per(requests: u32, seconds: u64) -> Allowance {
    Allowance { requests, per: Duration::from_secs(seconds) }
}

/// Whether a vendor may be asked without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyNeed {
    /// It has none.
    None,
    /// It answers more or faster with one.
    Optional,
    /// It refuses without one.
    Required,
}

impl Vendor {
    /// Whether it brings news.
    pub const fn is_news(self) -> bool {
        matches!(self, Self::NewsApi | Self::Gdelt | Self::Syndication)
    }

    /// All of them, in the order of reports.
    pub const ALL: [Self; 23] = [
        Self::Nws,
        Self::Metar,
        Self::OpenMeteo,
        Self::OpenMeteoEnsemble,
        Self::OpenMeteoPrevious,
        Self::Tomorrow,
        Self::TwelveData,
        Self::Yahoo,
        Self::Coinbase,
        Self::Binance,
        Self::Chainlink,
        Self::Rtds,
        Self::Deribit,
        Self::OddsApi,
        Self::Fred,
        Self::Bls,
        Self::Bea,
        Self::Fed,
        Self::Cleveland,
        Self::TradingEconomics,
        Self::NewsApi,
        Self::Gdelt,
        Self::Syndication,
    ];

    /// The name in configurations, reports and paths of the emulator.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nws => "nws",
            Self::Metar => "metar",
            Self::OpenMeteo => "open-meteo",
            Self::OpenMeteoEnsemble => "open-meteo-ensemble",
            Self::OpenMeteoPrevious => "open-meteo-previous",
            Self::Tomorrow => "tomorrow",
            Self::TwelveData => "twelve-data",
            Self::Yahoo => "yahoo",
            Self::Coinbase => "coinbase",
            Self::Binance => "binance",
            Self::Chainlink => "chainlink",
            Self::Rtds => "rtds",
            Self::Deribit => "deribit",
            Self::OddsApi => "odds-api",
            Self::Fred => "fred",
            Self::Bls => "bls",
            Self::Bea => "bea",
            Self::Fed => "fed",
            Self::Cleveland => "cleveland",
            Self::TradingEconomics => "trading-economics",
            Self::NewsApi => "newsapi",
            Self::Gdelt => "gdelt",
            Self::Syndication => "syndication",
        }
    }

    /// Where its requests go, without a slash at the end.
    ///
    /// `Chainlink` has none of its own: a public node stands here, and an operator's own node should replace it.
    /// `Syndication` is the Fed's press feed by default; every feed has its own address.
    pub const fn rest_base(self) -> &'static str {
        match self {
            Self::Nws => "https://api.weather.gov",
            Self::Metar => "https://aviationweather.gov",
            Self::OpenMeteo => "https://api.open-meteo.com",
            Self::OpenMeteoEnsemble => "https://ensemble-api.open-meteo.com",
            Self::OpenMeteoPrevious => "https://previous-runs-api.open-meteo.com",
            Self::Tomorrow => "https://api.tomorrow.io",
            Self::TwelveData => "https://api.twelvedata.com",
            Self::Yahoo => "https://query1.finance.yahoo.com",
            Self::Coinbase => "https://api.exchange.coinbase.com",
            Self::Binance => "https://api.binance.com",
            Self::Chainlink => "https://polygon-rpc.com",
            // The stream has no REST side: its reachability is asked by the upgrade itself.
            Self::Rtds => "https://ws-live-data.polymarket.com",
            Self::Deribit => "https://www.deribit.com",
            Self::OddsApi => "https://api.the-odds-api.com",
            Self::Fred => "https://api.stlouisfed.org",
            Self::Bls => "https://api.bls.gov",
            Self::Bea => "https://apps.bea.gov",
            Self::Fed | Self::Syndication => "https://www.federalreserve.gov",
            Self::Cleveland => "https://www.clevelandfed.org",
            Self::TradingEconomics => "https://api.tradingeconomics.com",
            Self::NewsApi => "https://newsapi.org",
            Self::Gdelt => "https://api.gdeltproject.org",
        }
    }

    /// Where its stream is, without the path of a subscription; `None` where there is no stream.
    pub const fn stream_base(self) -> Option<&'static str> {
        match self {
            Self::TwelveData => Some("wss://ws.twelvedata.com"),
            Self::Coinbase => Some("wss://ws-feed.exchange.coinbase.com"),
            Self::Binance => Some("wss://stream.binance.com:9443"),
            Self::Rtds => Some("wss://ws-live-data.polymarket.com"),
            Self::Deribit => Some("wss://www.deribit.com"),
            _ => None,
        }
    }

    /// How often it may be asked; every one of the spans holds. The free plan where there are several.
    pub const fn allowances(self) -> &'static [Allowance] {
        match self {
            // Publishes none; one request a second has never been refused.
            Self::Nws => const { &[per(10, 10)] },
            Self::Metar | Self::Bea => const { &[per(100, 60)] },
            Self::OpenMeteo | Self::OpenMeteoEnsemble | Self::OpenMeteoPrevious => {
                const { &[per(600, 60), per(5_000, 3_600), per(10_000, 86_400)] }
            }
            Self::Tomorrow => const { &[per(3, 1), per(25, 3_600), per(500, 86_400)] },
            Self::TwelveData => const { &[per(8, 60), per(800, 86_400)] },
            Self::Yahoo => const { &[per(30, 60)] },
            // A publisher of feeds states none, but for the SEC, whose limit is taken for all.
            Self::Coinbase | Self::Chainlink | Self::Syndication => const { &[per(10, 1)] },
            // In weight.
            Self::Binance => const { &[per(6_000, 60)] },
            Self::Rtds => const { &[per(5, 60)] },
            Self::Deribit => const { &[per(20, 1)] },
            // In credits; the month is only known from the vendor's own headers.
            Self::OddsApi => const { &[per(25, 1), per(500, 30 * 86_400)] },
            Self::Fred => const { &[per(120, 60)] },
            Self::Bls => const { &[per(50, 10), per(500, 86_400)] },
            Self::Fed | Self::Cleveland => const { &[per(6, 60)] },
            Self::TradingEconomics => const { &[per(60, 60)] },
            Self::NewsApi => const { &[per(100, 86_400)] },
            Self::Gdelt => const { &[per(1, 5)] },
        }
    }

    /// Whether it wants a key.
    pub const fn key_need(self) -> KeyNeed {
        match self {
            Self::Tomorrow
            | Self::TwelveData
            | Self::OddsApi
            | Self::Fred
            | Self::Bea
            | Self::TradingEconomics
            | Self::NewsApi => KeyNeed::Required,
            Self::Bls | Self::OpenMeteo | Self::OpenMeteoEnsemble | Self::OpenMeteoPrevious => KeyNeed::Optional,
            _ => KeyNeed::None,
        }
    }

    /// What its free use does not allow, for the operator to read before trading on it.
    pub const fn licence_note(self) -> Option<&'static str> {
        match self {
            Self::OpenMeteo | Self::OpenMeteoEnsemble | Self::OpenMeteoPrevious => {
                Some("free use is non-commercial: trading needs a paid key")
            }
            Self::Yahoo => Some("unofficial and not licensed for automated commercial use: a sanity check only"),
            Self::NewsApi => Some("the free plan is for development and 24 h late"),
            Self::Tomorrow => Some("commercial use is by contract"),
            Self::OddsApi => Some("no resale of the raw feed"),
            Self::Coinbase => Some("internal use only"),
            _ => None,
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A name that is none of the vendors'.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("vendor: expected one of {}, found `{found}`", names())]
pub struct UnknownVendor {
    /// The text that was found, cut to 64 characters.
    pub found: String,
}

fn names() -> String {
    Vendor::ALL.map(Vendor::name).join(", ")
}

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let vendor = Self::ALL.into_iter().find(|vendor| vendor.name() == text);
        vendor.ok_or_else(|| UnknownVendor { found: text.chars().take(64).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back_and_unique() {
        for vendor in Vendor::ALL {
            assert_eq!(vendor.name().parse(), Ok(vendor));
            assert!(!vendor.allowances().is_empty() && vendor.rest_base().starts_with("https://"), "{vendor}");
        }
        assert!("Nws".parse::<Vendor>().unwrap_err().to_string().contains("found `Nws`"));
    }
}
