//! What holds for every message, whatever its suite, its length and the pieces it comes in.

use proptest::{prelude::*, sample::Index};

use super::*;

fn suites() -> impl Strategy<Value = Suite> {
    prop::sample::select(&Suite::ALL)
}

/// Lengths around the borders of chunks, and others.
fn lengths() -> impl Strategy<Value = usize> {
    let border = prop::sample::select(&[0, 1, 15, 16, CHUNK_LEN, 2 * CHUNK_LEN, 3 * CHUNK_LEN][..]);
    prop_oneof![
        4 => (border, -2_isize..=2).prop_map(|(len, off)| len.saturating_add_signed(off)),
        1 => 0..4 * CHUNK_LEN,
    ]
}

fn pieces() -> impl Strategy<Value = Vec<usize>> {
    let near = prop::sample::select(&[1_000, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, ENCRYPTED_CHUNK_LEN][..]);
    prop::collection::vec(prop_oneof![near, 1..3 * CHUNK_LEN], 1..6)
}

/// Damage that leaves no message as it was.
#[derive(Clone, Debug)]
enum Damage {
    FlipBit(Index),
    Cut(Index),
    Extend(Vec<u8>),
    SwapChunks(Index, Index),
    DropChunk(Index),
    RepeatChunk(Index),
    Insert(Index, u8),
    Remove(Index),
}

impl Damage {
    fn any() -> impl Strategy<Value = Damage> {
        prop_oneof![
            4 => any::<Index>().prop_map(Damage::FlipBit),
            3 => any::<Index>().prop_map(Damage::Cut),
            2 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Damage::Extend),
            1 => Just(Damage::Extend(vec![0; ENCRYPTED_CHUNK_LEN])),
            2 => any::<(Index, Index)>().prop_map(|(a, b)| Damage::SwapChunks(a, b)),
            2 => any::<Index>().prop_map(Damage::DropChunk),
            2 => any::<Index>().prop_map(Damage::RepeatChunk),
            1 => any::<(Index, u8)>().prop_map(|(at, byte)| Damage::Insert(at, byte)),
            1 => any::<Index>().prop_map(Damage::Remove),
        ]
    }

    fn apply(&self, message: &[u8]) -> Vec<u8> {
        let mut bytes = message.to_vec();
        let (prefix, chunks) = message.split_at(MESSAGE_PREFIX_LEN);
        let mut chunks: Vec<&[u8]> = chunks.chunks(ENCRYPTED_CHUNK_LEN).collect();
        match self {
            Damage::FlipBit(at) => {
                let bit = at.index(bytes.len() * 8);
                bytes[bit / 8] ^= 1 << (bit % 8);
                return bytes;
            }
            Damage::Cut(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
            Damage::Extend(with) => {
                bytes.extend(with);
                return bytes;
            }
            Damage::Insert(at, byte) => {
                bytes.insert(at.index(bytes.len() + 1), *byte);
                return bytes;
            }
            Damage::Remove(at) => {
                bytes.remove(at.index(bytes.len()));
                return bytes;
            }
            Damage::SwapChunks(a, b) => {
                let (a, b) = (a.index(chunks.len()), b.index(chunks.len()));
                chunks.swap(a, b);
            }
            Damage::DropChunk(at) => {
                chunks.remove(at.index(chunks.len()));
            }
            Damage::RepeatChunk(at) => {
                let at = at.index(chunks.len());
                chunks.insert(at, chunks[at]);
            }
        }
        [prefix, &chunks.concat()].concat()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_writer_and_every_reader_agree(suite in suites(), len in lengths(), written in pieces(), read in pieces()) {
        let setting = Setting::new(suite);
        let plaintext = pattern(len);
        let message = setting.write(&plaintext);
        prop_assert_eq!(message.len() as u64, message_len(len as u64));
        prop_assert_eq!(plaintext_len(message.len() as u64), Ok(len as u64));
        prop_assert!(write_as_stream(setting.derive([7; SALT_LEN]), &plaintext, &written) == message);
        prop_assert!(write_by_sequence(setting.derive([7; SALT_LEN]), &plaintext) == message);
        for (released, end) in [
            read_at_once(&setting, &message),
            read_as_stream(&setting, &message, &read),
            read_by_sequence(&setting, &message),
            read_at_random(&setting, &message),
        ] {
            prop_assert_eq!(end, Ok(()));
            prop_assert!(released == plaintext);
        }
    }

    #[test]
    fn every_range_reads(suite in suites(), len in lengths(), ends in any::<(Index, Index)>()) {
        let setting = Setting::new(suite);
        let plaintext = pattern(len);
        let message = setting.write(&plaintext);
        let (a, b) = (ends.0.index(len + 1), ends.1.index(len + 1));
        let (start, end) = (a.min(b), a.max(b));
        let seekable = Seekable::new(&setting, &message).unwrap();
        prop_assert!(seekable.read(start as u64..end as u64).unwrap() == plaintext[start..end]);
        prop_assert!(seekable.read_by_host(start as u64..end as u64).unwrap() == plaintext[start..end]);
    }

    #[test]
    fn no_damage_goes_unnoticed(suite in suites(), len in lengths(), damage in Damage::any(), read in pieces()) {
        let setting = Setting::new(suite);
        let plaintext = pattern(len);
        let message = setting.write(&plaintext);
        let damaged = damage.apply(&message);
        prop_assume!(damaged != message);

        let (released, end) = read_at_once(&setting, &damaged);
        prop_assert!(end.is_err() && released.is_empty());
        for (released, end) in [read_as_stream(&setting, &damaged, &read), read_by_sequence(&setting, &damaged)] {
            prop_assert!(end.is_err());
            prop_assert!(plaintext.starts_with(&released), "only authentic plaintext is released");
            prop_assert_eq!(released.len() % CHUNK_LEN, 0);
        }
        if let Ok(seekable) = Seekable::new(&setting, &damaged) {
            prop_assert!(seekable.authenticate_length().is_err() || seekable.read_all().is_err());
            // A chunk that was not touched still reads, and reads as it was.
            let len = seekable.access.plaintext_len();
            for start in (0..len).step_by(CHUNK_LEN) {
                let range = start..len.min(start + CHUNK_LEN as u64);
                let chunk = seekable.read(range.clone());
                prop_assert_eq!(&seekable.read_by_host(range), &chunk);
                if let Ok(chunk) = chunk {
                    prop_assert!(plaintext[start as usize..].starts_with(&chunk));
                }
            }
        }
    }

    #[test]
    fn another_key_context_or_suite_fails_before_the_first_chunk(
        suite in suites(), other in suites(), bit in 0..256_usize, context in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let setting = Setting::new(suite);
        let message = setting.write(b"a value");
        let mut wrong_key = setting.clone();
        wrong_key.input_key[bit / 8] ^= 1 << (bit % 8);
        let wrong_context = Setting { context, ..setting.clone() };
        let wrong_suite = Setting { suite: other, ..setting.clone() };
        for wrong in [wrong_key, wrong_context, wrong_suite] {
            if (wrong.suite, &wrong.context, wrong.input_key) != (suite, &setting.context, setting.input_key) {
                prop_assert_eq!(wrong.open(&message).err(), Some(ChunkedError::AuthenticationFailed));
            }
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(suite in suites(), chunks in prop::collection::vec(any::<u8>(), 0..200), read in pieces()) {
        let setting = Setting::new(suite);
        let message = [setting.derive([1; SALT_LEN]).prefix().as_slice(), &chunks].concat();
        prop_assert!(read_at_once(&setting, &message).1.is_err());
        prop_assert!(read_as_stream(&setting, &message, &read).1.is_err());
        prop_assert!(read_by_sequence(&setting, &message).1.is_err());
        prop_assert!(read_at_random(&setting, &message).1.is_err());
    }
}
