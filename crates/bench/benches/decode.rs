//! Text of Kalshi frames to changed books: the stream decoder with the books against owned `serde_json` structs with
//! B-trees, on the same generated frames (1,000 markets) and on a recorded excerpt (12 markets).
//!
//! `cargo bench -p brier-bench --bench decode`; one element is one frame. For a figure on the shared workload file use
//! `brier bench decode FILE`.

use std::hint::black_box;
use std::time::Duration;

use brier_bench::decode::{Baseline, Feed, generate};
use brier_book::SequencePolicy;
use brier_kalshi_protocol::stream::{decode, decode_any_layout};
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};

const RECORDED: &str = include_str!("../../kalshi-protocol/src/stream/testdata/mlb_twelve_markets.ndjson");

fn compare(group: &mut BenchmarkGroup<'_, WallTime>, frames: &[&str]) {
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("brier", |bencher| {
        bencher.iter_batched_ref(
            || Feed::new(SequencePolicy::Continuous),
            |feed| frames.iter().for_each(|frame| feed.take(frame).expect("well-formed")),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("serde_json owned, B-trees", |bencher| {
        bencher.iter_batched_ref(
            Baseline::new,
            |baseline| frames.iter().for_each(|frame| baseline.take(frame).expect("well-formed")),
            BatchSize::LargeInput,
        );
    });
    group.bench_function("decode only", |bencher| {
        bencher.iter(|| frames.iter().filter(|frame| black_box(decode(frame)).is_ok()).count());
    });
    group.bench_function("decode only, any layout", |bencher| {
        bencher.iter(|| frames.iter().filter(|frame| black_box(decode_any_layout(frame)).is_ok()).count());
    });
}

fn benches(criterion: &mut Criterion) {
    let texts = generate(1_000, 50_000, 20_261_120);
    let generated: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut group = criterion.benchmark_group("generated, 1,000 markets");
    group.sample_size(20).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    compare(&mut group, &generated);
    group.finish();

    let recorded: Vec<&str> = RECORDED.lines().collect();
    let mut group = criterion.benchmark_group("recorded, 12 markets");
    group.sample_size(50).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    compare(&mut group, &recorded);
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
