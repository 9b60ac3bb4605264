//! What a Kalshi ticker carries: series, date, competitors' codes, the market's own code.
//!
//! A ticker is a hint of the venue's habit, not a statement: it confirms and never contradicts a text, except where a
//! text is silent about the year.
//!
//! Source: reference kalshi.md (tickers) and feeds.md section 1.3, 2026-11-20.

use crate::calendar;
use crate::contract::{Certainty, Field, Source, Span, TickerDate};
use crate::lexicon;
use crate::listing::Listing;
use crate::range::Range;
use crate::text::Decimal;

/// The pieces of a ticker. Empty for other venues.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts {
    /// Without KX, in capitals.
    pub(super) series: String,
    pub(super) league: Option<&'static str>,
    pub(super) date: Option<Field<TickerDate>>,
    /// `NOPHOU` of `26JAN18NOPHOU`.
    pub(super) codes: String,
    pub(super) strike: Option<Field<Range>>,
    segments: usize,
}

impl Parts {
    /// The last segment, when it is the market's own.
    pub(super) fn market_code<'a>(&self, listing: &'a Listing) -> Option<(&'a str, Span)> {
        let (rest, code) = listing.id.rsplit_once('-').filter(|_| self.segments > 2)?;
        Some((code, Span::new(Source::Ticker, rest.len() + 1, listing.id.len())))
    }
}

/// Takes the ticker of a Kalshi listing apart.
pub(super) fn parts(listing: &Listing) -> Parts {
    if !super::is_kalshi(listing) {
        return Parts::default();
    }
    let mut parts = Parts::default();
    let mut offset = 0;
    for (at, segment) in listing.id.split('-').enumerate() {
        parts.segments += 1;
        if at == 0 {
            segment.strip_prefix("KX").unwrap_or(segment).clone_into(&mut parts.series);
            let lower = parts.series.to_ascii_lowercase();
            parts.league = ["wnba", "nba", "nfl", "mlb", "nhl"]
                .into_iter()
                .find(|league| lower.starts_with(league))
                .and_then(lexicon::league_of_word);
        } else if parts.date.is_none()
            && let Some((value, length)) = date(segment)
        {
            let span = Span::new(Source::Ticker, offset, offset + length);
            parts.date = Some(Field { value, span, certainty: Certainty::Convention });
            let rest = segment.get(length..).unwrap_or("");
            rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).clone_into(&mut parts.codes);
        } else if at >= 2
            && let Some(value) = strike(segment)
        {
            let span = Span::new(Source::Ticker, offset, offset + segment.len());
            parts.strike = Some(Field { value, span, certainty: Certainty::Convention });
        }
        offset += segment.len() + 1;
    }
    parts
}

/// `26`, `26JUL`, `26JUL03`, `26JUL0317`: a year, maybe month and day; hours and codes may follow.
fn date(segment: &str) -> Option<(TickerDate, usize)> {
    let digits = |from: usize, to: usize| segment.get(from..to)?.parse::<u8>().ok();
    if !segment.as_bytes().first()?.is_ascii_digit() || !segment.as_bytes().get(1)?.is_ascii_digit() {
        return None;
    }
    let year = 2000 + u16::from(digits(0, 2)?);
    let month = segment.get(2..5).map(str::to_ascii_lowercase).and_then(|name| calendar::month(&name));
    let Some(month) = month else {
        // A bare year stands alone, or before letters that are no month: 26USO, 25ALTFRI.
        let alone = !segment.as_bytes().get(2).is_some_and(u8::is_ascii_digit);
        return alone.then_some((TickerDate { year, month: None, day: None }, 2));
    };
    match digits(5, 7).filter(|day| (1..=31).contains(day)) {
        Some(day) => Some((TickerDate { year, month: Some(month), day: Some(day) }, 7)),
        None => Some((TickerDate { year, month: Some(month), day: None }, 5)),
    }
}

/// `T1629.99` and `B85.5`: strictly above, and the two whole degrees or the bucket around a middle. Only the first is
/// read: how wide a bucket is stands in the strike fields alone, and a lowest T means below, which only they can tell.
fn strike(segment: &str) -> Option<Range> {
    let value = Decimal::parse(segment.strip_prefix('T')?)?;
    Some(Range::above(value, false))
}

#[cfg(test)]
mod tests {
    use super::*;
    use brier_types::Venue;

    #[test]
    fn a_game_ticker_gives_day_and_codes() {
        let listing = Listing::new(Venue::Kalshi, "KXFIBAGAME-26JUL021130GBRLTU-GBR", "");
        let parts = parts(&listing);
        assert_eq!(parts.codes, "GBRLTU");
        assert_eq!(
            parts.date.and_then(|date| date.value.day()).map(|day| day.to_string()).as_deref(),
            Some("2026-07-02")
        );
        assert_eq!(parts.market_code(&listing).map(|(code, _)| code), Some("GBR"));
    }

    #[test]
    fn a_year_alone_and_a_deadline() {
        let of = |id: &str| parts(&Listing::new(Venue::Kalshi, id, "")).date.map(|date| date.value);
        assert_eq!(of("KXNBAROY-27-CBOO"), Some(TickerDate { year: 2027, month: None, day: None }));
        assert_eq!(of("KXLEADERSOUT-27JAN01-X"), Some(TickerDate { year: 2027, month: Some(1), day: Some(1) }));
        assert_eq!(of("KXCANADAPM-45-L").map(|date| date.year), Some(2045));
    }
}
