//! ML-KEM-768 beside the crate that serves every other target: `cargo bench -p fortress-sdk-kernels --bench mlkem --target wasm32-wasip1` runs both as
//! WebAssembly in Node. They take turns, so that their ratios hold on a machine that others use.

#![allow(clippy::unwrap_used, reason = "a panic is how a benchmark fails")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use fortress_kernels::mlkem::{DecapsulationKey, EncapsulationKey};
use ml_kem::{Decapsulate as _, KeyExport as _, ml_kem_768};

const ROUNDS: usize = 9;
const TURN: Duration = Duration::from_millis(100);

fn main() {
    let (seed, m) = ([7; 64], [9; 32]);
    let ours = DecapsulationKey::from_seed(&seed);
    let other = ml_kem_768::DecapsulationKey::from_seed(seed.into());
    let public = ours.encapsulation_key().to_bytes();
    let other_public = other.encapsulation_key().to_bytes();
    let (ct, _) = ours.encapsulation_key().encapsulate(&m);
    let other_ct = ct.into();

    println!("{:26} {:>10} {:>10} {:>6}", "us", "kernel", "crate", "ratio");
    compare("generate", &mut || drop(black_box(DecapsulationKey::from_seed(black_box(&seed)))), &mut || {
        drop(black_box(ml_kem_768::DecapsulationKey::from_seed(black_box(seed).into())))
    });
    compare(
        "read a key and encapsulate",
        &mut || _ = black_box(EncapsulationKey::new(black_box(&public)).unwrap().encapsulate(&m)),
        &mut || {
            let key = ml_kem_768::EncapsulationKey::new(black_box(&other_public)).unwrap();
            black_box(key.encapsulate_deterministic(&m.into()));
        },
    );
    compare("decapsulate", &mut || _ = black_box(ours.decapsulate(black_box(&ct))), &mut || {
        _ = black_box(other.decapsulate(black_box(&other_ct)))
    });
}

/// The medians of so many turns, and of their ratios.
fn compare(name: &str, ours: &mut dyn FnMut(), other: &mut dyn FnMut()) {
    // The engine compiles what it has seen often; the first turns are for that.
    let mut turns: Vec<[f64; 2]> = (0..ROUNDS + 2).map(|_| [time(ours), time(other)]).skip(2).collect();
    let mut median = |of: &dyn Fn(&[f64; 2]) -> f64| {
        turns.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&turns[ROUNDS / 2])
    };
    let [ours, other, ratio] = [median(&|us| us[0]), median(&|us| us[1]), median(&|us| us[1] / us[0])];
    println!("{name:26} {ours:>10.1} {other:>10.1} {ratio:>6.1}");
}

/// Microseconds.
fn time(work: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < TURN {
        for _ in 0..32 {
            work();
        }
        done += 32;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(done)
}
