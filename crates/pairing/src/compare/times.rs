//! Deadlines, days, windows, seams and editions.

use super::Bench;
use crate::calendar::{Day, Hold, When, Zone};
use crate::contract::{Certainty, Contract, Family, Field, Source, Span, TickerDate, Time};
use crate::proof::{Finding, Topic};

/// Compares all times.
pub(super) fn compare(bench: &mut Bench<'_>) {
    deadlines(bench);
    if bench.first.game.is_none() || bench.second.game.is_none() {
        windows(bench);
    }
    editions(bench);
    starts(bench);
    further(bench);
    holds(bench);
    ruled(bench);
    unsaid_times(bench);
}

/// Months from the beginning of the calendar.
const fn months(year: u16, month: u8) -> i32 {
    year as i32 * 12 + month as i32
}

/// Where neither question says its year, the ticker of one and the end of the other must lie together; and "this week" or
/// "the next meeting" is the same one only within a week.
fn unsaid_times(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    let says_year = |one: &Contract| ends(one).any(|time| time.value.when.year().is_some());
    let relative = [first, second].into_iter().any(is_relative);
    if first.game.is_some() || second.game.is_some() || !relative && (says_year(first) || says_year(second)) {
        return;
    }
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        let Some(date) = own.ticker_date.filter(|date| ticker_fits(date.value, date.value.year).is_some()) else {
            continue;
        };
        let Some(end) = Day::parse_iso(&other.listing.ends, false) else { continue };
        let Some(year) = end.year else { continue };
        let near = match date.value.month {
            Some(month) => (-1..=3).contains(&(months(year, end.month) - months(date.value.year, month))),
            None => year == date.value.year || year == date.value.year + 1 && end.month <= 4,
        };
        let span = Span::new(Source::Ends, 0, other.listing.ends.len());
        if !near {
            let note = format!("{end} is far from the ticker's date, and neither question says its year");
            bench.add_for(
                flipped,
                Topic::Edition,
                Finding::Missing,
                (Some(date.span), Some(span)),
                note,
                Certainty::Convention,
            );
        }
    }
    if relative {
        let day = |one: &Contract| {
            one.ticker_date.and_then(|date| date.value.day()).or(Day::parse_iso(&one.listing.ends, false))
        };
        let count = |day: Day| day.year.map(|year| months(year, day.month) * 31 + i32::from(day.day));
        let apart = day(first).and_then(count).zip(day(second).and_then(count)).map(|(one, two)| (one - two).abs());
        if apart.is_none_or(|days| days > 7) {
            let note = "which week, meeting or race is meant depends on the day it was asked";
            bench.add(Topic::Window, Finding::Missing, Some(first.title_span()), Some(second.title_span()), note);
        }
    }
}

/// Whether a question says its time by the day on which it is asked.
fn is_relative(contract: &Contract) -> bool {
    let title = crate::text::fold(&contract.listing.title);
    let words: Vec<&str> =
        title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pair = |first: &str, seconds: &[&str]| words.windows(2).any(|two| two[0] == first && seconds.contains(&two[1]));
    words.iter().any(|word| matches!(*word, "today" | "tonight" | "tomorrow"))
        || pair("this", &["week", "weekend", "month", "hour"])
        || pair(
            "next",
            &[
                "week", "weekend", "month", "meeting", "race", "debate", "game", "match", "fight", "briefing",
                "episode", "show", "decision",
            ],
        )
}

/// Whether it happens somewhere in the window, lasts through it, or is looked at its end: "through 2026" is no "by the end
/// of 2026" unless it asks for the opposite ("remain through" is no "leave by").
fn holds(bench: &mut Bench<'_>) {
    let hold = |contract: &Contract| {
        ends(contract).max_by_key(|field| field.value.hold).map(|field| (field.value.hold, field.span))
    };
    let (Some((one, first)), Some((two, second))) = (hold(bench.first), hold(bench.second)) else { return };
    let stays = |contract: &Contract, hold: Hold| contract.negated && hold == Hold::Throughout;
    if one == two || stays(bench.first, one) != stays(bench.second, two) {
        return;
    }
    let note = format!("{one} of its window against {two}");
    bench.add(Topic::Window, Finding::Missing, Some(first), Some(second), note);
}

/// Which times can contradict each other: deadlines, days and months, editions.
const fn kind(time: Time) -> u8 {
    match time.when {
        When::Until(_) => 0,
        When::Year(_) if time.whole => 0,
        When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) => 1,
        When::Year(_) | When::Season(_) => 2,
    }
}

/// The times in the sentences that say when Yes pays, where both sides have such: each must be met by the other's rules or
/// question, in day, hour and zone.
fn ruled(bench: &mut Bench<'_>) {
    if !bench.first.listing.has_rules() || !bench.second.listing.has_rules() || super::rules::one_event(bench) {
        return;
    }
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        for begin in &own.clauses.begins {
            if !other.clauses.begins.iter().any(|two| two.value.agrees(begin.value)) {
                let note =
                    format!("pays only from {}: taken for past, and looked at again before it trades", begin.value);
                bench.add_for(
                    flipped,
                    Topic::Window,
                    Finding::Assumed,
                    (Some(begin.span), None),
                    note,
                    Certainty::Stated,
                );
            }
        }
        for one in &own.clauses.pay_times {
            let alike = |two: &&Field<Time>| kind(two.value) == kind(one.value);
            let there: Vec<&Field<Time>> = other.clauses.pay_times.iter().chain(ends(other)).collect();
            let met = there.iter().copied().filter(alike).find(|two| moments_agree(one.value, two.value));
            let late = |clock: u16| clock == 0 || clock >= 23 * 60 + 59;
            let hour = one.value.clock.filter(|clock| !late(*clock)).filter(|_| own.game.is_none());
            let timed = |two: &&Field<Time>| two.value.clock.is_some() && moments_agree(one.value, two.value);
            if met.is_some() && hour.is_some() && !there.iter().copied().filter(alike).any(|two| timed(&two)) {
                let note = "only one says at which hour, or they say different ones";
                bench.add_for(flipped, Topic::Seam, Finding::Missing, (Some(one.span), None), note, Certainty::Stated);
            }
            if met.is_some() {
                continue;
            }
            let said = there.iter().copied().find(alike).map(|two| two.span);
            let own_says = ends(own).any(|two| moments_agree(one.value, two.value));
            let dated = [own, other].iter().any(|side| {
                side.ticker_date.is_some_and(|date| {
                    let edition = one.value.when.year().filter(|_| kind(one.value) == 2);
                    fits(date.value, one.value.when)
                        || edition.is_some_and(|year| ticker_fits(date.value, year) == Some(true))
                })
            });
            // "April 29" under "the April meeting" is no other time, only a closer one.
            let closer = there.iter().copied().filter(alike).any(|two| within(one.value.when, two.value.when));
            let (finding, text) = match said {
                Some(_) if closer => (Finding::Missing, "the other side says no day"),
                Some(_) => (Finding::Contradicts, "the other side has another"),
                None if own_says || dated => continue,
                None => (Finding::Missing, "neither its own question nor the other side says so"),
            };
            let topic = match kind(one.value) {
                0 => Topic::Deadline,
                1 => Topic::Window,
                _ => Topic::Edition,
            };
            let note = format!("the rules pay {}: {text}", one.value.when);
            bench.add_for(flipped, topic, finding, (Some(one.span), said), note, Certainty::Stated);
        }
    }
}

/// Whether one of two times is a day of the other, a month.
fn within(one: When, two: When) -> bool {
    let inside = |day: Day, year: Option<u16>, month: u8| {
        day.month == month && day.year.zip(year).is_none_or(|(one, two)| one == two)
    };
    match (one, two) {
        (When::On(day), When::Month(year, month)) | (When::Month(year, month), When::On(day)) => {
            inside(day, year, month)
        }
        _ => false,
    }
}

/// Whether two times are one, a whole year and its last day taken for one, and hours and zones where both are written.
pub(super) fn moments_agree(one: Time, two: Time) -> bool {
    let last = |time: Time| match time.when {
        When::Year(year) if time.whole => Day::new(Some(year), 12, 31).map_or(time.when, When::Until),
        when => when,
    };
    let hour =
        |time: Time| time.clock.map(|minutes| if minutes == 0 || minutes >= 23 * 60 + 59 { 24 * 60 } else { minutes });
    let hours = match (hour(one), hour(two)) {
        (Some(a), Some(b)) => a == b && one.zone.unwrap_or(Zone::Eastern) == two.zone.unwrap_or(Zone::Eastern),
        _ => true,
    };
    hours && agree(last(one), last(two))
}

/// The times of a question that are no starts.
fn ends(contract: &Contract) -> impl Iterator<Item = &Field<Time>> {
    contract.times.iter().filter(|field| !field.value.start)
}

/// Starts ("after the March meeting") must be met: a question that begins elsewhere is another question.
fn starts(bench: &mut Bench<'_>) {
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        for one in own.times.iter().filter(|field| field.value.start) {
            let begun = |field: &&Field<Time>| field.value.start;
            let found = other.times.iter().filter(begun).find(|two| agree(one.value.when, two.value.when));
            let (finding, span) = match (found, other.times.iter().find(begun)) {
                (Some(two), _) => (Finding::Agrees, Some(two.span)),
                (None, Some(two)) => (Finding::Contradicts, Some(two.span)),
                (None, None) => (Finding::Missing, None),
            };
            if !flipped || finding == Finding::Missing {
                let note = format!("begins {}", one.value.when);
                bench.add_for(flipped, Topic::Window, finding, (Some(one.span), span), note, Certainty::Stated);
            }
        }
    }
}

/// A second date of one kind must be met as the first was.
fn further(bench: &mut Bench<'_>) {
    let kind = |when: When| match when {
        When::Until(_) => 0,
        When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) => 1,
        When::Year(_) | When::Season(_) => 2,
    };
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        let own_ends: Vec<_> = ends(own).collect();
        for (at, one) in own_ends.iter().enumerate() {
            let first_of_kind = !own_ends[..at].iter().any(|before| kind(before.value.when) == kind(one.value.when));
            if first_of_kind || ends(other).any(|two| agree(one.value.when, two.value.when)) {
                continue;
            }
            let note = format!("{} is said on one side only", one.value.when);
            bench.add_for(flipped, Topic::Window, Finding::Missing, (Some(one.span), None), note, Certainty::Stated);
        }
    }
}

/// A deadline with where it is said.
#[derive(Clone, Copy)]
struct Deadline {
    day: Day,
    span: Span,
    certainty: Certainty,
}

fn until(fields: &[Field<Time>]) -> Option<Deadline> {
    fields.iter().filter(|field| !field.value.start).find_map(|field| match field.value.when {
        When::Until(day) => Some(Deadline { day, span: field.span, certainty: field.certainty }),
        When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) | When::Year(_) | When::Season(_) => None,
    })
}

/// A deadline without a year takes it from the rules' deadline on the same day, or from an end time on that day.
fn dated_by_rules(contract: &Contract, mut deadline: Deadline) -> Deadline {
    if deadline.day.year.is_none() {
        let stated = contract.rule_times.iter().find_map(|field| match field.value.when {
            When::Until(day) if day.year.is_some() && day.agrees(deadline.day) => day.year,
            When::Until(_)
            | When::On(_)
            | When::Days(..)
            | When::Month(..)
            | When::Quarter(..)
            | When::Year(_)
            | When::Season(_) => None,
        });
        let end = Day::parse_iso(&contract.listing.ends, false).filter(|end| end.agrees(deadline.day));
        let ticker = contract.ticker_date.and_then(|date| date.value.day()).filter(|day| day.agrees(deadline.day));
        deadline.day.year = stated.or(ticker.and_then(|day| day.year)).or(end.and_then(|end| end.year));
    }
    deadline
}

/// The deadline that a whole year gives.
fn year_end(fields: &[Field<Time>]) -> Option<Deadline> {
    fields.iter().filter(|field| !field.value.start).find_map(|field| match field.value.when {
        When::Year(year) if field.value.whole => {
            let day = Day::new(Some(year), 12, 31)?;
            Some(Deadline { day, span: field.span, certainty: field.certainty })
        }
        When::Year(_)
        | When::Until(_)
        | When::On(_)
        | When::Days(..)
        | When::Month(..)
        | When::Quarter(..)
        | When::Season(_) => None,
    })
}

fn deadlines(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    let (one, two) = (
        until(&first.times).map(|one| dated_by_rules(first, one)),
        until(&second.times).map(|two| dated_by_rules(second, two)),
    );
    match (one, two) {
        (None, None) => {}
        (Some(one), Some(two)) => {
            same_deadline(bench, one, two);
            seams(bench);
        }
        (Some(_), None) | (None, Some(_)) => {
            let flipped = one.is_none();
            if let Some(stated) = one.or(two) {
                one_sided_deadline(bench, flipped, stated);
                seams(bench);
            }
        }
    }
}

fn same_deadline(bench: &mut Bench<'_>, one: Deadline, two: Deadline) {
    let note = format!("{} and {}", one.day, two.day);
    let certainty = one.certainty.max(two.certainty);
    let agrees = one.day.agrees(two.day);
    let finding = if agrees { Finding::Agrees } else { Finding::Contradicts };
    bench.line(Topic::Deadline, finding, Some(one.span), Some(two.span), note, certainty);
    if agrees && one.day.year.is_some() != two.day.year.is_some() {
        unsaid_year(bench, one.day.year.or(two.day.year), two.day.year.is_none());
    }
    if !agrees && one.day.year.is_some() && two.day.year.is_some() {
        bench.earlier = Some(one.day < two.day);
    }
}

/// A deadline that one question states: the other may have it in its whole year, its rules or its ticker.
fn one_sided_deadline(bench: &mut Bench<'_>, flipped: bool, stated: Deadline) {
    let (_, other) = bench.sides(flipped);
    let same = |bench: &mut Bench<'_>, found: Deadline| {
        let (one, two) = if flipped { (found, stated) } else { (stated, found) };
        same_deadline(bench, one, two);
    };
    if let Some(found) = year_end(&other.times).or_else(|| until(&other.rule_times)) {
        return same(bench, found);
    }
    let ticker = other.ticker_date.filter(|date| {
        date.value.day().is_some_and(|day| day.agrees(stated.day) || day.day == 1 && day.previous().agrees(stated.day))
    });
    if let Some(date) = ticker {
        let note = format!("{}; the ticker's date fits it", stated.day);
        bench.add_for(
            flipped,
            Topic::Deadline,
            Finding::Follows,
            (Some(stated.span), Some(date.span)),
            note,
            Certainty::Convention,
        );
        return;
    }
    let note = format!("one ends with {}; the other states no deadline", stated.day);
    bench.add_for(flipped, Topic::Deadline, Finding::Missing, (Some(stated.span), None), note, Certainty::Stated);
}

/// Hours and zones at the end of the window. Unsaid means the end of the day in New York, which is where both venues
/// keep their days.
fn seams(bench: &mut Bench<'_>) {
    let seam = |contract: &Contract| {
        let all = contract.times.iter().chain(&contract.rule_times);
        let mut ends = all.filter(|field| {
            matches!(field.value.when, When::Until(_)) || matches!(field.value.when, When::Year(_)) && field.value.whole
        });
        ends.clone()
            .find(|field| field.value.clock.is_some() || field.value.zone.is_some())
            .or_else(|| ends.next())
            .copied()
    };
    let (Some(one), Some(two)) = (seam(bench.first), seam(bench.second)) else { return };
    let hour = |time: Time| match time.clock {
        // 11:59 PM of the last day, midnight after it, and a day without an hour are one moment.
        None | Some(0) => 24 * 60,
        Some(minutes) if minutes >= 23 * 60 + 59 => 24 * 60,
        Some(minutes) => minutes,
    };
    let zone = |time: Time| time.zone.unwrap_or(Zone::Eastern);
    let spans = (Some(one.span), Some(two.span));
    if hour(one.value) != hour(two.value) {
        bench.add(Topic::Seam, Finding::Contradicts, spans.0, spans.1, "the windows end at different hours");
    } else if zone(one.value) != zone(two.value) {
        let note = format!("the windows end in {} and in {}", zone(one.value), zone(two.value));
        bench.add(Topic::Seam, Finding::Contradicts, spans.0, spans.1, note);
    }
}

/// Days, ranges of days, months and quarters that a question is about.
fn windows(bench: &mut Bench<'_>) {
    let about = |contract: &Contract| {
        ends(contract).copied().find(|field| match field.value.when {
            When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) => true,
            When::Until(_) | When::Year(_) | When::Season(_) => false,
        })
    };
    let (one, two) = (about(bench.first), about(bench.second));
    match (one, two) {
        (None, None) => {}
        (Some(one), Some(two)) => {
            let note = format!("{} and {}", one.value.when, two.value.when);
            let finding = if agree(one.value.when, two.value.when) { Finding::Agrees } else { Finding::Contradicts };
            bench.add(Topic::Window, finding, Some(one.span), Some(two.span), note);
            clocks(bench, one, two);
        }
        (Some(_), None) | (None, Some(_)) => {
            let flipped = one.is_none();
            if let Some(stated) = one.or(two) {
                one_sided_window(bench, flipped, stated);
            }
        }
    }
}

fn agree(one: When, two: When) -> bool {
    let years = |one: Option<u16>, two: Option<u16>| one.zip(two).is_none_or(|(one, two)| one == two);
    match (one, two) {
        (When::On(one), When::On(two)) | (When::Until(one), When::Until(two)) => one.agrees(two),
        (When::Days(from, to), When::Days(other_from, other_to)) => from.agrees(other_from) && to.agrees(other_to),
        (When::Month(year, month), When::Month(other_year, other)) => month == other && years(year, other_year),
        (When::Quarter(year, quarter), When::Quarter(other_year, other)) => quarter == other && years(year, other_year),
        (When::Year(one), When::Year(two)) | (When::Season(one), When::Season(two)) => one == two,
        (When::Season(one), When::Year(two)) | (When::Year(two), When::Season(one)) => one + 1 == two,
        _ => false,
    }
}

fn clocks(bench: &mut Bench<'_>, one: Field<Time>, two: Field<Time>) {
    let spans = (Some(one.span), Some(two.span));
    let zone = |time: Time| time.zone.unwrap_or(Zone::Eastern);
    match (one.value.clock, two.value.clock) {
        (Some(a), Some(b)) if a != b || zone(one.value) != zone(two.value) => {
            bench.add(Topic::Seam, Finding::Contradicts, spans.0, spans.1, "looked at in different hours");
        }
        (Some(_), Some(_)) | (None, None) => {}
        (Some(_), None) | (None, Some(_)) => {
            let priced = [bench.first.family, bench.second.family]
                .iter()
                .any(|family| matches!(family, Family::Price | Family::UpOrDown));
            if priced {
                bench.add(Topic::Seam, Finding::Missing, spans.0, spans.1, "only one says at which hour");
            }
        }
    }
}

fn one_sided_window(bench: &mut Bench<'_>, flipped: bool, stated: Field<Time>) {
    let (_, other) = bench.sides(flipped);
    let when = stated.value.when;
    if let Some(found) = other.rule_times.iter().find(|field| agree(field.value.when, when)) {
        let note = format!("{when}: the other's rules say it");
        bench.add_for(
            flipped,
            Topic::Window,
            Finding::Follows,
            (Some(stated.span), Some(found.span)),
            note,
            Certainty::Stated,
        );
        return;
    }
    if let Some(date) = other.ticker_date.filter(|date| fits(date.value, when)) {
        let note = format!("{when}: the other's ticker has it");
        bench.add_for(
            flipped,
            Topic::Window,
            Finding::Follows,
            (Some(stated.span), Some(date.span)),
            note,
            Certainty::Convention,
        );
        return;
    }
    let note = format!("{when} is said on one side only");
    bench.add_for(flipped, Topic::Window, Finding::Missing, (Some(stated.span), None), note, Certainty::Stated);
}

/// Whether a ticker's date is this day or month.
fn fits(date: TickerDate, when: When) -> bool {
    match when {
        When::On(day) => date.day().is_some_and(|other| other.agrees(day)),
        When::Month(year, month) => {
            date.month == Some(month) && date.day.is_none() && year.is_none_or(|year| year == date.year)
        }
        When::Until(_) | When::Days(..) | When::Quarter(..) | When::Year(_) | When::Season(_) => false,
    }
}

/// The year a question is about.
#[derive(Clone, Copy)]
struct Edition {
    /// For a season the year in which it ends.
    year: u16,
    season: bool,
    span: Span,
}

fn edition(contract: &Contract) -> Option<Edition> {
    ends(contract).find_map(|field| match field.value.when {
        When::Year(year) => Some(Edition { year, season: false, span: field.span }),
        When::Season(year) => Some(Edition { year: year + 1, season: true, span: field.span }),
        When::Until(_) | When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) => None,
    })
}

fn editions(bench: &mut Bench<'_>) {
    let (one, two) = (edition(bench.first), edition(bench.second));
    match (one, two) {
        (Some(one), Some(two)) => {
            // A season is named by the year in which its champion is crowned.
            let finding = if one.year == two.year { Finding::Agrees } else { Finding::Contradicts };
            let shown = |one: Edition| {
                if one.season { format!("{}-{:02}", one.year - 1, one.year % 100) } else { one.year.to_string() }
            };
            bench.add(
                Topic::Edition,
                finding,
                Some(one.span),
                Some(two.span),
                format!("{} and {}", shown(one), shown(two)),
            );
        }
        (Some(_), None) | (None, Some(_)) => {
            let flipped = one.is_none();
            // A whole year met by the other's deadline was compared there.
            let whole =
                year_end(&bench.sides(flipped).0.times).is_some() && until(&bench.sides(flipped).1.times).is_some();
            if let Some(stated) = one.or(two).filter(|_| !whole) {
                one_sided_edition(bench, flipped, stated);
            }
        }
        (None, None) => unsaid_editions(bench),
    }
}

/// Whether a ticker's date can belong to an edition of `year`; `None` when it is no plausible year.
fn ticker_fits(date: TickerDate, year: u16) -> Option<bool> {
    if !(2018..2040).contains(&date.year) {
        return None;
    }
    // A deadline on 1 January closes the year before.
    let closes = date.month == Some(1) && date.day.is_some() && date.year == year + 1;
    Some(date.year == year || closes)
}

fn one_sided_edition(bench: &mut Bench<'_>, flipped: bool, stated: Edition) {
    let (_, other) = bench.sides(flipped);
    let note = |text: &str| format!("{}: {text}", stated.year);
    let own_span = Some(stated.span);
    if let Some(date) = other.ticker_date
        && let Some(fits) = ticker_fits(date.value, stated.year)
    {
        let (finding, text) = if fits {
            (Finding::Follows, "the other's ticker has it")
        } else {
            (Finding::Contradicts, "the other's ticker has another year")
        };
        bench.add_for(flipped, Topic::Edition, finding, (own_span, Some(date.span)), note(text), Certainty::Convention);
        return;
    }
    let years = &other.context.years;
    if let Some((_, span)) = years.iter().find(|(year, _)| *year == stated.year) {
        bench.add_for(
            flipped,
            Topic::Edition,
            Finding::Follows,
            (own_span, Some(*span)),
            note("the other's texts name it"),
            Certainty::Stated,
        );
        return;
    }
    if let Some((year, span)) = years.first() {
        let text = note(&format!("the other's texts name only {year}"));
        bench.add_for(flipped, Topic::Edition, Finding::Missing, (own_span, Some(*span)), text, Certainty::Stated);
        return;
    }
    unsaid_year(bench, Some(stated.year), !flipped);
}

/// Whether a question stays one when its year is left unsaid: an election is the next one of its kind, and a work
/// (a title in quotes) competes for a prize once. A yearly contest, and "in 2026", do not.
fn needs_no_year(contract: &Contract) -> bool {
    let election = matches!(contract.family, Family::Election | Family::ElectionCount);
    let text = &contract.listing.title;
    let quoted = text.contains(['"', '“', '‘']) || text.contains(" '") || text.starts_with('\'');
    let work = quoted && contract.concepts.iter().any(|one| one.value.facet == crate::contract::Facet::Competition);
    election || work || crate::text::fold(text).contains(" election")
}

/// One side says a year and nothing on the other does: taken from its end time, or assumed and said so.
fn unsaid_year(bench: &mut Bench<'_>, year: Option<u16>, second_silent: bool) {
    let Some(year) = year else { return };
    let flipped = !second_silent;
    let (_, other) = bench.sides(flipped);
    let span = Span::new(Source::Ends, 0, other.listing.ends.len());
    let (finding, evidence, note) = match Day::parse_iso(&other.listing.ends, false).and_then(|day| day.year) {
        // What is dated ends in its year; an election or a prize may be settled in the next.
        Some(end) if end == year || end == year + 1 && !dated(bench) => {
            (Finding::Follows, Some(span), format!("{year}: fits the other's end time"))
        }
        Some(end) => (Finding::Missing, Some(span), format!("{year}: the other ends in {end}")),
        None if needs_no_year(bench.first) || needs_no_year(bench.second) || dated(bench) => {
            (Finding::Assumed, None, format!("{year}: no text of the other says a year"))
        }
        None => (Finding::Missing, None, format!("{year}: nothing of the other says a year")),
    };
    bench.add_for(flipped, Topic::Edition, finding, (None, evidence), note, Certainty::Convention);
}

/// Whether both questions name one day or deadline and only its year is unsaid on one side: markets list the next such
/// day.
fn dated(bench: &Bench<'_>) -> bool {
    let near = |contract: &Contract| {
        ends(contract).any(|field| match field.value.when {
            When::Until(_) | When::On(_) | When::Days(..) | When::Month(..) | When::Quarter(..) => true,
            When::Year(_) | When::Season(_) => false,
        })
    };
    near(bench.first) && near(bench.second)
}

/// Neither question says a year: what tickers, rules and end times say must fit together.
fn unsaid_editions(bench: &mut Bench<'_>) {
    let (first, second) = (bench.first, bench.second);
    if [first, second].iter().any(|one| one.game.is_some() || until(&one.times).is_some()) {
        return;
    }
    for flipped in [false, true] {
        let (own, other) = bench.sides(flipped);
        let Some(date) = own.ticker_date.filter(|date| ticker_fits(date.value, date.value.year).is_some()) else {
            continue;
        };
        let year = date.value.year;
        let near = |other_year: u16| ticker_fits(date.value, other_year) == Some(true);
        if let Some((other_year, span)) = other.context.years.first() {
            let fits = other.context.years.iter().any(|(one, _)| near(*one));
            let finding = if fits { Finding::Follows } else { Finding::Missing };
            let note = format!("{year} in the ticker, {other_year} in the other's texts");
            bench.add_for(
                flipped,
                Topic::Edition,
                finding,
                (Some(date.span), Some(*span)),
                note,
                Certainty::Convention,
            );
        } else if let Some(other_date) = other.ticker_date
            && !flipped
        {
            let finding = if near(other_date.value.year) { Finding::Follows } else { Finding::Contradicts };
            let note = format!("{year} and {} in the tickers", other_date.value.year);
            bench.add(Topic::Edition, finding, Some(date.span), Some(other_date.span), note);
        }
    }
}
