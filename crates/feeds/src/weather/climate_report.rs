//! The climate report (daily), product `CLI`: the document that Kalshi's temperature, rain and snow markets settle on.
//!
//! A text for people in fixed words. Read here: whose it is, which day it sums up, whether it is final, and its maximum,
//! minimum, precipitation and snow. Values are what the report prints, in whole °F, hundredths of an inch and tenths of an
//! inch of snow; nothing is computed.
//!
//! Only a report whose date is the contract's day, that says `YESTERDAY` and that lacks the line `VALID … AS OF` settles. A
//! report under the row `TODAY` without that line is taken for preliminary too: the safe reading of an odd one.
//!
//! Source: reference (feeds), section 1.2, 2026-11-20.

use brier_types::Timestamp;
use jiff::civil;

use crate::error::FeedError;
use crate::vendor::Vendor;

const AT: &str = "climate report";
/// Longest text that is looked at: real ones have about 5,000 characters.
const MAX_LINES: usize = 400;

/// A temperature of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Degree {
    /// Whole °F.
    pub fahrenheit: i16,
    /// Whether a record was set or tied.
    pub record: bool,
    /// When, in local standard time.
    pub at: Option<civil::Time>,
}

/// An amount of rain or snow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Less than can be measured: counts as zero where a market asks for measurable precipitation.
    Trace,
    /// In hundredths of an inch.
    Hundredths(u32),
}

impl Amount {
    /// In hundredths of an inch, a trace as zero.
    pub const fn hundredths(self) -> u32 {
        match self {
            Self::Trace => 0,
            Self::Hundredths(amount) => amount,
        }
    }
}

/// What a report says. `None` is "missing" (`MM`) or a row that is not there: an absent value, never a zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClimateReport {
    /// Its name, such as `CLINYC`.
    pub name: String,
    /// The station in its own words, such as `CENTRAL PARK NY`.
    pub station: String,
    /// The day it sums up.
    pub date: civil::Date,
    /// Whether it is of the day after, without the mark of a preliminary report.
    pub is_final: bool,
    /// How often it was corrected: 1 for `CCA`, 2 for `CCB`.
    pub correction: u8,
    /// The maximum.
    pub maximum: Option<Degree>,
    /// The minimum.
    pub minimum: Option<Degree>,
    /// Rain, or the water of snow.
    pub precipitation: Option<Amount>,
    /// New snow.
    pub snowfall: Option<Amount>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Temperature,
    Precipitation,
    Snowfall,
    Other,
}

fn error(expected: &str, found: &str) -> FeedError {
    FeedError::unreadable(Vendor::Nws, AT, expected, found)
}

/// Reads the text of a report.
///
/// # Errors
/// [`FeedError`] when the name, the day or the table is not there, or a value cannot be.
pub fn parse(text: &str) -> Result<ClimateReport, FeedError> {
    let lines: Vec<&str> = text.lines().take(MAX_LINES).map(str::trim).collect();
    let (name, correction) =
        heading(&lines).ok_or_else(|| error("a heading and a line `CLI` with three letters", text))?;
    let (station, date) = summary(&lines)?;
    let as_of = lines.iter().any(|line| line.starts_with("VALID") && line.contains("AS OF"));
    let mut report = ClimateReport {
        name,
        station,
        date,
        is_final: false,
        correction,
        maximum: None,
        minimum: None,
        precipitation: None,
        snowfall: None,
    };
    let (mut section, mut day) = (Section::Other, None);
    let (mut seen, mut yesterday) = (false, false);
    for line in &lines {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        if let Some(opened) = section_of(line) {
            (section, day) = (opened, None);
            continue;
        }
        if matches!(first, "YESTERDAY" | "TODAY") {
            day = Some(first);
        }
        match (section, first, day) {
            (Section::Temperature, "MAXIMUM" | "MINIMUM", Some(day)) => {
                let slot = if first == "MAXIMUM" { &mut report.maximum } else { &mut report.minimum };
                if slot.is_none() {
                    *slot = degree(line, words)?;
                    seen = true;
                    yesterday = day == "YESTERDAY";
                }
            }
            (Section::Precipitation, "YESTERDAY" | "TODAY", _) if report.precipitation.is_none() => {
                report.precipitation = amount(line, words.next())?;
            }
            (Section::Snowfall, "YESTERDAY" | "TODAY", _) if report.snowfall.is_none() => {
                report.snowfall = amount(line, words.next())?;
            }
            _ => {}
        }
    }
    if !seen {
        return Err(error("a table `TEMPERATURE (F)` with a maximum", text));
    }
    if let (Some(maximum), Some(minimum)) = (report.maximum, report.minimum)
        && maximum.fahrenheit < minimum.fahrenheit
    {
        let found = format!("maximum {}, minimum {}", maximum.fahrenheit, minimum.fahrenheit);
        return Err(error("a maximum of at least the minimum", &found));
    }
    report.is_final = yesterday && !as_of;
    Ok(report)
}

/// The report that settles `date`, among several with their times of issue: final, the most corrected, the newest.
pub fn settling(reports: &[(Timestamp, ClimateReport)], date: civil::Date) -> Option<&ClimateReport> {
    let finals = reports.iter().filter(|(_, report)| report.date == date && report.is_final);
    finals.max_by_key(|(issued, report)| (report.correction, *issued)).map(|(_, report)| report)
}

/// `CDUS41 KOKX 200617 CCA`, then `CLINYC`.
fn heading(lines: &[&str]) -> Option<(String, u8)> {
    let at = lines.iter().position(|line| {
        line.len() == 6 && line.starts_with("CLI") && line.bytes().all(|byte| byte.is_ascii_uppercase())
    })?;
    let mut correction = 0;
    if let Some(line) = lines.get(..at).and_then(|above| above.iter().rev().find(|line| !line.is_empty())) {
        for word in line.split_ascii_whitespace().skip(3) {
            if let [b'C', b'C', letter @ b'A'..=b'X'] = word.as_bytes() {
                correction = letter - b'A' + 1;
            }
        }
    }
    Some(((*lines.get(at)?).to_owned(), correction))
}

/// `...THE CENTRAL PARK NY CLIMATE SUMMARY FOR NOVEMBER 19 2026...`, over two lines where the station's name is long.
fn summary(lines: &[&str]) -> Result<(String, civil::Date), FeedError> {
    const MARK: &str = "CLIMATE SUMMARY FOR";
    let at = lines.iter().position(|line| line.starts_with("...THE "));
    let found = at.and_then(|at| {
        let line = lines.get(at..lines.len().min(at + 3))?.join(" ");
        let (station, rest) = line.split_once(MARK)?;
        let station = station.trim_start_matches('.').trim().strip_prefix("THE")?.trim().to_owned();
        let day = rest.trim().split("...").next()?;
        let mut words = day.split_ascii_whitespace();
        let (month, day, year) = (words.next()?, words.next()?, words.next()?);
        let month = MONTHS.iter().position(|name| *name == month)?;
        let day: i8 = day.trim_end_matches(',').parse().ok()?;
        let date = civil::Date::new(year.parse().ok()?, i8::try_from(month).ok()? + 1, day).ok()?;
        (!station.is_empty()).then_some((station, date))
    });
    found.ok_or_else(|| error("`...THE station CLIMATE SUMMARY FOR month day year...`", at.map_or("", |at| lines[at])))
}

const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];

/// Which part of the table a line opens, if it opens one.
fn section_of(line: &str) -> Option<Section> {
    if !line.bytes().any(|byte| byte.is_ascii_uppercase()) || line.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    Some(match line {
        "TEMPERATURE (F)" => Section::Temperature,
        "PRECIPITATION (IN)" => Section::Precipitation,
        "SNOWFALL (IN)" => Section::Snowfall,
        _ if line.starts_with("DEGREE DAYS")
            || line.starts_with("WIND")
            || line.starts_with("SKY COVER")
            || line.starts_with("RELATIVE HUMIDITY")
            || line.starts_with("WEATHER CONDITIONS")
            || line.contains("CLIMATE NORMALS FOR TODAY")
            || line.contains("SUNRISE AND SUNSET") =>
        {
            Section::Other
        }
        _ => return None,
    })
}

/// `52R 1:15 PM …`: the value, its mark of a record, its time. `MM` is absent.
fn degree<'a>(line: &str, mut words: impl Iterator<Item = &'a str>) -> Result<Option<Degree>, FeedError> {
    let value = words.next().unwrap_or_default();
    if value == "MM" || value == "M" {
        return Ok(None);
    }
    let (digits, record) = value.strip_suffix('R').map_or((value, false), |digits| (digits, true));
    let fahrenheit: i16 = digits.parse().map_err(|_| error("a whole degree or MM after the row's name", line))?;
    if !(-130..=140).contains(&fahrenheit) {
        return Err(error("a temperature between -130 and 140 °F", line));
    }
    let at = match (words.next(), words.next()) {
        (Some(clock), Some(half @ ("AM" | "PM"))) => time_of(clock, half == "PM"),
        _ => None,
    };
    Ok(Some(Degree { fahrenheit, record, at }))
}

/// `1:15` or `115`.
fn time_of(clock: &str, afternoon: bool) -> Option<civil::Time> {
    let digits: String = clock.chars().filter(|character| *character != ':').collect();
    let number: i16 = digits.parse().ok()?;
    let (hour, minute) = (number / 100, number % 100);
    if !(1..=12).contains(&hour) {
        return None;
    }
    let hour = hour % 12 + if afternoon { 12 } else { 0 };
    civil::Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

/// `0.25`, `0.25R`, `T`, `MM`: hundredths of an inch.
fn amount(line: &str, word: Option<&str>) -> Result<Option<Amount>, FeedError> {
    let word = word.unwrap_or_default();
    let bare = word.strip_suffix('R').unwrap_or(word);
    match bare {
        "MM" | "M" | "" => return Ok(None),
        "T" => return Ok(Some(Amount::Trace)),
        _ => {}
    }
    let hundredths = bare.split_once('.').and_then(|(whole, fraction)| {
        let digits = match fraction.len() {
            1 => format!("{fraction}0"),
            2 => fraction.to_owned(),
            _ => return None,
        };
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !numeric(whole) || !numeric(&digits) {
            return None;
        }
        let whole: u32 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        whole.checked_mul(100)?.checked_add(digits.parse().ok()?)
    });
    hundredths.map(|amount| Some(Amount::Hundredths(amount))).ok_or_else(|| error("an amount, T or MM", line))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with the rows that matter, made by us in the form of the service.
    fn text(correction: &str, as_of: &str, day: &str, maximum: &str) -> String {
        format!(
            "000\nCDUS41 KOKX 200617{correction}\nCLINYC\n\nCLIMATE REPORT\nNATIONAL WEATHER SERVICE NEW YORK, NY\n117 AM EST \
             FRI NOV 20 2026\n\n...THE CENTRAL PARK NY CLIMATE SUMMARY FOR NOVEMBER 19 2026...\n{as_of}\nTEMPERATURE (F)\n \
             {day}\n  MAXIMUM         {maximum}   1:15 PM  74    1928  53     -1       50\n  MINIMUM         39    640 AM  17    \
             1936  41     -2       42\n  AVERAGE         46\nPRECIPITATION (IN)\n  {day}        T          2.05 1972   0.13  -0.13     \
             T\n  MONTH TO DATE    1.20\nSNOWFALL (IN)\n  {day}        1.4\nDEGREE DAYS\nTHE CLIMATE NORMALS FOR TODAY\n MAXIMUM \
             TEMPERATURE (F)   52        73      1931\n"
        )
    }

    #[test]
    fn a_final_report_is_read() {
        let report = parse(&text("", "", "YESTERDAY", "52R")).unwrap();
        assert_eq!((report.name.as_str(), report.station.as_str()), ("CLINYC", "CENTRAL PARK NY"));
        assert_eq!(report.date, civil::date(2026, 11, 19));
        assert!(report.is_final && report.correction == 0);
        assert_eq!(report.maximum, Some(Degree { fahrenheit: 52, record: true, at: Some(civil::time(13, 15, 0, 0)) }));
        assert_eq!(report.minimum.unwrap().at, Some(civil::time(6, 40, 0, 0)));
        assert_eq!((report.precipitation, report.snowfall), (Some(Amount::Trace), Some(Amount::Hundredths(140))));
    }

    #[test]
    fn a_preliminary_report_settles_nothing_and_a_correction_wins() {
        let at = |seconds| Timestamp::from_secs(seconds).unwrap();
        let day = civil::date(2026, 11, 19);
        let early = parse(&text("", "VALID TODAY AS OF 0400 PM LOCAL TIME.", "TODAY", "51")).unwrap();
        let last = parse(&text("", "", "YESTERDAY", "52")).unwrap();
        let corrected = parse(&text(" CCA", "", "YESTERDAY", "53")).unwrap();
        assert!(!early.is_final && !parse(&text("", "", "TODAY", "51")).unwrap().is_final);
        assert_eq!(settling(&[(at(1), early.clone())], day), None);
        let all = [(at(3), last), (at(2), corrected.clone()), (at(4), early)];
        assert_eq!(settling(&all, day), Some(&corrected));
        assert_eq!(settling(&all, civil::date(2026, 11, 20)), None);
    }

    #[test]
    fn missing_is_absent_and_nonsense_is_refused() {
        assert_eq!(parse(&text("", "", "YESTERDAY", "MM")).unwrap().maximum, None);
        for maximum in ["5x", "520", "38", "--"] {
            assert!(parse(&text("", "", "YESTERDAY", maximum)).is_err(), "{maximum}");
        }
        for broken in ["", "CLINYC", "CLINYC\n...THE X CLIMATE SUMMARY FOR SMARCH 1 2026...\nTEMPERATURE (F)"] {
            assert!(parse(broken).is_err(), "{broken}");
        }
    }
}
