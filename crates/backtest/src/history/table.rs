//! Small tables beside recordings.

use std::path::Path;

use anyhow::{Context as _, ensure};

/// A CSV file whose columns are found by name. The recorded tables quote nothing.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads a table from text.
    ///
    /// # Errors
    /// When there is no line of names, or a row has more or fewer fields.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines();
        let columns = split(lines.next().context("expected a line of column names, found nothing")?);
        let rows: Vec<_> = lines.map(split).collect();
        for (number, row) in rows.iter().enumerate() {
            ensure!(
                row.len() == columns.len(),
                "line {}: expected {} columns, found {}",
                number + 2,
                columns.len(),
                row.len()
            );
        }
        Ok(Self { columns, rows })
    }

    pub(crate) fn get<'a>(&self, row: &'a [String], column: &str) -> anyhow::Result<&'a str> {
        self.any(row, &[column])
    }

    /// The first of `columns` that there is: the two recorders named theirs differently.
    pub(crate) fn any<'a>(&self, row: &'a [String], columns: &[&str]) -> anyhow::Result<&'a str> {
        let index = self.columns.iter().position(|known| columns.contains(&known.as_str()));
        let index = index
            .with_context(|| format!("expected a column `{}`, found {:?}", columns.join("` or `"), self.columns))?;
        Ok(&row[index])
    }

    pub(crate) fn find(&self, ticker: &str) -> Option<&[String]> {
        self.rows.iter().find(|row| row.first().is_some_and(|first| first == ticker)).map(Vec::as_slice)
    }
}
