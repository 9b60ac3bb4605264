//! A market's rules against the table: every phrase that must be there is, none that must not, the station is proven by what
//! the venue itself links or names, and day and bounds are those of the listing. Pure.

use brier_types::{Strike, Venue};

use super::terms::TickerTime;
use super::{Evidence, Family, Series, Station, Table, Underlying, terms};

/// A settlement source as the venue names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRef<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its address.
    pub url: &'a str,
}

/// What a market says about its settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules<'a> {
    /// The venue.
    pub venue: Venue,
    /// Kalshi's market or series ticker, or Polymarket's slug.
    pub id: &'a str,
    /// The rule: `rules_primary`, or the description.
    pub primary: &'a str,
    /// What is said besides: `rules_secondary`.
    pub secondary: &'a str,
    /// The sources: `settlement_sources`, or the one `resolutionSource`.
    pub sources: &'a [SourceRef<'a>],
    /// What the settling number has to be by the venue's fields; `None` where it has none.
    pub strike: Option<Strike>,
}

/// What settles a market, after its rules agreed with the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settlement<'t> {
    /// Its series.
    pub series: &'t Series,
    /// Its kind of rules.
    pub family: &'t Family,
    /// Its station, of the weather.
    pub station: Option<&'t Station>,
    /// What its price is of.
    pub underlying: Option<&'t Underlying>,
    /// When it is about, by its ticker.
    pub time: Option<TickerTime>,
}

impl Settlement<'_> {
    /// What the table's phrases were checked against: trade on [`Evidence::Reference`] only after reading the venue's text.
    pub const fn evidence(&self) -> Evidence {
        self.series.evidence
    }
}

/// Phrases of which one has to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOf(pub Vec<String>);

impl std::fmt::Display for OneOf {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, phrase) in self.0.iter().enumerate() {
            let before = match at {
                0 => "",
                _ if at + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(out, "{before}`{phrase}`")?;
        }
        Ok(())
    }
}

/// Why a market is not traded: its rules and the table disagree. A person reads both and mends the table, or leaves the
/// market alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// The table has no such series.
    #[error("{id}: no series of the settlement table; someone has to read its rules and add it")]
    Unknown {
        /// The market.
        id: String,
    },
    /// A phrase is missing.
    #[error("{id}: expected {expected} in {place}, found {found}")]
    Missing {
        /// The market.
        id: String,
        /// Any of these would do.
        expected: OneOf,
        /// Where it was looked for.
        place: &'static str,
        /// What stands there, as far as it fits a line.
        found: String,
    },
    /// A phrase stands there that must not.
    #[error("{id}: expected no `{phrase}` in {place}")]
    Forbidden {
        /// The market.
        id: String,
        /// The phrase.
        phrase: String,
        /// Where it was found.
        place: &'static str,
    },
    /// The rules are of another day, hour or month than the ticker.
    #[error("{id}: expected {expected}, as its ticker says, in the primary rules, found {found}")]
    OtherDay {
        /// The market.
        id: String,
        /// The ticker's day, hour or month.
        expected: String,
        /// Those that are named.
        found: String,
    },
    /// The listing has no bounds in numbers.
    #[error("{id}: expected a strike in the listing (`strike_type` with `floor_strike` and `cap_strike`), found none")]
    NoStrike {
        /// The market.
        id: String,
    },
    /// The rules name other bounds, or compare in another way, than the listing's fields.
    #[error("{id}: expected the listed strike, {expected}, in the primary rules, found {found}")]
    OtherStrike {
        /// The market.
        id: String,
        /// By its fields.
        expected: Strike,
        /// What is there.
        found: String,
    },
    /// The venue names another station's report.
    #[error("{id}: expected the report of station {expected}, found {found}")]
    OtherStation {
        /// The market.
        id: String,
        /// The table's station.
        expected: String,
        /// What the venue names.
        found: String,
    },
    /// Nothing says which station's report counts.
    #[error(
        "{id}: expected a link to the report CLI{expected}, or its name, in the rules or the listing's `settlement_sources`, found neither"
    )]
    NoReport {
        /// The market.
        id: String,
        /// The table's station.
        expected: String,
    },
}

/// Lower case, one blank between words, one kind of quote, no markup: venues write the same rule in many ways.
pub(super) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if inside => {}
            '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' | '"' => out.push('\''),
            '\u{2010}'..='\u{2015}' => out.push('-'),
            _ => out.extend(character.to_lowercase()),
        }
    }
    // An angle bracket that nothing closes is a sign, not markup.
    let text = if inside { text.to_lowercase() } else { out };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the rules are of the ticker's day, hour and month; else what was expected and what is named. With `is_dated` a day has to be.
fn same_time(time: TickerTime, primary: &str, is_dated: bool) -> Result<(), (String, String)> {
    let shown = |list: Vec<String>| if list.is_empty() { "none".to_owned() } else { list.join(", ") };
    let Some(day) = time.date() else {
        let (expected, named) = ((time.year, time.month), terms::months(primary));
        let month = |(year, month): (i16, i8)| format!("{year}-{month:02}");
        if named.is_empty() || named.contains(&expected) {
            return Ok(());
        }
        return Err((month(expected), shown(named.into_iter().map(month).collect())));
    };
    let named = terms::dates(primary);
    if (is_dated || !named.is_empty()) && !named.contains(&day) {
        return Err((day.to_string(), shown(named.iter().map(ToString::to_string).collect())));
    }
    let clocks = terms::clocks(primary);
    match time.minute {
        Some(minute) if !clocks.is_empty() && !clocks.contains(&minute) => {
            let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
            Err((clock(minute), shown(clocks.into_iter().map(clock).collect())))
        }
        _ => Ok(()),
    }
}

/// As much of a text as fits a line.
fn quoted(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(240) {
        _ if text.is_empty() => "nothing".to_owned(),
        Some((at, _)) => format!("`{}...`", &text[..at]),
        None => format!("`{text}`"),
    }
}

/// Whether a phrase stands in a text, not as a part of a longer word.
pub(super) fn stands(text: &str, phrase: &str) -> bool {
    let phrase = normal(phrase);
    // A sign has no edge to its left: `84°`.
    let signed = phrase.starts_with(|first: char| !first.is_alphanumeric());
    let edge = |character: Option<char>| !character.is_some_and(char::is_alphanumeric);
    text.match_indices(&phrase).any(|(at, found)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + found.len()..).unwrap_or_default());
        (signed || edge(before.chars().next_back())) && edge(after.chars().next())
    })
}

/// The stations whose reports are named: `CLINYC` in the words, `issuedby=NYC` in the links.
fn reports(rules: &Rules<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let words = [rules.primary, rules.secondary];
    for word in words.iter().flat_map(|text| text.split(|character: char| !character.is_ascii_alphanumeric())) {
        if let Some(letters) = word.strip_prefix("CLI")
            && letters.len() == 3
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        {
            out.push(letters.to_owned());
        }
    }
    let links = rules.sources.iter().map(|source| source.url).chain(words);
    for link in links.map(str::to_ascii_lowercase) {
        for (_, rest) in link.match_indices("issuedby=").filter_map(|(at, mark)| link.split_at_checked(at + mark.len()))
        {
            out.push(rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase());
        }
    }
    out
}

impl Table {
    /// What settles a market, if its rules and the table agree.
    ///
    /// # Errors
    /// [`Disagreement`]: do not trade the market.
    pub fn check(&self, rules: &Rules<'_>) -> Result<Settlement<'_>, Disagreement> {
        let id = || rules.id.chars().take(96).collect::<String>();
        let unknown = || Disagreement::Unknown { id: id() };
        let series = self.series(rules.venue, rules.id).ok_or_else(unknown)?;
        let family = self.family(&series.family).ok_or_else(unknown)?;
        let station = series.station.as_deref().map(|report| self.station(report).ok_or_else(unknown)).transpose()?;
        let underlying =
            series.underlying.as_deref().map(|name| self.underlying(name).ok_or_else(unknown)).transpose()?;
        let primary = normal(rules.primary);
        let everything = format!("{primary} {}", normal(rules.secondary));
        let one_of = |text: &str, phrases: &[String], place: &'static str| {
            if phrases.iter().any(|phrase| stands(text, phrase)) {
                return Ok(());
            }
            Err(Disagreement::Missing { id: id(), expected: OneOf(phrases.to_vec()), place, found: quoted(text) })
        };
        let places = station.map(|station| &station.places);
        for phrases in family.all.iter().chain(&series.words).chain(places) {
            one_of(&primary, phrases, "the primary rules")?;
        }
        for phrases in &family.anywhere {
            one_of(&everything, phrases, "the rules")?;
        }
        let none_of = |text: &str, phrases: &[String], place: &'static str| {
            let found = phrases.iter().find(|phrase| stands(text, phrase)).cloned();
            found.map_or(Ok(()), |phrase| Err(Disagreement::Forbidden { id: id(), phrase, place }))
        };
        let not_places = station.map(|station| station.not_places.as_slice()).unwrap_or_default();
        none_of(&primary, &family.none, "the primary rules")?;
        none_of(&everything, not_places, "the rules")?;
        none_of(&everything, &family.nowhere, "the rules")?;
        for wanted in [&family.sources, &series.sources] {
            let named = |source: &SourceRef<'_>| {
                let both = format!("{} {}", source.name, source.url).to_lowercase();
                wanted.iter().any(|part| both.contains(&part.to_lowercase()))
            };
            if !wanted.is_empty() && !rules.sources.iter().any(named) {
                let found: Vec<String> = rules.sources.iter().map(|it| format!("{} {}", it.name, it.url)).collect();
                let (expected, place) = (OneOf(wanted.clone()), "the settlement sources");
                return Err(Disagreement::Missing { id: id(), expected, place, found: quoted(&found.join("; ")) });
            }
        }
        if family.fahrenheit && terms::is_celsius(&everything) {
            return Err(Disagreement::Forbidden { id: id(), phrase: "Celsius".to_owned(), place: "the rules" });
        }
        let time = terms::ticker_time(rules.venue, rules.id);
        if let Some(time) = time {
            same_time(time, &primary, family.dated).map_err(|(expected, found)| Disagreement::OtherDay {
                id: id(),
                expected,
                found,
            })?;
        }
        match rules.strike {
            _ if !family.strike => {}
            None => return Err(Disagreement::NoStrike { id: id() }),
            Some(expected) if !terms::tells(&primary, expected) => {
                return Err(Disagreement::OtherStrike { id: id(), expected, found: quoted(&primary) });
            }
            Some(_) => {}
        }
        if let Some(station) = station
            && family.report
        {
            let found = reports(rules);
            let expected = station.report.clone();
            if let Some(other) = found.iter().find(|found| **found != station.report) {
                return Err(Disagreement::OtherStation { id: id(), expected, found: other.clone() });
            }
            if found.is_empty() {
                return Err(Disagreement::NoReport { id: id(), expected });
            }
        }
        Ok(Settlement { series, family, station, underlying, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_whole_words_in_any_writing() {
        let text = normal(
            "The \u{201c}National  Weather\u{a0}Service\u{2019}s\u{201d} <b>Climatological</b> Report (Daily), 3 < 4",
        );
        assert!(stands(&normal("a < b Report (Daily)"), "report (daily)"));
        assert!(stands(&text, "national weather service") || text.contains("3 < 4"));
        let text = normal("above 60 seconds, sixty-second; TWAPs");
        assert!(
            stands(&text, "60 seconds")
                && stands(&text, "Sixty-Second")
                && !stands(&text, "TWAP")
                && !stands(&text, "0 seconds")
        );
    }
}
