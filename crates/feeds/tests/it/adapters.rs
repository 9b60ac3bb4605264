//! Every adapter through its emulator: a good day, a stale one, and each thing that can go wrong.

use std::collections::BTreeSet;
use std::time::Duration;

use brier_feeds::check;
use brier_feeds::client::{Client, ClientOptions};
use brier_feeds::emulator::{Fault, Handle};
use brier_feeds::error::{FeedError, Problem};
use brier_feeds::fresh::FreshValue;
use brier_feeds::settlement::Table;
use brier_feeds::vendor::{KeyNeed, Vendor};
use brier_feeds::weather::{climate_report, metar, nws, whole_fahrenheit};
use brier_types::Timestamp;
use jiff::civil;

use crate::cases::{Case, cases};
use crate::rig::{KEY, emulator, now, options, rig};

type Fresh = FreshValue<()>;

/// One answer with its age limit; two hours where the vendor gives no time.
async fn ask(client: &Client, case: &Case) -> Result<Fresh, FeedError> {
    let fetched = client.fetch(&case.request, case.judge).await?;
    let max_age = case.max_age.unwrap_or(Duration::from_hours(2));
    let observed = fetched.value.filter(|_| case.max_age.is_some());
    Ok(FreshValue::new((), observed, fetched.answer.received_at, max_age))
}

/// Asks everything while `fault` rules everywhere, each case with a client of its own.
async fn all(fault: Fault, with: fn(&mut ClientOptions)) -> (Handle, Vec<(Case, Result<Fresh, FeedError>)>) {
    let (handle, origin) = emulator(7).await;
    let mut out = Vec::new();
    for case in cases() {
        handle.set(case.vendor(), fault);
        let mut options = options(&origin);
        with(&mut options);
        let outcome = ask(&Client::new(options).unwrap(), &case).await;
        if let Err(error) = &outcome {
            for text in [error.to_string(), format!("{error:?}")] {
                assert!(!text.contains(KEY) && text.chars().count() < 1_000, "{}: {text}", case.name);
            }
            assert_eq!(error.vendor, case.vendor(), "{}", case.name);
        }
        out.push((case, outcome));
    }
    (handle, out)
}

fn class_of(case: &Case, outcome: &Result<Fresh, FeedError>) -> &'static str {
    match outcome {
        Ok(_) => panic!("{}: expected an error", case.name),
        Err(error) => error.class(),
    }
}

#[test]
fn every_vendor_has_a_case() {
    let covered: BTreeSet<Vendor> = cases().iter().map(Case::vendor).collect();
    let streams_only = BTreeSet::from([Vendor::Rtds]);
    let missing: Vec<&Vendor> =
        Vendor::ALL.iter().filter(|vendor| !covered.contains(vendor) && !streams_only.contains(vendor)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn a_good_day_is_fresh() {
    for (case, outcome) in all(Fault::None, |_| {}).await.1 {
        let value = outcome.unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert!(value.get(now()).is_ok(), "{}: {:?} old", case.name, value.age(now()));
        assert_eq!(value.is_unclocked(), case.max_age.is_none(), "{}", case.name);
    }
}

#[tokio::test]
async fn a_stale_day_is_absent_though_it_just_came() {
    for (case, outcome) in all(Fault::Stale, |_| {}).await.1 {
        let Ok(value) = outcome else {
            // A report of the future, seen from three months ago, is not there.
            assert_eq!(class_of(&case, &outcome), "no data", "{}", case.name);
            continue;
        };
        if case.max_age.is_some() {
            assert!(value.get(now()).is_err(), "{}: {:?} old", case.name, value.age(now()));
            assert_eq!(value.received_at(), now());
        }
    }
}

#[tokio::test]
async fn a_malformed_body_is_told_and_no_value() {
    for (case, outcome) in all(Fault::Malformed, |_| {}).await.1 {
        assert_eq!(class_of(&case, &outcome), "unreadable", "{}: {outcome:?}", case.name);
    }
}

#[tokio::test]
async fn a_page_for_people_is_no_value() {
    for (case, outcome) in all(Fault::Page, |_| {}).await.1 {
        assert_eq!(class_of(&case, &outcome), "unreadable", "{}: {outcome:?}", case.name);
    }
}

#[tokio::test]
async fn a_spent_quota_is_told_with_its_wait_and_kept_to() {
    for fault in [Fault::Quota, Fault::QuotaUntil] {
        let (handle, outcomes) = all(fault, |_| {}).await;
        for (case, outcome) in outcomes {
            assert_eq!(class_of(&case, &outcome), "quota", "{}: {outcome:?}", case.name);
            let wait = outcome.unwrap_err().retry_after(now()).unwrap();
            assert_eq!(wait, Duration::from_secs(30), "{}", case.name);
        }
        assert!(Vendor::ALL.iter().map(|vendor| handle.calls(*vendor)).sum::<u64>() as usize == cases().len());
    }
    // The next question is not even asked.
    let (handle, client) = rig(7).await;
    handle.set(Vendor::Nws, Fault::Quota);
    let case = cases().into_iter().find(|case| case.vendor() == Vendor::Nws).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&client, &case).await.unwrap_err().class(), "quota");
    }
    assert_eq!(handle.calls(Vendor::Nws), 1);
}

#[tokio::test]
async fn an_error_inside_success_is_an_error() {
    for (case, outcome) in all(Fault::ErrorInside200, |_| {}).await.1 {
        let class = class_of(&case, &outcome);
        let want: &[&str] = match case.vendor() {
            Vendor::TwelveData | Vendor::Deribit | Vendor::Bls => &["quota"],
            Vendor::Yahoo | Vendor::Coinbase => &["no data"],
            Vendor::Nws => &["upstream"],
            Vendor::TradingEconomics => &["auth"],
            Vendor::Fed | Vendor::Cleveland | Vendor::Syndication => &["unreadable"],
            _ => &["refused"],
        };
        assert!(want.contains(&class), "{}: {class}, {outcome:?}", case.name);
    }
}

#[tokio::test]
async fn a_connection_cut_in_the_body_is_no_value() {
    for (case, outcome) in all(Fault::Cut, |_| {}).await.1 {
        assert_eq!(class_of(&case, &outcome), "transport", "{}: {outcome:?}", case.name);
        assert!(outcome.unwrap_err().is_worth_another_try());
    }
}

#[tokio::test]
async fn trouble_upstream_is_tried_again_and_a_refusal_is_not() {
    let (handle, outcomes) = all(Fault::Down, |options| options.attempts = 3).await;
    for (case, outcome) in &outcomes {
        assert_eq!(class_of(case, outcome), "upstream", "{}", case.name);
    }
    let calls = |handle: &Handle| Vendor::ALL.iter().map(|vendor| handle.calls(*vendor)).sum::<u64>() as usize;
    // GDELT allows no second question so soon.
    let gdelt = cases().iter().filter(|case| case.vendor() == Vendor::Gdelt).count();
    assert_eq!(calls(&handle), 3 * cases().len() - 2 * gdelt);
    let (handle, _) = all(Fault::ErrorInside200, |options| options.attempts = 3).await;
    assert_eq!(calls(&handle), cases().len());
}

#[tokio::test]
async fn a_body_that_never_comes_ends_with_the_time_limit() {
    let slow = cases().into_iter().filter(|case| [Vendor::Nws, Vendor::Gdelt].contains(&case.vendor())).map(
        |case| async move {
            let (handle, origin) = emulator(7).await;
            handle.set(case.vendor(), Fault::Slow);
            let client =
                Client::new(ClientOptions { timeout: Duration::from_millis(150), ..options(&origin) }).unwrap();
            let outcome = ask(&client, &case).await;
            assert_eq!(class_of(&case, &outcome), "transport", "{}", case.name);
        },
    );
    futures_util::future::join_all(slow).await;
}

#[tokio::test]
async fn a_bad_key_is_told_and_a_missing_one_asks_nobody() {
    for (case, outcome) in all(Fault::BadKey, |_| {}).await.1 {
        assert_eq!(class_of(&case, &outcome), "auth", "{}: {outcome:?}", case.name);
    }
    let (handle, outcomes) = all(Fault::None, |options| options.keys = brier_feeds::secret::Keys::default()).await;
    for (case, outcome) in outcomes {
        if case.vendor().key_need() == KeyNeed::Required {
            assert_eq!(class_of(&case, &outcome), "setup", "{}", case.name);
            assert_eq!(handle.calls(case.vendor()), 0, "{}", case.name);
        } else {
            assert!(outcome.is_ok(), "{}: {outcome:?}", case.name);
        }
    }
}

#[tokio::test]
async fn nobody_at_home_is_told_without_the_key() {
    // A port that was ours a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for case in cases() {
        let client = Client::new(options(&origin)).unwrap();
        let error = ask(&client, &case).await.unwrap_err();
        let texts = [error.to_string(), format!("{error:?}"), format!("{client:?}"), format!("{:?}", case.request)];
        assert!(texts.iter().all(|text| !text.contains(KEY) && !text.contains("s3cr3t")), "{texts:?}");
        assert_eq!(error.class(), "transport", "{}", case.name);
    }
}

#[tokio::test]
async fn a_body_above_its_bound_is_not_read_to_its_end() {
    let (_handle, client) = rig(7).await;
    let mut case = cases().into_iter().find(|case| case.name == "hourly").unwrap();
    case.request = case.request.at_most(1_000);
    let error = ask(&client, &case).await.unwrap_err();
    assert_eq!(error.problem, Problem::TooLarge { limit: 1_000 });
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let (handle, client) = rig(7).await;
    let request = nws::latest_observation("KNYC");
    let first = client.fetch(&request, nws::parse_observation).await.unwrap();
    let second = client.fetch(&request, nws::parse_observation).await.unwrap();
    assert!(!first.answer.not_modified && second.answer.not_modified);
    assert_eq!(first.value, second.value);
    assert_eq!(second.answer.last_modified.unwrap().to_string(), "2026-11-20T16:00:00Z");
    assert_eq!(handle.calls(Vendor::Nws), 2);
}

#[tokio::test]
async fn our_own_count_keeps_to_the_allowance() {
    let (handle, client) = rig(7).await;
    let case = cases().into_iter().find(|case| case.name == "gdelt articles").unwrap();
    assert!(ask(&client, &case).await.is_ok());
    let error = ask(&client, &case).await.unwrap_err();
    assert_eq!((error.class(), handle.calls(Vendor::Gdelt)), ("quota", 1));
    // A group of costs leaves its window up to a 256th of it late.
    let wait = error.retry_after(now()).unwrap();
    assert!(wait >= Duration::from_secs(5) && wait < Duration::from_millis(5_021), "{wait:?}");
}

/// From the list of reports to the settled number, with the observations below it.
#[tokio::test]
async fn the_report_settles_and_metar_bounds_it_from_below() {
    for seed in [1, 2, 3] {
        let (_handle, client) = rig(seed).await;
        for report in ["NYC", "PHX"] {
            let station = Table::embedded().station(report).unwrap();
            let date = civil::date(2026, 11, 19);
            let list = client.fetch(&nws::climate_reports(report), nws::parse_products).await.unwrap().value;
            assert!(list.windows(2).all(|pair| pair[0].issued_at >= pair[1].issued_at));
            let mut reports: Vec<(Timestamp, climate_report::ClimateReport)> = Vec::new();
            for product in list.iter().take(4) {
                let found = client.fetch(&nws::product(&product.id), nws::parse_product).await.unwrap().value;
                reports.push((found.issued_at, climate_report::parse(&found.text).unwrap()));
            }
            let settled = climate_report::settling(&reports, date).unwrap();
            assert_eq!(settled.name, format!("CLI{report}"));
            let maximum = settled.maximum.unwrap().fahrenheit;
            let seen = client.fetch(&metar::metars(&[&station.icao], 48), metar::parse_metars).await.unwrap().value;
            let bound = metar::max_so_far(&seen, &station.icao, station.climate_day(date).unwrap()).unwrap();
            // The noise of the generated minutes is two tenths of a degree.
            assert!(whole_fahrenheit(bound - 4) <= maximum, "seed {seed}, {report}: {bound} tenths, {maximum} °F");
        }
    }
}

#[tokio::test]
async fn a_check_reports_every_vendor() {
    let (handle, client) = rig(7).await;
    handle.set(Vendor::Nws, Fault::Stale);
    handle.set(Vendor::Bls, Fault::ErrorInside200);
    let reports = check::run(&client, &Vendor::ALL).await;
    let words: Vec<(Vendor, &str)> = reports.iter().map(|report| (report.vendor, report.word())).collect();
    for (vendor, word) in &words {
        let want = match vendor {
            Vendor::Nws => "stale",
            Vendor::Bls => "quota",
            _ => "ok",
        };
        assert_eq!(*word, want, "{vendor}: {reports:?}");
    }
    let odds = reports.iter().find(|report| report.vendor == Vendor::OddsApi).unwrap();
    assert_eq!((odds.quota.left, odds.quota.used), (Some(487), Some(13)));
    assert_eq!(odds.age, Some(Duration::from_secs(25)));
    assert_eq!(odds.to_string(), "odds-api: ok, 25 s old (at most 120 s), 487 left by its own count, 3 games");
    let lines: Vec<String> = reports.iter().map(ToString::to_string).collect();
    assert!(lines.iter().all(|line| line.len() < 400 && !line.contains(KEY)), "{lines:#?}");
}

#[tokio::test]
async fn a_redirect_is_followed_without_a_key_only() {
    let (handle, client) = rig(7).await;
    let request = brier_feeds::request::Request::get(Vendor::Nws, "/points/40.7790400,-73.9692500");
    assert_eq!(client.fetch(&request, nws::parse_point).await.unwrap().value.cell.office, "OKX");
    assert_eq!(handle.calls(Vendor::Nws), 2);
    let keyed = request.keyed(brier_feeds::request::KeyPlace::Header("x-key", ""));
    let error = client.fetch(&keyed, nws::parse_point).await.unwrap_err();
    assert!(error.to_string().contains("redirected to 40.7790,-73.9693"), "{error}");
}

#[tokio::test]
async fn a_larger_plan_has_its_own_allowance() {
    let (handle, origin) = emulator(7).await;
    let plan = brier_feeds::vendor::Allowance { requests: 2, per: Duration::from_secs(5) };
    let allowances = [(Vendor::Gdelt, vec![plan])].into();
    let client = Client::new(ClientOptions { allowances, ..options(&origin) }).unwrap();
    let case = cases().into_iter().find(|case| case.name == "gdelt articles").unwrap();
    let outcomes =
        [ask(&client, &case).await.is_ok(), ask(&client, &case).await.is_ok(), ask(&client, &case).await.is_ok()];
    assert_eq!((outcomes, handle.calls(Vendor::Gdelt)), ([true, true, false], 2));
}

#[tokio::test]
async fn an_emulated_client_reaches_the_emulator_only() {
    use brier_feeds::news::syndication;
    let (handle, client) = rig(7).await;
    let request = syndication::feed("https://www.sec.example/cgi-bin/feed?action=getcurrent");
    assert!(client.fetch(&request, syndication::parse_feed).await.is_ok());
    assert_eq!(handle.calls(Vendor::Syndication), 1);
}
