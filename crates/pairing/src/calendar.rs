//! Days, deadlines and windows as market texts write them.
//!
//! A deadline is kept as its last counting day, so that "before Jan 1, 2027", "by December 31, 2026", "before 2027" and
//! "by end of 2026" are one value. A text that leaves out the year gives a day without one; nobody guesses it here.
//! Hours and zones are kept where they are written, because a seam of a few hours can split two markets.

use std::fmt;

use crate::text::{Kind, Token};

/// A calendar day; the year may be unsaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// The year, when the text says it.
    pub year: Option<u16>,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Day {
    /// A day, or `None` when no calendar has it.
    pub fn new(year: Option<u16>, month: u8, day: u8) -> Option<Self> {
        ((1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day before; 1 January without a year gives 31 December without one.
    #[must_use]
    pub fn previous(self) -> Self {
        if self.day > 1 {
            Self { day: self.day - 1, ..self }
        } else if self.month > 1 {
            let month = self.month - 1;
            Self { month, day: days_in(self.year, month), ..self }
        } else {
            Self { year: self.year.map(|year| year.saturating_sub(1)), month: 12, day: 31 }
        }
    }

    /// The day after.
    #[must_use]
    pub fn next(self) -> Self {
        if self.day < days_in(self.year, self.month) {
            Self { day: self.day + 1, ..self }
        } else if self.month < 12 {
            Self { month: self.month + 1, day: 1, ..self }
        } else {
            Self { year: self.year.map(|year| year.saturating_add(1)), month: 1, day: 1 }
        }
    }

    /// Whether both can be the same day: an unsaid year agrees with any.
    pub fn agrees(self, other: Self) -> bool {
        self.month == other.month
            && self.day == other.day
            && self.year.zip(other.year).is_none_or(|(one, two)| one == two)
    }

    /// Reads the day of an ISO time such as `2026-01-19T00:00:00Z`, moved to New York when an hour is given.
    ///
    /// Polymarket writes game starts in UTC: midnight there is the evening before in New York. A bare date, and a time
    /// of exactly 00:00 or 12:00 when `games` is false, is a date somebody typed and stays as it is.
    pub(crate) fn parse_iso(text: &str, games: bool) -> Option<Self> {
        let date = text.get(..10)?;
        let mut parts = date.split('-');
        let year: u16 = parts.next()?.parse().ok()?;
        let month: u8 = parts.next()?.parse().ok()?;
        let day: u8 = parts.next()?.parse().ok()?;
        let day = Self::new(Some(year), month, day)?;
        let hour: u8 = match text.get(11..13) {
            Some(hour) => hour.parse().ok()?,
            None => return Some(day),
        };
        let offset = if day.new_york_summer() { 4 } else { 5 };
        Some(if games && hour < offset { day.previous() } else { day })
    }

    /// Whether New York keeps summer time on this day: from the second Sunday of March to the first of November.
    fn new_york_summer(self) -> bool {
        let year = i32::from(self.year.unwrap_or(2026));
        match self.month {
            4..=10 => true,
            3 => self.day >= first_sunday(year, 3) + 7,
            11 => self.day < first_sunday(year, 11),
            _ => false,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.year {
            Some(year) => write!(out, "{year}-{:02}-{:02}", self.month, self.day),
            None => write!(out, "{:02}-{:02} of an unsaid year", self.month, self.day),
        }
    }
}

const fn days_in(year: Option<u16>, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => match year {
            Some(year) if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            Some(_) => 28,
            None => 29,
        },
        _ => 31,
    }
}

/// Day of the month of the first Sunday, by Sakamoto's rule.
fn first_sunday(year: i32, month: u8) -> u8 {
    const SHIFT: [i32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    let weekday_of_first = (year + year / 4 - year / 100 + year / 400 + SHIFT[usize::from(month) - 1] + 1) % 7;
    ((7 - weekday_of_first) % 7 + 1) as u8
}

/// A time zone that market texts name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// New York.
    Eastern,
    /// Chicago.
    Central,
    /// Los Angeles.
    Pacific,
    /// Coordinated universal time, or London in winter.
    Utc,
}

impl fmt::Display for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Eastern => "ET",
            Self::Central => "CT",
            Self::Pacific => "PT",
            Self::Utc => "UTC",
        })
    }
}

/// The zone that a word names.
pub(crate) fn zone(word: &str) -> Option<Zone> {
    match word {
        "et" | "est" | "edt" => Some(Zone::Eastern),
        "ct" | "cst" | "cdt" => Some(Zone::Central),
        "pt" | "pst" | "pdt" => Some(Zone::Pacific),
        "utc" | "gmt" => Some(Zone::Utc),
        _ => None,
    }
}

/// When a thing must have happened, or when it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// It must happen no later than the end of this day.
    Until(Day),
    /// It is looked at on this day.
    On(Day),
    /// It covers these days, both included.
    Days(Day, Day),
    /// It is about this month, the year maybe unsaid.
    Month(Option<u16>, u8),
    /// It is about this quarter of the year, 1 to 4.
    Quarter(Option<u16>, u8),
    /// It is about this year: an edition ("the 2026 election") or a whole year ("in 2026").
    Year(u16),
    /// It is about the season that begins in this year and ends in the next.
    Season(u16),
}

impl When {
    /// The year it says, if any; for a season the first.
    pub const fn year(self) -> Option<u16> {
        match self {
            Self::Until(day) | Self::On(day) | Self::Days(day, _) => day.year,
            Self::Month(year, _) | Self::Quarter(year, _) => year,
            Self::Year(year) | Self::Season(year) => Some(year),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Until(day) => write!(out, "by the end of {day}"),
            Self::On(day) => write!(out, "on {day}"),
            Self::Days(first, last) => write!(out, "from {first} to {last}"),
            Self::Month(Some(year), month) => write!(out, "in {year}-{month:02}"),
            Self::Month(None, month) => write!(out, "in month {month:02} of an unsaid year"),
            Self::Quarter(Some(year), quarter) => write!(out, "in Q{quarter} {year}"),
            Self::Quarter(None, quarter) => write!(out, "in Q{quarter} of an unsaid year"),
            Self::Year(year) => write!(out, "in or of {year}"),
            Self::Season(year) => write!(out, "season {year}-{:02}", (year + 1) % 100),
        }
    }
}

/// How what is asked stands to its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hold {
    /// At any moment of it, or unsaid: "by", "before", "in", "on".
    #[default]
    Anywhere,
    /// All through it: "through", "until".
    Throughout,
    /// At its end: "at the end of".
    AtItsEnd,
}

impl fmt::Display for Hold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anywhere => "at any moment",
            Self::Throughout => "throughout",
            Self::AtItsEnd => "at the end",
        })
    }
}

/// How an expression that begins at `from` and names its date before `to` stands to its window.
fn hold(tokens: &[Token], from: usize, to: usize) -> Hold {
    let words = &tokens[from..to];
    let first = words.first().map_or("", |token| token.text.as_str());
    if matches!(first, "through" | "throughout" | "until" | "til" | "till") {
        return Hold::Throughout;
    }
    let ends = words.iter().take(3).any(|token| token.is_word("end") || token.is_word("close"));
    if ends && matches!(first, "at" | "on") || first == "at" && words.get(1).is_some_and(|token| token.is_word("end")) {
        return Hold::AtItsEnd;
    }
    Hold::Anywhere
}

/// One time expression: what it says, its hour and zone, and which tokens said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) when: When,
    /// "in 2026" rather than "the 2026 election".
    pub(crate) whole: bool,
    /// A start ("after", "between"), no deadline.
    pub(crate) start: bool,
    /// Minutes after midnight.
    pub(crate) clock: Option<u16>,
    pub(crate) zone: Option<Zone>,
    pub(crate) hold: Hold,
    /// Token range.
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// The month a word names.
pub(crate) fn month(word: &str) -> Option<u8> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if word == "sept" {
        return Some(9);
    }
    let at = NAMES.iter().position(|name| *name == word || (word.len() == 3 && name.starts_with(word)))?;
    Some(at as u8 + 1)
}

fn year_of(token: &Token) -> Option<u16> {
    let number = token.number()?;
    if token.text.len() != 4 || number.unit.is_some() || number.or_more || number.ordinal {
        return None;
    }
    number.value.to_whole().and_then(|year| u16::try_from(year).ok()).filter(|year| (1990..2100).contains(year))
}

fn day_of(token: &Token) -> Option<u8> {
    let number = token.number()?;
    if number.unit.is_some() || number.or_more {
        return None;
    }
    number.value.to_whole().and_then(|day| u8::try_from(day).ok()).filter(|day| (1..=31).contains(day))
}

/// How a preposition turns a date into a window.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    /// "by", "through", "no later than": the date itself still counts.
    By,
    /// "before", "prior to": it does not.
    Before,
    /// "in", "during", "for".
    In,
    /// "on", "at".
    On,
    /// "after", "since", "from", "between": a start, no deadline.
    After,
    None,
}

/// The preposition before token `at`, and where the expression then begins. The flag says "end of".
fn lead(tokens: &[Token], at: usize) -> (Lead, bool, usize) {
    let word = |back: usize| at.checked_sub(back).map_or("", |index| tokens[index].text.as_str());
    let mut back = 0;
    let mut end = false;
    while matches!(word(back + 1), "the" | "of" | "," | "(" | "listed" | "specified") {
        back += 1;
    }
    if word(back + 1) == "end" || word(back + 1) == "close" {
        end = true;
        back += 1;
        while word(back + 1) == "the" {
            back += 1;
        }
    } else if back > 0 && word(back) == "of" && at >= back && word(1) != "the" {
        // "of 2026": an edition, unless "end of" was found.
        return (Lead::None, false, at);
    }
    let lead = match word(back + 1) {
        "by" | "through" | "until" | "til" | "till" => Lead::By,
        "before" => Lead::Before,
        "to" if word(back + 2) == "prior" => Lead::Before,
        "than" if word(back + 2) == "later" => Lead::By,
        "in" | "during" | "for" | "within" | "throughout" | "to" => Lead::In,
        "on" | "at" => Lead::On,
        "after" | "since" | "from" | "between" | "starting" => Lead::After,
        // "between market creation and December 31": the second date is the last.
        "and" if tokens[..at].iter().rev().take(14).any(|token| token.is_word("between")) => Lead::By,
        _ if end => return (Lead::By, true, at - back),
        _ => return (Lead::None, false, at),
    };
    (if end && lead != Lead::After { Lead::By } else { lead }, end, at - back - 1)
}

/// Every time expression among `tokens`, in order. `free` says which tokens may be read.
pub(crate) fn find(tokens: &[Token], free: impl Fn(usize) -> bool) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let next = if free(at) { read_at(tokens, at) } else { None };
        match next {
            Some(mut one) => {
                at = one.to.max(at + 1);
                one.hold = hold(tokens, one.from, one.to);
                found.push(one);
            }
            None => at += 1,
        }
    }
    attach_clocks(tokens, &mut found);
    found
}

fn read_at(tokens: &[Token], at: usize) -> Option<Found> {
    let token = &tokens[at];
    let found = |when, whole, from, to| {
        Some(Found {
            when,
            whole,
            start: lead(tokens, at).0 == Lead::After,
            clock: None,
            zone: None,
            hold: Hold::Anywhere,
            from,
            to,
        })
    };
    match token.kind {
        Kind::IsoDate(year, month, day) => {
            let (lead, _, from) = lead(tokens, at);
            let day = Day::new(Some(year), month, day)?;
            return found(windowed(lead, day), false, from, at + 1);
        }
        Kind::Season(year) => {
            let (_, _, from) = lead(tokens, at);
            return found(When::Season(year), false, if from < at { from } else { at }, at + 1);
        }
        Kind::Number(_) => {
            if let Some(year) = year_of(token) {
                return read_year(tokens, at, year);
            }
            // "3 July 2026"
            let day = day_of(token)?;
            let name = tokens.get(at + 1).filter(|next| next.kind == Kind::Word && next.capital)?;
            let month = month(&name.text).filter(|_| name.text.len() > 3 || name.text == "may")?;
            let year = tokens.get(at + 2).and_then(year_of);
            let (lead, _, from) = lead(tokens, at);
            let day = Day::new(year, month, day)?;
            return found(windowed(lead, day), false, from, at + 2 + usize::from(year.is_some()));
        }
        Kind::Word => {}
        Kind::Clock(_) | Kind::District(_) | Kind::Mark(_) => return None,
    }
    if let Some(quarter) = quarter(&token.text) {
        let year = tokens.get(at + 1).and_then(year_of);
        let (_, _, from) = lead(tokens, at);
        return found(When::Quarter(year, quarter), false, from, at + 1 + usize::from(year.is_some()));
    }
    let month = month(&token.text)?;
    if !token.capital && token.text.len() <= 4 {
        return None;
    }
    read_month(tokens, at, month)
}

fn quarter(word: &str) -> Option<u8> {
    match word {
        "q1" => Some(1),
        "q2" => Some(2),
        "q3" => Some(3),
        "q4" => Some(4),
        _ => None,
    }
}

fn windowed(lead: Lead, day: Day) -> When {
    match lead {
        Lead::By => When::Until(day),
        Lead::Before => When::Until(day.previous()),
        Lead::In | Lead::On | Lead::After | Lead::None => When::On(day),
    }
}

fn read_year(tokens: &[Token], at: usize, year: u16) -> Option<Found> {
    let (lead, _, from) = lead(tokens, at);
    let last = Day::new(Some(year), 12, 31)?;
    let (when, whole, from) = match lead {
        Lead::By => (When::Until(last), true, from),
        Lead::Before => (When::Until(Day::new(Some(year.checked_sub(1)?), 12, 31)?), true, from),
        // "in the 2026 election" is an edition, "in 2026" a whole year.
        Lead::In => {
            let whole =
                from + 1 == at && !tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Word && next.capital);
            (When::Year(year), whole, if from + 1 == at { from } else { at })
        }
        Lead::On | Lead::After | Lead::None => (When::Year(year), false, at),
    };
    Some(Found {
        when,
        whole,
        start: lead == Lead::After,
        clock: None,
        zone: None,
        hold: Hold::Anywhere,
        from,
        to: at + 1,
    })
}

fn read_month(tokens: &[Token], at: usize, month: u8) -> Option<Found> {
    let (lead, end, from) = lead(tokens, at);
    let mut to = at + 1;
    if tokens.get(to).is_some_and(|token| token.is_mark('.')) {
        to += 1;
    }
    let day = tokens.get(to).and_then(day_of);
    let name_like = matches!(tokens[at].text.as_str(), "may" | "march" | "april" | "june" | "august");
    let Some(first) = day else {
        let year = tokens.get(to).and_then(year_of).or_else(|| {
            tokens.get(to).filter(|token| token.is_mark(',')).and_then(|_| tokens.get(to + 1)).and_then(year_of)
        });
        // A month that is also a name or a verb needs company.
        if name_like && year.is_none() && lead == Lead::None {
            return None;
        }
        if let Some(comma) = tokens.get(to).filter(|_| year.is_some()) {
            to += 1 + usize::from(comma.is_mark(','));
        }
        let first = Day::new(year, month, 1)?;
        let when = match lead {
            Lead::Before => When::Until(first.previous()),
            Lead::By if end => {
                When::Until(Day::new(year, month, days_in(year, month).min(if month == 2 { 28 } else { 31 }))?)
            }
            // "by July" may mean its first day or its last: it is kept as written, and agrees only with itself.
            Lead::By => When::Until(first),
            Lead::In | Lead::On | Lead::After | Lead::None => When::Month(year, month),
        };
        // "after the March meeting" is about that meeting.
        let meeting = tokens.get(to).is_some_and(|token| token.is_word("meeting") || token.is_word("decision"));
        return Some(Found {
            when,
            whole: true,
            start: lead == Lead::After && !meeting,
            clock: None,
            zone: None,
            hold: Hold::Anywhere,
            from,
            to,
        });
    };
    to += 1;
    let mut last = None;
    if tokens.get(to).is_some_and(|token| token.is_mark('-') || token.is_word("to") || token.is_word("through")) {
        if let Some(day) = tokens.get(to + 1).and_then(day_of) {
            last = Some((month, day));
            to += 2;
        } else if let Some(other) = tokens.get(to + 1).filter(|t| t.capital).and_then(|t| self::month(&t.text))
            && let Some(day) = tokens.get(to + 2).and_then(day_of)
        {
            last = Some((other, day));
            to += 3;
        }
    }
    let mut year = None;
    if let Some(found) = tokens.get(to).and_then(year_of) {
        year = Some(found);
        to += 1;
    } else if tokens.get(to).is_some_and(|token| token.is_mark(','))
        && let Some(found) = tokens.get(to + 1).and_then(year_of)
    {
        year = Some(found);
        to += 2;
    }
    let first = Day::new(year, month, first)?;
    let when = match last {
        Some((month, day)) => When::Days(first, Day::new(year, month, day)?),
        None => windowed(lead, first),
    };
    Some(Found {
        when,
        whole: false,
        start: lead == Lead::After,
        clock: None,
        zone: None,
        hold: Hold::Anywhere,
        from,
        to,
    })
}

/// Gives each hour to the date just before it, or just after: "July 3 at 5pm EDT", "11:59 PM ET on June 30".
fn attach_clocks(tokens: &[Token], found: &mut [Found]) {
    for (at, token) in tokens.iter().enumerate() {
        let Kind::Clock(minutes) = token.kind else { continue };
        let zone = tokens.get(at + 1).filter(|next| next.kind == Kind::Word).and_then(|next| zone(&next.text));
        let near = found
            .iter_mut()
            .filter(|one| (one.to <= at && at - one.to <= 3) || (one.from > at && one.from - at <= 4))
            .min_by_key(|one| if one.to <= at { at - one.to } else { one.from - at });
        if let Some(one) = near
            && one.clock.is_none()
        {
            one.clock = Some(minutes);
            one.zone = zone;
            // "By March 31, 12:00 AM" ends as March 31 begins; "before April 1, 12:00 AM" was moved to the day before.
            if let (0, When::Until(day)) = (minutes, one.when)
                && !tokens[one.from..one.to]
                    .iter()
                    .take(3)
                    .any(|token| token.is_word("before") || token.is_word("prior"))
            {
                one.when = When::Until(day.previous());
            }
        }
    }
    for one in found {
        if one.zone.is_none() {
            let mut after = one.to;
            while tokens.get(after).is_some_and(|token| token.is_mark(',')) {
                after += 1;
            }
            one.zone = tokens.get(after).filter(|next| next.kind == Kind::Word).and_then(|next| zone(&next.text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tokens;

    fn read(text: &str) -> Vec<String> {
        find(&tokens(text), |_| true).iter().map(|one| one.when.to_string()).collect()
    }

    #[test]
    fn one_deadline_has_many_wordings() {
        let last = "by the end of 2026-12-31";
        for text in [
            "out before Jan 1, 2027?",
            "out by December 31, 2026?",
            "out before 2027?",
            "out by end of 2026?",
            "out by the end of 2026",
            "out before January 2027",
        ] {
            assert_eq!(read(text), [last], "{text}");
        }
        assert_eq!(read("out by June 30?"), ["by the end of 06-30 of an unsaid year"]);
        assert_eq!(read("in the 2026 election"), ["in or of 2026"]);
    }

    #[test]
    fn days_months_ranges_and_seasons() {
        assert_eq!(read("price on July 3, 2026 at 5pm EDT"), ["on 2026-07-03"]);
        assert_eq!(read("reach $80 March 9-15?"), ["from 03-09 of an unsaid year to 03-15 of an unsaid year"]);
        assert_eq!(read("the 2026-27 season"), ["season 2026-27"]);
        assert_eq!(read("Will Theresa May win"), Vec::<String>::new());
        assert_eq!(read("in May?"), ["in month 05 of an unsaid year"]);
    }

    #[test]
    fn hours_and_zones_stay_with_their_date() {
        let found = find(&tokens("by June 30, 2026, 11:59 PM ET."), |_| true);
        assert_eq!((found[0].clock, found[0].zone), (Some(23 * 60 + 59), Some(Zone::Eastern)));
    }

    #[test]
    fn a_game_at_midnight_utc_is_the_evening_before() {
        assert_eq!(Day::parse_iso("2026-01-19T00:00:00Z", true), Day::new(Some(2026), 1, 18));
        assert_eq!(Day::parse_iso("2026-01-19T00:00:00Z", false), Day::new(Some(2026), 1, 19));
    }
}
