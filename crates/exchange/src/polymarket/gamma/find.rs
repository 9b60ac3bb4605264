//! Which rows a query asks for, in which order, and which part of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use brier_polymarket_protocol::wire::{Surplus, decimal, read_time};
use brier_types::{Money, Timestamp};

use super::super::http::{Failure, Params};
use super::super::state::{EventRow, MarketRow, State};
use super::{LIMIT, rows};

/// Rows that match, by what they are sorted by and their place in the order of listing.
pub(super) type Found = Vec<(i64, u32)>;

/// Which part of the rows is wanted.
pub(super) struct Page {
    offset: usize,
    limit: usize,
    after: Option<(i64, u32)>,
    descending: bool,
}

impl Page {
    fn limit(params: &Params, most: usize) -> Result<usize, Failure> {
        Ok(params.number::<usize>("limit", "invalid limit")?.unwrap_or(LIMIT).min(most))
    }

    pub(super) fn by_offset(params: &Params, most: usize) -> Result<Self, Failure> {
        let offset = params.number("offset", "invalid offset")?.unwrap_or(0);
        Ok(Self { offset, limit: Self::limit(params, most)?, after: None, descending: false })
    }

    pub(super) fn by_cursor(params: &Params, most: usize) -> Result<Self, Failure> {
        let wrong = || Failure::text(400, "invalid after_cursor");
        let read = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (key, at) = std::str::from_utf8(&bytes).ok()?.split_once('.')?;
            Some((key.parse().ok()?, at.parse().ok()?))
        };
        let after = params.one("after_cursor").map(|text| read(text).ok_or_else(wrong)).transpose()?;
        let limit = Self::limit(params, most)?.max(1);
        Ok(Self { offset: 0, limit, after, descending: is_descending(params) })
    }

    /// How many rows lie before the end of a page of so many.
    pub(super) const fn end(&self, shown: usize) -> usize {
        self.offset.saturating_add(shown)
    }

    pub(super) fn cut<T: Part>(&self, all: &[T]) -> Vec<T::Row> {
        all.iter().skip(self.offset).take(self.limit).map(Part::row).collect()
    }

    /// The rows of the page, and where the next one starts if there is one.
    pub(super) fn cut_with_cursor(&self, all: &Found) -> (Vec<u32>, Option<String>) {
        let is_after = |it: &(i64, u32)| match self.after {
            None => true,
            Some(last) if self.descending => *it < last,
            Some(last) => *it > last,
        };
        let left: Vec<_> = all.iter().filter(|it| is_after(it)).copied().collect();
        let shown = &left[..self.limit.min(left.len())];
        let more = shown.last().filter(|_| left.len() > shown.len());
        let cursor = more.map(|(key, at)| URL_SAFE_NO_PAD.encode(format!("{key}.{at}")));
        (shown.iter().map(|(_, at)| *at).collect(), cursor)
    }
}

/// Something of which a page can be cut.
pub(super) trait Part {
    type Row;
    fn row(&self) -> Self::Row;
}

impl Part for (i64, u32) {
    type Row = u32;
    fn row(&self) -> u32 {
        self.1
    }
}

impl Part for brier_polymarket_protocol::gamma::Tag {
    type Row = Self;
    fn row(&self) -> Self {
        self.clone()
    }
}

impl Part for brier_polymarket_protocol::gamma::Series {
    type Row = Self;
    fn row(&self) -> Self {
        self.clone()
    }
}

fn is_descending(params: &Params) -> bool {
    params.one("ascending") == Some("false")
}

fn sorted(mut found: Found, params: &Params) -> Found {
    found.sort_unstable();
    if is_descending(params) {
        found.reverse();
    }
    found
}

/// A bound on something, if the query states it.
struct Bounds {
    least: Option<i64>,
    most: Option<i64>,
}

impl Bounds {
    fn of(params: &Params, name: &str, read: impl Fn(&str) -> Option<i64>) -> Result<Self, Failure> {
        let one = |name: String| match params.one(&name) {
            None => Ok(None),
            Some(text) => read(text).map(Some).ok_or_else(|| Failure::text(400, format!("invalid {name}"))),
        };
        Ok(Self { least: one(format!("{name}_min"))?, most: one(format!("{name}_max"))? })
    }

    fn money(params: &Params, name: &str) -> Result<Self, Failure> {
        Self::of(params, name, |text| decimal(text, 6, Surplus::Round))
    }

    fn time(params: &Params, name: &str) -> Result<Self, Failure> {
        Self::of(params, name, time)
    }

    /// What has no such thing is within no bounds.
    fn hold(&self, value: Option<i64>) -> bool {
        if self.least.is_none() && self.most.is_none() {
            return true;
        }
        value.is_some_and(|it| self.least.is_none_or(|least| it >= least) && self.most.is_none_or(|most| it <= most))
    }
}

/// Nanoseconds of a moment in any of the venue's forms; a day is its first moment.
fn time(text: &str) -> Option<i64> {
    let day = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    read_time(&day).ok().map(Timestamp::nanos)
}

/// A flag: whether a row that has it, or has it not, is wanted.
fn flag(params: &Params, name: &str, value: bool) -> bool {
    match params.one(name) {
        Some("true" | "1") => value,
        Some("false" | "0") => !value,
        Some(_) | None => true,
    }
}

/// `closed` leaves out what is closed unless it is asked for.
fn closed(params: &Params, value: bool) -> bool {
    flag(params, "closed", value) && (params.one("closed").is_some() || !value)
}

fn is_named(params: &Params, name: &str, value: impl AsRef<str>) -> bool {
    let wanted = params.list(name);
    wanted.is_empty() || wanted.iter().any(|it| it.eq_ignore_ascii_case(value.as_ref()))
}

/// Whether one of these tags is asked for.
fn is_tagged(params: &Params, tags: &[String]) -> bool {
    let any = |name: &str, of: fn(&str) -> String| {
        let wanted = params.list(name);
        wanted.is_empty() || tags.iter().any(|tag| wanted.iter().any(|it| *it == of(tag)))
    };
    let excluded = params.list("exclude_tag_id");
    any("tag_id", rows::tag_id)
        && any("tag_slug", rows::slug_of)
        && !tags.iter().any(|tag| excluded.iter().any(|it| *it == rows::tag_id(tag)))
}

pub(super) fn markets(state: &State, now: Timestamp, params: &Params) -> Result<Found, Failure> {
    let (volume, liquidity) = (Bounds::money(params, "volume_num")?, Bounds::money(params, "liquidity_num")?);
    let (start, end) = (Bounds::time(params, "start_date")?, Bounds::time(params, "end_date")?);
    let tokens = [params.list("clob_token_ids"), params.list("position_ids")].concat();
    let is_wanted = |row: &MarketRow| {
        let listing = &row.listing;
        let status = rows::uma_status(row.resolution);
        closed(params, row.resolved_at.is_some())
            && flag(params, "active", true)
            && flag(params, "archived", false)
            && flag(params, "neg_risk", row.neg_risk)
            && flag(params, "rfq_enabled", false)
            && is_named(params, "id", &listing.id)
            && is_named(params, "slug", &listing.slug)
            && is_named(params, "condition_ids", &*row.condition_text)
            && is_named(params, "question_ids", &listing.question_id)
            && is_named(params, "version", rows::version(row))
            && (tokens.is_empty() || row.token_texts.iter().any(|token| tokens.contains(&&**token)))
            && params.one("uma_resolution_status").is_none_or(|wanted| status == Some(wanted))
            && is_tagged(params, &listing.tags)
            && volume.hold(Some(row.cash_volume.micros()))
            && start.hold(Some(row.created.nanos()))
            && end.hold(time(&listing.end_date))
            && (liquidity.least.is_none() && liquidity.most.is_none()
                || liquidity.hold(Some(rows::liquidity(state, row.id).micros())))
    };
    let key = |row: &MarketRow| market_key(state, now, row, params.one("order").unwrap_or_default());
    let rows = (0..).zip(&state.markets).filter(|(_, row)| is_wanted(row));
    Ok(sorted(rows.map(|(at, row)| (key(row), at)).collect(), params))
}

/// What a market is sorted by: its place in the order of listing for anything unknown.
fn market_key(state: &State, now: Timestamp, row: &MarketRow, order: &str) -> i64 {
    let money = |it: Option<Money>| it.unwrap_or(Money::ZERO).micros();
    // The first of several fields decides; ties go by the place.
    match order.split(',').next().unwrap_or_default() {
        "volume" | "volumeNum" | "volume_num" | "volumeClob" => row.cash_volume.micros(),
        "volume24hr" | "volume_24hr" => rows::volume_since(state, &row.trades, rows::day_before(now, 1)).micros(),
        "volume1wk" | "volume_1wk" => rows::volume_since(state, &row.trades, rows::day_before(now, 7)).micros(),
        "volume1mo" | "volume_1mo" => rows::volume_since(state, &row.trades, rows::day_before(now, 30)).micros(),
        "liquidity" | "liquidityNum" | "liquidity_num" | "liquidityClob" => rows::liquidity(state, row.id).micros(),
        "startDate" | "start_date" | "createdAt" | "created_at" => row.created.nanos(),
        "updatedAt" | "updated_at" => row.updated.nanos(),
        "endDate" | "end_date" => time(&row.listing.end_date).unwrap_or(i64::MAX),
        "closedTime" | "closed_time" => row.resolved_at.map_or(i64::MAX, Timestamp::nanos),
        "bestBid" => money(state.best_yes(row.id).0.map(rows::dollars)),
        "bestAsk" => money(state.best_yes(row.id).1.map(rows::dollars)),
        "lastTradePrice" => money(row.last.map(|last| rows::dollars(last.yes_price))),
        "id" => row.listing.id.parse().unwrap_or_default(),
        _ => 0,
    }
}

/// Events in a fixed order: of their numbers where they are numbers, else of their texts.
pub(super) fn listed_events(state: &State) -> Vec<&EventRow> {
    let mut all: Vec<&EventRow> = state.events.values().collect();
    all.sort_by_key(|row| row.listing.id.parse::<u64>().unwrap_or(u64::MAX));
    all
}

pub(super) fn events(state: &State, now: Timestamp, params: &Params) -> Result<Found, Failure> {
    let (volume, liquidity) = (Bounds::money(params, "volume")?, Bounds::money(params, "liquidity")?);
    let (start, end) = (Bounds::time(params, "start_date")?, Bounds::time(params, "end_date")?);
    let title = params.one("title_search").map(str::to_lowercase);
    let is_wanted = |row: &EventRow| {
        let listing = &row.listing;
        closed(params, rows::is_closed(state, row))
            && flag(params, "active", true)
            && flag(params, "archived", false)
            && flag(params, "featured", false)
            && flag(params, "live", false)
            && flag(params, "neg_risk", listing.neg_risk)
            && is_named(params, "id", &listing.id)
            && is_named(params, "slug", &listing.slug)
            && is_named(params, "series_slug", &listing.series_slug)
            && is_named(params, "series_id", rows::tag_id(&listing.series_slug))
            && is_tagged(params, &listing.tags)
            && title.as_ref().is_none_or(|wanted| listing.title.to_lowercase().contains(wanted))
            && start.hold(Some(row.created.nanos()))
            && end.hold(time(&listing.end_date))
            && volume.hold(Some(rows::event_volume(state, row).micros()))
            && (liquidity.least.is_none() && liquidity.most.is_none()
                || liquidity.hold(Some(rows::event_liquidity(state, row).micros())))
    };
    let order = params.one("order").unwrap_or_default();
    let key = |row: &EventRow| match order.split(',').next().unwrap_or_default() {
        "volume" => rows::event_volume(state, row).micros(),
        "volume24hr" | "volume_24hr" => rows::event_volume_since(state, row, rows::day_before(now, 1)).micros(),
        "volume1wk" | "volume_1wk" => rows::event_volume_since(state, row, rows::day_before(now, 7)).micros(),
        "liquidity" => rows::event_liquidity(state, row).micros(),
        "startDate" | "start_date" | "createdAt" | "created_at" | "creationDate" => row.created.nanos(),
        "endDate" | "end_date" => time(&row.listing.end_date).unwrap_or(i64::MAX),
        "id" => row.listing.id.parse().unwrap_or_default(),
        _ => 0,
    };
    let rows = (0..).zip(listed_events(state)).filter(|(_, row)| is_wanted(row));
    Ok(sorted(rows.map(|(at, row)| (key(row), at)).collect(), params))
}

/// Events in which every word of the query is found.
pub(super) fn search<'a>(state: &'a State, query: &str, params: &Params) -> Vec<&'a EventRow> {
    let keeps_closed = params.one("keep_closed_markets").is_some_and(|it| it != "0" && it != "false");
    let status = |row: &EventRow| match params.one("events_status") {
        Some("closed" | "resolved") => rows::is_closed(state, row),
        Some("all") => true,
        Some(_) => !rows::is_closed(state, row),
        None => keeps_closed || !rows::is_closed(state, row),
    };
    let tagged = |row: &EventRow| {
        let wanted = params.list("events_tag");
        wanted.is_empty() || row.listing.tags.iter().any(|tag| wanted.contains(&rows::slug_of(tag).as_str()))
    };
    let matches = |row: &EventRow| {
        let questions = row.markets.iter().map(|market| state.market(*market).listing.question.as_str());
        let listing = &row.listing;
        let named = [listing.title.as_str(), listing.slug.as_str()];
        let text = named.into_iter().chain(questions).collect::<Vec<_>>().join("\n").to_lowercase();
        query.split_whitespace().all(|word| text.contains(word))
    };
    listed_events(state).into_iter().filter(|row| status(row) && tagged(row) && matches(row)).collect()
}
