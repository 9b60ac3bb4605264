//! Where data goes: readable lines and tables, or one JSON document.

use std::fmt;
use std::io::{self, BufWriter, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::error::CliError;

/// The data side of a command. Talk goes to stderr by other ways.
pub(crate) struct Output {
    out: Box<dyn Write>,
    json: bool,
    /// Whether a document has been written: there is to be one.
    documented: bool,
}

impl Output {
    /// Buffered standard output.
    pub(crate) fn stdout(json: bool) -> Self {
        Self { out: Box::new(BufWriter::new(io::stdout())), json, documented: false }
    }

    /// Whether one JSON document is wanted instead of text.
    pub(crate) const fn json(&self) -> bool {
        self.json
    }

    /// Writes one line of text.
    pub(crate) fn line(&mut self, line: impl fmt::Display) -> Result<(), CliError> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// Writes a JSON document on one line.
    pub(crate) fn document<T: Serialize>(&mut self, document: &T) -> Result<(), CliError> {
        self.documented = true;
        serde_json::to_writer(&mut self.out, document)?;
        Ok(writeln!(self.out)?)
    }

    /// With `--json`, writes why the command failed, unless it has printed its own document, which says what it found.
    pub(crate) fn failure(&mut self, error: &CliError) -> Result<(), CliError> {
        if self.json && !self.documented { self.document(&error.document()) } else { Ok(()) }
    }

    /// Writes `document` with `--json`, else calls `text`.
    pub(crate) fn either<T: Serialize>(
        &mut self,
        document: &T,
        text: impl FnOnce(&mut Self) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        if self.json { self.document(document) } else { text(self) }
    }

    /// Lets a reader see what was written so far.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        Ok(self.out.flush()?)
    }

    /// Writes what is still buffered.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        self.flush()
    }
}

/// Says something to the person at the terminal: one line on stderr.
pub(crate) fn tell(line: impl fmt::Display) -> Result<(), CliError> {
    Ok(writeln!(io::stderr().lock(), "{line}")?)
}

/// A table with a line under its head and nothing else drawn. A column whose title ends in `>` is aligned right.
pub(crate) fn table<const N: usize>(titles: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(titles.map(|title| title.trim_end_matches('>')));
    for row in rows {
        table.add_row(row);
    }
    for (index, title) in titles.iter().enumerate() {
        let Some(column) = table.column_mut(index) else { continue };
        column.set_padding((0, 2));
        if title.ends_with('>') {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

/// `1 frame`, `2 frames`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Serializes a value as the text it shows: how money, prices and quantities leave the program.
pub(crate) fn as_text<T: fmt::Display, S: serde::Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_need_no_color_and_leave_no_trailing_space() {
        let rows = [["KXA-1".to_owned(), "0.4200".to_owned()], ["KXLONGER-1".to_owned(), "1".to_owned()]];
        let shown = table(["market", "price>"], rows);
        assert_eq!(shown, "market       price\nKXA-1       0.4200\nKXLONGER-1       1");
    }
}
