//! What is looked at: each kernel, and functions that leak.

use std::hint::black_box;

use fortress_kernels::mlkem::{DecapsulationKey, EncapsulationKey};
use fortress_kernels::{Aegis256, Aegis256X2, Aes256Gcm, ChaCha20Poly1305, x25519_ephemeral};

use crate::valgrind::{hide, publish};

/// Something to run, and whether it leaks. It returns how often it branches on what everybody learns: on whether a tag is right.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) leaks: bool,
    pub(crate) run: fn() -> usize,
}

/// Seals and opens messages of every kind of length under a hidden key; the plaintext is hidden too.
macro_rules! kernel {
    ($kernel:ty, $nonce_len:literal) => {
        || {
            let mut verdicts = 0;
            for len in LENGTHS {
                let (mut key, nonce, aad) = ([0x42; 32], [7; $nonce_len], vec![9; len % 40]);
                let (mut plaintext, mut ciphertext, mut opened) = (vec![1; len], vec![0; len], vec![0; len]);
                hide(&mut key);
                hide(&mut plaintext);
                let kernel = <$kernel>::new(&key);
                let tag = kernel.seal(&nonce, &aad, &plaintext, &mut ciphertext);
                publish(&ciphertext);
                let tag = tag.unwrap_or_default();
                publish(&tag);
                let mut forged = tag;
                forged[len % 16] ^= 1;
                for tag in [tag, forged] {
                    let _ = black_box(kernel.open(&nonce, &aad, &ciphertext, &tag, &mut opened));
                    // Read, so that nothing of it is left out by the compiler.
                    black_box(&opened);
                    verdicts += 1;
                }
            }
            verdicts
        }
    };
}

/// All of them.
pub(crate) fn all() -> [Case; 11] {
    let constant = |name, run| Case { name, leaks: false, run };
    let leaky = |name, run| Case { name, leaks: true, run };
    [
        leaky("a table", looks_up_a_table),
        leaky("a branch", branches),
        leaky("a comparison", compares_until_they_differ),
        leaky("a ladder", steps_where_a_bit_is_set),
        leaky("a hidden matrix", samples_a_hidden_matrix),
        constant("ChaCha20-Poly1305", kernel!(ChaCha20Poly1305, 12)),
        constant("AEGIS-256", kernel!(Aegis256, 32)),
        constant("AEGIS-256X2", kernel!(Aegis256X2, 32)),
        constant("AES-256-GCM", kernel!(Aes256Gcm, 12)),
        constant("X25519", multiplies_points),
        constant("ML-KEM-768", encapsulates),
    ]
}

/// Those at which passes, blocks and the ways of GHASH change.
const LENGTHS: [usize; 18] = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 257, 511, 1_024, 1_025, 4_111, 16_384];

/// Points of every kind: the base point, one of low order, and one beyond the prime. The point is hidden, too: it may be an ephemeral one that nobody else has seen.
fn multiplies_points() -> usize {
    for byte in [9, 0, 0xFF] {
        let (mut scalar, mut u) = ([0x42; 32], [byte; 32]);
        hide(&mut scalar);
        hide(&mut u);
        black_box(x25519_ephemeral(&scalar, &u));
    }
    0
}

/// Makes a key pair, encapsulates for it, and decapsulates that and what was damaged. The seeds are hidden, and so is what comes of them but for what everybody gets to see: the
/// matrix's seed, the encapsulation key and the ciphertext.
fn encapsulates() -> usize {
    let (mut seed, mut m) = ([0x42; 64], [0x24; 32]);
    hide(&mut seed);
    hide(&mut m);
    let secret = DecapsulationKey::from_seed_told(black_box(&seed), |rho| publish(rho));
    let public = secret.encapsulation_key().to_bytes();
    publish(&public);
    let Some(public) = EncapsulationKey::new(&public) else { return usize::MAX };
    let (ciphertext, shared) = public.encapsulate(black_box(&m));
    black_box(shared);
    publish(&ciphertext);
    for damaged in [0, 1, 0x80] {
        let mut ciphertext = ciphertext;
        ciphertext[1_087] ^= damaged;
        black_box(secret.decapsulate(&ciphertext));
    }
    0
}

/// The same key pair's matrix, which is sampled by rejection, without anybody having been told its seed.
fn samples_a_hidden_matrix() -> usize {
    let mut seed = [0x42; 64];
    hide(&mut seed);
    black_box(DecapsulationKey::from_seed(black_box(&seed)));
    0
}

/// What a ladder that skips steps would do.
fn steps_where_a_bit_is_set() -> usize {
    let mut scalar = [0x42_u8; 32];
    hide(&mut scalar);
    let (mut sum, mut power) = (0.0_f64, 1.0);
    for bit in 0..256 {
        if black_box(scalar)[bit / 8] >> (bit % 8) & 1 == 1 {
            sum += black_box(power);
        }
        power *= 1.5;
    }
    black_box(sum);
    0
}

fn looks_up_a_table() -> usize {
    let (table, mut secret) = ([3_u8; 256], [5_u8]);
    hide(&mut secret);
    black_box(black_box(table)[usize::from(black_box(secret)[0])]);
    0
}

fn branches() -> usize {
    let mut secret = [5_u8];
    hide(&mut secret);
    if black_box(secret)[0] & 1 == 1 {
        black_box(());
    }
    0
}

fn compares_until_they_differ() -> usize {
    let (mut secret, guess) = ([5_u8; 32], [5_u8; 32]);
    hide(&mut secret);
    for (secret, guess) in secret.iter().zip(black_box(guess)) {
        if *secret != guess {
            break;
        }
        black_box(());
    }
    0
}
