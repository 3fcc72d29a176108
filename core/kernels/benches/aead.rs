//! The kernels beside the pure-Rust crates that serve every other target: `cargo bench -p fortress-sdk-kernels --target wasm32-wasip1` runs
//! both as WebAssembly in Node. They take turns, so that their ratios hold on a machine that others use.

#![allow(clippy::unwrap_used, reason = "a panic is how a benchmark fails")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use aes_gcm::aead::{AeadInOut as _, KeyInit as _};
use fortress_kernels::{Aegis256, Aegis256X2, Aes256Gcm, ChaCha20Poly1305};

type Seal = fn(&[u8], &mut [u8]);

const CONTESTANTS: [(&str, Seal, Seal); 4] = [
    (
        "AES-256-GCM",
        |plaintext, ciphertext| {
            black_box(Aes256Gcm::new(&KEY).seal(&[1; 12], &[], plaintext, ciphertext).unwrap());
        },
        |plaintext, ciphertext| {
            ciphertext.copy_from_slice(plaintext);
            let aead = aes_gcm::Aes256Gcm::new((&KEY).into());
            black_box(aead.encrypt_inout_detached((&[1; 12]).into(), &[], ciphertext.into()).unwrap());
        },
    ),
    (
        "ChaCha20-Poly1305",
        |plaintext, ciphertext| {
            black_box(ChaCha20Poly1305::new(&KEY).seal(&[1; 12], &[], plaintext, ciphertext).unwrap());
        },
        |plaintext, ciphertext| {
            ciphertext.copy_from_slice(plaintext);
            let aead = chacha20poly1305::ChaCha20Poly1305::new((&KEY).into());
            black_box(aead.encrypt_inout_detached((&[1; 12]).into(), &[], ciphertext.into()).unwrap());
        },
    ),
    (
        "AEGIS-256",
        |plaintext, ciphertext| {
            black_box(Aegis256::new(&KEY).seal(&[1; 32], &[], plaintext, ciphertext).unwrap());
        },
        |plaintext, ciphertext| {
            ciphertext.copy_from_slice(plaintext);
            black_box(aegis::aegis256::Aegis256::<16>::new(&KEY, &[1; 32]).encrypt_in_place(ciphertext, &[]));
        },
    ),
    (
        "AEGIS-256X2",
        |plaintext, ciphertext| {
            black_box(Aegis256X2::new(&KEY).seal(&[1; 32], &[], plaintext, ciphertext).unwrap());
        },
        |plaintext, ciphertext| {
            ciphertext.copy_from_slice(plaintext);
            black_box(aegis::aegis256x2::Aegis256X2::<16>::new(&KEY, &[1; 32]).encrypt_in_place(ciphertext, &[]));
        },
    ),
];

const KEY: [u8; 32] = [7; 32];
const ROUNDS: usize = 9;
const TURN: Duration = Duration::from_millis(60);

fn main() {
    println!("{:20} {:>7} {:>14} {:>14} {:>6}", "", "bytes", "kernel MB/s", "crate MB/s", "ratio");
    for (name, kernel, other) in CONTESTANTS {
        for len in [64, 1024, 16_384] {
            let (plaintext, mut ciphertext) = (vec![3; len], vec![0; len]);
            // The engine compiles what it has seen often; the first turns are for that.
            let mut rounds: Vec<[f64; 2]> = (0..ROUNDS + 2)
                .map(|_| [kernel, other].map(|seal| rate(len, || seal(black_box(&plaintext), &mut ciphertext))))
                .skip(2)
                .collect();
            let median = |of: &dyn Fn(&[f64; 2]) -> f64, rounds: &mut Vec<[f64; 2]>| {
                rounds.sort_by(|a, b| of(a).total_cmp(&of(b)));
                of(&rounds[ROUNDS / 2])
            };
            let kernel = median(&|rates| rates[0], &mut rounds);
            let other = median(&|rates| rates[1], &mut rounds);
            let ratio = median(&|rates| rates[0] / rates[1], &mut rounds);
            println!("{name:20} {len:>7} {kernel:>14.0} {other:>14.0} {ratio:>6.1}");
        }
    }
}

/// Megabytes a second.
fn rate(len: usize, mut seal: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut done = 0;
    while start.elapsed() < TURN {
        for _ in 0..(65_536 / len).clamp(1, 64) {
            seal();
            done += len;
        }
    }
    done as f64 / start.elapsed().as_secs_f64() / 1e6
}
