//! A configuration file as it stands: tables, keys and values with their lines, numbers with their digits, and no meaning.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Origin, Problem};
use crate::secrets::looks_secret;

/// A value without a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    Flag(bool),
    /// Digits of a whole number, in tens.
    Integer(String),
    /// A number with a point or an exponent, as it was written.
    Decimal(String),
    Text(String),
    List(Vec<Raw>),
    Table(Vec<Entry>),
    Time(String),
    /// From the environment or a flag, where everything is text: may be any of the others.
    Loose(String),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: Raw,
    pub(super) origin: Origin,
}

impl Raw {
    /// For a message. What looks like a private key is not repeated, and no table is.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Flag(flag) => flag.to_string(),
            Self::Integer(text) | Self::Decimal(text) | Self::Time(text) => text.chars().take(64).collect(),
            Self::Text(text) | Self::Loose(text) if looks_secret(text) => {
                "a text that looks like a private key".to_owned()
            }
            Self::Text(text) | Self::Loose(text) => {
                let cut: String = text.chars().take(64).collect();
                format!("{cut:?}")
            }
            Self::List(_) => "a list".to_owned(),
            Self::Table(_) => "a table".to_owned(),
        }
    }

    /// A number's text.
    pub(super) fn number(&self) -> Option<&str> {
        match self {
            Self::Integer(text) | Self::Decimal(text) => Some(text),
            Self::Loose(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// A number's text, which may be quoted to keep its digits in other tools.
    pub(super) fn amount(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { self.number() }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Self::Text(text) | Self::Loose(text) = self { Some(text) } else { None }
    }

    /// A list of texts; loose ones are written `a,b` or as a file would.
    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Self::List(values) => values.iter().map(|value| value.text().map(str::to_owned)).collect(),
            Self::Loose(text) if text.trim_start().starts_with('[') => {
                let value = DeValue::parse(text).ok()?;
                value_of(&Lines::new(Path::new("").into(), text), value.get_ref()).texts()
            }
            Self::Loose(text) if text.trim().is_empty() => Some(Vec::new()),
            Self::Loose(text) => Some(text.split(',').map(|part| part.trim().to_owned()).collect()),
            _ => None,
        }
    }
}

/// Finds lines in a file's text.
struct Lines {
    path: Arc<Path>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl Lines {
    fn new(path: Arc<Path>, text: &str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path, starts }
    }

    fn origin(&self, offset: usize) -> Origin {
        Origin::File { path: Arc::clone(&self.path), line: self.starts.partition_point(|start| *start <= offset) }
    }
}

/// Reads a file's text. With errors of syntax only those are told: what stands around them may be misread.
pub(super) fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, Vec<Problem>> {
    let lines = Lines::new(path.into(), text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(entries(&lines, table.get_ref()));
    }
    let told = errors.iter().map(|error| {
        let origin = lines.origin(error.span().map_or(0, |span| span.start));
        Problem::new(&origin, "", format!("not TOML: {}", error.message()))
    });
    Err(told.collect())
}

fn entries(lines: &Lines, table: &DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<(usize, Entry)> = table
        .iter()
        .map(|(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
            let at = key.span().start;
            let entry = Entry {
                key: key.get_ref().to_string(),
                value: value_of(lines, value.get_ref()),
                origin: lines.origin(at),
            };
            (at, entry)
        })
        .collect();
    entries.sort_by_key(|(at, _)| *at);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

fn value_of(lines: &Lines, value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Integer(number) if number.radix() == 10 => Raw::Integer(number.as_str().to_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_too_large| Raw::Integer(number.to_string()), |number| Raw::Integer(number.to_string())),
        DeValue::Float(number) => Raw::Decimal(number.as_str().to_owned()),
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Datetime(time) => Raw::Time(time.to_string()),
        DeValue::Array(list) => Raw::List(list.iter().map(|value| value_of(lines, value.get_ref())).collect()),
        DeValue::Table(table) => Raw::Table(entries(lines, table)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(entry: &Entry) -> usize {
        let Origin::File { line, .. } = entry.origin else { panic!("from a file") };
        line
    }

    #[test]
    fn keys_have_lines_and_numbers_their_digits() {
        let text = "[run]\nname = \"a\" # x\n\n[risk]\nmax = 1_000.10\nhex = 0xff\n[[strategy]]\nname = 'b'\n";
        let entries = parse(Path::new("b.toml"), text).unwrap();
        let names: Vec<(&str, usize)> = entries.iter().map(|entry| (entry.key.as_str(), line(entry))).collect();
        assert_eq!(names, [("run", 1), ("risk", 4), ("strategy", 7)]);
        let Raw::Table(risk) = &entries[1].value else { panic!("a table") };
        assert_eq!((risk[0].value.clone(), line(&risk[0])), (Raw::Decimal("1000.10".to_owned()), 5));
        assert_eq!(risk[1].value, Raw::Integer("255".to_owned()));
        let Raw::List(strategies) = &entries[2].value else { panic!("a list") };
        let Raw::Table(strategy) = &strategies[0] else { panic!("a table") };
        assert_eq!(line(&strategy[0]), 8);
    }

    #[test]
    fn every_error_of_syntax_is_told_with_its_line() {
        let problems = parse(Path::new("b.toml"), "[run\nname = \nmode = \"paper\"\nx = ]\n").unwrap_err();
        assert!(problems.len() >= 2, "{problems:?}");
        assert!(problems[0].to_string().starts_with("b.toml:1: not TOML: "), "{}", problems[0]);
        let twice = parse(Path::new("b.toml"), "a = 1\na = 2\n").unwrap_err();
        assert!(twice[0].to_string().starts_with("b.toml:2: not TOML: duplicate key"), "{}", twice[0]);
    }

    #[test]
    fn loose_lists_are_read_as_people_write_them() {
        let texts = |text: &str| Raw::Loose(text.to_owned()).texts();
        let both = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!((texts("a, b"), texts("[\"a\", 'b']"), texts("")), (both.clone(), both, Some(Vec::new())));
        assert_eq!(texts("[1"), None);
    }
}
