//! The Fed's calendar of meetings: a page for people, read for its years, months and days.
//!
//! The statement comes at 14:00 New York time on a meeting's last day, its page under a name made of that day. Future years
//! are tentative until the meeting before.
//!
//! Source: reference (feeds), section 4.4, 2026-11-20.

use std::time::Duration;

use brier_types::Timestamp;
use jiff::civil;

use crate::error::FeedError;
use crate::news::xml::plain_segments;
use crate::request::Request;
use crate::time::from_eastern;
use crate::vendor::Vendor;

/// How long the calendar may be believed without looking again.
pub const MAX_AGE: Duration = Duration::from_hours(24);

const VENDOR: Vendor = Vendor::Fed;
const AT: &str = "/monetarypolicy/fomccalendars.htm";

/// Asks for the calendar.
pub fn calendar() -> Request {
    Request::get(VENDOR, AT).conditional()
}

/// Asks for the statement of a meeting that ends on `day`; it is not there before 14:00 New York time.
pub fn statement(day: civil::Date) -> Request {
    let date = format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
    Request::get(VENDOR, format!("/newsevents/pressreleases/monetary{date}a.htm"))
}

/// One meeting of the committee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Its first day.
    pub first: civil::Date,
    /// Its last day: of the decision.
    pub last: civil::Date,
    /// Whether it publishes projections.
    pub projections: bool,
    /// When the statement comes.
    pub decision_at: Timestamp,
}

/// Reads the page: the regular meetings in order. Unscheduled ones and notation votes are left out.
///
/// # Errors
/// [`FeedError`] when no meeting is found, which means another page or another form.
pub fn parse_calendar(body: &[u8]) -> Result<Vec<Meeting>, FeedError> {
    let page = String::from_utf8_lossy(body);
    let mut out = Vec::new();
    let (mut year, mut months) = (None, None);
    for segment in plain_segments(&page) {
        if let Some((digits, rest)) = segment.split_once(' ')
            && rest.starts_with("FOMC Meetings")
        {
            year = digits.parse::<i16>().ok().filter(|year| (1990..2200).contains(year));
            months = None;
        } else if let Some(found) = months_of(&segment) {
            months = Some(found);
        } else if let (Some(year), Some(found)) = (year, months)
            && let Some(meeting) = meeting(year, found, &segment)
        {
            out.push(meeting);
            months = None;
        }
    }
    out.sort_by_key(|meeting| meeting.last);
    out.dedup();
    // Half a page has half a calendar.
    if out.is_empty() || !page.contains("</html>") {
        return Err(FeedError::unreadable(VENDOR, AT, "a whole page with a calendar of meetings", &page));
    }
    Ok(out)
}

/// `January`, or `Apr/May` of a meeting over the end of a month.
fn months_of(text: &str) -> Option<(i8, i8)> {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = |text: &str| {
        let at = NAMES.iter().position(|name| *name == text || (text.len() == 3 && name.starts_with(text)))?;
        i8::try_from(at + 1).ok()
    };
    match text.split_once('/') {
        Some((one, two)) => Some((month(one.trim())?, month(two.trim())?)),
        None => month(text).map(|month| (month, month)),
    }
}

/// `27-28`, `17-18*`, or one day.
fn meeting(year: i16, (first_month, last_month): (i8, i8), text: &str) -> Option<Meeting> {
    let (days, projections) = text.strip_suffix('*').map_or((text, false), |days| (days, true));
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let (first, last): (i8, i8) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    let first = civil::Date::new(year, first_month, first).ok()?;
    let last = civil::Date::new(year, last_month, last).ok()?;
    (first <= last).then_some(())?;
    Some(Meeting { first, last, projections, decision_at: from_eastern(last.at(14, 0, 0, 0))? })
}

/// The next meeting whose statement is still to come.
pub fn next(meetings: &[Meeting], now: Timestamp) -> Option<&Meeting> {
    meetings.iter().filter(|meeting| meeting.decision_at > now).min_by_key(|meeting| meeting.decision_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meetings_are_read_from_the_page() {
        let page = "<h4><a id='1'>2026 FOMC Meetings</a></h4><div><strong>October</strong></div><div>27-28</div>
            <div><strong>December</strong></div><div>8-9*</div><h4><a>2027 FOMC Meetings</a></h4>
            <strong>Apr/May</strong><div>30-1</div><strong>March</strong><div>16-17*</div><strong>June</strong><div>4 (unscheduled)</div>
            <script>var a = '<strong>July</strong><div>1-2</div>'</script></html>";
        let meetings = parse_calendar(page.as_bytes()).unwrap();
        let days: Vec<String> = meetings.iter().map(|meeting| meeting.last.to_string()).collect();
        assert_eq!(days, ["2026-10-28", "2026-12-09", "2027-03-17", "2027-05-01"]);
        assert!(meetings[1].projections && !meetings[0].projections);
        let now = "2026-11-20T16:00:00Z".parse().unwrap();
        assert_eq!(next(&meetings, now).unwrap().decision_at.to_string(), "2026-12-09T19:00:00Z");
        assert!(statement(meetings[1].last).path.ends_with("monetary20261209a.htm"));
        assert!(parse_calendar(b"<html>maintenance</html>").is_err());
    }
}
