//! SHA3-256 and SHAKE256: FIPS 202's answers, and the crates `sha3` and `shake`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use fortress_kernels::{sha3_256, shake256};
use sha3::{Digest as _, Sha3_256};
use shake::{ExtendableOutput as _, Shake256, Update as _, XofReader as _};

/// NIST's examples for the empty message, and one whose padding is a block of its own (1,600 bits of 0xA3).
#[test]
fn nist() {
    let hash = |message: &[u8]| hex::encode(sha3_256(&[message]));
    assert_eq!(hash(&[]), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
    assert_eq!(hash(&[0xA3; 200]), "79f38adec5c20307a98ef76e8324afbfd46cfd81b22e3973c65fa1bd9de31787");
    let mut out = [0; 32];
    shake256(&[], &mut out);
    assert_eq!(hex::encode(out), "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f");
}

/// Every length over more than four blocks, in one part and in several.
#[test]
fn agrees_at_every_length() {
    let message: Vec<u8> = (0..600_u32).map(|n| (n * 167 / 8) as u8).collect();
    for len in 0..=message.len() {
        let message = &message[..len];
        let (first, rest) = message.split_at(len / 3 / 8 * 8);
        let (second, third) = rest.split_at(rest.len() / 2 / 8 * 8);
        let expected: [u8; 32] = Sha3_256::digest(message).into();
        let mut expected_output = [0; 136];
        Shake256::default().chain(message).finalize_xof().read(&mut expected_output);
        for parts in [&[message][..], &[first, rest], &[first, second, third]] {
            assert_eq!(sha3_256(parts), expected, "{len} bytes");
            for out_len in [8, 32, 96, 136] {
                let mut output = vec![0; out_len];
                shake256(parts, &mut output);
                assert_eq!(output, expected_output[..out_len], "{len} bytes");
            }
        }
    }
}
