//! Times reading, indexing, nominating and proving at catalogue scale.
//!
//! `scale pairs [COUNT] [SEED]`: seeded variations of both venues. `scale titles A B TRUTH`: bare titles and the true lines.
//! `scale catalog KALSHI.jsonl POLYMARKET.jsonl`: catalogues as the venues list them (`title` or `question` a line).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its terminal")]

use std::error::Error;
use std::time::{Duration, Instant};

use brier_pairing::index::Scratch;
use brier_pairing::variation::{self, Chance};
use brier_pairing::{Contract, Index, Listing, TextIndex, read, verdict};
use brier_types::Venue;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["titles", a, b, truth] => titles(a, b, truth),
        ["catalog", kalshi, polymarket] => catalog(kalshi, polymarket),
        ["vary", kalshi, polymarket, count] => varied(kalshi, polymarket, count.parse()?),
        ["pairs", rest @ ..] => {
            let count = rest.first().map_or(Ok(50_000), |text| text.parse())?;
            let seed = rest.get(1).map_or(Ok(1), |text| text.parse())?;
            pairs(count, seed);
            Ok(())
        }
        _ => {
            eprintln!(
                "error: expected `pairs`, `titles A B TRUTH`, `catalog KALSHI POLYMARKET` or `vary KALSHI POLYMARKET COUNT`"
            );
            Ok(())
        }
    }
}

/// Splits `items` over two threads and keeps their order.
fn on_two<T: Sync, R: Send>(items: &[T], work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let (left, right) = items.split_at(items.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| work(right));
        let mut out = work(left);
        out.extend(second.join().unwrap_or_default());
        out
    })
}

fn read_all(listings: &[Listing]) -> Vec<Contract> {
    on_two(listings, |part| part.iter().cloned().map(read).collect())
}

fn pairs(count: usize, seed: u64) {
    let mut chance = Chance::new(seed);
    let made: Vec<_> = (0..count as u64).map(|serial| variation::pair(&mut chance, serial)).collect();
    let kalshi: Vec<Listing> = made.iter().map(|pair| pair.kalshi.clone()).collect();
    let polymarket: Vec<Listing> = made.iter().map(|pair| pair.polymarket.clone()).collect();
    cross(&kalshi, &polymarket);
}

/// Reads both sides, indexes the second, and pairs the first with it.
fn cross(kalshi: &[Listing], polymarket: &[Listing]) {
    let start = Instant::now();
    let first = read_all(kalshi);
    let second = read_all(polymarket);
    let read_time = start.elapsed();
    let start = Instant::now();
    let mut index = Index::new();
    for contract in &second {
        index.add(contract);
    }
    let index_time = start.elapsed();
    let start = Instant::now();
    let answers = on_two(&first, |part| {
        let mut scratch = Scratch::default();
        let mut tally = (0_usize, 0_usize, 0_usize, Duration::ZERO);
        for contract in part {
            let began = Instant::now();
            let found = index.candidates_with(contract, 8, &mut scratch);
            tally.0 += found.len();
            for candidate in &found {
                match verdict(contract, &second[candidate.slot as usize]).name() {
                    "same" | "inverse" => {
                        tally.1 += 1;
                        if std::env::var_os("SHOW").is_some() {
                            println!("{} || {}", contract.listing.title, second[candidate.slot as usize].listing.title);
                        }
                    }
                    "unproven" => tally.2 += 1,
                    _ => {}
                }
            }
            tally.3 = tally.3.max(began.elapsed());
        }
        vec![(tally, scratch.walked)]
    });
    let pair_time = start.elapsed();
    let examined: usize = answers.iter().map(|(tally, _)| tally.0).sum();
    let same: usize = answers.iter().map(|(tally, _)| tally.1).sum();
    let unproven: usize = answers.iter().map(|(tally, _)| tally.2).sum();
    let walked: u64 = answers.iter().map(|(_, walked)| walked).sum();
    let slowest = answers.iter().map(|(tally, _)| tally.3).max().unwrap_or_default();
    println!("sides              {} x {}", first.len(), second.len());
    println!("read               {:.3} s on two threads", read_time.as_secs_f64());
    println!("index              {:.3} s", index_time.as_secs_f64());
    println!("nominate and prove {:.3} s on two threads", pair_time.as_secs_f64());
    println!("total              {:.3} s", (read_time + index_time + pair_time).as_secs_f64());
    println!("list entries       {walked} walked");
    println!("candidates         {examined} proved, of {} possible pairs", first.len() * second.len());
    println!("same or inverse    {same}");
    println!("unproven           {unproven}");
    println!("slowest one        {:.3} ms against all", slowest.as_secs_f64() * 1e3);
    let start = Instant::now();
    let one = read(kalshi[kalshi.len() / 2].clone());
    let mut scratch = Scratch::default();
    let found = index.candidates_with(&one, 16, &mut scratch);
    let matches =
        found.iter().filter(|one_of| verdict(&one, &second[one_of.slot as usize]).matched().is_some()).count();
    println!(
        "one new market     {:.3} ms, {} candidates, {matches} matches",
        start.elapsed().as_secs_f64() * 1e3,
        found.len()
    );
    similarity(&first, &second);
    println!("peak memory        {}", peak_memory());
}

/// The way of others, on a sample: all pairs by shared words, best above a half.
fn similarity(first: &[Contract], second: &[Contract]) {
    let sample = 200.min(first.len());
    let bag = |contract: &Contract| {
        let mut words: Vec<String> = contract
            .listing
            .title
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    };
    let start = Instant::now();
    let bags: Vec<Vec<String>> = second.iter().map(bag).collect();
    let (mut claimed, mut proved) = (0, 0);
    for one in first.iter().step_by(first.len().div_ceil(sample).max(1)) {
        let own = bag(one);
        let best = bags
            .iter()
            .enumerate()
            .map(|(at, other)| {
                let shared = own.iter().filter(|word| other.binary_search(word).is_ok()).count();
                (shared * 1_000 / (own.len() + other.len() - shared).max(1), at)
            })
            .max();
        if let Some((score, at)) = best
            && score >= 500
        {
            claimed += 1;
            proved += usize::from(verdict(one, &second[at]).matched().is_some());
        }
    }
    println!(
        "by similarity      {claimed} claimed on a sample of {sample}, {proved} of them provable, {:.3} s",
        start.elapsed().as_secs_f64()
    );
}

fn titles(a: &str, b: &str, truth: &str) -> Outcome {
    let (a, b, truth) = (std::fs::read_to_string(a)?, std::fs::read_to_string(b)?, std::fs::read_to_string(truth)?);
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let start = Instant::now();
    let mut index = TextIndex::new();
    for title in &b {
        index.add(title);
    }
    let built = start.elapsed();
    let best = on_two(&a, |part| {
        let mut scratch = Scratch::default();
        part.iter().map(|title| index.best(title, 1, &mut scratch).first().map(|one| one.slot)).collect()
    });
    let time = start.elapsed();
    let (mut hits, mut all) = (0, 0);
    for line in truth.lines() {
        let Some((one, two)) = line.split_once('\t') else { continue };
        let (one, two): (usize, usize) = (one.parse()?, two.parse()?);
        all += 1;
        let hit = best[one].is_some_and(|slot| b[slot as usize] == b[two]);
        hits += usize::from(hit);
        if !hit && std::env::var_os("SHOW").is_some() {
            println!("{} || {} || {}", a[one], b[two], best[one].map_or("", |slot| b[slot as usize]));
        }
    }
    println!(
        "titles {} x {}  index {:.3} s  total {:.3} s  top-1 {hits} of {all}",
        a.len(),
        b.len(),
        built.as_secs_f64(),
        time.as_secs_f64()
    );
    Ok(())
}

fn listings(path: &str, venue: Venue) -> Result<Vec<Listing>, Box<dyn Error>> {
    let text = std::fs::read_to_string(path)?;
    let mut out = Vec::new();
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        let part = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or("").to_owned();
        let title = if venue == Venue::Kalshi { part("title") } else { part("question") };
        let id = if venue == Venue::Kalshi { part("event_ticker") } else { part("conditionId") };
        let outcomes = value.get("outcomes").and_then(serde_json::Value::as_array).into_iter().flatten();
        out.push(Listing {
            rules: part("description"),
            ends: part("endDate"),
            subtitle: if venue == Venue::Kalshi { part("sub_title") } else { String::new() },
            outcomes: outcomes.filter_map(serde_json::Value::as_str).map(str::to_owned).collect(),
            ..Listing::new(venue, &id, &title)
        });
    }
    Ok(out)
}

fn catalog(kalshi: &str, polymarket: &str) -> Outcome {
    cross(&listings(kalshi, Venue::Kalshi)?, &listings(polymarket, Venue::Polymarket)?);
    Ok(())
}

/// Both catalogues' titles varied up to `count` a side.
fn varied(kalshi: &str, polymarket: &str, count: usize) -> Outcome {
    let mut chance = Chance::new(7);
    let mut grow = |from: Vec<Listing>| -> Vec<Listing> {
        let venue = from[0].venue;
        let make = |(at, listing): (usize, &Listing), chance: &mut Chance| Listing {
            outcomes: listing.outcomes.clone(),
            ..Listing::new(venue, &format!("X-{at}"), &variation::vary(&listing.title, chance))
        };
        from.iter().cycle().take(count).enumerate().map(|one| make(one, &mut chance)).collect()
    };
    let kalshi = grow(listings(kalshi, Venue::Kalshi)?);
    let polymarket = grow(listings(polymarket, Venue::Polymarket)?);
    cross(&kalshi, &polymarket);
    Ok(())
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
