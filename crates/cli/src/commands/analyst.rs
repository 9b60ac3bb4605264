//! `brier analyst`: what the analysts of a configuration think of a market, and why.

use std::path::PathBuf;

use brier_kalshi::clock::Clock;
use brier_runtime::analysts::ask::{self, Answered, AskError, Question};
use brier_runtime::analysts::told::{ChangeLine, DriverLine, EvidenceLine, OpinionLine, QuoteLine, SilenceLine, plain};
use brier_runtime::analysts::{Formed, Silence, terms};
use brier_runtime::config::{Config, MarketName};
use brier_types::Timestamp;
use serde::Serialize;

use super::config::ConfigArgs;
use crate::error::{CliError, EXIT_FAILURE, EXIT_OK};
use crate::output::{Output, table};
use crate::venue::{block_on, read_ready, ready_file};

/// Ask the analysts of a configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Ask(AskArgs),
}

/// What the analysts of CONFIG think of a market now, and why
///
/// Each analyst that names MARKET reads its question, rules and close from its venue, and its numbers from the feeds of CONFIG,
/// each asked once. It is shown no price; the market's own is looked at when all have answered, and printed beside them. A
/// language model costs money, from the budget of CONFIG. Exit status 1 if nobody has an opinion.
#[derive(Debug, clap::Args)]
struct AskArgs {
    /// The configuration with its `[[analyst]]` tables, in TOML
    #[arg(value_name = "CONFIG")]
    config: PathBuf,

    /// The market: `kalshi:TICKER` or `polymarket:0x…`
    #[arg(value_name = "MARKET")]
    market: String,

    /// Ask this one only, also one that is off, or one that reads about a market that it does not name
    #[arg(long, value_name = "NAME")]
    analyst: Option<String>,

    /// Facts to read beside the feeds' and before them, one JSON object a line:
    /// {"series":TEXT,"value":NUMBER,"as_of":TIME,"valid_for_s":NUMBER}
    #[arg(long, value_name = "FILE")]
    facts: Option<PathBuf>,

    /// The market's terms, in the place of its venue's, which is not asked then:
    /// {"question":TEXT,"rules":TEXT,"closes_at":TIME}, with "resolution_source" and "strike" where there are
    #[arg(long, value_name = "FILE")]
    listing: Option<PathBuf>,

    /// Use another value than the files and the environment say; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Serialize)]
struct Document {
    market: String,
    question: String,
    closes_at: Option<String>,
    notes: Vec<String>,
    answers: Vec<Answer>,
    /// The best of the market's book after everybody had answered.
    market_quote: Option<QuoteLine>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Opinion(Box<OpinionLine>),
    Silence(SilenceLine),
}

/// Asks.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<u8, CliError> {
    let Command::Ask(args) = &args.command;
    let market = MarketName::parse(&args.market).map_err(|error| CliError::usage(format!("MARKET: {error}")))?;
    let given = ConfigArgs { config: Some(args.config.clone()), set: args.set.clone() };
    let (config, environment) = given.demand()?;
    let question = question(args, market.clone(), &config)?;
    let answered = block_on(async {
        // What it holds across its waits is large.
        Box::pin(ask::ask(&config, &environment, question)).await.map_err(|error| unasked(&error))
    })?;
    let document = document(&market, answered);
    output.either(&document, |output| output.line(shown(&document)))?;
    let has_opinion = document.answers.iter().any(|answer| matches!(answer, Answer::Opinion(_)));
    Ok(if has_opinion { EXIT_OK } else { EXIT_FAILURE })
}

fn question(args: &AskArgs, market: MarketName, config: &Config) -> Result<Question, CliError> {
    let facts = match &args.facts {
        None => Vec::new(),
        Some(path) => {
            let failed = |problem: &dyn std::fmt::Display| {
                CliError::failure(format!("{}: {problem}", path.display())).hint(
                    "write one fact a line: {\"series\":\"spot:BTC\",\"value\":98500.5,\"as_of\":\"2026-11-28T12:00:00Z\",\"valid_for_s\":60}",
                )
            };
            let text = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
            brier_runtime::remote::read_facts(&text, Clock::local_now()).map_err(|error| failed(&error))?
        }
    };
    let terms = match &args.listing {
        None => None,
        Some(path) => Some(terms::read_file(path, &market).map_err(|problem| {
            CliError::failure(problem).hint(
                "write {\"question\":TEXT,\"rules\":TEXT,\"closes_at\":TIME}, with \"resolution_source\" and \"strike\" where there are",
            )
        })?),
    };
    // A run with an exchange of its own says here where it is.
    let ready = ready_file(&config.paper.data_dir);
    let ready = if config.embeds() && ready.is_file() { Some(read_ready(&ready)?) } else { None };
    let kalshi = ready.as_ref().and_then(|ready| brier_kalshi::Env::local(&ready.rest).ok());
    let polymarket = ready.and_then(|ready| brier_polymarket::Env::local(&ready.polymarket?.clob).ok());
    Ok(Question { market, analyst: args.analyst.clone(), facts, terms, kalshi, polymarket })
}

fn unasked(error: &AskError) -> CliError {
    let told = CliError::failure(error.to_string());
    match error.hint() {
        Some(hint) => told.hint(hint),
        None => told,
    }
}

fn document(market: &MarketName, answered: Answered) -> Document {
    let (question, close) = ask::headline(&answered.terms);
    let quote = answered.quote;
    let answer = |(name, answer): (String, Result<Formed, Silence>)| match answer {
        Ok(formed) => {
            let mut line = OpinionLine::new(&formed.opinion, &formed.fair);
            line.market_quote.clone_from(&quote);
            Answer::Opinion(Box::new(line))
        }
        Err(why) => Answer::Silence(SilenceLine::new(&name, market, &why, Clock::local_now())),
    };
    let answers = answered.answers.into_iter().map(answer).collect();
    Document {
        market: market.to_string(),
        question,
        closes_at: close.map(|close| close.to_string()),
        notes: answered.notes.iter().map(|note| plain(note)).collect(),
        answers,
        market_quote: quote,
    }
}

fn shown(document: &Document) -> String {
    let mut parts = vec![format!("{}  {}", document.market, document.question)];
    parts.extend(document.closes_at.iter().map(|close| format!("closes  {close}")));
    parts.extend(document.notes.iter().map(|note| format!("note  {note}")));
    parts.extend(document.answers.iter().map(|answer| match answer {
        Answer::Opinion(line) => format!("\n{}", opinion(line)),
        Answer::Silence(line) => {
            format!("\n{}  no opinion: {}\nwould help  {}", line.analyst, line.why, line.would_help)
        }
    }));
    parts.push(format!("\n{}", market(document)));
    parts.join("\n")
}

fn opinion(line: &OpinionLine) -> String {
    let from = line.baseline.map_or_else(String::new, |baseline| format!(", from {baseline:.2} at the baselines"));
    let (low, high, level) = (line.interval.low, line.interval.high, line.interval.level * 100.0);
    let mut parts =
        vec![format!("{}  {:.2} ({low:.2} to {high:.2} at {level:.0} %){from}", line.analyst, line.probability)];
    let drivers =
        line.drivers.iter().map(|it| [it.sign.to_owned(), format!("{:.3}", it.weight), it.name.clone(), evidence(it)]);
    if !line.drivers.is_empty() {
        parts.push(table(["why", "weight>", "reason", "by"], drivers));
    }
    let changes = line.changes.iter().map(|it| [probability(it), it.what.clone()]);
    if !line.changes.is_empty() {
        parts.push(table(["would be>", "what would change it"], changes));
    }
    let sources = line.sources.iter().map(|it| {
        let age = it.age_s.map_or_else(|| "no date".to_owned(), |age| format!("{} old", time(age)));
        let title = if it.title == it.id { String::new() } else { it.title.clone() };
        [it.id.clone(), age, title]
    });
    if !line.sources.is_empty() {
        parts.push(table(["source", "age", "what it is"], sources));
    }
    parts.push(format!("good for  {}, as of {}", time(left(line)), line.as_of));
    parts.join("\n")
}

/// Seconds from the opinion until it may not decide any more: it ends by the age of its numbers.
fn left(line: &OpinionLine) -> f64 {
    let (at, as_of) = (line.at.parse::<Timestamp>(), line.as_of.parse::<Timestamp>());
    let age = at.ok().zip(as_of.ok()).map_or(0.0, |(at, as_of)| at.since(as_of).as_secs_f64());
    (line.valid_for_s - age).max(0.0)
}

fn probability(change: &ChangeLine) -> String {
    change.probability.map_or_else(|| "-".to_owned(), |probability| format!("{probability:.2}"))
}

fn evidence(driver: &DriverLine) -> String {
    let one = |evidence: &EvidenceLine| match evidence {
        EvidenceLine::Fact { series, value, as_of } => format!("{value} of {series} at {as_of}"),
        EvidenceLine::Stated { value } => format!("{value}, stated"),
        EvidenceLine::Quote { source, text } => format!("{source}: \"{text}\""),
    };
    driver.evidence.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn market(document: &Document) -> String {
    let Some(QuoteLine { bid, ask, mid }) = &document.market_quote else {
        return "market  its book was not read, or nobody quotes".to_owned();
    };
    let side = |price: &Option<String>| price.clone().unwrap_or_else(|| "-".to_owned());
    let mut parts = vec![format!("market  bid {}, ask {}, middle {} $", side(bid), side(ask), side(mid))];
    // For people: no order follows from it.
    if let Some(mid) = mid.as_deref().and_then(|mid| mid.parse::<f64>().ok()) {
        parts.extend(document.answers.iter().filter_map(|answer| match answer {
            Answer::Opinion(line) => {
                Some(format!("{}  {:+.3} against the middle", line.analyst, line.probability - mid))
            }
            Answer::Silence(_) => None,
        }));
    }
    parts.join("\n")
}

fn time(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        120.0..7_200.0 => format!("{:.0} min", seconds / 60.0),
        7_200.0..172_800.0 => format!("{:.0} h", seconds / 3_600.0),
        _ => format!("{:.0} d", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_market_stands_beside_the_opinion() {
        let quote = |bid: &str, ask: &str| QuoteLine::new(bid.parse().ok(), ask.parse().ok());
        let of = |market_quote| Document {
            market: "kalshi:A-1".to_owned(),
            question: "Q?".to_owned(),
            closes_at: None,
            notes: Vec::new(),
            answers: Vec::new(),
            market_quote,
        };
        assert_eq!(market(&of(quote("0.48", "0.51"))), "market  bid 0.4800, ask 0.5100, middle 0.49500 $");
        assert_eq!(market(&of(quote("0.48", ""))), "market  bid 0.4800, ask -, middle - $");
        assert_eq!(market(&of(None)), "market  its book was not read, or nobody quotes");
    }

    #[test]
    fn times_are_told_in_their_unit() {
        let all = [0.4, 119.0, 3_600.0, 10_800.0, 1e6];
        assert_eq!(all.map(time), ["0 s", "119 s", "60 min", "3 h", "12 d"]);
    }
}
