//! Times reading, indexing, nominating and proving at catalogue scale, and holds the way of others beside it.
//!
//! `scale all DATA [TITLES]`: every figure that the project states; DATA is the folder of recorded sets, TITLES that of
//! the titles workload. `scale pairs [COUNT] [SEED]`: seeded pairs with known answers. `scale titles FOLDER`: the
//! workload alone. `scale catalogs DATA`: the recorded catalogues and their variations alone. With `SHOW` set, matches
//! and misses are printed.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its terminal")]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use brier_pairing::index::Scratch;
use brier_pairing::listing::record::Records;
use brier_pairing::variation::{self, Chance, Change};
use brier_pairing::{Contract, Index, Listing, TextIndex, Verdict, read, verdict};
use brier_types::Venue;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Candidates of each market that are judged.
const MOST: usize = 8;
/// How many titles the way of others is measured on: it compares each with all.
const SAMPLE: usize = 200;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["all", data] => all(data, None),
        ["all", data, titles] => all(data, Some(titles)),
        ["catalogs", data] => catalogs(data),
        ["titles", folder] => workload(folder),
        ["pairs"] => pairs("50000", "1"),
        ["pairs", count] => pairs(count, "1"),
        ["pairs", count, seed] => pairs(count, seed),
        _ => Err("expected `all DATA [TITLES]`, `catalogs DATA`, `titles FOLDER` or `pairs [COUNT] [SEED]`".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn all(data: &str, titles: Option<&str>) -> Outcome {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    let build = if cfg!(debug_assertions) { "debug build: its times say nothing" } else { "release build" };
    println!("{build}, two threads, load average {}", load.join(" "));
    catalogs(data)?;
    pairs("50000", "1")?;
    if let Some(folder) = titles {
        workload(folder)?;
    }
    Ok(())
}

/// The recorded catalogues as they are, with rules where there are any, and grown to 50,000 a side.
fn catalogs(data: &str) -> Outcome {
    let data = Path::new(data);
    let kalshi = listings(&data.join("catalog/kalshi_events_2026-02-01.jsonl.zst"), Venue::Kalshi)?;
    let polymarket = listings(&data.join("catalog/polymarket_markets_2026-03-11.jsonl.zst"), Venue::Polymarket)?;
    println!("\n== both catalogues as they are: Kalshi's events by title, Polymarket's markets with rules");
    drop(cross(&kalshi, &polymarket, Duration::ZERO));
    println!("\n== Kalshi's events with rules against the same Polymarket catalogue");
    let rules = listings(&data.join("rules/kalshi_events_with_rules_2026-03-01.jsonl.zst"), Venue::Kalshi)?;
    drop(cross(&rules, &polymarket, Duration::ZERO));
    println!("\n== titles of July");
    let july = |venue: Venue, name: &str| listings(&data.join("catalog").join(name), venue);
    let first = july(Venue::Kalshi, "kalshi_titles_2026-07-02.jsonl.zst")?;
    drop(cross(&first, &july(Venue::Polymarket, "polymarket_titles_2026-07-02.jsonl.zst")?, Duration::ZERO));
    println!("\n== seeded variations of both catalogues, 50,000 a side, 5,000 pairs and 5,000 near misses planted");
    let start = Instant::now();
    let (first, second, planted) = grown(&kalshi, &polymarket, 50_000, 7);
    let made = start.elapsed();
    let (first, second) = cross(&first, &second, made);
    score(&first, &second, &planted);
    Ok(())
}

/// What was planted for a Kalshi title: its slot on the other side, and whether that asks the same.
type Planted = BTreeMap<usize, (usize, bool)>;

/// Both catalogues' titles varied up to `count` a side. Every tenth title of the first also stands on the second side
/// as it is, and another tenth with one number raised.
fn grown(kalshi: &[Listing], polymarket: &[Listing], count: usize, seed: u64) -> (Vec<Listing>, Vec<Listing>, Planted) {
    let mut chance = Chance::new(seed);
    let mut vary = |from: &[Listing], count: usize| -> Vec<Listing> {
        let make = |(at, listing): (usize, &Listing)| Listing {
            outcomes: listing.outcomes.clone(),
            ..Listing::new(listing.venue, &format!("X-{at}"), &variation::vary(&listing.title, &mut chance))
        };
        from.iter().cycle().take(count).enumerate().map(make).collect()
    };
    let first = vary(kalshi, count);
    let mut second = vary(polymarket, count - count / 5);
    let mut planted = Planted::new();
    for at in (0..count).step_by(5) {
        let same = at % 10 == 0;
        let title =
            if same { Some(first[at].title.clone()) } else { variation::another(&first[at].title, &mut chance) };
        let slot = second.len();
        let title = title.unwrap_or_else(|| variation::vary(&polymarket[at % polymarket.len()].title, &mut chance));
        if title != first[at].title || same {
            planted.insert(at, (slot, same));
        }
        let outcomes = vec!["Yes".to_owned(), "No".to_owned()];
        second.push(Listing { outcomes, ..Listing::new(Venue::Polymarket, &format!("X-{slot}"), &title) });
    }
    (first, second, planted)
}

/// Seeded pairs with known answers.
fn pairs(count: &str, seed: &str) -> Outcome {
    let (count, seed): (usize, u64) = (count.parse()?, seed.parse()?);
    println!("\n== seeded pairs of both venues' wordings, half of them with one fact changed, {count} a side");
    let start = Instant::now();
    let mut chance = Chance::new(seed);
    let made: Vec<_> = (0..count as u64).map(|serial| variation::pair(&mut chance, serial)).collect();
    let planted = made.iter().enumerate().map(|(at, pair)| (at, (at, pair.change == Change::None))).collect();
    let (kalshi, polymarket): (Vec<Listing>, Vec<Listing>) =
        made.into_iter().map(|pair| (pair.kalshi, pair.polymarket)).unzip();
    let (first, second) = cross(&kalshi, &polymarket, start.elapsed());
    score(&first, &second, &planted);
    Ok(())
}

/// Wall time and the process's CPU time since its start.
struct Watch {
    wall: Instant,
    cpu: Option<Duration>,
}

impl Watch {
    fn start() -> Self {
        Self { wall: Instant::now(), cpu: cpu() }
    }

    fn read(&self) -> (Duration, Option<Duration>) {
        (self.wall.elapsed(), cpu().zip(self.cpu).map(|(now, then)| now.saturating_sub(then)))
    }
}

/// `1.234 s, 2.10 s of CPU`.
fn seconds((wall, cpu): (Duration, Option<Duration>)) -> String {
    let cpu = cpu.map_or_else(String::new, |cpu| format!(", {:.2} s of CPU", cpu.as_secs_f64()));
    format!("{:.3} s{cpu}", wall.as_secs_f64())
}

/// CPU time of all threads so far, in hundredths of a second, where the system tells.
fn cpu() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
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

#[derive(Default)]
struct Tally {
    candidates: usize,
    walked: u64,
    verdicts: BTreeMap<&'static str, usize>,
    bases: BTreeMap<String, usize>,
}

/// Reads both sides, indexes the second, pairs the first with it, and says what it took.
fn cross(kalshi: &[Listing], polymarket: &[Listing], made: Duration) -> (Vec<Contract>, Vec<Contract>) {
    forget_peak();
    let whole = Watch::start();
    let watch = Watch::start();
    let first = read_all(kalshi);
    let second = read_all(polymarket);
    let read_time = watch.read();
    let watch = Watch::start();
    let mut index = Index::new();
    for contract in &second {
        index.add(contract);
    }
    let index_time = watch.read();
    let watch = Watch::start();
    let tallies = on_two(&first, |part| {
        let mut scratch = Scratch::default();
        let mut tally = Tally::default();
        for contract in part {
            for candidate in index.candidates_with(contract, MOST, &mut scratch) {
                let other = &second[candidate.slot as usize];
                let found = verdict(contract, other);
                tally.candidates += 1;
                *tally.verdicts.entry(found.name()).or_default() += 1;
                if let Some(matched) = found.matched() {
                    *tally.bases.entry(matched.basis.to_string()).or_default() += 1;
                    show(|| format!("{} || {}", contract.listing.title, other.listing.title));
                }
            }
        }
        tally.walked = scratch.walked;
        vec![tally]
    });
    let (pair_time, total) = (watch.read(), whole.read());
    let mut sum = Tally::default();
    for tally in tallies {
        sum.candidates += tally.candidates;
        sum.walked += tally.walked;
        tally.verdicts.into_iter().for_each(|(name, count)| *sum.verdicts.entry(name).or_default() += count);
        tally.bases.into_iter().for_each(|(name, count)| *sum.bases.entry(name).or_default() += count);
    }
    let words = |map: &BTreeMap<&'static str, usize>| {
        map.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
    };
    let bases: Vec<String> = sum.bases.iter().map(|(name, count)| format!("{count} on {name}")).collect();
    println!("sides              {} x {}", first.len(), second.len());
    if made > Duration::ZERO {
        println!("generate           {:.3} s", made.as_secs_f64());
    }
    println!("read               {}", seconds(read_time));
    println!("index              {}", seconds(index_time));
    println!("nominate and judge {}", seconds(pair_time));
    println!("total              {}", seconds((total.0 + made, total.1.map(|cpu| cpu + made))));
    println!(
        "candidates         {} judged of {} possible pairs, {} list entries walked",
        sum.candidates,
        first.len() * second.len(),
        sum.walked
    );
    println!("verdicts           {}", words(&sum.verdicts));
    println!(
        "matches rest       {}",
        if bases.is_empty() { "on nothing: there are none".to_owned() } else { bases.join(", ") }
    );
    println!("one new market     {}", one_new(kalshi, &index, &second));
    println!("peak memory        {}", peak_memory());
    (first, second)
}

/// A market that appears: read, its candidates found, each judged, against everything on the other side.
fn one_new(kalshi: &[Listing], index: &Index, second: &[Contract]) -> String {
    let mut scratch = Scratch::default();
    let mut times: Vec<Duration> = Vec::new();
    let watch = Watch::start();
    for listing in kalshi.iter().step_by(kalshi.len().div_ceil(2_000).max(1)) {
        let listing = listing.clone();
        let start = Instant::now();
        let one = read(listing);
        let found = index.candidates_with(&one, MOST, &mut scratch);
        let judged =
            found.iter().filter(|candidate| verdict(&one, &second[candidate.slot as usize]).matched().is_some());
        std::hint::black_box(judged.count());
        times.push(start.elapsed());
    }
    let mean = watch.read().1.map_or(f64::NAN, |cpu| cpu.as_secs_f64() * 1e3 / times.len().max(1) as f64);
    times.sort_unstable();
    let at =
        |per_mille: usize| times.get(times.len() * per_mille / 1_000).or(times.last()).copied().unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    format!(
        "p50 {:.3} ms, p99 {:.3} ms, slowest {:.3} ms, mean of CPU {mean:.3} ms, {} measured",
        ms(at(500)),
        ms(at(990)),
        ms(times.last().copied().unwrap_or_default()),
        times.len()
    )
}

/// How many planted pairs were found and how many near misses taken for pairs: by proof over all of them, and by title
/// similarity, each with all, on a sample.
fn score(first: &[Contract], second: &[Contract], planted: &Planted) {
    let mut index = Index::new();
    for contract in second {
        index.add(contract);
    }
    let mut scratch = Scratch::default();
    let (mut pairs, mut found, mut wrong, mut understood) = (0, 0, 0, 0);
    for (at, (slot, same)) in planted {
        let one = &first[*at];
        let other = &second[*slot];
        let matched = index.candidates_with(one, MOST, &mut scratch).iter().any(|candidate| {
            let hit = &second[candidate.slot as usize];
            // Another slot with the same words is the same question.
            hit.listing.title == other.listing.title
                && matches!(verdict(one, hit), Verdict::Same(_) | Verdict::Inverse(_))
        });
        pairs += usize::from(*same);
        found += usize::from(*same && matched);
        wrong += usize::from(!*same && matched);
        understood += usize::from(*same && matches!(verdict(one, one), Verdict::Same(_)));
        if *same && !matched {
            show(|| format!("missed {} || {}\n{}", one.listing.title, other.listing.title, verdict(one, other)));
        }
        if !*same && matched {
            show(|| format!("WRONG {} || {}", one.listing.title, other.listing.title));
        }
    }
    println!(
        "by proof           {found} of {pairs} planted pairs found ({understood} of them are understood at all), {wrong} \
         of {} near misses taken for pairs",
        planted.len() - pairs
    );
    similarity(first, second, planted);
}

/// The words of a title, each once, in order.
fn bag(title: &str) -> Vec<String> {
    let words = title.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_lowercase).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The share of words in common, in thousandths.
fn alike(one: &[String], two: &[String]) -> usize {
    let shared = one.iter().filter(|word| two.binary_search(word).is_ok()).count();
    shared * 1_000 / (one.len() + two.len() - shared).max(1)
}

/// The way of others: each title with all, the most alike counts from half of the words in common.
fn similarity(first: &[Contract], second: &[Contract], planted: &Planted) {
    let start = Instant::now();
    let bags: Vec<Vec<String>> = second.iter().map(|contract| bag(&contract.listing.title)).collect();
    let step = planted.len().div_ceil(SAMPLE).max(1);
    // An odd step meets pairs and near misses alike.
    let sample: Vec<_> = planted.iter().step_by(step | 1).collect();
    let (mut claimed, mut right, mut pairs) = (0, 0, 0);
    for (at, (slot, same)) in &sample {
        let own = bag(&first[**at].listing.title);
        let best = bags.iter().enumerate().map(|(at, other)| (alike(&own, other), at)).max();
        pairs += usize::from(*same);
        if let Some((score, found)) = best
            && score >= 500
        {
            claimed += 1;
            right += usize::from(*same && second[found].listing.title == second[*slot].listing.title);
        }
    }
    let time = start.elapsed().as_secs_f64();
    println!(
        "by similarity      {claimed} of {} sampled are claimed, {right} of them right: precision {:.3}; {right} of \
         {pairs} pairs found; {time:.3} s, for all of them {:.0} s",
        sample.len(),
        right as f64 / f64::from(claimed.max(1)),
        time / sample.len().max(1) as f64 * first.len() as f64
    );
}

/// The titles workload: the best title of the other side by text alone.
fn workload(folder: &str) -> Outcome {
    println!("\n== titles workload: the most alike title by text alone");
    let file = |name: &str| {
        std::fs::read_to_string(Path::new(folder).join(name)).map_err(|error| format!("{folder}/{name}: {error}"))
    };
    let (a, b, truth) = (file("titles_a.txt")?, file("titles_b.txt")?, file("titles_truth.tsv")?);
    let (a, b): (Vec<&str>, Vec<&str>) = (a.lines().collect(), b.lines().collect());
    let mut answers = Vec::new();
    for line in truth.lines() {
        let (one, two) = line.split_once('\t').ok_or("titles_truth.tsv: expected two numbers a line")?;
        answers.push((one.parse::<usize>()?, two.parse::<usize>()?));
    }
    let mut times = Vec::new();
    let mut best = Vec::new();
    for _ in 0..5 {
        let watch = Watch::start();
        let mut index = TextIndex::new();
        for title in &b {
            index.add(title);
        }
        best = on_two(&a, |part| {
            let mut scratch = Scratch::default();
            part.iter().map(|title| index.best(title, 1, &mut scratch).first().map(|one| one.slot)).collect()
        });
        times.push(watch.read());
    }
    times.sort_unstable();
    let mut hits = 0;
    for (one, two) in &answers {
        let hit = best[*one].is_some_and(|slot| b[slot as usize] == b[*two]);
        hits += usize::from(hit);
        if !hit {
            show(|| format!("{} || {} || {}", a[*one], b[*two], best[*one].map_or("", |slot| b[slot as usize])));
        }
    }
    let share = |part: usize, whole: usize| part as f64 * 100.0 / whole.max(1) as f64;
    println!(
        "by index           {} x {}, top-1 {hits} of {} ({:.1} %), {} to {} in five rounds (aim 0.35 s)",
        a.len(),
        b.len(),
        answers.len(),
        share(hits, answers.len()),
        seconds(times[0]),
        seconds(times[4])
    );
    let start = Instant::now();
    let bags: Vec<Vec<String>> = b.iter().map(|title| bag(title)).collect();
    let sample: Vec<_> = answers.iter().step_by(answers.len().div_ceil(SAMPLE).max(1)).collect();
    let mut right = 0;
    for (one, two) in &sample {
        let own = bag(a[*one]);
        let best = bags.iter().enumerate().map(|(at, other)| (alike(&own, other), at)).max();
        right += usize::from(best.is_some_and(|(_, found)| b[found] == b[*two]));
    }
    let time = start.elapsed().as_secs_f64();
    println!(
        "by similarity      top-1 {right} of {} sampled ({:.1} %), {time:.3} s, for all of them {:.0} s",
        sample.len(),
        share(right, sample.len()),
        time / sample.len().max(1) as f64 * a.len() as f64
    );
    Ok(())
}

/// The listings of a recording, plain or zstd, one document a line.
fn listings(path: &Path, venue: Venue) -> Outcome<Vec<Listing>> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    let mut text = String::new();
    if bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let mut decoder = ruzstd::decoding::StreamingDecoder::new(bytes.as_slice()).map_err(|error| failed(&error))?;
        decoder.read_to_string(&mut text).map_err(|error| failed(&error))?;
    } else {
        text = String::from_utf8(bytes).map_err(|error| failed(&error))?;
    }
    let mut records = Records::default();
    for (at, line) in text.lines().enumerate() {
        records.add(venue, at + 1, line).map_err(|error| failed(&error))?;
    }
    Ok(records.records.into_iter().map(|record| record.listing).collect())
}

fn show(line: impl FnOnce() -> String) {
    if std::env::var_os("SHOW").is_some() {
        println!("  {}", line());
    }
}

/// Begins a new peak, where the system can.
fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    found.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
