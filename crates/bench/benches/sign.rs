//! Orders of Polymarket built, hashed and signed, and verified as an exchange does. One element is one order.
//!
//! `cargo bench -p brier-bench --bench sign`.

use std::hint::black_box;

use brier_bench::sign::{DOMAIN, Trader};
use brier_polymarket_protocol::ids::SignatureType;
use brier_polymarket_protocol::order;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn sign(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("polymarket_order");
    group.throughput(Throughput::Elements(1));
    for (name, signature_type) in [("eoa", SignatureType::Eoa), ("deposit_wallet", SignatureType::DepositWallet)] {
        let trader = Trader::new(signature_type);
        let mut index = 0;
        let mut next = move || {
            index += 1;
            index
        };
        group.bench_function(format!("build_hash_sign/{name}"), |bench| {
            bench.iter(|| black_box(trader.sign(black_box(next()))));
        });
        group.bench_function(format!("recover_verify/{name}"), |bench| {
            bench.iter_batched_ref(
                || trader.sign(next()),
                |(order, signature)| {
                    order::verify(order, &signature.to_bytes(), DOMAIN, None).expect("it was just signed")
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, sign);
criterion_main!(benches);
