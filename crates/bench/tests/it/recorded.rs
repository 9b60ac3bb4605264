//! Recorded Kalshi streams through decoder and books: no gap, no impossible level, no lasting cross.
//!
//! The excerpts in the repository always run. The full sets run when `../shared/data` is there: two files of each, and all
//! of them with `BRIER_ALL_RECORDINGS=1` (best in release: 3.3 million frames).

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use brier_bench::decode::Feed;
use brier_book::{SequencePolicy, Trust, Untrusted};
use brier_kalshi_protocol::stream::{Frame, decode, decode_any_layout, unknown_fields};

const GOLD: &str = include_str!("../../../kalshi-protocol/src/stream/testdata/gold15m.ndjson");
const BTC: &str = include_str!("../../../kalshi-protocol/src/stream/testdata/btc15m.ndjson");
const MLB: &str = include_str!("../../../kalshi-protocol/src/stream/testdata/mlb_twelve_markets.ndjson");

/// What a replay of one recording showed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Replay {
    frames: u64,
    changed: u64,
    snapshots: u64,
    refused: u64,
    gaps: u64,
    ignored: u64,
    /// Frames after which the book they changed was crossed.
    crossed: u64,
    /// Whether the book of the last change was trusted at the end.
    trusted: bool,
}

/// Feeds frames; the recorder's frame that announces a new subscription resets the counter as the connector would.
fn replay<'a>(frames: impl Iterator<Item = &'a str>, feed: &mut Feed, replay: &mut Replay) {
    for text in frames {
        let frame = decode(text).unwrap();
        assert_eq!(decode_any_layout(text).as_ref(), Ok(&frame), "{text}");
        if matches!(&frame, Frame::Other(other) if other.kind == "ws_connected") {
            feed.books.disconnect();
        }
        feed.take(text).unwrap();
        replay.frames += 1;
        let market = match &frame {
            Frame::Delta(delta) => &delta.market_ticker,
            Frame::Snapshot(snapshot) => &snapshot.market_ticker,
            Frame::Ticker(_) | Frame::Trade(_) | Frame::Other(_) => continue,
        };
        let crossed = feed.books.book_of(market).map(|book| matches!(book.view(), Err(Untrusted::Crossed { .. })));
        replay.crossed += u64::from(crossed == Some(true));
        replay.trusted = feed.books.book_of(market).is_some_and(|book| *book.trust() == Trust::Trusted);
    }
    let counts = feed.books.counts();
    replay.changed = counts.changed;
    replay.snapshots = counts.rebuilt;
    replay.refused = counts.refused;
    replay.gaps = counts.gaps;
    replay.ignored = counts.before_snapshot + counts.old + counts.other_subscription;
}

fn replayed<'a>(policy: SequencePolicy, frames: impl Iterator<Item = &'a str>) -> Replay {
    let (mut feed, mut result) = (Feed::new(policy), Replay::default());
    replay(frames, &mut feed, &mut result);
    result
}

#[test]
fn twelve_markets_on_one_subscription_have_no_gap() {
    let result = replayed(SequencePolicy::Continuous, MLB.lines());
    let expected =
        Replay { frames: 269, changed: 245, snapshots: 12, refused: 0, gaps: 0, ignored: 0, crossed: 0, trusted: true };
    assert_eq!(result, expected);
}

#[test]
fn one_missing_frame_of_twelve_markets_is_one_gap() {
    let frames = MLB.lines().enumerate().filter(|(index, _)| *index != 100).map(|(_, text)| text);
    let result = replayed(SequencePolicy::Continuous, frames);
    assert_eq!((result.gaps, result.refused), (1, 0));
    assert!(result.ignored > 100, "{result:?}");
}

#[test]
fn a_recording_of_one_market_of_many_increases() {
    let result = replayed(SequencePolicy::Increasing, GOLD.lines());
    assert_eq!((result.gaps, result.refused, result.crossed, result.snapshots), (0, 0, 0, 1));
    assert!(result.changed > 200, "{result:?}");
}

#[test]
fn a_recording_in_another_layout_has_no_gap() {
    let result = replayed(SequencePolicy::Continuous, BTC.lines());
    assert_eq!((result.gaps, result.refused, result.changed, result.snapshots), (0, 0, 193, 1));
}

/// The recorded files of a set in order, or none with a note when the data is not there.
fn files(set: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(set);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: no recordings in ../shared/data/{set}");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".ndjson.zst") && !path.to_string_lossy().contains("metadata"))
        .collect();
    files.sort();
    if std::env::var_os("BRIER_ALL_RECORDINGS").is_none() {
        files.truncate(2);
    }
    files
}

fn lines(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).unwrap();
    let text = ruzstd::decoding::StreamingDecoder::new(BufReader::new(file)).unwrap();
    BufReader::new(text).lines().map(Result::unwrap).collect()
}

#[test]
fn recorded_gold_windows_replay_without_fault() {
    for path in files("kalshi_ws_gold15m") {
        let lines = lines(&path);
        // The recorder's wrapper is `{"recv_ms":…,"event":…}`; the event is as captured.
        let frames = lines.iter().map(|line| {
            let event = line.split_once(r#""event":"#).unwrap().1;
            event.strip_suffix('}').unwrap()
        });
        for frame in frames.clone() {
            assert_eq!(unknown_fields(frame.as_bytes()).unwrap(), Vec::<String>::new());
        }
        let result = replayed(SequencePolicy::Increasing, frames);
        println!("{}: {result:?}", path.display());
        assert_eq!((result.refused, result.crossed), (0, 0), "{}", path.display());
        // Where the recorder connected anew (in 2 of 22 windows) the counters of both channels begin again.
        assert!(result.gaps == 0 || (result.gaps == 2 && result.snapshots > 1), "{}: {result:?}", path.display());
        assert!(result.changed > 1_000 && result.snapshots > 0 && result.trusted, "{}: {result:?}", path.display());
    }
}

#[test]
fn recorded_bitcoin_runs_replay_without_fault() {
    for path in files("kalshi_ws_btc15m") {
        let lines = lines(&path);
        let result = replayed(SequencePolicy::Continuous, lines.iter().map(String::as_str));
        println!("{}: {result:?}", path.display());
        assert_eq!(result.refused, 0, "{}", path.display());
        // A run that lost its first hour begins in the middle of a count: one gap, before the first snapshot.
        assert!(result.gaps <= 1, "{}: {result:?}", path.display());
        // Between the changes of one match the copy crosses for a moment: 1 frame in 300 in the liveliest run.
        assert!(result.crossed * 200 < result.frames, "{}: {result:?}", path.display());
        assert!(result.changed > 1_000 && result.snapshots > 0 && result.trusted, "{}: {result:?}", path.display());
    }
}
