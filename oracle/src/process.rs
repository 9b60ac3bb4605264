//! A judge that runs as a process: cases to its standard input, answers from its standard output, a line each.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Serialize;

use crate::answer::Line;
use crate::case::Case;
use crate::ours::Ours;
use crate::rounding::Judge;
use crate::verdict::Tally;

/// A case with what Brier made of it.
#[derive(Serialize)]
struct Question<'a> {
    #[serde(flatten)]
    case: &'a Case,
    ours: Amounts,
}

#[derive(Serialize)]
struct Amounts {
    maker_amount: String,
    taker_amount: String,
}

/// Asks `program words…` about all cases.
pub(crate) fn judge(judge: Judge, program: &Path, words: &[PathBuf], cases: &[(Case, Ours)]) -> Result<Tally> {
    let mut child = Command::new(program)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", program.display()))?;
    let mut input = child.stdin.take().context("the child's input is piped")?;
    let output = BufReader::new(child.stdout.take().context("the child's output is piped")?);
    let lines = cases.iter().map(|(case, ours)| serde_json::to_string(&Question { case, ours: amounts(ours) }));
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    // A writer of its own: the child may answer before it has read all, and neither may wait for the other.
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let mut tally = Tally::default();
    let mut asked = cases.iter();
    for line in output.lines() {
        let line = line?;
        let (case, ours) = asked.next().context("more answers than cases")?;
        let parsed = serde_json::from_str(&line).with_context(|| format!("no answer: {line}"))?;
        let id = match parsed {
            Line::Error { id, error } => {
                tally.fail(case, &format!("refused: {error}"));
                id
            }
            Line::Skipped { id, skipped } => {
                tally.skip(&skipped);
                id
            }
            Line::Answer { id, answer } => {
                tally.add(judge, case, ours, &answer);
                id
            }
        };
        ensure!(id == case.id, "an answer to case {id} where case {} was asked", case.id);
    }
    let status = child.wait()?;
    if !status.success() || asked.next().is_some() {
        bail!("{} stopped before it had answered all cases: {status}", judge.name());
    }
    writer.join().map_err(|_panic| anyhow::anyhow!("the writer panicked"))??;
    Ok(tally)
}

fn amounts(ours: &Ours) -> Amounts {
    Amounts { maker_amount: ours.order.maker_amount.to_string(), taker_amount: ours.order.taker_amount.to_string() }
}
