//! Kinds of settings: what a text, a number or a list of a file may mean, with ranges, and the typed value it becomes.
//!
//! Invariants: dollars, prices and contracts are read from their digits and never pass a float; a text that looks like a
//! private key is never repeated in a message.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use brier_strategies::Tie;
use brier_types::{MarketTicker, Money, Price, Qty, Venue};

use super::raw::Raw;
use crate::secrets::{Reference, looks_secret};

/// What no limit and no amount may exceed: sums still fit 64 bits.
const MOST_DOLLARS: Money = Money::from_micros(1_000_000_000_000_000);
const MOST_CONTRACTS: Qty = match Qty::from_contracts(1_000_000_000) {
    Some(qty) => qty,
    None => Qty::MAX,
};

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included. Its unit is in the key's name.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Dollars to six decimals, from zero to a billion.
    Dollars,
    /// A price, or a distance of prices: dollars a contract from 0 to 1 in steps of 0.0001.
    Price,
    /// Contracts to six decimals, from zero to a billion.
    Contracts,
    /// A number that feeds a model and becomes no money.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// 1 to 32 small letters, digits, `-` and `_`.
    Name,
    /// Any text without control characters, up to 256.
    Text,
    /// A file or folder. `~/` is the home folder; a relative one counts from the file that says it.
    Path,
    /// An http or https address.
    Url,
    /// Address and port to listen on.
    Listen,
    /// Where a secret is: `env:NAME` or `file:PATH`.
    Secret,
    /// A key's id, which is no secret, or where it is: `env:NAME` or `file:PATH`.
    KeyId,
    /// A list of `kalshi:TICKER` and `polymarket:0x…`.
    Markets,
    /// A list of `MARKET WORD MARKET`, where the word says how the payoffs of two markets hang together.
    Ties,
}

/// A setting as it is used.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Flag`].
    Flag(bool),
    /// Of [`Kind::Integer`].
    Integer(i64),
    /// Of [`Kind::Dollars`].
    Dollars(Money),
    /// Of [`Kind::Price`].
    Price(Price),
    /// Of [`Kind::Contracts`].
    Contracts(Qty),
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Word`], [`Kind::Name`], [`Kind::Text`], [`Kind::Url`].
    Text(String),
    /// Of [`Kind::Path`].
    Path(PathBuf),
    /// Of [`Kind::Listen`].
    Listen(SocketAddr),
    /// Of [`Kind::Secret`] and [`Kind::KeyId`].
    Reference(Reference),
    /// Of [`Kind::Markets`].
    Markets(Vec<MarketName>),
    /// Of [`Kind::Ties`].
    Ties(Vec<TieName>),
}

/// Two markets by name, and how the payoffs of their YES hang together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TieName {
    /// The first.
    pub first: MarketName,
    /// How.
    pub tie: Tie,
    /// The second.
    pub second: MarketName,
}

impl fmt::Display for TieName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.first, self.tie.word(), self.second)
    }
}

/// A market by venue and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MarketName {
    /// Where.
    pub venue: Venue,
    /// Its name there.
    pub market: MarketTicker,
}

impl MarketName {
    /// Reads `kalshi:TICKER` or `polymarket:0x…`.
    ///
    /// # Errors
    /// What was expected and found.
    pub fn parse(text: &str) -> Result<Self, String> {
        market(text).map_err(|misfit| misfit.text)
    }
}

impl fmt::Display for MarketName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.venue, self.market)
    }
}

/// A list of texts.
fn list(out: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    out.write_str("[")?;
    for (index, item) in items.iter().enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        write!(out, "{comma}\"{item}\"")?;
    }
    out.write_str("]")
}

/// How `brier config show` writes it: as a file would.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Integer(number) => write!(out, "{number}"),
            Self::Dollars(money) => out.write_str(plain(&money.to_string())),
            Self::Price(price) => out.write_str(plain(&price.to_string())),
            Self::Contracts(qty) => out.write_str(plain(&qty.to_string())),
            Self::Number(number) => write!(out, "{number}"),
            Self::Text(text) => write!(out, "{text:?}"),
            Self::Path(path) => write!(out, "{:?}", path.display().to_string()),
            Self::Listen(addr) => write!(out, "\"{addr}\""),
            Self::Reference(reference) => write!(out, "{:?}", reference.to_string()),
            Self::Markets(markets) => list(out, markets),
            Self::Ties(ties) => list(out, ties),
        }
    }
}

/// Without zeros behind the point that say nothing; two decimals stay.
fn plain(text: &str) -> &str {
    let Some(point) = text.find('.') else { return text };
    let least = (point + 3).min(text.len());
    let kept = text.trim_end_matches('0').len();
    &text[..kept.max(least)]
}

/// What is known about where a value stands: relative paths count from here, `~` is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base<'a> {
    pub(super) folder: &'a Path,
    pub(super) home: Option<&'a Path>,
}

/// A value that does not fit its kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

impl Kind {
    /// In words, as messages and the reference page say it.
    pub fn expected(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Integer { min, max: i64::MAX } => format!("a whole number from {min}"),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Dollars => "dollars from 0 to a billion, up to 6 decimals".to_owned(),
            Self::Price => "dollars from 0 to 1 in steps of 0.0001".to_owned(),
            Self::Contracts => "contracts from 0 to a billion, up to 6 decimals".to_owned(),
            Self::Number { min, max } if max.is_infinite() => format!("a number from {min}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Word(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                quoted.join(", ")
            }
            Self::Name => "a name of 1 to 32 small letters, digits, `-` and `_`".to_owned(),
            Self::Text => "a text of 1 to 256 characters".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Url => "an address such as \"http://127.0.0.1:8810\"".to_owned(),
            Self::Listen => "an address with a port, such as \"127.0.0.1:8820\"".to_owned(),
            Self::Secret => "\"env:NAME\" or \"file:PATH\"".to_owned(),
            Self::KeyId => "a key's id, \"env:NAME\" or \"file:PATH\"".to_owned(),
            Self::Markets => "a list of \"kalshi:TICKER\" and \"polymarket:0x…\"".to_owned(),
            Self::Ties => {
                "a list of \"kalshi:TICKER same polymarket:0x…\", or `inverse`, `implies`, `excludes`".to_owned()
            }
        }
    }

    /// Reads a value.
    pub(super) fn read(&self, raw: &Raw, base: Base<'_>) -> Result<Value, Misfit> {
        let wrong = || Misfit { text: format!("expected {}, found {}", self.expected(), raw.shown()), hint: None };
        match self {
            Self::Flag => match raw {
                Raw::Flag(flag) => Some(Value::Flag(*flag)),
                Raw::Loose(text) => text.parse().ok().map(Value::Flag),
                _ => None,
            },
            Self::Integer { min, max } => raw
                .number()
                .and_then(|text| text.parse().ok())
                .filter(|number| (*min..=*max).contains(number))
                .map(Value::Integer),
            Self::Dollars => raw
                .amount()
                .and_then(|text| text.parse().ok())
                .filter(|money| (Money::ZERO..=MOST_DOLLARS).contains(money))
                .map(Value::Dollars),
            Self::Price => raw.amount().and_then(|text| text.parse().ok()).map(Value::Price),
            Self::Contracts => raw
                .amount()
                .and_then(|text| text.parse().ok())
                .filter(|qty| *qty <= MOST_CONTRACTS)
                .map(Value::Contracts),
            Self::Number { min, max } => raw
                .number()
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|number| number.is_finite() && (*min..=*max).contains(number))
                .map(Value::Number),
            Self::Word(words) => return word(raw, words).ok_or_else(|| word_misfit(raw, words, wrong())),
            Self::Name => raw.text().filter(|text| is_name(text)).map(|text| Value::Text(text.to_owned())),
            Self::Text => raw
                .text()
                .filter(|text| (1..=256).contains(&text.chars().count()) && !text.chars().any(char::is_control))
                .map(|text| Value::Text(text.to_owned())),
            Self::Path => return path(raw, base).unwrap_or_else(|| Err(wrong())),
            Self::Url => raw.text().filter(|text| is_url(text)).map(|text| Value::Text(text.to_owned())),
            Self::Listen => raw.text().and_then(|text| text.parse().ok()).map(Value::Listen),
            Self::Secret | Self::KeyId => return reference(self, raw, base).unwrap_or_else(|| Err(wrong())),
            Self::Markets => return markets(raw, &wrong),
            Self::Ties => return ties(raw, &wrong),
        }
        .ok_or_else(wrong)
    }
}

fn word(raw: &Raw, words: &[&str]) -> Option<Value> {
    raw.text().filter(|text| words.contains(text)).map(|text| Value::Text(text.to_owned()))
}

fn word_misfit(raw: &Raw, words: &'static [&'static str], wrong: Misfit) -> Misfit {
    let meant = raw.text().and_then(|text| super::problem::nearest(text, words.iter().copied()));
    Misfit { hint: meant.map(|word| format!("did you mean \"{word}\"?")), ..wrong }
}

/// Whether it is a name that can stand in a file name, a log line and a flag alike.
pub(super) fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('@') && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A key pasted where its place should be named.
fn key_inline() -> Misfit {
    Misfit {
        text: "a private key is written here; a file that is shared or copied gives it away".to_owned(),
        hint: Some(
            "keep it in a file that only you can read and name the file, or say \"env:NAME\"; make a new key if this file was shared"
                .to_owned(),
        ),
    }
}

fn path(raw: &Raw, base: Base<'_>) -> Option<Result<Value, Misfit>> {
    let text = raw.text().filter(|text| !text.is_empty() && !text.contains('\0'))?;
    Some(if looks_secret(text) { Err(key_inline()) } else { Ok(Value::Path(resolve(text, base))) })
}

/// `~/` is the home folder; a relative path counts from the base.
pub(super) fn resolve(text: &str, base: Base<'_>) -> PathBuf {
    match (text.strip_prefix("~/"), base.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.folder.join(text),
    }
}

fn reference(kind: &Kind, raw: &Raw, base: Base<'_>) -> Option<Result<Value, Misfit>> {
    let text = raw.text()?;
    if looks_secret(text) {
        return Some(Err(key_inline()));
    }
    if let Some(name) = text.strip_prefix("env:") {
        let valid = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return valid.then(|| Ok(Value::Reference(Reference::Environment(name.to_owned()))));
    }
    if let Some(path) = text.strip_prefix("file:") {
        let valid = !path.is_empty() && !path.contains('\0');
        return valid.then(|| Ok(Value::Reference(Reference::File(resolve(path, base)))));
    }
    let valid = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    match kind {
        Kind::KeyId if valid => Some(Ok(Value::Reference(Reference::Inline(text.to_owned())))),
        Kind::KeyId => None,
        // Whatever stands here may be the secret itself: it is not repeated.
        _ => Some(Err(Misfit {
            text: format!("expected {}, found a text that is neither", Kind::Secret.expected()),
            hint: Some("a secret is never written into a configuration; name where it is".to_owned()),
        })),
    }
}

fn markets(raw: &Raw, wrong: &dyn Fn() -> Misfit) -> Result<Value, Misfit> {
    let texts = raw.texts().ok_or_else(wrong)?;
    let mut markets = Vec::with_capacity(texts.len());
    for text in &texts {
        let market = market(text)?;
        if markets.contains(&market) {
            return Err(Misfit { text: format!("{market} is named twice"), hint: None });
        }
        markets.push(market);
    }
    Ok(Value::Markets(markets))
}

fn ties(raw: &Raw, wrong: &dyn Fn() -> Misfit) -> Result<Value, Misfit> {
    let texts = raw.texts().ok_or_else(wrong)?;
    let mut ties: Vec<TieName> = Vec::with_capacity(texts.len());
    for text in &texts {
        let shown: String = text.chars().take(192).collect();
        let misfit = |text: String| Misfit { text, hint: None };
        let words: Vec<&str> = text.split_whitespace().collect();
        let [first, word, second] = words.as_slice() else {
            return Err(misfit(format!("expected \"MARKET WORD MARKET\", found `{shown}`")));
        };
        let Some(tie) = Tie::ALL.into_iter().find(|tie| tie.word() == *word) else {
            let known = Tie::ALL.map(Tie::word).join(", ");
            return Err(misfit(format!("expected one of {known} between two markets, found `{word:.32}`")));
        };
        let found = TieName { first: market(first)?, tie, second: market(second)? };
        if found.first == found.second {
            return Err(misfit(format!("expected two markets, found `{shown}`")));
        }
        let same = |known: &TieName| {
            (&known.first, &known.second) == (&found.first, &found.second)
                || (&known.first, &known.second) == (&found.second, &found.first)
        };
        if ties.iter().any(same) {
            return Err(misfit(format!("{} and {} are tied twice", found.first, found.second)));
        }
        ties.push(found);
    }
    Ok(Value::Ties(ties))
}

/// Reads `kalshi:TICKER` or `polymarket:0x…`.
fn market(text: &str) -> Result<MarketName, Misfit> {
    let shown: String = text.chars().take(96).collect();
    let wrong = |expected: &str| Misfit { text: format!("expected {expected}, found `{shown}`"), hint: None };
    let (venue, name) = text.split_once(':').ok_or_else(|| wrong("\"kalshi:TICKER\" or \"polymarket:0x…\""))?;
    let venue = match venue {
        "kalshi" => Venue::Kalshi,
        "polymarket" => Venue::Polymarket,
        _ => return Err(wrong("`kalshi:` or `polymarket:` before a market's name")),
    };
    if venue == Venue::Polymarket && !is_condition(name) {
        return Err(wrong("a condition id of 0x and 64 small hex digits behind `polymarket:`"));
    }
    let market = MarketTicker::new(name).map_err(|error| Misfit { text: error.to_string(), hint: None })?;
    Ok(MarketName { venue, market })
}

fn is_condition(name: &str) -> bool {
    name.strip_prefix("0x")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, raw: &Raw) -> Result<String, String> {
        let base = Base { folder: Path::new("/etc/brier"), home: Some(Path::new("/home/trader")) };
        kind.read(raw, base).map(|value| value.to_string()).map_err(|misfit| match misfit.hint {
            Some(hint) => format!("{}; {hint}", misfit.text),
            None => misfit.text,
        })
    }

    fn text(text: &str) -> Raw {
        Raw::Text(text.to_owned())
    }

    #[test]
    fn money_is_read_from_its_digits() {
        let decimal = |text: &str| Raw::Decimal(text.to_owned());
        assert_eq!(read(Kind::Dollars, &decimal("0.1")), Ok("0.10".to_owned()));
        assert_eq!(read(Kind::Dollars, &decimal("1234567.123456")), Ok("1234567.123456".to_owned()));
        assert_eq!(read(Kind::Dollars, &text("50")), Ok("50.00".to_owned()));
        assert_eq!(read(Kind::Price, &decimal("0.0105")), Ok("0.0105".to_owned()));
        assert_eq!(read(Kind::Contracts, &Raw::Integer("7".to_owned())), Ok("7.00".to_owned()));
        for (kind, raw, found) in [
            (
                Kind::Dollars,
                decimal("0.1234567"),
                "expected dollars from 0 to a billion, up to 6 decimals, found 0.1234567",
            ),
            (Kind::Dollars, decimal("-1.0"), "expected dollars from 0 to a billion, up to 6 decimals, found -1.0"),
            (Kind::Dollars, decimal("1e3"), "expected dollars from 0 to a billion, up to 6 decimals, found 1e3"),
            (Kind::Price, Raw::Integer("2".to_owned()), "expected dollars from 0 to 1 in steps of 0.0001, found 2"),
            (Kind::Contracts, Raw::Flag(true), "expected contracts from 0 to a billion, up to 6 decimals, found true"),
        ] {
            assert_eq!(read(kind, &raw), Err(found.to_owned()));
        }
    }

    #[test]
    fn bounds_are_part_of_the_message() {
        let kind = Kind::Integer { min: 1, max: 10 };
        assert_eq!(
            read(kind, &Raw::Integer("11".to_owned())),
            Err("expected a whole number from 1 to 10, found 11".to_owned())
        );
        assert_eq!(read(kind, &text("7")), Err("expected a whole number from 1 to 10, found \"7\"".to_owned()));
        assert_eq!(read(kind, &Raw::Loose("7".to_owned())), Ok("7".to_owned()));
        let number = Kind::Number { min: 0.0, max: f64::INFINITY };
        assert_eq!(read(number, &Raw::Decimal("0.25".to_owned())), Ok("0.25".to_owned()));
        assert_eq!(
            read(number, &Raw::Decimal("inf".to_owned())),
            Err("expected a number from 0, found inf".to_owned())
        );
    }

    #[test]
    fn a_word_close_to_a_known_one_is_offered() {
        let kind = Kind::Word(&["paper", "live"]);
        assert_eq!(
            read(kind, &text("papr")),
            Err("expected \"paper\", \"live\", found \"papr\"; did you mean \"paper\"?".to_owned())
        );
    }

    #[test]
    fn paths_count_from_their_file() {
        assert_eq!(read(Kind::Path, &text("key.pem")), Ok("\"/etc/brier/key.pem\"".to_owned()));
        assert_eq!(read(Kind::Path, &text("~/key.pem")), Ok("\"/home/trader/key.pem\"".to_owned()));
        assert_eq!(read(Kind::Path, &text("/k")), Ok("\"/k\"".to_owned()));
    }

    #[test]
    fn a_secret_is_named_and_never_written_or_repeated() {
        let hex = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
        for inline in [hex.to_owned(), format!("0x{hex}"), "-----BEGIN PRIVATE KEY-----\nMC4C\n".to_owned()] {
            for kind in [Kind::Secret, Kind::KeyId, Kind::Path] {
                let told = read(kind, &text(&inline)).unwrap_err();
                assert!(told.starts_with("a private key is written here") && !told.contains("ac0974"), "{told}");
                assert!(!told.contains("MC4C"), "{told}");
            }
            let told = read(Kind::Word(&["paper"]), &text(&inline)).unwrap_err();
            assert!(!told.contains("ac0974") && !told.contains("MC4C"), "{told}");
        }
        let told = read(Kind::Secret, &text("hunter2")).unwrap_err();
        assert!(!told.contains("hunter2") && told.contains("\"env:NAME\" or \"file:PATH\""), "{told}");
        assert_eq!(read(Kind::Secret, &text("env:TOKEN")), Ok("\"env:TOKEN\"".to_owned()));
        assert_eq!(read(Kind::Secret, &text("file:t")), Ok("\"file:/etc/brier/t\"".to_owned()));
        assert_eq!(read(Kind::KeyId, &text("a952bcbe-ec3b")), Ok("\"a952bcbe-ec3b\"".to_owned()));
        assert!(read(Kind::Secret, &text("env:")).is_err() && read(Kind::KeyId, &text("two words")).is_err());
    }

    #[test]
    fn ties_name_two_markets_and_how_they_pay() {
        let condition = format!("polymarket:0x{}", "0f".repeat(32));
        let list = |texts: &[&str]| Raw::List(texts.iter().map(|text| Raw::Text((*text).to_owned())).collect());
        let good = format!("kalshi:KXA-1 same {condition}");
        let more = format!("{condition} implies kalshi:KXA-2");
        assert_eq!(read(Kind::Ties, &list(&[&good, &more])), Ok(format!("[\"{good}\", \"{more}\"]")));
        for (texts, told) in [
            (vec!["kalshi:A"], "expected \"MARKET WORD MARKET\", found `kalshi:A`"),
            (
                vec!["kalshi:A like kalshi:B"],
                "expected one of same, inverse, implies, excludes between two markets, found `like`",
            ),
            (vec!["kalshi:A same kalshi:A"], "expected two markets, found `kalshi:A same kalshi:A`"),
            (vec!["kalshi:A same kalshi:B", "kalshi:B inverse kalshi:A"], "kalshi:B and kalshi:A are tied twice"),
            (
                vec!["kalshi:A same kraken:B"],
                "expected `kalshi:` or `polymarket:` before a market's name, found `kraken:B`",
            ),
        ] {
            assert_eq!(read(Kind::Ties, &list(&texts)).unwrap_err(), told);
        }
    }

    #[test]
    fn markets_are_named_by_venue() {
        let condition = format!("polymarket:0x{}", "0f".repeat(32));
        let list = |texts: &[&str]| Raw::List(texts.iter().map(|text| Raw::Text((*text).to_owned())).collect());
        assert_eq!(
            read(Kind::Markets, &list(&["kalshi:KXA-1", &condition])),
            Ok(format!("[\"kalshi:KXA-1\", \"{condition}\"]"))
        );
        assert_eq!(
            read(Kind::Markets, &Raw::Loose("kalshi:A,kalshi:B".to_owned())),
            Ok("[\"kalshi:A\", \"kalshi:B\"]".to_owned())
        );
        for (texts, told) in [
            (vec!["KXA-1"], "expected \"kalshi:TICKER\" or \"polymarket:0x…\", found `KXA-1`"),
            (vec!["kraken:X"], "expected `kalshi:` or `polymarket:` before a market's name, found `kraken:X`"),
            (
                vec!["polymarket:0x1"],
                "expected a condition id of 0x and 64 small hex digits behind `polymarket:`, found `polymarket:0x1`",
            ),
            (vec!["kalshi:A", "kalshi:A"], "kalshi:A is named twice"),
            (vec!["kalshi:"], "market ticker: expected 1 to 96 printable ASCII characters without spaces, found ``"),
        ] {
            let found = read(Kind::Markets, &list(&texts)).unwrap_err();
            assert!(found == told || texts == ["kalshi:"] && found.contains("printable ASCII"), "{found}");
        }
    }
}
