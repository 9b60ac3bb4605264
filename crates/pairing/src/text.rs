//! Words and numbers of a venue's text, with the place each came from.
//!
//! Letters are folded (no case, no accents, plain quotes and dashes) so that "Erdoğan" and "Erdogan" are one word; the
//! place in the original is kept, so that every reading can quote what it read. Text is data: nothing here looks at
//! what a sentence asks for, only at its words.

use std::fmt;

/// An exact decimal number in millionths. Thresholds on both venues have at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i128);

impl Decimal {
    /// Millionths in one.
    const SCALE: i128 = 1_000_000;
    /// The greatest magnitude that is read, in whole units; more is no threshold of any market.
    const LIMIT: i128 = 1_000_000_000_000_000_000;

    /// A whole number.
    pub const fn whole(value: i64) -> Self {
        Self(value as i128 * Self::SCALE)
    }

    /// Millionths.
    pub const fn micros(self) -> i128 {
        self.0
    }

    /// From millionths.
    pub const fn from_micros(micros: i128) -> Self {
        Self(micros)
    }

    /// Reads `1,234.5`; nothing but digits, commas and one point. `None` when it is no number or too large.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let mut value: i128 = 0;
        let mut digits = 0;
        for byte in whole.bytes() {
            match byte {
                b'0'..=b'9' => {
                    value = value.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                    digits += 1;
                }
                b',' => {}
                _ => return None,
            }
        }
        if value > Self::LIMIT || (digits == 0 && part.is_empty()) {
            return None;
        }
        let mut micros = 0;
        let mut unit = Self::SCALE / 10;
        for byte in part.bytes() {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            micros += i128::from(digit) * unit;
            unit /= 10;
        }
        Some(Self(value * Self::SCALE + micros))
    }

    /// Reads a JSON number's text, sign and all; `None` for exponents and what [`Self::parse`] refuses.
    pub fn parse_signed(text: &str) -> Option<Self> {
        match text.strip_prefix('-') {
            Some(rest) => Self::parse(rest).map(Self::negated),
            None => Self::parse(text),
        }
    }

    /// The same magnitude with the other sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// This many times as much.
    #[must_use]
    pub fn times(self, factor: i64) -> Option<Self> {
        self.0.checked_mul(i128::from(factor)).map(Self)
    }

    /// Sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference of both.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The whole number it is, if it is one.
    pub fn to_whole(self) -> Option<i64> {
        if self.0 % Self::SCALE == 0 { i64::try_from(self.0 / Self::SCALE).ok() } else { None }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let scale = Self::SCALE.unsigned_abs();
        if self.0 < 0 {
            out.write_str("-")?;
        }
        write!(out, "{}", magnitude / scale)?;
        let part = magnitude % scale;
        if part > 0 {
            let digits = format!("{part:06}");
            write!(out, ".{}", digits.trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// What a number counts, as its sign or suffix says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// US dollars.
    Dollars,
    /// Percent, or percentage points.
    Percent,
    /// Hundredths of a percentage point.
    BasisPoints,
    /// Degrees, scale unsaid.
    Degrees,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// Degrees Celsius.
    Celsius,
}

/// A number as a text writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) value: Decimal,
    pub(crate) unit: Option<Unit>,
    /// `50+`: this many or more.
    pub(crate) or_more: bool,
    /// `2nd`, `#1`.
    pub(crate) ordinal: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Word,
    Number(Number),
    /// `2026-27`: the first of two years.
    Season(u16),
    /// `11:30 PM` or `5pm`, minutes after midnight.
    Clock(u16),
    /// `2026-01-26`.
    IsoDate(u16, u8, u8),
    /// `WI-05`; 0 stands for a state with one seat.
    District(u8),
    Mark(char),
}

/// One word, number or mark, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Folded.
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Begins with a capital letter in the original.
    pub(crate) capital: bool,
}

impl Token {
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    pub(crate) fn is_mark(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }

    pub(crate) fn number(&self) -> Option<Number> {
        if let Kind::Number(number) = self.kind { Some(number) } else { None }
    }
}

/// Appends `letter` without case and accents.
fn fold_into(letter: char, out: &mut String) {
    if letter.is_ascii() {
        out.push(letter.to_ascii_lowercase());
        return;
    }
    let plain = match letter {
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' | 'ả' | 'ạ' | 'ấ' | 'ầ' => "a",
        'æ' | 'Æ' => "ae",
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' => "c",
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ė' | 'Ė' | 'ę' | 'Ę' | 'ě' | 'Ě' | 'ế' | 'ễ' => "e",
        'ğ' | 'Ğ' | 'ģ' | 'Ģ' => "g",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => "i",
        'ķ' | 'Ķ' => "k",
        'ļ' | 'Ļ' | 'ľ' | 'Ľ' | 'ł' | 'Ł' => "l",
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ņ' | 'Ņ' | 'ň' | 'Ň' => "n",
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' | 'ơ' => "o",
        'œ' | 'Œ' => "oe",
        'ŕ' | 'Ŕ' | 'ř' | 'Ř' => "r",
        'ś' | 'Ś' | 'ş' | 'Ş' | 'š' | 'Š' | 'ș' | 'Ș' => "s",
        'ß' => "ss",
        'ţ' | 'Ţ' | 'ť' | 'Ť' | 'ț' | 'Ț' => "t",
        'þ' | 'Þ' => "th",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' | 'ų' | 'Ų' | 'ư' => "u",
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' => "y",
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => "z",
        // Marks of reading order and combining accents carry no letter.
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{300}'..='\u{36f}' => "",
        _ => {
            out.extend(letter.to_lowercase());
            return;
        }
    };
    out.push_str(plain);
}

/// `text` without case and accents.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        fold_into(plain_mark(letter), &mut out);
    }
    out
}

/// Typographic quotes and dashes as their plain forms.
fn plain_mark(letter: char) -> char {
    match letter {
        '‘' | '’' | '´' | '`' | 'ʼ' => '\'',
        '“' | '”' | '„' | '«' | '»' => '"',
        '‐' | '‑' | '‒' | '–' | '—' | '−' => '-',
        '\u{a0}' => ' ',
        _ => letter,
    }
}

/// Splits `text` into tokens. Never fails; what it cannot read becomes words and marks.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<(usize, char)> = text.char_indices().map(|(at, letter)| (at, plain_mark(letter))).collect();
    let mut scanner = Scanner { text, letters, at: 0, out: Vec::with_capacity(text.len() / 5 + 2) };
    scanner.run();
    scanner.out
}

struct Scanner<'a> {
    text: &'a str,
    letters: Vec<(usize, char)>,
    at: usize,
    out: Vec<Token>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).map(|(_, letter)| *letter)
    }

    fn offset(&self, index: usize) -> usize {
        self.letters.get(index).map_or(self.text.len(), |(at, _)| *at)
    }

    fn push(&mut self, from: usize, text: String, kind: Kind) {
        let capital = self.letters.get(from).is_some_and(|(_, letter)| letter.is_uppercase());
        let (start, end) = (self.offset(from), self.offset(self.at));
        self.out.push(Token { text, kind, start, end, capital });
    }

    fn run(&mut self) {
        while let Some(letter) = self.peek(0) {
            let before = self.at;
            let next = self.peek(1);
            let digit_next = next.is_some_and(|next| next.is_ascii_digit());
            if letter.is_ascii_digit() || (matches!(letter, '$' | '#' | '.') && digit_next) {
                self.number();
            } else if letter.is_alphanumeric() {
                self.word();
            } else {
                let from = self.at;
                self.at += 1;
                if matches!(
                    letter,
                    '<' | '>'
                        | '≥'
                        | '≤'
                        | '-'
                        | '/'
                        | '@'
                        | '('
                        | ')'
                        | ':'
                        | ','
                        | '"'
                        | '\''
                        | '+'
                        | '.'
                        | ';'
                        | '?'
                ) {
                    self.push(from, letter.to_string(), Kind::Mark(letter));
                }
            }
            // ".5abc" is neither number nor word: its point is passed over.
            if self.at == before {
                self.at += 1;
            }
        }
    }

    fn word(&mut self) {
        let from = self.at;
        let mut text = String::new();
        while let Some(letter) = self.peek(0) {
            let next = self.peek(1);
            let joins = match letter {
                '\'' | '&' | '$' => next.is_some_and(char::is_alphanumeric),
                // U.S. and J.D.: a point between single letters.
                '.' => next.is_some_and(char::is_alphabetic) && self.single_letter_before(from),
                _ => letter.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&letter),
            };
            if !joins {
                break;
            }
            if !matches!(letter, '.' | '\'') {
                fold_into(letter, &mut text);
            } else if letter == '\'' && self.possessive() {
                self.at += 2;
                self.push_cut(from, text, 2);
                return;
            }
            self.at += 1;
        }
        if text.is_empty() {
            return;
        }
        if self.peek(0) == Some('-') && text.len() == 2 && self.all_capital(from) && self.district(from, &text) {
            return;
        }
        self.push(from, text, Kind::Word);
        // The last point of "U.S." and the bare mark of "Constructors'" belong to the word.
        if self.peek(0) == Some('.') && self.single_letter_before(from) {
            self.at += 1;
        }
    }

    /// Pushes a word whose last `cut` letters are a possessive ending.
    fn push_cut(&mut self, from: usize, text: String, cut: usize) {
        if text.is_empty() {
            return;
        }
        let capital = self.letters[from].1.is_uppercase();
        let (start, end) = (self.offset(from), self.offset(self.at - cut));
        self.out.push(Token { text, kind: Kind::Word, start, end, capital });
    }

    fn possessive(&self) -> bool {
        matches!(self.peek(1), Some('s' | 'S')) && !self.peek(2).is_some_and(char::is_alphanumeric)
    }

    fn single_letter_before(&self, from: usize) -> bool {
        self.at > from
            && self.letters[self.at - 1].1.is_alphabetic()
            && (self.at - 1 == from || self.letters[self.at - 2].1 == '.')
    }

    fn all_capital(&self, from: usize) -> bool {
        self.letters[from..self.at].iter().all(|(_, letter)| letter.is_uppercase())
    }

    /// Reads the seat after `WI-`.
    fn district(&mut self, from: usize, state: &str) -> bool {
        let (first, second, third) = (self.peek(1), self.peek(2), self.peek(3));
        let (seat, length) = match (first, second) {
            (Some('A'), Some('L')) => (0, 3),
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                ((a as u8 - b'0') * 10 + (b as u8 - b'0'), 3)
            }
            (Some(a), _) if a.is_ascii_digit() => (a as u8 - b'0', 2),
            _ => return false,
        };
        let after = if length == 3 { third } else { second };
        if after.is_some_and(char::is_alphanumeric) {
            return false;
        }
        self.at += length;
        self.push(from, state.to_owned(), Kind::District(seat));
        true
    }

    fn number(&mut self) {
        let from = self.at;
        if let Some((length, kind)) = self.iso_date().or_else(|| self.season()).or_else(|| self.clock()) {
            self.at += length;
            let text = fold(&self.text[self.offset(from)..self.offset(self.at)]);
            self.push(from, text, kind);
            return;
        }
        let mut unit = None;
        let mut ordinal = false;
        match self.peek(0) {
            Some('$') => {
                unit = Some(Unit::Dollars);
                self.at += 1;
            }
            Some('#') => {
                ordinal = true;
                self.at += 1;
            }
            _ => {}
        }
        let digits_from = self.at;
        while let Some(letter) = self.peek(0) {
            let digit_next = self.peek(1).is_some_and(|next| next.is_ascii_digit());
            if letter.is_ascii_digit() || (matches!(letter, ',' | '.') && digit_next) {
                self.at += 1;
            } else {
                break;
            }
        }
        let digits: String = self.letters[digits_from..self.at].iter().map(|(_, letter)| *letter).collect();
        let value = Decimal::parse(&digits);
        let suffix: String = (0..8)
            .map_while(|ahead| self.peek(ahead).filter(|letter| letter.is_alphabetic() || *letter == '°'))
            .flat_map(char::to_lowercase)
            .collect();
        let Some(mut value) = value else {
            self.word();
            return;
        };
        let long = suffix.chars().count();
        let mut or_more = false;
        let mut ahead = long;
        match suffix.as_str() {
            "" => {
                if let Some((letters, times)) = self.magnitude() {
                    value = value.times(times).unwrap_or(value);
                    ahead = letters;
                } else if self.spells(" bps") || self.spells(" bp") {
                    unit = Some(Unit::BasisPoints);
                    ahead = if self.spells(" bps") { 4 } else { 3 };
                }
            }
            "k" => value = value.times(1_000).unwrap_or(value),
            "m" | "mm" | "mn" | "million" => value = value.times(1_000_000).unwrap_or(value),
            "b" | "bn" | "billion" => value = value.times(1_000_000_000).unwrap_or(value),
            "t" | "tn" | "trillion" => value = value.times(1_000_000_000_000).unwrap_or(value),
            "st" | "nd" | "rd" | "th" => ordinal = true,
            "bps" | "bp" => unit = Some(Unit::BasisPoints),
            "°" => unit = Some(Unit::Degrees),
            "°f" | "f" => unit = Some(Unit::Fahrenheit),
            "°c" | "c" => unit = Some(Unit::Celsius),
            "pp" => unit = Some(Unit::Percent),
            _ => {
                // 3DMAX, 49ers, 10yr: a word that begins with digits.
                self.at = from + usize::from(matches!(self.letters[from].1, '$' | '#'));
                self.word();
                return;
            }
        }
        self.at += ahead;
        match self.peek(0) {
            Some('%') => {
                unit = Some(Unit::Percent);
                self.at += 1;
            }
            Some('¢') => {
                unit = Some(Unit::Dollars);
                value = Decimal::from_micros(value.micros() / 100);
                self.at += 1;
            }
            _ => {}
        }
        if self.peek(0) == Some('+') {
            or_more = true;
            self.at += 1;
        }
        let mut text = digits.replace(',', "");
        if ordinal && long > 0 {
            text.push_str(&suffix);
        }
        self.push(from, text, Kind::Number(Number { value, unit, or_more, ordinal }));
    }

    /// Whether these letters come next, and no other letter behind them.
    fn spells(&self, wanted: &str) -> bool {
        let same = wanted
            .chars()
            .enumerate()
            .all(|(ahead, letter)| self.peek(ahead).is_some_and(|found| found.to_ascii_lowercase() == letter));
        same && !self.peek(wanted.len()).is_some_and(char::is_alphanumeric)
    }

    /// `500 thousand`: how many letters follow the digits, the space with them, and how many times the number is meant.
    fn magnitude(&self) -> Option<(usize, i64)> {
        self.peek(0).filter(|letter| letter.is_whitespace())?;
        let word: String =
            (1..=9).map_while(|ahead| self.peek(ahead).filter(|letter| letter.is_alphabetic())).collect();
        let times = match word.to_lowercase().as_str() {
            "thousand" => 1_000,
            "million" => 1_000_000,
            "billion" => 1_000_000_000,
            "trillion" => 1_000_000_000_000,
            _ => return None,
        };
        Some((1 + word.chars().count(), times))
    }

    fn digits_at(&self, ahead: usize, count: usize) -> Option<u16> {
        let mut value: u16 = 0;
        for step in 0..count {
            let digit = self.peek(ahead + step)?.to_digit(10)?;
            value = value.checked_mul(10)?.checked_add(digit as u16)?;
        }
        Some(value)
    }

    fn digit_at(&self, ahead: usize) -> bool {
        self.peek(ahead).is_some_and(|letter| letter.is_ascii_digit())
    }

    fn iso_date(&self) -> Option<(usize, Kind)> {
        let year = self.digits_at(0, 4)?;
        let (month, day) = (self.digits_at(5, 2)?, self.digits_at(8, 2)?);
        let dashes = self.peek(4) == Some('-') && self.peek(7) == Some('-');
        let fits = (1900..2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        (dashes && fits && !self.digit_at(10)).then_some((10, Kind::IsoDate(year, month as u8, day as u8)))
    }

    fn season(&self) -> Option<(usize, Kind)> {
        let year = self.digits_at(0, 4).filter(|year| (1900..2200).contains(year))?;
        if !matches!(self.peek(4), Some('-' | '/')) {
            return None;
        }
        if let Some(next) = self.digits_at(5, 4) {
            return (next == year + 1 && !self.digit_at(9)).then_some((9, Kind::Season(year)));
        }
        let next = self.digits_at(5, 2)?;
        (next == (year + 1) % 100 && !self.digit_at(7)).then_some((7, Kind::Season(year)))
    }

    fn clock(&self) -> Option<(usize, Kind)> {
        let (hour, mut length) = if self.digit_at(1) { (self.digits_at(0, 2)?, 2) } else { (self.digits_at(0, 1)?, 1) };
        if hour > 24 || self.digit_at(length) {
            return None;
        }
        let mut minute = 0;
        let mut certain = false;
        if self.peek(length) == Some(':') && self.digit_at(length + 1) {
            minute = self.digits_at(length + 1, 2)?;
            length += 3;
            certain = minute < 60 && !self.digit_at(length);
            if !certain {
                return None;
            }
        }
        let gap = usize::from(self.peek(length) == Some(' '));
        let half = self.peek(length + gap).map(|letter| letter.to_ascii_lowercase());
        let m = self.peek(length + gap + 1).map(|letter| letter.to_ascii_lowercase());
        let ends = !self.peek(length + gap + 2).is_some_and(char::is_alphanumeric);
        let mut hour = hour;
        if matches!(half, Some('a' | 'p')) && m == Some('m') && ends && hour <= 12 {
            hour = hour % 12 + if half == Some('p') { 12 } else { 0 };
            length += gap + 2;
        } else if !certain {
            return None;
        }
        Some((length, Kind::Clock(hour * 60 + minute)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn names_fold_to_one_spelling() {
        assert_eq!(words("Recep Tayyip Erdoğan’s U.S. trip"), ["recep", "tayyip", "erdogan", "us", "trip"]);
        assert_eq!(words("A’ja Wilson"), ["aja", "wilson"]);
    }

    #[test]
    fn numbers_keep_their_units() {
        let all: Vec<_> =
            tokens("above $1,600.50, 69¢, 0.6% or 50+ and 25bps").iter().filter_map(Token::number).collect();
        assert_eq!(all[0].value.to_string(), "1600.5");
        assert_eq!(all[0].unit, Some(Unit::Dollars));
        assert_eq!(all[1].value.to_string(), "0.69");
        assert_eq!(all[2].unit, Some(Unit::Percent));
        assert!(all[3].or_more);
        assert_eq!(all[4].unit, Some(Unit::BasisPoints));
    }

    #[test]
    fn seats_seasons_and_times_are_their_own_kinds() {
        let kinds: Vec<_> = tokens("WI-05 2026-27 11:59 PM 2026-01-26 5pm 3DMAX").into_iter().map(|t| t.kind).collect();
        assert_eq!(
            kinds,
            [
                Kind::District(5),
                Kind::Season(2026),
                Kind::Clock(23 * 60 + 59),
                Kind::IsoDate(2026, 1, 26),
                Kind::Clock(17 * 60),
                Kind::Word
            ]
        );
    }
}
