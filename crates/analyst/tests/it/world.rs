//! A day in New York, and a clock that nobody waits for.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use brier_analyst::dossier::Contents;
use brier_analyst::language::Waits;
use brier_analyst::{Document, Dossier, History};
use brier_engine::{Fact, FactValue};
use brier_types::Timestamp;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

/// Seconds from the time of the dossiers.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_795_000_000 + seconds).unwrap()
}

pub(crate) fn fact(series: &str, numbers: &[f64]) -> Fact {
    let value = match numbers {
        [one] => FactValue::Number(*one),
        many => FactValue::Numbers(many.to_vec()),
    };
    Fact { series: series.to_owned(), value, as_of: time(-60), valid_for: Duration::from_hours(1) }
}

pub(crate) fn document(text: &str) -> Document {
    Document {
        title: "Forecast discussion".to_owned(),
        origin: "weather service".to_owned(),
        text: text.to_owned(),
        as_of: time(-600),
        valid_for: Duration::from_hours(6),
    }
}

pub(crate) fn contents() -> Contents {
    Contents {
        market: "KXHIGHNY-26NOV18-T87".to_owned(),
        question: "Will the high in Central Park be above 87?".to_owned(),
        rules: "Resolves to YES if the climate report prints 88 or more.".to_owned(),
        resolution_source: "National Weather Service climate report".to_owned(),
        closes_at: time(7_200),
        now: time(0),
        facts: vec![fact("forecast:KNYC:high", &[88.2]), fact("observed:KNYC:high", &[86.0])],
        documents: vec![document("A warm front passes at noon. The sea breeze stays weak all day.")],
        history: History::default(),
    }
}

pub(crate) fn dossier() -> Dossier {
    Dossier::new(contents()).unwrap()
}

/// A clock on which pauses end at once and are remembered, and deadlines end when the server has fallen silent.
pub(crate) struct Still {
    passed: AtomicI64,
    pauses: Mutex<Vec<Duration>>,
    silent: watch::Receiver<bool>,
}

impl Still {
    pub(crate) const fn new(silent: watch::Receiver<bool>) -> Self {
        Self { passed: AtomicI64::new(0), pauses: Mutex::new(Vec::new()), silent }
    }

    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().unwrap().clone()
    }
}

impl Waits for Still {
    fn now(&self) -> Timestamp {
        time(self.passed.load(Ordering::Relaxed))
    }

    fn pause(&self, wait: Duration) -> BoxFuture<'_, ()> {
        self.pauses.lock().unwrap().push(wait);
        self.passed.fetch_add(wait.as_secs() as i64, Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }

    fn deadline(&self, _: Duration) -> BoxFuture<'_, ()> {
        let mut silent = self.silent.clone();
        Box::pin(async move {
            if silent.wait_for(|silent| *silent).await.is_err() {
                std::future::pending::<()>().await;
            }
        })
    }
}
