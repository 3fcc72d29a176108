//! The core beside the bare primitives that it stands on, in one run: what counts are the ratios.
//!
//! ```text
//! cargo bench -p fortress-sdk                                                                portable
//! cargo bench -p fortress-sdk --no-default-features --features assembly,unicode,grants     AWS-LC and libaegis
//! ```
//!
//! After `--`, `--json FILE` writes the figures there, and a word selects the parts whose name contains it: `stream`, `memory`, `token`,
//! `group`, `people`.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot run says so by a panic")]

mod clock;
#[cfg(feature = "grants")]
mod people;
mod raw;
mod report;

#[cfg(feature = "assembly")]
use std::{cell::RefCell, thread};

use clock::Contest;
use fortress::{
    Context, Keyring, Profile, Suite, Timestamp,
    chunked::{CHUNK_LEN, ENCRYPTED_CHUNK_LEN},
    envelope,
    group::Layout,
};
use rand_core::SeedableRng;
use raw::Raw;
use report::Group;

/// Out of the first cache, as a file is.
const STREAM_LEN: usize = 1 << 20;
/// Longer, for each turn opens the envelope anew, which is to cost no more than a hundredth of it.
const DECRYPTED_LEN: usize = 4 << 20;
/// Out of every cache, as memory is: 1 GiB.
#[cfg(feature = "assembly")]
const MEMORY_LEN: usize = 1 << 30;
const VALUE: &[u8; 64] = &[7; 64];

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench").peekable();
    let json = args.next_if_eq("--json").map(|_| args.next().unwrap());
    let wanted = args.next().unwrap_or_default();
    let lib = if cfg!(feature = "assembly") { "AWS-LC" } else { "RustCrypto" };
    let aegis = if cfg!(feature = "portable") { "pure Rust" } else { "libaegis" };
    let backend = format!("AES-256-GCM and ChaCha20-Poly1305: {lib}; AEGIS: {aegis}");
    println!("{backend}\n");
    let parts = [
        ("stream encrypt", Part::Suites(stream_encrypt)),
        ("stream decrypt", Part::Suites(stream_decrypt)),
        // Pure Rust is nowhere near memory, and would take minutes.
        #[cfg(feature = "assembly")]
        ("memory encrypt", Part::Suites(memory_encrypt)),
        ("token encrypt", Part::Suites(token_encrypt)),
        ("token decrypt", Part::Suites(token_decrypt)),
        ("group member", Part::Suites(group_member)),
        #[cfg(feature = "grants")]
        ("people: identities", Part::Once(people::identity)),
        #[cfg(feature = "grants")]
        ("people: grants", Part::Once(people::grants)),
        #[cfg(feature = "grants")]
        ("people: a passphrase", Part::Once(people::passphrase)),
        #[cfg(feature = "grants")]
        ("people: share sets", Part::Once(people::shares)),
    ];
    let measured = parts.into_iter().filter(|(name, _)| name.contains(&wanted)).map(|(name, part)| {
        println!("{name}");
        let groups: Vec<Group> = match part {
            Part::Suites(part) => Suite::ALL.into_iter().flat_map(part).inspect(Group::print).collect(),
            #[cfg(feature = "grants")]
            Part::Once(part) => part().into_iter().inspect(Group::print).collect(),
        };
        println!();
        (name, groups)
    });
    let measured: Vec<_> = measured.collect();
    if let Some(path) = json {
        report::write_json(&path, &backend, &measured);
    }
}

/// What is measured: for each suite, or of what knows none.
enum Part {
    Suites(fn(Suite) -> Vec<Group>),
    #[cfg(feature = "grants")]
    Once(fn() -> Vec<Group>),
}

/// Fast randomness that does not enter the kernel: what a server has that makes many tokens.
fn rng() -> chacha20::ChaCha20Rng {
    chacha20::ChaCha20Rng::from_seed([1; 32])
}

fn keyring() -> Keyring {
    let keyring = Keyring::generate(Profile::Balanced, Timestamp(1_790_000_000), &mut rng()).unwrap();
    keyring.scope(["acme", "users", "email"]).unwrap()
}

/// 1 MiB, 16 KiB a chunk, from one buffer to another.
fn stream_encrypt(suite: Suite) -> Vec<Group> {
    let keyring = keyring();
    let options = envelope::Options { suite: Some(suite), ..Default::default() };
    let plaintext = vec![3; STREAM_LEN];
    let start = || envelope::create(&[(&keyring).into()], &options, &mut rng()).unwrap().into_stream().1;
    let (mut into, mut append, raw) = (start(), start(), Raw::new(suite, &[5; 32]));
    let mut buffers = [(); 4].map(|()| vec![0; STREAM_LEN / CHUNK_LEN * ENCRYPTED_CHUNK_LEN]);
    let [for_raw, in_place, for_into, for_append] = &mut buffers;
    let mut contest = Contest::new(suite.title(), STREAM_LEN);
    contest.enter("raw AEAD", || {
        for (chunk, out) in plaintext.chunks_exact(CHUNK_LEN).zip(for_raw.chunks_exact_mut(ENCRYPTED_CHUNK_LEN)) {
            raw.seal(&[], chunk, out);
        }
    });
    contest.enter("raw AEAD, in place", || {
        for chunk in in_place.chunks_exact_mut(ENCRYPTED_CHUNK_LEN) {
            raw.seal_in_place(&[], chunk);
        }
    });
    contest.enter("ours, update_into", || {
        into.update_into(&plaintext, for_into).unwrap();
    });
    contest.enter("ours, update", || {
        for_append.clear();
        append.update(&plaintext, for_append).unwrap();
    });
    vec![contest.run()]
}

fn stream_decrypt(suite: Suite) -> Vec<Group> {
    let keyring = keyring();
    let options = envelope::Options { suite: Some(suite), ..Default::default() };
    let sealed = envelope::encrypt(&vec![3; DECRYPTED_LEN], &[(&keyring).into()], &options, &mut rng()).unwrap();
    let start =
        || envelope::open(&sealed, &[(&keyring).into()], &options.context, &Default::default()).unwrap().into_stream();
    let prefix_len = envelope::prefix_len(&sealed).unwrap().unwrap();
    let chunks = &sealed[prefix_len..][..DECRYPTED_LEN / CHUNK_LEN * ENCRYPTED_CHUNK_LEN];
    let raw = Raw::new(suite, &[5; 32]);
    let mut sealed_raw = vec![0; ENCRYPTED_CHUNK_LEN];
    raw.seal(&[], &[3; CHUNK_LEN], &mut sealed_raw);
    let sealed_raw = sealed_raw.repeat(DECRYPTED_LEN / CHUNK_LEN);
    let mut buffers = [(); 3].map(|()| vec![0; DECRYPTED_LEN]);
    let [for_raw, for_into, for_append] = &mut buffers;
    let mut contest = Contest::new(suite.title(), DECRYPTED_LEN);
    contest.enter("raw AEAD", || {
        for (chunk, out) in sealed_raw.chunks_exact(ENCRYPTED_CHUNK_LEN).zip(for_raw.chunks_exact_mut(CHUNK_LEN)) {
            raw.open(&[], chunk, out);
        }
    });
    contest.enter("ours, update_into", || {
        start().update_into(chunks, for_into).unwrap();
    });
    contest.enter("ours, update", || {
        for_append.clear();
        start().update(chunks, for_append).unwrap();
    });
    contest.enter("ours, whole envelope", || {
        envelope::decrypt(&sealed, &[(&keyring).into()], &options.context, &Default::default()).unwrap();
    });
    vec![contest.run()]
}

/// 1 GiB from one place in memory to another, beside copying it: by one core, and by all.
#[cfg(feature = "assembly")]
fn memory_encrypt(suite: Suite) -> Vec<Group> {
    let keyring = keyring();
    let options = envelope::Options { suite: Some(suite), ..Default::default() };
    let create = || envelope::create(&[(&keyring).into()], &options, &mut rng()).unwrap();
    let plaintext = vec![3; MEMORY_LEN];
    // One for all of them, and written before, so that none waits for its pages.
    let output = RefCell::new(vec![1; MEMORY_LEN / CHUNK_LEN * ENCRYPTED_CHUNK_LEN]);
    let raw = Raw::new(suite, &[5; 32]);
    let cores = thread::available_parallelism().unwrap().get();
    let chunks = (MEMORY_LEN / CHUNK_LEN).div_ceil(cores);
    let mut contest = Contest::new(suite.title(), MEMORY_LEN);
    contest.enter("memory copy", || output.borrow_mut()[..MEMORY_LEN].copy_from_slice(&plaintext));
    contest.enter("raw AEAD", || {
        let output = &mut *output.borrow_mut();
        for (chunk, out) in plaintext.chunks_exact(CHUNK_LEN).zip(output.chunks_exact_mut(ENCRYPTED_CHUNK_LEN)) {
            raw.seal(&[], chunk, out);
        }
    });
    contest.enter("ours, update_into", || {
        create().into_stream().1.update_into(&plaintext, &mut output.borrow_mut()).unwrap();
    });
    contest.enter("ours, parts on all cores", || {
        let (_, mut parts) = create().into_parallel();
        let output = &mut *output.borrow_mut();
        let pieces = plaintext.chunks(chunks * CHUNK_LEN).zip(output.chunks_mut(chunks * ENCRYPTED_CHUNK_LEN));
        thread::scope(|scope| {
            for (input, output) in pieces {
                let part = parts.part(input.len() / CHUNK_LEN).unwrap();
                scope.spawn(move || part.seal(input, output).unwrap());
            }
        });
    });
    vec![contest.run()]
}

/// 64 bytes, bound to a row.
fn token_encrypt(suite: Suite) -> Vec<Group> {
    let (keyring, context) = (keyring(), Context::new([("row", "42")]).unwrap());
    let (mut out, mut raw_out) = (Vec::with_capacity(256), [0; 80]);
    let (mut fast, mut again) = (rng(), rng());
    let mut contest = Contest::new(suite.title(), VALUE.len());
    contest.enter("raw AEAD, fresh key", || {
        Raw::new(suite, std::hint::black_box(&[5; 32])).seal(context.canonical(), VALUE, &mut raw_out);
    });
    contest.enter("SHA-512 of its derivation", five_blocks());
    contest.enter("ours, encrypt_into", || {
        out.clear();
        keyring.encrypt_into(suite, VALUE, &context, &mut fast, &mut out).unwrap();
    });
    contest.enter("ours, encrypt", || drop(keyring.encrypt_with(suite, VALUE, &context, &mut again).unwrap()));
    contest.enter("ours, the system's randomness", || {
        drop(keyring.encrypt_with(suite, VALUE, &context, &mut getrandom::SysRng).unwrap());
    });
    vec![contest.run()]
}

/// What the two output blocks of a token's derivation take at least, with the key's blocks cached: HMAC's inner and outer hash for the
/// first, one block more for the second, whose input starts with the first.
fn five_blocks() -> impl FnMut() {
    let mut state = [1; 8];
    move || (0..5).for_each(|_| sha2::block_api::compress512(&mut state, &[[7; 128]]))
}

fn token_decrypt(suite: Suite) -> Vec<Group> {
    let (keyring, context) = (keyring(), Context::new([("row", "42")]).unwrap());
    let token = keyring.encrypt_with(suite, VALUE, &context, &mut rng()).unwrap();
    let mut raw_sealed = [0; 80];
    Raw::new(suite, &[5; 32]).seal(context.canonical(), VALUE, &mut raw_sealed);
    let mut raw_out = [0; 64];
    let mut contest = Contest::new(suite.title(), VALUE.len());
    contest.enter("raw AEAD, fresh key", || {
        Raw::new(suite, std::hint::black_box(&[5; 32])).open(context.canonical(), &raw_sealed, &mut raw_out);
    });
    contest.enter("SHA-512 of its derivation", five_blocks());
    contest.enter("ours, decrypt", || drop(keyring.decrypt(&token, &context).unwrap()));
    vec![contest.run()]
}

/// 64 bytes, keys derived before.
fn group_member(suite: Suite) -> Vec<Group> {
    let (keyring, context) = (keyring(), Context::new([("field", "email")]).unwrap());
    let raw = Raw::new(suite, &[5; 32]);
    let mut rng = rng();
    let mut start = || keyring.encrypt_group_with(suite, &Context::empty(), &mut rng).unwrap();
    let mut group = start();
    let mut member = Vec::new();
    group.encrypt_into(VALUE, &context, Layout::Whole, &mut member).unwrap();
    let reader = keyring.decrypt_group(group.header(), &Context::empty()).unwrap();
    let mut any_reader = keyring.group_reader(Context::empty());
    let (mut out, mut plain, mut raw_out) = (Vec::with_capacity(256), Vec::with_capacity(64), [0; 80]);
    let mut again = Vec::with_capacity(64);
    let mut raw_sealed = [0; 80];
    raw.seal(context.canonical(), VALUE, &mut raw_sealed);
    let mut contest = Contest::new(suite.title(), VALUE.len());
    contest.enter("raw AEAD, encrypt", || raw.seal(context.canonical(), VALUE, &mut raw_out));
    contest.enter("ours, encrypt_into", || {
        out.clear();
        if group.remaining() == 0 {
            group = start();
        }
        group.encrypt_into(VALUE, &context, Layout::Hoisted, &mut out).unwrap();
    });
    let encrypted = contest.run();
    let mut raw_plain = [0; 64];
    let mut contest = Contest::new(suite.title(), VALUE.len());
    contest.enter("raw AEAD, decrypt", || raw.open(context.canonical(), &raw_sealed, &mut raw_plain));
    contest.enter("ours, one group's reader", || {
        plain.clear();
        reader.decrypt_into(&member, &context, &mut plain).unwrap();
    });
    contest.enter("ours, any group's reader", || {
        again.clear();
        any_reader.decrypt_into(None, &member, &context, &mut again).unwrap();
    });
    vec![encrypted, contest.run()]
}
