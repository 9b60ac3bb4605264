//! Every stream through its emulator.

use std::time::Duration;

use brier_feeds::emulator::{Fault, Handle};
use brier_feeds::error::FeedError;
use brier_feeds::prices::{binance, coinbase, deribit, rtds, twelve_data};
use brier_feeds::stream::driver::{PriceStream, StreamItem};
use brier_feeds::stream::protocol::Protocol;
use brier_feeds::vendor::Vendor;

use crate::rig::{KEY, emulator, now, options};

const ALL: [Vendor; 5] = [Vendor::Coinbase, Vendor::Binance, Vendor::Rtds, Vendor::Deribit, Vendor::TwelveData];

struct Boxed(Box<dyn Protocol>);

impl Protocol for Boxed {
    fn vendor(&self) -> Vendor {
        self.0.vendor()
    }
    fn habits(&self) -> brier_feeds::stream::protocol::Habits {
        self.0.habits()
    }
    fn target(&self) -> String {
        self.0.target()
    }
    fn key(&self) -> Option<brier_feeds::request::KeyPlace> {
        self.0.key()
    }
    fn greet(&mut self) -> Vec<String> {
        self.0.greet()
    }
    fn frame(&mut self, text: &str) -> Result<brier_feeds::stream::protocol::Frame, FeedError> {
        self.0.frame(text)
    }
}

pub(crate) fn protocol(vendor: Vendor) -> Box<dyn Protocol> {
    match vendor {
        Vendor::Coinbase => Box::new(coinbase::Stream::new(["BTC-USD"])),
        Vendor::Binance => Box::new(binance::Stream::new(["BTCUSDT"])),
        Vendor::Rtds => Box::new(rtds::Stream::new([rtds::Series::Chainlink, rtds::Series::Mean60], ["btc/usd"])),
        Vendor::Deribit => Box::new(deribit::Stream::new(["btc_usd"])),
        _ => Box::new(twelve_data::Stream::new(["EUR/USD"])),
    }
}

async fn open(vendor: Vendor, fault: Fault) -> (Handle, PriceStream) {
    let (handle, origin) = emulator(7).await;
    handle.set(vendor, fault);
    let stream = PriceStream::open(&options(&origin), Boxed(protocol(vendor)), 256).unwrap();
    (handle, stream)
}

/// The first item that is wanted, among those that come before it.
async fn first<T>(stream: &mut PriceStream, wanted: impl Fn(&StreamItem) -> Option<T>) -> T {
    loop {
        let item =
            tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("it comes").expect("it goes on");
        assert!(!format!("{item:?}").contains(KEY));
        if let Some(found) = wanted(&item) {
            return found;
        }
    }
}

fn problem(item: &StreamItem) -> Option<&'static str> {
    match item {
        StreamItem::Problem(error) | StreamItem::Ended(error) => Some(error.class()),
        _ => None,
    }
}

#[tokio::test]
async fn a_good_day_is_fresh_and_a_stale_one_absent() {
    for vendor in ALL {
        for (fault, good) in [(Fault::None, true), (Fault::Stale, false)] {
            let (_handle, mut stream) = open(vendor, fault).await;
            for _ in 0..3 {
                let item = first(&mut stream, |item| {
                    matches!(item, StreamItem::Tick(tick, _) if tick.observed_at.is_some()).then(|| item.clone())
                })
                .await;
                let value = item.fresh(Duration::from_mins(1)).unwrap();
                assert_eq!(value.get(now().plus(Duration::from_secs(30))).is_ok(), good, "{vendor}: {value:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_goes_wrong_is_told() {
    for vendor in ALL {
        for (fault, class) in [
            (Fault::Malformed, "unreadable"),
            (Fault::Page, "unreadable"),
            (Fault::Quota, "quota"),
            (Fault::Down, "upstream"),
            (Fault::BadKey, "auth"),
        ] {
            let (_handle, mut stream) = open(vendor, fault).await;
            assert_eq!(first(&mut stream, problem).await, class, "{vendor}: {fault:?}");
        }
        let (_handle, mut stream) = open(vendor, Fault::ErrorInside200).await;
        let want = match vendor {
            Vendor::Rtds => "unreadable",
            Vendor::Deribit => "quota",
            _ => "refused",
        };
        assert_eq!(first(&mut stream, problem).await, want, "{vendor}");
    }
}

#[tokio::test]
async fn a_cut_connection_is_made_again() {
    for vendor in ALL {
        let (handle, mut stream) = open(vendor, Fault::Cut).await;
        first(&mut stream, |item| matches!(item, StreamItem::Lost(_)).then_some(())).await;
        handle.set(vendor, Fault::None);
        first(&mut stream, |item| matches!(item, StreamItem::Connected).then_some(())).await;
        first(&mut stream, |item| matches!(item, StreamItem::Tick(..)).then_some(())).await;
        assert!(handle.calls(vendor) >= 2, "{vendor}");
    }
}

#[tokio::test]
async fn a_bad_key_ends_the_stream() {
    let (_handle, mut stream) = open(Vendor::TwelveData, Fault::BadKey).await;
    first(&mut stream, |item| matches!(item, StreamItem::Ended(_)).then_some(())).await;
    assert!(stream.next().await.is_none());
}
